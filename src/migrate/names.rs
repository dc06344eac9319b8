//! What the keys of git-crypt should be called here.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use super::error::NameError;
use super::{Before, MigrateError};
use crate::git_crypt::{HeldKeys, KeyFile, Name};
use crate::keyring::KeyName;
use crate::progress::Progress;

/// `OLD=NEW`
#[derive(Clone, Debug)]
pub struct Rename {
    old: Name,
    new: KeyName,
}

impl FromStr for Rename {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (old, new) = text.split_once('=').ok_or("write it as OLD=NEW")?;
        let old = old.parse().map_err(|error| format!("{error}"))?;
        let new = new.parse().map_err(|error| format!("{error}"))?;
        Ok(Self { old, new })
    }
}

/// A name for every key that the repository uses, and for those of its history: the same, where it can be.
///
/// A key that is held and that no line names any more has encrypted what only the history holds. `kept` are those that
/// `.shroud/` has already.
///
/// # Errors
/// A key is not held, its name cannot be kept, or is taken.
pub(super) fn choose_names(
    progress: &dyn Progress,
    found: &Before,
    held: &HeldKeys,
    kept: &HeldKeys,
    renames: &[Rename],
    taken: impl Fn(&KeyName) -> bool,
) -> Result<BTreeMap<Name, KeyName>, MigrateError> {
    let mut used: BTreeSet<Name> = found.named();
    used.extend(found.users.keys().cloned());
    used.extend(found.sealed.values().map(|(_, name)| name.clone()));
    let mut unnamed = Vec::new();
    for file in held.files().filter(|file| !used.contains(file.name()) && !has_all(kept, file)) {
        progress.status(&format!(
            "no current line names the git-crypt key '{}'; it is kept for history",
            file.name()
        ));
        unnamed.push(file.name().clone());
    }
    used.extend(unnamed);
    let is_held = |old: &Name| match held.of(old) {
        Some(_) => Ok(()),
        None => Err(MigrateError::NotHeld(old.clone())),
    };
    choose(progress, used, renames, found.drivers.tool, is_held, taken)
}

/// A name for each of these keys of a tool whose keys are not kept: the same, or another that the user has chosen.
///
/// # Errors
/// There is no such key, two would have one name, or a key cannot have its name.
pub(crate) fn choose_new_names(
    progress: &dyn Progress,
    used: BTreeSet<Name>,
    renames: &[Rename],
    tool: &'static str,
) -> Result<BTreeMap<Name, KeyName>, MigrateError> {
    choose(progress, used, renames, tool, |_| Ok(()), |_| false)
}

/// A name for each key: the same, or another that the user has chosen; `check` sees each first.
fn choose(
    progress: &dyn Progress,
    used: BTreeSet<Name>,
    renames: &[Rename],
    tool: &'static str,
    check: impl Fn(&Name) -> Result<(), MigrateError>,
    taken: impl Fn(&KeyName) -> bool,
) -> Result<BTreeMap<Name, KeyName>, MigrateError> {
    if let Some(Rename { old, .. }) = renames.iter().find(|rename| !used.contains(&rename.old)) {
        return Err(MigrateError::NoSuchKey { old: old.clone(), tool });
    }
    let mut names: BTreeMap<Name, KeyName> = BTreeMap::new();
    for old in used {
        check(&old)?;
        let new = match renames.iter().find(|rename| rename.old == old) {
            Some(rename) => rename.new.clone(),
            None => name_for(progress, &old)?,
        };
        let other = names.iter().find(|(_, name)| **name == new).map(|(other, _)| other.clone());
        let why = match other {
            _ if taken(&new) => NameError::Taken(new),
            _ if new.is_aside() => NameError::Aside(new),
            Some(other) => NameError::Twice { other, old: old.clone(), new },
            None => {
                names.insert(old, new);
                continue;
            }
        };
        return Err(MigrateError::Name { old, why });
    }
    Ok(names)
}

fn has_all(kept: &HeldKeys, file: &KeyFile) -> bool {
    let kept = kept.of(file.name()).map_or(&[][..], KeyFile::versions);
    file.versions().iter().all(|key| kept.iter().any(|kept| kept.same_as(key)))
}

fn name_for(progress: &dyn Progress, old: &Name) -> Result<KeyName, MigrateError> {
    if let Ok(same) = old.as_str().parse() {
        return Ok(same);
    }
    match old.as_str().to_ascii_lowercase().parse::<KeyName>() {
        Ok(lower) => {
            progress.status(&format!("the git-crypt key '{old}' is called '{lower}' here"));
            Ok(lower)
        }
        Err(error) => Err(MigrateError::Unnamed { old: old.clone(), why: error.to_string() }),
    }
}
