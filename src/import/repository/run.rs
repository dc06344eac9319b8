//! The import of a repository as a whole: what there is, what should change, the proof, and the commit.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::tool::{Person, RepositoryTool, Setting};
use super::{contents, people, settings};
use crate::access::unlock::missing::IdentityArguments;
use crate::clone::locks::refuse_rotation;
use crate::clone::{OpenClone, top};
use crate::git::repository::Repository;
use crate::git_crypt::{HeldKeys, Name};
use crate::import::ImportError;
use crate::keyring::KeyName;
use crate::migrate::{
    Before, LeftOut, MigrateError, NewMember, Plan, Rename, Work, choose_new_names, inspect,
    message, next_steps, open, print_plan, resume, warn,
};
use crate::progress::Progress;
use crate::recipient::Ask;
use crate::store::local;

/// How a repository is taken over.
pub struct RepositoryRequest<'r> {
    /// From which tool.
    pub tool: &'r dyn RepositoryTool,
    /// The folder in which the user is.
    pub dir: &'r Path,
    /// What opens files, besides what the tool's configuration names.
    pub identities: IdentityArguments,
    /// How long a program may take for a file; zero for ever.
    pub limit: Option<Duration>,
    /// Only says what would be done.
    pub dry_run: bool,
    /// Stages everything, and makes no commit.
    pub no_commit: bool,
    /// Grants to public keys that only the repository vouches for.
    pub trust: bool,
    /// Continues although some people lose access.
    pub without_those: bool,
    /// Other names for the keys.
    pub renames: Vec<Rename>,
}

impl RepositoryRequest<'_> {
    /// Takes the repository over; or finishes an import that was interrupted in it.
    ///
    /// # Errors
    /// A file does not open, somebody would lose access, other files would be sealed than before, or a file has changes: nothing was
    /// changed. Later: git fails, and it can be run again.
    pub fn run(
        &self,
        repository: &Repository,
        ask: Ask<'_>,
        progress: &dyn Progress,
    ) -> Result<(), ImportError> {
        top(repository)?;
        refuse_rotation(repository)?;
        if local::from_environment()?.is_some() {
            return Err(MigrateError::Environment.into());
        }
        if repository.git.query(["symbolic-ref", "-q", "HEAD"])?.is_none() {
            return Err(MigrateError::Detached.into());
        }
        if resume(repository, self.dry_run, progress)? {
            if !self.dry_run {
                settings::unset(repository, self.tool, progress)?;
            }
            return Ok(());
        }
        let setting = Setting {
            repository,
            dir: self.dir,
            identities: &self.identities,
            limit: self.limit,
            progress,
        };
        let dir = self.tool.state_dir(repository)?;
        let mut before = Before::read(repository, self.tool.drivers(), dir)?;
        let people = self.tool.look(&setting, &mut before)?;
        if before.is_empty() {
            return self.nothing(repository, progress);
        }
        let opened = open(repository)?;
        let plan = self.plan(&setting, before, &people, &opened)?;
        let (members, left_out) =
            people::find(&setting, self.tool, &plan.names, people, &opened.keyring, self.trust)?;
        if !self.dry_run && !self.without_those && !left_out.is_empty() {
            let tool = plan.found.drivers.tool;
            return Err(MigrateError::LeftOut { users: left_out, tool }.into());
        }
        self.open_and_seal(&setting, opened, &plan, (&members, &left_out), ask)
    }

    /// Nothing is encrypted, or not any more; what the tool has set in this clone may be left.
    fn nothing(&self, repository: &Repository, progress: &dyn Progress) -> Result<(), ImportError> {
        let tool = self.tool.drivers().tool;
        if settings::found(repository, self.tool)?.is_empty() {
            return Err(MigrateError::Nothing(tool).into());
        }
        progress.status(&format!(
            "{tool} encrypts nothing in this branch; only its configuration is left"
        ));
        if !self.dry_run {
            settings::unset(repository, self.tool, progress)?;
        }
        Ok(())
    }

    fn plan(
        &self,
        setting: &Setting<'_>,
        before: Before,
        people: &[Person],
        opened: &OpenClone,
    ) -> Result<Plan, ImportError> {
        let tool = before.drivers.tool;
        let mut used: BTreeSet<Name> = before.named();
        used.extend(before.sealed.values().map(|(_, name)| name.clone()));
        used.extend(people.iter().flat_map(|person| person.names.iter().cloned()));
        let names = choose_new_names(setting.progress, used, &self.renames, tool)?;
        let described = |name: &&KeyName| opened.roster.names().any(|known| known == *name);
        for name in names.values().filter(described) {
            if opened.keyring.current(name).is_none() {
                return Err(ImportError::NotHeld(name.clone()));
            }
            setting.progress.status(&format!(
                "the key '{name}' is here already: its members will be able to read these files too"
            ));
        }
        Ok(Plan::make(setting.repository, before, names, None, false)?)
    }

    fn open_and_seal(
        &self,
        setting: &Setting<'_>,
        opened: OpenClone,
        plan: &Plan,
        (members, left_out): (&[NewMember], &[LeftOut]),
        ask: Ask<'_>,
    ) -> Result<(), ImportError> {
        let (repository, progress) = (setting.repository, setting.progress);
        let mut opener = self.tool.opener(setting, &plan.found)?;
        let mut open = |path: &[u8], file: &_, name: &_| {
            contents::open(repository, self.tool, &mut opener, (path, file, name), ask)
        };
        if self.dry_run {
            let kinds = inspect(plan, &mut open)?.into_iter().collect();
            print_plan(progress, plan, members, &kinds);
            warn(progress, plan, left_out, &kinds);
            if left_out.iter().any(|one| one.unproven) {
                progress.hint("--trust grants to those who only lack your word, once you have compared the keys with their owners");
            }
            return Ok(());
        }
        let tool = plan.found.drivers.tool;
        let message = (!self.no_commit).then(|| message(tool));
        let held = &HeldKeys::default();
        Work { plan, held, members, left_out, message }.carry_out(progress, opened, &mut open)?;
        next_steps(progress, plan, members, !self.no_commit);
        if self.tool.hides_with().is_some() {
            progress.hint("a pull overwrites the plaintext files that others have open here: they should encrypt and push their changes before");
        }
        if self.no_commit && !settings::found(repository, self.tool)?.is_empty() {
            progress.hint(&format!(
                "and once more, to unset what is left of it here: git shroud import {tool}"
            ));
        } else if !self.no_commit {
            settings::unset(repository, self.tool, progress)?;
        }
        Ok(())
    }
}
