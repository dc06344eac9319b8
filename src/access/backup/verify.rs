//! `git shroud key export --verify`

use std::collections::BTreeMap;
use std::path::PathBuf;

use time::OffsetDateTime;

use super::ProofError;
use super::shares::{Held, join, read};
use crate::access::given::remember_copied;
use crate::clone::OpenClone;
use crate::error::Context as _;
use crate::format::KeyId;
use crate::keyring::{Entry, KeyName, Keyring};
use crate::progress::Progress;
use crate::recipient::Ask;
use crate::store::backup::{self, Kind};

/// Says which current keys the backup opens; fails where it opens none, or not all that were named.
///
/// # Errors
/// The backup cannot be read, or opens none of the current keys, or not all that were named.
pub fn verify_backup(
    progress: &dyn Progress,
    opened: &OpenClone,
    files: &[PathBuf],
    names: &[KeyName],
    ask: Ask<'_>,
) -> Result<(), ProofError> {
    let (kind, keyring) = read_all(files, ask)?;
    let place = crate::sanitise::native(&files[0]);
    let current = current_ids(opened);
    if current.is_empty() {
        return Err(ProofError::NoKey);
    }
    let mut good = Vec::new();
    let mut lacking = Vec::new();
    for (name, (generation, id)) in &current {
        if !names.is_empty() && !names.contains(name) {
            continue;
        }
        let Some(entry) = keyring.by_id(*id) else {
            lacking.push(name);
            continue;
        };
        if let Some(info) = opened.roster.infos.get(name).filter(|info| info.id == *id)
            && !info.is_authentic(&entry.key)
        {
            return Err(ProofError::Forged(name.clone()));
        }
        progress.line(&format!("{place} opens the key '{name}' generation {generation} (id {id})"));
        good.push(*id);
    }
    if let Some(name) = names.iter().find(|name| !current.contains_key(name)) {
        return Err(ProofError::UnknownName(name.clone()));
    }
    if good.is_empty() || (!names.is_empty() && !lacking.is_empty()) {
        return Err(opens_nothing(opened, &keyring, &place.to_string(), &lacking));
    }
    for name in lacking {
        progress.status(&format!("the key '{name}' is not in it"));
    }
    let common_dir = opened.repository.common_dir();
    backup::remember_verified(common_dir, &good, kind, OffsetDateTime::now_utc())
        .context(|| "the record of backups".to_owned())?;
    Ok(remember_copied(opened, good)?)
}

/// The current generation and id of each key: as `.shroud/` says, else as held.
fn current_ids(opened: &OpenClone) -> BTreeMap<KeyName, (u32, KeyId)> {
    let held = opened.keyring.names().into_iter().filter_map(|name| {
        let entry = opened.keyring.current(name)?;
        Some((name.clone(), (entry.generation, entry.key.id())))
    });
    let described = opened.roster.infos.values();
    let described = described.map(|info| (info.name.clone(), (info.generation, info.id)));
    held.chain(described).collect()
}

fn opens_nothing(
    opened: &OpenClone,
    keyring: &Keyring,
    place: &str,
    lacking: &[&KeyName],
) -> ProofError {
    let names: Vec<_> = lacking.iter().map(|name| format!("'{name}'")).collect();
    let (file, names) = (place.to_owned(), names.join(", "));
    let earlier = keyring.entries().iter().find_map(|entry| {
        // A lone token and bare words do not know their own name.
        let known = opened.keyring.by_id(entry.key.id()).unwrap_or(entry);
        let current = opened.roster.infos.get(&known.name).map(|info| info.generation);
        let is_held = opened.keyring.by_id(entry.key.id()).is_some();
        let is_earlier = is_held || current.is_some_and(|current| known.generation < current);
        (is_earlier && lacking.contains(&&known.name)).then_some(known)
    });
    match earlier {
        Some(Entry { name, generation, .. }) => {
            ProofError::Earlier { file, name: name.clone(), generation: *generation, names }
        }
        None => ProofError::Other { file, names },
    }
}

/// One backup: a file with keys, or the files of shares together.
fn read_all(files: &[PathBuf], ask: Ask<'_>) -> Result<(Kind, Keyring), ProofError> {
    match read(files, ask)? {
        Held::Shares(shares) => Ok((Kind::Shares, join(&shares)?)),
        Held::Keys { kind, keyring, .. } if files.len() == 1 => Ok((kind, keyring)),
        Held::Keys { file, .. } => Err(ProofError::Whole(file)),
    }
}
