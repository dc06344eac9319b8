//! Which object became which: the maps that other clones follow, and servers refuse.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use super::error::{Context as _, Outcome, ScrubError};
use super::rewrite::Rewritten;
use crate::fs::{create_private, read_bounded};
use crate::git::repository::Repository;

/// Bytes of the longest map that is read.
const MAX_LEN: usize = 1 << 30;

/// Writes what became of commits, tags and refs, in the form of git-filter-repo: `commit-map`, `ref-map`, `first-changed`.
///
/// # Errors
/// A file cannot be written.
pub fn write(repository: &Repository, folder: &Path, rewritten: &Rewritten) -> Outcome {
    let none = repository.gix.object_hash().null();
    let mut commits = String::from("old new\n");
    for (old, new) in rewritten.commits.iter().chain(&rewritten.tags) {
        writeln!(commits, "{old} {}", new.unwrap_or(none)).expect("a String takes any text");
    }
    let mut refs = b"old new ref\n".to_vec();
    let mut first = String::from("commit ref\n").into_bytes();
    for change in &rewritten.refs {
        refs.extend(format!("{} {} ", change.old, change.new.unwrap_or(none)).bytes());
        // The old name may hold a value; this folder goes with '--finish'.
        refs.extend([&change.name[..], b"\n"].concat());
        for commit in &change.first_changed {
            first.extend(format!("{commit} ").bytes());
            first.extend([&change.new_name[..], b"\n"].concat());
        }
    }
    for (name, text) in
        [("commit-map", commits.as_bytes()), ("ref-map", &refs[..]), ("first-changed", &first[..])]
    {
        create_private(&folder.join(name), text).context(|| "the maps".to_owned())?;
    }
    Ok(())
}

/// The map of commits and tags that changed, as [`write`] wrote it.
///
/// # Errors
/// The file cannot be read, or is none.
pub fn read(path: &Path) -> Outcome<Vec<(ObjectId, Option<ObjectId>)>> {
    let name = crate::sanitise::native(path);
    let text = read_bounded(path, MAX_LEN).context(|| "the map".to_owned())?;
    let wrong = || ScrubError::NoMap(name.clone());
    let mut map = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with(b"old")) {
        let mut ids = line.fields().map(ObjectId::from_hex);
        match (ids.next(), ids.next(), ids.next()) {
            (Some(Ok(old)), Some(Ok(new)), None) => {
                map.push((old, (!new.is_null()).then_some(new)));
            }
            _ => return Err(wrong()),
        }
    }
    Ok(map)
}

/// Keeps the map of commits where no later step deletes it: other clones follow it, and it names commits only. Says where.
///
/// # Errors
/// It cannot be read or written.
pub fn keep(common_dir: &Path, folder: &Path) -> Outcome<PathBuf> {
    let text = read_bounded(&commit_map(folder), MAX_LEN).context(|| "the map".to_owned())?;
    let dir = crate::store::local::dir(common_dir);
    for number in 1_u32.. {
        let path = dir.join(format!("commit-map-{number}"));
        // A run that was killed may have kept it already.
        match read_bounded(&path, MAX_LEN) {
            Ok(known) if known == text => return Ok(path),
            Ok(_) => {}
            Err(_) => {
                create_private(&path, &text).context(|| "the map".to_owned())?;
                return Ok(path);
            }
        }
    }
    unreachable!("there are fewer maps than numbers")
}

/// Where the map of commits is.
pub fn commit_map(folder: &Path) -> PathBuf {
    folder.join("commit-map")
}
