//! `git shroud migrate git-crypt`

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::SystemTime;

use super::members::{LeftOut, NewMember, find_members};
use super::names::{Rename, choose_names};
use super::report;
use crate::access::missing::IdentityArguments;
use crate::access::set_up::create_key;
use crate::access::unlock_clone::{Request, unlock};
use crate::access::{Fresh, Roster, grant, taken_over_here};
use crate::commands::{
    Context, Opened, exclusive, held_git_crypt_keys, refuse_rotation, show, top,
};
use crate::error::{CommandError, Context as _, Outcome};
use crate::fs::read_bounded;
use crate::git::changes::changes;
use crate::git::config::install_drivers;
use crate::git::repository::Repository;
use crate::git_crypt::{HeldKeys, KeyFile, KeyVersion, MAX_KEY_FILE_LEN, Name};
use crate::migrate::{GitCryptRepo, Journal, Plan, Was, complete, inspect, make_tree, reseal};
use crate::status::survey;
use crate::store::local;
use crate::store::seen::Seen;
use crate::store::shroud_dir::{self, File, KeyInfo};
use crate::ui::count;

/// The message of the commit.
const MESSAGE: &str = "Move from git-crypt to git-shroud";
/// How many paths a refusal names.
const NAMED: usize = 10;

/// Move a git-crypt repository to git-shroud: new keys, members and sealed files, in one commit
///
/// Takes git-crypt's keys as 'git shroud unlock' does. Makes a new key for each, with the same name, and grants it to git-crypt's users.
/// Your gpg must have their certificates and consider them valid, or --certificate gives them; if a user would lose access, it stops and
/// changes nothing.
///
/// Rewrites git-crypt's lines in every .gitattributes, and compares git's attributes for every path before and after: the same files stay
/// sealed. Their plaintext in the worktree does not change. Keeps git-crypt's keys, sealed under the new ones, so that members can read
/// old history. If it is interrupted, run it again.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud migrate git-crypt --dry-run
  $ git shroud migrate git-crypt ../git-crypt.key --certificate ../bob.asc
  $ git shroud migrate git-crypt --rename default=team --no-commit")]
pub(super) struct GitCrypt {
    /// Key files of git-crypt, for keys that are not held here and that your gpg does not open
    #[arg(value_name = "KEYFILE")]
    key_files: Vec<PathBuf>,
    #[command(flatten)]
    identities: IdentityArguments,
    /// Print what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Change nothing in the repository: only use git-crypt's format here, as 'git shroud unlock' does
    #[arg(long, conflicts_with_all = ["dry_run", "no_commit", "trust", "certificates", "without_those", "renames"])]
    keep: bool,
    /// Stage everything, and leave the commit to you
    #[arg(long)]
    no_commit: bool,
    /// An OpenPGP certificate of a user of git-crypt
    #[arg(long = "certificate", value_name = "FILE")]
    certificates: Vec<PathBuf>,
    /// Grant even if gpg does not consider a certificate valid: you have compared the fingerprints yourself
    #[arg(long)]
    trust: bool,
    /// Continue even if git-crypt users with missing or unusable certificates lose access
    #[arg(long)]
    without_those: bool,
    /// Give a git-crypt key another name
    #[arg(long = "rename", value_name = "OLD=NEW")]
    renames: Vec<Rename>,
}

impl GitCrypt {
    pub(super) fn run(self, context: &Context) -> Outcome {
        if self.keep {
            return open_clone(context, self.key_files, self.identities);
        }
        let repository = context.discover()?;
        top(&repository)?;
        refuse_rotation(&repository)?;
        if local::from_environment()?.is_some() {
            return Err(CommandError::wrong(
                "the keys come from the environment, where new keys cannot be stored",
            )
            .hint("unset GIT_SHROUD_KEYRING and GIT_SHROUD_KEY"));
        }
        let begun = Journal::load(&repository)?;
        if let Some(journal) = begun {
            if journal.is_committed(&repository)? {
                if !self.dry_run {
                    journal.end()?;
                }
                context.ui.status("the migration was committed; nothing is left to do");
                return Ok(());
            }
            if journal.fits(&repository)? {
                if self.dry_run {
                    context.ui.status(
                        "a migration was interrupted here; without --dry-run this finishes it",
                    );
                    return Ok(());
                }
                return finish(context, &repository, journal);
            }
            context.ui.detail("an interrupted migration was dropped: this branch has moved on");
        }
        let found = GitCryptRepo::read(&repository)?;
        if found.is_empty() {
            return Err(CommandError::wrong("git-crypt encrypts nothing in this repository"));
        }
        if !self.dry_run {
            // Its keys are held from now on, its files open, and its filters are served by this program.
            open_clone(context, self.key_files.clone(), self.identities.clone())?;
        }
        let held = self.look_at_keys(&repository)?;
        let opened = open(&repository)?;
        let is_described = |name: &_| opened.roster.names().any(|known| known == name);
        let (kept, _) = taken_over_here(&opened.roster, &opened.keyring);
        let names = choose_names(context, &found, &held, &kept, &self.renames, is_described)?;
        let plan = Plan::make(&repository, found, names)?;
        let (members, left_out) = find_members(
            context,
            &repository,
            &plan.found,
            &plan.names,
            &self.certificates,
            self.trust,
        )?;
        if self.dry_run {
            let kinds = inspect(&repository, &plan, &held)?.into_iter().collect();
            report::print_plan(context, &plan, &members, &kinds);
            report::warn(context, &plan, &left_out, &kinds);
            return Ok(());
        }
        if !self.without_those {
            refuse_left_out(&left_out)?;
        }
        self.migrate(context, opened, &plan, &held, &members, &left_out)
    }

    /// The keys of git-crypt. Nothing is kept of those that are given.
    fn look_at_keys(&self, repository: &Repository) -> Outcome<HeldKeys> {
        let mut held = held_git_crypt_keys(repository)?;
        for path in &self.key_files {
            let place = || crate::sanitise::native(path);
            let bytes = read_bounded(path, MAX_KEY_FILE_LEN).context(place)?;
            held.insert(KeyFile::parse(&bytes).context(place)?).context(place)?;
        }
        Ok(held)
    }

    fn migrate(
        &self,
        context: &Context,
        mut opened: Opened,
        plan: &Plan,
        held: &HeldKeys,
        members: &[NewMember],
        left_out: &[LeftOut],
    ) -> Outcome {
        let _exclusive = exclusive(&opened.repository)?;
        refuse_changes(&opened.repository, plan)?;
        opened.keyring = local::load(opened.repository.common_dir())?;
        make_keys(context, &mut opened, plan)?;
        let Opened { repository, keyring, .. } = &opened;
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
        report::say_made(context, plan, keyring, members);
        report::warn(context, plan, left_out, &kinds);
        finish(context, repository, journal)?;
        // `.shroud/` keeps a copy of them, sealed.
        let ids = plan.names.keys().filter_map(|name| held.of(name)).flat_map(KeyFile::versions);
        local::remember_copied(repository.common_dir(), ids.map(KeyVersion::id))
            .context(|| "the list of copied keys".to_owned())?;
        report::next_steps(context, plan, members, !self.no_commit);
        Ok(())
    }
}

/// As 'git shroud unlock' does.
fn open_clone(
    context: &Context,
    key_files: Vec<PathBuf>,
    identities: IdentityArguments,
) -> Outcome {
    let repository = context.discover()?;
    refuse_rotation(&repository)?;
    let _exclusive = exclusive(&repository)?;
    let request = Request { key_files, identities, ..Request::default() };
    unlock(repository, &request, &mut crate::ui::prompt::ask, &context.ui)
}

/// Anybody who could read the files is to go on reading them, unless the user says otherwise.
fn refuse_left_out(left_out: &[LeftOut]) -> Outcome {
    if left_out.is_empty() {
        return Ok(());
    }
    let mut error = CommandError::refused(format!(
        "{} of git-crypt would lose access; nothing was changed",
        count(left_out.len() as u64, "user")
    ));
    for LeftOut { fingerprint, keys, why, .. } in left_out {
        let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
        error = error.hint(format!("{fingerprint} ({}): {why}", keys.join(", ")));
    }
    if left_out.iter().any(|one| one.unproven) {
        error = error.hint("once you have compared the fingerprints with their owners: --trust");
    }
    Err(error
        .hint("if your gpg does not have a certificate: --certificate FILE")
        .hint("or continue without them: --without-those"))
}

fn open(repository: &Repository) -> Outcome<Opened> {
    let repository = repository.reopen()?;
    let keyring = local::load(repository.common_dir())?;
    let roster = Roster::read(&repository)?;
    roster.refuse_malformed()?;
    let git_crypt = held_git_crypt_keys(&repository)?;
    Ok(Opened { repository, keyring, git_crypt, roster })
}

/// The files that are about to be sealed, or rewritten, must be as the last commit has them.
fn refuse_changes(repository: &Repository, plan: &Plan) -> Outcome {
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
    let mut error = CommandError::refused(format!(
        "{} local changes; nothing was changed",
        if changed.len() == 1 {
            "a file that the migration concerns has".to_owned()
        } else {
            format!("{} files that the migration concerns have", changed.len())
        }
    ));
    for path in changed.iter().take(NAMED) {
        error = error.hint(show(path));
    }
    Err(error.hint("commit or stash them, and run this again"))
}

/// A new key for each name. One that is held and not described here was made on another branch, or by a run that was cut
/// off: then the same files are sealed to the same bytes again.
fn make_keys(context: &Context, opened: &mut Opened, plan: &Plan) -> Outcome {
    for name in plan.names.values() {
        if opened.keyring.current(name).is_some() {
            opened.refuse_unfit_key(name)?;
            context.ui.status(format!(
                "using the key '{name}' that is held here, from another branch or an earlier try"
            ));
            continue;
        }
        create_key(&mut opened.keyring, name.clone())?;
    }
    Ok(())
}

/// The files of `.shroud/`: the keys, with those of git-crypt retired, and the members.
fn own_files(
    opened: &Opened,
    plan: &Plan,
    held: &HeldKeys,
    members: &[NewMember],
) -> Outcome<Vec<(String, Vec<u8>)>> {
    let mut files =
        vec![(format!("{}/.gitattributes", shroud_dir::NAME), shroud_dir::ATTRIBUTES.into())];
    let now = SystemTime::now();
    let fresh = Fresh::ask(&opened.repository, members.iter().map(|member| &member.candidate));
    for (old, name) in &plan.names {
        let entry = opened.keyring.current(name).expect("it was made before");
        let earlier: Vec<_> =
            opened.keyring.line(name).filter(|one| one.key.id() != entry.key.id()).collect();
        let info = KeyInfo::succeeding(entry, &earlier, &only(held, old)?);
        files.push((File::Key(name.clone()).path(), info.to_text().into_bytes()));
        for member in members.iter().filter(|member| member.keys.contains(name)) {
            let (candidate, _) = fresh.renew(&member.candidate)?;
            let granted = grant(entry, &candidate, &member.label, now)?;
            files.push((granted.file(name).path(), granted.to_text().into_bytes()));
        }
    }
    Ok(files)
}

/// The one key of this name.
fn only(held: &HeldKeys, name: &Name) -> Outcome<HeldKeys> {
    let file = held.of(name).expect("its name was chosen as it is held");
    let mut only = HeldKeys::default();
    let copied = KeyFile::parse_current(&file.to_bytes()).and_then(|copy| only.insert(copy));
    copied.context(|| format!("the git-crypt key '{name}'"))?;
    Ok(only)
}

/// Brings index and worktree to what was made, proves it, and commits.
fn finish(context: &Context, repository: &Repository, journal: Journal) -> Outcome {
    let changed = complete(repository, &journal)?;
    let opened = open(repository)?;
    let files = survey(&opened.repository, &opened.known(), Some(&changed))?;
    if let Some(file) = files.iter().find(|file| !file.state.is_good()) {
        return Err(CommandError::refused(format!(
            "{} is staged as {}, which is wrong; nothing was committed",
            show(&file.path),
            file.state.name()
        ))
        .hint("git reset --hard undoes it; please report this"));
    }
    let sealed = files.len() as u64;
    if let Some(message) = &journal.message {
        let committed = repository.git.run(["commit", "--quiet", "-m", message]);
        committed.map_err(|error| {
            CommandError::from(error).hint(
                "everything is staged: remove the cause and run this again, or commit it yourself",
            )
        })?;
    }
    journal.end()?;
    context.ui.status(format!("{} sealed and staged", count(sealed, "file")));
    Ok(())
}
