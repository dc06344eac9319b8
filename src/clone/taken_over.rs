//! Keys that were taken over from git-crypt: they open the history of before (docs/format.md, section 5).

use super::{CloneError, Roster};
use crate::format::Key;
use crate::git_crypt::HeldKeys;
use crate::keyring::Keyring;
use crate::store::shroud_dir::KeyInfo;

/// The git-crypt keys that this description keeps sealed under its current key.
///
/// # Errors
/// They do not open, or are none.
pub fn taken_over(info: &KeyInfo, key: &Key) -> Result<HeldKeys, CloneError> {
    let wrong = |source| CloneError::TakenOver { name: info.name.clone(), source };
    let retired = info.retired(key).map_err(wrong)?;
    Ok(retired.git_crypt)
}

/// The git-crypt keys of every description whose current key is held, and what is wrong with those that are left out.
///
/// Only what a holder of the key has written counts. Where two descriptions give one name and version different keys, the
/// first by the name of its key is taken.
pub fn taken_over_here(roster: &Roster, keyring: &Keyring) -> (HeldKeys, Vec<String>) {
    let mut held = HeldKeys::default();
    let mut problems = Vec::new();
    for info in roster.infos.values() {
        let Some(entry) = keyring.by_id(info.id).filter(|entry| info.is_authentic(&entry.key))
        else {
            continue;
        };
        match taken_over(info, &entry.key) {
            Err(error) => problems.push(error.to_string()),
            Ok(git_crypt) => {
                for file in git_crypt.into_files() {
                    if let Err(error) = held.insert(file) {
                        problems.push(format!(".shroud/{}/key.toml: {error}", info.name));
                    }
                }
            }
        }
    }
    (held, problems)
}
