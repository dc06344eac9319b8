//! Seals what the index holds as plaintext, or sealed with the wrong key.

use std::collections::BTreeMap;

use gix::glob::pattern::Case;

use super::error::IndexError;
use super::restage::{Restage, restage};
use crate::clone::OpenClone;
use crate::clone::sealing::sealing_key;
use crate::error::count;
use crate::filter::FileError;
use crate::format::KeyId;
use crate::git::attributes_file::matches;
use crate::keyring::KeyName;
use crate::progress::Progress;
use crate::status::{ByValue, FileStatus, State, survey};

/// Seals what the index holds as plaintext under a path that is tracked now; of the patterns in `switched`, below its folder,
/// also what is sealed whole and should be by value, or the other way.
/// Files that it leaves as they are, and why, are said.
///
/// # Errors
/// A file cannot be sealed; then nothing was staged.
pub fn seal_index(
    progress: &dyn Progress,
    opened: &OpenClone,
    switched: Option<(&[u8], &[&[u8]])>,
) -> Result<(), IndexError> {
    let known = opened.known();
    let files = survey(&opened.repository, &known, None)?;
    let mut blobs = Vec::new();
    let (mut in_history, mut values_in_history, mut other_key) = (0, 0, 0);
    let is_switched = |path: &[u8]| {
        switched.is_some_and(|(folder, patterns)| {
            let below = path.strip_prefix(folder);
            let is_of =
                |path| patterns.iter().any(|pattern| matches(pattern, path, Case::Sensitive));
            below.is_some_and(is_of)
        })
    };
    for file in files {
        match file.state {
            State::PlaintextInHead | State::PlaintextInIndex => {}
            State::Sealed { .. }
                if file.by_value.is_some() && file.can_change_form() || file.can_open_values() =>
            {
                if !is_switched(&file.path) {
                    continue;
                }
            }
            // Not here: somebody may have dropped a key's name from a line far from this pattern.
            State::OtherKey { .. } => {
                other_key += 1;
                continue;
            }
            State::Conversion(why) => {
                progress.warning(&format!(
                    "{}: {why} would make git change the sealed bytes",
                    crate::sanitise::path(&file.path)
                ));
                progress.hint(
                    "remove that attribute for this path; until then git cannot add the file",
                );
                continue;
            }
            State::Conflict(why) => {
                progress.warning(&format!("{}: {why}", crate::sanitise::path(&file.path)));
                progress.hint("'git shroud why PATH' says which line decides");
                continue;
            }
            _ => continue,
        }
        if opened.keyring.current(&file.key).is_none() {
            progress.warning(&format!(
                "{} stays plaintext: the key '{}' is not held here",
                crate::sanitise::path(&file.path),
                file.key
            ));
            continue;
        }
        if file.state == State::PlaintextInHead {
            match &file.by_value {
                Some(ByValue::Clear { lines, values }) if lines.len() < *values => {
                    values_in_history += 1;
                }
                _ => in_history += 1,
            }
        }
        blobs.push(file);
    }
    let by_value = seal_blobs(opened, &blobs, true)?;
    warn_of_values(progress, &by_value);
    if blobs.len() > by_value.len() {
        let count = count((blobs.len() - by_value.len()) as u64, "file");
        progress.status(&format!("sealed {count} in the index; commit to keep this"));
    }
    if other_key > 0 {
        let count = count(other_key, "file");
        progress.warning(&format!("{count} sealed with another key than the attribute says"));
        progress.hint(
            "'git shroud status' names them, 'git shroud status --fix --rekey' seals them again",
        );
    }
    if in_history > 0 {
        let count = count(in_history, "file");
        progress
            .warning(&format!("earlier commits hold {count} unencrypted: change those secrets"));
    }
    if values_in_history > 0 {
        let count = count(values_in_history, "file");
        progress.warning(&format!(
            "earlier commits hold some values of {count} unencrypted: change those that are secret"
        ));
    }
    Ok(())
}

/// Names the files that should be sealed whole and stay sealed by value.
pub fn warn_of_values(progress: &dyn Progress, paths: &[Vec<u8>]) {
    let Some(first) = paths.first() else { return };
    progress.warning(&format!(
        "{} left sealed by value, first {}: people without the key have set values there, and sealed whole these people could compare files and see which of their guesses are right",
        count(paths.len() as u64, "file"),
        crate::sanitise::path(first)
    ));
    progress.hint(
        "set other values there with the key, commit, and run this again; 'git shroud status -v' counts the values that were set without it",
    );
}

/// Seals and stages the files, each with the key that its attribute says; all or none. `exempts` as in [`Restage`]. Returns what
/// [`restage`] does.
///
/// # Errors
/// A file cannot be sealed; then nothing was staged.
pub fn seal_blobs(
    opened: &OpenClone,
    files: &[FileStatus],
    exempts: bool,
) -> Result<Vec<Vec<u8>>, IndexError> {
    let mut keys: BTreeMap<&KeyName, KeyId> = BTreeMap::new();
    let mut blobs = Vec::with_capacity(files.len());
    for FileStatus { path, executable, id, key, .. } in files {
        let with = match keys.get(key) {
            Some(with) => *with,
            None => {
                let entry = sealing_key(&opened.repository, &opened.roster, &opened.keyring, key);
                let entry =
                    entry.map_err(|error| IndexError::Sealing(FileError::of_none(error)))?;
                *keys.entry(key).or_insert(entry.key.id())
            }
        };
        let (path, key) = (path.clone(), key.clone());
        let executable = *executable;
        blobs.push(Restage { path, executable, id: *id, key, with, exempts, opens: exempts });
    }
    restage(&opened.repository, &opened.keyring, &blobs).map_err(IndexError::Sealing)
}
