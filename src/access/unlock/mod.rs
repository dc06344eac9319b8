//! Opening a clone: keys are taken, and the files of every worktree are decrypted.

mod by_plugin;
mod error;
mod git_crypt;
mod git_crypt_head;
pub mod missing;
mod taken_over;
mod unwrap;
mod unwrapped;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use super::given::generations::{find_dropped, settle};
use super::given::pins;
use super::given::{Given, GivenError, ids, prove, read_given, remember_copied, take};
use super::only_copy::is_granted;
use super::worktree::left::report_left;
use super::worktree::{Report, open_worktree};
use crate::clone::{
    CloneError, OpenClone, RESTORE, Roster, exchanged, kept_git_crypt_keys, write_only,
};
use crate::error::{Context as _, count};
use crate::filter::describe_suspects;
use crate::format::KeyId;
use crate::git::config::{install_drivers, install_git_crypt_drivers};
use crate::git::jujutsu;
use crate::git::repository::Repository;
use crate::git_crypt::KeyFile;
use crate::keyring::{KeyName, Keyring};
use crate::progress::Progress;
use crate::recipient::Ask;
use crate::status::find_names;
use crate::store::{kept, locked_worktree, shroud_dir};
pub use error::UnlockError;
use missing::{Confirmed, IdentityArguments, unwrap_missing};

/// With what a clone is opened.
#[derive(Default)]
pub struct Request {
    /// Key files or backups, `-` for standard input; where there are none, what was granted is unwrapped.
    pub key_files: Vec<PathBuf>,
    /// By what that is unwrapped.
    pub identities: IdentityArguments,
    /// Keys that are taken although they do not descend from those that were held here.
    pub trusted: Vec<KeyId>,
    /// Names of keys that are taken although this clone has never seen them.
    pub new_keys: Vec<String>,
    /// Ids that were compared with a colleague: every key must be one of these, or descend from one. None is compared if there is none.
    pub expected: Vec<KeyId>,
    /// Whether it is well if no key can be had.
    pub soft: bool,
    /// Whether the keys are pinned, for the user's next clones.
    pub pin: bool,
    /// For how long an agent holds the keys.
    pub time: Option<Duration>,
}

/// Takes keys and opens every worktree. Nobody else may change the keys meanwhile.
///
/// # Errors
/// There is no key, one is not to be trusted, or a file cannot be opened.
pub fn unlock(
    repository: Repository,
    request: &Request,
    ask: Ask<'_>,
    progress: &dyn Progress,
) -> Result<(), UnlockError> {
    let is_set_up = install_first(&repository)?;
    jujutsu::warn_if_used(&repository, progress);
    kept::refuse_time(repository.common_dir(), request.time)?;
    let keyring = kept::load_all(repository.common_dir())?;
    let git_crypt = kept_git_crypt_keys(&repository)?;
    let roster = Roster::read(&repository)?;
    for why in roster.malformed.values() {
        progress.warning(&format!("one key cannot be unlocked: {why}"));
        progress.hint(RESTORE);
    }
    refuse_unknown(&repository, &roster, &request.new_keys)?;
    let had = keyring.entries().len();
    let mut opened = OpenClone { repository, keyring, git_crypt, roster };
    move_home(progress, &opened, request.time)?;
    let is_fresh = git_crypt::is_fresh(&opened)?;
    let Given { keyrings: given, git_crypt: given_git_crypt, private_keys } =
        read_given(&request.key_files, ask)?;
    let identities = request.identities.with(private_keys);
    let given_ids = ids(&given);
    let any_given = !given.is_empty() || !given_git_crypt.is_empty();
    let mut added = take(&mut opened, given, &request.trusted)?;
    git_crypt::take(progress, &mut opened, given_git_crypt, &request.trusted)?;
    let (mut still_locked, mut locked_git_crypt) = (Vec::new(), Vec::new());
    if !any_given {
        let names: Vec<KeyName> =
            request.new_keys.iter().filter_map(|name| name.parse().ok()).collect();
        let confirmed = Confirmed { ids: &request.trusted, names: &names };
        let unwrapped = unwrap_missing(progress, &mut opened, &identities, confirmed, ask)?;
        added.extend(unwrapped.added);
        still_locked = unwrapped.locked;
        // Who expects ids takes no key besides, so one in .git-crypt/ must be named too.
        let is_fresh = is_fresh && request.expected.is_empty();
        let allowed =
            git_crypt::Allowed { ids: &request.trusted, names: &request.new_keys, is_fresh };
        locked_git_crypt = git_crypt::unwrap(progress, &mut opened, &identities, &allowed, ask)?;
    }
    let say_locked = || {
        still_locked.iter().for_each(|locked| locked.say(progress));
        locked_git_crypt.iter().for_each(|line| progress.status(line));
    };
    if opened.keyring.is_empty() && opened.git_crypt.is_empty() {
        if request.soft {
            progress.status("no key opens this clone here, so its files stay sealed");
            return Ok(());
        }
        say_locked();
        let infos = opened.roster.infos.values();
        write_only::look(progress, &opened.repository, &opened.keyring, infos);
        if opened.roster.infos.values().any(|info| info.public.is_some()) {
            progress.status("this clone can set values without the key, and not read them: 'git shroud config set ENV NAME', or type them into a file that is sealed by value");
        }
        return Err(no_key(&opened));
    }
    let settled = settle(&mut opened, &request.trusted, progress)?;
    refuse_unexpected(&opened.keyring, &request.expected)?;
    if !added.is_empty() {
        prove(&opened, &added, &request.trusted)?;
    }
    // What came from a file or a grant is there again, whoever deletes the grant meanwhile: a lock gives it up, and an agent takes it.
    remember_copied(&opened, given_ids.into_iter().chain(added.iter().copied()))?;
    if !opened.keyring.is_empty() {
        kept::hold_for(opened.repository.common_dir(), request.time)?;
    }
    if settled || !added.is_empty() {
        kept::save(opened.repository.common_dir(), &opened.keyring)?;
    }
    if !added.is_empty() {
        report_taken(progress, &opened, &added);
    } else if had > 0 && any_given && !settled {
        progress.status("these keys are held already");
    }
    opened.remember_seen(&request.trusted)?;
    pin(progress, &opened, request.pin)?;
    let infos = opened.roster.infos.values();
    write_only::look(progress, &opened.repository, &opened.keyring, infos);
    exchanged::warn(progress, &opened.repository, &opened.roster, &opened.keyring);
    taken_over::take_over(progress, &mut opened)?;
    opened.remember_seen_git_crypt()?;
    if !is_set_up && !opened.keyring.is_empty() {
        install_drivers(&opened.repository)?;
    }
    let held = opened.git_crypt.files().map(KeyFile::name);
    if !opened.git_crypt.is_empty() {
        install_git_crypt_drivers(&opened.repository, held)?;
    }
    say_locked();
    let dropped = find_dropped(&opened.repository, &opened.roster, &opened.keyring)?;
    for earlier in dropped {
        progress.warning(&earlier.describe());
        progress.hint(&earlier.step_back());
    }
    let meter = progress.meter("opening the files");
    let behind = open_all(progress, &opened)?;
    drop(meter);
    match (opened.roster.malformed.len() as u64, behind) {
        (0, None) => Ok(()),
        (0, Some(name)) => Err(UnlockError::Behind(name)),
        (n, _) => Err(UnlockError::Malformed(n)),
    }
}

/// What comes first: however an unlock ends, git stores no plaintext at a tracked path from now on. Says whether the repository is
/// set up; where it is not, nothing is installed.
///
/// # Errors
/// git's configuration cannot be written.
pub fn install_first(repository: &Repository) -> Result<bool, UnlockError> {
    let is_set_up = is_set_up(repository)?;
    if is_set_up {
        install_drivers(repository)?;
    }
    Ok(is_set_up)
}

/// Moves keys that lie elsewhere than the configuration says.
fn move_home(
    progress: &dyn Progress,
    opened: &OpenClone,
    time: Option<Duration>,
) -> Result<(), UnlockError> {
    let common_dir = opened.repository.common_dir();
    if kept::is_home(common_dir)? {
        return Ok(());
    }
    let granted =
        opened.keyring.entries().iter().filter(|entry| is_granted(opened, &opened.keyring, entry));
    let granted = granted.map(|entry| entry.key.id()).collect();
    if let Some((from, to)) = kept::move_home(common_dir, &granted, time)? {
        let from: Vec<_> = from.iter().map(ToString::to_string).collect();
        progress.status(&format!("moved the keys from {} to {to}", from.join(" and ")));
    }
    Ok(())
}

/// Pins the keys if that is asked for; what is pinned already follows a rotation.
fn pin(progress: &dyn Progress, opened: &OpenClone, asked: bool) -> Result<(), UnlockError> {
    if !asked {
        return Ok(pins::follow(&opened.repository, &opened.keyring)?);
    }
    let places = pins::pin(&opened.repository, &opened.keyring)?;
    if places.is_empty() {
        return Err(UnlockError::NoRemote);
    }
    places.iter().for_each(|place| progress.status(&format!("pinned the keys of {place}")));
    Ok(())
}

/// Each key that is held, by its name, must be one that was expected, or descend from one.
fn refuse_unexpected(keyring: &Keyring, expected: &[KeyId]) -> Result<(), GivenError> {
    if expected.is_empty() {
        return Ok(());
    }
    // What was set aside seals nothing; it is of the line of no key.
    for name in keyring.names().into_iter().filter(|name| !name.is_aside()) {
        let mut line = keyring
            .entries()
            .iter()
            .filter(|entry| entry.name == *name)
            .map(|entry| entry.key.id());
        if !line.any(|id| expected.contains(&id)) {
            let id = keyring.current(name).expect("it is held").key.id();
            return Err(GivenError::Unexpected { name: name.clone(), id });
        }
    }
    Ok(())
}

/// A name that is misspelt would be a key that stays locked without a word.
fn refuse_unknown(
    repository: &Repository,
    roster: &Roster,
    names: &[String],
) -> Result<(), UnlockError> {
    if names.is_empty() {
        return Ok(());
    }
    let of_git_crypt = git_crypt::shared_names(repository)?;
    let is_known = |name: &&String| {
        roster.names().any(|of| of.as_str() == *name)
            || of_git_crypt.iter().any(|of| of.as_str() == *name)
    };
    let Some(unknown) = names.iter().find(|name| !is_known(name)) else { return Ok(()) };
    let unknown = crate::sanitise::line(unknown);
    Err(UnlockError::UnknownName(unknown))
}

/// Whether the worktree or the last commit has a folder of this program.
fn is_set_up(repository: &Repository) -> Result<bool, UnlockError> {
    let top = repository.worktree.as_deref();
    if top.is_some_and(|top| top.join(shroud_dir::NAME).symlink_metadata().is_ok()) {
        return Ok(true);
    }
    let name = format!("HEAD:{}", shroud_dir::NAME);
    Ok(repository.git.query(["rev-parse", "-q", "--verify", &name])?.is_some())
}

fn report_taken(progress: &dyn Progress, opened: &OpenClone, added: &BTreeSet<KeyId>) {
    for entry in opened.keyring.entries().iter().filter(|entry| added.contains(&entry.key.id())) {
        let (name, generation, id) = (&entry.name, entry.generation, entry.key.id());
        progress.status(&format!("took key '{name}' generation {generation} (id {id})"));
    }
}

fn no_key(opened: &OpenClone) -> UnlockError {
    if let Some(file) = not_here(opened) {
        return UnlockError::NotHere(file);
    }
    if opened.roster.infos.is_empty()
        && find_names(&opened.repository).is_ok_and(|names| !names.is_empty())
    {
        return UnlockError::NoGitCryptKey;
    }
    UnlockError::NoKey(opened.key_names())
}

/// A file of `.shroud/` that is not in this clone, so that a grant may be.
fn not_here(opened: &OpenClone) -> Option<String> {
    let Roster { missing, .. } = &opened.roster;
    let member = || {
        let names = opened.roster.infos.keys();
        let mut files = names.flat_map(|name| opened.roster.each_member(&opened.repository, name));
        files.find(|file| file.is_missing).map(|file| file.file.path())
    };
    missing.clone().or_else(member).map(|path| crate::sanitise::path(path.as_bytes()))
}

/// Opens the files of every worktree; returns a key that files are sealed with, where only an earlier generation is held.
fn open_all(progress: &dyn Progress, opened: &OpenClone) -> Result<Option<KeyName>, UnlockError> {
    let mut all = Report::default();
    let unlocked = locked_worktree::unlock(opened.repository.gix.git_dir());
    if unlocked.context(|| "the mark of a locked worktree".to_owned())? {
        progress.status("this worktree was locked by itself, and is no more");
    }
    let (locked, worktrees): (Vec<_>, Vec<_>) = opened
        .repository
        .all_worktrees()?
        .into_iter()
        .partition(|worktree| locked_worktree::is_locked(worktree.gix.git_dir()));
    for top in locked.iter().filter_map(|worktree| worktree.worktree.as_deref()) {
        progress.status(&format!("the worktree {} stays locked", crate::sanitise::native(top)));
    }
    for worktree in &worktrees {
        all.absorb(open_worktree(worktree, opened.keys())?);
    }
    let lacks_one = opened.repository.lacks_worktree()?;
    if lacks_one && worktrees.is_empty() {
        return Err(CloneError::UnknownWorktree("took the keys, but opened no file").into());
    }
    if lacks_one {
        progress
            .warning("the repository does not say where its worktree is: its files stay sealed");
        progress.hint("run 'git shroud unlock' in it");
    } else if worktrees.is_empty() {
        progress.status("there is no worktree here, so there are no files to open");
    }
    // A key that is not held needs its driver too: without one git would store plaintext.
    let unheld = all.git_crypt_names.iter().filter(|name| opened.git_crypt.of(name).is_none());
    if !all.git_crypt_names.is_empty() {
        install_git_crypt_drivers(&opened.repository.reopen()?, unheld)?;
    }
    if all.written > 0 {
        progress.status(&format!("opened {}", count(all.written, "file")));
    }
    for (suspects, hint) in describe_suspects(&all.retired, &all.of_other_key) {
        progress.warning(&suspects);
        progress.hint(hint);
    }
    let mut behind = None;
    for (id, files) in &all.still_sealed {
        let info = opened.roster.infos.values().find(|info| id.names(info.id));
        let held = info.and_then(|info| Some((info, opened.keyring.current(&info.name)?)));
        if let Some((info, held)) = held {
            progress.status(&format!(
                "left {} sealed with generation {} of key '{}' (id {}); this clone holds generation {}",
                count(*files, "file"),
                info.generation,
                info.name,
                info.id,
                held.generation
            ));
            behind = Some(info.name.clone());
            continue;
        }
        let name = info.map_or_else(
            || format!("an unknown key (id {id})"),
            |info| format!("key '{}'", info.name),
        );
        progress.status(&format!(
            "left {} sealed with {name}, which is not held here",
            count(*files, "file")
        ));
    }
    for (name, files) in &all.still_encrypted {
        progress.status(&format!(
            "left {} encrypted with git-crypt key '{name}', which is not held here",
            count(*files, "file")
        ));
    }
    if all.in_the_clear > 0 {
        progress.warning(&format!(
            "the repository stores {} as plaintext",
            count(all.in_the_clear, "tracked file")
        ));
        progress.hint("'git shroud status' names them, 'git shroud status --fix' seals them");
    }
    report_left(progress, &all)?;
    Ok(behind)
}
