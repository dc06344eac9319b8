//! Where git-crypt keeps its keys: `<git dir>/git-crypt/keys/NAME`, and wrapped in `.git-crypt/` (docs/format.md, section 6).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::fs::replace;
use crate::fs::{
    Access, Exposure, create_private_dir, exposure, read_bounded, with_path, write_atomic,
};
use crate::git::repository::Repository;
use crate::git_crypt::{HeldKeys, KeyFile, KeyFileError, MAX_KEY_FILE_LEN, Name};

/// Where git-crypt keeps what it shares, unless `git-crypt.repoStateDir` says otherwise; relative to the top.
pub const STATE_DIR: &str = ".git-crypt";
/// Bytes of the largest wrapped key that is read.
const MAX_MESSAGE_LEN: usize = 64 << 10;
/// Wrapped keys that are looked at, at most: names, versions and recipients together.
const MAX_WRAPPED: usize = 10_000;

/// Why a key file was not read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The bytes are no key file, or the keys do not go together.
    #[error("{place}: {source}")]
    KeyFile {
        /// The file.
        place: String,
        /// What is wrong with it.
        source: KeyFileError,
    },
    /// The file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Where git-crypt keeps what it shares; `None` where there is no worktree.
pub fn state_dir(repository: &Repository) -> Option<PathBuf> {
    let top = repository.worktree.as_deref()?;
    let set = repository.gix.config_snapshot().string("git-crypt.repoStateDir");
    let set = set
        .and_then(|set| crate::repo_path::to_native(&set))
        .filter(|set| !set.as_os_str().is_empty());
    Some(top.join(set.unwrap_or_else(|| STATE_DIR.into())))
}

/// The folder of key files under a git folder.
pub fn keys_dir(git_dir: &Path) -> PathBuf {
    git_dir.join("git-crypt").join("keys")
}

/// The keys of a clone: those that all worktrees share, and those that git-crypt itself has put into the folder of this
/// linked worktree. None where the clone is locked.
///
/// # Errors
/// One of the files cannot be read, or two hold different keys of one name.
pub fn load(common_dir: &Path, git_dir: &Path) -> Result<HeldKeys, StoreError> {
    let mut held = HeldKeys::default();
    add_folder(&mut held, &keys_dir(common_dir))?;
    if git_dir != common_dir {
        add_folder(&mut held, &keys_dir(git_dir))?;
    }
    Ok(held)
}

fn add_folder(held: &mut HeldKeys, dir: &Path) -> Result<(), StoreError> {
    for name in names_in(dir)? {
        let path = dir.join(name.as_str());
        let bytes = read_bounded(&path, MAX_KEY_FILE_LEN)?;
        let wrong = |source| StoreError::KeyFile { place: crate::sanitise::native(&path), source };
        // The file's name says which key it is, as it does for git-crypt.
        let file = KeyFile::parse_current(&bytes).map_err(wrong)?.renamed(name);
        held.insert(file).map_err(wrong)?;
    }
    Ok(())
}

/// The names in a folder that can be those of keys, sorted; none where there is no folder.
fn names_in(dir: &Path) -> io::Result<Vec<Name>> {
    let listed = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(|error| with_path(dir, &error))?,
    };
    let name = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    let mut names: Vec<Name> = listed.flatten().filter_map(name).collect();
    names.sort();
    Ok(names)
}

/// Writes a key file where all worktrees and git-crypt itself find it.
///
/// # Errors
/// It cannot be written; then the old one is there still.
pub fn save(common_dir: &Path, file: &KeyFile) -> io::Result<()> {
    let dir = keys_dir(common_dir);
    create_private_dir(&dir)?;
    write_atomic(&dir.join(file.name().as_str()), &file.to_bytes(), Access::Private)
}

/// Removes the key files of this name from a git folder.
///
/// # Errors
/// A file is there and cannot be removed.
pub fn remove(git_dir: &Path, name: &Name) -> io::Result<()> {
    let path = keys_dir(git_dir).join(name.as_str());
    match replace::remove(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(with_path(&path, &error)),
        _ => {
            // As git-crypt leaves it; a folder that is not empty stays.
            let _ = fs::remove_dir(keys_dir(git_dir));
            let _ = fs::remove_dir(git_dir.join("git-crypt"));
            Ok(())
        }
    }
}

/// The key files of this clone that others on this machine can read.
pub fn exposed(common_dir: &Path) -> Vec<PathBuf> {
    let dir = keys_dir(common_dir);
    let names = names_in(&dir).unwrap_or_default();
    let paths = names.iter().map(|name| dir.join(name.as_str()));
    paths.filter(|path| matches!(exposure(path), Some(Exposure::Others(_)))).collect()
}

/// A key file that is wrapped to one OpenPGP certificate.
pub struct Wrapped {
    /// The key's name.
    pub name: Name,
    /// The version that the folder names.
    pub version: u32,
    /// The certificate's fingerprint, as the file's name gives it.
    pub fingerprint: String,
    /// The OpenPGP message.
    pub message: Vec<u8>,
}

/// The wrapped keys in the folder that git-crypt shares: `keys/NAME/VERSION/FINGERPRINT.gpg`.
///
/// What has another form of name is passed over, as git-crypt does.
///
/// # Errors
/// A folder or a file cannot be read.
pub fn wrapped(state_dir: &Path) -> io::Result<Vec<Wrapped>> {
    let mut found = Vec::new();
    let keys = state_dir.join("keys");
    for name in names_in(&keys)? {
        for (folder, version) in children(&keys.join(name.as_str()), |text| text.parse().ok())? {
            let fingerprints = children(&folder, |text| {
                let fingerprint = text.strip_suffix(".gpg")?;
                fingerprint
                    .bytes()
                    .all(|byte| byte.is_ascii_hexdigit())
                    .then(|| fingerprint.to_ascii_uppercase())
            })?;
            for (file, fingerprint) in fingerprints {
                if found.len() == MAX_WRAPPED {
                    return Ok(found);
                }
                let message = read_bounded(&file, MAX_MESSAGE_LEN)?.to_vec();
                found.push(Wrapped { name: name.clone(), version, fingerprint, message });
            }
        }
    }
    Ok(found)
}

/// What is in a folder and has a name that `read` understands, sorted by name.
fn children<T>(dir: &Path, read: impl Fn(&str) -> Option<T>) -> io::Result<Vec<(PathBuf, T)>> {
    // A file in a folder's place is none of git-crypt's, and a link could lead anywhere.
    if !fs::symlink_metadata(dir).is_ok_and(|found| found.is_dir()) {
        return Ok(Vec::new());
    }
    let listed = fs::read_dir(dir).map_err(|error| with_path(dir, &error))?;
    let read = |entry: fs::DirEntry| {
        if entry.file_type().ok()?.is_symlink() {
            return None;
        }
        let meant = read(entry.file_name().to_str()?)?;
        Some((entry.path(), meant))
    };
    let mut children: Vec<_> = listed.flatten().filter_map(read).collect();
    children.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(children)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git_crypt::KeyVersion;
    use crate::secret::SecretBytes;

    fn file(name: &str, byte: u8) -> KeyFile {
        let version =
            KeyVersion::new(0, SecretBytes::new([byte; 32]), SecretBytes::new([byte; 64]));
        KeyFile::new(name.parse().unwrap(), version)
    }

    #[test]
    fn keys_are_kept_where_git_crypt_keeps_them() {
        let dir = tempfile::tempdir().unwrap();
        let linked = dir.path().join("worktrees/w");
        assert!(load(dir.path(), &linked).unwrap().is_empty());
        save(dir.path(), &file("default", 1)).unwrap();
        save(&linked, &file("ops", 2)).unwrap();
        fs::write(keys_dir(dir.path()).join("no.name"), b"other").unwrap();
        let held = load(dir.path(), &linked).unwrap();
        let names: Vec<_> = held.files().map(|file| file.name().as_str()).collect();
        assert_eq!(names, ["default", "ops"]);
        save(&linked, &file("default", 3)).unwrap();
        let error = load(dir.path(), &linked).err().unwrap().to_string();
        assert!(error.contains("another git-crypt key is held as 'default' version 0"), "{error}");
        remove(&linked, &"default".parse().unwrap()).unwrap();
        remove(&linked, &"ops".parse().unwrap()).unwrap();
        assert!(!linked.join("git-crypt").exists());
    }

    #[test]
    fn wrapped_keys_are_found_and_other_names_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("keys/ops/0");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("00aa.gpg"), b"message").unwrap();
        fs::write(folder.join("README"), b"").unwrap();
        fs::create_dir(dir.path().join("keys/ops/x")).unwrap();
        fs::write(dir.path().join("keys/default"), b"").unwrap();
        #[cfg(unix)]
        {
            // Neither is followed: reading a terminal, or a pipe, would never end.
            std::os::unix::fs::symlink("00aa.gpg", folder.join("00bb.gpg")).unwrap();
            std::os::unix::fs::symlink("ops", dir.path().join("keys/linked")).unwrap();
        }
        let found = wrapped(dir.path()).unwrap();
        assert_eq!(found.len(), 1);
        let Wrapped { name, version, fingerprint, message } = &found[0];
        assert_eq!((name.as_str(), *version, fingerprint.as_str()), ("ops", 0, "00AA"));
        assert_eq!(message, b"message");
    }
}
