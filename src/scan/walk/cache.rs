//! What an earlier scan has looked at: names of objects, and nothing of what is in them (`docs/scan.md`, "The cache").
//!
//! An object is passed over if all of it was looked at, and nothing was found, or what others have, too ([`texts`]). A tree,
//! commit or tag must name objects that are here, so it is passed over only as long as everything that was here then still
//! is.

mod entry;
mod texts;

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::detect::Detector;
use crate::detect::known::KnownValues;
use crate::fs::{Access, create_private_dir, read_bounded, with_path, write_atomic};
use crate::scan::fingerprint::Fingerprinter;
use crate::store::local;
pub(super) use entry::CleanObject;
use entry::ENTRY_LEN;
pub use entry::{Key, key};
pub use texts::{KnownHit, KnownTexts};

/// What the file begins with. The number goes up whenever the same rules may find something else.
const MAGIC: &[u8; 24] = b"git-shroud scan-cache 3\n";
/// What it begins with in every version.
const NAME_OF_KIND: &[u8] = b"git-shroud scan-cache ";
/// Bytes of a SHA-256 hash.
const HASH_LEN: usize = 32;
/// Objects at most, 320 MiB; a repository with more has no cache.
const MAX_OBJECTS: usize = 1 << 24;
/// Bytes at most of what is said of objects with hits; with more of them all are looked at again.
const MAX_TEXTS: usize = 128 << 20;
/// The name in git-shroud's folder in git's own.
pub(super) const NAME: &str = "scan-cache";
/// That of the file beside it, which says where the objects with hits came from ([`crate::scan::origin::memory`]).
pub(in crate::scan) const NAME_OF_ORIGINS: &str = "scan-origins";

/// A cache that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// It is not what was written.
    #[error("{0}: it is damaged")]
    Damaged(String),
    /// It cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The objects that were here at the last scan of everything.
pub struct Cache {
    /// A hash of all that decides on what is found.
    setting: [u8; HASH_LEN],
    /// Sorted, each object once.
    entries: Vec<CleanObject>,
    texts: KnownTexts,
    /// Whether anything was sealed then, or should have been (`Walked::declares_sealing`).
    pub(super) declares_sealing: bool,
    changed: bool,
}

/// Where the cache of a repository is.
pub fn path(common_dir: &Path) -> PathBuf {
    local::dir(common_dir).join(NAME)
}

/// All that scans keep for the next one.
pub fn files(common_dir: &Path) -> [PathBuf; 2] {
    [NAME, NAME_OF_ORIGINS].map(|name| local::dir(common_dir).join(name))
}

fn is_of_some_version(bytes: &[u8]) -> bool {
    let Some(rest) = bytes.strip_prefix(NAME_OF_KIND) else { return false };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0 && rest.get(digits) == Some(&b'\n')
}

impl Cache {
    /// An empty one for these rules and known values. Values are named by a mac, so that nobody can test guesses; `None`
    /// where there are values and no key.
    pub fn new(
        detector: &Detector,
        known: &KnownValues,
        fingerprinter: &Fingerprinter,
    ) -> Option<Self> {
        let mut hasher = Sha256::new_with_prefix(MAGIC);
        hasher.update(detector.rules_hash());
        if !known.is_empty() {
            hasher.update(fingerprinter.name_all(known.values())?);
        }
        Some(Self::empty(hasher.finalize().into()))
    }

    fn empty(setting: [u8; HASH_LEN]) -> Self {
        Self {
            setting,
            entries: Vec::new(),
            texts: KnownTexts::default(),
            declares_sealing: false,
            changed: false,
        }
    }

    /// Knows nothing any more.
    pub fn forget(&mut self) {
        *self = Self::empty(self.setting);
        self.changed = true;
    }

    /// What was found.
    pub fn texts(&self) -> &KnownTexts {
        &self.texts
    }

    /// Takes what is known of objects with hits ([`Self::has_hits`]) after a scan of everything.
    pub fn replace_texts(&mut self, texts: KnownTexts) {
        self.changed |= self.texts != texts;
        self.texts = texts;
    }

    /// A hash of the ids of all objects that are here, after a scan of everything; `None` where they are too many.
    pub fn objects(&self) -> Option<[u8; HASH_LEN]> {
        let mut hasher = Sha256::new();
        self.entries.iter().for_each(|entry| hasher.update(entry.key()));
        (!self.entries.is_empty()).then(|| hasher.finalize().into())
    }

    /// Whether all of this file was looked at in the last scan, and something was found.
    pub fn has_hits(&self, id: &gix::oid) -> bool {
        self.of(id).is_some_and(|entry| entry.len_with_hits().is_some())
    }

    /// Reads what an earlier scan has left; nothing if there was none, or one with other rules or values.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged; then this stays empty.
    pub fn load(&mut self, path: &Path) -> Result<(), CacheError> {
        let limit = MAGIC.len() + 1 + 2 * HASH_LEN + MAX_OBJECTS * ENTRY_LEN + MAX_TEXTS;
        let bytes = match read_bounded(path, limit) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            read => read?,
        };
        // Another version left it: there is nothing to tell, as it is made anew.
        if !bytes.starts_with(MAGIC) && is_of_some_version(&bytes) {
            return Ok(());
        }
        let read = self.read(&bytes);
        (self.declares_sealing, self.entries, self.texts) =
            read.ok_or_else(|| CacheError::Damaged(crate::sanitise::native(path)))?;
        Ok(())
    }

    /// What the bytes of a file say; `None` where they are damaged.
    fn read(&self, bytes: &[u8]) -> Option<(bool, Vec<CleanObject>, KnownTexts)> {
        let (bytes, sum) = bytes.split_last_chunk::<HASH_LEN>()?;
        let (setting, rest) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<HASH_LEN>()?;
        if *setting != self.setting {
            return Some((false, Vec::new(), KnownTexts::default()));
        }
        let (&declares @ (0 | 1), rest) = rest.split_first()? else { return None };
        let (count, rest) = rest.split_first_chunk()?;
        let len = (u32::from_be_bytes(*count) as usize).checked_mul(ENTRY_LEN)?;
        let (entries, rest) = rest.split_at_checked(len)?;
        let texts = KnownTexts::read(rest)?;
        let entries = entries.as_chunks::<ENTRY_LEN>().0;
        let entries: Vec<_> = entries.iter().copied().map(CleanObject).collect();
        let is_sorted = entries.is_sorted_by(|a, b| a.key() < b.key());
        (*sum == <[u8; HASH_LEN]>::from(Sha256::digest(bytes)) && is_sorted).then_some((
            declares == 1,
            entries,
            texts,
        ))
    }

    /// Writes it, if anything in it has changed.
    ///
    /// # Errors
    /// It cannot be written; then the old one is there still.
    pub fn save(&self, path: &Path) -> Result<(), CacheError> {
        if !self.changed {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            create_private_dir(folder).map_err(|error| with_path(folder, &error))?;
        }
        let mut bytes = Vec::with_capacity(128 + self.entries.len() * ENTRY_LEN);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.setting);
        bytes.push(self.declares_sealing.into());
        bytes.extend_from_slice(&u32::try_from(self.entries.len()).unwrap_or(0).to_be_bytes());
        self.entries.iter().for_each(|entry| bytes.extend_from_slice(&entry.0));
        let before = bytes.len();
        self.texts.write(&mut bytes);
        if bytes.len() - before > MAX_TEXTS {
            bytes.truncate(before);
            KnownTexts::default().write(&mut bytes);
        }
        let sum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&sum);
        Ok(write_atomic(path, &bytes, Access::Private)?)
    }

    /// What is known of an object; `None` where it was not here.
    pub(super) fn of(&self, id: &gix::oid) -> Option<CleanObject> {
        let key = key(id);
        let at = self.entries.binary_search_by(|entry| entry.key().cmp(&key)).ok()?;
        Some(self.entries[at])
    }

    /// The same; `at` is where it was looked for last, so that those in order are found at once.
    pub(super) fn next(&self, id: &gix::oid, at: &mut usize) -> Option<CleanObject> {
        let key = key(id);
        let is_before = |at: usize| self.entries.get(at).is_some_and(|entry| entry.key() < key);
        if !is_before(*at) {
            *at = 0;
        }
        let mut step = 1;
        while is_before(*at + step) {
            *at += step;
            step *= 2;
        }
        let end = (*at + step + 1).min(self.entries.len());
        let within = self.entries.get(*at..end)?;
        let found = within.binary_search_by(|entry| entry.key().cmp(&key)).ok()?;
        *at = (*at + found).saturating_sub(1);
        Some(within[found])
    }

    /// Whether all objects that were here are among these.
    pub(super) fn all(&self, is_here: impl Fn(&Key) -> bool) -> bool {
        self.entries.iter().all(|entry| is_here(&entry.key()))
    }

    /// Whether all objects by which hits are known are among these.
    pub(super) fn has_all_hits(&self, is_here: impl Fn(&Key) -> bool) -> bool {
        self.texts.all(is_here)
    }

    /// Takes what is known after a scan of everything: the `clean` objects, all others that are here, and whether anything
    /// is or should be sealed.
    pub(super) fn replace(
        &mut self,
        mut clean: Vec<CleanObject>,
        here: impl Iterator<Item = Key>,
        declares_sealing: bool,
    ) {
        clean.sort_unstable();
        clean.dedup_by_key(|entry| entry.key());
        let known = |key: &Key| clean.binary_search_by(|entry| entry.key().cmp(key)).is_ok();
        let others = here.filter(|key| !known(key)).map(|key| CleanObject::new(key, 0));
        let mut all: Vec<_> = others.collect();
        all.append(&mut clean);
        all.sort_unstable();
        if all.len() > MAX_OBJECTS {
            all.clear();
        }
        self.changed |= self.entries != all || self.declares_sealing != declares_sealing;
        self.entries = all;
        self.declares_sealing = declares_sealing;
    }
}

#[cfg(test)]
mod tests {
    use gix::objs::Kind;

    use super::entry::LEN_BITS;
    use super::*;

    fn id(number: u8) -> gix::ObjectId {
        gix::ObjectId::from_bytes_or_panic(&[number; 20])
    }

    fn empty() -> Cache {
        Cache::empty([7; HASH_LEN])
    }

    fn filled() -> Cache {
        let mut cache = empty();
        let clean = [
            CleanObject::clean(&id(9), Kind::Blob, 0),
            CleanObject::clean(&id(3), Kind::Tag, (1 << LEN_BITS) - 1),
            CleanObject::clean(&id(5), Kind::Tree, 17),
        ];
        let here = [1, 3, 5, 9].map(|number| key(&id(number)));
        cache.replace(clean.into_iter().flatten().collect(), here.into_iter(), true);
        cache
    }

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/cache");
        let cache = filled();
        cache.save(&path).unwrap();
        let mut read = empty();
        read.load(&path).unwrap();
        assert!(read.entries == cache.entries && read.declares_sealing);
        assert_eq!(read.of(&id(9)).unwrap().known(), Some((Kind::Blob, 0)));
        assert_eq!(read.of(&id(3)).unwrap().known(), Some((Kind::Tag, (1 << LEN_BITS) - 1)));
        assert_eq!(read.of(&id(5)).unwrap().known(), Some((Kind::Tree, 17)));
        assert_eq!(read.of(&id(1)).unwrap().known(), None);
        assert!(read.of(&id(2)).is_none());
        let mut at = 0;
        for number in [1, 2, 3, 3, 9, 10, 5, 4, 1, 0, 9] {
            let (next, of) = (read.next(&id(number), &mut at), read.of(&id(number)));
            assert!(next == of, "{number}");
        }
        assert!(CleanObject::clean(&id(1), Kind::Blob, 1 << LEN_BITS).is_none());
        assert!(read.all(|key| key[0] != 2) && !read.all(|key| key[0] != 5));
        // Nothing has changed, so nothing is written.
        std::fs::remove_file(&path).unwrap();
        read.save(&path).unwrap();
        assert!(!path.exists());
        read.load(&path).unwrap();
    }

    #[test]
    fn another_setting_knows_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache");
        filled().save(&path).unwrap();
        let mut other = Cache::empty([8; HASH_LEN]);
        other.load(&path).unwrap();
        assert!(other.entries.is_empty() && !other.declares_sealing);
    }

    #[test]
    fn any_damage_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache");
        filled().save(&path).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let is_damaged = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            let mut cache = empty();
            matches!(cache.load(&path), Err(CacheError::Damaged(_))) && cache.entries.is_empty()
        };
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            // That of another setting or version is none of ours.
            let in_setting =
                (MAGIC.len()..MAGIC.len() + HASH_LEN).contains(&at) || at == MAGIC.len() - 2;
            assert_eq!(is_damaged(&bytes), !in_setting, "{at}");
            assert_eq!(
                is_damaged(&whole[..at]),
                at < MAGIC.len() + 2 * HASH_LEN || !in_setting,
                "{at}"
            );
        }
    }

    #[test]
    fn keys_of_values_tell_sets_apart() {
        use crate::detect::known::Gathering;
        let detector = Detector::builtin();
        let mut fingerprinter = Fingerprinter::new();
        fingerprinter.add_salt(&[1; 32]);
        let setting = |texts: &[&str], fingerprinter: &Fingerprinter| {
            let mut gathering = Gathering::default();
            texts.iter().for_each(|text| gathering.add(b"a.env", text.as_bytes()));
            Cache::new(&detector, &gathering.finish(), fingerprinter).map(|cache| cache.setting)
        };
        let none = setting(&[], &fingerprinter);
        let one = setting(&["A=kq7vzx-9mLw2p"], &fingerprinter);
        let two = setting(&["A=kq7vzx-9mLw2p", "B=another-vB6xT0c"], &fingerprinter);
        assert!(none.is_some() && one.is_some() && two.is_some());
        assert!(none != one && one != two && none != two);
        assert!(setting(&["B=another-vB6xT0c", "A=kq7vzx-9mLw2p"], &fingerprinter) == two);
        assert!(setting(&[], &Fingerprinter::new()) == none);
        assert!(setting(&["A=kq7vzx-9mLw2p"], &Fingerprinter::new()).is_none());
    }
}
