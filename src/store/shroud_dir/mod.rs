//! The tracked folder `.shroud/`: what every clone knows of keys and members without holding a key (docs/format.md,
//! section 5).
//!
//! Anybody who can push can write it. So every read is bounded, no symbolic link is followed, and nothing is believed before
//! its mac is verified.

mod canonical;
mod key_info;
mod member;
mod policy;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::format::KeyId;
use crate::fs::replace;
use crate::fs::{Access, read_regular, with_path, write_atomic};
use crate::keyring::KeyName;

pub use key_info::{KeyInfo, RetiredError};
pub use member::{InvalidLabel, Label, Member};
pub use policy::Policy;

/// The folder's name, at the top of the worktree.
pub const NAME: &str = ".shroud";
/// Keeps every filter off the folder itself.
pub const ATTRIBUTES: &str = "* !shroud !filter !diff !merge text eol=lf\n";
/// Bytes of the longest `key.toml` that is read; retired keys are the longest part.
const MAX_KEY_LEN: usize = 4 << 20;
/// Bytes of the longest member's file that is read: a certificate of 1 MiB, in armour, and the wrapped key.
const MAX_MEMBER_LEN: usize = 2 << 20;

/// A file of the folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ShroudDirError {
    /// It is not what the format says.
    #[error("{path}: {message}")]
    Malformed {
        /// The file.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// It cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl ShroudDirError {
    fn malformed(path: &str, message: impl Into<String>) -> Self {
        Self::Malformed { path: crate::sanitise::path(path.as_bytes()), message: message.into() }
    }
}

/// What a file of the folder is, by its path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum File {
    /// `NAME/key.toml`.
    Key(KeyName),
    /// `NAME/members/STEM.toml`; the stem is not known to be a label.
    Member(KeyName, String),
}

impl File {
    /// Recognises a path relative to the top of the worktree, with slashes.
    pub fn recognise(path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix(NAME)?.strip_prefix('/')?.split('/');
        let key = parts.next()?.parse().ok()?;
        match (parts.next()?, parts.next(), parts.next()) {
            ("key.toml", None, None) => Some(Self::Key(key)),
            ("members", Some(file), None) => {
                Some(Self::Member(key, file.strip_suffix(".toml")?.to_owned()))
            }
            _ => None,
        }
    }

    /// The path relative to the top of the worktree, with slashes.
    pub fn path(&self) -> String {
        match self {
            Self::Key(key) => format!("{NAME}/{key}/key.toml"),
            Self::Member(key, stem) => format!("{NAME}/{key}/members/{stem}.toml"),
        }
    }
}

/// Every key and member file of the worktree's folder, sorted; none where there is no folder.
///
/// # Errors
/// A folder cannot be read.
pub fn list(top: &Path) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    for key in names_in(&top.join(NAME))? {
        let dir = top.join(NAME).join(&key);
        if dir.join("key.toml").symlink_metadata().is_ok() {
            files.extend(File::recognise(&format!("{NAME}/{key}/key.toml")));
        }
        for file in names_in(&dir.join("members"))? {
            files.extend(File::recognise(&format!("{NAME}/{key}/members/{file}")));
        }
    }
    files.sort();
    Ok(files)
}

/// The names in a folder; none where there is no folder. One that is a link is left for reading to refuse.
fn names_in(dir: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            return Ok(Vec::new());
        }
        entries => entries.map_err(|error| with_path(dir, &error))?,
    };
    let names = entries.map(|entry| Ok(entry?.file_name().into_string().ok()));
    let names: io::Result<Vec<_>> = names.collect();
    Ok(names.map_err(|error| with_path(dir, &error))?.into_iter().flatten().collect())
}

/// The name of the key with this id, if the worktree's folder describes it soundly.
pub fn name_of(top: &Path, id: KeyId) -> Option<KeyName> {
    let files = list(top).unwrap_or_default();
    files.into_iter().find_map(|file| match &file {
        File::Key(name) => {
            let info = KeyInfo::parse(&read(top, &file).ok()?, name).ok()?;
            id.names(info.id).then_some(info.name)
        }
        File::Member(..) => None,
    })
}

/// Reads a file of the worktree's folder.
///
/// # Errors
/// It cannot be read, or is behind a symbolic link.
pub fn read(top: &Path, file: &File) -> Result<Vec<u8>, ShroudDirError> {
    let path = real_path(top, &file.path())?;
    let limit = match file {
        File::Key(_) => MAX_KEY_LEN,
        File::Member(..) => MAX_MEMBER_LEN,
    };
    // Reading a pipe or a device would wait for ever.
    let metadata = path.symlink_metadata().map_err(|error| with_path(&path, &error))?;
    if !metadata.is_file() {
        return Err(ShroudDirError::malformed(&file.path(), "it is not a file"));
    }
    if metadata.len() > limit as u64 {
        let message = format!("it is larger than {} MiB, which is too large", limit >> 20);
        return Err(ShroudDirError::malformed(&file.path(), message));
    }
    Ok(read_regular(&path, limit)?.to_vec())
}

/// Writes a file of the worktree's folder, and the folder's attributes.
///
/// # Errors
/// It cannot be written, or is behind a symbolic link.
pub fn write(top: &Path, file: &File, text: &str) -> Result<(), ShroudDirError> {
    let path = real_path(top, &file.path())?;
    let folder = path.parent().expect("it is in a folder");
    fs::create_dir_all(folder).map_err(|error| with_path(folder, &error))?;
    let attributes = real_path(top, &format!("{NAME}/.gitattributes"))?;
    if !attributes.exists() {
        write_atomic(&attributes, ATTRIBUTES.as_bytes(), Access::Shared)?;
    }
    Ok(write_atomic(&path, text.as_bytes(), Access::Shared)?)
}

/// Removes a file of the worktree's folder; one that is not there is no error.
///
/// # Errors
/// It cannot be removed, or is behind a symbolic link.
pub fn remove(top: &Path, file: &File) -> Result<(), ShroudDirError> {
    let path = real_path(top, &file.path())?;
    match replace::remove(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(with_path(&path, &error).into())
        }
        _ => Ok(()),
    }
}

/// The path on this system. A link that somebody committed would lead a write to anywhere.
fn real_path(top: &Path, relative: &str) -> Result<PathBuf, ShroudDirError> {
    let mut path = top.to_owned();
    for part in relative.split('/') {
        path.push(part);
        if path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()) {
            let message = "its path contains a symbolic link, which is not followed";
            return Err(ShroudDirError::malformed(relative, message));
        }
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_path() {
        let key: KeyName = "prod".parse().unwrap();
        for file in [File::Key(key.clone()), File::Member(key, "Alice".to_owned())] {
            assert_eq!(File::recognise(&file.path()), Some(file));
        }
        for path in [
            ".shroud/key.toml",
            ".shroud/../key.toml",
            ".shroud/prod/other.toml",
            ".shroud/prod/members/a.txt",
            ".shroud/prod/members/a/b.toml",
            ".shroudx/prod/key.toml",
        ] {
            assert_eq!(File::recognise(path), None, "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (top, outside) = (dir.path().join("top"), dir.path().join("outside"));
        fs::create_dir_all(top.join(NAME)).unwrap();
        fs::create_dir(&outside).unwrap();
        std::os::unix::fs::symlink(&outside, top.join(NAME).join("prod")).unwrap();
        let file = File::Key("prod".parse().unwrap());
        fs::write(outside.join("key.toml"), "victim").unwrap();
        assert_eq!(list(&top).unwrap(), std::slice::from_ref(&file));
        for done in [write(&top, &file, "x"), remove(&top, &file), read(&top, &file).map(|_| ())] {
            assert!(done.unwrap_err().to_string().contains("symbolic link"));
        }
        assert_eq!(fs::read(outside.join("key.toml")).unwrap(), b"victim");
    }
}
