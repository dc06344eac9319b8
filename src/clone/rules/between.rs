//! Paths that move between git-crypt's keys and this program's, or from one of git-crypt's to another: anybody who can push can
//! write the attribute.

use std::io::Read;

use gix::ObjectId;

use super::indexed::blobs_at;
use crate::clone::taken_over::taken_over;
use crate::filter::Crossing;
use crate::format::{self, HEADER_LEN, Sniff};
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::git_crypt::{HeldKeys, KeyVersion, Name, Nonce, is_encrypted, open_stream};
use crate::keyring::Keyring;
use crate::secret::WipedVec;
use crate::store::confirmed::KeyOf;
use crate::store::shroud_dir::KeyInfo;
use crate::values::{self, Ciphers};

/// A blob of the index, opened with a held key.
struct Opened {
    key: KeyOf,
    /// The blob and its plaintext, where it is not too large to be kept.
    texts: Option<(Vec<u8>, WipedVec)>,
}

impl Opened {
    /// A path with this content leaves the key.
    fn crossing(self, plaintext: &mut dyn Read) -> Crossing {
        match self.texts {
            Some((blob, opened)) if is_same(&opened, plaintext) => Crossing::Unchanged(blob),
            _ => Crossing::Changed(self.key),
        }
    }
}

/// Compares in constant memory. What cannot be read is another.
fn is_same(mut wanted: &[u8], content: &mut dyn Read) -> bool {
    let mut piece = WipedVec::zeroed(1 << 16);
    loop {
        match content.read(&mut piece) {
            Ok(0) => return wanted.is_empty(),
            Ok(read) => match wanted.strip_prefix(&piece[..read]) {
                Some(rest) => wanted = rest,
                None => return false,
            },
            Err(_) => return false,
        }
    }
}

/// As [`sealed_elsewhere`], with what becomes of this content. What cannot be read is sealed with none.
pub(super) fn leaves_for_git_crypt(
    repository: &Repository,
    own: &Keyring,
    held: &HeldKeys,
    path: &[u8],
    name: &Name,
    plaintext: &mut dyn Read,
) -> Option<Crossing> {
    find_other(repository, own, held, path, name).map(|found| found.crossing(plaintext))
}

/// The held key that seals what the index has at a path, where it is not the git-crypt key of this name.
pub fn sealed_elsewhere(
    repository: &Repository,
    own: &Keyring,
    held: &HeldKeys,
    path: &[u8],
    name: &Name,
) -> Option<KeyOf> {
    find_other(repository, own, held, path, name).map(|found| found.key)
}

fn find_other(
    repository: &Repository,
    own: &Keyring,
    held: &HeldKeys,
    path: &[u8],
    name: &Name,
) -> Option<Opened> {
    blobs_at(repository, path).into_iter().find_map(|id| {
        let start = objects::read_start(repository, id).ok()??;
        if is_encrypted(&start) {
            let (other, _, texts) = open_git_crypt(repository, held, Some(name), id)?;
            return (other != name).then(|| Opened { key: KeyOf::GitCrypt(other.clone()), texts });
        }
        open_own(repository, own, id, &start)
    })
}

/// As [`sealed_by_git_crypt`], with what becomes of this content. What cannot be read is sealed with none.
pub(super) fn leaves_git_crypt<'k>(
    repository: &Repository,
    own: &Keyring,
    held: impl FnOnce() -> &'k HeldKeys,
    path: &[u8],
    info: Option<&KeyInfo>,
    plaintext: &mut dyn Read,
) -> Option<Crossing> {
    let found = find_git_crypt(repository, own, held, path, info);
    found.map(|found| found.crossing(plaintext))
}

/// The git-crypt key that seals what the index has at a path, where it is held, and `info` has not taken it over.
pub fn sealed_by_git_crypt(
    repository: &Repository,
    own: &Keyring,
    held: &HeldKeys,
    path: &[u8],
    info: Option<&KeyInfo>,
) -> Option<KeyOf> {
    find_git_crypt(repository, own, || held, path, info).map(|found| found.key)
}

fn find_git_crypt<'k>(
    repository: &Repository,
    own: &Keyring,
    held: impl FnOnce() -> &'k HeldKeys,
    path: &[u8],
    info: Option<&KeyInfo>,
) -> Option<Opened> {
    let encrypted = |id: &ObjectId| matches!(objects::read_start(repository, *id), Ok(Some(start)) if is_encrypted(&start));
    let id = blobs_at(repository, path).into_iter().find(encrypted)?;
    let (name, key, texts) = open_git_crypt(repository, held(), None, id)?;
    let succeeds = |info: &KeyInfo| {
        let entry = own.by_id(info.id).filter(|entry| info.is_authentic(&entry.key))?;
        let retired = taken_over(info, &entry.key).ok()?;
        Some(retired.versions_for(None).any(|(_, taken)| taken.same_as(key)))
    };
    if info.and_then(succeeds) == Some(true) {
        return None;
    }
    Some(Opened { key: KeyOf::GitCrypt(name.clone()), texts })
}

/// The git-crypt key that opens a blob, that of this name first.
#[allow(clippy::type_complexity)]
fn open_git_crypt<'k>(
    repository: &Repository,
    held: &'k HeldKeys,
    name: Option<&Name>,
    id: ObjectId,
) -> Option<(&'k Name, &'k KeyVersion, Option<(Vec<u8>, WipedVec)>)> {
    match objects::read(repository, id).ok()? {
        Blob::Missing => None,
        Blob::Memory(blob) => {
            let (name, key, plaintext) = held.open(name, &blob).ok()?;
            Some((name, key, Some((blob, plaintext))))
        }
        Blob::Large => {
            let opens = |key: &KeyVersion| {
                objects::stream(repository, id, |blob| {
                    let mut start = [0; crate::git_crypt::HEADER_LEN];
                    blob.read_exact(&mut start).ok()?;
                    open_stream(key, &Nonce::read(&start).ok()?, blob, std::io::sink()).ok()
                })
            };
            let (name, key) =
                held.versions_for(name).find(|(_, key)| matches!(opens(key), Ok(Some(_))))?;
            Some((name, key, None))
        }
    }
}

/// What this program has sealed with a key that is held.
fn open_own(repository: &Repository, own: &Keyring, id: ObjectId, start: &[u8]) -> Option<Opened> {
    let key_id = match format::sniff(start) {
        Sniff::Sealed(key_id) => key_id,
        Sniff::NotSealed => return open_values(repository, own, id),
        _ => return None,
    };
    let entry = own.by_id(key_id)?;
    let texts = match objects::read(repository, id).ok()? {
        Blob::Memory(blob) => {
            let header = format::Header::parse(start).ok()?;
            let mut plaintext = WipedVec::with_capacity(blob.len());
            let body = &blob[HEADER_LEN.min(blob.len())..];
            let opened = format::open_stream(&entry.key, &header, body, &mut *plaintext);
            opened.ok().map(|_| (blob, plaintext))
        }
        Blob::Large | Blob::Missing => None,
    };
    Some(Opened { key: KeyOf::Own(entry.name.clone()), texts })
}

/// What this program has sealed by value, with keys that are held.
fn open_values(repository: &Repository, own: &Keyring, id: ObjectId) -> Option<Opened> {
    let Blob::Memory(blob) = objects::read(repository, id).ok()? else { return None };
    match values::open(None, &blob, &mut Ciphers::new(own)).ok()? {
        values::Opened::Plaintext { bytes, keys, .. } => {
            let entry = keys.into_iter().find_map(|id| own.by_id(id))?;
            Some(Opened { key: KeyOf::Own(entry.name.clone()), texts: Some((blob, bytes)) })
        }
        _ => None,
    }
}
