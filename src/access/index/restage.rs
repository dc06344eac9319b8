//! Sealing what the index holds: the blobs themselves, not the files, so that nothing unstaged is staged with them.

use std::io::Read;

use gix::ObjectId;

use crate::filter::git_crypt::{GitCryptFilter, NoPaths};
use crate::filter::{Driver as _, FileError, Filter, FilterError, Rule, Rules, Spool};
use crate::format::{KeyId, Layout};
use crate::git::GitError;
use crate::git::attributes::Attributes;
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::git::staging::{BlobWriter, Staged, stage};
use crate::git_crypt::HeldKeys;
use crate::keyring::{KeyName, Keyring};
use crate::secret::WipedVec;
use crate::status::FileStatus;
use crate::values::{self, Ciphers, Mode, Opened};

/// A blob of the index that should be sealed with a key.
#[derive(Clone, Debug)]
pub struct Restage {
    /// Relative to the top of the worktree.
    pub path: Vec<u8>,
    /// Whether its mode is 100755.
    pub executable: bool,
    /// What the index names now: plaintext, or sealed with another key.
    pub id: ObjectId,
    /// The name of the key that it should be sealed with.
    pub key: KeyName,
    /// That very key, which is held.
    pub with: KeyId,
}

struct OneKey<'b> {
    blob: &'b Restage,
    layout: Layout,
    values: Option<Mode>,
}

impl Rules for &OneKey<'_> {
    fn rule(&mut self, _path: &[u8]) -> Result<Rule, String> {
        let (key, key_id, layout) = (self.blob.key.clone(), Some(self.blob.with), self.layout);
        Ok(Rule { key, key_id, layout, values: self.values.clone(), ..Rule::default() })
    }
}

/// Seals each blob with its key and stages the outcome; all of them, or none.
///
/// # Errors
/// The blob that could not be sealed, or why none could.
pub fn restage(
    repository: &Repository,
    keyring: &Keyring,
    blobs: &[Restage],
) -> Result<(), FileError> {
    let staged = write_sealed(repository, keyring, blobs)?;
    stage(repository, &staged)
        .map_err(|error| FileError::of_none(FilterError::Rule(error.to_string())))
}

/// Seals each blob with its key and writes the outcome to the object database; what to stage is in the order of the blobs.
///
/// # Errors
/// The blob that could not be sealed, or why none could.
pub(in crate::access) fn write_sealed(
    repository: &Repository,
    keyring: &Keyring,
    blobs: &[Restage],
) -> Result<Vec<Staged>, FileError> {
    let git = |error: GitError| FileError::of_none(FilterError::Rule(error.to_string()));
    let mut writer = BlobWriter::new().map_err(git)?;
    let mut attributes = Attributes::new(repository).map_err(git)?;
    for blob in blobs {
        let file = writer.add().map_err(git)?;
        let of = attributes.of(&blob.path).map_err(git)?;
        let values = Mode::of(&of, &blob.path)
            .map_err(|why| FileError::new(&blob.path, FilterError::Rule(why)))?;
        let rules = OneKey { blob, layout: of.layout, values };
        seal_blob(repository, keyring, &rules, file)
            .map_err(|error| FileError::new(&blob.path, error))?;
    }
    let ids = writer.finish(repository).map_err(git)?;
    let staged = |(blob, id): (&Restage, ObjectId)| Staged {
        path: blob.path.clone(),
        executable: blob.executable,
        id,
    };
    Ok(blobs.iter().zip(ids).map(staged).collect())
}

fn seal_blob(
    repository: &Repository,
    keyring: &Keyring,
    rules: &OneKey<'_>,
    to: std::fs::File,
) -> Result<(), FilterError> {
    let blob = rules.blob;
    let seal = |source: &mut dyn Read| -> Result<(), FilterError> {
        let mut filter = Filter::new(keyring, rules).strict();
        let mut plaintext = Spool::default();
        filter.smudge(&blob.path, source)?.write_to(&mut plaintext)?;
        if filter.summary().still_sealed > 0 {
            return Err(FilterError::Rule("the key that seals it now is not held here".to_owned()));
        }
        filter.clean(&blob.path, plaintext.reader()?)?.write_to(to)
    };
    with_blob(repository, blob.id, seal)
}

/// Encrypts each blob with the git-crypt key that its attribute says, opens those that are encrypted twice once, and stages
/// the outcome; all of them, or none.
///
/// # Errors
/// The blob that could not be sealed, or why none could.
pub fn restage_git_crypt(
    repository: &Repository,
    keyring: &Keyring,
    held: &HeldKeys,
    files: &[&FileStatus],
) -> Result<(), FileError> {
    let git = |error: GitError| FileError::of_none(FilterError::Rule(error.to_string()));
    let mut writer = BlobWriter::new().map_err(git)?;
    for file in files {
        let Some(name) = &file.git_crypt else { continue };
        let to = writer.add().map_err(git)?;
        let encrypt = |source: &mut dyn Read| -> Result<(), FilterError> {
            let mut filter = GitCryptFilter::new(held, name.clone(), NoPaths).strict();
            let mut once = Spool::default();
            filter.smudge(&file.path, source)?.write_to(&mut once)?;
            filter.clean(&file.path, &mut once.reader()?)?.write_to(to)
        };
        let failed = |error| FileError::new(&file.path, error);
        match opened_values(repository, keyring, file).map_err(failed)? {
            None => with_blob(repository, file.id, encrypt).map_err(failed)?,
            Some(plaintext) => encrypt(&mut &plaintext[..]).map_err(failed)?,
        }
    }
    let ids = writer.finish(repository).map_err(git)?;
    let staged = |(file, id): (&&FileStatus, ObjectId)| Staged {
        path: file.path.clone(),
        executable: file.executable,
        id,
    };
    let staged: Vec<_> = files.iter().zip(ids).map(staged).collect();
    stage(repository, &staged).map_err(git)
}

/// The plaintext of a file that was moved from a path that is sealed by value.
fn opened_values(
    repository: &Repository,
    keyring: &Keyring,
    file: &FileStatus,
) -> Result<Option<WipedVec>, FilterError> {
    let read = |error: GitError| FilterError::Rule(error.to_string());
    let Blob::Memory(bytes) = objects::read(repository, file.id).map_err(read)? else {
        return Ok(None);
    };
    let format = values::format_of_path(&file.path);
    match values::open(format, &bytes, &mut Ciphers::new(keyring)) {
        Ok(Opened::Plaintext { bytes, .. }) => Ok(Some(bytes)),
        Ok(Opened::Locked(_)) => {
            Err(FilterError::Rule("the key that seals its values now is not held here".to_owned()))
        }
        Ok(Opened::NoTokens) | Err(_) => Ok(None),
    }
}

fn with_blob(
    repository: &Repository,
    id: ObjectId,
    work: impl FnOnce(&mut dyn Read) -> Result<(), FilterError>,
) -> Result<(), FilterError> {
    let read = |error: GitError| FilterError::Rule(error.to_string());
    match objects::read(repository, id).map_err(read)? {
        Blob::Memory(bytes) => work(&mut &bytes[..]),
        Blob::Large => objects::stream(repository, id, work).map_err(read)?,
        Blob::Missing => Err(FilterError::Rule(format!("blob {id} is not here"))),
    }
}
