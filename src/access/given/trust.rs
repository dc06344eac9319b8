//! Whether the key that `.shroud/` describes may be taken: anybody who can push can write that folder.

use super::{GivenError, past};
use crate::format::KeyId;
use crate::git::repository::Repository;
use crate::keyring::{Entry, KeyName, Keyring};
use crate::store::seen::Seen;
use crate::store::shroud_dir::KeyInfo;

/// What speaks for or against a key.
pub struct Evidence<'e> {
    /// Where it is described.
    pub repository: &'e Repository,
    /// What this clone has held before.
    pub seen: &'e Seen,
    /// Ids that the user has verified with a colleague.
    pub trusted: &'e [KeyId],
}

/// Takes the key that is described as current, with the earlier ones that are sealed under it; returns the ids that are new.
///
/// It must descend from what this clone has held: that key's id is its own, or is among its retired keys. A clone that
/// has held none believes the history of the branch instead. A key that the user trusts is taken in any case; what is
/// held of that name and is no ancestor of it is kept under another name, so that nothing is lost.
///
/// # Errors
/// The key should not be trusted; then nothing was changed.
pub fn adopt(
    evidence: &Evidence<'_>,
    keyring: &mut Keyring,
    info: &KeyInfo,
    entry: Entry,
) -> Result<Vec<KeyId>, GivenError> {
    let name = info.name.clone();
    if !info.is_authentic(&entry.key) {
        return Err(GivenError::Forged(name));
    }
    let retired = info
        .retired(&entry.key)
        .map_err(|source| GivenError::Retired { name: name.clone(), source })?
        .keys;
    let line: Vec<KeyId> =
        retired.entries().iter().chain([&entry]).map(|entry| entry.key.id()).collect();
    if evidence.trusted.contains(&info.id) {
        set_aside(keyring, &name, &line)?;
    } else {
        verify_descent(evidence, keyring, info, &line)?;
    }
    let mut added = Vec::new();
    for entry in retired.into_entries().into_iter().chain([entry]) {
        let id = entry.key.id();
        let held = keyring.by_id(id).map(|held| held.name.clone());
        if held.is_some() && entry.name.is_aside_of(&name) {
            continue;
        }
        if held.is_some_and(|held| held.is_aside_of(&entry.name)) {
            keyring.remove_id(id);
        }
        let held = |source| GivenError::Described { name: name.clone(), source };
        let inserted = keyring.insert(entry).map_err(held)?;
        if inserted {
            added.push(id);
        }
    }
    Ok(added)
}

fn verify_descent(
    evidence: &Evidence<'_>,
    keyring: &Keyring,
    info: &KeyInfo,
    line: &[KeyId],
) -> Result<(), GivenError> {
    let name = &info.name;
    let held = keyring.current(name).map(|held| (held.generation, held.key.id()));
    let known = held.max(evidence.seen.newest(name));
    if let Some((generation, id)) = known {
        let pinned = held.is_none() && evidence.seen.is_pinned(name);
        let knows = if pinned { "your file of pins names" } else { "this clone has held" };
        if info.generation < generation {
            return Err(rollback(info, knows, (generation, id)));
        }
        if !line.contains(&id) {
            return Err(swapped(info, format!("the one that {knows} (id {id})"), false));
        }
        return Ok(());
    }
    let descent = |source| GivenError::Descent { id: info.id, source: Box::new(source) };
    let before = past::described_ids(evidence.repository, name).map_err(descent)?;
    if let Some(id) = before.into_iter().find(|id| !line.contains(id)) {
        let earlier = format!("an earlier one in the history of this branch (id {id})");
        return Err(swapped(info, earlier, false));
    }
    let outside = past::sealed_outside(evidence.repository, name, line).map_err(descent)?;
    match outside {
        None => Ok(()),
        Some((path, id)) => {
            let path = crate::sanitise::path(&path);
            Err(swapped(info, format!("the one that {path} is sealed with (id {id})"), true))
        }
    }
}

fn rollback(info: &KeyInfo, knows: &'static str, known: (u32, KeyId)) -> GivenError {
    let KeyInfo { generation, id, .. } = *info;
    GivenError::Rollback { name: info.name.clone(), generation, id, knows, known }
}

fn swapped(info: &KeyInfo, what: String, shallow: bool) -> GivenError {
    GivenError::Swapped { name: info.name.clone(), id: info.id, what, shallow }
}

/// Gives keys of this name that are not in the line another name.
fn set_aside(keyring: &mut Keyring, name: &KeyName, line: &[KeyId]) -> Result<(), GivenError> {
    let of_name = keyring.entries().iter().filter(|entry| entry.name == *name);
    let others: Vec<KeyId> =
        of_name.map(|entry| entry.key.id()).filter(|id| !line.contains(id)).collect();
    others.into_iter().try_for_each(|id| aside(keyring, id))
}

/// Gives a key another name, which says what it was: what it has sealed still opens.
pub(in crate::access) fn aside(keyring: &mut Keyring, id: KeyId) -> Result<(), GivenError> {
    match keyring.remove_id(id) {
        Some(entry) => insert_aside(keyring, entry),
        None => Ok(()),
    }
}

/// Takes a key of a grant that is out of date; `false` where it is held already.
///
/// Nothing shows that it descends from anything: anybody who can push can write such a grant, of a key of their own. So it
/// gets another name, and opens what it has sealed, but never seals.
///
/// # Errors
/// Another key has that name.
pub fn take_out_of_date(keyring: &mut Keyring, entry: Entry) -> Result<bool, GivenError> {
    if keyring.by_id(entry.key.id()).is_some() {
        return Ok(false);
    }
    insert_aside(keyring, entry).map(|()| true)
}

fn insert_aside(keyring: &mut Keyring, entry: Entry) -> Result<(), GivenError> {
    let id = entry.key.id();
    let name = entry.name.aside(&id.to_string());
    let kept = keyring.insert(Entry { name, generation: 1, ..entry });
    kept.map(drop).map_err(GivenError::Aside)
}
