//! Laying out a configuration repository: a key, a folder and a line for each environment, and the schema.

use std::fs;
use std::path::Path;

use super::FilesError;
use super::existing::Existing;
use crate::access::set_up::create_key;
use crate::access::track::TrackError;
use crate::clone::Roster;
use crate::clone::roster::stage_shroud_dir;
use crate::config_format::Format;
use crate::environments::template::{
    README, WORKFLOW, WithPlaces, file, file_name, readme, schema, workflow,
};
use crate::environments::{FOLDER, SCHEMA_FILE};
use crate::error::{About, Context as _};
use crate::fs::replace;
use crate::fs::{Access, read_bounded, write_atomic};
use crate::git::attributes_file::{AttributesFile, MAX_LEN, Values, Wanted, pattern_for};
use crate::git::config::install_drivers;
use crate::git::repository::Repository;
use crate::git::staging::add_at_top;
use crate::keyring::{KeyName, Keyring};
use crate::store::shroud_dir::KeyInfo;
use crate::store::{kept, shroud_dir};

/// Makes the keys that are not there yet, and says which these are.
fn make_keys(
    roster: &Roster,
    keyring: &mut Keyring,
    names: &[KeyName],
) -> Result<Vec<KeyName>, FilesError> {
    let mut made = Vec::new();
    for name in
        names.iter().filter(|name| keyring.current(name).is_none()).cloned().collect::<Vec<_>>()
    {
        if roster.infos.contains_key(&name) {
            return Err(FilesError::KeyOfRepository(name));
        }
        create_key(keyring, name.clone())?;
        made.push(name);
    }
    Ok(made)
}

/// What is to be laid out.
pub(super) struct Layout<'l> {
    /// The environments, each with a key of its name.
    pub(super) names: &'l [KeyName],
    /// The form of the environments' files.
    pub(super) format: Format,
    /// Files of environments that are sealed where they are.
    pub(super) taken: &'l [Existing],
    /// Whether clones that were never set up refuse plaintext.
    pub(super) tripwire: bool,
    /// Whether the files are sealed whole, and not by value.
    pub(super) whole: bool,
}

/// What was laid out.
pub(super) struct LaidOut {
    /// The keys that are new.
    pub(super) made: Vec<KeyName>,
    /// The files that are new, from the top of the worktree.
    pub(super) written: Vec<String>,
}

impl Layout<'_> {
    /// Makes the keys and writes and stages everything; where something fails, all is as it was.
    ///
    /// # Errors
    /// A key of this repository is not held here, or a file cannot be read, written or staged.
    pub(super) fn lay_out(
        &self,
        repository: &Repository,
        top: &Path,
        keyring: &mut Keyring,
    ) -> Result<LaidOut, FilesError> {
        // As it is put back where something fails, it must have been read.
        let attributes = match read_bounded(&top.join(".gitattributes"), MAX_LEN) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            read => Some(read.context(|| "the attributes cannot be read".to_owned())?),
        };
        let made = make_keys(&Roster::read(repository)?, keyring, self.names)?;
        let described = top.join(shroud_dir::NAME).symlink_metadata().is_ok();
        let mut written = Vec::new();
        let Err(error) = self.set_up((repository, top), keyring, &made, &mut written) else {
            return Ok(LaidOut { made, written });
        };
        // Nothing is sealed with the new keys yet, so nothing is lost with them.
        for name in &made {
            keyring.remove(name);
            let _ = replace::remove_tree(top.join(shroud_dir::NAME).join(name.as_str()));
        }
        let _ = kept::save(repository.common_dir(), keyring);
        if !described {
            let _ = replace::remove_tree(top.join(shroud_dir::NAME));
        }
        let _ = match attributes {
            Some(bytes) => write_atomic(&top.join(".gitattributes"), &bytes, Access::Shared),
            None => replace::remove(top.join(".gitattributes")),
        };
        for file in written {
            let _ = replace::remove(top.join(file));
        }
        Err(error)
    }

    /// Writes and stages everything; `written` has the new files, also where it fails.
    fn set_up(
        &self,
        (repository, top): (&Repository, &Path),
        keyring: &Keyring,
        made: &[KeyName],
        written: &mut Vec<String>,
    ) -> Result<(), FilesError> {
        kept::save(repository.common_dir(), keyring)?;
        for entry in keyring.entries().iter().filter(|entry| made.contains(&entry.name)) {
            KeyInfo::new(entry, &[]).write(top)?;
        }
        install_drivers(repository)?;
        self.write_attributes(top)?;
        let mut put = |path: String, text: &str| -> Result<(), About> {
            let file = top.join(&path);
            if file.symlink_metadata().is_ok() {
                return Ok(());
            }
            let folder = file.parent().expect("it is below the top");
            fs::create_dir_all(folder).context(|| path.clone())?;
            write_atomic(&file, text.as_bytes(), Access::Shared)
                .context(|| "a file cannot be written".to_owned())?;
            written.push(path);
            Ok(())
        };
        for name in self.names {
            // Whose file is elsewhere needs no other.
            if self.files_of(name).next().is_none()
                && !has_files(&top.join(FOLDER).join(name.as_str()))
            {
                let path = format!("{FOLDER}/{name}/{}", file_name(self.format));
                put(path, &file(name.as_str(), self.format))?;
            }
        }
        put(SCHEMA_FILE.to_owned(), &schema(&self.places()?))?;
        let names: Vec<String> = self.names.iter().map(ToString::to_string).collect();
        let taken = README.iter().find(|name| top.join(name).symlink_metadata().is_err());
        if let Some(name) = taken {
            put((*name).to_owned(), &readme(&names, self.format))?;
        }
        put(WORKFLOW.to_owned(), &workflow())?;
        let mut paths: Vec<&str> = vec![".gitattributes"];
        paths.extend(written.iter().map(String::as_str));
        add_at_top(repository, &paths)?;
        Ok(stage_shroud_dir(repository)?)
    }

    fn files_of<'l>(&'l self, name: &'l KeyName) -> impl Iterator<Item = &'l Existing> {
        self.taken.iter().filter(move |existing| existing.environment == *name)
    }

    fn write_attributes(&self, top: &Path) -> Result<(), FilesError> {
        let unreadable = || "the attributes cannot be read".to_owned();
        let mut attributes =
            AttributesFile::read(&top.join(".gitattributes")).context(unreadable)?;
        attributes.set_macro(self.tripwire);
        if !self.whole {
            attributes.set_values_macro();
        }
        let mut track = |pattern: &[u8], key: &KeyName| {
            let values = Some((!self.whole).then(Values::default));
            let wanted = Wanted { values, ..Wanted::default() };
            attributes.track(pattern, key, wanted).map(drop).map_err(TrackError::from)
        };
        for name in self.names {
            track(format!("{FOLDER}/{name}/**").as_bytes(), name)?;
        }
        for existing in self.taken.iter().filter(|existing| !existing.is_in_folder()) {
            track(&pattern_for(&existing.path), &existing.environment)?;
        }
        Ok(attributes
            .write()
            .map(drop)
            .context(|| "the attributes cannot be written".to_owned())?)
    }

    /// Where the files of each environment are, for the schema.
    fn places(&self) -> Result<Vec<WithPlaces>, FilesError> {
        let mut places = Vec::new();
        for name in self.names {
            let mut own = Vec::new();
            for existing in self.files_of(name).filter(|existing| !existing.is_in_folder()) {
                let path = String::from_utf8(existing.path.clone());
                own.push(
                    path.map_err(|_| FilesError::NotUtf8(crate::sanitise::path(&existing.path)))?,
                );
            }
            let mut elsewhere = None;
            if !own.is_empty() {
                own.insert(0, format!("{FOLDER}/{name}"));
                elsewhere = Some(own);
            }
            places.push((name.to_string(), elsewhere));
        }
        Ok(places)
    }
}

fn has_files(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}
