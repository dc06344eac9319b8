//! What a file of an environment holds, and whether that came from somebody who holds its key.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::Moves;
use crate::clone::{CloneError, OpenClone};
use crate::config_format::Format;
use crate::environments::environment::Content;
use crate::format::{self, KeyId, OpenError, Sniff};
use crate::fs::read_regular;
use crate::git::GitError;
use crate::git::attributes::PathAttributes;
use crate::git::database::Database;
use crate::git::worktree::Entries;
use crate::git_crypt::is_encrypted;
use crate::secret::WipedVec;
use crate::store::confirmed::KeyOf;
use crate::store::environments::Seal;
use crate::values::{self, Ciphers, Look, Mode, OpenValuesError, Opened};

/// Bytes of the longest file that is read; the plaintext of a configuration file has at most 4 MiB.
const MAX_FILE: usize = 6 << 20;

/// What protects a file, or why its values are not to be taken: what git has of it was not sealed with the key that its
/// attribute names, so anybody who can push may have written it.
pub(super) enum Protection {
    Seal(Seal),
    Not(String),
}

/// What protects a file by its line in the attributes; where no key is named in it, nothing does.
pub(super) fn by_attributes(attributes: &PathAttributes) -> Seal {
    match (&attributes.git_crypt, &attributes.key) {
        (Some(Ok(name)), _) => Seal::By(KeyOf::GitCrypt(name.clone())),
        (None, Ok(name)) if attributes.sealed => Seal::By(KeyOf::Own(name.clone())),
        _ => Seal::Open,
    }
}

/// What protects a file by its line and by what git has of it.
pub(super) fn protection(
    opened: &OpenClone,
    database: &Database<'_>,
    index: &Entries,
    attributes: &PathAttributes,
    (moves, environment, path): (&Moves<'_>, &str, &str),
) -> Result<Protection, GitError> {
    let by_attributes = by_attributes(attributes);
    let not = |why: &str| Ok(Protection::Not(why.to_owned()));
    if attributes.is_encrypted()
        && index.unmerged.iter().any(|unmerged| unmerged == path.as_bytes())
    {
        return not("the file has a conflict; resolve it, and 'git add' it");
    }
    let at = index.files.binary_search_by(|entry| entry.path.as_slice().cmp(path.as_bytes()));
    let entry = at.ok().map(|at| &index.files[at]).filter(|entry| !entry.intended);
    let Some(entry) = entry else { return Ok(Protection::Seal(by_attributes)) };
    // What is longer is not read either.
    let blob = match database.header(entry.id)? {
        Some((_, len)) if len > MAX_FILE as u64 => return Ok(Protection::Seal(by_attributes)),
        Some(_) => database.file(entry.id, MAX_FILE as u64)?,
        None => None,
    };
    let Some(blob) = blob else {
        if !attributes.is_encrypted() {
            return Ok(Protection::Seal(by_attributes));
        }
        return not("git's object for the file is not in this clone");
    };
    let sniff = match is_encrypted(&blob) {
        true => Sniff::GitCrypt,
        false => by_value(format::sniff(&blob), attributes, path, &blob),
    };
    // A line that is gone makes nobody the author of what was sealed before.
    if !attributes.is_encrypted() {
        let held = match sniff {
            Sniff::Sealed(id) => opened.keyring.by_id(id),
            _ => None,
        };
        return Ok(Protection::Seal(
            held.map_or(by_attributes, |held| Seal::By(KeyOf::Own(held.name.clone()))),
        ));
    }
    let id = match (sniff, attributes.sealed) {
        (Sniff::Sealed(id), true) => id,
        (Sniff::GitCrypt, false) => {
            let held = opened.git_crypt.open(None, &blob).ok();
            let held = held.map(|(name, ..)| Seal::By(KeyOf::GitCrypt(name.clone())));
            let held = held.unwrap_or_else(|| by_attributes.clone());
            return match (&by_attributes, &held) {
                (Seal::By(next), Seal::By(key))
                    if held != by_attributes
                        && !moves.is_on_its_way(environment, path, &held, next) =>
                {
                    not(&format!(
                        "git stores it encrypted with {key}, but its attribute names {next}; see who changed it: git log -p -- .gitattributes"
                    ))
                }
                _ => Ok(Protection::Seal(held)),
            };
        }
        (Sniff::Empty, _) => return Ok(Protection::Seal(by_attributes)),
        (Sniff::Truncated | Sniff::UnsupportedVersion(_), true) => {
            return Ok(Protection::Seal(by_attributes));
        }
        (Sniff::NotSealed, _) => {
            return not(
                "git stores its plaintext, although its attribute seals it, so anybody may have written it; check who did, then run 'git shroud status --fix'",
            );
        }
        (_, true) => {
            return not(
                "git stores it encrypted by git-crypt, another program than its attribute says",
            );
        }
        (_, false) => {
            return not(
                "git stores it encrypted by git-shroud, another program than its attribute says",
            );
        }
    };
    let Ok(name) = &attributes.key else { return not("its attribute names no key") };
    // What nobody here can open is locked.
    let Some(held) = opened.keyring.by_id(id) else { return Ok(Protection::Seal(by_attributes)) };
    if opened.keyring.of_other_name(id, name).is_some() {
        let seal = Seal::By(KeyOf::Own(held.name.clone()));
        if moves.is_on_its_way(environment, path, &seal, &KeyOf::Own(name.clone())) {
            return Ok(Protection::Seal(seal));
        }
        return not(&format!(
            "git stores it sealed with the key '{}', but its attribute names '{name}'; see who changed it: git log -p -- .gitattributes",
            held.name
        ));
    }
    let described = opened.roster.infos.get(name).map(|info| info.generation);
    Ok(match described.filter(|described| held.name == *name && held.generation < *described) {
        Some(described) => Protection::Not(format!(
            "git stores it sealed with generation {} of the key '{name}', but the key was rotated to {described}; check who wrote it, then run 'git shroud status --fix'",
            held.generation
        )),
        None => Protection::Seal(Seal::By(KeyOf::Own(name.clone()))),
    })
}

/// A file whose values are sealed counts as sealed, with the key of the first that is held under another name, else of any. What is
/// exempt in it, anybody may have written.
fn by_value(sniff: Sniff, attributes: &PathAttributes, path: &str, blob: &[u8]) -> Sniff {
    if sniff != Sniff::NotSealed {
        return sniff;
    }
    let mode = Mode::of(attributes, path.as_bytes()).ok().flatten();
    let looked = match mode.filter(|_| attributes.sealed) {
        Some(mode) => Some(values::look(&mode, blob)),
        None => values::look_anyway(path.as_bytes(), blob),
    };
    match looked {
        Some(Look::Sealed { keys, .. }) if keys.is_empty() => Sniff::Empty,
        Some(Look::Sealed { keys, .. }) => {
            keys.into_keys().next().map_or(Sniff::NotSealed, Sniff::Sealed)
        }
        // It was sealed, and is no plaintext.
        Some(Look::Damaged(..)) => Sniff::Truncated,
        _ => Sniff::NotSealed,
    }
}

/// Reads a file, and opens it if it is sealed. `format` is the one in which it is read then, if it is no secret as a whole.
pub(super) fn read(
    opened: &OpenClone,
    top: &Path,
    path: &str,
    format: Option<Format>,
) -> Result<Content, CloneError> {
    let native = OpenClone::native(path.as_bytes())?;
    let mut bytes = match read_regular(&top.join(native), MAX_FILE) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            return Ok(Content::Unreadable("the file is larger than 4 MiB".to_owned()));
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            return Ok(Content::Unreadable("it is not a regular file".to_owned()));
        }
        Err(error) => {
            return Ok(Content::Unreadable(format!("the file cannot be read: {}", error.kind())));
        }
    };
    let mut content = WipedVec::default();
    std::mem::swap(&mut *content, &mut *bytes);
    Ok(open(opened, format, content))
}

/// Opens what is sealed. Sealed values open in the format that the file is read in: one that opens in another could bring names of its own.
pub fn open(opened: &OpenClone, format: Option<Format>, bytes: WipedVec) -> Content {
    if is_encrypted(&bytes) {
        return match opened.git_crypt.open(None, &bytes) {
            Ok((.., bytes)) => Content::Open(bytes),
            Err(_) if opened.git_crypt.is_empty() => Content::Locked("of git-crypt".to_owned()),
            Err(error) => Content::Unreadable(error.to_string()),
        };
    }
    let damaged = |error: OpenError| Content::Unreadable(error.to_string());
    let open_values = || {
        let meant = format.filter(|format| values::FORMATS.contains(format));
        values::open_in(meant, None, &bytes, &mut Ciphers::new(&opened.keyring))
    };
    match format::sniff(&bytes) {
        Sniff::Sealed(id) => {
            match format::open(|id| opened.keyring.by_id(id).map(|entry| &entry.key), &bytes) {
                Ok(bytes) => Content::Open(bytes),
                Err(OpenError::UnknownKey(_)) => Content::Locked(locked(opened, id)),
                Err(error) => damaged(error),
            }
        }
        Sniff::Truncated => damaged(OpenError::Truncated),
        Sniff::UnsupportedVersion(version) => damaged(OpenError::UnsupportedVersion(version)),
        Sniff::NotSealed => match open_values() {
            Ok(Opened::Plaintext { bytes, .. }) => Content::Open(bytes),
            Ok(Opened::Locked(id)) => Content::LockedValues(locked(opened, id), bytes),
            Err(error @ OpenValuesError::Token(..)) => {
                Content::DamagedValues(error.to_string(), bytes)
            }
            Ok(Opened::NoTokens) | Err(_) => Content::Open(bytes),
        },
        Sniff::Empty | Sniff::GitCrypt => Content::Open(bytes),
    }
}

/// Names of values that are stored as plaintext, though the file is sealed: by value, and their names are exempt.
pub(super) fn exempt(
    attributes: &PathAttributes,
    path: &str,
    content: &Content,
) -> BTreeSet<String> {
    let mode = Mode::of(attributes, path.as_bytes()).ok().flatten().filter(|_| attributes.sealed);
    let (Some(mode), Content::Open(bytes) | Content::LockedValues(_, bytes)) = (mode, content)
    else {
        return BTreeSet::new();
    };
    let Some(format) = mode.format.filter(|_| !mode.clear.patterns().is_empty()) else {
        return BTreeSet::new();
    };
    // One that does not read is sealed whole.
    let readable = values::readable((format, &mode.clear), bytes);
    let parts = readable.into_iter().flat_map(|readable| readable.parts);
    parts.filter_map(|(_, named)| Some(named?.name)).collect()
}

/// Which key is missing, for people.
fn locked(opened: &OpenClone, id: KeyId) -> String {
    match opened.known().identify(id) {
        Some((name, generation)) => format!("'{name}' generation {generation}"),
        None => format!("with id {id}"),
    }
}
