//! What a scan may leave out, and what names its findings.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::error::ScanError;
use super::findings::allow::{self, AllowList, Date};
use super::fingerprint::{Fingerprinter, SALT_LEN};
use super::salt;
use crate::fs::{read_bounded, read_regular};
use crate::git::repository::Repository;
use crate::keyring::{KeyName, Keyring};

/// The lists of a scan.
pub struct Lists {
    /// The repository's own, and the baseline.
    pub lists: Vec<AllowList>,
    /// With every key that is held and every salt of a list.
    pub fingerprinter: Fingerprinter,
    /// The day of the scan.
    pub today: Date,
    has_name: bool,
    salt: Option<[u8; SALT_LEN]>,
}

impl Lists {
    /// Reads the repository's own list and a baseline.
    ///
    /// # Errors
    /// A list is there and cannot be read, is larger than [`allow::MAX_LEN`] or no list; or git fails.
    pub fn read(
        repository: &Repository,
        keyring: &Keyring,
        baseline: Option<&Path>,
    ) -> Result<Self, ScanError> {
        let mut lists = Vec::new();
        if let Some(bytes) = own(repository)? {
            lists.push(AllowList::read(allow::PATH, &bytes)?);
        }
        if let Some(path) = baseline {
            let bytes = read_bounded(path, allow::MAX_LEN)?;
            let name = crate::sanitise::native(path);
            lists.push(AllowList::read_baseline(&name, &bytes)?);
        }
        let mut fingerprinter = Fingerprinter::new();
        // The key that seals where no other is named makes the fingerprints that reports show.
        let default = KeyName::default();
        let mut entries: Vec<_> = keyring.entries().iter().collect();
        entries.sort_by_key(|entry| entry.name != default);
        entries.iter().for_each(|entry| fingerprinter.add_key(&entry.key));
        lists.iter().filter_map(AllowList::salt).for_each(|salt| fingerprinter.add_salt(salt));
        let has_name = !entries.is_empty() || lists.iter().any(|list| list.salt().is_some());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let today = Date::of(i64::try_from(now).unwrap_or(i64::MAX));
        Ok(Self { lists, fingerprinter, today, has_name, salt: None })
    }

    /// Takes a salt where neither key nor salt is there, as a list without fingerprints would be of no use: that of the clone
    /// which is kept, or one for this run alone.
    ///
    /// # Errors
    /// The operating system gives no random bytes.
    pub fn ensure_named(&mut self, kept: Option<&Repository>) -> Result<(), ScanError> {
        if !self.has_name {
            let salt = match kept {
                Some(repository) => salt::of(repository.common_dir())?,
                None => salt::new()?,
            };
            self.fingerprinter.add_salt(&salt);
            self.salt = Some(salt);
        }
        Ok(())
    }

    /// The salt for a baseline: a new one, or that of a baseline that is not the repository's own list.
    pub fn new_salt(&self) -> Option<&[u8; SALT_LEN]> {
        self.salt.as_ref().or_else(|| self.lists.iter().find_map(AllowList::salt))
    }
}

/// The list in the worktree; without one, that of `HEAD`.
fn own(repository: &Repository) -> Result<Option<Vec<u8>>, ScanError> {
    let Some(top) = &repository.worktree else {
        let name = format!("HEAD:{}", allow::PATH);
        return Ok(match repository.git.query(["rev-parse", "-q", "--verify", &name])? {
            Some(_) => Some(repository.git.run(["cat-file", "blob", &name])?),
            None => None,
        });
    };
    let path = top.join(allow::PATH);
    match read_regular(&path, allow::MAX_LEN) {
        Ok(bytes) => Ok(Some(bytes.to_vec())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
