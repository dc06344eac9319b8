//! What can unwrap a key on this machine: a secret key that was given, age identities, SSH keys, the user's gpg and commands.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::Recipient;
use super::age::{self, Identity};
use super::command::Commands;
use super::openpgp::{self, Gpg, SecretKey};
use crate::fs::read_bounded;
use crate::keyring::{MAX_TEXT_LEN, holds_secret};

/// Names a file of identities, besides those in the usual places.
pub const IDENTITY_VARIABLE: &str = "GIT_SHROUD_IDENTITY";
/// Holds an OpenPGP secret key, or names the file that does.
pub const OPENPGP_VARIABLE: &str = "GIT_SHROUD_OPENPGP_KEY";
/// How many public keys of a user's SSH folder are looked at.
const MAX_SSH_KEYS: usize = 100;
/// What a private key in OpenSSH's form begins with.
const OPENSSH: [u8; 35] = *b"-----BEGIN OPENSSH PRIVATE KEY-----";

/// Who has what opens messages to a kind of recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// Files of identities and SSH keys.
    Files,
    /// The user's gpg.
    Gpg,
    /// Commands that the user has configured.
    Commands,
}

/// Everything that is tried.
#[derive(Default)]
pub struct Identities {
    /// OpenPGP secret keys that were given, used without gpg.
    pub secret_keys: Vec<SecretKey>,
    /// Whether such a key may be of RSA.
    pub allow_rsa: bool,
    /// age identities and SSH keys.
    pub age: Vec<Identity>,
    /// The user's gpg.
    pub gpg: Option<Gpg>,
    /// The commands that the user has configured, where a recipient is one.
    pub commands: Option<Commands>,
    /// The files in the usual places that were looked at.
    pub looked: Vec<String>,
    pub(super) gpg_keys: OnceCell<Result<BTreeSet<String>, String>>,
    /// The key ids for which gpg has asked without success; an empty one for a message that hides whom it is for.
    pub(super) asked_in_vain: RefCell<BTreeSet<String>>,
    /// What opened an OpenPGP secret key, by its fingerprint; `None` where it was asked for without success.
    pub(super) passphrases: RefCell<BTreeMap<String, Option<Zeroizing<String>>>>,
}

/// A file of identities cannot be used. Never holds what is in it.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It holds no identity.
    #[error("{place}: {message}")]
    Malformed {
        /// The file or variable.
        place: String,
        /// What is wrong with it.
        message: String,
    },
}

fn malformed(place: &str, error: impl std::fmt::Display) -> IdentityError {
    IdentityError::Malformed { place: place.to_owned(), message: error.to_string() }
}

impl Identities {
    /// Reads a file of age identities, or an SSH private key.
    ///
    /// # Errors
    /// It cannot be read, or holds no identity.
    pub fn add_file(&mut self, path: &Path) -> Result<(), IdentityError> {
        if holds_secret(&path.to_string_lossy()) {
            let message = "an identity was given instead of a file name (not shown)";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message).into());
        }
        let place = crate::sanitise::native(path);
        let bytes = read_bounded(path, MAX_TEXT_LEN)?;
        self.age.extend(
            age::read_identities(&bytes, &place).map_err(|error| malformed(&place, error))?,
        );
        Ok(())
    }

    /// Takes what [`super::is_private_key`] recognises.
    ///
    /// # Errors
    /// It holds no identity.
    pub fn add_private_key(&mut self, bytes: &[u8], place: &str) -> Result<(), IdentityError> {
        if openpgp::begins_secret_key(bytes) {
            return self.add_secret_key(bytes, place);
        }
        let read = age::read_identities(bytes, place);
        self.age.extend(read.map_err(|error| malformed(place, error))?);
        Ok(())
    }

    /// Takes an OpenPGP secret key.
    ///
    /// # Errors
    /// It is none.
    pub fn add_secret_key(&mut self, bytes: &[u8], place: &str) -> Result<(), IdentityError> {
        self.secret_keys.push(SecretKey::parse(bytes).map_err(|error| malformed(place, error))?);
        Ok(())
    }

    /// Reads what the environment names: [`IDENTITY_VARIABLE`] and [`OPENPGP_VARIABLE`].
    ///
    /// # Errors
    /// A variable is set and what it gives cannot be used.
    pub fn add_from_environment(&mut self) -> Result<(), IdentityError> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        if let Some(path) = set(IDENTITY_VARIABLE) {
            let path = Path::new(&path);
            names_file(IDENTITY_VARIABLE, path)?;
            self.add_file(path)?;
        }
        if let Some(value) = set(OPENPGP_VARIABLE) {
            let value = Zeroizing::new(value.into_encoded_bytes());
            if value.trim_ascii_start().starts_with(b"-----BEGIN") {
                self.add_secret_key(&value, OPENPGP_VARIABLE)?;
            } else {
                let path = std::str::from_utf8(&value)
                    .map_err(|_| malformed(OPENPGP_VARIABLE, "it does not name a file"))?;
                names_file(OPENPGP_VARIABLE, Path::new(path))?;
                self.add_secret_key(&read_bounded(Path::new(path), MAX_TEXT_LEN)?, path)?;
            }
        }
        Ok(())
    }

    /// Reads identities from their usual places, as far as one of these recipients needs them; returns the files that
    /// cannot be read, with the reason.
    pub fn add_usual(&mut self, wanted: &[&Recipient]) -> Vec<String> {
        let mut unreadable = Vec::new();
        let mut candidates = usual_age_files();
        if let Some(home) = home() {
            candidates.extend(usual_ssh_files(&home.join(".ssh"), Some(wanted)));
        }
        for path in candidates.into_iter().filter(|path| path.is_file()) {
            let before = self.age.len();
            if let Err(error) = self.add_file(&path) {
                unreadable.push(error.to_string());
            }
            let new = self.age.split_off(before);
            self.looked.push(crate::sanitise::native(&path));
            // One whose public form is not known may be anybody's.
            let fits = |identity: &Identity| {
                identity
                    .recipient()
                    .is_none_or(|text| wanted.iter().any(|wanted| wanted.as_str() == text))
            };
            self.age.extend(new.into_iter().filter(fits));
        }
        unreadable
    }

    /// Looks for what opens for these recipients, each in its place; says what is left out. `gpg` is the program that git
    /// names, `commands` reads which commands the user has.
    pub fn find(
        &mut self,
        wanted: &[&Recipient],
        gpg: Option<&OsStr>,
        commands: impl FnOnce() -> Commands,
    ) -> Vec<String> {
        let holders: BTreeSet<Holder> =
            wanted.iter().map(|recipient| recipient.method().kind().holder()).collect();
        let mut left_out = Vec::new();
        if holders.contains(&Holder::Commands) {
            self.commands = Some(commands());
        }
        for holder in holders {
            match holder {
                // Each that is not configured is named where it would open something.
                Holder::Commands => {}
                Holder::Files => left_out.extend(self.add_usual(wanted)),
                Holder::Gpg => {
                    self.find_gpg(gpg);
                    if self.gpg.is_none() {
                        left_out.push("gpg is not installed".to_owned());
                    }
                }
            }
        }
        left_out
    }

    /// Looks for everything in the usual places, for what does not say whom it is for; says what is left out.
    pub fn find_all(&mut self, gpg: Option<&OsStr>) -> Vec<String> {
        let mut left_out = Vec::new();
        let mut candidates = usual_age_files();
        if let Some(home) = home() {
            candidates.extend(usual_ssh_files(&home.join(".ssh"), None));
        }
        for path in candidates.into_iter().filter(|path| path.is_file()) {
            if let Err(error) = self.add_file(&path) {
                left_out.push(error.to_string());
            }
            self.looked.push(crate::sanitise::native(&path));
        }
        self.find_gpg(gpg);
        left_out
    }

    /// Finds the user's gpg.
    pub fn find_gpg(&mut self, program: Option<&OsStr>) {
        self.gpg = Gpg::find(program);
    }

    /// The ids of the keys whose secret part gpg has; asked for once.
    pub(super) fn gpg_keys(&self) -> Result<&BTreeSet<String>, &str> {
        let ask = || match &self.gpg {
            Some(gpg) => gpg.secret_key_ids().map_err(|error| error.to_string()),
            None => Ok(BTreeSet::new()),
        };
        self.gpg_keys.get_or_init(ask).as_ref().map_err(String::as_str)
    }
}

/// A variable may hold the secret itself by mistake, so what names no file is never shown.
fn names_file(variable: &str, path: &Path) -> Result<(), IdentityError> {
    let message = "it does not name a readable file (its value is not shown)";
    std::fs::File::open(path).map(drop).map_err(|_| malformed(variable, message))
}

fn home() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| home.is_absolute())
}

/// Where age's users and those of sops keep their identities.
fn usual_age_files() -> Vec<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = set("XDG_CONFIG_HOME").or_else(|| home().map(|home| home.join(".config")));
    let mut files: Vec<_> = set("SOPS_AGE_KEY_FILE").into_iter().collect();
    if let Some(config) = config {
        files.extend(["age/keys.txt", "sops/age/keys.txt"].map(|name| config.join(name)));
    }
    if let (true, Some(home)) = (cfg!(target_os = "macos"), home()) {
        files.push(home.join("Library/Application Support/sops/age/keys.txt"));
    }
    files.extend(in_appdata(set("APPDATA"), cfg!(windows)));
    files
}

/// Where sops keeps identities on Windows (os.UserConfigDir of Go), and age's users do.
fn in_appdata(appdata: Option<PathBuf>, windows: bool) -> Vec<PathBuf> {
    let Some(appdata) = appdata.filter(|_| windows) else { return Vec::new() };
    ["sops/age/keys.txt", "age/keys.txt"].map(|name| appdata.join(name)).into()
}

/// Whether a file begins as a private key in OpenSSH's form, which holds the public half too.
fn is_openssh(path: &Path) -> bool {
    let mut start = [0; OPENSSH.len()];
    let read = crate::fs::open_regular(path)
        .and_then(|mut file| io::Read::read_exact(&mut file, &mut start));
    read.is_ok() && start == OPENSSH
}

/// The private keys whose public half one of the recipients is, or any where none are given; those of the standard names, and those in OpenSSH's form, also
/// without a file of their public half.
fn usual_ssh_files(dir: &Path, wanted: Option<&[&Recipient]>) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Vec::new();
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let public = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension() == Some(OsStr::new("pub")));
    for path in public.take(MAX_SSH_KEYS) {
        let line = read_bounded(&path, MAX_TEXT_LEN).unwrap_or_default();
        let recipient =
            std::str::from_utf8(&line).ok().and_then(|line| age::parse_recipient(line.trim()).ok());
        let is_wanted = |recipient| wanted.is_none_or(|wanted| wanted.contains(&&recipient));
        if recipient.is_some_and(|(recipient, _)| is_wanted(recipient)) {
            files.push(path.with_extension(""));
        }
    }
    for name in ["id_ed25519", "id_rsa"] {
        let path = dir.join(name);
        if !files.contains(&path) && !dir.join(format!("{name}.pub")).exists() {
            files.push(path);
        }
    }
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let alone = entries.map(|entry| entry.path()).filter(|path| {
        let public = path.with_added_extension("pub");
        !files.contains(path) && path.extension() != Some(OsStr::new("pub")) && !public.exists()
    });
    let alone: Vec<PathBuf> = alone.take(MAX_SSH_KEYS).filter(|path| is_openssh(path)).collect();
    files.extend(alone);
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_looked_for_in_the_place_of_the_system() {
        let appdata = || Some(PathBuf::from("roaming"));
        let found = in_appdata(appdata(), true);
        assert_eq!(found, ["roaming/sops/age/keys.txt", "roaming/age/keys.txt"].map(PathBuf::from));
        assert!(in_appdata(appdata(), false).is_empty());
        assert!(in_appdata(None, true).is_empty());
    }
}
