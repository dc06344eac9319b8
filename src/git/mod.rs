//! Everything that touches a repository. Reading is done in process (gix), changing by the `git` program.

mod attribute_names;
pub mod attributes;
pub mod attributes_file;
pub mod attributes_of_git;
pub mod by_value;
pub mod changes;
pub mod command;
pub mod config;
pub mod database;
pub mod delta;
pub mod editor;
pub mod guards;
pub mod history;
pub mod hook_change;
pub mod hook_settings;
pub mod hooks;
pub mod index;
mod info_attributes;
pub mod isolated;
pub mod jujutsu;
pub mod last_changes;
pub mod locate;
pub mod loose;
pub mod merging;
pub mod objects;
pub mod own_files;
pub mod pack_index;
pub mod past;
pub mod pattern;
pub mod program_path;
pub mod pushed;
pub mod raw;
pub mod repository;
pub mod scratch;
mod setting;
pub mod shell;
pub mod signing;
pub mod staging;
mod starts;
pub mod stash_log;
pub mod tree_attributes;
pub mod tree_path;
pub mod user_commands;
pub mod user_config;
pub mod worktree;

use std::io;

/// Why something could not be had from a repository.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// No `git` program.
    #[error("the program 'git' was not found")]
    Missing,
    /// A `git` that is older than what this program needs.
    #[error("'{0}' is too old: git 2.25 or newer is needed")]
    TooOld(String),
    /// There is no repository around.
    #[error("this is not a git repository")]
    NoRepository,
    /// git found a bare repository, and the user's `safe.bareRepository` says that it must be named.
    #[error(
        "git does not use the bare repository '{0}' unless you name it (safe.bareRepository is 'explicit')"
    )]
    BareNotNamed(String),
    /// git failed, and said so.
    #[error("git {command}: {message}")]
    Failed {
        /// The subcommand.
        command: String,
        /// What git printed, safe for a terminal.
        message: String,
    },
    /// The repository cannot be read in process.
    #[error("the repository cannot be read: {0}")]
    Read(String),
    /// A file that git keeps for all clones is not in the worktree, and its blob was not fetched.
    #[error("{0} is not in this clone, so the answer is incomplete")]
    NotHere(String),
    /// `GIT_INDEX_FILE` is relative: git takes it from the top of the worktree, and this program from where it runs.
    #[error("GIT_INDEX_FILE is relative to the top of the worktree, not to this folder")]
    RelativeIndex,
    /// `GIT_INDEX_FILE` is set where all worktrees are concerned.
    #[error("GIT_INDEX_FILE names the index of one worktree, and there are several")]
    OneIndex,
    /// Another git holds the index.
    #[error("another git process is at work here: '{0}' exists")]
    IndexLocked(String),
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl GitError {
    pub(crate) fn read(error: impl std::fmt::Display) -> Self {
        Self::Read(error.to_string())
    }
}
