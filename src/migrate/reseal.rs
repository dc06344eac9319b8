//! Sealing what git-crypt has encrypted, blob by blob, in memory that does not grow with them.

use std::io::{self, Write as _};

use super::MigrateError;
use super::by_value;
use super::opening::{Was, open};
use super::plan::Plan;
use crate::clone::CloneError;
use crate::error::Context as _;
use crate::filter::Spool;
use crate::format::{Key, Layout, Sealing};
use crate::git::attributes::Attributes;
use crate::git::repository::Repository;
use crate::git::scratch::File;
use crate::git::staging::BlobWriter;
use crate::git_crypt::HeldKeys;
use crate::keyring::Keyring;
use crate::values::format_of_path;

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
        let context = || crate::sanitise::path(&file.path);
        let is_by_value = plan.by_value.as_ref().is_some_and(|by| by.is_file(&file.path));
        match format_of_path(&file.path).filter(|_| is_by_value) {
            Some(format) => {
                let content = by_value::read(&mut plaintext).context(context)?;
                let sealed = by_value::seal(format, &content, &entry.key, keyring);
                let sealed = sealed.context(context)?;
                writer.add()?.write_all(&sealed).context(context)?;
            }
            None => {
                let layout = attributes.of(&file.path)?.layout;
                let sealed = seal(&entry.key, layout, &mut plaintext, writer.add()?);
                sealed.context(context)?;
            }
        }
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
