//! What a history says of each key, without one: which name an id had first, and which generation is the last.
//!
//! Anybody who can push can write a `key.toml`. Without the key its mac proves nothing, so a description is held against
//! those of the commits before: a key keeps its name, and each generation follows the last.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::described::{Described, Description};
use crate::format::{KeyId, PublicKey};

/// A key as a `key.toml` has described it, and its public key, if there is one.
type Entry = (String, u32, KeyId, Option<PublicKey>);

/// Every description of a history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line(BTreeSet<Entry>);

impl Line {
    /// Adds what a tree describes. A key that had another name or public key before keeps that one: whoever exchanges a public key makes a
    /// finding, and whoever puts the first one back makes none.
    pub(super) fn add(&mut self, described: &Described) {
        for (name, Description { key, public, .. }) in &described.0 {
            let Some((generation, id)) = *key else { continue };
            let names: Vec<&str> = self.names_of(id).collect();
            let is_other = |entry: &Entry| {
                (&entry.0, entry.1, entry.2) == (name, generation, id) && entry.3 != *public
            };
            let is_of_name = names.is_empty() || names.contains(&name.as_str());
            if is_of_name && !self.0.iter().any(is_other) {
                self.0.insert((name.clone(), generation, id, *public));
            }
        }
    }

    /// The lines of all parents in one.
    pub(super) fn joined<'l>(lines: impl IntoIterator<Item = &'l Rc<Self>>) -> Rc<Self> {
        let mut joined = Rc::<Self>::default();
        for line in lines {
            if Rc::ptr_eq(&joined, line) || line.0.is_subset(&joined.0) {
                continue;
            }
            if joined.0.is_subset(&line.0) {
                joined = Rc::clone(line);
            } else {
                Rc::make_mut(&mut joined).0.extend(line.0.iter().cloned());
            }
        }
        joined
    }

    /// Whether no key was ever described.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a key ever had this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|entry| entry.0 == name)
    }

    /// The names that a key has had.
    pub(super) fn names_of(&self, id: KeyId) -> impl Iterator<Item = &str> {
        let names =
            self.0.iter().filter(move |entry| id.names(entry.2)).map(|entry| entry.0.as_str());
        let mut last = "";
        // In order of the names.
        names.filter(move |name| std::mem::replace(&mut last, name) != *name)
    }

    /// Why a description does not follow what was there before; `None` where it does, or where there was no such key.
    pub(super) fn objection(
        &self,
        name: &str,
        (generation, id): (u32, KeyId),
        public: Option<PublicKey>,
    ) -> Option<String> {
        if let Some(first) = self.names_of(id).find(|first| *first != name) {
            return Some(format!("the key with id {id} is '{first}' in earlier commits"));
        }
        let of_name = || self.0.iter().filter(|entry| entry.0 == name);
        if let Some((_, before, ..)) =
            of_name().find(|entry| entry.2 == id && entry.1 != generation)
        {
            return Some(format!(
                "the key with id {id} was generation {before}, but is generation {generation} here"
            ));
        }
        // A rotation chooses it, and nothing changes it afterwards.
        if let Some((.., before)) = of_name().find(|entry| entry.2 == id && entry.3 != public) {
            let shown = |public: Option<PublicKey>| {
                public
                    .map_or("no public key".to_owned(), |public| format!("the public key {public}"))
            };
            return Some(format!(
                "the key with id {id} had {} in earlier commits, but has {} here",
                shown(*before),
                shown(public)
            ));
        }
        let last = of_name().map(|entry| entry.1).max()?;
        if generation == last {
            let other = of_name().find(|entry| entry.1 == last && entry.2 != id)?.2;
            return Some(format!(
                "generation {generation} has the id {id} here, but {other} in earlier commits"
            ));
        }
        if generation < last {
            return Some(format!(
                "it goes back to generation {generation} (id {id}), but generation {last} existed already"
            ));
        }
        (generation != last + 1).then(|| {
            format!("generation {generation} (id {id}) follows {last}, but {} is next", last + 1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Key;
    use crate::secret::SecretBytes;

    fn id(byte: u8) -> KeyId {
        KeyId::from_hex(&format!("{byte:02x}").repeat(16)).unwrap()
    }

    fn line(entries: &[(&str, u32, u8)]) -> Line {
        let entry = |&(name, generation, byte): &(&str, u32, u8)| {
            (name.to_owned(), generation, id(byte), None)
        };
        Line(entries.iter().map(entry).collect())
    }

    #[test]
    fn generations_follow_one_another_and_names_stay() {
        let line = line(&[("a", 1, 1), ("a", 2, 2), ("b", 7, 9)]);
        for (name, generation, byte, fits) in [
            ("a", 3, 3, true),
            ("a", 2, 2, true),
            ("c", 50, 50, true),
            ("b", 8, 8, true),
            ("a", 1, 1, false),
            ("a", 2, 3, false),
            ("a", 4, 3, false),
            ("a", 3, 2, false),
            ("a", 3, 9, false),
            ("c", 1, 2, false),
            ("b", 1, 3, false),
            ("b", u32::MAX, 3, false),
        ] {
            let objection = line.objection(name, (generation, id(byte)), None);
            assert_eq!(objection.is_none(), fits, "{name} {generation} {byte}: {objection:?}");
        }
    }

    #[test]
    fn a_key_with_two_names_fits_nowhere() {
        let line = line(&[("a", 1, 1), ("b", 1, 1)]);
        assert_eq!(line.names_of(id(1)).collect::<Vec<_>>(), ["a", "b"]);
        assert!(line.objection("a", (1, id(1)), None).is_some());
        assert!(line.objection("b", (1, id(1)), None).is_some());
    }

    #[test]
    fn a_public_key_stays_with_its_key() {
        let public = |byte: u8| Some(Key::new(SecretBytes::new([byte; 32])).public());
        let with = Line([("a".to_owned(), 1, id(1), public(1))].into());
        for (generation, byte, now, fits) in [
            (1, 1, public(1), true),
            (1, 1, public(2), false),
            (1, 1, None, false),
            (2, 2, None, true),
            (2, 2, public(2), true),
        ] {
            let objection = with.objection("a", (generation, id(byte)), now);
            assert_eq!(objection.is_none(), fits, "{objection:?}");
        }
        assert!(line(&[("a", 1, 1)]).objection("a", (1, id(1)), public(1)).is_some());
        // The first one counts, so that it can be put back.
        let blob = gix::ObjectId::null(gix::hash::Kind::Sha1);
        let describe = |public| {
            let key = Some((1, id(1)));
            Described([("a".to_owned(), Description { blob, key, public })].into())
        };
        let mut exchanged = with.clone();
        exchanged.add(&describe(public(2)));
        exchanged.add(&describe(None));
        assert_eq!(exchanged, with);
    }
}
