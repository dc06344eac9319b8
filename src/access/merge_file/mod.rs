//! What git itself calls to merge a sealed file.

mod by_value;
mod error;
mod git_crypt;
mod theirs;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::clone::rules::of_path::{self, LazyRepository, Surroundings};
use crate::config_format::Format;
use crate::error::Context as _;
use crate::filter::{FileError, FilterError};
use crate::format::{self, KeyId, Sniff};
use crate::git::attributes::{Attributes, PathAttributes};
use crate::git::command::Git;
use crate::git::merging::{self, How};
use crate::git::repository::Repository;
use crate::keyring::{Entry, KeyName, Keyring};
use crate::merge::{self, Labels, Merged};
use crate::repo_path::argument_bytes;
use crate::secret::WipedVec;
use crate::store::confirmed::Confirmed;
use by_value::Closed;
pub use error::MergeError;
use theirs::theirs_names;

/// What became of a merge.
pub struct MergedFile {
    /// Whether there are no conflict markers.
    pub is_clean: bool,
    /// Keys that both sides have added with different values, at different places.
    pub twice: Vec<String>,
}

/// The versions that git gives to a merge driver.
pub struct Versions {
    /// Where the driver was started.
    pub dir: PathBuf,
    /// The file with the common ancestor.
    pub base: PathBuf,
    /// The file with ours, which the result replaces.
    pub ours: PathBuf,
    /// The file with theirs.
    pub theirs: PathBuf,
    /// The length of conflict markers.
    pub marker_size: u16,
    /// The path in the repository.
    pub path: OsString,
    /// What to call ancestor, ours and theirs.
    pub labels: Vec<OsString>,
}

/// Merges the three versions, and writes the sealed result over ours, also with conflict markers; says whether there are any.
///
/// As git's `default` driver it merges only what git-crypt encrypts, and leaves all else to git.
///
/// # Errors
/// A key is not held, the versions are binary, or a file cannot be read or written. Ours is as it was then.
pub fn merge_versions(versions: &Versions, default: bool) -> Result<MergedFile, MergeError> {
    if default { git_crypt::merge(versions) } else { versions.merge() }
}

impl Versions {
    fn merge(&self) -> Result<MergedFile, MergeError> {
        let surroundings = Surroundings::find(&self.dir)?;
        let repository = LazyRepository::new();
        let path = argument_bytes(&self.path).unwrap_or_default();
        let sides = [&self.base, &self.ours, &self.theirs];
        let is_sealed = sides.iter().any(|side| id_of(side).is_some());
        let closed = by_value::closed(&surroundings.keyring, path, sides)?;
        let held = sides.map(|side| key_of(&surroundings.keyring, side));
        let keys = held.map(|held| held.map(|held| held.name.clone()));
        // A merge without worktree sees no attributes: then the key of the sides stays.
        let key = keys[1].as_ref().or(keys[2].as_ref()).cloned();
        let mut filter = surroundings.filter(&repository, key).strict();
        filter.rules().overrides = false;
        let filtering = |error: FilterError| MergeError::Filter(FileError::new(path, error));
        let mut versions = [(); 3].map(|()| WipedVec::default());
        for (file, opened) in sides.into_iter().zip(&mut versions) {
            let mut content = File::open(file).context(|| crate::sanitise::native(file))?;
            // Nothing of them opens here: their tokens are merged, line by line, as git itself would.
            if closed != Closed::No {
                io::copy(&mut content, opened).context(|| crate::sanitise::native(file))?;
                continue;
            }
            let smudged = filter.smudge(path, content);
            smudged.and_then(|smudged| smudged.write_to(&mut *opened)).map_err(filtering)?;
            if matches!(format::sniff(opened), Sniff::Sealed(_)) {
                return Err(MergeError::NoKey(show(path)));
            }
        }
        let [base, ours, theirs] = versions.each_ref().map(|version| version.as_slice());
        let labels = Labels::new(&self.labels);
        let located = surroundings.location.as_ref();
        let opened = || located.map(|location| repository.get_or_init(|| of_path::open(location)));
        let texts = [base, ours, theirs];
        let (merged, twice) = merge_texts(self, opened, path, texts, &labels)?;
        let (content, is_clean) = match merged {
            Merged::Clean(content) => (content, true),
            Merged::Conflict(content) => (content, false),
            // As git does with binary files: ours stays, and the user decides.
            Merged::Binary => {
                return Err(MergeError::Binary(show(path)));
            }
        };
        let located = surroundings.location.as_ref();
        let opened = located.map(|location| repository.get_or_init(|| of_path::open(location)));
        let attributes = attributes_of(opened, path)?;
        let named = attributes.as_ref().filter(|of| of.sealed).map(|of| of.key.as_ref().ok());
        let mut key = named.unwrap_or_else(|| keys[1].as_ref().or(keys[2].as_ref())).cloned();
        if let (Some(theirs), Some(Ok(repository))) =
            (key_of_theirs(&keys, attributes.as_ref()), opened)
        {
            let label = self.labels.get(2).map(|label| label.to_string_lossy()).unwrap_or_default();
            match theirs_names(repository, path, &self.theirs, &label, theirs)? {
                Some(true) => {
                    key = Some(theirs.clone());
                    filter.rules().key = Some(theirs.clone());
                    filter.rules().overrides = true;
                }
                Some(false) => {}
                None => {
                    return Err(MergeError::Theirs { path: show(path), key: theirs.clone() });
                }
            }
        }
        if let (Some(key), Some(Ok(repository))) = (&key, opened) {
            refuse_unconfirmed(repository, path, &keys, key)?;
        }
        // Where one side was rotated, the merge is about to bring its description.
        let newest = held.iter().flatten().max_by_key(|held| held.generation);
        filter.rules().at_least = newest.map(|held| held.key.id());
        filter.rules().merging = by_value::merging(sides)?;
        let mut result = Vec::new();
        // An exception that only takes the filter away leaves the merge driver of the macro.
        let is_exempt = !is_sealed && attributes.is_some_and(|attributes| !attributes.sealed);
        let stays = match closed {
            Closed::No => is_exempt,
            Closed::Locked => true,
            // What is plaintext in it is sealed; with marks it does not read, and sealed whole nobody could set another value.
            Closed::Damaged => is_exempt || !is_clean,
        };
        if stays {
            result.extend_from_slice(&content);
        } else {
            let cleaned = filter.clean(path, &content[..]);
            cleaned.and_then(|cleaned| cleaned.write_to(&mut result)).map_err(filtering)?;
        }
        std::fs::write(&self.ours, &result).context(|| crate::sanitise::native(&self.ours))?;
        Ok(MergedFile { is_clean, twice })
    }
}

/// Merges three plaintexts: by their lines in the user's conflict style and, where that conflicts or leaves a key twice, by
/// their keys. Also the keys that would be there twice, where a person must decide.
fn merge_texts<'r>(
    versions: &Versions,
    repository: impl FnOnce() -> Option<&'r Result<Repository, String>>,
    path: &[u8],
    texts: [&[u8]; 3],
    labels: &Labels,
) -> Result<(Merged, Vec<String>), MergeError> {
    let [base, ours, theirs] = texts;
    let by_lines = |style| {
        merge::text(base, ours, theirs, labels, versions.marker_size, style).context(|| show(path))
    };
    let merged = by_lines(None)?;
    if let Merged::Clean(clean) = &merged {
        let is_side = [ours, theirs].contains(&clean.as_slice());
        let format = if is_side { None } else { format_by_key(repository(), path)? };
        let Some(format) = format else { return Ok((merged, Vec::new())) };
        let undoubled = merge::undouble(format, texts, clean, labels, versions.marker_size);
        let undoubled = undoubled.context(|| show(path))?;
        return Ok(undoubled.map_or((merged, Vec::new()), |done| (done.merged, done.keys)));
    }
    if matches!(merged, Merged::Binary) {
        return Ok((merged, Vec::new()));
    }
    let by_key = format_by_key(repository(), path)?
        .and_then(|format| merge::by_key(format, base, ours, theirs));
    if let Some(content) = by_key {
        return Ok((Merged::Clean(content), Vec::new()));
    }
    // git itself is asked, as the style may come with 'git -c'.
    match merging::conflict_style(&Git::new(&versions.dir))?.as_deref() {
        None | Some("merge") => Ok((merged, Vec::new())),
        style => Ok((by_lines(style)?, Vec::new())),
    }
}

/// The format by whose keys a path may be merged.
fn format_by_key(
    repository: Option<&Result<Repository, String>>,
    path: &[u8],
) -> Result<Option<Format>, MergeError> {
    let Some(format) = Format::of_path(path) else { return Ok(None) };
    let how = match repository {
        Some(Ok(repository)) => merging::how(repository, path)?,
        Some(Err(error)) => return Err(MergeError::Repository(error.clone())),
        None => None,
    };
    let by_key = how.map_or(format.merges_by_key(), |how| how == How::Keys);
    Ok(by_key.then_some(format))
}

/// The attributes of a path; `None` without a worktree, as then there are none to tell by.
fn attributes_of(
    repository: Option<&Result<Repository, String>>,
    path: &[u8],
) -> Result<Option<PathAttributes>, MergeError> {
    match repository {
        Some(Ok(repository)) if repository.worktree.is_some() => {
            Ok(Some(Attributes::new(repository)?.of(path)?))
        }
        Some(Ok(_)) | None => Ok(None),
        Some(Err(error)) => Err(MergeError::Repository(error.clone())),
    }
}

/// A merge that moves what one side holds to a key of another name hands it to other readers.
fn refuse_unconfirmed(
    repository: &Repository,
    path: &[u8],
    [_, ours, theirs]: &[Option<KeyName>; 3],
    key: &KeyName,
) -> Result<(), MergeError> {
    let is_other = |name: &&KeyName| *name != key && !name.is_aside_of(key);
    let Some(held) = [ours, theirs].into_iter().flatten().find(is_other) else { return Ok(()) };
    let confirmed = Confirmed::load(repository.common_dir());
    if confirmed.context(|| "what was confirmed here".to_owned())?.allows(path, key) {
        return Ok(());
    }
    let error = FilterError::OtherName { held: held.clone(), wanted: key.clone() };
    Err(MergeError::Moved(FileError::new(path, error)))
}

/// The key of theirs, where they gave the path another and ours did not. The attributes are those of ours until the merge
/// is done: sealed by them, it could be opened by people from whom theirs has taken it away.
fn key_of_theirs<'k>(
    [base, ours, theirs]: &'k [Option<KeyName>; 3],
    attributes: Option<&PathAttributes>,
) -> Option<&'k KeyName> {
    let declared =
        attributes.filter(|of| of.sealed).map_or(ours.as_ref(), |of| of.key.as_ref().ok());
    let is_old = ours.is_some() && base == ours && declared == ours.as_ref();
    theirs.as_ref().filter(|theirs| is_old && Some(*theirs) != base.as_ref() && !theirs.is_aside())
}

/// The key that sealed a file, where it is held.
fn key_of<'k>(keyring: &'k Keyring, file: &Path) -> Option<&'k Entry> {
    keyring.by_id(id_of(file)?)
}

/// The id of the key that sealed a file, as much of it as is known; `None` where it is not sealed.
fn id_of(file: &Path) -> Option<KeyId> {
    let mut start = Vec::new();
    File::open(file).ok()?.take(format::HEADER_LEN as u64).read_to_end(&mut start).ok()?;
    match format::sniff(&start) {
        Sniff::Sealed(id) => Some(id),
        Sniff::NotSealed => by_value::id_of(file),
        _ => None,
    }
}

fn show(path: &[u8]) -> String {
    crate::sanitise::path(path)
}
