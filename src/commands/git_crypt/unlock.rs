//! Taking git-crypt's keys: from key files, and from what `.git-crypt/` holds for an OpenPGP key.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use gix::bstr::ByteSlice as _;

use super::super::unwrapping::IdentityArguments;
use super::super::{Context, Opened};
use crate::access::{Foreign, Identities, find_closed, find_names, find_opening, open_message};
use crate::error::{CommandError, Context as _, Outcome};
use crate::format::KeyId;
use crate::fs::read_bounded;
use crate::git::repository::Repository;
use crate::git_crypt::{KeyFile, KeyVersion, Name};
use crate::store::git_crypt::{self, StoreError, Wrapped};
use crate::store::local;
use crate::ui::prompt;

/// Bytes of attributes that are read to see whether they speak of git-crypt.
const MAX_ATTRIBUTES: usize = 1 << 20;

/// Adds key files that were given to those that are held, and keeps them where git-crypt looks for them.
pub(crate) fn take(
    context: &Context,
    opened: &mut Opened,
    given: Vec<(String, KeyFile)>,
    trusted: &[KeyId],
) -> Outcome {
    if !given.is_empty() {
        refuse_foreign(opened, &given, trusted)?;
    }
    let mut copied = BTreeSet::new();
    for (place, file) in given {
        copied.extend(file.versions().iter().map(KeyVersion::id));
        keep(context, opened, file, &place)?;
    }
    // Those that git-crypt itself has put into the folder of this worktree serve all worktrees from now on.
    let common_dir = opened.repository.common_dir();
    if opened.repository.gix.git_dir() != common_dir {
        for file in opened.git_crypt.files() {
            git_crypt::save(common_dir, file).context(|| "the git-crypt key".to_owned())?;
        }
    }
    if copied.is_empty() {
        return Ok(());
    }
    local::remember_copied(common_dir, copied).context(|| "the list of copied keys".to_owned())
}

/// Proves a key and keeps it.
fn keep(context: &Context, opened: &mut Opened, file: KeyFile, place: &str) -> Outcome {
    let name = file.name().clone();
    if find_opening(&opened.repository, &file)? == Foreign::Yes {
        return Err(CommandError::wrong(format!(
            "{place}: this git-crypt key opens no file here that its name, '{name}', encrypts"
        ))
        .hint("nothing was changed; ask for the key file of this very repository"));
    }
    let wrong = |source| StoreError::KeyFile { place: place.to_owned(), source };
    if !opened.git_crypt.insert(file).map_err(wrong)? {
        context.ui.status(format!("the git-crypt key '{name}' is held already"));
        return Ok(());
    }
    let file = opened.git_crypt.of(&name).expect("it was added");
    git_crypt::save(opened.repository.common_dir(), file)
        .context(|| "the git-crypt key".to_owned())?;
    context.ui.status(format!("took git-crypt key '{name}'"));
    Ok(())
}

/// Opens what `.git-crypt/` holds for the user's OpenPGP keys; returns a line for each key that stays locked.
pub(crate) fn unwrap(
    context: &Context,
    opened: &mut Opened,
    arguments: &IdentityArguments,
    trusted: &[KeyId],
) -> Outcome<Vec<String>> {
    let Some(folder) = state_dir(&opened.repository) else { return Ok(Vec::new()) };
    let wrapped = git_crypt::wrapped(&folder).context(|| "the git-crypt keys".to_owned())?;
    let mut by_name: BTreeMap<Name, Vec<Wrapped>> = BTreeMap::new();
    for wrapped in wrapped.into_iter().filter(|file| opened.git_crypt.of(&file.name).is_none()) {
        by_name.entry(wrapped.name.clone()).or_default().push(wrapped);
    }
    if by_name.is_empty() {
        return Ok(Vec::new());
    }
    let identities = arguments.gather_openpgp(context, &opened.repository)?;
    let mut locked = Vec::new();
    for (name, wrapped) in by_name {
        let mut tried = Vec::new();
        let file = open_versions(context, &identities, &wrapped, &mut tried);
        let Some(file) = file else {
            locked.push(describe_locked(&name, &wrapped, &tried));
            continue;
        };
        refuse_swapped(&opened.repository, &file, trusted)?;
        keep(context, opened, file, ".git-crypt")?;
    }
    Ok(locked)
}

/// Whoever can push can put a key of their own into `.git-crypt/`, and add a file that it opens.
fn refuse_swapped(repository: &Repository, file: &KeyFile, trusted: &[KeyId]) -> Outcome {
    let Some(id) = file.versions().iter().map(KeyVersion::id).next() else { return Ok(()) };
    if file.versions().iter().any(|key| trusted.contains(&key.id())) {
        return Ok(());
    }
    let trust = format!(
        "if a colleague tells you, not through this repository, that the id is right: git shroud unlock --trust-key {id}"
    );
    let Some(path) = find_closed(repository, file).map_err(|error| error.hint(trust.clone()))?
    else {
        return Ok(());
    };
    Err(CommandError::refused(format!(
        "the git-crypt key '{}' in .git-crypt (id {id}) does not open {}, so it was not taken: somebody may have swapped it",
        file.name(),
        crate::sanitise::path(&path)
    ))
    .hint("see who changed it: git log --stat -- .git-crypt")
    .hint(trust))
}

/// Refuses a key file in a repository where nothing speaks of git-crypt: it may be that of another.
fn refuse_foreign(opened: &Opened, files: &[(String, KeyFile)], trusted: &[KeyId]) -> Outcome {
    let repository = &opened.repository;
    let Some(top) = repository.worktree.as_deref() else { return Ok(()) };
    let attributes = read_bounded(&top.join(".gitattributes"), MAX_ATTRIBUTES).unwrap_or_default();
    if attributes.contains_str("filter=git-crypt")
        || state_dir(repository).is_some_and(|folder| folder.exists())
        || !find_names(repository)?.is_empty()
    {
        return Ok(());
    }
    let is_trusted = |file: &KeyFile| file.versions().iter().any(|key| trusted.contains(&key.id()));
    let Some((place, file)) = files.iter().find(|(_, file)| !is_trusted(file)) else {
        return Ok(());
    };
    let id = file.versions().iter().map(KeyVersion::id).next();
    let id = id.map(|id| id.to_string()).unwrap_or_default();
    Err(CommandError::refused(format!(
        "{place}: nothing in this repository is encrypted with git-crypt, so nothing shows that its key belongs here; nothing was changed"
    ))
    .hint("is this the right repository? 'git rev-parse --show-toplevel' names it")
    .hint(format!("to take it all the same, repeat the command with --trust-key {id}")))
}

/// Where git-crypt keeps what it shares; `None` where there is no worktree.
pub(super) fn state_dir(repository: &Repository) -> Option<PathBuf> {
    let top = repository.worktree.as_deref()?;
    let set = repository.gix.config_snapshot().string("git-crypt.repoStateDir");
    let set = set
        .and_then(|set| crate::repo_path::to_native(&set))
        .filter(|set| !set.as_os_str().is_empty());
    Some(top.join(set.unwrap_or_else(|| git_crypt::STATE_DIR.into())))
}

/// One key file of all versions that can be opened.
fn open_versions(
    context: &Context,
    identities: &Identities,
    wrapped: &[Wrapped],
    tried: &mut Vec<String>,
) -> Option<KeyFile> {
    let mut whole: Option<KeyFile> = None;
    let mut versions = BTreeSet::new();
    for file in wrapped {
        if versions.contains(&file.version) {
            continue;
        }
        let opened = match open_message(identities, &file.message, &mut prompt::ask) {
            None => continue,
            Some(Err(why)) => {
                tried.push(format!("tried {}: {why}", file.fingerprint));
                continue;
            }
            Some(Ok(opened)) => opened,
        };
        let parsed = KeyFile::parse_current(&opened)
            .map_err(|error| error.to_string())
            .and_then(|parsed| {
                let fits = *parsed.name() == file.name;
                let has = parsed.versions().iter().any(|key| key.version() == file.version);
                (fits && has).then_some(parsed).ok_or_else(|| "it holds another key".to_owned())
            })
            .and_then(|parsed| match whole.take() {
                None => Ok(parsed),
                Some(earlier) => earlier.joined(parsed).map_err(|error| error.to_string()),
            });
        match parsed {
            Ok(parsed) => {
                versions.insert(file.version);
                context.ui.detail(format!(
                    "opened git-crypt key '{}' by {}",
                    file.name, file.fingerprint
                ));
                whole = Some(parsed);
            }
            Err(why) => tried.push(format!("tried {}: {why}", file.fingerprint)),
        }
    }
    whole
}

fn describe_locked(name: &Name, wrapped: &[Wrapped], tried: &[String]) -> String {
    let users: BTreeSet<_> = wrapped.iter().map(|file| file.fingerprint.as_str()).collect();
    let users = users.into_iter().collect::<Vec<_>>().join(", ");
    let tried: String = tried.iter().map(|line| format!("\n  {line}")).collect();
    format!("git-crypt key '{name}' stays locked; it is encrypted to: {users}{tried}")
}
