//! One file of an environment, changed in the worktree.

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::{FilesError, Loaded};
use crate::access::sealed_file::{Before, SealingKey, refuse_absent, refuse_elsewhere};
use crate::access::without_key::{may_set, seal};
use crate::clone::OpenClone;
use crate::config_format::{
    Dialect, Document, Doubt, EditError, Format, Kind, Line, insert, is_shown, remove, rename,
    replace,
};
use crate::git::attributes::{Attributes, PathAttributes};
use crate::progress::Progress;
use crate::values::Mode;

/// A file of the worktree that is being changed in memory.
pub struct WorktreeFile {
    /// Relative to the top of the worktree.
    pub path: String,
    /// Whether an attribute seals it.
    pub sealed: bool,
    format: Format,
    dialect: Option<Dialect>,
    native: PathBuf,
    attributes: PathAttributes,
    before: Before,
    now: Option<Zeroizing<Vec<u8>>>,
    /// Whether its key is not held, and what is plaintext in it is sealed to the public key.
    without_key: bool,
}

impl WorktreeFile {
    /// Reads a file of an environment, which need not exist.
    ///
    /// # Errors
    /// It is not a file of the worktree, its plaintext or its key cannot be had, or its format is not known.
    pub fn read(progress: &dyn Progress, loaded: &Loaded, path: &str) -> Result<Self, FilesError> {
        Self::read_anyway(progress, loaded, path, false)
    }

    /// The same, where a value will be set and nothing else: then the key need not be held, if it is write-only.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_to_set(
        progress: &dyn Progress,
        loaded: &Loaded,
        path: &str,
    ) -> Result<Self, FilesError> {
        Self::read_anyway(progress, loaded, path, true)
    }

    fn read_anyway(
        progress: &dyn Progress,
        loaded: &Loaded,
        path: &str,
        to_set: bool,
    ) -> Result<Self, FilesError> {
        let opened = &loaded.opened;
        let attributes = Attributes::new(&opened.repository)?.of(path.as_bytes())?;
        let relative = OpenClone::native(path.as_bytes())?;
        let top = opened.top()?;
        let native = top.join(&relative);
        refuse_elsewhere(top, &native)?;
        refuse_absent(opened, &relative, &native)?;
        let without_key = to_set && may_set(opened, &attributes);
        let keep_sealed = match attributes.is_encrypted() {
            true if without_key => true,
            true => !SealingKey::of(opened, path.as_bytes(), &attributes)?.is_kept(opened)?,
            false => {
                progress.warning(&format!("no attribute seals {}", show(path)));
                false
            }
        };
        let before = match without_key {
            true => Before::read_closed(&native)?,
            false if to_set => Before::read_to_set(opened, &native, keep_sealed)?,
            false => Before::read(opened, &native, keep_sealed)?,
        };
        let format =
            loaded.file_names.format(path).ok_or_else(|| FilesError::Format(show(path)))?;
        let sealed = attributes.is_encrypted();
        let dialect = loaded.file_names.dialect(path, format);
        let path = path.to_owned();
        Ok(Self {
            path,
            sealed,
            format,
            dialect,
            native,
            attributes,
            before,
            now: None,
            without_key,
        })
    }

    /// Whether a value of this name is stored as plaintext, though the file is sealed.
    pub fn exempts(&self, name: &str) -> bool {
        let mode = Mode::of(&self.attributes, self.path.as_bytes()).ok().flatten();
        mode.is_some_and(|mode| mode.format.is_some() && mode.clear.allows_name(name))
    }

    /// Refuses to write to a file that somebody moved to another key.
    ///
    /// # Errors
    /// It was moved, or history cannot be read.
    pub fn refuse_moved(&self, loaded: &Loaded, environment: &str) -> Result<(), FilesError> {
        loaded.refuse_moved(environment, &self.path, &self.attributes)
    }

    fn bytes(&self) -> &[u8] {
        self.now.as_deref().unwrap_or(&self.before.plaintext)
    }

    /// Sets a property; `false` where it has this value already.
    ///
    /// # Errors
    /// The file has mistakes, or its format cannot hold the value.
    pub fn set(&mut self, name: &str, value: &str, literal: bool) -> Result<bool, FilesError> {
        let document = self.document().map_err(|doubt| self.wrong(doubt.into()))?;
        let new = match document.find(name) {
            None => insert(&document, name, Line::Value { text: value, literal }),
            Some(at) => {
                let old = &document.items[at];
                if old.is_scalar() && old.kind != Kind::Null && *old.text == value {
                    return Ok(false);
                }
                replace(&document, at, value, literal)
            }
        };
        self.now = Some(new.map_err(|error| self.wrong(error))?);
        Ok(true)
    }

    /// Takes a property out.
    ///
    /// # Errors
    /// The file does not have it, has mistakes, or cannot be without it.
    pub fn unset(&mut self, name: &str) -> Result<(), FilesError> {
        let document = self.document().map_err(|doubt| self.wrong(doubt.into()))?;
        let at = document.find(name).ok_or_else(|| self.wrong(EditError::NoPlace))?;
        let new = remove(&document, at).map_err(|error| self.wrong(error))?;
        self.now = Some(new);
        Ok(())
    }

    /// Gives a property another name: in its place, or, where it belongs elsewhere then, behind the others there.
    ///
    /// # Errors
    /// The file does not have it, has mistakes, or cannot hold the name.
    pub fn rename(&mut self, old: &str, new: &str) -> Result<(), FilesError> {
        let document = self.document().map_err(|doubt| self.wrong(doubt.into()))?;
        let at = document.find(old).ok_or_else(|| self.wrong(EditError::NoPlace))?;
        let renamed = match rename(&document, at, new) {
            Err(EditError::NoPlace) if document.items[at].is_scalar() => {
                let text = document.items[at].text.clone();
                let literal = document.items[at].kind.is_literal();
                let shorter = remove(&document, at).map_err(|error| self.wrong(error))?;
                self.now = Some(shorter);
                let document = self.document().map_err(|doubt| self.wrong(doubt.into()))?;
                insert(&document, new, Line::Value { text: &text, literal })
            }
            renamed => renamed,
        };
        self.now = Some(renamed.map_err(|error| self.wrong(error))?);
        Ok(())
    }

    /// Adds a line; an error is for the caller to judge.
    ///
    /// # Errors
    /// The file has mistakes, or its format cannot hold such a line.
    pub fn add(&mut self, name: &str, line: Line<'_>) -> Result<(), EditError> {
        self.now = Some(insert(&self.document()?, name, line)?);
        Ok(())
    }

    /// Whether a comment shows the property already.
    pub fn is_shown(&self, name: &str) -> bool {
        self.document().is_ok_and(|document| is_shown(&document, name))
    }

    fn document(&self) -> Result<Document<'_>, Doubt> {
        self.format.parse_as(self.dialect, self.bytes())
    }

    /// Why the file cannot be changed, with its name.
    pub fn wrong(&self, source: EditError) -> FilesError {
        FilesError::Edit { path: show(&self.path), source }
    }

    /// As [`Self::write`], for a file that was read to set a value.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn write_set(&self, progress: &dyn Progress, loaded: &Loaded) -> Result<(), FilesError> {
        let Some(now) = self.now.as_ref().filter(|_| self.without_key) else {
            return self.write(loaded);
        };
        self.before.refuse_changed(&loaded.opened, &self.native)?;
        let sealed = seal(progress, &loaded.opened, self.path.as_bytes(), now)?;
        Ok(self.before.write_open(&self.native, &sealed)?)
    }

    /// Puts what was changed in the place of the file, in the same form: sealed where it was sealed.
    ///
    /// # Errors
    /// The file was changed meanwhile, or cannot be sealed or written.
    pub fn write(&self, loaded: &Loaded) -> Result<(), FilesError> {
        let Some(now) = &self.now else { return Ok(()) };
        self.before.refuse_changed(&loaded.opened, &self.native)?;
        if !self.sealed {
            return Ok(self.before.write_open(&self.native, now)?);
        }
        let key = SealingKey::of(&loaded.opened, self.path.as_bytes(), &self.attributes)?;
        Ok(self.before.write(&loaded.opened, &self.native, now, &key)?)
    }
}

fn show(path: &str) -> String {
    crate::sanitise::path(path.as_bytes())
}
