//! What git-crypt has encrypted, opened and verified.

use std::io::{self, Read, Write as _};

use super::MigrateError;
use crate::error::Context as _;
use crate::filter::Spool;
use crate::format::{self, Sniff};
use crate::git::GitError;
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::git::scratch::File;
use crate::git_crypt::{self, HeldKeys, KeyVersion, Name, Nonce};

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

/// The plaintext of a blob, verified.
pub(super) fn open(
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
