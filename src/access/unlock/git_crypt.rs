//! Taking git-crypt's keys: from key files, and from what `.git-crypt/` holds for an OpenPGP key.

use std::collections::{BTreeMap, BTreeSet};

use gix::bstr::ByteSlice as _;

use super::UnlockError;
use super::git_crypt_head::find_closed;
use super::missing::IdentityArguments;
use super::unwrap::open_message;
use crate::clone::OpenClone;
use crate::error::Context as _;
use crate::format::KeyId;
use crate::fs::read_bounded;
use crate::git::last_changes::last_change;
use crate::git::repository::Repository;
use crate::git_crypt::{KeyFile, KeyVersion, Name};
use crate::progress::Progress;
use crate::recipient::Ask;
use crate::recipient::identities::Identities;
use crate::repo_path::from_native;
use crate::status::{Foreign, find_names, find_opening};
use crate::store::git_crypt::{self, StoreError, Wrapped, state_dir};
use crate::store::local;
use crate::store::seen_git_crypt::SeenGitCrypt;

/// Bytes of attributes that are read to see whether they speak of git-crypt.
const MAX_ATTRIBUTES: usize = 1 << 20;
/// Files that a key does not open and that are named.
const NAMED: usize = 5;
/// Where a key comes from that nobody has given by hand.
const IN_REPOSITORY: &str = ".git-crypt";

/// Adds key files that were given to those that are held, and keeps them where git-crypt looks for them.
pub(super) fn take(
    progress: &dyn Progress,
    opened: &mut OpenClone,
    given: Vec<(String, KeyFile)>,
    trusted: &[KeyId],
) -> Result<(), UnlockError> {
    if !given.is_empty() {
        refuse_foreign(opened, &given, trusted)?;
    }
    // Nothing is kept before all are proved.
    for (place, file) in &given {
        prove(opened, file, place, trusted)?;
    }
    let mut copied = BTreeSet::new();
    for (place, file) in given {
        copied.extend(file.versions().iter().map(KeyVersion::id));
        keep(progress, opened, file, &place)?;
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
    Ok(local::remember_copied(common_dir, copied)
        .context(|| "the list of copied keys".to_owned())?)
}

/// Refuses a key that does not open what its name encrypts here, or is another than was held here: anybody who can push can put
/// a key of their own into `.git-crypt/`, or have one handed to a colleague, and add a file that it opens.
fn prove(
    opened: &OpenClone,
    file: &KeyFile,
    place: &str,
    trusted: &[KeyId],
) -> Result<(), UnlockError> {
    let (repository, name, id) = (&opened.repository, file.name(), file.newest().id());
    let held = opened.git_crypt.of(name).map_or(&[][..], KeyFile::versions);
    if file.versions().iter().all(|key| held.iter().any(|held| held.same_as(key))) {
        return Ok(());
    }
    if find_opening(repository, file)? == Foreign::Yes {
        let (place, name) = (place.to_owned(), name.clone());
        return Err(UnlockError::OpensNothing { place, name });
    }
    if file.versions().iter().any(|key| trusted.contains(&key.id())) {
        return Ok(());
    }
    if let Some(other) = load_seen(repository)?.other_than(file) {
        let (place, name) = (place.to_owned(), name.clone());
        return Err(UnlockError::Differs { place, name, id, other });
    }
    let closed = find_closed(repository, file)
        .map_err(|source| UnlockError::Proof { id, source: Box::new(source) })?;
    if closed.is_empty() {
        return Ok(());
    }
    let (paths, more) = closed.split_at(closed.len().min(NAMED));
    let mut paths =
        paths.iter().map(|path| crate::sanitise::path(path)).collect::<Vec<_>>().join(", ");
    if !more.is_empty() {
        paths.push_str(&format!(" and {} more", more.len()));
    }
    let in_repository = place == IN_REPOSITORY;
    let (place, name) = (place.to_owned(), name.clone());
    Err(UnlockError::Closed { place, name, id, paths, in_repository })
}

/// Keeps a key that was proved.
fn keep(
    progress: &dyn Progress,
    opened: &mut OpenClone,
    file: KeyFile,
    place: &str,
) -> Result<(), UnlockError> {
    let name = file.name().clone();
    let wrong = |source| StoreError::KeyFile { place: place.to_owned(), source };
    if !opened.git_crypt.insert(file).map_err(wrong)? {
        progress.status(&format!("the git-crypt key '{name}' is held already"));
        return Ok(());
    }
    let file = opened.git_crypt.of(&name).expect("it was added");
    git_crypt::save(opened.repository.common_dir(), file)
        .context(|| "the git-crypt key".to_owned())?;
    progress.status(&format!("took git-crypt key '{name}'"));
    Ok(())
}

fn load_seen(repository: &Repository) -> Result<SeenGitCrypt, UnlockError> {
    Ok(SeenGitCrypt::load(repository.common_dir())
        .context(|| "the list of seen keys".to_owned())?)
}

/// Whether this clone has never held a key, of either program.
pub(super) fn is_fresh(opened: &OpenClone) -> Result<bool, UnlockError> {
    let nothing_held = opened.keyring.is_empty() && opened.git_crypt.is_empty();
    Ok(nothing_held
        && load_seen(&opened.repository)?.is_empty()
        && crate::access::given::load_seen(&opened.repository)?.is_empty())
}

/// What the user has confirmed.
pub(super) struct Allowed<'a> {
    /// Ids that were compared with a colleague.
    pub(super) ids: &'a [KeyId],
    /// Names of keys that are new to this clone.
    pub(super) names: &'a [String],
    /// Whether all names are, as the clone has never held a key.
    pub(super) is_fresh: bool,
}

/// Opens what `.git-crypt/` holds for the user's OpenPGP keys; returns a line for each key that stays locked.
pub(super) fn unwrap(
    progress: &dyn Progress,
    opened: &mut OpenClone,
    arguments: &IdentityArguments,
    allowed: &Allowed<'_>,
    ask: Ask<'_>,
) -> Result<Vec<String>, UnlockError> {
    let Some(folder) = state_dir(&opened.repository) else { return Ok(Vec::new()) };
    let wrapped = git_crypt::wrapped(&folder).context(|| "the git-crypt keys".to_owned())?;
    let mut by_name: BTreeMap<Name, Vec<Wrapped>> = BTreeMap::new();
    for wrapped in wrapped.into_iter().filter(|file| opened.git_crypt.of(&file.name).is_none()) {
        by_name.entry(wrapped.name.clone()).or_default().push(wrapped);
    }
    if by_name.is_empty() {
        return Ok(Vec::new());
    }
    let identities = arguments.gather_openpgp(progress, &opened.repository)?;
    let seen = load_seen(&opened.repository)?;
    let mut locked = Vec::new();
    for (name, wrapped) in by_name {
        let mut tried = Vec::new();
        let file = open_versions(progress, &identities, &wrapped, &mut tried, ask);
        let Some(file) = file else {
            locked.push(describe_locked(&name, &wrapped, &tried));
            continue;
        };
        let is_trusted = file.versions().iter().any(|key| allowed.ids.contains(&key.id()));
        let is_named = allowed.names.iter().any(|allowed| allowed == name.as_str());
        if !(allowed.is_fresh || is_trusted || is_named || seen.knows(&name)) {
            say_new(progress, opened, &file, &wrapped)?;
            continue;
        }
        prove(opened, &file, IN_REPOSITORY, allowed.ids)?;
        keep(progress, opened, file, IN_REPOSITORY)?;
    }
    Ok(locked)
}

/// A key of a name that this clone has never seen: a second one of the team, or a key of anybody who can push.
fn say_new(
    progress: &dyn Progress,
    opened: &OpenClone,
    file: &KeyFile,
    wrapped: &[Wrapped],
) -> Result<(), UnlockError> {
    let (name, id) = (file.name(), file.newest().id());
    let folder = state_dir(&opened.repository).unwrap_or_default().join("keys").join(name.as_str());
    let folder =
        opened.repository.worktree.as_deref().and_then(|top| folder.strip_prefix(top).ok());
    let folder = folder.and_then(from_native).unwrap_or_default();
    let by = match String::from_utf8(folder.clone()) {
        Ok(path) => last_change(&opened.repository, &path)?,
        Err(_) => None,
    };
    let by = by.unwrap_or_else(|| "not committed yet".to_owned());
    let users: BTreeSet<_> = wrapped.iter().map(|file| file.fingerprint.as_str()).collect();
    progress.warning(&format!(
        "the git-crypt key '{name}' (id {id}) is new to this clone, so it was not taken; it is encrypted to {} ({}: {by})",
        users.into_iter().collect::<Vec<_>>().join(", "),
        crate::sanitise::path(&folder)
    ));
    progress.hint(&format!("if your team made it: git shroud unlock --new-key {name}"));
    Ok(())
}

/// The names of the keys that `.git-crypt/` holds, whoever they are for.
pub(super) fn shared_names(repository: &Repository) -> Result<BTreeSet<Name>, UnlockError> {
    let Some(folder) = state_dir(repository) else { return Ok(BTreeSet::new()) };
    let wrapped = git_crypt::wrapped(&folder).context(|| "the git-crypt keys".to_owned())?;
    Ok(wrapped.into_iter().map(|file| file.name).collect())
}

/// Refuses a key file in a repository where nothing speaks of git-crypt: it may be that of another.
fn refuse_foreign(
    opened: &OpenClone,
    files: &[(String, KeyFile)],
    trusted: &[KeyId],
) -> Result<(), UnlockError> {
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
    Err(UnlockError::Foreign { place: place.clone(), id })
}

/// One key file of all versions that can be opened.
fn open_versions(
    progress: &dyn Progress,
    identities: &Identities,
    wrapped: &[Wrapped],
    tried: &mut Vec<String>,
    ask: Ask<'_>,
) -> Option<KeyFile> {
    let mut whole: Option<KeyFile> = None;
    let mut versions = BTreeSet::new();
    for file in wrapped {
        if versions.contains(&file.version) {
            continue;
        }
        let opened = match open_message(identities, &file.message, ask) {
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
                progress.detail(&format!(
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
