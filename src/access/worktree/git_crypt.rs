//! Files that git-crypt encrypts: opened and encrypted in place, as those that this program seals.

use std::fs::{File, Metadata};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use gix::ObjectId;

use super::read_start::read_start;
use super::sweep::Worker;
use super::tee::{Tee, TeeReader};
use super::{Changes, Left, LockPlan};
use crate::fs::open_regular;
use crate::git::GitError;
use crate::git::attributes::PathAttributes;
use crate::git::objects::{self, BlobHasher, is_blob};
use crate::git::worktree::{IndexedFile, NotAFile, Worktree};
use crate::git_crypt::{
    HEADER_LEN, KeyFile, KeyVersion, Name, Nonce, NonceHasher, OpenError, is_encrypted,
    open_stream, seal_stream,
};

/// Bytes read at once: a small file in one piece.
const BUFFER: usize = 1 << 17;

/// Opens a file that still holds the encrypted bytes, and whose key is held.
pub(super) fn open_file(
    worker: &mut Worker<'_>,
    entry: &IndexedFile,
    attributes: &PathAttributes,
    name: Option<&Name>,
) -> Result<(), Left> {
    if let Some(name) = name.filter(|name| !worker.report.git_crypt_names.contains(*name)) {
        worker.report.git_crypt_names.insert(name.clone());
    }
    let Some((path, metadata)) = worker.worktree.find(entry)?.and_then(Result::ok) else {
        return Ok(());
    };
    let (file, start) = read_start(&path)?;
    if !is_encrypted(&start) {
        if worker.worktree.is_unchanged(entry, &metadata) {
            return Ok(());
        }
        if encrypts_to(worker, name, &path, entry.id)?.is_some() {
            if let Some(stat) = Worktree::stat(&metadata) {
                worker.report.stats.push((entry.place, stat));
            }
            return Ok(());
        }
        if is_blob(worker.repository, &file, metadata.len(), entry.id)? {
            worker.report.in_the_clear += 1;
            return Ok(());
        }
        return Err(Left::Changed);
    }
    // Not by its times: the plaintext of a file that was encrypted twice looks encrypted too.
    let is_the_blob = is_blob(worker.repository, &file, metadata.len(), entry.id)?;
    let nonce = Nonce::read(&start)?;
    // Windows does not replace a file that is open.
    drop(file);
    let held = worker.git_crypt;
    let candidates: Vec<_> = held.versions_for(name).collect();
    for (_, key) in candidates {
        if !is_the_blob && !holds_current(worker, name, key) {
            continue;
        }
        if is_the_blob && attributes.conversion.is_some() {
            if opens(key, &nonce, &open_regular(&path)?)? {
                worker.report.by_git.push(entry.path.clone());
                return Ok(());
            }
            continue;
        }
        // The new file takes the old one's place only if all of it is sound.
        let opened = worker.worktree.replace(&path, entry.executable, |to| {
            let mut file = open_regular(&path)?;
            file.seek(SeekFrom::Start(HEADER_LEN as u64))?;
            let source = BufReader::with_capacity(BUFFER, file);
            open_stream(key, &nonce, source, to).map(drop).map_err(Left::from)
        });
        match opened {
            Err(Left::GitCrypt(OpenError::Mismatch)) => {}
            Err(left) => return Err(left),
            Ok(stat) => {
                worker.report.written += 1;
                if is_the_blob {
                    worker.report.stats.push((entry.place, stat));
                }
                return Ok(());
            }
        }
    }
    match name {
        Some(name) if held.of(name).is_none() => {
            *worker.report.still_encrypted.entry(name.clone()).or_default() += 1;
            Ok(())
        }
        _ if !is_the_blob => Err(Left::Changed),
        _ => Err(OpenError::Mismatch.into()),
    }
}

/// A local change that was encrypted in place: clean makes the same bytes of it again.
fn holds_current(worker: &Worker<'_>, name: Option<&Name>, key: &KeyVersion) -> bool {
    let current = name.and_then(|name| worker.git_crypt.of(name)).map(KeyFile::newest);
    current.is_some_and(|current| std::ptr::eq(current, key))
}

fn opens(key: &KeyVersion, nonce: &Nonce, mut file: &File) -> Result<bool, Left> {
    file.seek(SeekFrom::Start(HEADER_LEN as u64))?;
    match open_stream(key, nonce, BufReader::with_capacity(BUFFER, file), io::sink()) {
        Ok(_) => Ok(true),
        Err(OpenError::Mismatch) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Says of a file that a lock would leave as plaintext that it has local changes.
pub(super) fn find_changed(
    worker: &mut Worker<'_>,
    entry: &IndexedFile,
    name: Option<&Name>,
    plan: &LockPlan,
) -> Result<(), Left> {
    let Some((path, metadata)) = worker.find_for_git_crypt(entry, name, plan)? else {
        return Ok(());
    };
    // That the blob is encrypted shows in its length.
    let encrypted = metadata.len() + HEADER_LEN as u64;
    let len = worker.repository.gix.try_find_header(entry.id).map_err(GitError::read)?;
    if worker.worktree.is_unchanged(entry, &metadata)
        && len.is_some_and(|header| header.size() == encrypted)
    {
        return Ok(());
    }
    how_to_encrypt(worker, entry, name, &path, plan).map(drop)
}

/// Puts the encrypted bytes back into a file that holds the plaintext.
pub(super) fn encrypt_file(
    worker: &mut Worker<'_>,
    entry: &IndexedFile,
    attributes: &PathAttributes,
    name: Option<&Name>,
    plan: &LockPlan,
) -> Result<(), Left> {
    let Some((path, _)) = worker.find_for_git_crypt(entry, name, plan)? else { return Ok(()) };
    let (key, is_the_blob) = match how_to_encrypt(worker, entry, name, &path, plan)? {
        How::Stays => return worker.remember_closed(entry, attributes),
        How::PutBack => return worker.put_back(entry, &path),
        How::With(key, is_the_blob) => (key, is_the_blob),
    };
    let mut file = open_regular(&path)?;
    let (nonce, length) = first_pass(key, &mut file)?;
    let mut hasher = BlobHasher::new(worker.repository, HEADER_LEN as u64 + length);
    let stat = worker.worktree.replace(&path, entry.executable, |to| {
        // Closed before it is replaced.
        let file = file;
        if is_the_blob {
            // What is overwritten must be what the repository holds.
            encrypt(key, &nonce, length, &file, Tee(to, &mut hasher))?;
            return if hasher.finish() == entry.id { Ok(()) } else { Err(Left::Changed) };
        }
        // Changed between the passes, what was encrypted would open nowhere.
        let mut again = NonceHasher::new(key);
        encrypt(key, &nonce, length, TeeReader(&file, &mut again), to)?;
        if again.finish().matches(&nonce) { Ok(()) } else { Err(Left::Changed) }
    })?;
    worker.report.written += 1;
    if is_the_blob {
        worker.report.stats.push((entry.place, stat));
    }
    Ok(())
}

enum How<'r> {
    /// With this key; whether that makes the blob of the index.
    With(&'r KeyVersion, bool),
    /// The blob is put in its place.
    PutBack,
    Stays,
}

/// How this plaintext is closed.
fn how_to_encrypt<'r>(
    worker: &mut Worker<'r>,
    entry: &IndexedFile,
    name: Option<&Name>,
    path: &Path,
    plan: &LockPlan,
) -> Result<How<'r>, Left> {
    let (file, start) = read_start(path)?;
    let length = file.metadata()?.len();
    let looks_encrypted = is_encrypted(&start);
    // Empty, plaintext, or encrypted already: in any case what the repository holds.
    if (length == 0 || looks_encrypted) && is_blob(worker.repository, &file, length, entry.id)? {
        return Ok(How::Stays);
    }
    if let Some((name, key)) = encrypts_to(worker, name, path, entry.id)? {
        let closes = plan.git_crypt.contains(name);
        return Ok(if closes { How::With(key, true) } else { How::Stays });
    }
    let held = name.and_then(|name| worker.git_crypt.of(name));
    if looks_encrypted || held.is_some() && name.is_some_and(|name| !plan.git_crypt.contains(name))
    {
        return Ok(How::Stays);
    }
    if plan.changes == Changes::Seal
        && length > 0
        && let Some(held) = held
    {
        return Ok(How::With(held.newest(), false));
    }
    match objects::read_start(worker.repository, entry.id)? {
        _ if !plan.everything && !name.is_some_and(|name| plan.git_crypt.contains(name)) => {
            Ok(How::Stays)
        }
        Some(blob) if !is_encrypted(&blob) && !entry.intended => Err(Left::InTheClear),
        Some(_) if plan.changes == Changes::Discard && !entry.intended => Ok(How::PutBack),
        _ => Err(Left::Changed),
    }
}

impl Worker<'_> {
    fn find_for_git_crypt(
        &mut self,
        entry: &IndexedFile,
        name: Option<&Name>,
        plan: &LockPlan,
    ) -> Result<Option<(PathBuf, Metadata)>, Left> {
        let is_named = name.is_some_and(|name| plan.git_crypt.contains(name));
        match self.worktree.find(entry)? {
            None => Ok(None),
            Some(Err(NotAFile)) if !plan.everything && !is_named => Ok(None),
            Some(Err(NotAFile)) => Err(Left::NotAFile),
            Some(Ok(found)) => Ok(Some(found)),
        }
    }
}

/// The key under which the file at `path` becomes the blob `id`: that of its attribute, or any other that is held.
fn encrypts_to<'r>(
    worker: &Worker<'r>,
    name: Option<&Name>,
    path: &Path,
    id: ObjectId,
) -> Result<Option<(&'r Name, &'r KeyVersion)>, Left> {
    for (name, key) in worker.git_crypt.versions_for(name) {
        let mut file = open_regular(path)?;
        let (nonce, length) = first_pass(key, &mut file)?;
        let mut hasher = BlobHasher::new(worker.repository, HEADER_LEN as u64 + length);
        encrypt(key, &nonce, length, &file, &mut hasher)?;
        if hasher.finish() == id {
            return Ok(Some((name, key)));
        }
    }
    Ok(None)
}

fn first_pass(key: &KeyVersion, file: &mut File) -> io::Result<(Nonce, u64)> {
    let mut hasher = NonceHasher::new(key);
    let length = io::copy(file, &mut hasher)?;
    file.rewind()?;
    Ok((hasher.finish(), length))
}

/// As git-crypt does, an empty file too.
fn encrypt(
    key: &KeyVersion,
    nonce: &Nonce,
    length: u64,
    source: impl Read,
    mut sink: impl io::Write,
) -> io::Result<()> {
    if length == 0 {
        return sink.write_all(&nonce.header());
    }
    seal_stream(key, nonce, source, sink)
}
