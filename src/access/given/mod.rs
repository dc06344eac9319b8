//! Keys that the user gives: reading them, taking them, and showing that they belong here.

mod error;
pub mod generations;
pub mod past;
pub mod pins;
pub mod prove;
pub mod trust;

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::clone::OpenClone;
use crate::clone::locks::{exclusive, refuse_rotation};
use crate::error::Context as _;
use crate::format::KeyId;
use crate::fs::read_bounded;
use crate::git::config::install_drivers;
use crate::git::history::shallow_boundary;
use crate::git::repository::Repository;
use crate::git_crypt::{KeyFile, KeyFileError, LEGACY_LEN, MAX_KEY_FILE_LEN};
use crate::keyring::{Entry, Keyring};
use crate::progress::Progress;
use crate::recipient::Ask;
use crate::store::backup::{self, Backup, BackupError};
use crate::store::git_crypt::StoreError;
use crate::store::seen::Seen;
use crate::store::{kept, local};
pub use error::GivenError;
use past::is_described_anywhere;
use prove::find_sealed_ids;
use trust::{Evidence, adopt};

/// The keys that the user gives, each with the place that it comes from.
#[derive(Default)]
pub struct Given {
    /// This program's own.
    pub keyrings: Vec<(String, Keyring)>,
    /// git-crypt's.
    pub git_crypt: Vec<(String, KeyFile)>,
    /// Private keys, which open what was granted to them.
    pub private_keys: Vec<(String, Zeroizing<Vec<u8>>)>,
}

/// Reads the key files and backups, else what the environment gives.
///
/// # Errors
/// One cannot be read, or is none.
pub fn read_given(key_files: &[PathBuf], ask: Ask<'_>) -> Result<Given, GivenError> {
    let mut given = Given::default();
    for file in key_files {
        let place = crate::sanitise::native(file);
        if let Some(parsed) = read_git_crypt(file) {
            let wrong = |source| StoreError::KeyFile { place: place.clone(), source };
            let parsed = parsed.map_err(wrong)?;
            given.git_crypt.push((place, parsed));
            continue;
        }
        match read_backup(file, ask)? {
            Backup::PrivateKey(bytes) => given.private_keys.push((place, bytes)),
            read => {
                let keyring = backup::keys(read, &place)?;
                given.keyrings.push((place, keyring));
            }
        }
    }
    if key_files.is_empty()
        && let Some(keyring) = local::from_environment()?
    {
        given.keyrings.push(("the environment".to_owned(), keyring));
    }
    Ok(given)
}

/// Reads key files and backups that hold this program's own keys alone.
///
/// # Errors
/// As [`read_given`]; or one is git-crypt's, or a private key.
pub fn read_own(key_files: &[PathBuf], ask: Ask<'_>) -> Result<Vec<(String, Keyring)>, GivenError> {
    let given = read_given(key_files, ask)?;
    if let Some((place, _)) = given.private_keys.into_iter().next() {
        return Err(BackupError::IsPrivateKey(place).into());
    }
    match given.git_crypt.is_empty() {
        true => Ok(given.keyrings),
        false => Err(GivenError::OfGitCrypt),
    }
}

/// A key file of git-crypt; `None` where it is something else, or cannot be read at all.
fn read_git_crypt(file: &Path) -> Option<Result<KeyFile, KeyFileError>> {
    if file == Path::new("-") {
        return None;
    }
    let bytes = read_bounded(file, MAX_KEY_FILE_LEN).ok()?;
    // A legacy file is 96 random bytes, which are no text.
    let legacy = bytes.len() == LEGACY_LEN && std::str::from_utf8(&bytes).is_err();
    (legacy || KeyFile::is_meant(&bytes)).then(|| KeyFile::parse(&bytes))
}

/// Reads a key file or any other backup, '-' from standard input.
///
/// # Errors
/// It cannot be read, or is none.
pub fn read_backup(file: &Path, ask: Ask<'_>) -> Result<Backup, GivenError> {
    if file != Path::new("-") {
        return Ok(backup::read(file, ask)?);
    }
    if std::io::stdin().is_terminal() {
        return Err(GivenError::Terminal);
    }
    let mut text = Zeroizing::new(Vec::with_capacity(backup::MAX_LEN + 1));
    std::io::stdin()
        .take(backup::MAX_LEN as u64 + 1)
        .read_to_end(&mut text)
        .context(|| "standard input".to_owned())?;
    Ok(backup::open(&text, "standard input", ask)?)
}

/// The ids of all given keys.
pub fn ids(given: &[(String, Keyring)]) -> Vec<KeyId> {
    let entries = given.iter().flat_map(|(_, keyring)| keyring.entries());
    entries.map(|entry| entry.key.id()).collect()
}

/// Adds the given keys to those held, and returns the ids of those that are new.
///
/// A key that `.shroud/` describes gets the name and generation from there: a lone token has none of its own. With it come
/// the earlier generations; whether it may be taken, [`adopt`] decides.
///
/// # Errors
/// It may not be taken, or another key is held in its place.
pub fn take(
    opened: &mut OpenClone,
    given: Vec<(String, Keyring)>,
    trusted: &[KeyId],
) -> Result<BTreeSet<KeyId>, GivenError> {
    let OpenClone { repository, keyring: held, roster, .. } = opened;
    let seen = load_seen(repository)?;
    let evidence = Evidence { repository, seen: &seen, trusted };
    let mut added = BTreeSet::new();
    for (place, keyring) in given {
        for mut entry in keyring.into_entries() {
            let id = entry.key.id();
            // A copy of the description under another name does not count beside the true one.
            let described = || roster.infos.values().filter(|info| info.id == id);
            let authentic = described().find(|info| info.is_authentic(&entry.key));
            if let Some(info) = authentic.or_else(|| described().next()) {
                entry.name = info.name.clone();
                entry.generation = info.generation;
                added.extend(adopt(&evidence, held, info, entry)?);
                continue;
            }
            // It was set aside here, which a key file need not know.
            if held.by_id(id).is_some_and(|known| known.name.is_aside_of(&entry.name)) {
                continue;
            }
            let conflict = |source| GivenError::Held { place: place.clone(), source };
            let inserted = held.insert(entry).map_err(conflict)?;
            if inserted {
                added.insert(id);
            }
        }
    }
    Ok(added)
}

/// Opens a file with each new key, before anything is changed.
///
/// # Errors
/// Nothing shows that a key belongs here.
pub fn prove(
    opened: &OpenClone,
    added: &BTreeSet<KeyId>,
    trusted: &[KeyId],
) -> Result<(), GivenError> {
    let sealed = find_sealed_ids(&opened.repository, &opened.keyring, added)?;
    let described = |id: &KeyId| opened.roster.infos.values().any(|info| info.id == *id);
    for id in added {
        let entry = opened.keyring.by_id(*id).expect("it was added");
        let is_earlier = is_earlier(opened, entry)?;
        // It never seals, and is of a grant or a file that said so.
        let aside = opened.roster.infos.keys().any(|name| entry.name.is_aside_of(name));
        if sealed.proven.contains(id) || described(id) || is_earlier || aside {
            continue;
        }
        let seen = load_seen(&opened.repository)?;
        let was_held = seen.newest(&entry.name).is_some_and(|(_, newest)| newest == *id);
        // Another branch may have it.
        if trusted.contains(id)
            || was_held
            || is_described_anywhere(&opened.repository, &entry.key)?
        {
            continue;
        }
        let foreign = opened.roster.infos.get(&entry.name).map(|info| info.id);
        let other = foreign.or_else(|| sealed.others.iter().next().copied());
        if let Some(other) = other {
            let name = entry.name.clone();
            return Err(GivenError::Foreign { name, id: *id, other });
        }
        return Err(GivenError::Unproven { name: entry.name.clone(), id: *id });
    }
    Ok(())
}

/// Whether a key is an earlier generation of one that `.shroud/` describes: one of those that are sealed under the key that is
/// held, or, in a shallow clone, which lacks the commits that described it, any key of an earlier generation.
fn is_earlier(opened: &OpenClone, entry: &Entry) -> Result<bool, GivenError> {
    let Some(info) = opened.roster.infos.get(&entry.name) else { return Ok(false) };
    if entry.generation >= info.generation {
        return Ok(false);
    }
    let line = opened.keyring.by_id(info.id).and_then(|current| info.retired(&current.key).ok());
    let is_of_line = line
        .is_some_and(|line| line.keys.entries().iter().any(|one| one.key.id() == entry.key.id()));
    Ok(is_of_line || !shallow_boundary(&opened.repository)?.is_empty())
}

/// What this clone has held before, and what the user has pinned for where it comes from.
///
/// # Errors
/// A list cannot be read.
pub fn load_seen(repository: &Repository) -> Result<Seen, GivenError> {
    let seen =
        Seen::load(repository.common_dir()).context(|| "the list of seen keys".to_owned())?;
    Ok(seen.with_pins(pins::read(repository)?))
}

/// Remembers which keys need not be exported before they are given up.
///
/// # Errors
/// The list cannot be read or written.
pub fn remember_copied(
    opened: &OpenClone,
    ids: impl IntoIterator<Item = KeyId>,
) -> Result<(), GivenError> {
    Ok(local::remember_copied(opened.repository.common_dir(), ids)
        .context(|| "the list of copied keys".to_owned())?)
}

/// Adds keys to the local keyring once they are shown to belong here; says how many are new.
///
/// # Errors
/// One does not belong here, or cannot be kept; or a rotation is under way.
pub fn take_in(
    opened: &mut OpenClone,
    given: Vec<(String, Keyring)>,
    progress: &dyn Progress,
) -> Result<u64, GivenError> {
    refuse_rotation(&opened.repository)?;
    let _exclusive = exclusive(&opened.repository, progress)?;
    opened.keyring = kept::load(opened.repository.common_dir())?;
    let given_ids = ids(&given);
    let added = take(opened, given, &[])?;
    prove(opened, &added, &[])?;
    // First, as an agent takes no key that is nowhere else.
    remember_copied(opened, given_ids)?;
    kept::save(opened.repository.common_dir(), &opened.keyring)?;
    opened.remember_seen(&[])?;
    install_drivers(&opened.repository)?;
    Ok(added.len() as u64)
}
