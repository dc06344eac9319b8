//! Renaming a property in the files of environments and in the schema: everywhere, or nowhere.

use std::fs;
use std::path::PathBuf;

use super::error::SchemaFileError;
use super::{FilesError, Loaded, WorktreeFile};
use crate::environments::environment::Environment;
use crate::environments::schema::rename_property;
use crate::error::Context as _;
use crate::fs::{Access, write_atomic};
use crate::progress::Progress;

/// What gets another name.
#[derive(Debug)]
pub struct Renaming<'r> {
    /// The environment; all where none is named.
    pub environment: Option<&'r str>,
    /// The name of today.
    pub old: &'r str,
    /// The new one.
    pub new: &'r str,
    /// The schema, where it is renamed there too.
    pub schema: Option<PathBuf>,
}

/// Renames a property in every file of the environments that sets it.
///
/// # Errors
/// Nothing has the name, the new one is there already, or a file cannot be read or changed; then nothing is changed.
pub fn rename(
    loaded: &Loaded,
    renaming: &Renaming<'_>,
    progress: &dyn Progress,
) -> Result<(), FilesError> {
    let Renaming { environment, old, new, schema } = renaming;
    let show = |text: &str| crate::sanitise::path(text.as_bytes());
    if let Some(name) = environment.filter(|name| !loaded.all.iter().any(|one| one == name)) {
        return Err(loaded.no_environment(name));
    }
    let meant: Vec<&Environment> = loaded
        .environments
        .iter()
        .filter(|one| environment.is_none_or(|name| one.name == name))
        .collect();
    if let Some(closed) = meant.iter().find(|one| !one.is_complete()) {
        return Err(FilesError::Closed(closed.name.clone()));
    }
    if let Some(other) = meant.iter().find(|one| one.setting(new).is_some()) {
        return Err(FilesError::Set { environment: other.name.clone(), name: show(new) });
    }
    let mut paths: Vec<(&str, &str)> = Vec::new();
    for environment in &meant {
        for setting in environment.settings.get(*old).into_iter().flatten() {
            let path = environment.sources[setting.source].path.as_str();
            if paths.iter().all(|(_, known)| *known != path) {
                paths.push((&environment.name, path));
            }
        }
    }
    if let Some(name) = environment
        && let Some((_, shared)) = paths.iter().find(|(_, path)| {
            loaded.environments.iter().any(|one| {
                one.name != *name && one.sources.iter().any(|source| source.path == *path)
            })
        })
    {
        return Err(FilesError::Shared(show(shared)));
    }
    let mut files = Vec::new();
    for (environment, path) in paths {
        let mut file = WorktreeFile::read(progress, loaded, path)?;
        file.refuse_moved(loaded, environment)?;
        file.rename(old, new)?;
        files.push(file);
    }
    let mut renamed = None;
    if let Some(schema) = schema {
        let text = fs::read_to_string(schema).context(|| "the schema cannot be read".to_owned())?;
        renamed = rename_property(&text, old, new).map_err(|mut error| {
            if error.line == 0 {
                error.why.push_str("; nothing was changed");
            }
            SchemaFileError::of_edit(schema, new, error)
        })?;
    }
    if files.is_empty() && renamed.is_none() {
        return Err(FilesError::NothingSets(show(old)));
    }
    for file in &files {
        file.write(loaded)?;
        progress.status(&format!("renamed {} in {}; commit it", show(old), show(&file.path)));
    }
    if let (Some(schema), Some(text)) = (schema, renamed) {
        write_atomic(schema, text.as_bytes(), Access::Shared)
            .context(|| "the schema cannot be written".to_owned())?;
        progress.status(&format!("renamed {} in {}", show(old), crate::sanitise::native(schema)));
    }
    Ok(())
}
