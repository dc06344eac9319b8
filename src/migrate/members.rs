//! From the users of another tool to members.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Before, LeftOut, MigrateError};
use crate::access::members::labels::choose_label;
use crate::access::members::resolve::{Resolved, resolve};
use crate::access::members::{Candidate, MemberError};
use crate::clone::Roster;
use crate::clone::meant::People;
use crate::git::last_changes::last_change;
use crate::git::repository::Repository;
use crate::git_crypt::Name;
use crate::keyring::{KeyName, Keyring};
use crate::progress::Progress;
use crate::store::shroud_dir::Label;

/// Somebody who should become a member.
pub struct NewMember {
    /// Whom to wrap to.
    pub candidate: Candidate,
    /// What they are called.
    pub label: Label,
    /// Of which keys.
    pub keys: Vec<KeyName>,
    /// Who committed the file that made them a user of git-crypt, and when.
    pub added_by: String,
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
    found: &Before,
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
        return Err(MigrateError::NoUser { tool: found.drivers.tool, file, fingerprint });
    }
    let found = users.into_iter().map(|(fingerprint, (path, keys))| {
        let resolved = match given.remove(fingerprint) {
            Some((_, resolved)) => Ok(resolved),
            None => resolve(progress, repository, fingerprint.as_ref(), trust),
        };
        User {
            shown: fingerprint.to_owned(),
            keys,
            path: path.to_owned(),
            found: of_fingerprint(resolved, fingerprint),
        }
    });
    admit(repository, &Keyring::default(), found.collect())
}

/// What was resolved, if it is the certificate with this fingerprint; else why not, and whether the user's word is all that is missing.
pub(crate) fn of_fingerprint(
    resolved: Result<Resolved, MemberError>,
    fingerprint: &str,
) -> Result<Resolved, (String, bool)> {
    resolved.map_err(|error| (error.to_string(), error.is_for_the_user_to_trust())).and_then(
        |resolved| match resolved.candidate.recipient.fingerprint() {
            Some(own) if own.eq_ignore_ascii_case(fingerprint) => Ok(resolved),
            _ => Err(("gpg knows it as a subkey of another certificate".to_owned(), false)),
        },
    )
}

/// A user of the other tool.
pub(crate) struct User {
    /// The fingerprint of their certificate, or their recipient; with a name where one goes with it.
    pub(crate) shown: String,
    /// The keys that they can use.
    pub(crate) keys: Vec<KeyName>,
    /// The file that makes them a user.
    pub(crate) path: String,
    /// Their public key; else why there is none, and whether the user's word is all that is missing.
    pub(crate) found: Result<Resolved, (String, bool)>,
}

/// Gives everybody whose public key was found a label.
///
/// # Errors
/// `.shroud/` or git cannot be read.
pub(crate) fn admit(
    repository: &Repository,
    keyring: &Keyring,
    users: Vec<User>,
) -> Result<(Vec<NewMember>, Vec<LeftOut>), MigrateError> {
    let roster = Roster::read(repository)?;
    let people = People::of_keys(repository, &roster, keyring, roster.names())?;
    let (mut members, mut left_out): (Vec<NewMember>, Vec<LeftOut>) = Default::default();
    for User { shown, keys, path, found } in users {
        match found {
            Err((why, unproven)) => {
                left_out.push(LeftOut { fingerprint: shown, keys, why, unproven });
            }
            Ok(Resolved { candidate, called }) => {
                let taken: Vec<_> = members.iter().map(|member| member.label.clone()).collect();
                let label = choose_label(&people, None, &taken, &candidate, None, &called)?;
                let added_by = last_change(repository, &path)?.unwrap_or_default();
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
