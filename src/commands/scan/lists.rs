//! What a scan may leave out, and what names its findings.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::{CommandError, Context as _, Outcome};
use crate::git::repository::Repository;
use crate::keyring::{KeyName, Keyring};
use crate::scan::Fingerprinter;
use crate::scan::findings::allow::{self, AllowError, AllowList, Date};
use crate::scan::fingerprint::SALT_LEN;

/// The lists of a scan.
pub(in crate::commands) struct Lists {
    /// The repository's own, and the baseline.
    pub(in crate::commands) lists: Vec<AllowList>,
    /// With every key that is held and every salt of a list.
    pub(in crate::commands) fingerprinter: Fingerprinter,
    /// The day of the scan.
    pub(in crate::commands) today: Date,
    has_name: bool,
    salt: Option<[u8; SALT_LEN]>,
}

impl Lists {
    pub(in crate::commands) fn read(
        repository: &Repository,
        keyring: &Keyring,
        baseline: Option<&Path>,
    ) -> Outcome<Self> {
        let mut lists = Vec::new();
        if let Some(bytes) = own(repository)? {
            lists.push(AllowList::read(allow::PATH, &bytes).map_err(|error| explain(&error))?);
        }
        if let Some(path) = baseline {
            let bytes =
                crate::fs::read_bounded(path, allow::MAX_LEN).map_err(|error| super::io(&error))?;
            let name = crate::sanitise::native(path);
            lists.push(AllowList::read_baseline(&name, &bytes).map_err(|error| explain(&error))?);
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

    /// Makes a salt where neither key nor salt is there, as a list without fingerprints would be of no use.
    pub(in crate::commands) fn ensure_named(&mut self) -> Outcome {
        if !self.has_name {
            let mut salt = [0; SALT_LEN];
            getrandom::fill(&mut salt).map_err(|error| {
                CommandError::wrong(format!("the operating system gives no random bytes: {error}"))
            })?;
            self.fingerprinter.add_salt(&salt);
            self.salt = Some(salt);
        }
        Ok(())
    }

    /// The salt for a baseline: a new one, or that of a baseline that is not the repository's own list.
    pub(in crate::commands) fn new_salt(&self) -> Option<&[u8; SALT_LEN]> {
        self.salt.as_ref().or_else(|| self.lists.iter().find_map(AllowList::salt))
    }
}

/// The list in the worktree; without one, that of `HEAD`.
fn own(repository: &Repository) -> Outcome<Option<Vec<u8>>> {
    let Some(top) = &repository.worktree else {
        let name = format!("HEAD:{}", allow::PATH);
        return Ok(match repository.git.query(["rev-parse", "-q", "--verify", &name])? {
            Some(_) => Some(repository.git.run(["cat-file", "blob", &name])?),
            None => None,
        });
    };
    let path = top.join(allow::PATH);
    match crate::fs::read_regular(&path, allow::MAX_LEN) {
        Ok(bytes) => Ok(Some(bytes.to_vec())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context(|| crate::sanitise::native(&path)),
    }
}

fn explain(error: &AllowError) -> CommandError {
    CommandError::wrong(error.to_string()).hint("docs/scan.md says what stands in such a file")
}
