//! A key in shares, each a file of its own; and a key out of the files of its shares.

use std::path::{Path, PathBuf};

use super::ProofError;
use super::qr::Qr;
use super::secret_file::{refuse_existing, write_secret};
use crate::access::given::{read_backup, remember_copied};
use crate::clone::OpenClone;
use crate::error::{About, Context as _};
use crate::keyring::{KeyName, Keyring, share};
use crate::progress::Progress;
use crate::recipient::Ask;
use crate::store::backup::{Backup, BackupError, Kind};

/// How a key is split.
pub struct Splitting<'s> {
    /// The key; the only one that is held where none is named.
    pub name: Option<&'s KeyName>,
    /// How many shares are made.
    pub shares: u8,
    /// How many of them make the key.
    pub threshold: u8,
    /// Whether each share is written as words too.
    pub words: bool,
    /// Whether each share gets a picture too.
    pub qr: bool,
    /// A directory, made where its name ends with '/'; or the beginning of the files' names.
    pub output: &'s Path,
}

/// Splits the current generation of a key, and says where each share is; the key's name and generation.
///
/// # Errors
/// No key is meant, the numbers make no sense, or a file is there already or cannot be written.
pub fn split(
    opened: &OpenClone,
    splitting: &Splitting<'_>,
    progress: &dyn Progress,
) -> Result<(KeyName, u32), ProofError> {
    let names: Vec<_> = splitting.name.into_iter().cloned().collect();
    let entry = opened.current(&names)?;
    let shares = share::split(entry, splitting.threshold, splitting.shares, getrandom::fill)
        .context(|| format!("the key '{}' cannot be split", entry.name))?;
    let begin = begin(splitting.output, &entry.name)?;
    let file = |number: u8, end: &str| {
        let mut name = begin.clone().into_os_string();
        name.push(format!("-share-{number}-of-{}.{end}", splitting.shares));
        PathBuf::from(name)
    };
    for share in &shares {
        refuse_existing(&file(share.number, "txt"))?;
        if splitting.qr {
            refuse_existing(&file(share.number, "svg"))?;
        }
    }
    for share in &shares {
        let text = file(share.number, "txt");
        write_secret(progress, opened, &text, share.to_text(splitting.words).as_bytes())?;
        progress.line(&crate::sanitise::native(&text));
        if splitting.qr {
            let picture_file = file(share.number, "svg");
            let qr = Qr::new(&share.to_token()).expect("a token fits into a code");
            write_secret(progress, opened, &picture_file, &qr.picture(&picture_file)?)?;
            progress.line(&crate::sanitise::native(&picture_file));
        }
    }
    remember_copied(opened, [entry.key.id()])?;
    Ok((entry.name.clone(), entry.generation))
}

/// What the names of the files begin with.
fn begin(output: &Path, name: &KeyName) -> Result<PathBuf, About> {
    let is_dir = output.as_os_str().as_encoded_bytes().ends_with(b"/");
    if is_dir && !output.exists() {
        crate::fs::create_private_dir(output)
            .context(|| "the directory for the shares cannot be made".to_owned())?;
    }
    Ok(if output.is_dir() { output.join(name.as_str()) } else { output.to_owned() })
}

/// Joins shares from files, '-' for standard input: a keyring with their key alone. The file into which the key will go must not be
/// there.
///
/// # Errors
/// A file cannot be read or is no share, the shares make no key, or the file is there already.
pub fn combine(
    files: &[PathBuf],
    output: Option<&Path>,
    ask: Ask<'_>,
) -> Result<Keyring, ProofError> {
    if let Some(output) = output {
        refuse_existing(output)?;
    }
    match read(files, ask)? {
        Held::Shares(shares) => Ok(join(&shares)?),
        Held::Keys { file, .. } => Err(ProofError::NoShare(file)),
    }
}

/// What the files of one backup hold.
pub(super) enum Held {
    /// Each file has shares.
    Shares(Vec<share::Share>),
    /// A file has whole keys; the files behind it were not read.
    Keys {
        /// The file, as it is shown.
        file: String,
        /// What kind of backup it is.
        kind: Kind,
        /// Its keys.
        keyring: Keyring,
    },
}

/// Reads the files of one backup, '-' for standard input.
///
/// # Errors
/// A file cannot be read, is no backup, or has a private key.
pub(super) fn read(files: &[PathBuf], ask: Ask<'_>) -> Result<Held, ProofError> {
    let mut shares = Vec::new();
    for file in files {
        match read_backup(file, ask)? {
            Backup::Shares(more) => shares.extend(more),
            Backup::Keys(kind, keyring) => {
                return Ok(Held::Keys { file: crate::sanitise::native(file), kind, keyring });
            }
            Backup::PrivateKey(_) => {
                return Err(BackupError::IsPrivateKey(crate::sanitise::native(file)).into());
            }
        }
    }
    Ok(Held::Shares(shares))
}

/// A keyring with the key that shares make.
pub(super) fn join(shares: &[share::Share]) -> Result<Keyring, About> {
    let entry = share::combine(shares).context(|| "the shares cannot be joined".to_owned())?;
    let mut keyring = Keyring::default();
    keyring.insert(entry).expect("an empty keyring takes any key");
    Ok(keyring)
}

/// Writes a key file, also where there is no repository: who joins shares may have nothing else yet.
///
/// # Errors
/// It cannot be written.
pub fn write_key_file(file: &Path, keyring: &Keyring) -> Result<(), About> {
    crate::fs::create_private(file, keyring.to_text().as_bytes())
        .context(|| "the key file cannot be written".to_owned())
}
