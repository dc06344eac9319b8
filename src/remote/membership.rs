//! Changing who can open a store: somebody is added to its key, or taken away, which makes a new key.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::SystemTime;

use super::RemoteError;
use super::compact::{Consent, begin_anew};
use super::envelope;
use super::init::{find, resolve_members};
use super::members::{StoreMember, StoreMembers};
use super::store::key_name;
use super::update::{Access, Base, Update, change, random_name, seal};
use crate::access::members::Fresh;
use crate::format::Key;
use crate::git::repository::Repository;
use crate::keyring::Entry;
use crate::progress::Progress;
use crate::recipient::Ask;
use crate::store::shroud_dir::Label;

/// Whom to add.
pub struct Adding<'a> {
    /// Fingerprints, addresses, files or texts of recipients.
    pub recipients: &'a [OsString],
    /// What the only one is called.
    pub label: Option<&'a Label>,
    /// Takes a certificate even if gpg does not consider it valid.
    pub trust: bool,
}

impl Adding<'_> {
    /// Adds them to the store of this remote; returns those who were none before.
    ///
    /// # Errors
    /// Somebody cannot be used or a label is another's, or the store cannot be changed. Then it is as it was.
    pub fn run(
        &self,
        repository: &Repository,
        name: &str,
        progress: &dyn Progress,
        ask: Ask<'_>,
    ) -> Result<Vec<StoreMember>, RemoteError> {
        let remote = &find(repository, name)?;
        change(remote, ask, |state| {
            let mut found = state.members.clone();
            let mut added =
                resolve_members(progress, repository, self.recipients, self.trust, &mut found)?;
            if added.is_empty() {
                return Ok((added, None));
            }
            let mut members = state.members.clone();
            if let (Some(label), [member]) = (self.label, &mut added[..]) {
                if members.0.iter().any(|there| there.label == *label) {
                    let why = format!("another member is called '{label}'");
                    return Err(RemoteError::Member(why));
                }
                member.label = label.clone();
            }
            let mut access = Access::of(state);
            for member in &added {
                let text = member.envelope(state.entry(), SystemTime::now())?;
                let blob = remote.mirror.write(|sink| Ok(sink.write_all(text.as_bytes())?))?;
                access.files.insert(format!("{}{}", envelope::FOLDER, random_name()?), blob);
                members.insert(member.clone());
            }
            let (blob, digest) = seal(&remote.mirror, state.entry(), members.to_text().as_bytes())?;
            access.files.insert("members".to_owned(), blob);
            access.members = digest;
            let manifest = access.next_manifest(state, state.manifest.key_generation);
            let none = BTreeMap::new();
            let entry = state.entry();
            let update = Update::make(remote, Base::On(state), &manifest, entry, access, &none)?;
            Ok((added, Some(update)))
        })
    }
}

/// Takes members away, by their labels, and makes a new key that only the others get. What was pushed before stays sealed with the
/// keys that the removed ones have; or, with `repack`, it is sealed anew, and the host's branch begins anew without it.
///
/// # Errors
/// There is no such member, or the new key cannot be wrapped to another one, or the user does not agree to the cost, or the store cannot
/// be changed. Then it is as it was.
pub fn remove(
    repository: &Repository,
    name: &str,
    labels: &[String],
    mut repack: Option<Consent>,
    progress: &dyn Progress,
    ask: Ask<'_>,
) -> Result<StoreMembers, RemoteError> {
    let remote = &find(repository, name)?;
    change(remote, ask, |state| {
        let mut members = state.members.clone();
        for label in labels {
            let before = members.0.len();
            members.0.retain(|member| member.label.as_str() != label);
            if members.0.len() == before {
                let label = crate::sanitise::line(label);
                return Err(RemoteError::Member(format!("there is no member '{label}'")));
            }
        }
        let candidates: Result<Vec<_>, _> = members.0.iter().map(StoreMember::candidate).collect();
        let fresh = Fresh::ask(repository, &candidates?);
        fresh.warning().iter().for_each(|text| progress.warning(text));
        members.0.iter_mut().try_for_each(|member| member.renew(&fresh))?;
        if let Some(consent) = &mut repack {
            consent.give(state, progress)?;
        }
        let key = Key::generate(getrandom::fill).map_err(std::io::Error::other)?;
        let generation = state.manifest.key_generation + 1;
        let entry = Entry { name: key_name(), generation, key };
        // Before the host has what only this key opens.
        remote.add_keys([&entry])?;
        let access = Access::make(&remote.mirror, &members, &entry, Some(state))?;
        if repack.is_some() {
            let (update, _) = begin_anew(remote, state, &entry, access, generation, progress)?;
            return Ok((members, Some(update)));
        }
        let manifest = access.next_manifest(state, generation);
        let none = BTreeMap::new();
        let update = Update::make(remote, Base::On(state), &manifest, &entry, access, &none)?;
        Ok((members, Some(update)))
    })
}
