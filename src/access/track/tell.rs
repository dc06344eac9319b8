//! What a pattern matches now, and what keeps it from sealing.

use std::path::Path;

use gix::glob::pattern::Case;

use super::{Tracking, write_and_add};
use crate::clone::{CloneError, OpenClone};
use crate::error::{Context as _, count};
use crate::git::GitError;
use crate::git::attributes::Attributes;
use crate::git::attributes_file::{AttributesFile, exception_for, matches};
use crate::git::pattern::Surroundings;
use crate::progress::Progress;
use crate::repo_path::from_native;

/// Defines the macro at the top again where it is missing or does not seal: a line that says it seals nothing then.
pub(super) fn write_macro(
    opened: &OpenClone,
    top: &Path,
    attributes: &mut AttributesFile,
    by_value: bool,
) -> Result<(), CloneError> {
    let path = top.join(".gitattributes");
    if attributes.path() == path {
        if !attributes.macro_seals() {
            attributes.set_macro(attributes.macro_has_tripwire().unwrap_or(false));
        }
        if by_value {
            attributes.set_values_macro();
        }
        return Ok(());
    }
    let mut file =
        AttributesFile::read(&path).context(|| "the attributes cannot be read".to_owned())?;
    if !file.macro_seals() {
        file.set_macro(file.macro_has_tripwire().unwrap_or(false));
    }
    if by_value {
        file.set_values_macro();
    }
    write_and_add(opened, &file)
}

/// The files below a folder, relative to it: those of the index, and others that git does not ignore.
pub(super) fn files_below(
    opened: &OpenClone,
    top: &Path,
    dir: &Path,
) -> Result<Vec<Vec<u8>>, GitError> {
    let git = opened.repository.git.run([
        "ls-files",
        "-z",
        "--full-name",
        "--cached",
        "--others",
        "--exclude-standard",
    ])?;
    let folder = dir.strip_prefix(top).ok().and_then(from_native).unwrap_or_default();
    let folder = if folder.is_empty() { folder } else { [&folder[..], b"/"].concat() };
    let mut files: Vec<Vec<u8>> = git
        .split(|&byte| byte == 0)
        .filter_map(|path| path.strip_prefix(&folder[..]))
        .filter(|path| !path.is_empty())
        .map(<[u8]>::to_vec)
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}

/// Says what a pattern matches now, and which of that is not sealed for all that.
pub(super) fn tell(
    progress: &dyn Progress,
    opened: &OpenClone,
    place: &Surroundings<'_>,
    (given, pattern): (&[u8], &[u8]),
    done: Tracking,
) -> Result<(), GitError> {
    let ignore_case = opened.repository.gix.config_snapshot().boolean("core.ignoreCase");
    let case = if ignore_case == Some(true) { Case::Fold } else { Case::Sensitive };
    let folder = place.dir.strip_prefix(place.top).ok().and_then(from_native).unwrap_or_default();
    let folder = if folder.is_empty() { folder } else { [&folder[..], b"/"].concat() };
    // No line seals these.
    let is_own = |file: &[u8]| {
        let path = [&folder[..], file].concat();
        exception_for(&path).is_some() || path.starts_with(b".shroud/")
    };
    let matched = place.files.iter().filter(|file| matches(pattern, file, case) && !is_own(file));
    let matched: Vec<&Vec<u8>> = matched.collect();
    let is_ignored = matched.is_empty()
        && crate::repo_path::to_native(given).is_some_and(|file| place.dir.join(file).is_file());
    let what = match matched.len() as u64 {
        0 if is_ignored => "matches 1 file, which git ignores".to_owned(),
        0 => "matches no file yet".to_owned(),
        n => format!("matches {}", count(n, "file")),
    };
    let word = match done {
        Tracking::Added => "tracking",
        Tracking::WrittenOut => "tracked already, and written out:",
        Tracking::Already => "tracked already:",
    };
    let meant = if given == pattern {
        String::new()
    } else {
        format!(" (for {})", crate::sanitise::path(given))
    };
    progress.status(&format!("{word} {}{meant}: {what}", crate::sanitise::path(pattern)));
    let has_wildcard = pattern.iter().any(|byte| b"*?[\\".contains(byte));
    if matched.is_empty() && !is_ignored && !has_wildcard && done == Tracking::Added {
        let folder = crate::sanitise::word_or(&[pattern, b"/**"].concat(), "'FOLDER/**'");
        progress.hint(&format!("to track everything in a folder: {folder}"));
    }
    let mut attributes = Attributes::new(&opened.repository)?;
    let mut open = Vec::new();
    for file in matched {
        let path = [&folder[..], file].concat();
        let of = attributes.of(&path)?;
        if !of.sealed {
            open.push((path, of));
        }
    }
    if let Some((path, of)) = open.first() {
        let why =
            of.filter.as_ref().map(|set| format!(": {set} overrides the line")).unwrap_or_default();
        let count = count(open.len() as u64, "file");
        progress.warning(&format!(
            "{count} that it matches stay plaintext: {}{why}",
            crate::sanitise::path(path)
        ));
        progress.hint("'git shroud why PATH' says which line decides");
    }
    Ok(())
}
