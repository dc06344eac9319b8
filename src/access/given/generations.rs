//! Keys that are held, where `.shroud/` describes another generation than the one that seals here.

use super::past::is_described_anywhere;
use super::trust::{Evidence, adopt};
use super::{GivenError, load_seen};
use crate::clone::{OpenClone, Roster};
use crate::format::{Key, KeyId};
use crate::git::GitError;
use crate::git::repository::Repository;
use crate::keyring::{Entry, KeyName, Keyring};
use crate::progress::Progress;
use crate::secret::SecretBytes;
use crate::store::shroud_dir::KeyInfo;

/// An earlier generation is described than the newest that is held; the described one is held too.
#[derive(Debug)]
pub struct Earlier {
    /// The key.
    pub name: KeyName,
    /// The newest generation that is held.
    pub held: (u32, KeyId),
    /// The generation that is described.
    pub described: (u32, KeyId),
    /// Whether no branch, tag or stash describes the newer one: its rotation was dropped.
    pub is_dropped: bool,
}

impl Earlier {
    /// What a rotation that was dropped leaves.
    pub fn describe(&self) -> String {
        let Self { name, held, described, .. } = self;
        format!(
            "no commit describes generation {} of the key '{name}' (id {}), which is held here; .shroud/{name}/key.toml describes generation {} (id {})",
            held.0, held.1, described.0, described.1
        )
    }

    /// The way back from there.
    pub fn step_back(&self) -> String {
        format!(
            "if you dropped that rotation (git reset): git shroud unlock --trust-key {}",
            self.described.1
        )
    }
}

/// For this key, an earlier generation that is described and held beside the newest.
///
/// # Errors
/// The history cannot be read.
pub fn find_earlier(
    repository: &Repository,
    roster: &Roster,
    keyring: &Keyring,
    name: &KeyName,
) -> Result<Option<Earlier>, GitError> {
    let (Some(info), Some(held)) = (roster.infos.get(name), keyring.current(name)) else {
        return Ok(None);
    };
    let described = keyring.by_id(info.id).filter(|described| described.name == *name);
    if info.generation >= held.generation
        || !described.is_some_and(|described| info.is_authentic(&described.key))
    {
        return Ok(None);
    }
    Ok(Some(Earlier {
        name: name.clone(),
        held: (held.generation, held.key.id()),
        described: (info.generation, info.id),
        is_dropped: !is_described_anywhere(repository, &held.key)?,
    }))
}

/// Every rotation that was dropped: its key is held, and nothing describes it.
///
/// # Errors
/// The history cannot be read.
pub fn find_dropped(
    repository: &Repository,
    roster: &Roster,
    keyring: &Keyring,
) -> Result<Vec<Earlier>, GitError> {
    let mut dropped = Vec::new();
    for name in roster.infos.keys() {
        let earlier = find_earlier(repository, roster, keyring, name)?;
        dropped.extend(earlier.filter(|earlier| earlier.is_dropped));
    }
    Ok(dropped)
}

/// Makes the described generation the one that seals, where it is held and another seals: it was set aside and descends from
/// the one that seals, or the user trusts it. Then the newer one is set aside, and nothing is lost. Says whether a key changed.
///
/// # Errors
/// The list of seen keys cannot be read, or a key that is trusted is not taken.
pub fn settle(
    opened: &mut OpenClone,
    trusted: &[KeyId],
    progress: &dyn Progress,
) -> Result<bool, GivenError> {
    let seen = load_seen(&opened.repository)?;
    let mut changed = false;
    let infos: Vec<KeyInfo> = opened.roster.infos.values().cloned().collect();
    for info in infos {
        let OpenClone { repository, keyring, .. } = &mut *opened;
        let Some(entry) = held_beside(keyring, &info) else { continue };
        let before = keyring.current(&info.name).map(|held| (held.generation, held.key.id()));
        let evidence = Evidence { repository, seen: &seen, trusted };
        match adopt(&evidence, keyring, &info, entry) {
            Ok(_) => {}
            Err(error) if trusted.contains(&info.id) => return Err(error),
            // Another branch has a newer one, as is usual.
            Err(_) => continue,
        }
        if keyring.current(&info.name).map(|held| held.key.id()) != Some(info.id) {
            continue;
        }
        changed = true;
        let KeyInfo { name, generation, id, .. } = &info;
        progress.status(&format!("the key '{name}' is generation {generation} here (id {id})"));
        if let Some((newer, id)) = before.filter(|(newer, _)| newer > generation) {
            progress.status(&format!(
                "set generation {newer} aside (id {id}): it opens what it has sealed, and seals nothing"
            ));
        }
    }
    Ok(changed)
}

/// The described key, where it is held and is not the one that seals.
fn held_beside(keyring: &Keyring, info: &KeyInfo) -> Option<Entry> {
    let of_name = |held: &&Entry| held.name == info.name || held.name.is_aside_of(&info.name);
    let held = keyring.by_id(info.id).filter(of_name)?;
    if keyring.current(&info.name).is_some_and(|current| current.key.id() == info.id) {
        return None;
    }
    let key = Key::new(SecretBytes::filled(|bytes| *bytes = *held.key.expose()));
    Some(Entry { name: info.name.clone(), generation: info.generation, key })
}
