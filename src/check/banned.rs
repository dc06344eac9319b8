//! Commits that were taken out and must not come back: `<common dir>/git-shroud/banned`, an id on each line. What follows the
//! id on its line does not count, so that the map of a scrub serves on a server as it is.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use crate::error::{About, Context as _};
use crate::fs::{Access, create_private_dir, read_bounded, write_atomic};
use crate::store::local::{self, StoreError};
use crate::store::unreadable;

/// Bytes of the longest list that is read.
const MAX_LEN: usize = 1 << 30;

/// Why the list is not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum BannedError {
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot be written.
    #[error(transparent)]
    About(#[from] About),
    /// A line begins with something else than an id; its number, from 1.
    #[error("line {0} of git-shroud/banned is not an id")]
    Line(usize),
}

/// Where the list is.
pub fn path(common_dir: &Path) -> PathBuf {
    local::dir(common_dir).join("banned")
}

fn doing() -> String {
    "the list of banned commits".to_owned()
}

/// The list; empty where there is none.
///
/// # Errors
/// It cannot be read, or a line begins with something else than an id.
pub fn read(common_dir: &Path) -> Result<BTreeSet<ObjectId>, BannedError> {
    let bytes = match read_bounded(&path(common_dir), MAX_LEN) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => {
            let error = unreadable::explain(&path(common_dir), error);
            return Err(StoreError::Io(error).into());
        }
        Ok(bytes) => bytes,
    };
    let mut banned = BTreeSet::new();
    for (number, line) in bytes.lines().enumerate().filter(|(_, line)| !line.starts_with(b"old")) {
        let mut ids = line.fields();
        let Some(id) = ids.next() else { continue };
        let wrong = || BannedError::Line(number + 1);
        // What a map says to stay is not banned.
        if ids.next() != Some(id) {
            banned.insert(ObjectId::from_hex(id).map_err(|_| wrong())?);
        }
    }
    Ok(banned)
}

/// Adds commits, or takes them off.
///
/// # Errors
/// The list cannot be read or written.
pub fn change(
    common_dir: &Path,
    ids: &BTreeSet<ObjectId>,
    banned: bool,
) -> Result<(), BannedError> {
    let mut list = read(common_dir)?;
    match banned {
        true => list.extend(ids),
        false => list.retain(|id| !ids.contains(id)),
    }
    let mut text = String::new();
    for id in list {
        writeln!(text, "{id}").expect("a String takes any text");
    }
    create_private_dir(&local::dir(common_dir)).context(doing)?;
    Ok(write_atomic(&path(common_dir), text.as_bytes(), Access::Private).context(doing)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_added_and_taken_off_and_a_map_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let id = |digit: &str| ObjectId::from_hex(digit.repeat(40).as_bytes()).unwrap();
        assert!(read(dir.path()).unwrap().is_empty());
        change(dir.path(), &[id("1"), id("2")].into(), true).unwrap();
        change(dir.path(), &[id("2"), id("3")].into(), false).unwrap();
        assert_eq!(read(dir.path()).unwrap(), [id("1")].into());
        let map = format!("old new\n{} {}\n{} {}\n", id("4"), id("5"), id("6"), id("6"));
        std::fs::write(path(dir.path()), map).unwrap();
        assert_eq!(read(dir.path()).unwrap(), [id("4")].into());
        std::fs::write(path(dir.path()), "\nsecret\n").unwrap();
        let error = read(dir.path()).unwrap_err();
        assert!(error.to_string().contains("line 2") && !error.to_string().contains("secret"));
    }
}
