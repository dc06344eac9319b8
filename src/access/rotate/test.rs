//! The third step: what was staged is opened again before anything is published.

use std::collections::BTreeMap;
use std::io::Read;

use super::RotateError;
use super::journal::{Journal, Replaced};
use crate::format::{self, HEADER_LEN, Header, Siv, Sniff};
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::git::worktree::Entries;
use crate::keyring::Keyring;
use crate::store::shroud_dir::{File, Member};

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
    let sealed_with = |start: &[u8]| match format::sniff(start) {
        Sniff::Sealed(id) => keyring.by_id(id),
        _ => None,
    };
    let new =
        content(repository, replaced.new, |start, _| sealed_with(start).map(|held| &held.key))?;
    let Some(key) = new else {
        return match content(repository, replaced.new, |start, _| start.is_empty())? {
            true => Ok(()),
            false => Err("it is not sealed with a key that is held".to_owned()),
        };
    };
    let siv = |id| -> Result<Siv, String> {
        content(repository, id, |start, rest| {
            let mut siv = key.siv();
            match sealed_with(start) {
                Some(held) => {
                    let header = Header::parse(start).map_err(|error| error.to_string())?;
                    format::open_stream(&held.key, &header, rest, &mut siv)
                        .map_err(|error| error.to_string())?;
                }
                None => {
                    siv.update(start);
                    std::io::copy(rest, &mut siv).map_err(|error| error.to_string())?;
                }
            }
            Ok(siv.finish())
        })?
    };
    let (old, new) = (siv(replaced.old)?, siv(replaced.new)?);
    if old.matches(&new) { Ok(()) } else { Err("it opens to another plaintext".to_owned()) }
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
