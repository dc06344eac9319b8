//! Merging in a git-crypt repository, where no attribute names a merge driver: as git's default for every file.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::{MergeError, MergedFile, Versions, merge_texts, show};
use crate::clone::rules::git_crypt::GitCryptSurroundings;
use crate::clone::rules::of_path::{self, LazyRepository};
use crate::error::Context as _;
use crate::filter::{FileError, FilterError};
use crate::fs::{read_bounded, with_path};
use crate::git::attributes::Attributes;
use crate::git::command::Git;
use crate::git::objects::IN_MEMORY;
use crate::git_crypt::{HEADER_LEN, Name, is_encrypted, seal};
use crate::merge::{Labels, Merged};
use crate::repo_path::argument_bytes;
use crate::secret::WipedVec;
use crate::store::confirmed::{Confirmed, KeyOf};

/// Merges three versions. What git-crypt encrypts is merged as plaintext and encrypted again; all else git merges.
pub(super) fn merge(given: &Versions) -> Result<MergedFile, MergeError> {
    let limit = usize::try_from(IN_MEMORY).unwrap_or(usize::MAX);
    let path = argument_bytes(&given.path).unwrap_or_default();
    let files = [&given.base, &given.ours, &given.theirs];
    let version = || "a version to be merged".to_owned();
    // git merges larger files than this program does.
    let mut any_encrypted = false;
    for file in files {
        any_encrypted |= begins_encrypted(file).context(version)?;
    }
    if !any_encrypted {
        let is_clean = merge_by_git(given)?;
        return Ok(MergedFile { is_clean, twice: Vec::new() });
    }
    let mut versions = Vec::new();
    for file in files {
        versions.push(match read_bounded(file, limit) {
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                return Err(MergeError::TooLarge(show(path)));
            }
            read => read.context(version)?,
        });
    }
    let surroundings = GitCryptSurroundings::find(&given.dir)?;
    let repository = LazyRepository::new();
    let named = named_key(&surroundings, &repository, path)?;
    let mut plaintexts = [(); 3].map(|()| WipedVec::default());
    let mut used = named.clone();
    for (version, plaintext) in versions.iter().zip(&mut plaintexts) {
        if !is_encrypted(version) {
            plaintext.extend_from_slice(version);
            continue;
        }
        let opened = surroundings
            .held
            .open(named.as_ref(), version)
            .map_err(|source| MergeError::GitCrypt { path: show(path), source })?;
        if std::ptr::eq(version, &versions[1]) {
            refuse_unconfirmed(&surroundings, path, opened.0, named.as_ref())?;
        }
        used.get_or_insert_with(|| opened.0.clone());
        *plaintext = opened.2;
    }
    let texts = plaintexts.each_ref().map(|plaintext| plaintext.as_slice());
    let labels = Labels::new(&given.labels);
    let located = surroundings.location.as_ref();
    let opened = || located.map(|location| repository.get_or_init(|| of_path::open(location)));
    let (merged, twice) = merge_texts(given, opened, path, texts, &labels)?;
    let (content, is_clean) = match merged {
        Merged::Clean(content) => (content, true),
        Merged::Conflict(content) => (content, false),
        Merged::Binary => return Err(MergeError::Binary(show(path))),
    };
    // A side that is as it is keeps its bytes, whichever version of the key they are of.
    let side = texts.iter().zip(&versions).skip(1).find(|(text, _)| **text == content.as_slice());
    let encrypted = match side {
        Some((_, version)) if is_encrypted(version) || content.is_empty() => version.to_vec(),
        _ => {
            let file = used.as_ref().and_then(|name| surroundings.held.of(name));
            let file = file.ok_or_else(|| MergeError::NoGitCryptKey(show(path)))?;
            seal(file.newest(), &content)
        }
    };
    std::fs::write(&given.ours, &encrypted).context(|| "the merged file".to_owned())?;
    Ok(MergedFile { is_clean, twice })
}

fn begins_encrypted(file: &Path) -> io::Result<bool> {
    let mut start = Vec::with_capacity(HEADER_LEN);
    let opened = File::open(file).map_err(|error| with_path(file, &error))?;
    opened.take(HEADER_LEN as u64).read_to_end(&mut start)?;
    Ok(is_encrypted(&start))
}

/// The key that the path's attribute names; none where there is no such attribute.
fn named_key(
    surroundings: &GitCryptSurroundings,
    repository: &LazyRepository,
    path: &[u8],
) -> Result<Option<Name>, MergeError> {
    let Some(location) = &surroundings.location else { return Ok(None) };
    let repository = repository.get_or_init(|| of_path::open(location));
    let repository = repository.as_ref().map_err(|error| MergeError::Repository(error.clone()))?;
    let of = Attributes::new(repository)?.of(path)?;
    Ok(of.git_crypt.and_then(Result::ok))
}

/// A merge that moves what ours holds to a key of another name hands it to other readers.
fn refuse_unconfirmed(
    surroundings: &GitCryptSurroundings,
    path: &[u8],
    held: &Name,
    named: Option<&Name>,
) -> Result<(), MergeError> {
    let Some((named, location)) = named.zip(surroundings.location.as_ref()) else { return Ok(()) };
    if named == held {
        return Ok(());
    }
    let confirmed = Confirmed::load(&location.common_dir);
    if confirmed.context(|| "what was confirmed here".to_owned())?.allows_git_crypt(path, named) {
        return Ok(());
    }
    let error = FilterError::Crossing {
        held: KeyOf::GitCrypt(held.clone()),
        wanted: KeyOf::GitCrypt(named.clone()),
    };
    Err(FileError::new(path, error).into())
}

/// What git itself would do: the same merge, with the algorithm of its merges, the user's conflict style and the labels.
fn merge_by_git(given: &Versions) -> Result<bool, MergeError> {
    let git = Git::new(&given.dir);
    let [base, ours, theirs] = Labels::new(&given.labels).into_parts();
    let algorithm = git.query(["config", "--get", "diff.algorithm"])?;
    let mut algorithm_option = OsString::from("--diff-algorithm=");
    // git's own default for merges (merge-ort), while 'git merge-file' has that of 'git diff'.
    algorithm_option.push(algorithm.unwrap_or_else(|| "histogram".into()));
    let run = |options: &[OsString]| {
        let mut command = git.command(["merge-file", "--quiet"]);
        command.args(options).arg(format!("--marker-size={}", given.marker_size));
        command.args(["-L", &ours, "-L", &base, "-L", &theirs, "--"]);
        command.args([&given.ours, &given.base, &given.theirs]);
        command.output().map(|output| output.status.code()).context(|| "git merge-file".to_owned())
    };
    let code = match run(&[algorithm_option])? {
        // A git before 2.44 knows no such option.
        Some(129) => run(&[])?,
        code => code,
    };
    match code {
        Some(0) => Ok(true),
        Some(1..=127) => Ok(false),
        // Binary, as git merges no such file either: ours stays, and the user decides.
        _ => Err(MergeError::Binary(crate::sanitise::native(Path::new(&given.path)))),
    }
}
