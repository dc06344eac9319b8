//! The lines of `.gitattributes` that seal files, and what follows from a new one.

mod error;
mod tell;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::index::seal_index::seal_index;
use super::why::confirming::confirm_tracked;
use crate::clone::{CloneError, OpenClone};
use crate::error::{Context as _, count};
use crate::format::Layout;
use crate::git::attributes_file::{AttributesFile, Track as Tracking, Values, Wanted};
use crate::git::pattern::Surroundings;
use crate::keyring::KeyName;
use crate::progress::Progress;
pub use error::TrackError;
use tell::{files_below, tell, write_macro};

/// With what, and how, a pattern is sealed.
pub struct Sealing<'s> {
    /// The key.
    pub key: &'s KeyName,
    /// Whether the key was named, and not only meant.
    pub is_said: bool,
    /// The layout; where there is none, that of a line which is there.
    pub layout: Option<Layout>,
    /// Whether by value, and with which names exempt; where there is nothing, as a line says which is there.
    pub by: Option<By>,
}

/// Whether a pattern is sealed whole or by value.
pub enum By {
    /// Whole.
    Whole,
    /// By value; the exempt names are those of a line that is there, if none are given.
    Value {
        /// The names whose values are not sealed.
        clear: Option<Vec<String>>,
    },
}

/// Seals what matches these patterns from now on, by lines in the `.gitattributes` of the folder `dir`, and what the index holds in
/// the clear of it.
///
/// # Errors
/// The key is not held or may seal nothing, a pattern cannot be in a line, or a file cannot be read, written or staged.
pub fn track(
    opened: &OpenClone,
    dir: &Path,
    patterns: &[&[u8]],
    sealing: &Sealing<'_>,
    progress: &dyn Progress,
) -> Result<(), TrackError> {
    let mut attributes = attributes_here(dir, opened)?;
    let mut done = Vec::new();
    let mut keys: Vec<KeyName> = Vec::new();
    let others = attributes_files(opened)?;
    let others_by_value =
        others.iter().any(|(_, file)| file.tracked().iter().any(|line| line.values.is_some()));
    let names_key = |file: &AttributesFile| file.tracked().iter().any(|line| line.key.is_some());
    let resets_key = sealing.is_said && others.iter().any(|(_, file)| names_key(file));
    let top = dunce::canonicalize(opened.top()?).context(|| "the worktree".to_owned())?;
    let folder_here = attributes.path().parent().unwrap_or(&top).to_owned();
    let files = files_below(opened, &top, &folder_here)?;
    let place = Surroundings { top: &top, dir: &folder_here, files: &files };
    for &given in patterns {
        let pattern = place.resolve(given)?;
        let there = attributes.tracked().into_iter().rfind(|there| there.pattern == pattern);
        // What is not said stays as the line says that is there: else a new exemption would move files to another key.
        let own = there.as_ref().and_then(|there| there.key.as_ref()?.parse().ok());
        let key = own.filter(|_| !sealing.is_said).unwrap_or_else(|| sealing.key.clone());
        if !keys.contains(&key) {
            refuse_key(opened, &key)?;
        }
        let wanted = Wanted {
            layout: sealing.layout,
            values: sealing.values(there.and_then(|there| there.values))?,
            others_by_value,
            resets_key,
        };
        let added = attributes.track(&pattern, &key, wanted)?;
        done.push((given, pattern, added));
        keys.push(key);
    }
    let by_value = attributes.tracked().iter().any(|line| line.values.is_some());
    write_macro(opened, &top, &mut attributes, by_value)?;
    attributes.write().context(|| "the attributes cannot be written".to_owned())?;
    // Also where the line was there: an interrupted run may not have staged it.
    stage(opened, &attributes)?;
    let folder = folder_of(opened, &attributes)?;
    let tracked: Vec<&[u8]> = done.iter().map(|(_, pattern, _)| &pattern[..]).collect();
    for key in keys.iter().collect::<BTreeSet<_>>() {
        let of_key = tracked.iter().zip(&keys).filter(|(_, of)| *of == key);
        let of_key: Vec<&[u8]> = of_key.map(|(pattern, _)| *pattern).collect();
        let confirmed = confirm_tracked(opened, &folder, &of_key, key)?;
        if confirmed > 0 {
            let files = count(confirmed, "file");
            progress
                .status(&format!("confirmed in this clone: {files} may move to the key '{key}'"));
        }
        if !opened.roster.infos.contains_key(key) && opened.roster.missing.is_none() {
            progress.warning(&format!(
                "the key '{key}' is not described in .shroud/ here, so nothing can be added before it is"
            ));
            progress.hint("take it from a branch that has it: git checkout BRANCH -- .shroud");
        }
    }
    let switched = sealing.by.is_some().then_some((&folder[..], &tracked[..]));
    seal_index(progress, opened, switched)?;
    for (given, pattern, added) in done {
        tell(progress, opened, &place, (given, &pattern), added)?;
    }
    Ok(())
}

/// Adds a line to the attributes at the top for each of these patterns, with its key, by value or whole, and stages them.
/// Nothing else is sealed.
///
/// # Errors
/// A pattern cannot be in a line, or a file cannot be read, written or staged.
pub fn add_files(
    opened: &OpenClone,
    lines: &[(Vec<u8>, KeyName, Option<Values>)],
) -> Result<(), TrackError> {
    if lines.is_empty() {
        return Ok(());
    }
    let top = dunce::canonicalize(opened.top()?).context(|| "the worktree".to_owned())?;
    let mut attributes = attributes_here(&top, opened)?;
    let is_by_value = |file: &AttributesFile| file.tracked().iter().any(|it| it.values.is_some());
    let others = attributes_files(opened)?;
    // As 'track --key' does: a line for the default key says so below one that names another.
    let resets_key =
        others.iter().any(|(_, file)| file.tracked().iter().any(|line| line.key.is_some()));
    let others = others.iter().any(|(_, file)| is_by_value(file));
    let by_value = others || lines.iter().any(|(.., values)| values.is_some());
    for (pattern, key, values) in lines {
        let wanted = Wanted {
            values: Some(values.clone()),
            others_by_value: by_value,
            resets_key,
            layout: None,
        };
        attributes.track(pattern, key, wanted)?;
    }
    let by_value = is_by_value(&attributes);
    write_macro(opened, &top, &mut attributes, by_value)?;
    Ok(write_and_add(opened, &attributes)?)
}

/// Refuses a key that is not held, or may seal nothing.
fn refuse_key(opened: &OpenClone, key: &KeyName) -> Result<(), TrackError> {
    if opened.keyring.current(key).is_none() {
        let described = opened.roster.infos.contains_key(key);
        return Err(TrackError::NotHeld { key: key.clone(), described, known: opened.key_names() });
    }
    opened.refuse_unfit_key(key)?;
    Ok(())
}

impl Sealing<'_> {
    /// What a line should say of values; `there` is what it says.
    fn values(&self, there: Option<Values>) -> Result<Option<Option<Values>>, TrackError> {
        let clear = match &self.by {
            None => return Ok(None),
            Some(By::Whole) => return Ok(Some(None)),
            Some(By::Value { clear }) => clear,
        };
        let mut values = there.unwrap_or_default();
        if let Some(names) = clear {
            values.clear = exempt(names)?;
        }
        Ok(Some(Some(values)))
    }
}

/// The names that are not sealed, as a line holds them; nothing where there is none.
///
/// # Errors
/// A name cannot be in a line.
pub fn exempt(names: &[String]) -> Result<Option<String>, TrackError> {
    let split = names.iter().flat_map(|name| name.split(','));
    let names: Vec<&str> = split.filter(|name| !name.is_empty()).collect();
    let is_bad = |name: &&&str| name.contains(|c: char| c.is_whitespace() || c.is_control());
    match names.iter().find(is_bad) {
        Some(bad) => Err(TrackError::Exemption(crate::sanitise::line(bad))),
        None => Ok((!names.is_empty()).then(|| names.join(","))),
    }
}

/// Removes the lines of these patterns from the `.gitattributes` of the folder `dir`.
///
/// # Errors
/// No line tracks one of them, or a file cannot be read, written or staged.
pub fn untrack(
    opened: &OpenClone,
    dir: &Path,
    patterns: &[&[u8]],
    progress: &dyn Progress,
) -> Result<(), TrackError> {
    let mut attributes = attributes_here(dir, opened)?;
    for &pattern in patterns {
        if !attributes.untrack(pattern) {
            return Err(TrackError::NotTracked {
                file: crate::sanitise::native(attributes.path()),
                pattern: crate::sanitise::path(pattern),
            });
        }
        progress.status(&format!("no longer tracking {}", crate::sanitise::path(pattern)));
    }
    write_and_add(opened, &attributes)?;
    progress.hint("a sealed file stays sealed until it is added again: 'git add', 'git commit -a' or 'git add --renormalize' then stores plaintext");
    Ok(())
}

fn attributes_here(dir: &Path, opened: &OpenClone) -> Result<AttributesFile, CloneError> {
    let top = opened.top()?;
    let dir = dunce::canonicalize(dir).context(|| "the current directory".to_owned())?;
    let inside = dunce::canonicalize(top).is_ok_and(|top| dir.starts_with(top));
    let dir =
        if inside { dir } else { dunce::canonicalize(top).unwrap_or_else(|_| top.to_owned()) };
    let attributes = AttributesFile::read(&dir.join(".gitattributes"))
        .context(|| "the attributes cannot be read".to_owned())?;
    let is_top = dunce::canonicalize(top).is_ok_and(|top| top == dir);
    Ok(if is_top { attributes } else { attributes.below_top() })
}

/// The folder of an attributes file from the top of the worktree: empty, or with a slash at its end.
fn folder_of(opened: &OpenClone, attributes: &AttributesFile) -> Result<Vec<u8>, CloneError> {
    let canonical = |path: &Path| dunce::canonicalize(path).context(|| "the worktree".to_owned());
    let top = canonical(opened.top()?)?;
    let folder = canonical(attributes.path().parent().unwrap_or(&top))?;
    let relative = folder.strip_prefix(&top).unwrap_or(Path::new(""));
    let mut folder = crate::repo_path::from_native(relative).unwrap_or_default();
    if !folder.is_empty() {
        folder.push(b'/');
    }
    Ok(folder)
}

fn write_and_add(opened: &OpenClone, attributes: &AttributesFile) -> Result<(), CloneError> {
    if attributes.write().context(|| "the attributes cannot be written".to_owned())? {
        stage(opened, attributes)?;
    }
    Ok(())
}

fn stage(opened: &OpenClone, attributes: &AttributesFile) -> Result<(), CloneError> {
    let path = attributes.path().as_os_str();
    opened.repository.git.run(["add".as_ref(), "--force".as_ref(), "--".as_ref(), path])?;
    Ok(())
}

/// Says which patterns are tracked, with which key, by which file.
///
/// # Errors
/// A file with attributes cannot be read.
pub fn list(progress: &dyn Progress, opened: &OpenClone) -> Result<(), CloneError> {
    for (file, attributes) in attributes_files(opened)? {
        for tracked in attributes.tracked() {
            let key = tracked.key.as_deref().unwrap_or(KeyName::DEFAULT);
            let file = crate::sanitise::native(&file);
            let by = match tracked.values.as_ref().map(|values| &values.clear) {
                None => String::new(),
                Some(None) => "\tby value".to_owned(),
                Some(Some(clear)) => format!("\tby value, but {}", crate::sanitise::line(clear)),
            };
            let pattern = crate::sanitise::path(&tracked.pattern);
            progress.line(&format!("{pattern}\t{key}\t{file}{by}"));
        }
    }
    Ok(())
}

/// Writes out every line that seals by the macro alone.
///
/// # Errors
/// A file with attributes cannot be read, written or staged.
pub fn write_out(progress: &dyn Progress, opened: &OpenClone) -> Result<(), CloneError> {
    let mut lines = 0;
    for (_, mut attributes) in attributes_files(opened)? {
        lines += attributes.write_out() as u64;
        write_and_add(opened, &attributes)?;
    }
    if lines == 0 {
        progress.status("every sealing line is written out already");
    } else {
        let lines = count(lines, "line");
        progress.status(&format!("wrote out {lines} of .gitattributes, and staged it"));
    }
    Ok(())
}

/// The files with attributes in the worktree, with their paths from the top.
fn attributes_files(opened: &OpenClone) -> Result<Vec<(PathBuf, AttributesFile)>, CloneError> {
    let top = opened.top()?;
    let listed = opened.repository.git.run([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        ".gitattributes",
        "**/.gitattributes",
    ])?;
    let mut files: Vec<PathBuf> =
        listed.split(|&byte| byte == 0).filter_map(crate::repo_path::to_native).collect();
    files.sort();
    files.dedup();
    let read = |file: PathBuf| {
        let attributes = AttributesFile::read(&top.join(&file))
            .context(|| "the attributes cannot be read".to_owned())?;
        Ok((file, attributes))
    };
    files.into_iter().map(read).collect()
}
