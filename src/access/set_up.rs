//! Setting a repository up: keys, their descriptions, and git's part.

use std::path::Path;

use crate::clone::locks::{exclusive, refuse_rotation};
use crate::clone::roster::stage_shroud_dir;
use crate::clone::{CloneError, OpenClone, top};
use crate::error::Context as _;
use crate::format::{Key, KeyId};
use crate::fs::replace;
use crate::git::attributes_file::AttributesFile;
use crate::git::config::install_drivers;
use crate::git::jujutsu;
use crate::git::repository::Repository;
use crate::git::staging::add_at_top;
use crate::keyring::{Entry, KeyName, Keyring};
use crate::progress::Progress;
use crate::status::find_names;
use crate::store::shroud_dir::KeyInfo;
use crate::store::{kept, shroud_dir};

/// Why a repository is not set up, or a key not made.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// The clone, git or a file cannot be read or written.
    #[error(transparent)]
    Clone(CloneError),
    /// It was done in this clone before.
    #[error("this repository is already set up, and this clone holds its keys")]
    Held,
    /// It was done in another clone before.
    #[error("this repository is already set up, with a key that is not held here")]
    NotHeld,
    /// There is no key beside which another could be made.
    #[error("this repository is not set up")]
    NotSetUp(KeyName),
    /// A key of that name is described.
    #[error("there is a key '{0}' already")]
    Described(KeyName),
    /// A name has another meaning.
    #[error("names like '{0}' are reserved for keys that were set aside")]
    Reserved(KeyName),
    /// A name is none that a folder can have everywhere.
    #[error("no key can be called '{0}': Windows cannot check out a folder with this name")]
    NotPortable(KeyName),
    /// There is a key of that name.
    #[error("there is a key '{0}' already")]
    Taken(KeyName),
}

impl<E: Into<CloneError>> From<E> for SetUpError {
    fn from(error: E) -> Self {
        Self::Clone(error.into())
    }
}

/// What a repository was set up with.
pub struct SetUp {
    /// The new keys.
    pub keys: Vec<(KeyName, KeyId)>,
    /// Whether git-crypt encrypts files here too.
    pub beside_git_crypt: bool,
}

/// Sets up a repository that was not, with a new key for each name.
///
/// # Errors
/// It is set up already, a name cannot be a key's, or something cannot be written; then all is as it was.
pub fn begin(
    repository: &Repository,
    names: Vec<KeyName>,
    tripwire: bool,
    progress: &dyn Progress,
) -> Result<SetUp, SetUpError> {
    let top = top(repository)?;
    refuse_rotation(repository)?;
    let _exclusive = exclusive(repository, progress)?;
    refuse_second_time(repository, top)?;
    let beside_git_crypt = !find_names(repository)?.is_empty();
    let mut keyring = Keyring::default();
    for name in names {
        create_key(&mut keyring, name)?;
    }
    set_up(repository, top, &keyring, tripwire)?;
    jujutsu::warn_if_used(repository, progress);
    let keys = keyring.entries().iter().map(|entry| (entry.name.clone(), entry.key.id()));
    Ok(SetUp { keys: keys.collect(), beside_git_crypt })
}

/// Makes another key in a repository that is set up, describes and stages it; its id.
///
/// # Errors
/// The repository is not set up, there is such a key, the name cannot be a key's, or something cannot be written.
pub fn add_key(
    opened: &OpenClone,
    name: &KeyName,
    write_only: bool,
    progress: &dyn Progress,
) -> Result<KeyId, SetUpError> {
    let top = opened.top()?;
    refuse_rotation(&opened.repository)?;
    if opened.roster.infos.is_empty() {
        return Err(SetUpError::NotSetUp(name.clone()));
    }
    if opened.roster.infos.contains_key(name) {
        return Err(SetUpError::Described(name.clone()));
    }
    let _exclusive = exclusive(&opened.repository, progress)?;
    // Into the local keyring, whatever the environment gives.
    let mut keyring = kept::load(opened.repository.common_dir())?;
    create_key(&mut keyring, name.clone())?;
    kept::save(opened.repository.common_dir(), &keyring)?;
    let entry = keyring.current(name).expect("it was made above");
    let info = KeyInfo::new(entry, &[]);
    let info = if write_only { info.write_only(&entry.key) } else { info };
    info.write(top)?;
    stage_shroud_dir(&opened.repository)?;
    install_drivers(&opened.repository)?;
    Ok(entry.key.id())
}

/// Refuses a repository that is set up already.
///
/// # Errors
/// It is, or a file or git cannot be read.
pub fn refuse_second_time(repository: &Repository, top: &Path) -> Result<(), SetUpError> {
    if !kept::load(repository.common_dir())?.is_empty() {
        return Err(SetUpError::Held);
    }
    let in_head = repository.git.query(["rev-parse", "-q", "--verify", "HEAD:.shroud"]);
    if top.join(shroud_dir::NAME).symlink_metadata().is_ok()
        || in_head.is_ok_and(|tree| tree.is_some())
    {
        return Err(SetUpError::NotHeld);
    }
    Ok(())
}

/// Makes the first generation of a key.
///
/// # Errors
/// The name cannot be one or is taken, or the operating system gives no random numbers.
pub fn create_key(keyring: &mut Keyring, name: KeyName) -> Result<(), SetUpError> {
    if name.is_aside() {
        return Err(SetUpError::Reserved(name));
    }
    if !name.is_portable() {
        return Err(SetUpError::NotPortable(name));
    }
    if keyring.current(&name).is_some() {
        return Err(SetUpError::Taken(name));
    }
    let key = Key::generate(getrandom::fill).context(|| "no random numbers".to_owned())?;
    Ok(keyring
        .insert(Entry { name, generation: 1, key })
        .map(drop)
        .context(|| "the new key cannot be kept".to_owned())?)
}

/// Sets a repository up with these keys: in the local keyring, in `.shroud/`, in git's configuration and in the macro of
/// `.gitattributes`. Where that fails, no key and no description of one stays.
///
/// # Errors
/// A file cannot be written, or git fails.
pub fn set_up(
    repository: &Repository,
    top: &Path,
    keyring: &Keyring,
    tripwire: bool,
) -> Result<(), SetUpError> {
    let done = write_all(repository, top, keyring, tripwire);
    if done.is_err() {
        // Nothing is sealed yet, so nothing is lost with the key.
        let _ = kept::save(repository.common_dir(), &Keyring::default());
        let _ = replace::remove_tree(top.join(shroud_dir::NAME));
    }
    done
}

fn write_all(
    repository: &Repository,
    top: &Path,
    keyring: &Keyring,
    tripwire: bool,
) -> Result<(), SetUpError> {
    kept::save(repository.common_dir(), keyring)?;
    for entry in keyring.entries() {
        KeyInfo::new(entry, &[]).write(top)?;
    }
    install_drivers(repository)?;
    let mut attributes = AttributesFile::read(&top.join(".gitattributes"))
        .context(|| "the attributes cannot be read".to_owned())?;
    attributes.set_macro(tripwire);
    attributes.write().context(|| "the attributes cannot be written".to_owned())?;
    add_at_top(repository, &[".gitattributes"])?;
    Ok(stage_shroud_dir(repository)?)
}
