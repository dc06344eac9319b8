//! The plaintext of a file, which the worktree must hold too.

use std::io::{Read as _, Write as _};

use super::tool::{Opener, RepositoryTool};
use crate::access::sealed_file::MAX_LEN;
use crate::clone::top;
use crate::error::Context as _;
use crate::filter::Spool;
use crate::format::{self, Sniff};
use crate::fs::read_regular;
use crate::git::GitError;
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::git::scratch::File;
use crate::git_crypt::Name;
use crate::migrate::{MigrateError, Was};
use crate::recipient::Ask;
use crate::sanitise;

/// Bytes of the longest encrypted file: base64, and what the tool adds.
const MAX_ENCRYPTED: usize = MAX_LEN / 2 * 3;

/// Opens a file as the last commit has it, and compares it with the worktree.
///
/// # Errors
/// It is too large or does not open, or the worktree holds something else.
pub(super) fn open(
    repository: &Repository,
    tool: &dyn RepositoryTool,
    opener: &mut Opener<'_>,
    (path, file, name): (&[u8], &File, &Name),
    ask: Ask<'_>,
) -> Result<(Spool, Was), MigrateError> {
    let shown = || sanitise::path(path);
    let refused = |why: String, hint| MigrateError::NotOpened { path: shown(), why, hint };
    let encrypted = read(repository, file)?;
    let Some(encrypted) = encrypted else {
        return Err(refused(
            "it is larger than 64 MiB, too large to be taken over".to_owned(),
            None,
        ));
    };
    if matches!(format::sniff(&encrypted), Sniff::Sealed(_)) {
        return Err(refused("git-shroud has sealed it already".to_owned(), None));
    }
    let opened = match encrypted.is_empty() {
        true => None,
        false => opener(path, &encrypted, name, ask)?,
    };
    let (plaintext, was) = match &opened {
        Some(plaintext) if plaintext.is_empty() => (&plaintext[..], Was::Empty),
        Some(plaintext) => (&plaintext[..], Was::Encrypted),
        None if encrypted.is_empty() => (&b""[..], Was::Empty),
        None => (&encrypted[..], Was::InTheClear),
    };
    compare(repository, tool, (path, file), (plaintext, &encrypted))?;
    let mut spool = Spool::default();
    spool.write_all(plaintext).context(shown)?;
    Ok((spool, was))
}

/// All of a blob; nothing where it is too large.
fn read(repository: &Repository, file: &File) -> Result<Option<Vec<u8>>, MigrateError> {
    Ok(match objects::read(repository, file.id)? {
        Blob::Memory(bytes) => Some(bytes),
        Blob::Large => objects::stream(repository, file.id, |blob| {
            let mut bytes = Vec::new();
            let read = blob.take(MAX_ENCRYPTED as u64 + 1).read_to_end(&mut bytes);
            read.map(|len| (len <= MAX_ENCRYPTED).then_some(bytes))
        })?
        .map_err(GitError::Io)?,
        Blob::Missing => return Err(GitError::NotHere(sanitise::path(&file.path)).into()),
    })
}

/// Refuses where the worktree holds anything else than the plaintext: that would be sealed by the next 'git add', or lost.
fn compare(
    repository: &Repository,
    tool: &dyn RepositoryTool,
    (path, file): (&[u8], &File),
    (plaintext, encrypted): (&[u8], &[u8]),
) -> Result<(), MigrateError> {
    let refused = |why: &str, hint| MigrateError::NotOpened {
        path: sanitise::path(path),
        why: why.to_owned(),
        hint: Some(hint),
    };
    let is_beside = file.path != path;
    let Some(native) = crate::repo_path::to_native(path) else { return Ok(()) };
    let top = top(repository)?;
    let here = top.join(native);
    let links = here.ancestors().skip(1).take_while(|folder| *folder != top);
    if links.into_iter().any(|folder| folder.symlink_metadata().is_ok_and(|it| !it.is_dir())) {
        return Err(MigrateError::InItsPlace(sanitise::path(path)));
    }
    match here.symlink_metadata() {
        // A checkout brings it.
        Err(_) if is_beside => return Ok(()),
        Err(_) => {
            return Err(refused(
                "it is not in the worktree",
                "check it out, and run this again: git checkout -- PATH",
            ));
        }
        Ok(metadata) if !metadata.is_file() => {
            return Err(MigrateError::InItsPlace(sanitise::path(path)));
        }
        Ok(_) => {}
    }
    let holds = read_regular(&here, MAX_ENCRYPTED).map_err(GitError::Io)?;
    if holds[..] == *plaintext {
        return Ok(());
    }
    Err(match tool.hides_with() {
        Some(hide) => refused("it was changed since it was encrypted", hide),
        None if holds[..] == *encrypted => refused(
            "the worktree holds it encrypted",
            "open it first, and run this again: rm PATH && git checkout -- PATH",
        ),
        None => refused(
            "the worktree holds something else than what is encrypted",
            "commit it, or check it out again; if git changes its line ends: git config core.autocrlf false",
        ),
    })
}
