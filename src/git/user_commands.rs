//! `shroud.command.NAME.wrap` and `.unwrap`: the commands that the user has configured to hold keys.
//!
//! The configuration of a repository does not count: it comes with a folder that was copied or unpacked, and would name what runs here.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use gix::bstr::ByteSlice as _;
use gix::config::source::Kind;

use super::repository::Repository;
use super::shell::shell;
use crate::recipient::command::{Commands, Configured, is_name};

/// The section, and how its subsections begin.
const SECTION: &str = "shroud";
const SUBSECTION: &str = "command.";

/// The user's commands. Each is started by git's shell, with what is on `PATH` outside of the worktree.
pub fn user_commands(repository: &Repository) -> Commands {
    let configured = read(repository, |kind| kind != Kind::Repository);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = outside(&path, repository.worktree.as_deref());
    // Windows alone has to ask git for it.
    let shell = if configured.is_empty() { "sh".into() } else { shell(&repository.git) };
    Commands::new(configured, shell, path)
}

/// The names of commands that the repository's own configuration has, which count for nothing.
pub fn ignored_commands(repository: &Repository) -> Vec<String> {
    read(repository, |kind| kind == Kind::Repository).into_keys().collect()
}

fn read(repository: &Repository, counts: impl Fn(Kind) -> bool) -> BTreeMap<String, Configured> {
    let mut commands: BTreeMap<String, Configured> = BTreeMap::new();
    let config = repository.gix.config_snapshot();
    for section in config.plumbing().sections_by_name(SECTION).into_iter().flatten() {
        let name = section.header().subsection_name().and_then(|name| name.to_str().ok());
        let name = name.and_then(|name| name.strip_prefix(SUBSECTION)).filter(|name| is_name(name));
        let Some(name) = name.filter(|_| counts(section.meta().source.kind())) else { continue };
        let value = |key| {
            let value = section.value(key)?;
            Some(value.to_str().ok()?.to_owned()).filter(|value| !value.trim().is_empty())
        };
        let command = commands.entry(name.to_owned()).or_default();
        // The last one counts, as for git.
        command.wrap = value("wrap").or(command.wrap.take());
        command.unwrap = value("unwrap").or(command.unwrap.take());
    }
    commands
}

/// The folders of a `PATH` that are named from the root and lead to none in the worktree.
fn outside(path: &std::ffi::OsStr, top: Option<&Path>) -> OsString {
    let top = top.map(|top| dunce::canonicalize(top).unwrap_or_else(|_| top.to_owned()));
    let is_outside = |folder: &Path| {
        let real = dunce::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        folder.is_absolute() && !top.as_ref().is_some_and(|top| real.starts_with(top))
    };
    let folders = std::env::split_paths(path).filter(|folder| is_outside(folder));
    std::env::join_paths(folders).unwrap_or_default()
}
