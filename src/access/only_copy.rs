//! Keys that are nowhere but in the local keyring.

use std::collections::BTreeSet;

use crate::clone::OpenClone;
use crate::format::KeyId;
use crate::keyring::{Entry, KeyName, Keyring};

/// A key of these names that nobody could bring back: there is no copy of it, nor of a generation that brings it along, and no member has it.
pub(super) fn find_only_copy<'k>(
    opened: &OpenClone,
    local: &'k Keyring,
    names: &BTreeSet<KeyName>,
    is_copied: &dyn Fn(&KeyId) -> bool,
) -> Option<&'k Entry> {
    let only_here = |entry: &&Entry| {
        let id = entry.key.id();
        names.contains(&entry.name) && !is_copied(&id) && !is_granted(opened, local, entry)
    };
    local.entries().iter().find(only_here)
}

/// Whether a member has this key, or the current generation of its name, which brings the earlier ones along.
///
/// Whatever the description of the key says, or if it can be read: what is verified was wrapped. Where there is a copy of a key, none of its files is
/// read, else none behind the first that counts: anybody who can push can write any number.
pub(super) fn is_granted(opened: &OpenClone, local: &Keyring, entry: &Entry) -> bool {
    let current = local.current(&entry.name).map(|current| current.key.id());
    let wanted: Vec<KeyId> = current.into_iter().chain([entry.key.id()]).collect();
    opened.roster.each_member(&opened.repository, &entry.name).any(|file| {
        let id = file.member.as_ref().ok().map(|member| member.key_id);
        id.is_some_and(|id| wanted.contains(&id)) && file.is_verified(&opened.keyring)
    })
}
