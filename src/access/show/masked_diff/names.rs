//! Which names differ between two versions of a file, where at least one version is sealed by value.

use std::collections::BTreeMap;

use crate::config_format::Format;
use crate::secret::WipedVec;
use crate::values::{Ciphers, OpenValuesError, Told as Value, ToldValue, tell};

/// Names of a file, each list sorted. A name may be in more than one.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Names that only the new version has.
    pub added: Vec<String>,
    /// Names that only the old version has.
    pub removed: Vec<String>,
    /// Names with another value.
    pub changed: Vec<String>,
    /// Names whose value was sealed and is plaintext now.
    pub exposed: Vec<String>,
    /// Names whose value was plaintext and is sealed now.
    pub sealed: Vec<String>,
    /// Names whose value is sealed with another key now, or was sealed to the public key before, so that nothing tells without the
    /// keys whether it changed.
    pub resealed: Vec<String>,
    /// Names whose new value is sealed to the public key, as somebody without the key does it.
    pub by_public_key: Vec<String>,
}

impl Names {
    /// Whether nothing is in any list.
    pub fn is_empty(&self) -> bool {
        let Self { added, removed, changed, exposed, sealed, resealed, by_public_key } = self;
        let lists = [added, removed, changed, exposed, sealed, resealed, by_public_key];
        lists.iter().all(|names| names.is_empty())
    }
}

/// The values of one version, by their names; in the file's order where a name is there more than once.
pub(super) type Told = BTreeMap<String, Vec<Value>>;

/// The values of a version.
///
/// # Errors
/// The file does not read, or holds a damaged value.
pub(super) fn told(
    format: Format,
    bytes: &[u8],
    ciphers: &mut Ciphers<'_>,
) -> Result<Told, OpenValuesError> {
    let mut names = Told::new();
    for told in tell(format, bytes, ciphers)? {
        names.entry(told.name.clone()).or_default().push(told);
    }
    Ok(names)
}

/// As if all values were sealed: those of a file that is sealed whole.
pub(super) fn as_sealed(told: Told) -> Told {
    let seal = |told: Value| match told.value {
        ToldValue::Plain(bytes) => Value { value: ToldValue::Opened(bytes), ..told },
        value => Value { value, ..told },
    };
    let seal_all =
        |(name, values): (String, Vec<_>)| (name, values.into_iter().map(seal).collect());
    told.into_iter().map(seal_all).collect()
}

/// Compares two versions. Plaintext tells of exposure only where it is stored, not in the worktree.
pub(super) fn compare(old: &Told, new: &Told, stored: (bool, bool)) -> Names {
    let only = |told: &Told, other: &Told| {
        told.keys().filter(|name| !other.contains_key(*name)).cloned().collect()
    };
    let mut names = Names { added: only(new, old), removed: only(old, new), ..Names::default() };
    for (name, values) in new {
        let by_public_key = values.iter().any(|new| new.to_public);
        let Some(before) = old.get(name) else {
            names.by_public_key.extend(by_public_key.then(|| name.clone()));
            continue;
        };
        let mut pairs = Pair { changed: before.len() != values.len(), ..Pair::default() };
        before.iter().zip(values).for_each(|(old, new)| pairs.add(old, new, stored));
        for (is, list) in [
            (pairs.changed, &mut names.changed),
            (pairs.exposed, &mut names.exposed),
            (pairs.sealed, &mut names.sealed),
            (pairs.unknown && !pairs.changed, &mut names.resealed),
            (by_public_key && !pairs.is_same(), &mut names.by_public_key),
        ] {
            if is {
                list.push(name.clone());
            }
        }
    }
    names
}

/// What became of the values of one name.
#[derive(Default)]
struct Pair {
    changed: bool,
    exposed: bool,
    sealed: bool,
    unknown: bool,
}

impl Pair {
    fn is_same(&self) -> bool {
        !(self.changed || self.exposed || self.sealed || self.unknown)
    }

    fn add(&mut self, old: &Value, new: &Value, (old_stored, new_stored): (bool, bool)) {
        use ToldValue::{Closed, Opened, Plain};
        let was_to_public = old.to_public;
        let (old, new) = (&old.value, &new.value);
        match (old, new) {
            // Equal values under the public key are different tokens each time.
            (Closed { key: a, token: old }, Closed { key: b, token: new }) if old != new => {
                let is_told = a == b && !was_to_public;
                self.changed |= is_told;
                self.unknown |= !is_told;
            }
            (Closed { .. }, Closed { .. }) => {}
            (Closed { .. }, Opened(_)) | (Opened(_), Closed { .. }) => self.unknown = true,
            (Opened(old) | Plain(old), Opened(new) | Plain(new)) => {
                self.changed |= old.trim_ascii() != new.trim_ascii();
            }
            (Closed { .. }, Plain(_)) => self.changed |= !new_stored || is_empty(new),
            (Plain(_), Closed { .. }) => self.changed |= !old_stored || is_empty(old),
        }
        let is_sealed = |value: &ToldValue| matches!(value, Opened(_) | Closed { .. });
        self.exposed |= is_sealed(old) && !is_sealed(new) && new_stored && !is_empty(new);
        self.sealed |= !is_sealed(old) && is_sealed(new) && old_stored && !is_empty(old);
    }
}

/// Whether it is a value that nothing seals, since it is none.
fn is_empty(value: &ToldValue) -> bool {
    let empty = |bytes: &WipedVec| matches!(bytes.trim_ascii(), b"" | b"\"\"" | b"''" | b"``");
    matches!(value, ToldValue::Plain(bytes) if empty(bytes))
}
