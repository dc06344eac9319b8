//! What a file of an environment holds, and whether that came from somebody who holds its key.

use std::io;
use std::path::Path;

use super::super::Opened;
use super::show;
use crate::config_repo::SCHEMA_FILE;
use crate::config_repo::environment::Content;
use crate::error::{CommandError, Outcome};
use crate::format::{self, OpenError, Sniff};
use crate::fs::read_regular;
use crate::git::attributes::PathAttributes;
use crate::git::database::Database;
use crate::git::worktree::Entries;
use crate::git_crypt::is_encrypted;
use crate::keyring::KeyName;
use crate::repo_path;
use crate::secret::WipedVec;

/// Bytes of the longest file that is read; a configuration file in the clear has at most 4 MiB.
const MAX_FILE: usize = 6 << 20;

/// Why the values of a file that should be sealed should not be taken: what git has of it was not sealed with the key that its
/// attribute names, so anybody who can push may have written it. `None` where it was, and where git has nothing of it.
pub(super) fn not_confirmed(
    opened: &Opened,
    database: &Database<'_>,
    index: &Entries,
    attributes: &PathAttributes,
    (environment, path): (&str, &str),
) -> Outcome<Option<String>> {
    if !attributes.is_encrypted() {
        return Ok(None);
    }
    // Anybody who holds a lesser key could move the file under it, by its line or by the schema.
    let own =
        environment.parse().ok().filter(|name: &KeyName| opened.keyring.names().contains(name));
    if let (Some(own), Ok(key), true) = (own, &attributes.key, attributes.sealed)
        && *key != own
    {
        return Ok(Some(format!(
            "the key '{key}' seals it, although this clone holds a key '{own}', the name of the environment; see who changed that: git log -p -- .gitattributes {SCHEMA_FILE}"
        )));
    }
    if index.unmerged.iter().any(|unmerged| unmerged == path.as_bytes()) {
        return Ok(Some("the file has a conflict; resolve it, and 'git add' it".to_owned()));
    }
    let at = index.files.binary_search_by(|entry| entry.path.as_slice().cmp(path.as_bytes()));
    let entry = at.ok().map(|at| &index.files[at]).filter(|entry| !entry.intended);
    let Some(entry) = entry else { return Ok(None) };
    // What is longer is not read either.
    let blob = match database.header(entry.id)? {
        Some((_, len)) if len > MAX_FILE as u64 => return Ok(None),
        Some(_) => database.file(entry.id, MAX_FILE as u64)?,
        None => None,
    };
    let Some(blob) = blob else {
        return Ok(Some("git's object for the file is not in this clone".to_owned()));
    };
    let sniff = match is_encrypted(&blob) {
        true => Sniff::GitCrypt,
        false => format::sniff(&blob),
    };
    Ok(match (sniff, attributes.sealed) {
        (Sniff::Empty, _) | (Sniff::GitCrypt, false) => None,
        (Sniff::Sealed(id), true) => {
            let Ok(name) = &attributes.key else {
                return Ok(Some("its attribute names no key".to_owned()));
            };
            let held = opened.keyring.by_id(id);
            match held {
                Some(held) if held.name != *name => Some(format!(
                    "git stores it sealed with the key '{}', but its attribute names '{name}'; see who changed it: git log -p -- .gitattributes",
                    held.name
                )),
                Some(held) => opened
                    .roster
                    .infos
                    .get(name)
                    .filter(|info| held.generation < info.generation)
                    .map(|info| {
                        format!(
                            "git stores it sealed with generation {} of the key '{name}', but the key was rotated to {}; check who wrote it, then run 'git shroud status --fix'",
                            held.generation, info.generation
                        )
                    }),
                // Nobody here can open it.
                None => None,
            }
        }
        (Sniff::Truncated | Sniff::UnsupportedVersion(_), true) => None,
        (Sniff::NotSealed, _) => Some(
            "git stores its plaintext, although its attribute seals it, so anybody may have written it; check who did, then run 'git shroud status --fix'"
                .to_owned(),
        ),
        (_, sealed) => Some(format!(
            "git stores it encrypted by {} program than its attribute says",
            if sealed { "git-crypt, another" } else { "git-shroud, another" }
        )),
    })
}

/// Reads a file, and opens it if it is sealed.
pub(super) fn read(opened: &Opened, top: &Path, path: &str) -> Outcome<Content> {
    let native = repo_path::to_native(path.as_bytes());
    let native =
        native.ok_or_else(|| CommandError::wrong(format!("{}: no such name", show(path))))?;
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
    open(opened, content)
}

/// Opens what is sealed.
pub(super) fn open(opened: &Opened, bytes: WipedVec) -> Outcome<Content> {
    if is_encrypted(&bytes) {
        return Ok(match opened.git_crypt.open(None, &bytes) {
            Ok((.., bytes)) => Content::Open(bytes),
            Err(_) if opened.git_crypt.is_empty() => Content::Locked("of git-crypt".to_owned()),
            Err(error) => Content::Unreadable(error.to_string()),
        });
    }
    let damaged = |error: OpenError| Content::Unreadable(error.to_string());
    Ok(match format::sniff(&bytes) {
        Sniff::Sealed(id) => {
            match format::open(|id| opened.keyring.by_id(id).map(|entry| &entry.key), &bytes) {
                Ok(bytes) => Content::Open(bytes),
                Err(OpenError::UnknownKey(_)) => {
                    Content::Locked(match opened.known().identify(id) {
                        Some((name, generation)) => format!("'{name}' generation {generation}"),
                        None => format!("with id {id}"),
                    })
                }
                Err(error) => damaged(error),
            }
        }
        Sniff::Truncated => damaged(OpenError::Truncated),
        Sniff::UnsupportedVersion(version) => damaged(OpenError::UnsupportedVersion(version)),
        Sniff::Empty | Sniff::NotSealed | Sniff::GitCrypt => Content::Open(bytes),
    })
}
