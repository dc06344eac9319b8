//! The drivers in the user's git configuration, which every clone of this user has from its first command on (git-config, "--global").

use std::collections::BTreeMap;
use std::path::Path;

use super::GitError;
use super::command::Git;
use super::config::drivers;
use super::program_path::is_of_program;

/// Without it git stores plaintext where a driver fails, so it is set first and removed last.
const REQUIRED: &str = "filter.shroud.required";

/// Why the user's configuration was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UserConfigError {
    /// Somebody else has given a setting another value.
    #[error(
        "your git configuration sets '{0}' to something that git-shroud did not write; nothing was changed"
    )]
    Foreign(&'static str),
    /// git failed.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// What was changed.
#[derive(Debug, PartialEq, Eq)]
pub struct Changed {
    /// How many settings were written or removed.
    pub settings: u64,
    /// Settings with a value that this program did not write; they stay.
    pub foreign: Vec<&'static str>,
}

/// Writes the drivers into the user's configuration. Twice is once.
///
/// # Errors
/// A setting has a value of somebody else's, and nothing was changed; or git fails.
pub fn install(dir: &Path) -> Result<Changed, UserConfigError> {
    let git = Git::new(dir);
    let set = read(&git)?;
    let wanted = drivers_required_first();
    for (name, value) in &wanted {
        let is_foreign = |known: &String| !is_ours(name, known, value);
        if set.get(*name).is_some_and(|known| known.iter().any(is_foreign)) {
            return Err(UserConfigError::Foreign(name));
        }
    }
    let mut settings = 0;
    for (name, value) in &wanted {
        if set.get(*name).is_none_or(|known| known != std::slice::from_ref(value)) {
            git.run(["config", "--global", "--replace-all", name, value])?;
            settings += 1;
        }
    }
    Ok(Changed { settings, foreign: Vec::new() })
}

/// Removes from the user's configuration what [`install`] of any version wrote.
///
/// # Errors
/// git fails.
pub fn uninstall(dir: &Path) -> Result<Changed, UserConfigError> {
    let git = Git::new(dir);
    let set = read(&git)?;
    let mut changed = Changed { settings: 0, foreign: Vec::new() };
    for (name, value) in drivers_required_first().iter().rev() {
        let Some(known) = set.get(*name) else { continue };
        if known.iter().any(|known| !is_ours(name, known, value)) {
            changed.foreign.push(name);
            continue;
        }
        git.run(["config", "--global", "--unset-all", name])?;
        changed.settings += 1;
    }
    Ok(changed)
}

fn drivers_required_first() -> Vec<(&'static str, String)> {
    let mut all = drivers();
    all.sort_by_key(|(name, _)| *name != REQUIRED);
    all
}

/// Whether a value is one that this program writes, in this version or place or another.
fn is_ours(name: &str, known: &str, wanted: &str) -> bool {
    known == wanted || is_of_program(known, wanted) && !name.ends_with(".name")
}

/// The settings of our sections in the user's configuration, without what it includes.
fn read(git: &Git) -> Result<BTreeMap<String, Vec<String>>, GitError> {
    let sections = r"^(filter|diff|merge)\.shroud(-values)?\.";
    let mut set: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for setting in git.settings(["--global", "--get-regexp", sections])? {
        // Without a value it is "true".
        let (name, value) = setting.split_once('\n').unwrap_or((&setting, "true"));
        set.entry(name.to_owned()).or_default().push(value.to_owned());
    }
    Ok(set)
}
