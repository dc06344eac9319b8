//! What a scan looks at, by the options.

use std::ffi::OsString;

use super::super::pushed::Pushed;
use super::Scan;
use crate::error::Outcome;
use crate::git::repository::Repository;
use crate::scan::Scope;
use crate::scan::walk::scope::{self, Commits};

impl Scan {
    fn is_narrow(&self) -> bool {
        !self.revisions.is_empty() || self.since.is_some() || !self.paths.is_empty()
    }

    /// What is looked at; for the hooks of a push by what git writes to standard input.
    pub(super) fn scope(&self, repository: &Repository) -> Outcome<Scope> {
        let pushed = match &self.pre_push {
            Some(remote) => Some(Pushed::to_remote(repository, remote)?),
            None if self.pre_receive => Some(Pushed::to_refs(repository)?),
            None => None,
        };
        Ok(if let Some(Pushed { commits, tips }) = pushed {
            Scope::Pushed(scope::Pushed { commits, tips })
        } else if self.staged {
            Scope::Staged
        } else if self.is_narrow() {
            Scope::Commits(Commits {
                revisions: self.revisions.clone(),
                since: self.since.clone(),
                paths: self.paths.clone(),
                reflogs: false,
            })
        } else {
            Scope::All
        })
    }

    pub(super) fn scope_in_words(&self, scope: &Scope) -> String {
        if self.worktree {
            return "the worktree".to_owned();
        }
        let words = |words: &[OsString]| {
            let shown = words.iter().map(|word| crate::sanitise::line(&word.to_string_lossy()));
            shown.collect::<Vec<_>>().join(" ")
        };
        match scope {
            Scope::Pushed(_) => "what is pushed".to_owned(),
            Scope::Staged => "what is staged".to_owned(),
            Scope::All => "everything that git has here".to_owned(),
            Scope::Commits(commits) => {
                let mut text = match commits.revisions.is_empty() {
                    true => "all commits".to_owned(),
                    false => format!("commits {}", words(&commits.revisions)),
                };
                if let Some(since) = &commits.since {
                    text = format!("{text} since {}", words(std::slice::from_ref(since)));
                }
                if !commits.paths.is_empty() {
                    text = format!("{text}, paths {}", words(&commits.paths));
                }
                text
            }
        }
    }
}
