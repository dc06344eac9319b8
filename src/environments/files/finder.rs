//! Finding the files of environments in a worktree.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice as _;

use crate::config_format::Format;
use crate::environments::FOLDER;
use crate::environments::environment::{Content, File};
use crate::environments::schema::Location;
use crate::error::{CommandError, Context as _, Outcome};
use crate::git::worktree::Entries;
use crate::repo_path;
use crate::sanitise::path as show_path;

/// Files of all environments at most.
const MAX_FILES: usize = 10_000;
/// Folders above each other at most.
const MAX_DEPTH: usize = 32;

/// Without a schema each folder below `environments` is one.
///
/// # Errors
/// The folder is there and cannot be read.
pub fn folders(top: &Path) -> Outcome<Vec<Location>> {
    let mut locations = Vec::new();
    for entry in entries(&top.join(FOLDER))? {
        if entry.is_dir()
            && let Some(name) = entry.file_name().and_then(|name| name.to_str())
            && name.parse::<crate::keyring::KeyName>().is_ok()
        {
            let paths = vec![format!("{FOLDER}/{name}")];
            locations.push(Location { name: name.to_owned(), paths });
        }
    }
    Ok(locations)
}

/// What is in a folder, sorted; nothing where there is none. Links are left out: they may lead anywhere.
fn entries(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let listed = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.context(|| crate::sanitise::native(folder))?,
    };
    let mut paths = Vec::new();
    for entry in listed {
        let entry = entry.context(|| crate::sanitise::native(folder))?;
        if !entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Finds the files of environments.
pub struct Finder<'f> {
    top: &'f Path,
    ignore: &'f [String],
    count: usize,
}

impl<'f> Finder<'f> {
    /// Looks below the top of a worktree; files that match a pattern of `ignore` are left out.
    pub fn new(top: &'f Path, ignore: &'f [String]) -> Self {
        Self { top, ignore, count: 0 }
    }

    /// The files of one environment with their formats, each once.
    ///
    /// # Errors
    /// A folder cannot be read or is too deep, a link stands in a path, or a file's format is not known.
    pub fn find(&mut self, location: &Location) -> Outcome<Vec<(String, Format)>> {
        let mut found = Vec::new();
        for path in &location.paths {
            let native = self.top.join(path);
            // Also of a folder above: what a link leads to belongs to somebody else.
            let inside = native.canonicalize().is_ok_and(|real| {
                self.top
                    .canonicalize()
                    .is_ok_and(|top| real == top.join(path.trim_end_matches('/')))
            });
            if native.symlink_metadata().is_err() {
                continue;
            }
            if !inside {
                return Err(CommandError::wrong(format!(
                    "the path contains a symbolic link: {}",
                    show_path(path.as_bytes())
                )));
            }
            if native.is_dir() {
                self.walk(&native, 0, &mut found)?;
            } else {
                let format = Format::of_path(path.as_bytes()).ok_or_else(|| {
                    CommandError::wrong(format!(
                        "{}: unknown file format",
                        show_path(path.as_bytes())
                    ))
                    .hint(
                        "use a name that ends with .env, .properties, .ini, .toml, .yaml or .json",
                    )
                })?;
                found.push((path.clone(), format));
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found.dedup_by(|a, b| a.0 == b.0);
        Ok(found)
    }

    fn walk(&mut self, folder: &Path, depth: usize, found: &mut Vec<(String, Format)>) -> Outcome {
        let place = || crate::sanitise::native(folder);
        if depth > MAX_DEPTH {
            return Err(CommandError::wrong(format!(
                "{}: the folders are nested too deeply",
                place()
            )));
        }
        for entry in entries(folder)? {
            if entry.is_dir() {
                self.walk(&entry, depth + 1, found)?;
                continue;
            }
            let relative = entry.strip_prefix(self.top).ok().and_then(repo_path::from_native);
            let Some(Ok(path)) = relative.map(String::from_utf8) else { continue };
            let Some(format) = Format::of_path(path.as_bytes()).filter(|_| !self.is_ignored(&path))
            else {
                continue;
            };
            self.count += 1;
            if self.count > MAX_FILES {
                return Err(CommandError::wrong(
                    "there are more than 10,000 files of environments",
                ));
            }
            found.push((path, format));
        }
        Ok(())
    }

    /// Files that git tracks and the worktree does not have, as outside a sparse checkout: nothing is known of what they set.
    pub fn absent(&self, location: &Location, index: &Entries, found: &[File]) -> Vec<File> {
        let within = |path: &[u8]| {
            location.paths.iter().any(|place| {
                let place = place.trim_end_matches('/').as_bytes();
                let rest = path.strip_prefix(place);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
            })
        };
        let tracked = index.files.iter().filter_map(|entry| {
            let path = std::str::from_utf8(&entry.path).ok().filter(|_| within(&entry.path))?;
            let format = Format::of_path(path.as_bytes()).filter(|_| !self.is_ignored(path))?;
            Some((path.to_owned(), format))
        });
        // A sparse index has a folder in place of its files.
        let folders = index.folders.iter().filter_map(|(folder, _)| {
            let path = std::str::from_utf8(folder).ok()?;
            let above = location.paths.iter().any(|place| format!("{place}/").starts_with(path));
            (above || within(folder)).then(|| (path.to_owned(), Format::Env))
        });
        let missing =
            tracked.chain(folders).filter(|(path, _)| found.iter().all(|file| file.path != *path));
        let why = "the file is tracked, but not in the worktree";
        let file = |(path, format)| File {
            path,
            format,
            sealed: true,
            content: Content::Unreadable(why.to_owned()),
        };
        missing.map(file).collect()
    }

    /// Whether a pattern without '/' matches the name, or one with it the path.
    fn is_ignored(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.ignore.iter().any(|pattern| {
            let subject = if pattern.contains('/') { path } else { name };
            let mode = gix::glob::wildmatch::Mode::NO_MATCH_SLASH_LITERAL;
            gix::glob::wildmatch(pattern.as_bytes().as_bstr(), subject.as_bytes().as_bstr(), mode)
        })
    }
}
