//! For each file that git-crypt is to encrypt: what the repository really holds.

use std::collections::BTreeMap;
use std::io::{self, Read};

use super::{FileStatus, GitCryptState, State, Surveyor};
use crate::git::GitError;
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::git::worktree::IndexedFile;
use crate::git_crypt::{HEADER_LEN, HeldKeys, Name, Nonce, OpenError, is_encrypted, open_stream};
use crate::status::{Foreign, find_opening};

impl Surveyor<'_> {
    pub(super) fn state_of_git_crypt(
        &self,
        entry: &IndexedFile,
        name: Option<&Name>,
    ) -> Result<State, GitError> {
        let Some(name) = name else { return Ok(State::OfGitCrypt(GitCryptState::BadName)) };
        let held = self.known.git_crypt;
        let state = match objects::read(self.repository, entry.id)? {
            Blob::Missing => return Ok(State::Missing),
            Blob::Memory(blob) if blob.is_empty() => return Ok(State::Empty),
            Blob::Memory(blob) if is_encrypted(&blob) => match held.open(Some(name), &blob) {
                Ok((by, ..)) if by != name => GitCryptState::OtherKey(by.clone()),
                Ok((_, _, plaintext)) if is_encrypted(&plaintext) => GitCryptState::Twice,
                Ok(_) => GitCryptState::Encrypted { opened: true },
                Err(_) => unopened(held, name),
            },
            Blob::Memory(_) => GitCryptState::Plaintext { in_head: self.is_clear_in_head(entry)? },
            Blob::Large => {
                match objects::stream(self.repository, entry.id, |blob| {
                    open_large(held, name, blob)
                })? {
                    Ok(true) => GitCryptState::Encrypted { opened: true },
                    Ok(false) => unopened(held, name),
                    Err(OpenError::NotEncrypted) => {
                        GitCryptState::Plaintext { in_head: self.is_clear_in_head(entry)? }
                    }
                    Err(_) => GitCryptState::Damaged,
                }
            }
        };
        Ok(State::OfGitCrypt(state))
    }

    fn is_clear_in_head(&self, entry: &IndexedFile) -> Result<bool, GitError> {
        let Some(head) = &self.head else { return Ok(false) };
        let found = head.lookup_entry(entry.path.split(|&byte| byte == b'/'));
        let Some(found) = found.map_err(GitError::read)? else { return Ok(false) };
        let start = objects::read_start(self.repository, found.object_id())?;
        Ok(start.is_some_and(|start| !start.is_empty() && !is_encrypted(&start)))
    }
}

fn unopened(held: &HeldKeys, name: &Name) -> GitCryptState {
    match held.of(name) {
        Some(_) => GitCryptState::Damaged,
        None => GitCryptState::Encrypted { opened: false },
    }
}

/// A blob that is not in memory is read once, so only the newest version of its key is tried.
fn open_large(held: &HeldKeys, name: &Name, blob: &mut dyn Read) -> Result<bool, OpenError> {
    let mut start = [0; HEADER_LEN];
    blob.read_exact(&mut start)?;
    let nonce = Nonce::read(&start)?;
    let Some(file) = held.of(name) else { return Ok(false) };
    match open_stream(file.newest(), &nonce, blob, io::sink()) {
        Ok(_) => Ok(true),
        Err(OpenError::Mismatch) => Ok(file.versions().len() > 1),
        Err(error) => Err(error),
    }
}

/// The format has no key id. But where a key opens no file of the repository it is the wrong one, and where it opens others
/// the one that it does not open was changed.
pub(super) fn tell_wrong_keys(
    repository: &Repository,
    held: &HeldKeys,
    files: &mut [FileStatus],
) -> Result<(), GitError> {
    let mut foreign = BTreeMap::new();
    for file in files {
        let FileStatus {
            state: State::OfGitCrypt(state @ GitCryptState::Damaged), git_crypt, ..
        } = file
        else {
            continue;
        };
        let Some(key) = git_crypt.as_ref().and_then(|name| held.of(name)) else { continue };
        let is_foreign = match foreign.get(key.name()) {
            Some(known) => *known,
            None => find_opening(repository, key)? == Foreign::Yes,
        };
        foreign.insert(key.name(), is_foreign);
        if is_foreign {
            *state = GitCryptState::WrongKey;
        }
    }
    Ok(())
}
