//! Opening what git-crypt has encrypted and sealing it, blob by blob, in memory that does not grow with them.

use std::io::{self, Read, Write as _};

use super::MigrateError;
use super::plan::Plan;
use crate::clone::CloneError;
use crate::error::Context as _;
use crate::filter::Spool;
use crate::format::{self, Key, Layout, Sealing, Sniff};
use crate::git::GitError;
use crate::git::attributes::Attributes;
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::git::scratch::File;
use crate::git::staging::BlobWriter;
use crate::git_crypt::{self, HeldKeys, KeyVersion, Name, Nonce};
use crate::keyring::Keyring;

/// What the last commit holds of a file that should be encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Was {
    /// git-crypt's bytes.
    Encrypted,
    /// Nothing: git-crypt leaves the empty file empty, or its encrypted form opens to it.
    Empty,
    /// Plaintext: git-crypt was not set up where it was committed.
    InTheClear,
}

/// Opens every file, and says what it was; nothing is written.
///
/// # Errors
/// A file does not open, or is not here.
pub fn inspect(
    repository: &Repository,
    plan: &Plan,
    held: &HeldKeys,
) -> Result<Vec<(Vec<u8>, Was)>, MigrateError> {
    let mut seen = Vec::new();
    for (path, (file, name)) in &plan.found.sealed {
        let (_, was) = open(repository, held, file, name)?;
        seen.push((path.clone(), was));
    }
    Ok(seen)
}

/// Seals every file with its new key, as blobs of the repository; returned are the entries of the index to be.
///
/// # Errors
/// A file does not open, or cannot be written.
pub fn reseal(
    repository: &Repository,
    plan: &Plan,
    held: &HeldKeys,
    keyring: &Keyring,
) -> Result<Vec<(File, Was)>, MigrateError> {
    let mut writer = BlobWriter::new()?;
    let mut kinds = Vec::new();
    // The lines become this program's; what they say of the layout stays.
    let mut attributes = Attributes::new(repository)?;
    for (file, name) in plan.found.sealed.values() {
        let (mut plaintext, was) = open(repository, held, file, name)?;
        let key = plan.key_of(name);
        let entry = keyring.current(key).ok_or_else(|| CloneError::NotHeld(key.clone()))?;
        let layout = attributes.of(&file.path)?.layout;
        let sealed = seal(&entry.key, layout, &mut plaintext, writer.add()?);
        sealed.context(|| crate::sanitise::path(&file.path))?;
        kinds.push(was);
    }
    let ids = writer.finish(repository)?;
    let files = plan.found.sealed.values().zip(ids).zip(kinds);
    Ok(files.map(|(((file, _), id), was)| (File { id, ..file.clone() }, was)).collect())
}

fn seal(key: &Key, layout: Layout, plaintext: &mut Spool, mut to: std::fs::File) -> io::Result<()> {
    let mut siv = key.siv();
    io::copy(&mut plaintext.reader()?, &mut siv)?;
    let length = plaintext.len();
    let scratch = Spool::default();
    let mut sealing = Sealing::begin(key, &siv.finish(), length, layout, plaintext, scratch)?;
    sealing.write(key, plaintext, &mut to)?;
    to.flush()
}

/// The plaintext of a blob, verified.
fn open(
    repository: &Repository,
    held: &HeldKeys,
    file: &File,
    name: &Name,
) -> Result<(Spool, Was), MigrateError> {
    let path = || crate::sanitise::path(&file.path);
    let opened = match objects::read(repository, file.id)? {
        Blob::Memory(bytes) => open_content(held, name, &mut &bytes[..]),
        Blob::Large => objects::stream(repository, file.id, |blob| open_content(held, name, blob))?,
        Blob::Missing => return Err(GitError::NotHere(path()).into()),
    };
    let opened = opened.context(path)?;
    opened.ok_or_else(|| MigrateError::Closed(path()))
}

fn open_content(
    held: &HeldKeys,
    name: &Name,
    content: &mut dyn Read,
) -> io::Result<Option<(Spool, Was)>> {
    let mut start = Vec::with_capacity(format::HEADER_LEN);
    content.take(format::HEADER_LEN as u64).read_to_end(&mut start)?;
    let mut spool = Spool::default();
    match format::sniff(&start) {
        Sniff::Empty => return Ok(Some((spool, Was::Empty))),
        Sniff::NotSealed => {
            spool.write_all(&start)?;
            io::copy(content, &mut spool)?;
            return Ok(Some((spool, Was::InTheClear)));
        }
        // What this program has sealed under git-crypt's attribute is nothing that was meant.
        Sniff::Sealed(_) | Sniff::Truncated | Sniff::UnsupportedVersion(_) => return Ok(None),
        Sniff::GitCrypt => {}
    }
    let Ok(nonce) = Nonce::read(&start) else { return Ok(None) };
    spool.set_already_sealed();
    spool.write_all(&start[git_crypt::HEADER_LEN..])?;
    io::copy(content, &mut spool)?;
    let Some(key) = find_key(held, name, &nonce, &mut spool)? else { return Ok(None) };
    let mut plaintext = Spool::default();
    if git_crypt::open_stream(key, &nonce, spool.reader()?, &mut plaintext).is_err() {
        return Ok(None);
    }
    // Else what it really holds would never be read again.
    if let Some(inner) = opened_nonce(&mut plaintext)?
        && find_key(held, name, &inner, &mut after_header(&mut plaintext)?)?.is_some()
    {
        return Err(io::Error::other(
            "git-crypt has encrypted it twice; decrypt it and commit it again",
        ));
    }
    let was = if plaintext.len() == 0 { Was::Empty } else { Was::Encrypted };
    Ok(Some((plaintext, was)))
}

fn opened_nonce(plaintext: &mut Spool) -> io::Result<Option<Nonce>> {
    let mut start = Vec::with_capacity(git_crypt::HEADER_LEN);
    plaintext.reader()?.take(git_crypt::HEADER_LEN as u64).read_to_end(&mut start)?;
    Ok(Nonce::read(&start).ok())
}

fn after_header(content: &mut Spool) -> io::Result<Spool> {
    let mut rest = Spool::default();
    let mut reader = content.reader()?;
    reader.read_exact(&mut [0; git_crypt::HEADER_LEN])?;
    io::copy(&mut reader, &mut rest)?;
    Ok(rest)
}

/// The key that opens it: of its own name if one does, else of any, as a line may name another than when it was added.
fn find_key<'h>(
    held: &'h HeldKeys,
    name: &Name,
    nonce: &Nonce,
    ciphertext: &mut Spool,
) -> io::Result<Option<&'h KeyVersion>> {
    let others = held.files().filter(|file| file.name() != name);
    for file in held.of(name).into_iter().chain(others) {
        for key in file.versions() {
            match git_crypt::open_stream(key, nonce, ciphertext.reader()?, io::sink()) {
                Ok(_) => return Ok(Some(key)),
                Err(git_crypt::OpenError::Io(error)) => return Err(error),
                Err(_) => {}
            }
        }
    }
    Ok(None)
}
