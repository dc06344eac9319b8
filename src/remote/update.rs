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
use super::whole::remove_unfinished;
use crate::format::{self, Layout};
use crate::keyring::{Entry, Keyring, retired_text};
use crate::recipient::Ask;

/// How often a push is tried again that somebody else was faster than.
pub const TRIES: u32 = 8;

/// What came of one try.
pub enum Tried {
    /// The host has it, and it is pinned.
    Done,
    /// Somebody else was faster: ask the host, and try again.
    Overtaken,
}

/// What a change comes after.
#[derive(Clone, Copy)]
pub enum Base<'s> {
    /// Nothing: it is the first.
    Nothing,
    /// This state, whose commit is its parent.
    On(&'s State),
    /// This state, whose commit and history go.
    InPlaceOf(&'s State),
}

impl<'s> Base<'s> {
    fn state(self) -> Option<&'s State> {
        match self {
            Self::Nothing => None,
            Self::On(state) | Self::InPlaceOf(state) => Some(state),
        }
    }
}

/// A change that is ready to be pushed.
pub struct Update<'r> {
    remote: &'r Remote,
    commit: String,
    /// Where the host's branch must be.
    tip: Option<String>,
    /// Whether the branch begins anew.
    is_root: bool,
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

/// The parts of a store that are not a push's matter: keys, members, and what is known of a history that was cut off.
pub struct Access {
    /// Path and blob of each file.
    pub files: BTreeMap<String, String>,
    /// The digest of the members' file.
    pub members: FileDigest,
    /// The digest of the file of earlier keys.
    pub retired: Option<FileDigest>,
    /// The digest of the file of earlier manifests' digests.
    pub chain: Option<FileDigest>,
}

impl Access {
    /// As it is in a state.
    pub fn of(state: &State) -> Self {
        let is_of_access = |path: &str| {
            matches!(path, "members" | "retired" | "chain") || path.starts_with(envelope::FOLDER)
        };
        let files = state.files.iter().filter(|(path, _)| is_of_access(path));
        Self {
            files: files.map(|(path, file)| (path.clone(), file.id.clone())).collect(),
            members: state.manifest.members,
            retired: state.manifest.retired,
            chain: state.manifest.chain,
        }
    }

    /// The manifest after that of a state, which differs in this.
    pub fn next_manifest(&self, state: &State, key_generation: u32) -> Manifest {
        Manifest {
            generation: state.manifest.generation + 1,
            previous: Some(state.digest),
            key_generation,
            members: self.members,
            retired: self.retired,
            chain: self.chain,
            ..state.manifest.clone()
        }
    }

    /// Seals it for these members and this key, which follows the keys of `before`.
    ///
    /// # Errors
    /// The key cannot be wrapped to a member, or a file cannot be written.
    pub fn make(
        mirror: &Mirror,
        members: &StoreMembers,
        entry: &Entry,
        before: Option<&State>,
    ) -> Result<Self, RemoteError> {
        let mut files = BTreeMap::new();
        let chain =
            before.and_then(|state| Some((state.manifest.chain?, state.files.get("chain")?)));
        if let Some((_, file)) = chain {
            files.insert("chain".to_owned(), file.id.clone());
        }
        let none = Keyring::default();
        let earlier = before.map_or(&none, |state| &state.keys);
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
        Ok(Self { files, members: digest, retired, chain: chain.map(|(digest, _)| digest) })
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
    /// Makes the commit of a manifest. `packs` has the blob of each sealed file that the manifest names.
    ///
    /// # Errors
    /// A file is missing or cannot be written.
    pub fn make(
        remote: &'r Remote,
        base: Base<'_>,
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
            let there = base.state().and_then(|state| Some(state.files.get(&path)?.id.clone()));
            let blob = packs.get(name).cloned().or(there);
            let missing = || RemoteError::Damaged(format!("its pack {name} is missing"));
            files.insert(path, blob.ok_or_else(missing)?);
        }
        let tip = base.state().map(|state| state.commit.clone());
        let is_root = matches!(base, Base::InPlaceOf(_));
        let commit = mirror.commit(&files, tip.as_deref().filter(|_| !is_root))?;
        let pin = Pin {
            repository: manifest.repository.clone(),
            generation: manifest.generation,
            manifest: digest,
            key: entry.key.id(),
        };
        Ok(Self { remote, commit, tip, is_root, pin })
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
        let Self { remote, commit, tip: before, is_root, pin } = self;
        let pin_it = || if replaces { remote.pins.accept(&pin) } else { remote.pins.advance(&pin) };
        let replaced = before.as_deref().filter(|_| is_root);
        let said = match remote.mirror.push(&commit, replaced)? {
            Pushed::Done => {
                pin_it()?;
                if let Some(replaced) = replaced {
                    remote.mirror.forget_branch(replaced, &commit);
                }
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
            Ok(tip) if tip == before => Err(RemoteError::Refused(said)),
            Ok(_) => Ok(Tried::Overtaken),
            Err(_) => Err(RemoteError::Unknown(said)),
        }
    }
}

/// Pushes the change that `change` makes of the newest state, until nobody was faster.
pub(super) fn change<'r, T>(
    remote: &'r Remote,
    ask: Ask<'_>,
    mut change: impl FnMut(&State) -> Result<(T, Option<Update<'r>>), RemoteError>,
) -> Result<T, RemoteError> {
    let _lock = remote.lock()?;
    remove_unfinished(&remote.dir)?;
    for _ in 0..TRIES {
        let state = remote.sync(ask)?;
        let (done, update) = change(&state)?;
        match update.map(|update| update.push(false)).transpose()? {
            None | Some(Tried::Done) => return Ok(done),
            Some(Tried::Overtaken) => {}
        }
    }
    Err(RemoteError::Contended(TRIES))
}
