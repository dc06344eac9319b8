//! The key that a command seals with, judged as the filter judges it.

use super::lineage::find_later;
use super::{RESTORE, Roster};
use crate::filter::{FilterError, Rule, sealing_key as key_by_rule};
use crate::git::repository::Repository;
use crate::keyring::{Entry, KeyName, Keyring};
use crate::store::seen::Seen;

/// The key that seals under a name in this worktree.
///
/// # Errors
/// [`FilterError`]: nothing may be sealed under it.
pub fn sealing_key<'k>(
    repository: &Repository,
    roster: &Roster,
    keyring: &'k Keyring,
    name: &KeyName,
) -> Result<&'k Entry, FilterError> {
    let seen = Seen::load(repository.common_dir())?;
    let described = roster.infos.get(name);
    let rule = Rule {
        key: name.clone(),
        key_id: described.map(|info| info.id),
        undescribed: repository.worktree.is_some()
            && described.is_none()
            && roster.missing.is_none(),
        newest: seen.newest(name),
        refusal: roster.malformed.get(name).map(|why| format!("{why} ({RESTORE})")),
        ..Rule::default()
    };
    key_by_rule(keyring, &rule, |ids| {
        find_later(repository, name, ids).map_err(|error| error.to_string())
    })
}

/// The keys that are described and with which nothing may be sealed all the same: somebody has put an earlier description back, or
/// whether that is so cannot be told. With the reason that the filter gives. Keys that were held here once count too.
pub fn refused_keys(
    repository: &Repository,
    roster: &Roster,
    keyring: &Keyring,
) -> Vec<(KeyName, FilterError)> {
    let refusal = |name: &KeyName| {
        if keyring.current(name).is_none() {
            return Some((name.clone(), put_back(repository, roster, name)?));
        }
        match sealing_key(repository, roster, keyring, name).err()? {
            error @ (FilterError::Older { .. } | FilterError::Rule(_)) => {
                Some((name.clone(), error))
            }
            // A clone that has yet to unlock is no news.
            _ => None,
        }
    };
    roster.infos.keys().filter_map(refusal).collect()
}

/// What is wrong with the description of a key that this clone has held and does not hold now: it is not the newest any more, or
/// another key has its generation.
fn put_back(repository: &Repository, roster: &Roster, name: &KeyName) -> Option<FilterError> {
    let info = roster.infos.get(name)?;
    let seen = Seen::load(repository.common_dir()).ok()?;
    let (newest, id) = seen.newest(name)?;
    if info.generation == newest && info.id != id {
        return Some(FilterError::Swapped {
            name: name.clone(),
            generation: newest,
            known: id,
            described: info.id,
        });
    }
    if info.generation >= newest {
        return None;
    }
    // A branch that never saw the rotation is right.
    match find_later(repository, name, &[id]) {
        Ok(commit) => commit.map(|commit| FilterError::Older {
            name: name.clone(),
            held: info.generation,
            newest,
            commit: Some(commit),
        }),
        Err(error) => Some(FilterError::Rule(error.to_string())),
    }
}
