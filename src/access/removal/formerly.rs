//! Whom a name meant before: a holder of the key can sign their label, or their address, over to a decoy.

use std::collections::BTreeSet;

use crate::access::members::{MemberError, MovedName};
use crate::clone::meant::{Meant, People};
use crate::clone::roster::MemberFile;
use crate::git::history::RAW_LOG;
use crate::git::objects::{self, Blob};
use crate::git::raw::changes;
use crate::git::repository::Repository;
use crate::keyring::Keyring;
use crate::recipient::Recipient;
use crate::store::shroud_dir::{File, Member};

/// Versions of member files that are looked at.
const MAX_VERSIONS: usize = 20_000;

/// Refuses where a name that means `found` today has meant somebody else in this branch's history, who is still a member: by
/// what holders of the keys have signed.
///
/// # Errors
/// There is such a member, or the history cannot be read.
pub(super) fn refuse_moved_name(
    repository: &Repository,
    keyring: &Keyring,
    people: &People,
    meant: &str,
    found: &Recipient,
) -> Result<(), MemberError> {
    let wanted = Meant::of(meant);
    if wanted.is_recipient() {
        return Ok(());
    }
    let staying = |recipient: &Recipient| {
        people.files.iter().find(|person| !person.is_bad() && person.is_of(recipient))
    };
    for file in former_files(repository)? {
        let Ok(member) = &file.member else { continue };
        if member.recipient == *found || !wanted.fits(&file, member) || !file.is_verified(keyring) {
            continue;
        }
        if let Some(person) = staying(&member.recipient) {
            return Err(MemberError::MovedName(Box::new(MovedName {
                meant: crate::sanitise::line(meant),
                former: member.recipient.clone(),
                label: person.file.stem.clone(),
                name: person.key.clone(),
                today: found.clone(),
            })));
        }
    }
    Ok(())
}

/// Every version that a member's file has had in the commits of this branch, the newest first: one call of git.
fn former_files(repository: &Repository) -> Result<Vec<MemberFile>, MemberError> {
    if repository.git.query(["rev-parse", "-q", "--verify", "HEAD"])?.is_none() {
        return Ok(Vec::new());
    }
    let place = ["--format=", "HEAD", "--", ":(top,glob).shroud/*/members/*.toml"];
    let log = repository.git.run([&RAW_LOG[..], &place].concat())?;
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    for change in changes(&log) {
        let change = change?;
        let path = std::str::from_utf8(change.path).ok();
        let (Some(path), Some(id)) = (path, change.after.id()) else { continue };
        if files.len() >= MAX_VERSIONS || !seen.insert((path, id)) {
            continue;
        }
        let Some(file @ File::Member(..)) = File::recognise(path) else { continue };
        let File::Member(key, stem) = &file else { continue };
        // A version that is not in this clone says nothing.
        if let Blob::Memory(bytes) = objects::read(repository, id)? {
            let member = Member::parse(&bytes, key, stem).map_err(|error| error.to_string());
            let stem = stem.clone();
            files.push(MemberFile { file, stem, member, is_missing: false, is_newer: false });
        }
    }
    Ok(files)
}
