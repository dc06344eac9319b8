//! The bytes of a new tree.

use std::borrow::Cow;
use std::collections::HashSet;

use gix::ObjectId;

use super::context::Part;
use super::decide::{Decider, TreeEntry, is_folder};
use crate::scrub::ScrubError;

/// An entry of a new tree.
pub(super) struct NewEntry<'t> {
    mode: &'t [u8],
    name: Cow<'t, [u8]>,
    id: ObjectId,
}

impl<'t> NewEntry<'t> {
    /// One that stays.
    pub(super) fn kept(entry: &TreeEntry<'t>) -> Self {
        Self { mode: entry.mode, name: Cow::Borrowed(entry.name), id: entry.id }
    }

    pub(super) fn new(mode: &'t [u8], name: Vec<u8>, id: ObjectId) -> Self {
        Self { mode, name: Cow::Owned(name), id }
    }
}

/// What is left of a tree's entries, in git's order where a name changed. `becomes` has the new id of an entry's content, `None`
/// where the entry goes.
pub(super) fn changed<'t>(
    becomes: impl Fn(Part, ObjectId) -> Option<ObjectId>,
    decider: &mut Decider<'_>,
    old: &[TreeEntry<'t>],
    parts: &[Part],
) -> Result<Vec<NewEntry<'t>>, ScrubError> {
    let mut new = Vec::with_capacity(old.len());
    let mut renamed = Vec::new();
    for (at, entry) in old.iter().enumerate() {
        let part = parts.get(at).copied().unwrap_or(Part::Keep);
        let Some(id) = becomes(part, entry.id) else { continue };
        if let Some(name) = decider.renamed(entry.name)? {
            renamed.push((new.len(), name.to_vec()));
        }
        new.push(NewEntry { mode: entry.mode, name: Cow::Borrowed(entry.name), id });
    }
    if !renamed.is_empty() {
        rename(&mut new, renamed);
        sort(&mut new);
    }
    Ok(new)
}

/// Gives entries their new names. Where one is taken, a number is added: two names may differ in nothing but the secret.
fn rename(entries: &mut [NewEntry<'_>], renamed: Vec<(usize, Vec<u8>)>) {
    let places: HashSet<usize> = renamed.iter().map(|&(at, _)| at).collect();
    let stay = entries.iter().enumerate().filter(|(at, _)| !places.contains(at));
    let mut taken: HashSet<Vec<u8>> = stay.map(|(_, entry)| entry.name.to_vec()).collect();
    for (at, name) in renamed {
        let mut free = name.clone();
        let mut number = 2_u32;
        while taken.contains(&free) {
            free = [&name, format!("-{number}").as_bytes()].concat();
            number += 1;
        }
        taken.insert(free.clone());
        entries[at].name = Cow::Owned(free);
    }
}

/// git's order: by name, that of a folder as if it ended with `/` (git, "base_name_compare").
pub(super) fn sort(entries: &mut [NewEntry<'_>]) {
    entries.sort_by(|a, b| {
        let (a_end, b_end) = (is_folder(a.mode), is_folder(b.mode));
        let a = a.name.iter().copied().chain(a_end.then_some(b'/'));
        a.cmp(b.name.iter().copied().chain(b_end.then_some(b'/')))
    });
}

/// Puts a file in, in place of one with the same name.
pub(super) fn put<'t>(entries: &mut Vec<NewEntry<'t>>, name: &'t [u8], id: ObjectId) {
    match entries.iter_mut().find(|entry| *entry.name == *name) {
        Some(entry) => entry.id = id,
        None => {
            let after = |entry: &NewEntry<'_>| {
                let end = is_folder(entry.mode).then_some(b'/');
                entry.name.iter().copied().chain(end).cmp(name.iter().copied()).is_lt()
            };
            let at = entries.iter().take_while(|entry| after(entry)).count();
            entries.insert(at, NewEntry { mode: b"100644", name: Cow::Borrowed(name), id });
        }
    }
}

/// The bytes of a tree.
pub(super) fn written(entries: &[NewEntry<'_>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(entries.len() * 48);
    for entry in entries {
        bytes.extend_from_slice(entry.mode);
        bytes.push(b' ');
        bytes.extend_from_slice(&entry.name);
        bytes.push(0);
        bytes.extend_from_slice(entry.id.as_slice());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renamed_entries_stand_in_gits_order_and_none_is_lost() {
        let id = ObjectId::null(gix::hash::Kind::Sha1);
        let entry = |mode: &'static [u8], name: &'static [u8]| NewEntry {
            mode,
            name: Cow::Borrowed(name),
            id,
        };
        let mut entries = vec![
            entry(b"100644", b"a"),
            entry(b"40000", b"b"),
            entry(b"100644", b"x.c"),
            entry(b"100644", b"z"),
        ];
        rename(&mut entries, vec![(0, b"x".to_vec()), (1, b"x".to_vec()), (3, b"x-2".to_vec())]);
        sort(&mut entries);
        let names: Vec<_> = entries.iter().map(|entry| entry.name.to_vec()).collect();
        // `x-2` is the folder: `x-2/` comes after `x-2-2`.
        assert_eq!(names, [&b"x"[..], b"x-2-2", b"x-2", b"x.c"]);
        put(&mut entries, b".gitattributes", id);
        assert_eq!(*entries[0].name, *b".gitattributes");
        put(&mut entries, b"x.c", ObjectId::empty_tree(gix::hash::Kind::Sha1));
        assert_eq!(entries.len(), 5);
        assert!(written(&entries).starts_with(b"100644 .gitattributes\0"));
    }
}
