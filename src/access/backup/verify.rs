//! `git shroud key export --verify`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use crate::access::given::{read_backup, remember_copied};
use crate::clone::OpenClone;
use crate::error::{CommandError, Context as _, Outcome};
use crate::format::KeyId;
use crate::keyring::{KeyName, Keyring, share};
use crate::progress::Progress;
use crate::recipient::Ask;
use crate::store::backup::{self, Backup, Kind};

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
) -> Outcome {
    let (kind, keyring) = read_all(files, ask)?;
    let place = crate::sanitise::native(&files[0]);
    let current = current_ids(opened);
    if current.is_empty() {
        return Err(CommandError::wrong("this repository has no key that a backup could open")
            .hint("git shroud init"));
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
            return Err(CommandError::refused(format!(
                "somebody without the key changed .shroud/{name}/key.toml"
            ))
            .hint("'git log -p -- .shroud' shows who changed it; restore it"));
        }
        progress.line(&format!("{place} opens the key '{name}' generation {generation} (id {id})"));
        good.push(*id);
    }
    if let Some(name) = names.iter().find(|name| !current.contains_key(name)) {
        return Err(CommandError::wrong(format!("this repository has no key '{name}'"))
            .hint("git shroud key list"));
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
) -> CommandError {
    let names: Vec<_> = lacking.iter().map(|name| format!("'{name}'")).collect();
    let earlier = keyring.entries().iter().find_map(|entry| {
        // A lone token and bare words do not know their own name.
        let known = opened.keyring.by_id(entry.key.id()).unwrap_or(entry);
        let current = opened.roster.infos.get(&known.name).map(|info| info.generation);
        let is_held = opened.keyring.by_id(entry.key.id()).is_some();
        let is_earlier = is_held || current.is_some_and(|current| known.generation < current);
        (is_earlier && lacking.contains(&&known.name)).then_some(known)
    });
    match earlier {
        Some(entry) => CommandError::refused(format!(
            "{place} holds '{}' generation {}, which is not the current one of {}",
            entry.name,
            entry.generation,
            names.join(", ")
        ))
        .hint("make a new backup with 'git shroud key export', and keep this one for old commits"),
        None => CommandError::refused(format!(
            "{place} does not open the current key {} of this repository",
            names.join(", ")
        ))
        .hint("is it the backup of another repository?"),
    }
}

/// One backup: a file with keys, or the files of shares together.
fn read_all(files: &[PathBuf], ask: Ask<'_>) -> Outcome<(Kind, Keyring)> {
    let mut shares = Vec::new();
    for file in files {
        match read_backup(file, ask)? {
            Backup::Shares(more) => shares.extend(more),
            Backup::Keys(kind, keyring) if files.len() == 1 => return Ok((kind, keyring)),
            Backup::Keys(..) => return Err(one_at_a_time(file)),
        }
    }
    let entry = share::combine(&shares).context(|| "the shares cannot be joined".to_owned())?;
    let mut keyring = Keyring::default();
    keyring.insert(entry).expect("an empty keyring takes any key");
    Ok((Kind::Shares, keyring))
}

fn one_at_a_time(file: &Path) -> CommandError {
    CommandError::wrong(format!("{} is a whole backup, not a share", crate::sanitise::native(file)))
        .hint("verify one backup at a time; only shares go together")
}
