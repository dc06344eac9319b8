//! A file of the worktree that is changed in its place: sealed where it was sealed, in the clear where it was open.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use crate::clone::OpenClone;
use crate::error::{CommandError, Context as _, Outcome};
use crate::format::{self, Layout, Sniff};
use crate::fs::{Access, read_regular, write_atomic};
use crate::git::attributes::PathAttributes;
use crate::git_crypt::{self, KeyVersion};
use crate::keyring::Entry;
use crate::store::local;

/// Bytes of the largest file that is changed.
pub const MAX_LEN: usize = 64 << 20;

/// The key that seals a path.
pub enum SealingKey<'o> {
    /// One of this program.
    Own(&'o Entry, Layout),
    /// One of git-crypt.
    GitCrypt(&'o KeyVersion),
}

impl<'o> SealingKey<'o> {
    /// The key that the attributes name.
    ///
    /// # Errors
    /// It is not held, may seal nothing, or the path is sealed with another.
    pub fn of(opened: &'o OpenClone, path: &[u8], attributes: &PathAttributes) -> Outcome<Self> {
        let wrong = |error: &dyn std::fmt::Display| CommandError::wrong(error.to_string());
        let missing = |name: &str| {
            CommandError::refused(format!("the key '{name}' is not held here"))
                .hint("git shroud unlock")
        };
        if let Some(name) = &attributes.git_crypt {
            let name = name.as_ref().map_err(|error| wrong(error))?;
            let file = opened.git_crypt.of(name).ok_or_else(|| missing(name.as_str()))?;
            opened.refuse_unconfirmed_move_to(path, name)?;
            return Ok(Self::GitCrypt(file.newest()));
        }
        let name = attributes.key.as_ref().map_err(|error| wrong(error))?;
        opened.keyring.current(name).ok_or_else(|| missing(name.as_str()))?;
        opened.refuse_unconfirmed_move(path, name)?;
        Ok(opened.sealing_key(name).map(|entry| Self::Own(entry, attributes.layout))?)
    }

    /// Whether this clone keeps the key itself; one that does not keeps its files sealed.
    ///
    /// # Errors
    /// The keyring cannot be read.
    pub fn is_kept(&self, opened: &OpenClone) -> Outcome<bool> {
        Ok(match self {
            Self::Own(entry, _) => {
                local::load(opened.repository.common_dir())?.current(&entry.name).is_some()
            }
            Self::GitCrypt(_) => true,
        })
    }

    fn seal(&self, plaintext: &[u8]) -> Vec<u8> {
        match self {
            Self::Own(entry, layout) => format::seal(&entry.key, *layout, plaintext),
            Self::GitCrypt(key) => git_crypt::seal(key, plaintext),
        }
    }
}

/// Never through a link, which could lead out of the repository, and never in a repository inside this one, whose files
/// have keys of their own.
pub fn refuse_elsewhere(top: &Path, file: &Path) -> Outcome {
    for folder in file.ancestors().skip(1).take_while(|folder| *folder != top) {
        let place = crate::sanitise::native(folder);
        if folder.is_symlink() {
            return Err(CommandError::wrong(format!("the path contains a symbolic link: {place}")));
        }
        if folder.join(".git").symlink_metadata().is_ok() {
            return Err(CommandError::wrong(format!("{place} is another repository"))
                .hint("change into it, and run the command there"));
        }
    }
    Ok(())
}

/// A tracked file that is not in the worktree, as outside a sparse checkout, is not new, and an editor must not begin it
/// again.
pub fn refuse_absent(opened: &OpenClone, path: &Path, file: &Path) -> Outcome {
    if file.symlink_metadata().is_ok() {
        return Ok(());
    }
    // git itself is asked, as a sparse index does not name it.
    let list = ["--literal-pathspecs", "ls-files", "-z", "--"].map(OsStr::new);
    if opened.repository.git.run(list.into_iter().chain([path.as_os_str()]))?.is_empty() {
        return Ok(());
    }
    let path = crate::sanitise::native(path);
    Err(CommandError::wrong(format!("{path} is tracked, but not in the worktree"))
        .hint("'git restore PATH' or 'git sparse-checkout add' restores it"))
}

/// A file of the worktree before it is changed, in the clear.
pub struct Before {
    /// What it holds.
    pub plaintext: Zeroizing<Vec<u8>>,
    sealed: bool,
}

impl Before {
    /// Reads a file; one that is not there is empty.
    ///
    /// # Errors
    /// It cannot be read or opened.
    pub fn read(opened: &OpenClone, file: &Path, sealed: bool) -> Outcome<Self> {
        let is_file = match file.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { plaintext: Zeroizing::default(), sealed });
            }
            found => found.context(|| crate::sanitise::native(file))?.is_file(),
        };
        if !is_file {
            return Err(CommandError::wrong(format!(
                "{} is not a file",
                crate::sanitise::native(file)
            )));
        }
        let bytes = read_regular(file, MAX_LEN).context(|| "the file".to_owned())?;
        let sealed = match format::sniff(&bytes) {
            Sniff::GitCrypt if git_crypt::is_encrypted(&bytes) => {
                let (.., plaintext) = opened.git_crypt.open(None, &bytes).map_err(|error| {
                    CommandError::refused(error.to_string()).hint("git shroud unlock")
                })?;
                return Ok(Self { plaintext: Zeroizing::new(plaintext.to_vec()), sealed: true });
            }
            Sniff::Sealed(_) => true,
            Sniff::Empty | Sniff::NotSealed | Sniff::GitCrypt => {
                return Ok(Self { plaintext: bytes, sealed: false });
            }
            Sniff::Truncated | Sniff::UnsupportedVersion(_) => {
                return Err(CommandError::refused("the sealed file is damaged")
                    .hint("'git shroud status' says how"));
            }
        };
        let held = |id| opened.keyring.by_id(id).map(|held| &held.key);
        let plaintext = format::open(held, &bytes)
            .map_err(|error| CommandError::refused(error.to_string()).hint("git shroud unlock"))?;
        Ok(Self { plaintext: Zeroizing::new(plaintext.to_vec()), sealed })
    }

    /// Refuses where the file is not as it was when the editor began.
    pub fn refuse_changed(&self, opened: &OpenClone, file: &Path) -> Outcome {
        let now = Self::read(opened, file, self.sealed)?;
        if now.sealed == self.sealed && *now.plaintext == *self.plaintext {
            return Ok(());
        }
        Err(CommandError::refused("the file was changed meanwhile, and was left as it is"))
    }

    /// Puts the new content in the place of the old, in the same form and with the same mode.
    pub fn write(&self, file: &Path, plaintext: &[u8], key: &SealingKey<'_>) -> Outcome {
        if self.sealed {
            return put(file, &key.seal(plaintext));
        }
        put(file, plaintext)
    }

    /// As [`Self::write`], for a file that should not be sealed.
    pub fn write_open(&self, file: &Path, plaintext: &[u8]) -> Outcome {
        if self.sealed {
            return Err(CommandError::refused(
                "the file is sealed, but no attribute names a key for it",
            )
            .hint("git shroud track PATTERN"));
        }
        put(file, plaintext)
    }
}

fn put(file: &Path, bytes: &[u8]) -> Outcome {
    let write = || -> io::Result<()> {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        // Also in the clear: who could read the file before can read the new one, and nobody else at any moment.
        write_atomic(file, bytes, Access::Shared)
    };
    Ok(write().context(|| "the file cannot be written".to_owned())?)
}
