//! Finding the files of environments in a worktree.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::FilesError;
use crate::config_format::Format;
use crate::environments::FOLDER;
use crate::environments::environment::{Content, File};
use crate::environments::schema::{FileNames, Location};
use crate::error::{About, Context as _};
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
pub fn folders(top: &Path) -> Result<Vec<Location>, About> {
    let mut locations = Vec::new();
    for entry in entries(&top.join(FOLDER))? {
        if entry.is_dir()
            && let Some(name) = entry.file_name().and_then(|name| name.to_str())
            && name.parse::<crate::keyring::KeyName>().is_ok()
        {
            let paths = vec![format!("{FOLDER}/{name}")];
            locations.push(Location { name: name.to_owned(), paths, without: Vec::new() });
        }
    }
    Ok(locations)
}

/// What is in a folder, sorted; nothing where there is none. Links are left out: they may lead anywhere.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, About> {
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
    names: &'f FileNames,
    count: usize,
    passed_over: Vec<String>,
}

impl<'f> Finder<'f> {
    /// Looks below the top of a worktree for files whose names say that they hold properties.
    pub fn new(top: &'f Path, names: &'f FileNames) -> Self {
        Self { top, names, count: 0, passed_over: Vec::new() }
    }

    /// The files since the last call that look as if they held properties, and are not read.
    pub fn take_passed_over(&mut self) -> Vec<String> {
        std::mem::take(&mut self.passed_over)
    }

    /// The files of one environment, each once, in the order in which what they say counts: with its format, and with which of
    /// the places it is in.
    ///
    /// # Errors
    /// A folder cannot be read or is too deep, a link stands in a path, or a file's format is not known.
    pub fn find(
        &mut self,
        location: &Location,
    ) -> Result<Vec<(String, Format, usize)>, FilesError> {
        let mut found: Vec<(String, Format, usize)> = Vec::new();
        for (layer, path) in location.paths.iter().enumerate() {
            let mut here = Vec::new();
            self.find_at(path, &location.without, &mut here)?;
            here.sort_by(|a, b| a.0.cmp(&b.0));
            // What is named again counts where it is named last.
            found.retain(|(path, ..)| here.iter().all(|(other, _)| other != path));
            found.extend(here.into_iter().map(|(path, format)| (path, format, layer)));
        }
        Ok(found)
    }

    /// The file of this name in the last of an environment's places that has one.
    ///
    /// # Errors
    /// A link stands in its path.
    pub fn find_file(&self, location: &Location, name: &str) -> Result<Option<String>, FilesError> {
        for place in location.paths.iter().rev() {
            let path = format!("{}/{name}", place.trim_end_matches('/'));
            let native = self.top.join(&path);
            if native.symlink_metadata().is_err() {
                continue;
            }
            let real = dunce::canonicalize(&native).ok();
            let top = dunce::canonicalize(self.top).ok();
            if real != top.map(|top| top.join(&path)) {
                return Err(FilesError::Link(show_path(path.as_bytes())));
            }
            return Ok(Some(path));
        }
        Ok(None)
    }

    fn find_at(
        &mut self,
        path: &str,
        without: &[String],
        found: &mut Vec<(String, Format)>,
    ) -> Result<(), FilesError> {
        let native = self.top.join(path);
        // Also of a folder above: what a link leads to belongs to somebody else.
        let inside = dunce::canonicalize(&native).is_ok_and(|real| {
            dunce::canonicalize(self.top)
                .is_ok_and(|top| real == top.join(path.trim_end_matches('/')))
        });
        if native.symlink_metadata().is_err() {
            return Ok(());
        }
        if !inside {
            return Err(FilesError::Link(show_path(path.as_bytes())));
        }
        if native.is_dir() {
            return self.walk(&native, 0, without, found);
        }
        let format = self.names.format(path);
        let format = format.ok_or_else(|| FilesError::Format(show_path(path.as_bytes())))?;
        found.push((path.to_owned(), format));
        Ok(())
    }

    fn walk(
        &mut self,
        folder: &Path,
        depth: usize,
        without: &[String],
        found: &mut Vec<(String, Format)>,
    ) -> Result<(), FilesError> {
        if depth > MAX_DEPTH {
            return Err(FilesError::TooDeep(crate::sanitise::native(folder)));
        }
        for entry in entries(folder)? {
            let relative = entry.strip_prefix(self.top).ok().and_then(repo_path::from_native);
            let Some(Ok(path)) = relative.map(String::from_utf8) else { continue };
            if without.contains(&path) {
                continue;
            }
            if entry.is_dir() {
                self.walk(&entry, depth + 1, without, found)?;
                continue;
            }
            let Some(format) = self.names.format(&path) else {
                if self.names.is_passed_over(&path) && self.passed_over.len() < MAX_FILES {
                    self.passed_over.push(path);
                }
                continue;
            };
            self.count += 1;
            if self.count > MAX_FILES {
                return Err(FilesError::TooMany);
            }
            found.push((path, format));
        }
        Ok(())
    }

    /// Files that git tracks and the worktree does not have, as outside a sparse checkout: nothing is known of what they set.
    pub fn absent(&self, location: &Location, index: &Entries, found: &[File]) -> Vec<File> {
        let within = |path: &[u8]| location.layer_of(path);
        let tracked = index.files.iter().filter_map(|entry| {
            let layer = within(&entry.path)?;
            let path = std::str::from_utf8(&entry.path).ok()?;
            Some((path.to_owned(), self.names.format(path)?, layer))
        });
        // A sparse index has a folder in place of its files.
        let folders = index.folders.iter().filter_map(|(folder, _)| {
            let path = std::str::from_utf8(folder).ok()?;
            let below =
                location.paths.iter().position(|place| format!("{place}/").starts_with(path));
            let layer = below.or_else(|| within(folder))?;
            Some((path.to_owned(), Format::Env, layer))
        });
        let missing =
            tracked.chain(folders).filter(|(path, ..)| found.iter().all(|file| file.path != *path));
        let why = "the file is tracked, but not in the worktree";
        let file = |(path, format, layer)| File {
            path,
            format,
            sealed: true,
            layer,
            exempt: BTreeSet::new(),
            content: Content::Unreadable(why.to_owned()),
        };
        missing.map(file).collect()
    }
}
