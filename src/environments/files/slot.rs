//! The place of one value in an environment, where another value goes.

use super::{FilesError, Loaded, WorktreeFile, overriding, target_to_set};
use crate::clone::exchanged;
use crate::environments::MARKER;
use crate::environments::schema::Property;
use crate::progress::Progress;

/// A property of an environment.
#[derive(Clone, Copy, Debug)]
pub struct Address<'a> {
    /// The environment.
    pub environment: &'a str,
    /// The property.
    pub name: &'a str,
    /// The file, where it is named.
    pub file: Option<&'a str>,
}

/// A place into which a value may go: its file is sealed if the property is a secret, and nobody moved it to another key.
pub struct Slot<'l> {
    progress: &'l dyn Progress,
    loaded: &'l Loaded,
    address: Address<'l>,
    property: Option<&'l Property>,
    file: WorktreeFile,
}

impl<'l> Slot<'l> {
    /// Finds the place, and says if the schema does not know the property.
    ///
    /// # Errors
    /// There is no such environment or file, the property is a file itself, or nothing may be written there.
    pub fn find(
        progress: &'l dyn Progress,
        loaded: &'l Loaded,
        address: Address<'l>,
    ) -> Result<Self, FilesError> {
        let Address { environment, name, file } = address;
        let path = target_to_set(loaded, environment, name, file)?;
        let shown = crate::sanitise::path(name.as_bytes());
        let schema = loaded.schema.as_ref().filter(|schema| !schema.properties.is_empty());
        let property = schema.and_then(|schema| schema.properties.get(name));
        let property = property.map(|property| property.of(environment));
        if schema.is_some() && property.is_none() {
            progress.warning(&format!("the schema does not know {shown}"));
            progress.hint(&format!(
                "git shroud config schema add {}",
                crate::sanitise::word_or(name.as_bytes(), "NAME")
            ));
        }
        if let Some(own) = property.and_then(|property| property.file.as_ref()) {
            let file = crate::sanitise::path(own.as_bytes());
            return Err(FilesError::IsFile { name: shown, file });
        }
        let file = WorktreeFile::read_to_set(progress, loaded, &path)?;
        if property.is_some_and(|property| property.secret) {
            if !file.sealed {
                let environment = environment.to_owned();
                return Err(FilesError::NotSealed { name: shown, environment, path });
            }
            if file.exempts(name) {
                return Err(FilesError::Exempt { name: shown, path });
            }
        }
        file.refuse_moved(loaded, environment)?;
        let opened = &loaded.opened;
        exchanged::warn(progress, &opened.repository, &opened.roster, &opened.keyring);
        Ok(Self { progress, loaded, address, property, file })
    }

    /// What the schema says of the property in this environment.
    pub fn property(&self) -> Option<&Property> {
        self.property
    }

    /// Where the file is.
    pub fn path(&self) -> &str {
        &self.file.path
    }

    /// What is wrong with a value, in words that hold nothing of it.
    pub fn refuse(&self, value: &str) -> Option<String> {
        self.property.and_then(|property| property.refuse(value))
    }

    /// Writes a value into the file; `false` where it was there already. `literal` goes without quotes, as the schema's numbers
    /// and booleans do.
    ///
    /// # Errors
    /// The value does not fit the schema, or the file cannot hold it or be written.
    pub fn put(&mut self, value: &str, literal: bool) -> Result<bool, FilesError> {
        if value == MARKER {
            return Err(FilesError::Marker);
        }
        let name = crate::sanitise::path(self.address.name.as_bytes());
        if let Some(why) = self.refuse(value) {
            return Err(FilesError::Value { name, why });
        }
        let literal = literal || self.property.is_some_and(|property| property.kind.is_literal());
        if !self.file.set(self.address.name, value, literal)? {
            return Ok(false);
        }
        self.file.write_set(self.progress, self.loaded)?;
        Ok(true)
    }

    /// The place of a later layer that sets the property too, so that this value does not count.
    pub fn overriding(&self) -> Option<(String, usize)> {
        let Address { environment, name, .. } = self.address;
        let own = self.loaded.environments.iter().find(|one| one.name == environment)?;
        overriding(own, name, &self.file.path)
    }
}
