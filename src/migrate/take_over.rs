//! A migration as a whole: what there is, what should change, the proof, and the commit.

use std::path::PathBuf;

use super::finish::{open, resume};
use super::keys::look_at_keys;
use super::members::find_members;
use super::names::{Rename, choose_names};
use super::{Before, ByValue, MigrateError, Plan, Work, inspect, opening, report};
use crate::access::unlock::missing::IdentityArguments;
use crate::access::unlock::{self, UnlockError, unlock};
use crate::clone::locks::{exclusive, refuse_rotation};
use crate::clone::taken_over::taken_over_here;
use crate::clone::top;
use crate::error::Context as _;
use crate::git::repository::Repository;
use crate::git_crypt::{KeyFile, KeyVersion};
use crate::progress::Progress;
use crate::recipient::Ask;
use crate::store::local;

/// How a repository is taken over.
pub struct Request {
    /// Key files of git-crypt, for keys that are not held and that gpg does not open.
    pub key_files: Vec<PathBuf>,
    /// How keys are unwrapped.
    pub identities: IdentityArguments,
    /// Only says what would be done.
    pub dry_run: bool,
    /// Stages everything, and makes no commit.
    pub no_commit: bool,
    /// OpenPGP certificates of users of git-crypt.
    pub certificates: Vec<PathBuf>,
    /// Grants even if gpg does not consider a certificate valid.
    pub trust: bool,
    /// Continues although some users lose access.
    pub without_those: bool,
    /// Other names for keys of git-crypt.
    pub renames: Vec<Rename>,
    /// Seals configuration files by value.
    pub values: bool,
    /// Sets the tripwire.
    pub tripwire: bool,
}

impl Request {
    /// Takes a repository over; or finishes a migration that was interrupted in it.
    ///
    /// # Errors
    /// A key is not held, a user would lose access, other files would be sealed than before, or a file of the migration has
    /// changes: nothing was changed. Later: git fails, and it can be run again.
    pub fn run(
        &self,
        repository: &Repository,
        ask: Ask<'_>,
        progress: &dyn Progress,
    ) -> Result<(), MigrateError> {
        top(repository)?;
        refuse_rotation(repository)?;
        if local::from_environment()?.is_some() {
            return Err(MigrateError::Environment);
        }
        if resume(repository, self.dry_run, progress)? {
            return Ok(());
        }
        let found = Before::of_git_crypt(repository)?;
        if found.is_empty() {
            return Err(MigrateError::Nothing(found.drivers.tool));
        }
        if !self.dry_run {
            // Its keys are held from now on, its files open, and its filters are served by this program.
            let key_files = self.key_files.clone();
            open_clone(repository.reopen()?, key_files, self.identities.clone(), ask, progress)?;
        }
        let held = look_at_keys(repository, &self.key_files)?;
        let opened = open(repository)?;
        let is_described = |name: &_| opened.roster.names().any(|known| known == name);
        let (kept, _) = taken_over_here(&opened.roster, &opened.keyring);
        let names = choose_names(progress, &found, &held, &kept, &self.renames, is_described)?;
        let by_value = self.values.then(|| ByValue::look(repository, &found, &held)).transpose()?;
        let plan = Plan::make(repository, found, names, by_value, self.tripwire)?;
        let (members, left_out) = find_members(
            progress,
            repository,
            &plan.found,
            &plan.names,
            &self.certificates,
            self.trust,
        )?;
        if self.dry_run {
            let kinds =
                inspect(&plan, &mut |_, file, name| opening::open(repository, &held, file, name))?
                    .into_iter()
                    .collect();
            report::print_plan(progress, &plan, &members, &kinds);
            report::warn(progress, &plan, &left_out, &kinds);
            self.say_tripwire(progress, &plan);
            return Ok(());
        }
        // Anybody who could read the files should go on reading them, unless the user says otherwise.
        if !self.without_those && !left_out.is_empty() {
            return Err(MigrateError::LeftOut { users: left_out, tool: plan.found.drivers.tool });
        }
        self.say_tripwire(progress, &plan);
        let message = (!self.no_commit).then(|| report::message(plan.found.drivers.tool));
        let (members, left_out) = (&members[..], &left_out[..]);
        Work { plan: &plan, held: &held, members, left_out, message }.carry_out(
            progress,
            opened,
            &mut |_, file, name| opening::open(repository, &held, file, name),
        )?;
        // `.shroud/` keeps a copy of them, sealed.
        let ids = plan.names.keys().filter_map(|name| held.of(name)).flat_map(KeyFile::versions);
        local::remember_copied(repository.common_dir(), ids.map(KeyVersion::id))
            .context(|| "the list of copied keys".to_owned())?;
        report::next_steps(progress, &plan, members, !self.no_commit);
        Ok(())
    }

    fn say_tripwire(&self, progress: &dyn Progress, plan: &Plan) {
        if self.tripwire && !plan.tripwire {
            progress.warning("the tripwire was left out: with it git could not add files that other lines exclude, in clones without git-shroud");
        }
    }
}

/// Takes the keys of git-crypt and opens the files, as 'git shroud unlock' does. Nothing in the repository changes.
///
/// # Errors
/// As [`unlock`].
pub fn open_clone(
    repository: Repository,
    key_files: Vec<PathBuf>,
    identities: IdentityArguments,
    ask: Ask<'_>,
    progress: &dyn Progress,
) -> Result<(), UnlockError> {
    refuse_rotation(&repository)?;
    let _exclusive = exclusive(&repository, progress)?;
    let request = unlock::Request { key_files, identities, ..Default::default() };
    unlock(repository, &request, ask, progress)
}
