//! Putting the blob of the index in the place of a file, whoever encrypts it.

use std::io::{self, Write};
use std::path::Path;

use super::report::Left;
use super::sweep::Worker;
use crate::format::{Key, Siv};
use crate::fs::open_regular;
use crate::git::attributes::PathAttributes;
use crate::git::objects::{self, Blob, is_blob};
use crate::git::worktree::{IndexedFile, Worktree};

impl Worker<'_> {
    /// A file that was closed by a run which did not come to write the index: git would take its length for a change.
    pub(super) fn remember_closed(
        &mut self,
        entry: &IndexedFile,
        attributes: &PathAttributes,
    ) -> Result<(), Left> {
        if attributes.is_encrypted()
            && let Some((path, metadata)) = self.worktree.find(entry)?.and_then(Result::ok)
            && !self.worktree.is_unchanged(entry, &metadata)
            && is_blob(self.repository, open_regular(&path)?, metadata.len(), entry.id)?
            && let Some(stat) = Worktree::stat(&metadata)
        {
            self.report.stats.push((entry.place, stat));
        }
        Ok(())
    }

    /// Puts the blob of the index in the place of the file, whatever that holds.
    pub(super) fn put_back(&mut self, entry: &IndexedFile, path: &Path) -> Result<(), Left> {
        let blob = objects::read(self.repository, entry.id)?;
        self.replace_by(entry, path, blob, None)
    }

    /// Puts the blob of the index, as it was read, in the place of the file; with a key, only while the file has this synthetic IV
    /// under it.
    pub(super) fn replace_by(
        &mut self,
        entry: &IndexedFile,
        path: &Path,
        blob: Blob,
        expected: Option<(&Key, Siv)>,
    ) -> Result<(), Left> {
        let stat = self.worktree.replace(path, entry.executable, |to| {
            match blob {
                Blob::Missing => return Err(Left::NotHere),
                Blob::Memory(bytes) => to.write_all(&bytes)?,
                Blob::Large => {
                    objects::stream(self.repository, entry.id, |from| io::copy(from, to))??;
                }
            }
            // What is overwritten must be what the repository holds.
            match expected {
                Some((key, siv)) if !siv_of(key, path)?.matches(&siv) => Err(Left::Changed),
                _ => Ok(()),
            }
        })?;
        self.report.written += 1;
        self.report.stats.push((entry.place, stat));
        Ok(())
    }
}

/// The synthetic IV of a file under a key.
pub(super) fn siv_of(key: &Key, path: &Path) -> io::Result<Siv> {
    let mut siv = key.siv();
    io::copy(&mut open_regular(path)?, &mut siv)?;
    Ok(siv.finish())
}
