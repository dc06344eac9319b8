//! A store as its host serves it, opened: which key, which manifest, and whether it may be believed.

mod descent;

use std::ffi::OsString;
use std::fs::File as LockFile;
use std::path::PathBuf;

use super::RemoteError;
use super::address::Address;
use super::envelope;
use super::local::Local;
use super::manifest::{self, FileDigest, Manifest, ManifestError, digest};
use super::members::{self, StoreMembers};
use super::mirror::{File, Files, Mirror};
use super::pin::{Pin, Pins};
use crate::format::{self, Key, KeyId, OpenError, Sniff, sniff};
use crate::fs::scratch_folder::ScratchFolder;
use crate::fs::{Access, write_atomic};
use crate::keyring::{Entry, KeyName, Keyring, Retired, to_text};
use crate::newer::Newer;
use crate::recipient::Ask;
use crate::recipient::identities::Identities;
use crate::secret::{SecretBytes, WipedVec};
use crate::store::{exclusive, local as keyrings};

/// Names the branch's format, without the version.
const FORMAT: &str = "git-shroud-remote v";
/// The version that is written.
const VERSION: u64 = 1;
/// Bytes of the file that names the format.
const FORMAT_LEN: u64 = 256;
/// Bytes of the longest sealed list of earlier keys.
const MAX_RETIRED: u64 = 2 << 20;

/// What the file `shroud` says, for a store of this name.
pub fn format_line(repository: &str) -> String {
    format!("{FORMAT}{VERSION}\n{repository}\n")
}

/// The name of a store's key in its own key files.
pub fn key_name() -> KeyName {
    "remote".parse().expect("it is a name")
}

/// A remote of this clone, before its host was asked.
pub struct Remote {
    /// The clone; `None` outside of one, as for `git ls-remote`.
    pub local: Option<Local>,
    /// Where the host's repository is.
    pub address: Address,
    /// The host's branch.
    pub mirror: Mirror,
    /// What was seen of the store.
    pub pins: Pins,
    /// What belongs to this remote in the clone.
    pub dir: PathBuf,
    /// The user's gpg, as git's configuration names it.
    pub gpg: Option<OsString>,
    _scratch: Option<ScratchFolder>,
}

/// The state of a store that the host serves and that may be believed.
pub struct State {
    /// The commit of the host's branch.
    pub commit: String,
    /// Its files.
    pub files: Files,
    /// What the store holds.
    pub manifest: Manifest,
    /// The digest of the sealed manifest.
    pub digest: FileDigest,
    /// Who can open it.
    pub members: StoreMembers,
    /// The key that seals, and those before it.
    pub keys: Keyring,
    /// The id of the key that seals.
    pub key: KeyId,
}

impl State {
    /// The key that seals.
    pub fn entry(&self) -> &Entry {
        self.keys.by_id(self.key).expect("it has opened the manifest")
    }

    /// What to pin.
    pub fn pin(&self) -> Pin {
        Pin {
            repository: self.manifest.repository.clone(),
            generation: self.manifest.generation,
            manifest: self.digest,
            key: self.key,
        }
    }
}

/// A manifest with what it was opened with.
struct Opened {
    manifest: Manifest,
    digest: FileDigest,
    key: KeyId,
}

impl Remote {
    /// The remote at this address, for a clone or for none.
    ///
    /// # Errors
    /// Its folder cannot be made.
    pub fn open(address: Address, local: Option<Local>) -> Result<Self, RemoteError> {
        let mut scratch = None;
        let dir = match &local {
            Some(local) => local.common_dir.join("git-shroud/remotes").join(address.digest()),
            None => {
                let folder = ScratchFolder::new();
                let folder = folder.map_err(|error| crate::fs::in_temporary_folder(&error))?;
                let dir = folder.path().to_owned();
                scratch = Some(folder);
                dir
            }
        };
        crate::fs::create_private_dir(&dir)?;
        let gpg = local.as_ref().and_then(Local::gpg_program);
        let mirror = Mirror::open(&dir, &address, local.as_ref().map(|local| &local.git))?;
        let pins = Pins::new(local.as_ref().map(|_| dir.as_path()), &address);
        Ok(Self { local, address, mirror, pins, dir, gpg, _scratch: scratch })
    }

    /// The clone, for what needs one.
    ///
    /// # Errors
    /// There is none.
    pub fn local(&self) -> Result<&Local, RemoteError> {
        self.local.as_ref().ok_or(RemoteError::Git(crate::git::GitError::NoRepository))
    }

    /// Keeps other runs off this remote of this clone.
    ///
    /// # Errors
    /// Another run keeps it for a minute.
    pub fn lock(&self) -> Result<LockFile, RemoteError> {
        exclusive::exclusive(&self.dir, |_| {})?.map_err(RemoteError::Busy)
    }

    /// Asks the host, and returns what it serves, if that descends from all that was seen. Pins it.
    ///
    /// # Errors
    /// The host is out of reach, has no store, or serves what must not be believed.
    pub fn sync(&self, ask: Ask<'_>) -> Result<State, RemoteError> {
        // Before the host is asked: another clone may see a later state meanwhile.
        let pins = self.pins.read()?;
        let Some(commit) = self.mirror.fetch()? else {
            return Err(if pins.is_empty() { RemoteError::NoStore } else { RemoteError::Gone });
        };
        let state = self.read(commit, ask)?;
        for pin in &pins {
            self.check(&state, pin)?;
        }
        self.save_keys(&state)?;
        self.pins.advance(&state.pin())?;
        Ok(state)
    }

    /// What the host serves, whatever was seen: for a user who decides to believe it.
    ///
    /// # Errors
    /// The host is out of reach or has no store, or no key opens it.
    pub fn sync_unbelieved(&self, ask: Ask<'_>) -> Result<State, RemoteError> {
        match self.mirror.fetch()? {
            Some(commit) => self.read(commit, ask),
            None => Err(RemoteError::NoStore),
        }
    }

    /// Believes a state that the user has named.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn accept(&self, state: &State) -> Result<(), RemoteError> {
        self.save_keys(state)?;
        Ok(self.pins.accept(&state.pin())?)
    }

    /// Opens what a commit holds. Nothing is compared with what was seen.
    ///
    /// # Errors
    /// It is no store, no key opens it, or a file is not what the manifest says.
    pub fn read(&self, commit: String, ask: Ask<'_>) -> Result<State, RemoteError> {
        let files = self.mirror.files(&commit)?;
        let repository = self.read_format(&files)?;
        let sealed = self.read_file(&files, "manifest", manifest::MAX_SEALED)?;
        let id = match sniff(&sealed) {
            Sniff::Sealed(id) => id,
            _ => return Err(RemoteError::Damaged("its manifest is not sealed".to_owned())),
        };
        let mut keys = Keyring::default();
        insert(&mut keys, self.find_key(id, &files, ask)?)?;
        let opened = open_manifest(&keys, &sealed)?;
        // A lone token has neither name nor generation.
        let entry = keys.remove_id(opened.key).expect("it has opened the manifest");
        let generation = opened.manifest.key_generation;
        insert(&mut keys, Entry { name: key_name(), generation, key: entry.key })?;
        if opened.manifest.repository != repository {
            return Err(RemoteError::Damaged("its manifest is that of another one".to_owned()));
        }
        if let Some(expected) = opened.manifest.retired {
            let sealed = self.read_file(&files, "retired", MAX_RETIRED)?;
            let text = open_part(&keys, "retired", &sealed, &expected)?;
            let retired = Retired::parse(&text)
                .map_err(|error| RemoteError::Damaged(format!("its earlier keys: {error}")))?;
            for entry in retired.keys.into_entries() {
                insert(&mut keys, entry)?;
            }
        }
        let sealed = self.read_file(&files, "members", members::MAX_SEALED)?;
        let text = open_part(&keys, "members", &sealed, &opened.manifest.members)?;
        let members = StoreMembers::parse(&text)?;
        let Opened { manifest, digest, key } = opened;
        Ok(State { commit, files, manifest, digest, members, keys, key })
    }

    fn read_format(&self, files: &Files) -> Result<String, RemoteError> {
        let no_store = |why: &str| RemoteError::NotAStore(why.to_owned());
        let file = files.get("shroud").ok_or_else(|| no_store("it has no file 'shroud'"))?;
        if file.len > FORMAT_LEN {
            return Err(no_store("its file 'shroud' is too long"));
        }
        let bytes = self.mirror.read("shroud", file, FORMAT_LEN)?;
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let first = text.lines().next().unwrap_or_default();
        let version = first.strip_prefix(FORMAT).and_then(|version| version.parse().ok());
        if let Some(newer) = Newer::than("encrypted repository", VERSION, version.unwrap_or(0)) {
            return Err(RemoteError::Newer(newer));
        }
        let repository = text.lines().nth(1).unwrap_or_default().to_owned();
        if crate::hex::read::<16>(&repository).is_none() || text != format_line(&repository) {
            return Err(no_store("its file 'shroud' is another program's"));
        }
        Ok(repository)
    }

    fn read_file(&self, files: &Files, name: &str, limit: u64) -> Result<Vec<u8>, RemoteError> {
        let missing = || RemoteError::Damaged(format!("its file '{name}' is missing"));
        self.mirror.read(name, files.get(name).ok_or_else(missing)?, limit)
    }

    /// The key with this id: held here, given by the environment, or in an envelope.
    fn find_key(&self, id: KeyId, files: &Files, ask: Ask<'_>) -> Result<Entry, RemoteError> {
        let mut held = vec![keyrings::load_file(&self.keyring())?];
        held.extend(keyrings::from_environment()?);
        for keyring in held {
            let mut entries = keyring.into_entries().into_iter();
            if let Some(entry) = entries.find(|entry| entry.key.id() == id) {
                return Ok(entry);
            }
        }
        let mut envelopes = Vec::new();
        let named = files.iter().filter(|(path, _)| path.starts_with(envelope::FOLDER));
        for (_, file) in named.take(envelope::MAX_COUNT) {
            if file.len <= envelope::MAX_LEN {
                let bytes = self.mirror.read("keys", file, envelope::MAX_LEN)?;
                envelopes.extend(String::from_utf8(bytes));
            }
        }
        let mut identities = Identities::default();
        identities.add_from_environment()?;
        let mut tried = identities.find_all(self.gpg.as_deref());
        let opened = envelope::unwrap(&envelopes, id, &identities, ask);
        opened.map_err(|failed| {
            tried.extend(failed);
            RemoteError::Locked { id, tried }
        })
    }

    fn keyring(&self) -> PathBuf {
        self.dir.join("keyring")
    }

    /// Keeps a key beside those that are held. Nothing that is held is ever replaced.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add_keys<'e>(
        &self,
        entries: impl IntoIterator<Item = &'e Entry>,
    ) -> Result<(), RemoteError> {
        let held = keyrings::load_file(&self.keyring())?;
        let new: Vec<Entry> = entries
            .into_iter()
            .filter(|entry| held.by_id(entry.key.id()).is_none())
            .map(|entry| {
                let id = entry.key.id().to_string();
                // Each key is found by its id, and two stores may have been at one address.
                let name = format!("remote-{}", &id[..8]).parse().unwrap_or_else(|_| key_name());
                let bytes = SecretBytes::filled(|bytes| bytes.copy_from_slice(entry.key.expose()));
                let key = Key::new(bytes);
                Entry { name, generation: entry.generation, key }
            })
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        let text = to_text(held.entries().iter().chain(&new));
        Ok(write_atomic(&self.keyring(), text.as_bytes(), Access::Private)?)
    }

    /// Keeps the keys of a state that is believed.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save_keys(&self, state: &State) -> Result<(), RemoteError> {
        // CI gives the key to each run, and outside of a clone nothing is kept.
        if self.local.is_none() {
            return Ok(());
        }
        self.add_keys(state.keys.entries())
    }
}

fn insert(keys: &mut Keyring, entry: Entry) -> Result<(), RemoteError> {
    let twice = |error| RemoteError::Damaged(format!("its keys: {error}"));
    keys.insert(entry).map(drop).map_err(twice)
}

fn open_sealed(keys: &Keyring, what: &str, sealed: &[u8]) -> Result<WipedVec, RemoteError> {
    let by_id = |id| keys.by_id(id).map(|entry| &entry.key);
    format::open(by_id, sealed).map_err(|error| RemoteError::opening(what, &error))
}

fn open_part(
    keys: &Keyring,
    what: &str,
    sealed: &[u8],
    expected: &FileDigest,
) -> Result<WipedVec, RemoteError> {
    if digest(sealed) != *expected {
        let why = format!("its file '{what}' is not the one that the manifest names");
        return Err(RemoteError::Damaged(why));
    }
    open_sealed(keys, what, sealed)
}

fn open_manifest(keys: &Keyring, sealed: &[u8]) -> Result<Opened, RemoteError> {
    let Sniff::Sealed(key) = sniff(sealed) else {
        return Err(RemoteError::opening("manifest", &OpenError::NotSealed));
    };
    let text = open_sealed(keys, "manifest", sealed)?;
    let manifest = Manifest::parse(&text).map_err(|error| match error {
        ManifestError::Newer(newer) => RemoteError::Newer(newer),
        ManifestError::Malformed(_) => RemoteError::Damaged(error.to_string()),
    })?;
    Ok(Opened { manifest, digest: digest(sealed), key })
}

/// A file of a store, by its name.
///
/// # Errors
/// It is missing.
pub fn pack_file<'f>(files: &'f Files, name: &str) -> Result<&'f File, RemoteError> {
    let missing = || RemoteError::Damaged(format!("its pack {name} is missing"));
    files.get(&format!("packs/{name}")).ok_or_else(missing)
}
