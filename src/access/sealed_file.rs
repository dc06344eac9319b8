//! A file of the worktree that is changed in its place: sealed if it was sealed, plaintext if it was plaintext.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use crate::clone::{CloneError, OpenClone};
use crate::error::{About, Context as _};
use crate::format::{self, Layout, OpenError, Sniff};
use crate::fs::{Access, read_regular, write_atomic};
use crate::git::attributes::PathAttributes;
use crate::git_crypt::{self, KeyVersion};
use crate::keyring::Entry;
use crate::store::kept;
use crate::store::local::StoreError;
use crate::store::received::Received;
use crate::values::{self, Ciphers, Mode, OpenValuesError, Opened, Past, SealError, Sealer, Token};

/// Bytes of the largest file that is changed.
pub const MAX_LEN: usize = 64 << 20;

/// Why a file is not read or changed in its place.
#[derive(Debug, thiserror::Error)]
pub enum SealedFileError {
    /// The clone, git or a file cannot be read or written.
    #[error(transparent)]
    Clone(CloneError),
    /// The attribute names a key as none can be called, and why.
    #[error("{0}")]
    Name(String),
    /// The key that the attribute names is not held.
    #[error("the key '{0}' is not held here")]
    NotHeld(String),
    /// A folder of the path is a link.
    #[error("the path contains a symbolic link: {0}")]
    Link(String),
    /// A folder of the path is a repository.
    #[error("{0} is another repository")]
    OtherRepository(String),
    /// git tracks the file, and the worktree does not have it.
    #[error("{0} is tracked, but not in the worktree")]
    Absent(String),
    /// It is a folder, a link or something else.
    #[error("{0} is not a file")]
    NotAFile(String),
    /// It is sealed, and does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// git-crypt encrypted it, and it does not open.
    #[error(transparent)]
    GitCrypt(#[from] git_crypt::OpenError),
    /// Its values cannot be sealed.
    #[error(transparent)]
    SealValues(#[from] SealError),
    /// People without the key have set values in it, and it would be sealed whole.
    #[error(
        "{}people without the key have set values in it, so it is not sealed whole: they could compare it with others, and see which of their guesses are right",
        .0.as_ref().map(|why| format!("{why}; ")).unwrap_or_default()
    )]
    Comparable(Option<SealError>),
    /// Its values are sealed, and do not open.
    #[error(transparent)]
    OpenValues(#[from] OpenValuesError),
    /// It is no whole sealed file.
    #[error("the sealed file is damaged")]
    Damaged,
    /// Its key is not held, and it is sealed as a whole.
    #[error("the file is sealed as a whole, and its key is not held here")]
    SealedWhole,
    /// Somebody changed it meanwhile.
    #[error("the file was changed meanwhile, and was left as it is")]
    Changed,
    /// Nothing says with which key the new content is sealed.
    #[error("the file is sealed, but no attribute names a key for it")]
    NoAttribute,
}

impl<E: Into<CloneError>> From<E> for SealedFileError {
    fn from(error: E) -> Self {
        Self::Clone(error.into())
    }
}

/// The key that seals a path.
pub enum SealingKey<'o> {
    /// One of this program, with the path.
    Own(&'o Entry, Layout, Option<Mode>, Vec<u8>),
    /// One of git-crypt.
    GitCrypt(&'o KeyVersion),
}

impl<'o> SealingKey<'o> {
    /// The key that the attributes name.
    ///
    /// # Errors
    /// It is not held, may seal nothing, or the path is sealed with another.
    pub fn of(
        opened: &'o OpenClone,
        path: &[u8],
        attributes: &PathAttributes,
    ) -> Result<Self, SealedFileError> {
        let missing = |name: &str| SealedFileError::NotHeld(name.to_owned());
        if let Some(name) = &attributes.git_crypt {
            let name = name.as_ref().map_err(|error| SealedFileError::Name(error.to_string()))?;
            let file = opened.git_crypt.of(name).ok_or_else(|| missing(name.as_str()))?;
            opened.refuse_unconfirmed_move_to(path, name)?;
            return Ok(Self::GitCrypt(file.newest()));
        }
        let name = &attributes.key;
        let name = name.as_ref().map_err(|error| SealedFileError::Name(error.to_string()))?;
        opened.keyring.current(name).ok_or_else(|| missing(name.as_str()))?;
        opened.refuse_unconfirmed_move(path, name)?;
        let mode = Mode::of(attributes, path).map_err(SealedFileError::Name)?;
        let entry = opened.sealing_key(name)?;
        Ok(Self::Own(entry, attributes.layout, mode, path.to_vec()))
    }

    /// Whether this clone keeps the key itself; one that does not keeps its files sealed.
    ///
    /// # Errors
    /// The keyring cannot be read.
    pub fn is_kept(&self, opened: &OpenClone) -> Result<bool, StoreError> {
        Ok(match self {
            Self::Own(entry, ..) => {
                kept::load(opened.repository.common_dir())?.current(&entry.name).is_some()
            }
            Self::GitCrypt(_) => true,
        })
    }

    /// The content of a file as the filter stores it, where the index has no version of it.
    ///
    /// # Errors
    /// Its values cannot be sealed: it is too large, or a value begins as a token does.
    pub fn seal(&self, opened: &OpenClone, plaintext: &[u8]) -> Result<Vec<u8>, SealedFileError> {
        self.seal_again(opened, plaintext, &[], false)
    }

    /// As [`Self::seal`], where these were the sealed bytes: a token of somebody who does not hold the key stays as long as its value. So does one
    /// that is damaged, where that is known.
    fn seal_again(
        &self,
        opened: &OpenClone,
        plaintext: &[u8],
        before: &[Vec<u8>],
        is_damaged: bool,
    ) -> Result<Vec<u8>, SealedFileError> {
        Ok(match self {
            Self::Own(entry, layout, mode, path) => {
                let is_set = |blob: &Vec<u8>| values::has_public(blob);
                let whole = |why: Option<SealError>| match before.iter().any(is_set) {
                    false => Ok(format::seal(&entry.key, *layout, plaintext)),
                    true => Err(SealedFileError::Comparable(why)),
                };
                let Some((format, mode)) =
                    mode.as_ref().and_then(|mode| Some((mode.format?, mode)))
                else {
                    return whole(None);
                };
                let ciphers = &mut Ciphers::new(&opened.keyring);
                // What opened in another format may have a part of a value where this one has a comment.
                for blob in before {
                    match values::open_as(format, blob, ciphers) {
                        Ok(Opened::Plaintext { .. }) => {}
                        Err(OpenValuesError::Token(..)) if is_damaged => {}
                        Err(error @ OpenValuesError::Token(..)) => return Err(error.into()),
                        Ok(_) | Err(_) => return whole(None),
                    }
                }
                let received = Received::load(opened.repository.common_dir());
                let (received, path) = (received.as_ref(), path.as_slice());
                // What was edited is this file.
                let origin = before.first().map(Vec::as_slice);
                let is_of_worktree = is_damaged;
                let past = Past {
                    sides: before,
                    origin,
                    received,
                    path,
                    is_of_worktree,
                    ..Past::default()
                };
                let keeps =
                    |token: &Token| token.is_to_public() && token.key().names(entry.key.id());
                let (mode, sealer) = ((format, &mode.clear), Sealer::Key(&entry.key));
                match values::seal(mode, plaintext, sealer, ciphers, past, keeps) {
                    Ok(sealed) => sealed.bytes,
                    Err(error @ SealError::DoesNotRead(_)) => return whole(Some(error)),
                    Err(error) => return Err(error.into()),
                }
            }
            Self::GitCrypt(key) => git_crypt::seal(key, plaintext),
        })
    }
}

/// Never through a link, which could lead out of the repository, and never in a repository inside this one, whose files
/// have keys of their own.
pub fn refuse_elsewhere(top: &Path, file: &Path) -> Result<(), SealedFileError> {
    for folder in file.ancestors().skip(1).take_while(|folder| *folder != top) {
        let place = crate::sanitise::native(folder);
        if folder.is_symlink() {
            return Err(SealedFileError::Link(place));
        }
        if folder.join(".git").symlink_metadata().is_ok() {
            return Err(SealedFileError::OtherRepository(place));
        }
    }
    Ok(())
}

/// A tracked file that is not in the worktree, as outside a sparse checkout, is not new, and an editor must not begin it
/// again.
pub fn refuse_absent(opened: &OpenClone, path: &Path, file: &Path) -> Result<(), SealedFileError> {
    if file.symlink_metadata().is_ok() {
        return Ok(());
    }
    // git itself is asked, as a sparse index does not name it.
    let list = ["--literal-pathspecs", "ls-files", "-z", "--"].map(OsStr::new);
    if opened.repository.git.run(list.into_iter().chain([path.as_os_str()]))?.is_empty() {
        return Ok(());
    }
    Err(SealedFileError::Absent(crate::sanitise::native(path)))
}

/// The plaintext of a file of the worktree, before it is changed.
pub struct Before {
    /// What it holds.
    pub plaintext: Zeroizing<Vec<u8>>,
    sealed: bool,
    /// Whether its values are sealed as they were, because their key is not held.
    closed: bool,
    /// Its bytes, where its values were sealed.
    stored: Vec<Vec<u8>>,
    /// Whether it is as it is stored, because a value in it does not open: another one may take its place.
    damaged: bool,
}

impl Before {
    fn new(plaintext: Zeroizing<Vec<u8>>, sealed: bool) -> Self {
        Self { plaintext, sealed, closed: false, stored: Vec::new(), damaged: false }
    }

    /// Reads a file as it is, with its values sealed; one that is not there is empty.
    ///
    /// # Errors
    /// It cannot be read, or is sealed whole.
    pub fn read_closed(file: &Path) -> Result<Self, SealedFileError> {
        let plaintext = match file.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Zeroizing::default(),
            _ => read_regular(file, MAX_LEN).context(|| "the file".to_owned())?,
        };
        match format::sniff(&plaintext) {
            Sniff::NotSealed | Sniff::Empty => {
                Ok(Self { closed: true, ..Self::new(plaintext, false) })
            }
            _ => Err(SealedFileError::SealedWhole),
        }
    }

    /// As [`Self::read`], where a value will be set: one that is damaged need not open then.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_to_set(
        opened: &OpenClone,
        file: &Path,
        sealed: bool,
    ) -> Result<Self, SealedFileError> {
        match Self::read(opened, file, sealed) {
            Err(SealedFileError::OpenValues(OpenValuesError::Token(..))) => {
                Ok(Self { sealed, damaged: true, ..Self::read_closed(file)? })
            }
            read => read,
        }
    }

    /// Reads a file; one that is not there is empty.
    ///
    /// # Errors
    /// It cannot be read or opened.
    pub fn read(opened: &OpenClone, file: &Path, sealed: bool) -> Result<Self, SealedFileError> {
        let is_file = match file.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self::new(Zeroizing::default(), sealed));
            }
            found => found.context(|| crate::sanitise::native(file))?.is_file(),
        };
        if !is_file {
            return Err(SealedFileError::NotAFile(crate::sanitise::native(file)));
        }
        let bytes = read_regular(file, MAX_LEN).context(|| "the file".to_owned())?;
        let sealed = match format::sniff(&bytes) {
            Sniff::GitCrypt if git_crypt::is_encrypted(&bytes) => {
                let (.., plaintext) = opened.git_crypt.open(None, &bytes)?;
                return Ok(Self::new(Zeroizing::new(plaintext.to_vec()), true));
            }
            Sniff::Sealed(_) => true,
            Sniff::NotSealed => {
                match values::open(None, &bytes, &mut Ciphers::new(&opened.keyring)) {
                    Ok(Opened::Plaintext { bytes: opened, .. }) => {
                        let opened = Self::new(Zeroizing::new(opened.to_vec()), true);
                        return Ok(Self { stored: vec![bytes.to_vec()], ..opened });
                    }
                    Ok(Opened::Locked(id)) => {
                        let key = opened.known().identify(id).map(|(name, _)| name.to_string());
                        return Err(SealedFileError::NotHeld(
                            key.unwrap_or_else(|| id.to_string()),
                        ));
                    }
                    Err(error @ OpenValuesError::Token(..)) => return Err(error.into()),
                    Ok(Opened::NoTokens) | Err(_) => {
                        return Ok(Self::new(bytes, false));
                    }
                }
            }
            Sniff::Empty | Sniff::GitCrypt => {
                return Ok(Self::new(bytes, false));
            }
            Sniff::Truncated | Sniff::UnsupportedVersion(_) => {
                return Err(SealedFileError::Damaged);
            }
        };
        let held = |id| opened.keyring.by_id(id).map(|held| &held.key);
        let plaintext = format::open(held, &bytes)?;
        Ok(Self::new(Zeroizing::new(plaintext.to_vec()), sealed))
    }

    /// Refuses where the file is not as it was when the editor began.
    pub fn refuse_changed(&self, opened: &OpenClone, file: &Path) -> Result<(), SealedFileError> {
        let now = match self.closed {
            true => Self { sealed: self.sealed, ..Self::read_closed(file)? },
            false => Self::read(opened, file, self.sealed)?,
        };
        if now.sealed == self.sealed && *now.plaintext == *self.plaintext {
            return Ok(());
        }
        Err(SealedFileError::Changed)
    }

    /// Puts the new content in the place of the old, in the same form and with the same mode.
    pub fn write(
        &self,
        opened: &OpenClone,
        file: &Path,
        plaintext: &[u8],
        key: &SealingKey<'_>,
    ) -> Result<(), SealedFileError> {
        if self.damaged {
            // What is damaged stays where it was.
            let before = [self.plaintext.to_vec()];
            let sealed = key.seal_again(opened, plaintext, &before, true)?;
            let open = || values::open(None, &sealed, &mut Ciphers::new(&opened.keyring));
            return match if self.sealed { Ok(Opened::NoTokens) } else { open() } {
                Ok(Opened::Plaintext { bytes, .. }) => Ok(put(file, &bytes)?),
                _ => Ok(put(file, &sealed)?),
            };
        }
        if self.sealed {
            return Ok(put(file, &key.seal_again(opened, plaintext, &self.stored, false)?)?);
        }
        Ok(put(file, plaintext)?)
    }

    /// As [`Self::write`], for a file that should not be sealed.
    pub fn write_open(&self, file: &Path, plaintext: &[u8]) -> Result<(), SealedFileError> {
        if self.sealed {
            return Err(SealedFileError::NoAttribute);
        }
        Ok(put(file, plaintext)?)
    }
}

fn put(file: &Path, bytes: &[u8]) -> Result<(), About> {
    let write = || -> io::Result<()> {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        // Also plaintext: people who could read the file before can read the new one, and nobody else at any moment.
        write_atomic(file, bytes, Access::Shared)
    };
    write().context(|| "the file cannot be written".to_owned())
}
