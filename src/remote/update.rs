//! One change of a store: a manifest on top of the one that was fetched, and all files that it names.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::RemoteError;
use super::envelope;
use super::manifest::{FileDigest, Manifest, digest};
use super::members::StoreMembers;
use super::mirror::{Mirror, Pushed};
use super::pin::Pin;
use super::store::{Remote, State, format_line};
use crate::format::{self, Layout};
use crate::keyring::{Entry, Keyring, retired_text};

/// How often a push is tried again that somebody else was faster than.
pub const TRIES: u32 = 8;

/// What came of one try.
pub enum Tried {
    /// The host has it, and it is pinned.
    Done,
    /// Somebody else was faster: ask the host, and try again.
    Overtaken,
}

/// A change that is ready to be pushed.
pub struct Update<'r> {
    remote: &'r Remote,
    commit: String,
    parent: Option<String>,
    pin: Pin,
}

/// Seals a text into the mirror: its blob and its digest.
pub(super) fn seal(
    mirror: &Mirror,
    entry: &Entry,
    text: &[u8],
) -> Result<(String, FileDigest), RemoteError> {
    let sealed = format::seal(&entry.key, Layout::default(), text);
    let blob = mirror.write(|sink| Ok(sink.write_all(&sealed)?))?;
    Ok((blob, digest(&sealed)))
}

/// The parts of a store that are not a push's matter: keys and members.
pub struct Access {
    /// Path and blob of each file.
    pub files: BTreeMap<String, String>,
    /// The digest of the members' file.
    pub members: FileDigest,
    /// The digest of the file of earlier keys.
    pub retired: Option<FileDigest>,
}

impl Access {
    /// As it is in a state.
    pub fn of(state: &State) -> Self {
        let is_of_access = |path: &str| {
            path == "members" || path == "retired" || path.starts_with(envelope::FOLDER)
        };
        let files = state.files.iter().filter(|(path, _)| is_of_access(path));
        Self {
            files: files.map(|(path, file)| (path.clone(), file.id.clone())).collect(),
            members: state.manifest.members,
            retired: state.manifest.retired,
        }
    }

    /// Seals it for these members and this key, which follows `earlier`.
    ///
    /// # Errors
    /// The key cannot be wrapped to a member, or a file cannot be written.
    pub fn make(
        mirror: &Mirror,
        members: &StoreMembers,
        entry: &Entry,
        earlier: &Keyring,
    ) -> Result<Self, RemoteError> {
        let mut files = BTreeMap::new();
        let now = SystemTime::now();
        for member in &members.0 {
            let text = member.envelope(entry, now)?;
            let blob = mirror.write(|sink| Ok(sink.write_all(text.as_bytes())?))?;
            files.insert(format!("{}{}", envelope::FOLDER, random_name()?), blob);
        }
        let (blob, digest) = seal(mirror, entry, members.to_text().as_bytes())?;
        files.insert("members".to_owned(), blob);
        let mut retired = None;
        if !earlier.is_empty() {
            let text = retired_text(earlier.entries(), &Default::default());
            let (blob, digest) = seal(mirror, entry, text.as_bytes())?;
            files.insert("retired".to_owned(), blob);
            retired = Some(digest);
        }
        Ok(Self { files, members: digest, retired })
    }
}

/// 16 random hexadecimal digits.
pub(super) fn random_name() -> Result<String, RemoteError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(crate::hex::lower(&bytes))
}

/// 32 random hexadecimal digits, for a new store.
///
/// # Errors
/// The system gives no random numbers.
pub fn random_repository() -> Result<String, RemoteError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(crate::hex::lower(&bytes))
}

impl<'r> Update<'r> {
    /// Makes the commit of a manifest, on top of `before`. `packs` has the blob of each sealed file that the manifest names.
    ///
    /// # Errors
    /// A file is missing or cannot be written.
    pub fn make(
        remote: &'r Remote,
        before: Option<&State>,
        manifest: &Manifest,
        entry: &Entry,
        access: Access,
        packs: &BTreeMap<String, String>,
    ) -> Result<Self, RemoteError> {
        let mirror = &remote.mirror;
        let mut files = access.files;
        let line = format_line(&manifest.repository);
        files.insert(
            "shroud".to_owned(),
            mirror.write(|sink| Ok(sink.write_all(line.as_bytes())?))?,
        );
        let (blob, digest) = seal(mirror, entry, manifest.to_text().as_bytes())?;
        files.insert("manifest".to_owned(), blob);
        for name in manifest.packs.iter().flat_map(|pack| &pack.files) {
            let path = format!("packs/{name}");
            let there = before.and_then(|state| Some(state.files.get(&path)?.id.clone()));
            let blob = packs.get(name).cloned().or(there);
            let missing = || RemoteError::Damaged(format!("its pack {name} is missing"));
            files.insert(path, blob.ok_or_else(missing)?);
        }
        let parent = before.map(|state| state.commit.clone());
        let commit = mirror.commit(&files, parent.as_deref())?;
        let pin = Pin {
            repository: manifest.repository.clone(),
            generation: manifest.generation,
            manifest: digest,
            key: entry.key.id(),
        };
        Ok(Self { remote, commit, parent, pin })
    }

    /// What is pinned once the host has it.
    pub fn pin(&self) -> &Pin {
        &self.pin
    }

    /// Pushes it, if the host is still where it was. `replaces` says that it is pinned whatever was pinned before.
    ///
    /// # Errors
    /// The host refuses and nobody was faster, or does not say what became of it.
    pub fn push(self, replaces: bool) -> Result<Tried, RemoteError> {
        let Self { remote, commit, parent, pin } = self;
        let pin_it = || if replaces { remote.pins.accept(&pin) } else { remote.pins.advance(&pin) };
        let said = match remote.mirror.push(&commit)? {
            Pushed::Done => {
                pin_it()?;
                return Ok(Tried::Done);
            }
            Pushed::Refused(said) => said,
        };
        // The answer may have been lost, and somebody else may have been faster: only the host's branch says.
        match remote.mirror.fetch() {
            Ok(Some(tip)) if tip == commit => {
                pin_it()?;
                Ok(Tried::Done)
            }
            Ok(tip) if tip == parent => Err(RemoteError::Refused(said)),
            Ok(_) => Ok(Tried::Overtaken),
            Err(_) => Err(RemoteError::Unknown(said)),
        }
    }
}
