//! A plaintext file for a diff of git's.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::clone::CloneError;
use crate::clone::rules::git_crypt::GitCryptSurroundings;
use crate::clone::rules::of_path::{LazyRepository, Surroundings};
use crate::error::Context as _;
use crate::filter::stdio::stdout;
use crate::filter::{Driver as _, FileError, FilterError};
use crate::format::{self, Sniff};
use crate::git_crypt;
use crate::hex;
use crate::progress::Progress;
use crate::store::shroud_dir;

/// Writes the plaintext file to standard output; a line about it, where it does not open here. `dir` is where git runs this.
///
/// # Errors
/// The file or the keys cannot be read.
pub fn textconv(dir: &Path, file_name: &Path, progress: &dyn Progress) -> Result<(), CloneError> {
    let place = || crate::sanitise::native(file_name);
    let file = File::open(file_name).context(place)?;
    let mut start = Vec::new();
    (&file).take(format::HEADER_LEN as u64).read_to_end(&mut start).context(place)?;
    if git_crypt::is_encrypted(&start) {
        return print_git_crypt(dir, progress, &start, file);
    }
    let surroundings = Surroundings::find(dir)?;
    if let Sniff::Sealed(id) = format::sniff(&start)
        && surroundings.keyring.by_id(id).is_none()
    {
        let name = shroud_dir::name_of(dir, id);
        let key = name.map_or_else(|| format!("key id {id}"), |name| format!("key {name}"));
        let len = file.metadata().context(place)?.len();
        // The synthetic IV tells versions apart: without it a diff of two would show nothing.
        let version = hex::lower(&start[24..32]);
        progress.line(&format!("sealed with {key}, {len} bytes, version {version}"));
        return Ok(());
    }
    let repository = LazyRepository::new();
    let mut filter = surroundings.filter(&repository, None).strict();
    let smudged = filter.smudge(b"", start.chain(file));
    let opened = smudged.and_then(|smudged| smudged.write_to(stdout()));
    match opened {
        // A diff of it must not end all of 'git log'.
        Err(FilterError::Open(why)) => {
            progress.line(&format!("sealed and damaged: {why}"));
            Ok(())
        }
        Err(FilterError::OpenValues(why)) => {
            progress.line(&format!("sealed and damaged: {why}"));
            Ok(())
        }
        opened => opened.map_err(|error| FileError::of_none(error).into()),
    }
}

/// A file that git-crypt encrypted and that git handed over as it is.
fn print_git_crypt(
    dir: &Path,
    progress: &dyn Progress,
    start: &[u8],
    file: File,
) -> Result<(), CloneError> {
    let surroundings = GitCryptSurroundings::find(dir)?;
    let repository = LazyRepository::new();
    let mut filter = surroundings.filter(&repository, git_crypt::Name::default()).strict();
    match filter.smudge(b"", &mut start.chain(file)) {
        Ok(smudged) if filter.summary().still_sealed == 0 => {
            smudged.write_to(stdout()).map_err(|error| FileError::of_none(error).into())
        }
        Ok(_) | Err(FilterError::GitCrypt(_)) => {
            // The nonce tells versions apart: without it a diff of two would show nothing.
            let version = hex::lower(&start[10..18]);
            progress.line(&format!("encrypted by git-crypt, version {version}"));
            Ok(())
        }
        Err(error) => Err(FileError::of_none(error).into()),
    }
}
