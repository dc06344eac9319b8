//! One file for a reader, by its name in a commit, in the index or in the worktree.

use std::ffi::OsStr;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use gix::ObjectId;

use super::ShowError;
use super::print::print;
use crate::clone::OpenClone;
use crate::error::Context as _;
use crate::git::command::Git;
use crate::git::objects::{self, Blob};
use crate::repo_path::argument_bytes;

/// Writes the plaintext of a file of the worktree, or of `REV:PATH`, to standard output. `dir` is where names begin.
///
/// # Errors
/// There is no such file, or it is not in this clone; or as [`print()`].
pub fn cat(opened: &OpenClone, dir: &Path, name: &OsStr) -> Result<(), ShowError> {
    let path = dir.join(name);
    if path.is_file() {
        let file = File::open(&path).context(|| crate::sanitise::native(&path))?;
        return print(opened, argument_bytes(name).unwrap_or_default(), &mut BufReader::new(file));
    }
    let shown = || crate::sanitise::line(&name.to_string_lossy());
    if !name.as_encoded_bytes().contains(&b':') {
        return Err(ShowError::NoFile(shown()));
    }
    let find = ["rev-parse", "--verify", "--end-of-options"].map(OsStr::new);
    let id = Git::new(dir).run(find.into_iter().chain([name]));
    let id = id.map_err(|_| ShowError::NoName(shown()))?;
    let id = ObjectId::from_hex(id.trim_ascii()).context(|| "git rev-parse".to_owned())?;
    // Relative to the top in most cases; what is remembered of names counts for any path.
    let bytes = name.as_encoded_bytes();
    let path = bytes.iter().position(|byte| *byte == b':').map_or(bytes, |at| &bytes[at + 1..]);
    match objects::read(&opened.repository, id)? {
        Blob::Memory(blob) => print(opened, path, &mut &blob[..]),
        Blob::Large => objects::stream(&opened.repository, id, |blob| print(opened, path, blob))?,
        Blob::Missing => Err(ShowError::NotHere(id)),
    }
}
