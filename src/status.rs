//! For each file that should be sealed: what the repository really holds.

mod by_value;
mod conflict;
mod delta;
mod detail;
mod file;
mod git_crypt;
mod git_crypt_keys;
mod git_crypt_state;
mod paths;
mod state;
mod unmerged;
mod values;

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Read};
use std::path::Path;

use gix::ObjectId;

use crate::format::{self, Form, Header, KeyId, OpenError, Sniff};
use crate::git::GitError;
use crate::git::attributes::{Attributes, PathAttributes};
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::git::worktree::{Entries, IndexedFile};
use crate::git_crypt::HeldKeys;
use crate::keyring::{KeyName, Keyring};
use crate::parallel::map_runs;
use crate::store::shroud_dir::KeyInfo;
use crate::values::Mode;
pub use by_value::{ByValue, NO_FORMAT, describe_clear};
use conflict::Conflicts;
pub use conflict::conflicts;
pub use delta::find_undeltad;
pub use file::FileStatus;
pub use git_crypt_keys::{Foreign, find_names, find_opening};
pub(crate) use git_crypt_keys::{opens_blob, version_opens};
pub use git_crypt_state::GitCryptState;
pub use paths::expand_pathspecs;
pub use state::State;
use unmerged::survey_unmerged;

const FILES_PER_THREAD: usize = 64;

/// What is known of keys: those that are held, and those that `.shroud/` describes.
pub struct Known<'k> {
    /// The keys that are held.
    pub keyring: &'k Keyring,
    /// The keys of git-crypt that are held.
    pub git_crypt: &'k HeldKeys,
    /// What `.shroud/` says.
    pub infos: &'k BTreeMap<KeyName, KeyInfo>,
    /// A file of `.shroud/` that is not in this clone, if any.
    pub missing: Option<&'k str>,
}

impl Known<'_> {
    /// The name and generation of a key id.
    pub fn identify(&self, id: KeyId) -> Option<(KeyName, u32)> {
        let held = self.keyring.by_id(id).map(|held| (held.name.clone(), held.generation));
        held.or_else(|| {
            let info = self.infos.values().find(|info| id.names(info.id))?;
            Some((info.name.clone(), info.generation))
        })
    }

    /// How a file stands that is sealed with this key, which its attribute names.
    fn standing(&self, id: KeyId, key: KeyName, generation: u32) -> State {
        match self.infos.get(&key) {
            Some(info) if id.names(info.id) => State::Sealed { key, generation },
            Some(info) if generation < info.generation => State::Retired { key, generation },
            None if self.missing.is_some() => {
                let newest = self.keyring.current(&key).map_or(0, |held| held.generation);
                match generation < newest {
                    true => State::Retired { key, generation },
                    false => State::Sealed { key, generation },
                }
            }
            described => State::Undescribed { key, generation, fixable: described.is_some() },
        }
    }
}

/// Looks at every file of the index that should be sealed or is; at those in `only`, where it is given.
///
/// # Errors
/// Index, attributes or objects cannot be read.
pub fn survey(
    repository: &Repository,
    known: &Known<'_>,
    only: Option<&HashSet<Vec<u8>>>,
) -> Result<Vec<FileStatus>, GitError> {
    let Entries { files: mut entries, mut unmerged, .. } = Entries::read_all(repository)?;
    entries.retain(|entry| !entry.intended);
    if let Some(only) = only {
        entries.retain(|entry| only.contains(&entry.path));
        unmerged.retain(|path| only.contains(path));
    }
    let (git_dir, top) = (repository.gix.git_dir(), repository.worktree.as_deref());
    let conflicts = Conflicts::new(repository, &entries)?;
    let run = |_, entries: &[IndexedFile]| -> Result<Vec<FileStatus>, GitError> {
        let repository = Repository::open(git_dir, top.map(Path::to_owned))?;
        let mut surveyor = Surveyor::new(&repository, known, &conflicts)?;
        let looked = entries.iter().filter_map(|entry| surveyor.look(entry).transpose());
        looked.collect()
    };
    let mut files = Vec::new();
    for run in map_runs(&entries, FILES_PER_THREAD, run) {
        files.extend(run?);
    }
    git_crypt::tell_wrong_keys(repository, known.git_crypt, &mut files)?;
    files.extend(survey_unmerged(repository, &unmerged)?);
    Ok(files)
}

struct Surveyor<'r> {
    repository: &'r Repository,
    attributes: Attributes<'r>,
    known: &'r Known<'r>,
    conflicts: &'r Conflicts,
    head: Option<gix::Tree<'r>>,
}

impl<'r> Surveyor<'r> {
    fn new(
        repository: &'r Repository,
        known: &'r Known<'r>,
        conflicts: &'r Conflicts,
    ) -> Result<Self, GitError> {
        // git itself knows every way in which refs are kept (reftable).
        let head = repository.git.query(["rev-parse", "-q", "--verify", "HEAD^{tree}"])?;
        let head = head.and_then(|id| ObjectId::from_hex(id.as_encoded_bytes()).ok());
        let head = head.and_then(|id| repository.gix.find_tree(id).ok());
        Ok(Self { repository, attributes: Attributes::new(repository)?, known, conflicts, head })
    }

    fn look(&mut self, entry: &IndexedFile) -> Result<Option<FileStatus>, GitError> {
        let attributes = match self.attributes.of(&entry.path) {
            Err(GitError::NotHere(file)) => {
                let state = State::NotHere(file);
                return Ok(Some(FileStatus::new(entry, state, KeyName::default())));
            }
            attributes => attributes?,
        };
        if let Some(why) = self.conflicts.of(&entry.path, &attributes) {
            let key = attributes.key.unwrap_or_default();
            return Ok(Some(FileStatus::new(entry, State::Conflict(why), key)));
        }
        if let Some(name) = attributes.git_crypt {
            let state = self.state_of_git_crypt(entry, name.as_ref().ok())?;
            let file = FileStatus::new(entry, state, KeyName::default());
            return Ok(Some(FileStatus { git_crypt: name.ok(), ..file }));
        }
        let mode = match attributes.sealed.then(|| Mode::of(&attributes, &entry.path)).transpose() {
            Ok(mode) => mode.flatten(),
            Err(why) => {
                let key = attributes.key.unwrap_or_default();
                return Ok(Some(FileStatus::new(entry, State::Conflict(why), key)));
            }
        };
        let mut form = None;
        let mut found = None;
        let state = if attributes.sealed {
            let state = self.state_of_tracked(entry, &attributes, &mut form)?;
            if matches!(state, State::PlaintextInHead | State::PlaintextInIndex)
                && let Ok(wanted) = &attributes.key
            {
                found = self.find_values(entry, mode.as_ref(), wanted)?;
            }
            found.as_ref().map_or(state, |found| found.state.clone())
        } else {
            match self.find_sealed(entry)? {
                Some(id) => State::NotTracked(id),
                None => match self.find_sealed_value(entry)? {
                    Some(id) => State::NotTracked(id),
                    None => return Ok(None),
                },
            }
        };
        let mut file = FileStatus::new(entry, state, attributes.key.unwrap_or_default());
        file.wants_delta = attributes.sealed && attributes.layout.delta;
        if let Some((form, length)) = form {
            file.form = Some(form);
            file.is_of_another_form = !form.follows(attributes.layout, length);
            if let Some(mode) = &mode {
                let (by_value, is_other) = self.find_whole(entry, mode)?;
                file.by_value = Some(by_value);
                file.is_of_another_form |= is_other;
            }
        }
        if let Some(found) = found {
            file.by_value = Some(found.by_value);
            file.is_of_another_form = found.is_of_another_form;
        }
        Ok(Some(file))
    }

    fn state_of_tracked(
        &self,
        entry: &IndexedFile,
        attributes: &PathAttributes,
        form: &mut Option<(Form, u64)>,
    ) -> Result<State, GitError> {
        if let Some(conversion) = &attributes.conversion {
            return Ok(State::Conversion(conversion.to_string()));
        }
        let wanted = match &attributes.key {
            Ok(wanted) => wanted,
            Err(error) => return Ok(State::BadKeyName(error.to_string())),
        };
        Ok(match self.examine(entry.id)? {
            Examined::Missing => State::Missing,
            Examined::Empty => State::Empty,
            Examined::GitCrypt => State::GitCrypt,
            Examined::Damaged(why) => State::Damaged(why),
            Examined::Newer(why) => State::Newer(why),
            Examined::Plain if self.is_plain_in_head(entry)? => State::PlaintextInHead,
            Examined::Plain => State::PlaintextInIndex,
            Examined::Sealed(id, found) => match self.known.identify(id) {
                Some((key, generation)) if key == *wanted => {
                    *form = found;
                    self.known.standing(id, key, generation)
                }
                None => match self.known.missing {
                    Some(file) => State::NotHere(file.to_owned()),
                    None => State::UnknownKey(id),
                },
                Some((key, _)) => State::OtherKey { key, wanted: wanted.clone() },
            },
        })
    }

    fn is_plain_in_head(&self, entry: &IndexedFile) -> Result<bool, GitError> {
        let Some(id) = self.in_head(entry)? else { return Ok(false) };
        Ok(id == entry.id || matches!(self.examine(id)?, Examined::Plain))
    }

    fn in_head(&self, entry: &IndexedFile) -> Result<Option<ObjectId>, GitError> {
        let Some(head) = &self.head else { return Ok(None) };
        let found = head.lookup_entry(entry.path.split(|&byte| byte == b'/'));
        Ok(found.map_err(GitError::read)?.map(|found| found.object_id()))
    }

    /// The key of a blob that is sealed; only blobs of a length that a sealed file can have are read.
    fn find_sealed(&self, entry: &IndexedFile) -> Result<Option<KeyId>, GitError> {
        let header = self.repository.gix.try_find_header(entry.id).map_err(GitError::read)?;
        if !header.is_some_and(|header| format::may_be_sealed(header.size())) {
            return Ok(None);
        }
        // Whether it opens is another matter: a guard, which holds no key, says the same.
        let start = objects::read_start(self.repository, entry.id)?;
        Ok(match start.as_deref().map(format::sniff) {
            Some(Sniff::Sealed(id)) => Some(id),
            _ => None,
        })
    }

    fn examine(&self, id: ObjectId) -> Result<Examined, GitError> {
        match objects::read(self.repository, id)? {
            Blob::Missing => Ok(Examined::Missing),
            Blob::Memory(bytes) => Ok(self.examine_content(bytes.len() as u64, &mut &bytes[..])),
            Blob::Large => {
                let header = self.repository.gix.find_header(id).map_err(GitError::read)?;
                objects::stream(self.repository, id, |blob| {
                    self.examine_content(header.size(), blob)
                })
            }
        }
    }

    fn examine_content(&self, len: u64, content: &mut dyn Read) -> Examined {
        let mut start = Vec::with_capacity(format::HEADER_LEN);
        let mut head = content.take(format::HEADER_LEN as u64);
        if let Err(error) = head.read_to_end(&mut start) {
            return Examined::Damaged(error.to_string());
        }
        let damaged = |error: OpenError| match error.is_newer() {
            true => Examined::Newer(error.to_string()),
            false => Examined::Damaged(error.to_string()),
        };
        match format::sniff(&start) {
            Sniff::Empty => Examined::Empty,
            Sniff::NotSealed => Examined::Plain,
            Sniff::GitCrypt => Examined::GitCrypt,
            Sniff::Truncated => damaged(OpenError::Truncated),
            Sniff::UnsupportedVersion(version) => damaged(OpenError::UnsupportedVersion(version)),
            Sniff::Sealed(id) => match self.known.keyring.by_id(id) {
                None if format::is_cut_off(&start, len) => damaged(OpenError::Truncated),
                None => Examined::Sealed(id, None),
                Some(held) => {
                    let opened = Header::parse(&start).and_then(|header| {
                        format::open_stream(&held.key, &header, content, io::sink())
                    });
                    opened.map_or_else(damaged, |length| {
                        let form = Form::of(&start, len, length);
                        Examined::Sealed(id, form.map(|form| (form, length)))
                    })
                }
            },
        }
    }
}

enum Examined {
    Missing,
    Empty,
    Plain,
    GitCrypt,
    Sealed(KeyId, Option<(Form, u64)>),
    Damaged(String),
    Newer(String),
}
