//! The guards in git's configuration, which git runs since version 2.54 beside all other hooks (git-hook): for each event a hook of its
//! own, as git does not tell a command for which event it runs.

use std::path::Path;

use gix::bstr::ByteSlice as _;

use super::GitError;
use super::command::Git;
use super::config::PROGRAM;
use super::hook_change::{Change, NAMES};
use super::program_path::{command, is_of_program, is_same_command};
use super::repository::Repository;

/// The first git that runs hooks from its configuration.
pub const SINCE: (u32, u32) = (2, 54);

/// Which configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// That of the clone.
    Local,
    /// That of the user, for all clones.
    Global,
}

impl Scope {
    fn option(self) -> &'static str {
        match self {
            Self::Local => "--local",
            Self::Global => "--global",
        }
    }
}

/// Writes the guards into the configuration. Twice is once.
///
/// # Errors
/// git fails.
pub fn install(git: &Git, scope: Scope) -> Result<Vec<(&'static str, Change)>, GitError> {
    let mut changes = Vec::new();
    for event in NAMES {
        let wanted = settings(event);
        let before = [read(git, scope, &wanted[0].0)?, read(git, scope, &wanted[1].0)?];
        let is_there = wanted
            .iter()
            .zip(&before)
            .all(|((_, value), before)| before == std::slice::from_ref(value));
        if !is_there {
            for (name, value) in &wanted {
                git.run(["config", scope.option(), "--replace-all", name, value])?;
            }
        }
        let change = match (is_there, before[0].is_empty()) {
            (true, _) => Change::Kept,
            (false, true) => Change::Configured,
            (false, false) => Change::Renewed,
        };
        changes.push((event, change));
    }
    Ok(changes)
}

/// Removes the guards from the configuration; what somebody else wrote under their names stays.
///
/// # Errors
/// git fails.
pub fn remove(git: &Git, scope: Scope) -> Result<Vec<(&'static str, Change)>, GitError> {
    let mut changes = Vec::new();
    for event in NAMES {
        let [(command, wanted), (events, _)] = settings(event);
        let set = read(git, scope, &command)?;
        let is_ours = !set.is_empty() && set.iter().all(|set| is_of_program(set, &wanted));
        if is_ours {
            git.run(["config", scope.option(), "--unset-all", &command])?;
            if !read(git, scope, &events)?.is_empty() {
                git.run(["config", scope.option(), "--unset-all", &events])?;
            }
        }
        changes.push((event, if is_ours { Change::Removed } else { Change::Kept }));
    }
    Ok(changes)
}

/// Whether git runs the guard of an event in this repository, from whichever configuration.
pub fn is_set(repository: &Repository, event: &str) -> bool {
    let config = repository.gix.config_snapshot();
    let [(command, wanted), (events, _)] = settings(event);
    let set = config.string(command.as_str());
    let set = set.as_ref().and_then(|set| set.to_str().ok());
    let names = config.plumbing().strings(events.as_str()).unwrap_or_default();
    // An empty value takes back those before it.
    let names = names.rsplit(|name| name.is_empty()).next().unwrap_or_default();
    let is_off =
        |name: &str| config.boolean(format!("hook.{name}.enabled").as_str()) == Some(false);
    set.is_some_and(|set| is_same_command(set, &wanted))
        && names.iter().any(|name| name.as_slice() == event.as_bytes())
        && !is_off(&friendly_name(event))
        && !is_off(event)
}

/// Whether the guards may be run from the configuration: the git here is new enough.
///
/// # Errors
/// git fails.
pub fn are_known(dir: &Path) -> Result<bool, GitError> {
    Ok(Git::new(dir).version()?.is_some_and(|version| version >= SINCE))
}

fn friendly_name(event: &str) -> String {
    format!("{PROGRAM}-{event}")
}

/// The command first: an event without one is an error for git.
fn settings(event: &str) -> [(String, String); 2] {
    let name = friendly_name(event);
    let program = command(PROGRAM);
    [
        (format!("hook.{name}.command"), format!("{program} guard {event}")),
        (format!("hook.{name}.event"), event.to_owned()),
    ]
}

fn read(git: &Git, scope: Scope, name: &str) -> Result<Vec<String>, GitError> {
    git.settings([scope.option(), "--get-all", name])
}
