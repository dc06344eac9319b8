//! Where the keys of a clone lie: what git's configuration asks for, and what was written where (docs/keyring.md).

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gix::bstr::BString;
use gix::config::file::{Metadata, init};
use gix::config::{File, Source};

use super::unreadable;
use crate::format::KeyId;
use crate::fs::{Access, create_private_dir, read_bounded, replace, with_path, write_atomic};
use crate::hex;

/// The setting that names the place.
pub const SETTING: &str = "shroud.keyring";

/// Where keys can lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file of git's own folder.
    File,
    /// In the keychain of the system.
    Keychain,
    /// In the memory of an agent, for a time.
    Agent,
}

impl Place {
    /// All of them.
    const ALL: [Self; 3] = [Self::File, Self::Keychain, Self::Agent];

    /// As the setting names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Keychain => "keychain",
            Self::Agent => "agent",
        }
    }

    fn of_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.name().as_bytes().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "the key file",
            Self::Keychain => "the keychain",
            Self::Agent => "the agent",
        })
    }
}

/// Why the place of the keys is not known.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The setting has a word that names no place.
    #[error("{SETTING} is '{0}' in your git configuration; it must be file, keychain or agent")]
    Unknown(String),
    /// Several commands of one run would look in different places.
    #[error("{SETTING} was given on the command line, where it does not count")]
    CommandLine,
    /// A configuration file cannot be read.
    #[error("{0}")]
    Config(String),
    /// The mark was not written by this program.
    #[error("{0}: git-shroud did not write this file")]
    Mark(String),
    /// The mark cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Where the keys of this clone should lie.
///
/// Files that are pushed have no say: what the clone's own configuration includes does not count, as it may include a file of the worktree.
/// Neither does the configuration of one worktree, since all worktrees share the keys.
///
/// # Errors
/// The configuration cannot be read, or names no place.
pub fn configured(common_dir: &Path) -> Result<Place, PlaceError> {
    // git hands on what it was given with -c, and gix does not read that.
    let parameters = std::env::var_os("GIT_CONFIG_PARAMETERS").unwrap_or_default();
    if parameters.to_string_lossy().to_ascii_lowercase().contains(SETTING) {
        return Err(PlaceError::CommandLine);
    }
    let Some(value) = setting(common_dir)? else { return Ok(Place::File) };
    let unknown = || PlaceError::Unknown(crate::sanitise::line(&String::from_utf8_lossy(&value)));
    Place::of_name(&value).ok_or_else(unknown)
}

fn setting(common_dir: &Path) -> Result<Option<BString>, PlaceError> {
    let of_environment = File::from_environment_overrides().map_err(config)?;
    if let Some(value) = of_environment.string(SETTING) {
        return Ok(Some(value));
    }
    if let Some(value) = own(common_dir)?.and_then(|own| own.string(SETTING)) {
        return Ok(Some(value));
    }
    Ok(of_user(common_dir)?.and_then(|config| config.string(SETTING)))
}

/// The clone's own configuration, without what it includes.
fn own(common_dir: &Path) -> Result<Option<File>, PlaceError> {
    let path = common_dir.join("config");
    // git has read it before.
    if !path.is_file() {
        return Ok(None);
    }
    let file = Metadata {
        path: Some(path),
        source: Source::Local,
        level: 0,
        trust: gix::sec::Trust::Full,
    };
    File::from_paths_metadata([file], init::Options { lossy: true, ..Default::default() })
        .map_err(config)
}

/// The configuration of the user and of the machine, with what it includes.
fn of_user(common_dir: &Path) -> Result<Option<File>, PlaceError> {
    use gix::config::file::includes;
    let mut paths = Vec::new();
    for source in [Source::System, Source::Git, Source::User] {
        let path = source.storage_location(&mut gix::path::env::var);
        let path = path.filter(|path| path.is_file());
        paths.extend(path.map(|path| Metadata {
            path: Some(path),
            source,
            level: 0,
            trust: gix::sec::Trust::Full,
        }));
    }
    let home = gix::path::env::home_dir();
    let interpolate =
        gix::config::path::interpolate::Context { home_dir: home.as_deref(), ..Default::default() };
    let conditional =
        includes::conditional::Context { git_dir: Some(common_dir), branch_name: None };
    let includes = includes::Options::follow(interpolate, conditional);
    let options = init::Options { includes, lossy: true, ..Default::default() };
    File::from_paths_metadata(paths, options).map_err(config)
}

fn config(error: impl fmt::Display) -> PlaceError {
    PlaceError::Config(crate::sanitise::line(&error.to_string()))
}

/// What says that keys of this clone were put into a keychain or an agent, and under which name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// 32 hexadecimal digits that no other clone has: another clone in the same folder finds none of its keys. It is no secret.
    pub clone: String,
    /// Where keys were put. They may be in both while they are moved.
    pub places: Vec<Place>,
}

/// Bytes of the longest mark.
const MAX_MARK: usize = 256;

fn mark_path(folder: &Path) -> PathBuf {
    folder.join("place")
}

impl Mark {
    /// A new one, of no place.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn new() -> io::Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Self { clone: hex::lower(&bytes), places: Vec::new() })
    }

    /// The mark in this program's folder of a clone; `None` where its keys are in a file, or nowhere.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn read(folder: &Path) -> Result<Option<Self>, PlaceError> {
        let path = mark_path(folder);
        let text = match read_bounded(&path, MAX_MARK) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| unreadable::explain(&path, error))?,
        };
        let mark = Self::parse(&text);
        mark.map(Some).ok_or_else(|| PlaceError::Mark(crate::sanitise::native(&path)))
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let mut words = std::str::from_utf8(text).ok()?.strip_suffix('\n')?.split(' ');
        let clone = words.next().filter(|word| KeyId::from_hex(word).is_some())?.to_owned();
        let place = |word: &str| Place::of_name(word.as_bytes()).filter(|it| *it != Place::File);
        let places: Vec<_> = words.map(place).collect::<Option<_>>()?;
        (!places.is_empty()).then_some(Self { clone, places })
    }

    /// Adds a place, on the disk too.
    ///
    /// # Errors
    /// Those of the file system, with the path.
    pub fn add(&mut self, folder: &Path, place: Place) -> io::Result<()> {
        if self.places.contains(&place) {
            return Ok(());
        }
        self.places.push(place);
        create_private_dir(folder)?;
        self.write(folder)
    }

    /// Takes a place out; the mark goes with the last one.
    ///
    /// # Errors
    /// Those of the file system, with the path.
    pub fn take_out(&mut self, folder: &Path, place: Place) -> io::Result<()> {
        self.places.retain(|known| *known != place);
        if !self.places.is_empty() {
            return self.write(folder);
        }
        let path = mark_path(folder);
        match replace::remove(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(with_path(&path, &error)),
            _ => Ok(()),
        }
    }

    fn write(&self, folder: &Path) -> io::Result<()> {
        let places: String = self.places.iter().map(|place| format!(" {}", place.name())).collect();
        let text = format!("{}{places}\n", self.clone);
        write_atomic(&mark_path(folder), text.as_bytes(), Access::Private)
    }
}

/// Whether there is a key file, readable or not.
pub(super) fn has_file(path: &Path) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};
    match fs::symlink_metadata(path) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), NotFound | NotADirectory),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_config(text: &str) -> Result<Place, PlaceError> {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("config"), text).unwrap();
        fs::write(dir.path().join("pushed"), "[shroud]\n\tkeyring = agent\n").unwrap();
        let own = own(dir.path())?.and_then(|own| own.string(SETTING));
        let Some(value) = own else { return Ok(Place::File) };
        Place::of_name(&value).ok_or_else(|| PlaceError::Unknown(value.to_string()))
    }

    #[test]
    fn the_last_word_of_the_clones_own_configuration_counts() {
        assert_eq!(of_config("").unwrap(), Place::File);
        let text = "[shroud]\n\tkeyring = agent\n[shroud]\n\tKeyring = Keychain # mine\n";
        assert_eq!(of_config(text).unwrap(), Place::Keychain);
        assert!(of_config("[shroud]\n\tkeyring = agnet\n").is_err());
        assert!(of_config("[shroud]\n\tkeyring =\n").is_err());
        assert!(of_config("[shroud\n").is_err());
    }

    #[test]
    fn what_the_clones_own_configuration_includes_does_not_count() {
        assert_eq!(of_config("[include]\n\tpath = pushed\n").unwrap(), Place::File);
    }

    #[test]
    fn a_mark_is_read_as_it_was_written_and_nothing_else_is_one() {
        let dir = tempfile::tempdir().unwrap();
        let read = || Mark::read(dir.path()).unwrap();
        assert_eq!(read(), None);
        let mut mark = Mark::new().unwrap();
        mark.add(dir.path(), Place::Agent).unwrap();
        mark.add(dir.path(), Place::Keychain).unwrap();
        assert_eq!(read().as_ref(), Some(&mark));
        mark.take_out(dir.path(), Place::Agent).unwrap();
        assert_eq!(read().unwrap().places, [Place::Keychain]);
        mark.take_out(dir.path(), Place::Keychain).unwrap();
        mark.take_out(dir.path(), Place::Keychain).unwrap();
        assert_eq!(read(), None);
        let id = &mark.clone;
        for text in [
            "",
            "agent",
            &format!("{id}\n"),
            &format!("{id} file\n"),
            &format!("{id} agent"),
            &format!("{id} agent \n"),
        ] {
            assert_eq!(Mark::parse(text.as_bytes()), None, "{text}");
        }
    }
}
