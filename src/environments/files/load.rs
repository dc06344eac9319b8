//! Finding the schema and the files of the environments, and opening them in memory.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::content::{self, Protection};
use super::error::SchemaFileError;
use super::{FilesError, Finder, Moves, folders};
use crate::clone::OpenClone;
use crate::config_format::Format;
use crate::environments::check::Finding;
use crate::environments::environment::{Content, Environment, File, SecretFile, State};
use crate::environments::schema::{self, FileNames, Location, Release, Schema};
use crate::environments::{FOLDER, SCHEMA_FILE, check, template};
use crate::error::{About, Context as _};
use crate::format::ScanKey;
use crate::fs::{read_bounded, read_regular};
use crate::git::attributes::{Attributes, PathAttributes};
use crate::git::database::Database;
use crate::git::worktree::Entries;
use crate::secret::SecretBytes;

/// The configuration of a repository.
pub struct Loaded {
    /// The repository.
    pub opened: OpenClone,
    /// The schema; `None` where there is none.
    pub schema: Option<Schema>,
    /// Those that were named, else all.
    pub environments: Vec<Environment>,
    /// The names of all.
    pub all: Vec<String>,
    /// The files that were confirmed to have moved, and how each did.
    pub confirmed: Vec<(String, String)>,
    /// Which files hold properties, and how each is read.
    pub file_names: FileNames,
    /// Where the files of each are.
    locations: Vec<Location>,
}

/// What is to be read.
pub struct Wanted<'w> {
    /// The schema, where it is named; else config.shroud.toml at the top.
    pub schema: Option<PathBuf>,
    /// The names of the environments; all where there is none.
    pub names: &'w [String],
    /// Whether to confirm in this clone that files were moved to other keys.
    pub confirm: bool,
}

/// Reads the schema and the environments. A file that anybody but a holder of its key may have written cannot be read.
///
/// # Errors
/// There is no such environment or schema, the schema is wrong, or the repository cannot be read.
pub fn load(opened: OpenClone, wanted: &Wanted<'_>) -> Result<Loaded, FilesError> {
    let Wanted { schema: named, names, confirm } = wanted;
    let top = opened.top()?.to_owned();
    let own = read_schema(&top.join(SCHEMA_FILE))?;
    let mut names_of_files = own.as_ref().map(|own| own.files.clone()).unwrap_or_default();
    let elsewhere = match (named, own.as_ref().and_then(|own| own.schema.as_ref())) {
        (Some(file), _) => Some(file.clone()),
        (None, Some(named)) => Some(top.join(named)),
        (None, None) => None,
    };
    let release = own.as_ref().and_then(|own| own.release.clone());
    let mut locations = own.as_ref().map(|own| own.environments.clone()).unwrap_or_default();
    let schema = match elsewhere {
        None => own,
        Some(file) => {
            let mut schema = read_schema(&file)?.ok_or_else(|| SchemaFileError::absent(&file))?;
            schema.release = release.or(schema.release);
            Some(schema)
        }
    };
    if let Some(schema) = schema.as_ref().filter(|_| locations.is_empty()) {
        locations.clone_from(&schema.environments);
        names_of_files.clone_from(&schema.files);
    }
    if locations.is_empty() {
        locations = folders(&top)?;
    }
    let all: Vec<String> = locations.iter().map(|location| location.name.clone()).collect();
    let every = locations.clone();
    if all.is_empty() {
        return Err(FilesError::NoEnvironments);
    }
    if let Some(unknown) = names.iter().find(|name| !all.contains(name)) {
        return Err(no_environment(unknown, &all));
    }
    locations.retain(|location| names.is_empty() || names.contains(&location.name));
    let mut finder = Finder::new(&top, &names_of_files);
    let mut attributes = Attributes::new(&opened.repository)?;
    let index = Entries::read(&opened.repository)?;
    let database = Database::open(&opened.repository)?;
    let mut environments = Vec::new();
    let mut confirmed = Vec::new();
    let mut moves = Moves::new(&opened.repository, &opened.keyring)?;
    for location in &locations {
        let mut files = Vec::new();
        let mut seals = Vec::new();
        let mut refused = BTreeMap::new();
        for (path, format, layer) in finder.find(location)? {
            let of_path = attributes.of(path.as_bytes())?;
            let this = (&moves, location.name.as_str(), path.as_str());
            match content::protection(&opened, &database, &index, &of_path, this)? {
                Protection::Seal(seal) => seals.push((path.clone(), seal)),
                Protection::Not(why) => drop(refused.insert(path.clone(), why)),
            }
            files.push((path, format, of_path.is_encrypted(), layer));
        }
        let mut wholes = Vec::new();
        for (property, name) in whole_files(schema.as_ref()) {
            let found = finder.find_file(location, name)?;
            let tracked = || tracked_file(location, &index, name);
            let Some(path) = found.or_else(tracked) else { continue };
            let of_path = attributes.of(path.as_bytes())?;
            let this = (&moves, location.name.as_str(), path.as_str());
            match content::protection(&opened, &database, &index, &of_path, this)? {
                Protection::Seal(seal) => seals.push((path.clone(), seal)),
                Protection::Not(why) => drop(refused.insert(path.clone(), why)),
            }
            wholes.push((property.to_owned(), path, of_path.is_encrypted()));
        }
        let moved = moves.find(location, &seals)?;
        if *confirm {
            let told = moved.iter().map(|(at, why)| (seals[*at].0.clone(), why.to_string()));
            confirmed.extend(told);
            let moved: Vec<_> = moved.iter().map(|(at, _)| seals[*at].clone()).collect();
            let outcome = moves.confirm(&location.name, &moved);
            outcome.context(|| "what was confirmed here".to_owned())?;
        } else {
            let moved =
                moved.into_iter().map(|(at, why)| (seals[at].0.clone(), why.with_command()));
            refused.extend(moved);
        }
        if refused.is_empty() {
            moves.remember(&location.name, &seals);
        }
        let mut read = Vec::new();
        let mut whole = Vec::new();
        for (property, path, sealed) in wholes {
            let content = match refused.get(&path) {
                Some(why) => Content::Unreadable(why.clone()),
                None => content::read(&opened, &top, &path, None)?,
            };
            whole.push(SecretFile { property, path, sealed, content });
        }
        for (path, format, sealed, layer) in files {
            let content = match refused.remove(&path) {
                Some(why) => Content::Unreadable(why),
                None => content::read(&opened, &top, &path, Some(format))?,
            };
            let exempt = content::exempt(&attributes.of(path.as_bytes())?, &path, &content);
            read.push(File { path, format, sealed, layer, exempt, content });
        }
        read.extend(finder.absent(location, &index, &read));
        let mut passed_over = finder.take_passed_over();
        passed_over.retain(|path| whole.iter().all(|file| file.path != *path));
        environments.push(Environment {
            files: whole,
            passed_over,
            ..Environment::read_as(&location.name, read, |path, format| {
                names_of_files.dialect(path, format)
            })
        });
    }
    for environment in &mut environments {
        environment.follow_references(schema.as_ref(), &|_| None);
    }
    drop(moves);
    let file_names = names_of_files;
    Ok(Loaded { opened, schema, environments, all, confirmed, locations: every, file_names })
}

impl Loaded {
    /// The schema, for commands that need one.
    ///
    /// # Errors
    /// There is none.
    pub fn schema(&self) -> Result<&Schema, FilesError> {
        self.schema.as_ref().ok_or(FilesError::NoSchema)
    }

    /// Where the files of an environment are.
    pub fn location(&self, name: &str) -> Option<&Location> {
        self.locations.iter().find(|location| location.name == name)
    }

    /// The file that lists the properties: the one at the top, or the one that it names; `None` where there is none.
    ///
    /// # Errors
    /// It cannot be read, or there is no worktree.
    pub fn schema_file(&self) -> Result<Option<PathBuf>, FilesError> {
        let top = self.opened.top()?;
        let own = top.join(SCHEMA_FILE);
        let Some(schema) = read_schema(&own)? else { return Ok(None) };
        Ok(Some(schema.schema.map_or(own, |named| top.join(named))))
    }

    /// The file with which an environment begins that has none: in the last of its places, of the format that the others
    /// have.
    pub fn first_file(&self, name: &str) -> String {
        let other = self.environments.iter().find_map(|environment| environment.sources.first());
        let format = other.map_or(Format::Env, |source| source.format);
        let place = self.location(name).and_then(|location| location.paths.last());
        match place.map(|place| place.trim_end_matches('/')) {
            Some(file) if self.file_names.format(file).is_some() => file.to_owned(),
            Some(folder) => format!("{folder}/{}", template::file_name(format)),
            None => format!("{FOLDER}/{name}/{}", template::file_name(format)),
        }
    }

    /// What is said where an environment is named that is not there.
    pub fn no_environment(&self, name: &str) -> FilesError {
        no_environment(name, &self.all)
    }

    /// The only environment that was asked for.
    pub fn only(&self) -> &Environment {
        self.environments.first().expect("one was named, and is there")
    }

    /// Refuses to write to a file of an environment that somebody moved to another key.
    ///
    /// # Errors
    /// It was moved, or the repository cannot be read.
    pub fn refuse_moved(
        &self,
        environment: &str,
        path: &str,
        attributes: &PathAttributes,
    ) -> Result<(), FilesError> {
        let Some(location) = self.locations.iter().find(|location| location.name == environment)
        else {
            return Ok(());
        };
        let own = self.environments.iter().find(|one| one.name == environment);
        let beside = own.iter().flat_map(|own| &own.sources).map(|source| source.path.as_str());
        let moves = Moves::new(&self.opened.repository, &self.opened.keyring)?;
        let seal = content::by_attributes(attributes);
        match moves.find_one(location, beside, (path, &seal))? {
            None => Ok(()),
            Some(doubt) => Err(FilesError::Moved { path: show(path), doubt: Box::new(doubt) }),
        }
    }

    /// Each file of these environments that cannot be read: the environment, and where and why, for people.
    pub fn unread(&self, is_meant: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let mut unread = Vec::new();
        for environment in self.environments.iter().filter(|one| is_meant(&one.name)) {
            for file in &environment.files {
                if let Content::Unreadable(why) | Content::DamagedValues(why, _) = &file.content {
                    unread.push((environment.name.clone(), format!("{}: {why}", show(&file.path))));
                }
            }
            for source in &environment.sources {
                if let State::Unreadable(line, why) = &source.state {
                    let path = show(&source.path);
                    let place = if *line > 1 { format!("{path}:{line}") } else { path };
                    unread.push((environment.name.clone(), format!("{place}: {why}")));
                }
            }
        }
        unread
    }

    /// Whether all environments are locked and no key opened any file; one that is not sealed needs none.
    pub fn is_nothing_open(&self) -> bool {
        let opened = |one: &Environment| {
            let whole = |file: &SecretFile| file.sealed && matches!(file.content, Content::Open(_));
            one.sources.iter().any(|source| source.sealed && source.state == State::Read)
                || one.files.iter().any(whole)
        };
        self.environments.iter().all(|one| one.is_locked() && !opened(one))
    }

    /// The names of those with a file that is locked.
    pub fn locked(&self) -> Vec<String> {
        let locked = self.environments.iter().filter(|environment| environment.is_locked());
        locked.map(|environment| environment.name.clone()).collect()
    }

    /// By which values are known again: a key of this repository's, else one that nobody knows.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn scan_key(&self) -> Result<ScanKey, About> {
        if let Some(entry) = self.opened.keyring.entries().first() {
            return Ok(entry.key.scan());
        }
        let mut outcome = Ok(());
        let salt = SecretBytes::<32>::filled(|salt| outcome = getrandom::fill(salt));
        outcome.context(|| "no random numbers".to_owned())?;
        Ok(ScanKey::from_salt(salt.expose()))
    }

    /// Whether a property of the only environment is a secret: by the schema, or else by its name.
    pub fn is_secret(&self, name: &str) -> bool {
        let schema = self.schema.as_ref();
        let property = schema.and_then(|schema| schema.properties.get(name));
        property.map_or_else(
            || check::reuse::is_secret(schema, name),
            |property| property.of(&self.only().name).secret,
        )
    }

    /// Whether it may be read by those alone who may read secrets: what the schema does not know is never shown to others.
    pub fn is_not_open(&self, name: &str) -> bool {
        let property = self.schema.as_ref().and_then(|schema| schema.properties.get(name));
        property.is_none_or(|property| property.of(&self.only().name).secret)
    }

    /// As [`Self::scan_key`], of the environment's own key where that is held: the same in every clone that holds it.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn scan_key_of(&self, environment: &str) -> Result<ScanKey, About> {
        let own = Location::own_keys(environment);
        match own.iter().find_map(|name| self.opened.keyring.current(name)) {
            Some(entry) => Ok(entry.key.scan()),
            None => self.scan_key(),
        }
    }

    /// What keeps the environment from being deployed, where it was read.
    ///
    /// # Errors
    /// It is locked.
    pub fn unfit(&self, release: Option<&Release>) -> Result<Vec<Finding>, FilesError> {
        let environment = self.only();
        if environment.is_locked() {
            return Err(FilesError::Locked(environment.name.clone()));
        }
        let empty = Schema::default();
        let report =
            check::check(self.schema.as_ref().unwrap_or(&empty), &self.environments, release);
        Ok(report.findings.into_iter().filter(|finding| !finding.warning).collect())
    }
}

/// The properties that are files, with the names of these.
fn whole_files(schema: Option<&Schema>) -> impl Iterator<Item = (&str, &str)> {
    let all = schema.into_iter().flat_map(|schema| &schema.properties);
    all.filter_map(|(name, property)| Some((name.as_str(), property.file.as_deref()?)))
}

/// A file that git tracks and the worktree does not have.
fn tracked_file(location: &Location, index: &Entries, name: &str) -> Option<String> {
    let places = location.paths.iter().rev();
    let mut paths = places.map(|place| format!("{}/{name}", place.trim_end_matches('/')));
    paths.find(|path| {
        index.files.binary_search_by(|entry| entry.path.as_slice().cmp(path.as_bytes())).is_ok()
    })
}

fn no_environment(name: &str, all: &[String]) -> FilesError {
    FilesError::NoEnvironment { name: show(name), all: all.join(", ") }
}

/// Reads a schema; `None` where there is no such file.
///
/// # Errors
/// It cannot be read, or is no schema.
pub fn read_schema(file: &Path) -> Result<Option<Schema>, SchemaFileError> {
    // A shell's <(COMMAND) is a pipe.
    let read = if file.starts_with("/dev") { read_bounded } else { read_regular };
    let bytes = match read(file, schema::MAX_LEN) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.context(|| "the schema cannot be read".to_owned())?,
    };
    let schema = Schema::parse(&bytes);
    schema.map(Some).map_err(|error| SchemaFileError::of(file, error))
}

/// A name in one line, whatever it holds.
fn show(name: &str) -> String {
    crate::sanitise::path(name.as_bytes())
}
