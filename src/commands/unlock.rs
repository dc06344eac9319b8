//! `git shroud unlock`

use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{Context, Opened, describe_keys, exclusive, show};
use crate::access::{Left, Report, find_sealed_ids, open_worktree};
use crate::error::{CommandError, Context as _, Outcome};
use crate::format::KeyId;
use crate::git::config::install_drivers;
use crate::keyring::{InsertError, KeyName, Keyring, MAX_TEXT_LEN};
use crate::store::local;
use crate::store::shroud_dir::KeyInfo;
use crate::ui::count;

/// Open this clone: take keys, and decrypt the files in the worktree
///
/// Takes keys from key files, from '-' (standard input), from GIT_SHROUD_KEYRING (a path) or GIT_SHROUD_KEY (the text);
/// without any, opens what the keys that are held already can open. Tells git to use git-shroud here, and decrypts every
/// file that still holds what was checked out; files with local changes stay as they are. Cut off at any point, it can
/// be run again.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud unlock ../team.key
  $ git shroud unlock - < ../team.key
  $ GIT_SHROUD_KEYRING=../team.key git shroud unlock")]
pub struct Unlock {
    /// Key files, '-' for standard input
    #[arg(value_name = "KEYFILE")]
    key_files: Vec<PathBuf>,
}

impl Unlock {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let repository = context.repository()?;
        let _exclusive = exclusive(&repository)?;
        let mut held = local::load(repository.common_dir())?;
        let had = held.entries().len();
        let (infos, missing) = describe_keys(&repository)?;
        let given = read_given(&self.key_files)?;
        let given_ids = ids(&given);
        let added = take(&mut held, given, &infos)?;
        let opened = Opened { repository, keyring: held, infos, missing };
        if opened.keyring.is_empty() {
            return Err(no_key(&opened));
        }
        if !added.is_empty() {
            prove(context, &opened, &added)?;
            local::save(opened.repository.common_dir(), &opened.keyring)?;
            for entry in
                opened.keyring.entries().iter().filter(|entry| added.contains(&entry.key.id()))
            {
                context.ui.status(format!(
                    "took key '{}' generation {} (id {})",
                    entry.name,
                    entry.generation,
                    entry.key.id()
                ));
            }
        } else if had > 0 && !self.key_files.is_empty() {
            context.ui.status("these keys are held already");
        }
        remember_copied(&opened, given_ids)?;
        install_drivers(&opened.repository)?;
        open_all(context, &opened)
    }
}

/// Reads the key files, else what the environment gives.
pub(super) fn read_given(key_files: &[PathBuf]) -> Outcome<Vec<(String, Keyring)>> {
    let mut given = Vec::new();
    for file in key_files {
        let keyring = if file == Path::new("-") { read_stdin()? } else { local::read(file)? };
        given.push((file.display().to_string(), keyring));
    }
    if given.is_empty()
        && let Some(keyring) = local::from_environment()?
    {
        given.push(("the environment".to_owned(), keyring));
    }
    Ok(given)
}

fn read_stdin() -> Outcome<Keyring> {
    if std::io::stdin().is_terminal() {
        return Err(CommandError::wrong("standard input is a terminal, where a key would be seen")
            .hint("give a file, or pipe the key in"));
    }
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_TEXT_LEN + 1));
    std::io::stdin()
        .take(MAX_TEXT_LEN as u64 + 1)
        .read_to_end(&mut text)
        .context(|| "standard input".to_owned())?;
    Ok(local::parse(&text, "standard input")?)
}

/// The ids of all given keys.
pub(super) fn ids(given: &[(String, Keyring)]) -> Vec<KeyId> {
    let entries = given.iter().flat_map(|(_, keyring)| keyring.entries());
    entries.map(|entry| entry.key.id()).collect()
}

/// Adds the given keys to those held, and returns the ids of those that are new.
///
/// A key that `.shroud/` describes gets the name and generation from there: a lone token has none of its own.
pub(super) fn take(
    held: &mut Keyring,
    given: Vec<(String, Keyring)>,
    infos: &BTreeMap<KeyName, KeyInfo>,
) -> Outcome<BTreeSet<KeyId>> {
    let mut added = BTreeSet::new();
    for (place, keyring) in given {
        for mut entry in keyring.into_entries() {
            let id = entry.key.id();
            let described = infos.values().find(|info| info.id == id);
            if let Some(info) = described.filter(|info| info.is_authentic(&entry.key)) {
                entry.name = info.name.clone();
                entry.generation = info.generation;
            }
            let inserted = held.insert(entry).map_err(|error| {
                let conflict = CommandError::wrong(format!("{place}: {error}; nothing was changed"));
                match error {
                    InsertError::Conflict { .. } => conflict.hint(
                        "is this the key file of another repository? 'git shroud lock' gives up the keys held here",
                    ),
                    InsertError::OtherName { .. } => conflict,
                }
            })?;
            if inserted {
                added.insert(id);
            }
        }
    }
    Ok(added)
}

/// Opens a file with each new key, before anything is changed.
pub(super) fn prove(context: &Context, opened: &Opened, added: &BTreeSet<KeyId>) -> Outcome {
    let sealed = find_sealed_ids(&opened.repository, &opened.keyring, added)?;
    let described = |id: &KeyId| opened.infos.values().any(|info| info.id == *id);
    for id in added {
        let entry = opened.keyring.by_id(*id).expect("it was added");
        if let Some(info) = opened.infos.values().find(|info| info.id == *id)
            && !info.is_authentic(&entry.key)
        {
            return Err(CommandError::refused(format!(
                ".shroud/{}/key.toml was changed by somebody who does not hold the key; nothing was changed",
                info.name
            ))
            .hint("see with 'git log -p -- .shroud' who changed it, and restore it"));
        }
        let generation_before =
            opened.infos.get(&entry.name).is_some_and(|info| entry.generation < info.generation);
        if sealed.proven.contains(id) || described(id) || generation_before {
            continue;
        }
        let foreign = opened.infos.get(&entry.name).map(|info| info.id);
        let other = foreign.or_else(|| sealed.others.iter().next().copied());
        if let Some(other) = other {
            return Err(CommandError::wrong(format!(
                "this key does not belong here: '{}' has the id {id}, and files here are sealed with {other}",
                entry.name
            ))
            .hint("nothing was changed; ask for the key file of this very repository"));
        }
        context.ui.detail(format!("no file here is sealed with key '{}' yet", entry.name));
    }
    Ok(())
}

/// Remembers which keys need not be exported before they are given up.
pub(super) fn remember_copied(opened: &Opened, ids: impl IntoIterator<Item = KeyId>) -> Outcome {
    local::remember_copied(opened.repository.common_dir(), ids)
        .context(|| "the list of copied keys".to_owned())
}

fn no_key(opened: &Opened) -> CommandError {
    let names = opened.key_names();
    let locked = if names.is_empty() {
        CommandError::wrong("no key was given, and none is held here")
    } else {
        CommandError::wrong(format!(
            "no key was given, and none is held here (keys of this repository: {names})"
        ))
    };
    locked
        .hint("git shroud unlock KEYFILE, with a file that a colleague made with 'git shroud key export'")
        .hint("in CI, set GIT_SHROUD_KEY to the file's text or GIT_SHROUD_KEYRING to its path")
}

/// Opens the files of every worktree.
fn open_all(context: &Context, opened: &Opened) -> Outcome {
    let mut all = Report::default();
    for worktree in opened.repository.all_worktrees()? {
        all.absorb(open_worktree(&worktree, &opened.keyring)?);
    }
    if all.written > 0 {
        context.ui.status(format!("opened {}", count(all.written, "file")));
    }
    for (id, files) in &all.still_sealed {
        let info = opened.infos.values().find(|info| info.id == *id);
        let name = info.map_or_else(
            || format!("an unknown key (id {id})"),
            |info| format!("key '{}'", info.name),
        );
        context.ui.status(format!(
            "left {} sealed with {name}, which is not held here",
            count(*files, "file")
        ));
    }
    if all.in_the_clear > 0 {
        context.ui.warning(format!(
            "the repository holds {} in the clear",
            count(all.in_the_clear, "tracked file")
        ));
        context.ui.hint("'git shroud status' names them, 'git shroud status --fix' seals them");
    }
    report_left(context, &all)
}

/// Says what was left as it is; damaged and unreadable files make the command fail, changed ones do not.
pub(super) fn report_left(context: &Context, report: &Report) -> Outcome {
    let changed =
        report.left.iter().filter(|(_, left)| matches!(left, Left::Changed)).count() as u64;
    if changed > 0 {
        context
            .ui
            .status(format!("left {} with local changes as they are", count(changed, "file")));
    }
    if !report.unmerged.is_empty() {
        context.ui.status("left files with a merge conflict as they are");
    }
    let mut failed = 0;
    for (path, left) in report.left.iter().filter(|(_, left)| !matches!(left, Left::Changed)) {
        context.ui.warning(format!("{}: {left}", show(path)));
        failed += 1;
    }
    if failed > 0 {
        return Err(CommandError::incomplete(format!(
            "{} could not be opened or sealed",
            count(failed, "file")
        ))
        .hint("run the command again once the cause is gone"));
    }
    Ok(())
}
