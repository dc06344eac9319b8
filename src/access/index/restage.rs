//! Sealing what the index holds: the blobs themselves, not the files, so that nothing unstaged is staged with them.

use std::io::{Read, Write as _};

use gix::ObjectId;

use crate::access::worktree::read_start::sniff_blob;
use crate::filter::git_crypt::{GitCryptFilter, NoPaths};
use crate::filter::{Driver as _, FileError, Filter, FilterError, Merging, Rule, Rules, Spool};
use crate::format::{KeyId, Layout, Sniff};
use crate::git::GitError;
use crate::git::attributes::Attributes;
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::git::staging::{BlobWriter, Staged, stage};
use crate::git_crypt::HeldKeys;
use crate::keyring::{KeyName, Keyring};
use crate::secret::WipedVec;
use crate::status::FileStatus;
use crate::store::received::Received;
use crate::values::{self, Ciphers, Clear, MAX_SEALED, Mode, Opened, ToPublicAgain};

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
    /// Whether the user chose just now which names are exempt; else what was sealed whole has none.
    pub exempts: bool,
    /// Whether the user said that values become plaintext whose names are exempt by now; else what is sealed stays so.
    pub opens: bool,
}

struct OneKey<'b> {
    blob: &'b Restage,
    layout: Layout,
    values: Option<Mode>,
    received: &'b Option<Received>,
    /// What is sealed again, as long as its values may be.
    stored: Option<Merging>,
}

impl Rules for &mut OneKey<'_> {
    fn rule(&mut self, _path: &[u8]) -> Result<Rule, String> {
        let (key, key_id, layout) = (self.blob.key.clone(), Some(self.blob.with), self.layout);
        Ok(Rule { key, key_id, layout, values: self.values.clone(), ..Rule::default() })
    }

    fn merged(&mut self) -> Option<&Merging> {
        self.stored.as_ref()
    }

    fn opens_exempt(&self) -> bool {
        self.blob.opens
    }

    fn received(&mut self) -> Option<&Received> {
        self.received.as_ref()
    }
}

/// Seals each blob with its key and stages the outcome; all of them, or none. Returns the paths that should be sealed whole and stay sealed by
/// value, as people without the key have set values there.
///
/// # Errors
/// The blob that could not be sealed, or why none could.
pub fn restage(
    repository: &Repository,
    keyring: &Keyring,
    blobs: &[Restage],
) -> Result<Vec<Vec<u8>>, FileError> {
    let (staged, by_value) = write_blobs(repository, keyring, blobs)?;
    stage(repository, &staged)
        .map_err(|error| FileError::of_none(FilterError::Rule(error.to_string())))?;
    Ok(by_value)
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
    write_blobs(repository, keyring, blobs).map(|(staged, _)| staged)
}

fn write_blobs(
    repository: &Repository,
    keyring: &Keyring,
    blobs: &[Restage],
) -> Result<(Vec<Staged>, Vec<Vec<u8>>), FileError> {
    let git = |error: GitError| FileError::of_none(FilterError::Rule(error.to_string()));
    let mut writer = BlobWriter::new().map_err(git)?;
    let mut attributes = Attributes::new(repository).map_err(git)?;
    let received = &Received::load(repository.common_dir());
    let (again, mut by_value) = (ToPublicAgain::default(), Vec::new());
    for blob in blobs {
        let file = writer.add().map_err(git)?;
        let of = attributes.of(&blob.path).map_err(git)?;
        let values = Mode::of(&of, &blob.path)
            .map_err(|why| FileError::new(&blob.path, FilterError::Rule(why)))?;
        let may_exempt = blob.exempts || !is_sealed_whole(repository, blob.id).map_err(git)?;
        let values = match may_exempt {
            true => values,
            false => values.map(|mode| Mode { clear: Clear::default(), ..mode }),
        };
        let rules = OneKey { blob, layout: of.layout, values, received, stored: None };
        let sealed = seal_blob(repository, keyring, rules, &again, file)
            .map_err(|error| FileError::new(&blob.path, error))?;
        if sealed == Form::ByValueAlone {
            by_value.push(blob.path.clone());
        }
    }
    let ids = writer.finish(repository).map_err(git)?;
    let staged = |(blob, id): (&Restage, ObjectId)| Staged {
        path: blob.path.clone(),
        executable: blob.executable,
        id,
    };
    Ok((blobs.iter().zip(ids).map(staged).collect(), by_value))
}

/// In which form a blob was sealed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As the attributes say.
    Meant,
    /// By value, and whole as the attributes say it cannot be.
    ByValueAlone,
}

fn is_sealed_whole(repository: &Repository, id: ObjectId) -> Result<bool, GitError> {
    Ok(matches!(sniff_blob(repository, id)?, Some(Sniff::Sealed(_))))
}

fn seal_blob(
    repository: &Repository,
    keyring: &Keyring,
    mut rules: OneKey<'_>,
    again: &ToPublicAgain,
    mut to: std::fs::File,
) -> Result<Form, FilterError> {
    let blob = rules.blob;
    let mut form = Form::Meant;
    let seal = |source: &mut dyn Read| -> Result<(), FilterError> {
        let mut plaintext = Spool::default();
        let mut start = Vec::new();
        if rules.values.is_some() || values::format_of_path(&blob.path).is_some() {
            (&mut *source).take(MAX_SEALED as u64 + 1).read_to_end(&mut start)?;
        }
        let mut is_set = false;
        // What was set without the key is not to become ordinary.
        if values::may_hold_tokens(&start) && start.len() <= MAX_SEALED {
            is_set = values::has_public(&start);
            rules.stored = Some(Merging { base: None, sides: vec![start.clone()] });
        }
        let is_whole = rules.values.is_none();
        let mode = rules.values.as_ref().and_then(|mode| mode.format);
        let mut filter = Filter::new(keyring, &mut rules).strict();
        filter.smudge(&blob.path, &mut start.as_slice().chain(source))?.write_to(&mut plaintext)?;
        if filter.summary().still_sealed > 0 {
            return Err(FilterError::Rule("the key that seals it now is not held here".to_owned()));
        }
        let cleaned = match is_set && is_whole {
            true => Err(FilterError::Comparable(values::no_format())),
            false => filter.clean(&blob.path, plaintext.reader()?),
        };
        if !is_set || !matches!(cleaned, Err(FilterError::Comparable(_))) {
            return cleaned?.write_to(to);
        }
        if is_whole {
            form = Form::ByValueAlone;
        }
        // Each value by itself, and nothing else.
        let format = mode.or_else(|| values::format_of_path(&blob.path));
        let next = |_: &_| keyring.by_id(blob.with);
        let resealed = values::reseal(format, &start, &mut Ciphers::new(keyring), again, next)?;
        Ok(to.write_all(resealed.as_deref().unwrap_or(&start))?)
    };
    with_blob(repository, blob.id, seal)?;
    Ok(form)
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
