//! Sealing what another tool has encrypted, blob by blob, in memory that does not grow with them.

use std::io::{self, Write as _};

use super::MigrateError;
use super::by_value;
use super::opening::Was;
use super::plan::Plan;
use crate::clone::CloneError;
use crate::error::Context as _;
use crate::filter::Spool;
use crate::format::{Key, Layout, Sealing};
use crate::git::attributes::Attributes;
use crate::git::repository::Repository;
use crate::git::scratch::File;
use crate::git::staging::BlobWriter;
use crate::git_crypt::Name;
use crate::keyring::Keyring;
use crate::values::format_of_path;

/// Opens a file: its path, the file as the tool has encrypted it, and the name of the tool's key.
pub(crate) type Open<'o> =
    &'o mut dyn FnMut(&[u8], &File, &Name) -> Result<(Spool, Was), MigrateError>;

/// Opens every file, and says what it was; nothing is written.
///
/// # Errors
/// A file does not open, or is not here.
pub(crate) fn inspect(plan: &Plan, open: Open<'_>) -> Result<Vec<(Vec<u8>, Was)>, MigrateError> {
    let mut seen = Vec::new();
    for (path, (file, name)) in &plan.found.sealed {
        let (_, was) = open(path, file, name)?;
        seen.push((path.clone(), was));
    }
    Ok(seen)
}

/// Seals every file with its new key, as blobs of the repository; returned are the entries of the index to be.
///
/// # Errors
/// A file does not open, or cannot be written.
pub(crate) fn reseal(
    repository: &Repository,
    plan: &Plan,
    keyring: &Keyring,
    open: Open<'_>,
) -> Result<Vec<(File, Was)>, MigrateError> {
    let mut writer = BlobWriter::new()?;
    let mut kinds = Vec::new();
    // The lines become this program's; what they say of the layout stays.
    let mut attributes = Attributes::new(repository)?;
    for (path, (file, name)) in &plan.found.sealed {
        let (mut plaintext, was) = open(path, file, name)?;
        let key = plan.key_of(name);
        let entry = keyring.current(key).ok_or_else(|| CloneError::NotHeld(key.clone()))?;
        let context = || crate::sanitise::path(path);
        let is_by_value = plan.by_value.as_ref().is_some_and(|by| by.is_file(path));
        match format_of_path(path).filter(|_| is_by_value) {
            Some(format) => {
                let content = by_value::read(&mut plaintext).context(context)?;
                let sealed = by_value::seal(format, &content, &entry.key, keyring);
                let sealed = sealed.context(context)?;
                writer.add()?.write_all(&sealed).context(context)?;
            }
            None => {
                let layout = attributes.of(path)?.layout;
                let sealed = seal(&entry.key, layout, &mut plaintext, writer.add()?);
                sealed.context(context)?;
            }
        }
        kinds.push(was);
    }
    let ids = writer.finish(repository)?;
    let files = plan.found.sealed.iter().zip(ids).zip(kinds);
    let sealed = files.map(|(((path, (file, _)), id), was)| {
        (File { id, path: path.clone(), mode: file.mode.clone() }, was)
    });
    Ok(sealed.collect())
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
