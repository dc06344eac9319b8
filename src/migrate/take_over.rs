//! A migration as a whole: what there is, what should change, the proof, and the commit.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::finish::{finish, open};
use super::keys::{look_at_keys, make_keys, own_files};
use super::members::{NewMember, find_members};
use super::names::{Rename, choose_names};
use super::{
    ByValue, GitCryptRepo, Journal, LeftOut, MigrateError, Plan, Was, inspect, make_tree, report,
    reseal,
};
use crate::access::unlock::missing::IdentityArguments;
use crate::access::unlock::{self, UnlockError, unlock};
use crate::clone::locks::{exclusive, refuse_rotation};
use crate::clone::taken_over::taken_over_here;
use crate::clone::{OpenClone, top};
use crate::error::Context as _;
use crate::git::changes::changes;
use crate::git::config::install_drivers;
use crate::git::repository::Repository;
use crate::git_crypt::{HeldKeys, KeyFile, KeyVersion};
use crate::progress::Progress;
use crate::recipient::Ask;
use crate::sanitise;
use crate::store::local;
use crate::store::seen::Seen;

/// The message of the commit.
const MESSAGE: &str = "Move from git-crypt to git-shroud";
/// How many paths a refusal names.
const NAMED: usize = 10;

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
        let begun = Journal::load(repository)?;
        if let Some(journal) = begun {
            if journal.is_committed(repository)? {
                if !self.dry_run {
                    journal.end()?;
                }
                progress.status("the migration was committed; nothing is left to do");
                return Ok(());
            }
            if journal.fits(repository)? {
                if self.dry_run {
                    progress.status(
                        "a migration was interrupted here; without --dry-run this finishes it",
                    );
                    return Ok(());
                }
                return finish(progress, repository, journal);
            }
            progress.detail("an interrupted migration was dropped: this branch has moved on");
        }
        let found = GitCryptRepo::read(repository)?;
        if found.is_empty() {
            return Err(MigrateError::Nothing);
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
        let plan = Plan::make(repository, found, names, by_value)?;
        let (members, left_out) = find_members(
            progress,
            repository,
            &plan.found,
            &plan.names,
            &self.certificates,
            self.trust,
        )?;
        if self.dry_run {
            let kinds = inspect(repository, &plan, &held)?.into_iter().collect();
            report::print_plan(progress, &plan, &members, &kinds);
            report::warn(progress, &plan, &left_out, &kinds);
            return Ok(());
        }
        // Anybody who could read the files should go on reading them, unless the user says otherwise.
        if !self.without_those && !left_out.is_empty() {
            return Err(MigrateError::LeftOut(left_out));
        }
        self.migrate(progress, opened, &plan, &held, &members, &left_out)
    }

    fn migrate(
        &self,
        progress: &dyn Progress,
        mut opened: OpenClone,
        plan: &Plan,
        held: &HeldKeys,
        members: &[NewMember],
        left_out: &[LeftOut],
    ) -> Result<(), MigrateError> {
        let _exclusive = exclusive(&opened.repository, progress)?;
        refuse_changes(&opened.repository, plan)?;
        opened.keyring = local::load(opened.repository.common_dir())?;
        make_keys(progress, &mut opened, plan)?;
        let OpenClone { repository, keyring, .. } = &opened;
        let sealed = reseal(repository, plan, held, keyring)?;
        let kinds: BTreeMap<Vec<u8>, Was> =
            sealed.iter().map(|(file, was)| (file.path.clone(), *was)).collect();
        let sealed: Vec<_> = sealed.into_iter().map(|(file, _)| file).collect();
        let own = own_files(&opened, plan, held, members)?;
        let tree = make_tree(repository, plan, &sealed, &own)?;
        // Before anything is staged: git cleans each staged file again, and must come to the same bytes.
        local::save(repository.common_dir(), keyring)?;
        Seen::remember(repository.common_dir(), keyring, &[])
            .context(|| "the list of seen keys".to_owned())?;
        install_drivers(repository)?;
        let message = (!self.no_commit).then(|| MESSAGE.to_owned());
        let journal = Journal::begin(repository, &plan.found.head, tree, message)?;
        report::say_made(progress, plan, keyring, members);
        report::say_by_value(progress, plan);
        report::warn(progress, plan, left_out, &kinds);
        finish(progress, repository, journal)?;
        // `.shroud/` keeps a copy of them, sealed.
        let ids = plan.names.keys().filter_map(|name| held.of(name)).flat_map(KeyFile::versions);
        local::remember_copied(repository.common_dir(), ids.map(KeyVersion::id))
            .context(|| "the list of copied keys".to_owned())?;
        report::next_steps(progress, plan, members, !self.no_commit);
        Ok(())
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

/// The files that are about to be sealed, or rewritten, must be as the last commit has them.
fn refuse_changes(repository: &Repository, plan: &Plan) -> Result<(), MigrateError> {
    let concerned: BTreeSet<&[u8]> = plan
        .found
        .sealed
        .keys()
        .chain(&plan.found.state_files)
        .chain(plan.attributes.iter().map(|new| &new.file.path))
        .map(Vec::as_slice)
        .collect();
    let mut changed = Vec::new();
    for (path, _) in changes(&repository.git, false, &[], &[])? {
        if concerned.contains(path.as_slice()) && !plan.found.is_as_committed(repository, &path)? {
            changed.push(path);
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let some = changed.iter().take(NAMED).map(|path| sanitise::path(path)).collect();
    Err(MigrateError::Changed { number: changed.len(), some })
}
