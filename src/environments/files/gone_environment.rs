//! Taking an environment out of the schema, with its files.

use std::ffi::OsString;
use std::fs;

use super::FilesError;
use super::error::SchemaFileError;
use super::load::read_schema;
use crate::clone::OpenClone;
use crate::environments::SCHEMA_FILE;
use crate::environments::schema::{Location, remove_environment};
use crate::error::Context as _;
use crate::fs::{Access, write_atomic};
use crate::git::staging::add_at_top;

/// Takes an environment out of the schema, and its files out of the index and the worktree; those of a place that another
/// environment has too stay. Returns the files. The key, its members and the lines of `.gitattributes` stay: earlier commits
/// need them.
///
/// # Errors
/// There is no such environment, a file has changes that are not committed, or a file cannot be written or staged.
pub fn remove(opened: &OpenClone, name: &str, force: bool) -> Result<Vec<String>, FilesError> {
    let top = opened.top()?;
    let schema = top.join(SCHEMA_FILE);
    let before = read_schema(&schema)?.ok_or(FilesError::NoSchemaFile)?;
    let text = fs::read_to_string(&schema).context(|| "the schema cannot be read".to_owned())?;
    let after = remove_environment(&text, name)
        .map_err(|error| SchemaFileError::of_edit(&schema, name, error))?;
    let (own, others): (Vec<&Location>, Vec<&Location>) =
        before.environments.iter().partition(|location| location.name == name);
    let index = crate::git::worktree::Entries::read(&opened.repository)?;
    let of_it = |path: &[u8]| own.iter().any(|location| location.layer_of(path).is_some());
    let of_others = |path: &[u8]| others.iter().any(|location| location.layer_of(path).is_some());
    let files = index.files.iter().map(|entry| entry.path.as_slice());
    let files: Vec<String> = files
        .filter(|path| of_it(path) && !of_others(path))
        .filter_map(|path| String::from_utf8(path.to_vec()).ok())
        .collect();
    if !files.is_empty() {
        let mut arguments: Vec<OsString> = ["rm", "-q"].map(OsString::from).into();
        arguments.extend(force.then(|| "-f".into()));
        arguments.push("--".into());
        arguments.extend(files.iter().map(|path| format!(":(top,literal){path}").into()));
        opened
            .repository
            .git
            .run(arguments)
            .map_err(|source| FilesError::Kept { environment: name.to_owned(), source })?;
    }
    write_atomic(&schema, after.as_bytes(), Access::Shared)
        .context(|| "the schema cannot be written".to_owned())?;
    add_at_top(&opened.repository, &[SCHEMA_FILE])?;
    Ok(files)
}
