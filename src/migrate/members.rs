//! From git-crypt's users to members.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{GitCryptRepo, LeftOut, MigrateError};
use crate::access::members::Candidate;
use crate::access::members::labels::choose_label;
use crate::access::members::resolve::{Resolved, resolve};
use crate::clone::Roster;
use crate::clone::meant::People;
use crate::git::last_changes::last_change;
use crate::git::repository::Repository;
use crate::git_crypt::Name;
use crate::keyring::{KeyName, Keyring};
use crate::progress::Progress;
use crate::store::shroud_dir::Label;

/// Somebody who should become a member.
pub(super) struct NewMember {
    pub(super) candidate: Candidate,
    pub(super) label: Label,
    pub(super) keys: Vec<KeyName>,
    /// Who committed the file that made them a user of git-crypt, and when.
    pub(super) added_by: String,
}

/// Finds the certificate of every user of git-crypt: among those that are given, else in the user's gpg.
///
/// The name of a file says who is a user, and anybody who can push can write one. So the same is asked of a certificate as where
/// a member is added by hand.
///
/// # Errors
/// A certificate that was given cannot be read, or is nobody's.
pub(super) fn find_members(
    progress: &dyn Progress,
    repository: &Repository,
    found: &GitCryptRepo,
    names: &BTreeMap<Name, KeyName>,
    certificates: &[PathBuf],
    trust: bool,
) -> Result<(Vec<NewMember>, Vec<LeftOut>), MigrateError> {
    let mut users: BTreeMap<&str, (&str, Vec<KeyName>)> = BTreeMap::new();
    for (name, of_name) in &found.users {
        for (fingerprint, path) in of_name {
            users.entry(fingerprint).or_insert((path, Vec::new())).1.push(names[name].clone());
        }
    }
    let mut given = read_certificates(progress, repository, certificates, trust)?;
    let known: BTreeSet<&str> = users.keys().copied().collect();
    if let Some((fingerprint, path)) = given.iter().find_map(|(fingerprint, (path, _))| {
        (!known.contains(fingerprint.as_str())).then_some((fingerprint, path))
    }) {
        let (file, fingerprint) = (crate::sanitise::native(path), fingerprint.clone());
        return Err(MigrateError::NoUser { file, fingerprint });
    }
    let roster = Roster::read(repository)?;
    let people = People::of_keys(repository, &roster, &Keyring::default(), roster.names())?;
    let (mut members, mut left_out): (Vec<NewMember>, Vec<LeftOut>) = Default::default();
    for (fingerprint, (path, keys)) in users {
        let resolved = match given.remove(fingerprint) {
            Some((_, resolved)) => Ok(resolved),
            None => resolve(progress, repository, fingerprint.as_ref(), trust),
        };
        let resolved = resolved
            .map_err(|error| (error.to_string(), error.is_for_the_user_to_trust()))
            .and_then(|resolved| match resolved.candidate.recipient.fingerprint() {
                Some(own) if own.eq_ignore_ascii_case(fingerprint) => Ok(resolved),
                _ => Err(("gpg knows it as a subkey of another certificate".to_owned(), false)),
            });
        match resolved {
            Err((why, unproven)) => {
                let fingerprint = fingerprint.to_owned();
                left_out.push(LeftOut { fingerprint, keys, why, unproven });
            }
            Ok(Resolved { candidate, called }) => {
                let taken: Vec<_> = members.iter().map(|member| member.label.clone()).collect();
                let label = choose_label(&people, None, &taken, &candidate, None, &called)?;
                let added_by = last_change(repository, path)?.unwrap_or_default();
                members.push(NewMember { candidate, label, keys, added_by });
            }
        }
    }
    Ok((members, left_out))
}

fn read_certificates<'p>(
    progress: &dyn Progress,
    repository: &Repository,
    certificates: &'p [PathBuf],
    trust: bool,
) -> Result<BTreeMap<String, (&'p Path, Resolved)>, MigrateError> {
    let mut given = BTreeMap::new();
    for path in certificates {
        // With a folder before it, so that it is never taken for the name of a key.
        let named = if path.is_absolute() { path.clone() } else { Path::new(".").join(path) };
        let resolved = resolve(progress, repository, named.as_os_str(), trust)?;
        let fingerprint = resolved.candidate.recipient.fingerprint().map(str::to_ascii_uppercase);
        let Some(fingerprint) = fingerprint else {
            return Err(MigrateError::NotACertificate(crate::sanitise::native(path)));
        };
        given.insert(fingerprint, (path.as_path(), resolved));
    }
    Ok(given)
}
