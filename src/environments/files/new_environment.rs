//! A new environment in one step: its key, its line in the attributes, its name in the schema, its folder and its grants.

use std::fs;
use std::path::{Path, PathBuf};

use super::FilesError;
use super::error::SchemaFileError;
use super::load::read_schema;
use crate::access::members::Candidate;
use crate::access::members::granting::{Ready, freshen, show_candidate, wrap, write};
use crate::access::sealed_file::SealedFileError;
use crate::access::set_up::create_key;
use crate::access::track::{By, Sealing, track};
use crate::clone::OpenClone;
use crate::clone::meant::{People, Person};
use crate::clone::roster::{Standing, stage_shroud_dir};
use crate::config_format::Format;
use crate::environments::schema::{Location, add_environment};
use crate::environments::{FOLDER, SCHEMA_FILE, template};
use crate::error::Context as _;
use crate::fs::replace;
use crate::fs::{Access, read_bounded, write_atomic};
use crate::git::attributes_file::{AttributesFile, MAX_LEN};
use crate::git::config::install_drivers;
use crate::git::repository::Repository;
use crate::git::staging::add_at_top;
use crate::git::user_commands::user_commands;
use crate::keyring::KeyName;
use crate::progress::Progress;
use crate::store::kept;
use crate::store::shroud_dir::{self, KeyInfo, Label};

/// What a new environment is to have.
#[derive(Debug)]
pub struct NewEnvironment<'n> {
    /// Its name.
    pub name: &'n str,
    /// Its key; else that of its name.
    pub key: Option<&'n KeyName>,
    /// Files and folders that it lies upon.
    pub layers: &'n [String],
    /// Members who get the key, by label, recipient, fingerprint or address.
    pub members: &'n [String],
    /// An environment whose members get the key.
    pub like: Option<&'n str>,
    /// The form of its first file.
    pub format: Format,
}

/// What was there before, so that nothing stays where a step fails.
struct Before {
    files: Vec<(PathBuf, Option<Vec<u8>>)>,
    key: Option<KeyName>,
    folder: PathBuf,
    had_folder: bool,
}

impl NewEnvironment<'_> {
    /// Makes it, and stages everything.
    ///
    /// # Errors
    /// It is there already, its key or a member cannot be used, or a file cannot be read, written or staged. Then all is as it
    /// was.
    pub fn add(&self, opened: &OpenClone, progress: &dyn Progress) -> Result<(), FilesError> {
        let top = opened.top()?;
        let schema = top.join(SCHEMA_FILE);
        let text = self.schema_text(&schema)?;
        let after = add_environment(&text, self.name, self.layers)
            .map_err(|error| SchemaFileError::of_edit(&schema, self.name, error))?;
        let key = self.key_name(opened);
        let is_new = !opened.roster.infos.contains_key(&key);
        if !is_new && opened.keyring.current(&key).is_none() {
            return Err(SealedFileError::NotHeld(key.to_string()).into());
        }
        let people = self.people(opened, &key)?;
        let folder = top.join(FOLDER).join(self.name);
        let attributes = top.join(".gitattributes");
        let before = Before {
            files: vec![
                (schema.clone(), Some(text.into_bytes())),
                (
                    attributes.clone(),
                    read_bounded(&attributes, MAX_LEN).ok().map(|bytes| bytes.to_vec()),
                ),
            ],
            key: is_new.then(|| key.clone()),
            had_folder: folder.symlink_metadata().is_ok(),
            folder,
        };
        let done = self.make((opened, top), (&key, is_new), &after, people, progress);
        if done.is_err() {
            before.restore(&opened.repository, top);
        }
        done
    }

    fn schema_text(&self, schema: &Path) -> Result<String, FilesError> {
        read_schema(schema)?.ok_or(FilesError::NoSchemaYet)?;
        Ok(fs::read_to_string(schema).context(|| "the schema cannot be read".to_owned())?)
    }

    /// The key that is named; else of those that are this environment's own the nearest that is there, else the last part of
    /// its name: the services of an environment share its key.
    fn key_name(&self, opened: &OpenClone) -> KeyName {
        let mut own = Location::own_keys(self.name);
        let known = own.iter().find(|key| opened.roster.infos.contains_key(*key)).cloned();
        let last = own.pop().unwrap_or_default();
        self.key.cloned().or(known).unwrap_or(last)
    }

    /// The members who get the key and do not have it yet.
    fn people(
        &self,
        opened: &OpenClone,
        key: &KeyName,
    ) -> Result<Vec<(Candidate, Label)>, FilesError> {
        let OpenClone { repository, roster, keyring, .. } = opened;
        let people = People::of_keys(repository, roster, keyring, roster.infos.keys())?;
        let mut wanted: Vec<&Person> = Vec::new();
        let good =
            |person: &&Person| person.verified && matches!(person.standing, Standing::Current);
        if let Some(like) = self.like {
            let keys = Location::own_keys(like);
            let keys: Vec<_> = keys.iter().filter(|key| roster.infos.contains_key(*key)).collect();
            if keys.is_empty() {
                return Err(FilesError::NoKeyOf(crate::sanitise::line(like)));
            }
            let of_it = people.files.iter().filter(|person| *keys[0] == person.key);
            wanted.extend(of_it.filter(good));
        }
        for meant in self.members {
            let recipient = people.find(meant)?.ok_or_else(|| People::nobody(meant))?;
            let file = people.files.iter().filter(good).find(|person| person.is_of(&recipient));
            wanted.push(file.ok_or_else(|| FilesError::Unsigned(crate::sanitise::line(meant)))?);
        }
        let mut chosen: Vec<(Candidate, Label)> = Vec::new();
        for person in wanted {
            let Ok(member) = person.file.member.as_ref() else { continue };
            let has = |person: &Person| person.key == *key && person.is_of(&member.recipient);
            let twice = chosen.iter().any(|(candidate, _)| candidate.recipient == member.recipient);
            if !twice && !people.files.iter().any(has) {
                chosen.push((Candidate::from_member(member)?, member.label.clone()));
            }
        }
        Ok(chosen)
    }

    fn make(
        &self,
        (opened, top): (&OpenClone, &Path),
        (key, is_new): (&KeyName, bool),
        schema: &str,
        people: Vec<(Candidate, Label)>,
        progress: &dyn Progress,
    ) -> Result<(), FilesError> {
        let repository = &opened.repository;
        if is_new {
            // Into the local keyring, whatever the environment gives.
            let mut keyring = kept::load(repository.common_dir())?;
            create_key(&mut keyring, key.clone())?;
            kept::save(repository.common_dir(), &keyring)?;
            let entry = keyring.current(key).expect("it was made above");
            KeyInfo::new(entry, &[]).write(top)?;
            stage_shroud_dir(repository)?;
            install_drivers(repository)?;
            progress.status(&format!("made key '{key}' (id {})", entry.key.id()));
        }
        let again = OpenClone::read(Repository::discover(top)?)?;
        let pattern = format!("{FOLDER}/{}/**", self.name);
        // As the files of the other environments are.
        let attributes = AttributesFile::read(&top.join(".gitattributes"))
            .context(|| "the attributes cannot be read".to_owned())?;
        let folder = format!("{FOLDER}/");
        let tracked = attributes.tracked();
        let mut others = tracked.iter().filter(|line| line.pattern.starts_with(folder.as_bytes()));
        let by_value = others.any(|line| line.values.is_some());
        let by = by_value.then_some(By::Value { clear: None });
        let sealing = Sealing { key, is_said: true, layout: None, by };
        track(&again, top, &[pattern.as_bytes()], &sealing, &())?;
        progress
            .status(&format!("files in {FOLDER}/{}/ are sealed with the key '{key}'", self.name));
        write_atomic(&top.join(SCHEMA_FILE), schema.as_bytes(), Access::Shared)
            .context(|| "the schema cannot be written".to_owned())?;
        let mut paths = vec![SCHEMA_FILE.to_owned()];
        paths.extend(self.first_file(top)?);
        let staged: Vec<&str> = paths.iter().map(String::as_str).collect();
        add_at_top(repository, &staged)?;
        paths.iter().for_each(|path| progress.status(&format!("wrote {path}")));
        self.grant(&again, key, people, progress)
    }

    /// Begins the folder with a file, where there is nothing in it.
    fn first_file(&self, top: &Path) -> Result<Option<String>, FilesError> {
        let folder = format!("{FOLDER}/{}", self.name);
        let has_files = fs::read_dir(top.join(&folder)).is_ok_and(|mut all| all.next().is_some());
        if has_files {
            return Ok(None);
        }
        let path = format!("{folder}/{}", template::file_name(self.format));
        fs::create_dir_all(top.join(&folder)).context(|| folder.clone())?;
        let text = template::file(self.name, self.format);
        write_atomic(&top.join(&path), text.as_bytes(), Access::Shared)
            .context(|| "a file cannot be written".to_owned())?;
        Ok(Some(path))
    }

    fn grant(
        &self,
        opened: &OpenClone,
        key: &KeyName,
        people: Vec<(Candidate, Label)>,
        progress: &dyn Progress,
    ) -> Result<(), FilesError> {
        let entry = opened.keyring.current(key);
        let Some(entry) = entry.filter(|_| !people.is_empty()) else { return Ok(()) };
        let (candidates, labels): (Vec<_>, Vec<_>) = people.into_iter().unzip();
        let fresh = freshen(progress, &opened.repository, &candidates)?;
        let commands = user_commands(&opened.repository);
        let mut granted: Vec<Ready> = Vec::new();
        for (candidate, label) in fresh.iter().zip(&labels) {
            show_candidate(progress, candidate);
            granted.push(wrap(&commands, entry, candidate, label)?);
        }
        write(&(), opened, &granted, false)?;
        for one in &granted {
            progress.status(&format!("granted key '{key}' to '{}'", one.member.label));
        }
        Ok(())
    }
}

impl Before {
    /// Puts back what was there. Nothing is sealed with a new key yet, so nothing is lost with it.
    fn restore(&self, repository: &Repository, top: &Path) {
        if let Some(key) = &self.key {
            if let Ok(mut keyring) = kept::load(repository.common_dir()) {
                keyring.remove(key);
                let _ = kept::save(repository.common_dir(), &keyring);
            }
            let _ = replace::remove_tree(top.join(shroud_dir::NAME).join(key.as_str()));
            let _ = stage_shroud_dir(repository);
        }
        for (file, bytes) in &self.files {
            let _ = match bytes {
                Some(bytes) => write_atomic(file, bytes, Access::Shared),
                None => replace::remove(file),
            };
        }
        if !self.had_folder {
            let _ = replace::remove_tree(&self.folder);
        }
        let _ = add_at_top(repository, &[".gitattributes", SCHEMA_FILE]);
    }
}
