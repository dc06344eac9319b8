//! Copies of keys that are kept elsewhere: recognising and opening one, and remembering which were seen to work.

use std::io;
use std::path::{Path, PathBuf};

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};
use zeroize::Zeroizing;

use super::local::{self, StoreError};
use crate::clock;
use crate::format::KeyId;
use crate::fs::{Access, create_private_dir, read_bounded, write_atomic};
use crate::keyring::share::{self, Share, ShareError};
use crate::keyring::words::{self, WordsError};
use crate::keyring::{Keyring, decode_marked, holds_secret};
use crate::recipient::age::{AgeError, encrypt_with_passphrase, is_age_file, open_with_passphrase};
use crate::recipient::{Ask, is_private_key};

/// Bytes of the longest backup that is read: a key file of 1 MiB in an armoured age file.
pub const MAX_LEN: usize = 2 << 20;
/// Bytes of the longest record; one line a key and kind.
const MAX_RECORD_LEN: usize = 1 << 20;

/// In which form a backup is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A key file, or a lone token.
    KeyFile,
    /// An age file under a passphrase, with a key file in it.
    Passphrase,
    /// 24 words.
    Words,
    /// Shares, enough of them.
    Shares,
}

impl Kind {
    const ALL: [Self; 4] = [Self::KeyFile, Self::Passphrase, Self::Words, Self::Shares];

    /// The word for people and for the record.
    pub fn name(self) -> &'static str {
        match self {
            Self::KeyFile => "key-file",
            Self::Passphrase => "passphrase",
            Self::Words => "words",
            Self::Shares => "shares",
        }
    }
}

/// What a file turned out to be.
pub enum Backup {
    /// Keys.
    Keys(Kind, Keyring),
    /// Some shares of a key.
    Shares(Vec<Share>),
    /// No key of this program, but what opens grants: an age identity, an SSH or an OpenPGP private key.
    PrivateKey(Zeroizing<Vec<u8>>),
}

/// Why a backup was not opened. Never holds what was read.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// It is no key file either.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The words cannot be read.
    #[error("{place}: {source}")]
    Words {
        /// The file.
        place: String,
        /// What is wrong with it.
        source: WordsError,
    },
    /// The share cannot be read.
    #[error("{place}: {source}")]
    Share {
        /// The file.
        place: String,
        /// What is wrong with it.
        source: ShareError,
    },
    /// The age file cannot be opened.
    #[error("{place}: {source}")]
    Age {
        /// The file.
        place: String,
        /// What is wrong with it.
        source: AgeError,
    },
    /// It shows a key, and is none.
    #[error("{0} is a picture or a page, which cannot be read as a key")]
    IsPicture(String),
    /// One share is no key.
    #[error("{0} is a share of a key, and a share alone opens nothing")]
    IsShare(String),
    /// A person's private key is no key of a repository.
    #[error("{0} is a private key of age, SSH or OpenPGP, and no key of git-shroud")]
    IsPrivateKey(String),
}

/// Reads a file whose name was given; `ask` is asked for its passphrase, if it has one.
///
/// # Errors
/// [`BackupError`].
pub fn read(path: &Path, ask: Ask<'_>) -> Result<Backup, BackupError> {
    if holds_secret(&path.to_string_lossy()) {
        let message = "a secret was given instead of a file name (not shown)";
        return Err(StoreError::Io(io::Error::new(io::ErrorKind::InvalidInput, message)).into());
    }
    let bytes = read_bounded(path, MAX_LEN).map_err(StoreError::Io)?;
    open(&bytes, &crate::sanitise::native(path), ask)
}

/// Recognises what was read from `place`, and opens it.
///
/// # Errors
/// [`BackupError`].
pub fn open(bytes: &[u8], place: &str, ask: Ask<'_>) -> Result<Backup, BackupError> {
    let decoded = decode_marked(bytes);
    let bytes = decoded.as_ref().map_or(bytes, |text| &text[..]);
    if is_age_file(bytes) {
        return open_age(bytes, place, ask);
    }
    if is_private_key(bytes) {
        return Ok(Backup::PrivateKey(Zeroizing::new(bytes.to_vec())));
    }
    if is_picture(bytes) {
        return Err(BackupError::IsPicture(place.to_owned()));
    }
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let place = || place.to_owned();
    if share::is_meant(text) {
        let shares = share::parse(text);
        return shares
            .map(Backup::Shares)
            .map_err(|source| BackupError::Share { place: place(), source });
    }
    if words::is_meant(text) {
        let entry = words::parse_text(text)
            .map_err(|source| BackupError::Words { place: place(), source })?;
        let mut keyring = Keyring::default();
        keyring.insert(entry).expect("an empty keyring takes any key");
        return Ok(Backup::Keys(Kind::Words, keyring));
    }
    Ok(Backup::Keys(Kind::KeyFile, local::parse(bytes, &place())?))
}

/// Whether it is a QR code (PNG, SVG), or the page with one.
fn is_picture(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    let begins =
        |word: &[u8]| start.get(..word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word));
    [&b"\x89PNG"[..], b"<svg", b"<?xml", b"<!doctype", b"<html"].into_iter().any(begins)
}

/// The keys of a backup that is opened alone.
///
/// # Errors
/// [`BackupError::IsShare`], [`BackupError::IsPrivateKey`].
pub fn keys(backup: Backup, place: &str) -> Result<Keyring, BackupError> {
    match backup {
        Backup::Keys(_, keyring) => Ok(keyring),
        Backup::Shares(_) => Err(BackupError::IsShare(place.to_owned())),
        Backup::PrivateKey(_) => Err(BackupError::IsPrivateKey(place.to_owned())),
    }
}

/// Opens an age file under a passphrase: a key file, or an age identity.
fn open_age(bytes: &[u8], place: &str, ask: Ask<'_>) -> Result<Backup, BackupError> {
    let text = open_with_passphrase(bytes, &format!("Passphrase of {place}"), ask)
        .map_err(|source| BackupError::Age { place: place.to_owned(), source })?;
    if is_private_key(&text) {
        return Ok(Backup::PrivateKey(text));
    }
    Ok(Backup::Keys(Kind::Passphrase, local::parse(&text, place)?))
}

/// An age file under a passphrase with these keys in it, armoured.
///
/// # Errors
/// The age crate fails.
pub fn seal_with_passphrase(keyring: &Keyring, passphrase: &str) -> Result<String, BackupError> {
    encrypt_with_passphrase(passphrase, keyring.to_text().as_bytes())
        .map_err(|source| BackupError::Age { place: "the backup".to_owned(), source })
}

/// A backup that was seen to open a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The key that it opens.
    pub id: KeyId,
    /// When that was seen.
    pub date: OffsetDateTime,
    /// In which form it is kept.
    pub kind: Kind,
}

fn record_path(common_dir: &Path) -> PathBuf {
    local::dir(common_dir).join("backups")
}

/// Every backup that was verified in this clone, the last time for each key and kind. Lines that make no sense are left out.
///
/// # Errors
/// The record is there and cannot be read.
pub fn verified(common_dir: &Path) -> io::Result<Vec<Verified>> {
    let text = match read_bounded(&record_path(common_dir), MAX_RECORD_LEN) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    let lines = std::str::from_utf8(&text).unwrap_or_default().lines();
    Ok(lines.filter_map(parse_line).collect())
}

fn parse_line(line: &str) -> Option<Verified> {
    let mut fields = line.split(' ');
    let id = KeyId::from_hex(fields.next()?)?;
    let date = OffsetDateTime::parse(fields.next()?, &Rfc3339).ok()?;
    let name = fields.next()?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name)?;
    Some(Verified { id, date, kind })
}

/// Remembers that a backup of this kind was seen to open these keys. Neither ids nor dates are secret.
///
/// # Errors
/// The record cannot be read or written.
pub fn remember_verified(
    common_dir: &Path,
    ids: &[KeyId],
    kind: Kind,
    date: OffsetDateTime,
) -> io::Result<()> {
    let mut all = verified(common_dir)?;
    all.retain(|known| known.kind != kind || !ids.contains(&known.id));
    all.extend(ids.iter().map(|&id| Verified { id, date, kind }));
    let mut text = String::new();
    for Verified { id, date, kind } in all {
        let date = date.to_offset(UtcOffset::UTC).replace_nanosecond(0).expect("zero is in range");
        let date =
            clock::text(date).ok_or_else(|| io::Error::other("the year has not four digits"))?;
        text.push_str(&format!("{id} {date} {}\n", kind.name()));
    }
    create_private_dir(&local::dir(common_dir))?;
    write_atomic(&record_path(common_dir), text.as_bytes(), Access::Private)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> OffsetDateTime {
        OffsetDateTime::parse(text, &Rfc3339).unwrap()
    }

    #[test]
    fn the_record_keeps_the_last_time_of_each_key_and_kind() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (KeyId([1; 16]), KeyId([2; 16]));
        assert_eq!(verified(dir.path()).unwrap(), []);
        let early = at("2026-01-02T03:04:05Z");
        let late = at("2026-02-02T05:04:05.5+02:00");
        remember_verified(dir.path(), &[one, two], Kind::Words, early).unwrap();
        remember_verified(dir.path(), &[one], Kind::Shares, early).unwrap();
        remember_verified(dir.path(), &[one], Kind::Words, late).unwrap();
        let text = std::fs::read_to_string(record_path(dir.path())).unwrap();
        let (one, two) = ("01".repeat(16), "02".repeat(16));
        assert_eq!(
            text,
            format!(
                "{two} 2026-01-02T03:04:05Z words\n{one} 2026-01-02T03:04:05Z shares\n{one} 2026-02-02T03:04:05Z words\n"
            )
        );
        assert_eq!(verified(dir.path()).unwrap().len(), 3);
    }

    #[test]
    fn lines_that_make_no_sense_are_left_out() {
        let id = "01".repeat(16);
        for line in
            ["", "x", &id, &format!("{id} now words"), &format!("{id} 2026-01-02T03:04:05Z x")]
        {
            assert_eq!(parse_line(line), None, "{line}");
        }
        assert!(parse_line(&format!("{id} 2026-01-02T03:04:05Z words")).is_some());
    }
}
