//! What is looked for besides patterns: the paths that should be sealed, and the values of sealed files.

use std::collections::BTreeSet;

use super::{Look, sealed};
use crate::detect::known::{Gathering, KnownValues};
use crate::git::GitError;
use crate::git::database::Database;
use crate::git::pushed::Pushed;
use crate::scan::findings::Unread;
use crate::scan::policy::Policy;
use crate::scan::walk::scope::{Commits, Scope};

impl Look<'_> {
    /// Whether what commits brought is looked at; what is staged is judged by 'check --staged'.
    pub(super) fn is_in_scope(&self) -> bool {
        !self.worktree && *self.scope != Scope::Staged
    }

    /// What git cannot follow, such as a ref that leads nowhere, must not keep the rest from being looked at.
    pub(super) fn policy_or_why_not(
        &self,
        unread: &mut BTreeSet<Unread>,
    ) -> Result<Policy, GitError> {
        match self.policy() {
            Err(error) if *self.scope == Scope::All && !self.worktree => {
                let what = "paths that should be sealed".to_owned();
                unread.insert(Unread { what, reason: error.to_string() });
                Ok(Policy::default())
            }
            policy => policy,
        }
    }

    fn policy(&self) -> Result<Policy, GitError> {
        let commits = match self.scope {
            Scope::Commits(commits) if !self.holds_keys() => commits.clone(),
            // What is sealed anywhere is looked for.
            _ => Commits::kept(),
        };
        let needed = self.is_in_scope() || self.holds_keys();
        if !needed {
            return Ok(Policy::default());
        }
        if let Scope::Pushed(pushed) = self.scope {
            return self.policy_of(pushed);
        }
        if !self.is_in_scope() {
            return Policy::of_index(self.repository);
        }
        let mut policy = Policy::of(self.repository, self.git_crypt, &commits)?;
        if let Scope::Commits(commits) = self.scope
            && self.holds_keys()
        {
            let brought = commits.versions(self.repository)?.into_iter().collect::<BTreeSet<_>>();
            for (path, versions) in &mut policy.plain {
                versions.retain(|id| brought.contains(&(path.clone(), *id)));
            }
            policy.plain.retain(|_, versions| !versions.is_empty());
        }
        Ok(policy)
    }

    /// A push does not wait for all of history: the sealed files are those that it brings and those of the index.
    fn policy_of(&self, pushed: &Pushed) -> Result<Policy, GitError> {
        let mut policy = Policy::of_pushed(self.repository, self.git_crypt, pushed)?;
        if self.holds_keys() && self.repository.worktree.is_some() {
            policy.sealed.extend(Policy::of_index(self.repository)?.sealed);
        }
        Ok(policy)
    }

    /// The values of every version of every sealed file that a held key opens, and what is not looked for.
    pub(super) fn known(
        &self,
        policy: &Policy,
    ) -> Result<(KnownValues, BTreeSet<Unread>), GitError> {
        if !self.holds_keys() {
            return Ok((Gathering::default().finish(), BTreeSet::new()));
        }
        let opener = sealed::Opener { keyring: self.keyring, git_crypt: self.git_crypt };
        opener.values(&Database::open(self.repository)?, policy)
    }

    /// Whether any sealed file can be opened here.
    pub(super) fn holds_keys(&self) -> bool {
        !self.keyring.is_empty() || !self.git_crypt.is_empty()
    }
}
