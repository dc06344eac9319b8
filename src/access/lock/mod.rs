//! Closing a clone: the sealed bytes go back into every worktree, and then the keys go.

mod close;
mod error;
mod git_crypt;
mod refusal;
mod traces;
mod unknown;
pub mod worktree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::only_copy::find_only_copy;
use super::worktree::left::report_left;
use super::worktree::{Changes, Left, LockPlan, Report, find_changed, seal_worktree};
use crate::clone::{CloneError, OpenClone, Roster, kept_git_crypt_keys};
use crate::error::{Context as _, count};
use crate::format::KeyId;
use crate::git::repository::Repository;
use crate::git_crypt::KeyFile;
use crate::keyring::{KeyName, Keyring};
use crate::progress::Progress;
use crate::sanitise::path as show;
use crate::store::{kept, local};
pub use error::LockError;
pub use refusal::Obstacle;
use traces::clear_traces;

/// What should be closed, and how.
pub struct Request {
    /// The keys to be given up; all where none is named.
    pub keys: Vec<String>,
    /// Whether files with changes are sealed as they are.
    pub force: bool,
    /// Whether changes are lost.
    pub discard: bool,
}

/// Closes every worktree and gives up the keys. Nobody else may change the keys meanwhile.
///
/// # Errors
/// A file has changes or is plaintext, or a key would be lost: then nothing was done. Or a file cannot be read or written.
pub fn lock(
    repository: Repository,
    request: &Request,
    progress: &dyn Progress,
) -> Result<(), LockError> {
    if repository.lacks_worktree()? {
        return Err(CloneError::UnknownWorktree("nothing was done").into());
    }
    let opened = with_all_keys(repository)?;
    if opened.keyring.is_empty() && opened.git_crypt.is_empty() {
        refuse_absent(progress, &opened.repository, request.force || request.discard)?;
        let worktrees = opened.repository.all_worktrees()?;
        if close::run(progress, &opened, &worktrees, request.discard)? == 0 {
            progress.status("no key is held here: this clone is locked already");
        }
        return Ok(());
    }
    let plan = request.plan(&opened)?;
    refuse_only_copies(&opened, &plan.names)?;
    git_crypt::refuse_only_copies(&opened, &plan.git_crypt)?;
    refuse_unfit(&opened, &plan)?;
    refuse_absent(progress, &opened.repository, request.force || request.discard)?;
    let worktrees = opened.repository.all_worktrees()?;
    let stays = seal(progress, &opened, &plan, &worktrees)?;
    clear_traces(progress, &opened.repository)?;
    opened.remember_seen(&[])?;
    opened.remember_seen_git_crypt()?;
    give_up(progress, &opened, &plan, &worktrees)?;
    refuse_unsealed(stays)
}

/// A clone with every key that its files may have been opened with.
fn with_all_keys(repository: Repository) -> Result<OpenClone, LockError> {
    let keyring = all_keys(repository.common_dir())?;
    let roster = Roster::read(&repository)?;
    let git_crypt = kept_git_crypt_keys(&repository)?;
    Ok(OpenClone { repository, keyring, git_crypt, roster })
}

/// Refuses keys that may not seal changes.
fn refuse_unfit(opened: &OpenClone, plan: &LockPlan) -> Result<(), LockError> {
    if plan.changes == Changes::Seal {
        let mut sealing = plan.names.iter().filter(|name| !name.is_aside());
        sealing.try_for_each(|name| opened.refuse_unfit_key(name))?;
    }
    Ok(())
}

/// Puts the sealed bytes into these worktrees, or does nothing; returns how many paths stay as they are, as the user insists.
fn seal(
    progress: &dyn Progress,
    opened: &OpenClone,
    plan: &LockPlan,
    worktrees: &[Repository],
) -> Result<u64, LockError> {
    let may_stay = refuse_changes(progress, opened, plan, worktrees)?;
    unknown::warn(progress, worktrees)?;
    let mut all = Report::default();
    for worktree in worktrees {
        all.absorb(seal_worktree(worktree, opened.keys(), plan)?);
    }
    all.left.retain(|(path, _)| !may_stay.contains(path));
    progress.status(&format!("sealed {}", count(all.written, "file")));
    report_left(progress, &all)?;
    if !all.left.is_empty() {
        return Err(LockError::Meanwhile);
    }
    Ok(may_stay.len() as u64)
}

fn refuse_unsealed(paths: u64) -> Result<(), LockError> {
    match paths {
        0 => Ok(()),
        paths => Err(LockError::Unsealed(paths)),
    }
}

impl Request {
    /// The keys to be given up: those that are named, else all.
    fn plan(&self, opened: &OpenClone) -> Result<LockPlan, LockError> {
        let named = |name: &str| self.keys.is_empty() || self.keys.iter().any(|key| key == name);
        let held = opened.keyring.names();
        let names: BTreeSet<_> =
            held.into_iter().filter(|name| named(name.as_str())).cloned().collect();
        let git_crypt: BTreeSet<_> = opened
            .git_crypt
            .files()
            .map(KeyFile::name)
            .filter(|name| named(name.as_str()))
            .cloned()
            .collect();
        let is_held = |key: &&String| {
            names.iter().any(|name| name.as_str() == *key)
                || git_crypt.iter().any(|name| name.as_str() == *key)
        };
        if let Some(unknown) = self.keys.iter().find(|key| !is_held(key)) {
            let name = crate::sanitise::line(unknown);
            return Err(LockError::NotHeld { name, held: opened.key_names() });
        }
        let changes = match (self.force, self.discard) {
            (true, _) => Changes::Seal,
            (_, true) => Changes::Discard,
            _ => Changes::Keep,
        };
        // What did not change becomes the blob that it was, whichever key that is of.
        let sealing = names.iter().filter(|name| self.force && !name.is_aside());
        let sealing = sealing
            .filter_map(|name| Some((name.clone(), opened.sealing_key(name).ok()?.key.id())))
            .collect();
        Ok(LockPlan { names, git_crypt, everything: self.keys.is_empty(), changes, sealing })
    }
}

/// What this clone keeps, and what the environment gives: files may have been opened with either.
fn all_keys(common_dir: &Path) -> Result<Keyring, LockError> {
    let mut keyring = kept::load_all(common_dir)?;
    for entry in local::from_environment()?.unwrap_or_default().into_entries() {
        let name = entry.name.clone();
        keyring.insert(entry).map_err(|_| LockError::Environment(name))?;
    }
    Ok(keyring)
}

/// Deletes the keys from this clone, and names those that only the environment gives.
fn give_up(
    progress: &dyn Progress,
    opened: &OpenClone,
    plan: &LockPlan,
    worktrees: &[Repository],
) -> Result<(), LockError> {
    let kept = kept::load_all(opened.repository.common_dir())?;
    let held: BTreeSet<&KeyName> = kept.names();
    let local: Vec<&KeyName> = plan.names.iter().filter(|name| held.contains(*name)).collect();
    kept::forget(opened.repository.common_dir(), &local)?;
    git_crypt::give_up(opened, worktrees, &plan.git_crypt)?;
    let mut names: Vec<_> = local.iter().map(ToString::to_string).collect();
    names.extend(plan.git_crypt.iter().map(|name| format!("{name} (git-crypt)")));
    if !names.is_empty() {
        let keys = count(names.len() as u64, "key");
        progress.status(&format!("removed {keys} from this clone: {}", names.join(", ")));
    }
    if let Some(given) = local::from_environment()? {
        let given: Vec<_> = given.names().iter().map(ToString::to_string).collect();
        progress.warning(&format!(
            "the environment still holds the key {}, and git-shroud still uses it",
            given.join(", ")
        ));
        progress.hint("unset GIT_SHROUD_KEYRING and GIT_SHROUD_KEY");
    }
    Ok(())
}

/// A key that was made here and never left would be lost, and every file that it seals with it.
fn refuse_only_copies(opened: &OpenClone, names: &BTreeSet<KeyName>) -> Result<(), LockError> {
    let copied = local::copied(opened.repository.common_dir())
        .context(|| "the list of copied keys".to_owned())?;
    // What the environment gives is not given up.
    let local = kept::load_all(opened.repository.common_dir())?;
    let is_safe = |id: &KeyId| copied.contains(id);
    match find_only_copy(opened, &local, names, &is_safe) {
        None => Ok(()),
        Some(entry) => Err(LockError::OnlyCopy(entry.name.clone())),
    }
}

/// What is in a worktree that is not there cannot be sealed, nor be seen to be saved.
fn refuse_absent(
    progress: &dyn Progress,
    repository: &Repository,
    force: bool,
) -> Result<(), LockError> {
    for top in repository.absent_worktrees()? {
        let top = crate::sanitise::native(&top);
        if !force {
            return Err(LockError::Absent(top));
        }
        progress.warning(&format!("the worktree {top} is missing: its files stay as they are"));
    }
    Ok(())
}

/// Nothing is written before every worktree is known to be fit. Returns the paths that cannot be closed and are no reason to
/// stop, as the user insists.
fn refuse_changes(
    progress: &dyn Progress,
    opened: &OpenClone,
    plan: &LockPlan,
    worktrees: &[Repository],
) -> Result<BTreeSet<Vec<u8>>, LockError> {
    let mut refused: BTreeMap<Obstacle, Vec<String>> = BTreeMap::new();
    let mut may_stay = BTreeSet::new();
    for worktree in worktrees {
        let report = find_changed(worktree, opened.keys(), plan)?;
        if let Some(path) = report.unmerged.first() {
            return Err(LockError::Unmerged(show(path)));
        }
        for (path, left) in report.left {
            let why = match left {
                Left::Changed => Obstacle::Changed,
                // No key that is held seals it.
                Left::InTheClear | Left::NotAFile if plan.changes == Changes::Seal => {
                    progress.warning(&format!("{} stays as it is: {left}", show(&path)));
                    may_stay.insert(path);
                    continue;
                }
                Left::InTheClear => Obstacle::InTheClear,
                Left::NotTracked => Obstacle::NotTracked,
                Left::NotAFile => Obstacle::NotAFile,
                source => return Err(LockError::File { path: show(&path), source }),
            };
            refused.entry(why).or_default().push(show(&path));
        }
    }
    if refused.is_empty() { Ok(may_stay) } else { Err(LockError::Refused(refused)) }
}
