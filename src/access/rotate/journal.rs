//! What a rotation remembers, so that one that was cut off can be ended or undone: `<common dir>/git-shroud/rotation/`.
//!
//! `keyring` holds the new keys, sealed with an old one if the configuration keeps opened keys off the disk, `new/` and `old/` the files of `.shroud/` as they should be and as they were, `index` the
//! blobs that were replaced. All but the last is there, whole, before the folder gets its name.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind::NotFound;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use serde::{Deserialize, Serialize};

use super::RotateError;
use crate::error::Context as _;
use crate::format::{self, OpenError, Sniff, sniff};
use crate::fs::replace;
use crate::fs::{Access, create_private_dir, read_bounded, with_path, write_atomic};
use crate::git::repository::Repository;
use crate::keyring::{KeyName, Keyring};
use crate::newer::Newer;
use crate::store::local;
use crate::store::rotation::{dir, draft, is_under_way, remove_dir};
use crate::store::shroud_dir::{self, File};

/// Bytes of the longest file of the journal that is read.
const MAX_LEN: usize = 1 << 28;

const VERSION: u32 = 1;

/// The first journals did not say it.
fn version() -> u32 {
    VERSION
}

/// How far a run is; for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// The new keys are made and wrapped; nothing is published.
    Create,
    /// Files are sealed and staged.
    Seal,
    /// What was staged is opened again.
    Test,
    /// `.shroud/` is written.
    Finish,
}

impl Step {
    /// The word in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Seal => "seal",
            Self::Test => "test",
            Self::Finish => "finish",
        }
    }
}

/// A blob of the index that was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// Relative to the top of the worktree.
    pub path: Vec<u8>,
    /// Whether its mode is 100755.
    pub executable: bool,
    /// What the index named before.
    pub old: ObjectId,
    /// What it was given.
    pub new: ObjectId,
}

#[derive(Deserialize, Serialize)]
struct JournalToml {
    #[serde(default = "version")]
    version: u32,
    step: Step,
    git_dir: PathBuf,
    names: Vec<String>,
    removed: Vec<String>,
    tips: Vec<String>,
}

/// The journal of the rotation that is under way.
pub struct Journal {
    dir: PathBuf,
    /// How far it is.
    pub step: Step,
    /// git's folder of the worktree that it works in.
    pub git_dir: PathBuf,
    /// The keys that are rotated.
    pub names: BTreeSet<KeyName>,
    /// The member files that are taken away.
    pub removed: Vec<File>,
    /// What every ref named at its beginning.
    pub tips: Vec<String>,
}

impl Journal {
    /// Whether a rotation is under way.
    pub fn is_there(common_dir: &Path) -> bool {
        is_under_way(common_dir)
    }

    /// The journal of the rotation that is under way; `None` where none is.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn load(common_dir: &Path) -> Result<Option<Self>, RotateError> {
        let dir = dir(common_dir);
        if !dir.exists() {
            return Ok(None);
        }
        let path = dir.join("journal.toml");
        let damaged = || RotateError::Journal(crate::sanitise::native(&path));
        let text = read_bounded(&path, MAX_LEN).context(|| "the rotation's journal".to_owned())?;
        let text = std::str::from_utf8(&text).map_err(|_| damaged())?;
        if let Some(newer) = Newer::toml("rotation's journal", VERSION.into(), text) {
            return Err(RotateError::Newer(crate::sanitise::native(&path), newer));
        }
        let toml: JournalToml = toml::from_str(text).map_err(|_| damaged())?;
        let names: Result<_, _> = toml.names.iter().map(|name| name.parse()).collect();
        let removed: Option<_> = toml.removed.iter().map(|path| File::recognise(path)).collect();
        Ok(Some(Self {
            dir,
            step: toml.step,
            git_dir: toml.git_dir,
            names: names.map_err(|_| damaged())?,
            removed: removed.ok_or_else(damaged)?,
            tips: toml.tips,
        }))
    }

    /// Writes a journal with the text of the new keys, sealed or not, the files as they are and as they should be, and begins the rotation with it.
    ///
    /// # Errors
    /// It cannot be written; then no rotation is under way.
    pub fn begin(
        repository: &Repository,
        names: BTreeSet<KeyName>,
        removed: Vec<File>,
        new_keys: &[u8],
        old_files: &[(File, Vec<u8>)],
        new_files: &[(File, String)],
    ) -> Result<Self, RotateError> {
        let tips = repository.git.run(["for-each-ref", "--format=%(objectname)"])?;
        let tips = String::from_utf8_lossy(&tips).lines().map(str::to_owned).collect();
        let dir = dir(repository.common_dir());
        // What a run left that was cut off before it began.
        let draft = draft(repository.common_dir());
        remove_dir(&draft).context(|| "the rotation's journal".to_owned())?;
        let git_dir = repository.gix.git_dir().to_owned();
        let mut journal =
            Self { dir: draft.clone(), step: Step::Create, git_dir, names, removed, tips };
        journal.write(repository, new_keys, old_files, new_files)?;
        replace::rename(&draft, &dir).map_err(|error| with_path(&dir, &error)).context(doing)?;
        journal.dir = dir;
        Ok(journal)
    }

    fn write(
        &self,
        repository: &Repository,
        new_keys: &[u8],
        old_files: &[(File, Vec<u8>)],
        new_files: &[(File, String)],
    ) -> Result<(), RotateError> {
        create_private_dir(&local::dir(repository.common_dir())).context(doing)?;
        create_private_dir(&self.dir).context(doing)?;
        for name in ["new", "old"] {
            create_private_dir(&self.dir.join(name)).context(doing)?;
        }
        write_atomic(&self.dir.join("keyring"), new_keys, Access::Private).context(doing)?;
        for (file, text) in new_files {
            shroud_dir::write(&self.dir.join("new"), file, text)?;
        }
        for (file, text) in old_files {
            let path = self.dir.join("old").join(file.path());
            fs::create_dir_all(path.parent().expect("it is in a folder")).context(doing)?;
            write_atomic(&path, text, Access::Private).context(doing)?;
        }
        self.write_head()
    }

    fn write_head(&self) -> Result<(), RotateError> {
        let toml = JournalToml {
            version: VERSION,
            step: self.step,
            git_dir: self.git_dir.clone(),
            names: self.names.iter().map(ToString::to_string).collect(),
            removed: self.removed.iter().map(File::path).collect(),
            tips: self.tips.clone(),
        };
        let text = toml::to_string(&toml).context(doing)?;
        Ok(write_atomic(&self.dir.join("journal.toml"), text.as_bytes(), Access::Private)
            .context(doing)?)
    }

    /// Remembers that the next step begins.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn enter(&mut self, step: Step) -> Result<(), RotateError> {
        self.step = step;
        self.write_head()
    }

    /// The keys that were made for it. These are the keys that are held.
    ///
    /// # Errors
    /// They cannot be read; or they are sealed with a key that is not held.
    pub fn new_keys(&self, held: &Keyring) -> Result<Keyring, RotateError> {
        let path = self.dir.join("keyring");
        let bytes = read_bounded(&path, MAX_LEN).context(|| "the rotation's journal".to_owned())?;
        if !matches!(sniff(&bytes), Sniff::Sealed(_)) {
            return Ok(local::read(&path)?);
        }
        let key = |id| held.by_id(id).map(|entry| &entry.key);
        match format::open(key, &bytes) {
            Ok(text) => Ok(local::parse(&text, &crate::sanitise::native(&path))?),
            Err(OpenError::UnknownKey(id)) => Err(RotateError::Forgotten(id)),
            Err(_) => Err(RotateError::Journal(crate::sanitise::native(&path))),
        }
    }

    /// A file of `.shroud/` as it should be (`new`) or as it was (`old`); `None` where it should not be, or was not.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn file(&self, when: &str, file: &File) -> Result<Option<String>, RotateError> {
        match shroud_dir::read(&self.dir.join(when), file) {
            Ok(bytes) => Ok(String::from_utf8(bytes).map(Some).context(|| file.path())?),
            Err(shroud_dir::ShroudDirError::Io(error)) if error.kind() == NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The files of `.shroud/` as it should be.
    ///
    /// # Errors
    /// They cannot be listed.
    pub fn new_files(&self) -> Result<Vec<File>, RotateError> {
        Ok(shroud_dir::list(&self.dir.join("new")).context(doing)?)
    }

    /// The blobs that were, or may have been, replaced.
    ///
    /// # Errors
    /// The list cannot be read.
    pub fn replaced(&self) -> Result<Vec<Replaced>, RotateError> {
        let path = self.dir.join("index");
        let bytes = match read_bounded(&path, MAX_LEN) {
            Err(error) if error.kind() == NotFound => return Ok(Vec::new()),
            read => read.context(doing)?,
        };
        let records = bytes.split(|&byte| byte == 0).filter(|record| !record.is_empty());
        let records: Option<Vec<_>> = records.map(parse_replaced).collect();
        records.ok_or_else(|| RotateError::List(crate::sanitise::native(&path)))
    }

    /// Adds blobs that are about to be replaced. One that was replaced before keeps what it was at first.
    ///
    /// # Errors
    /// The list cannot be read or written.
    pub fn add_replaced(&self, new: Vec<Replaced>) -> Result<(), RotateError> {
        let mut all = self.replaced()?;
        for mut record in new {
            if let Some(at) = all.iter().position(|before| before.path == record.path) {
                let before = all.swap_remove(at);
                if before.new == record.old {
                    record.old = before.old;
                }
            }
            all.push(record);
        }
        let mut bytes = Vec::new();
        for Replaced { path, executable, old, new } in &all {
            let kind = if *executable { 'x' } else { '-' };
            bytes.extend_from_slice(format!("{kind} {old} {new} ").as_bytes());
            bytes.extend_from_slice(path);
            bytes.push(0);
        }
        Ok(write_atomic(&self.dir.join("index"), &bytes, Access::Private).context(doing)?)
    }

    /// Ends the rotation.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn end(self) -> Result<(), RotateError> {
        let done = self.dir.with_extension("draft");
        remove_dir(&done).context(doing)?;
        replace::rename(&self.dir, &done).context(doing)?;
        Ok(remove_dir(&done).context(doing)?)
    }
}

fn doing() -> String {
    "the rotation's journal cannot be written".to_owned()
}

fn parse_replaced(record: &[u8]) -> Option<Replaced> {
    let mut fields = record.splitn(4, |&byte| byte == b' ');
    let executable = match fields.next()? {
        b"x" => true,
        b"-" => false,
        _ => return None,
    };
    let old = ObjectId::from_hex(fields.next()?).ok()?;
    let new = ObjectId::from_hex(fields.next()?).ok()?;
    Some(Replaced { path: fields.next()?.to_vec(), executable, old, new })
}
