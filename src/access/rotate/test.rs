//! The third step: what was staged is opened again before anything is published.

use std::collections::BTreeMap;
use std::io::{Read, Write as _};

use super::RotateError;
use super::journal::{Journal, Replaced};
use crate::format::{self, HEADER_LEN, Header, Siv, Sniff};
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::git::worktree::Entries;
use crate::keyring::Keyring;
use crate::secret::WipedVec;
use crate::store::shroud_dir::{File, Member};
use crate::values::{self, Ciphers, OpenValuesError, Opened};

/// Every blob that was staged opens with a new key, to the plaintext of the one that it replaces; every member file is
/// sound and wraps the new key.
pub(super) fn test(
    repository: &Repository,
    keyring: &Keyring,
    journal: &Journal,
) -> Result<(), RotateError> {
    let failed = |place: String, why: String| RotateError::Test { place, why };
    let index: BTreeMap<_, _> =
        Entries::read_all(repository)?.files.into_iter().map(|file| (file.path, file.id)).collect();
    for replaced in journal.replaced()? {
        if index.get(&replaced.path) != Some(&replaced.new) {
            continue;
        }
        let path = crate::sanitise::path(&replaced.path);
        compare(repository, keyring, &replaced).map_err(|why| failed(path, why))?;
    }
    for file in journal.new_files()? {
        let File::Member(name, stem) = &file else { continue };
        let text = journal.file("new", &file)?.unwrap_or_default();
        let member = Member::parse(text.as_bytes(), name, stem)?;
        let sound = keyring.current(name).is_some_and(|entry| {
            member.generation == entry.generation && member.is_authentic(&entry.key)
        });
        if !sound {
            return Err(failed(file.path(), "it does not name the new key".to_owned()));
        }
    }
    Ok(())
}

/// Compares what both open to by their synthetic IVs under the new key: equal for equal plaintext only.
fn compare(repository: &Repository, keyring: &Keyring, replaced: &Replaced) -> Result<(), String> {
    let new = content(repository, replaced.new, |start, rest| {
        Ok::<_, String>(match format::sniff(start) {
            Sniff::Sealed(id) => keyring.by_id(id).map(|held| &held.key),
            Sniff::NotSealed => {
                let bytes = whole(start, rest)?;
                let mut named = values::named_keys(&bytes).into_iter();
                named.find_map(|id| keyring.by_id(id)).map(|held| &held.key)
            }
            _ => None,
        })
    })??;
    let Some(key) = new else {
        return match content(repository, replaced.new, |start, _| start.is_empty())? {
            true => Ok(()),
            false => Err("it is not sealed with a key that is held".to_owned()),
        };
    };
    let siv = |id| -> Result<Siv, String> {
        content(repository, id, |start, rest| {
            let mut siv = key.siv();
            let said = |error: &dyn std::fmt::Display| error.to_string();
            if let Sniff::Sealed(sealed_with) = format::sniff(start)
                && let Some(held) = keyring.by_id(sealed_with)
            {
                let header = Header::parse(start).map_err(|error| said(&error))?;
                format::open_stream(&held.key, &header, rest, &mut siv)
                    .map_err(|error| said(&error))?;
                return Ok(siv.finish());
            }
            let bytes = whole(start, rest)?;
            match values::open(None, &bytes, &mut Ciphers::new(keyring)) {
                Ok(Opened::Plaintext { bytes, .. }) => siv.update(&bytes),
                Ok(Opened::Locked(_)) => {
                    return Err("a value is sealed with another key".to_owned());
                }
                Err(error @ OpenValuesError::Token(..)) => return Err(said(&error)),
                Ok(Opened::NoTokens) | Err(_) => siv.update(&bytes),
            }
            Ok(siv.finish())
        })?
    };
    let (old, new) = (siv(replaced.old)?, siv(replaced.new)?);
    if old.matches(&new) { Ok(()) } else { Err("it opens to another plaintext".to_owned()) }
}

fn whole(start: &[u8], rest: &mut dyn Read) -> Result<WipedVec, String> {
    let mut bytes = WipedVec::default();
    bytes
        .write_all(start)
        .and_then(|()| std::io::copy(rest, &mut bytes))
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// Shows a blob: as much of its beginning as a header is long, and the rest.
fn content<T>(
    repository: &Repository,
    id: gix::ObjectId,
    see: impl FnOnce(&[u8], &mut dyn Read) -> T,
) -> Result<T, String> {
    let read = |blob: &mut dyn Read| {
        let mut start = Vec::new();
        let read = blob.take(HEADER_LEN as u64).read_to_end(&mut start);
        read.map(|_| see(&start, blob)).map_err(|error| error.to_string())
    };
    match objects::read(repository, id).map_err(|error| error.to_string())? {
        Blob::Memory(bytes) => read(&mut &bytes[..]),
        Blob::Large => objects::stream(repository, id, read).map_err(|error| error.to_string())?,
        Blob::Missing => Err("its blob is not here".to_owned()),
    }
}
