//! Which key may seal.

use super::{FilterError, Rule};
use crate::format::KeyId;
use crate::keyring::{Entry, Keyring};

/// The key that seals by this rule: the one that the tree describes, and no other.
///
/// `later` is asked only where an earlier generation is described than was held: it names a commit of the branch that
/// described one of these ids, if there is one. Then somebody has put the old description back.
///
/// # Errors
/// [`FilterError`]: nothing may be sealed.
pub fn sealing_key<'k>(
    keyring: &'k Keyring,
    rule: &Rule,
    later: impl FnOnce(&[KeyId]) -> Result<Option<String>, String>,
) -> Result<&'k Entry, FilterError> {
    let held = keyring.current(&rule.key).filter(|held| !held.name.is_aside());
    let Some(current) = held else { return Err(FilterError::Locked(rule.key.clone())) };
    if let Some(refusal) = &rule.refusal {
        return Err(FilterError::Rule(refusal.clone()));
    }
    let entry = match rule.key_id {
        None if rule.undescribed => return Err(FilterError::Undescribed(rule.key.clone())),
        Some(described) if described != current.key.id() => {
            described_key(keyring, current, described)?
        }
        _ => current,
    };
    let of_name = keyring.entries().iter().filter(|held| held.name == entry.name);
    let held = of_name.map(|held| (held.generation, held.key.id()));
    let newer: Vec<_> =
        held.chain(rule.newest).filter(|(generation, _)| *generation > entry.generation).collect();
    let Some(&(newest, _)) = newer.iter().max() else { return Ok(entry) };
    // Without a description nothing says that the older key is right.
    let commit = match rule.key_id {
        None => Some(None),
        Some(_) => {
            let ids: Vec<_> = newer.iter().map(|(_, id)| *id).collect();
            later(&ids).map_err(FilterError::Rule)?.map(Some)
        }
    };
    match commit {
        None => Ok(entry),
        Some(commit) => Err(FilterError::Older {
            name: entry.name.clone(),
            held: entry.generation,
            newest,
            commit,
        }),
    }
}

/// The held key with the id that is described, if it may seal.
fn described_key<'k>(
    keyring: &'k Keyring,
    current: &Entry,
    described: KeyId,
) -> Result<&'k Entry, FilterError> {
    let name = &current.name;
    match keyring.by_id(described) {
        Some(entry) if entry.name == *name => Ok(entry),
        Some(entry) if entry.name.is_aside_of(name) => {
            Err(FilterError::SetAside { name: name.clone(), described })
        }
        _ => Err(FilterError::OtherKey { name: name.clone(), held: current.key.id(), described }),
    }
}
