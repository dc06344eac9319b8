//! Adding to the files of environments what the schema has and they lack.

use super::{FilesError, Loaded, WorktreeFile, target};
use crate::config_format::{EditError, Line};
use crate::environments::MARKER;
use crate::environments::check::sync::{Addition, lacking};
use crate::environments::environment::Environment;
use crate::environments::schema::{Release, Schema};
use crate::progress::Progress;

/// What is added, and where.
#[derive(Debug)]
pub struct Syncing<'s> {
    /// The environments; all where none is named.
    pub names: &'s [String],
    /// The release of the program; the schema's where none is named.
    pub release: Option<&'s Release>,
    /// Whether it is only said what would be written.
    pub dry_run: bool,
}

/// What was added.
#[derive(Debug, Default)]
pub struct Synced {
    /// Lines that were written, or would be.
    pub written: u64,
    /// Lines that have no clear place.
    pub unplaced: u64,
    /// Locked environments that lack something, or may.
    pub closed: Vec<String>,
}

/// The files that are being changed, in memory.
struct Files<'l> {
    loaded: &'l Loaded,
    progress: &'l dyn Progress,
    files: Vec<WorktreeFile>,
    synced: Synced,
}

/// Adds what is missing, and names each line.
///
/// # Errors
/// There is no such environment or no schema, or a file cannot be read or changed; then nothing is changed.
pub fn sync(
    loaded: &Loaded,
    syncing: &Syncing<'_>,
    progress: &dyn Progress,
) -> Result<Synced, FilesError> {
    let Syncing { names, release, dry_run } = *syncing;
    if let Some(unknown) = names.iter().find(|name| !loaded.all.contains(name)) {
        return Err(loaded.no_environment(unknown));
    }
    let schema = loaded.schema()?;
    let mut files = Files { loaded, progress, files: Vec::new(), synced: Synced::default() };
    let is_meant = |one: &&Environment| names.is_empty() || names.contains(&one.name);
    for environment in loaded.environments.iter().filter(is_meant) {
        let name = &environment.name;
        if environment.is_locked() {
            if tell_lacking(progress, schema, environment, release) {
                files.synced.closed.push(name.clone());
            }
            continue;
        }
        if !environment.is_complete() {
            for (_, why) in loaded.unread(|one| one == name) {
                progress.warning(&why);
            }
            return Err(FilesError::Unread(name.clone()));
        }
        for addition in lacking(schema, environment, release) {
            files.add(name, &addition)?;
        }
    }
    if !dry_run {
        files.files.iter().try_for_each(|file| file.write(loaded))?;
    }
    Ok(files.synced)
}

impl Files<'_> {
    fn add(&mut self, environment: &str, addition: &Addition) -> Result<(), FilesError> {
        let Ok(path) = target(self.loaded, environment, &addition.name, None) else {
            self.progress.warning(&format!(
                "{environment} has several files, and it is not clear which one is for {}",
                show(&addition.name)
            ));
            self.synced.unplaced += 1;
            return Ok(());
        };
        let at = match self.files.iter().position(|file| file.path == path) {
            Some(at) => at,
            None => {
                let file = WorktreeFile::read(self.progress, self.loaded, &path)?;
                file.refuse_moved(self.loaded, environment)?;
                self.files.push(file);
                self.files.len() - 1
            }
        };
        let file = &mut self.files[at];
        let (text, literal) = (addition.text(), addition.literal);
        let (line, what) = match &addition.default {
            Some(_) if file.is_shown(&addition.name) => return Ok(()),
            Some(default) => {
                (Line::Comment { text, literal }, format!("default {}", show(default)))
            }
            None => (Line::Value { text, literal }, format!("{MARKER}, set it")),
        };
        match file.add(&addition.name, line) {
            Ok(()) => {
                self.progress.line(&format!("{}: {} ({what})", show(&path), show(&addition.name)));
                self.synced.written += 1;
            }
            // Nothing is lost without them.
            Err(EditError::NoComments | EditError::Value(_)) if addition.default.is_some() => {}
            Err(error) => {
                let error = file.wrong(error);
                self.progress.warning(&format!("{}: {error}", show(&addition.name)));
                self.synced.unplaced += 1;
            }
        }
        Ok(())
    }
}

/// Says what a locked environment must still set, as far as its names are known; whether anything is, or may be, missing.
fn tell_lacking(
    progress: &dyn Progress,
    schema: &Schema,
    environment: &Environment,
    release: Option<&Release>,
) -> bool {
    if !environment.has_all_names() {
        return true;
    }
    let lacking = lacking(schema, environment, release);
    for addition in &lacking {
        let (name, property) = (&environment.name, show(&addition.name));
        let what = match &addition.default {
            None => "missing".to_owned(),
            Some(default) => format!("default {}", show(default)),
        };
        progress.line(&format!("{name}: {property} ({what}; not written, {name} is locked here)"));
    }
    !lacking.is_empty()
}

fn show(text: &str) -> String {
    crate::sanitise::path(text.as_bytes())
}
