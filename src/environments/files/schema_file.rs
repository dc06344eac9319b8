//! The schema as a file: where it is, and properties that are added to it.

use std::io;
use std::path::{Path, PathBuf};

use super::error::SchemaFileError;
use super::{FilesError, read_schema};
use crate::clone::top;
use crate::environments::SCHEMA_FILE;
use crate::environments::schema::import::{self, Source};
use crate::environments::schema::{MAX_LEN, NewProperty, Schema, SchemaError, new_property};
use crate::error::{About, Context as _};
use crate::fs::{Access, read_regular, write_atomic};
use crate::git::repository::Repository;

/// The file that holds the properties. It need not be there.
pub struct SchemaFile {
    path: PathBuf,
}

impl SchemaFile {
    /// The file that is named.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// The file that the one at the top of the worktree names, else that one.
    ///
    /// # Errors
    /// There is no worktree, or the one at the top cannot be read.
    pub fn find(repository: &Repository) -> Result<Self, FilesError> {
        let top = top(repository)?;
        let own = top.join(SCHEMA_FILE);
        let named = read_schema(&own)?.and_then(|schema| schema.schema);
        Ok(Self { path: named.map_or(own, |named| top.join(named)) })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says.
    ///
    /// # Errors
    /// There is no such file, it cannot be read, or it is no schema.
    pub fn read(&self) -> Result<Schema, SchemaFileError> {
        read_schema(&self.path)?.ok_or_else(|| SchemaFileError::absent(&self.path))
    }

    /// The properties that it does not have yet; all where there is no file.
    ///
    /// # Errors
    /// It cannot be read, or is no schema.
    pub fn unknown(
        &self,
        mut properties: Vec<(String, NewProperty)>,
    ) -> Result<Vec<(String, NewProperty)>, SchemaFileError> {
        if let Some(schema) = read_schema(&self.path)? {
            properties.retain(|(name, _)| !schema.properties.contains_key(name));
        }
        Ok(properties)
    }

    /// Adds a property behind all others.
    ///
    /// # Errors
    /// The file has the property already, or would be no schema with it, or cannot be read or written.
    pub fn add(&self, name: &str, new: &NewProperty) -> Result<(), SchemaFileError> {
        let before = self.text()?;
        let after = new_property(&before, name, new).map_err(|mut error| {
            // A line of what was never written helps nobody.
            if error.line > before.lines().count() {
                error.line = 0;
            }
            SchemaFileError::of_edit(&self.path, name, error)
        })?;
        Ok(self.write(&after)?)
    }

    /// Adds properties that it does not have; where there is no file, one begins with this text.
    ///
    /// # Errors
    /// The file would be no schema with one, or cannot be read or written.
    pub fn add_all(
        &self,
        new: &[(String, NewProperty)],
        begin: &str,
    ) -> Result<(), SchemaFileError> {
        let mut after = self.text()?;
        if after.is_empty() {
            begin.clone_into(&mut after);
        }
        for (name, new) in new {
            after = new_property(&after, name, new).map_err(|source| SchemaFileError::Change {
                name: crate::sanitise::path(name.as_bytes()),
                source,
            })?;
        }
        Ok(self.write(&after)?)
    }

    /// The text; nothing where there is no such file.
    fn text(&self) -> Result<String, SchemaFileError> {
        let bytes = match read_regular(&self.path, MAX_LEN) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
            read => read.context(|| "the schema cannot be read".to_owned())?,
        };
        String::from_utf8(bytes.to_vec()).map_err(|_| {
            let source = SchemaError { line: 1, why: "this is not UTF-8".to_owned() };
            SchemaFileError::of(&self.path, source)
        })
    }

    fn write(&self, text: &str) -> Result<(), About> {
        write_atomic(&self.path, text.as_bytes(), Access::Shared)
            .context(|| "the schema cannot be written".to_owned())
    }
}

/// The properties that a file of a program describes, which is told by its content where nothing says what it is.
///
/// # Errors
/// It cannot be read, or describes none.
pub fn import_properties(
    dir: &Path,
    file: &Path,
    source: Option<Source>,
) -> Result<Vec<(String, NewProperty)>, About> {
    let shown = || crate::sanitise::native(file);
    let bytes = read_regular(&dir.join(file), import::MAX_LEN).context(shown)?;
    import::import(&bytes, source).context(shown)
}
