//! Making a store, which nothing else does; and the remotes of a clone that are stores.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::SystemTime;

use super::RemoteError;
use super::address::{Address, PREFIX, is_relative};
use super::local::Local;
use super::manifest::Manifest;
use super::members::{StoreMember, StoreMembers};
use super::pin::Pin;
use super::store::{Remote, key_name};
use super::update::{Access, Base, Tried, Update, random_repository};
use crate::access::members::Candidate;
use crate::access::members::resolve::resolve;
use crate::clone::held_keys;
use crate::format::Key;
use crate::git::command::os_line;
use crate::git::repository::Repository;
use crate::keyring::{Entry, KeyName};
use crate::progress::Progress;

/// What a new store is made with.
pub struct Init<'a> {
    /// The name of the remote in git's configuration.
    pub name: &'a str,
    /// The address of the host's repository.
    pub url: &'a str,
    /// Who can open it: fingerprints, addresses, files or texts of recipients.
    pub members: &'a [OsString],
    /// Takes a certificate even if gpg does not consider it valid.
    pub trust: bool,
    /// Makes one where one was seen before.
    pub again: bool,
    /// The key of the clone that seals it, instead of a new one.
    pub key: Option<&'a KeyName>,
}

/// A store that was made.
pub struct Made {
    /// What is pinned of it.
    pub pin: Pin,
    /// Who can open it.
    pub members: StoreMembers,
}

/// The people whom a user names, with labels that are free.
///
/// # Errors
/// Somebody is not found, or cannot be used.
pub fn resolve_members(
    progress: &dyn Progress,
    repository: &Repository,
    named: &[OsString],
    trust: bool,
    members: &mut StoreMembers,
) -> Result<Vec<StoreMember>, RemoteError> {
    let mut added = Vec::new();
    for meant in named {
        let resolved = resolve(progress, repository, meant, trust)
            .map_err(|error| RemoteError::Member(error.to_string()))?;
        let Candidate { recipient, .. } = &resolved.candidate;
        if members.of(recipient).is_some() {
            continue;
        }
        let label = members.free_label(&resolved.called, recipient);
        let member = StoreMember::new(label, &resolved.candidate, SystemTime::now());
        members.insert(member.clone());
        added.push(member);
    }
    Ok(added)
}

impl Init<'_> {
    /// Makes the store and the remote. Nothing is pushed but an empty state.
    ///
    /// # Errors
    /// There is a store already or a remote of another address, or the host refuses. Then nothing was changed.
    pub fn run(
        &self,
        repository: &Repository,
        progress: &dyn Progress,
    ) -> Result<Made, RemoteError> {
        let local = Local::of(repository)?;
        let address = absolute(self.url)?;
        let is_new = match configured(&local, self.name)? {
            None => true,
            Some(there) if there == address.with_prefix() => false,
            Some(_) => return Err(RemoteError::RemoteTaken(self.name.to_owned())),
        };
        let mut members = StoreMembers::default();
        resolve_members(progress, repository, self.members, self.trust, &mut members)?;
        let remote = Remote::open(address.clone(), Some(local))?;
        let local = remote.local()?;
        let _lock = remote.lock()?;
        if !remote.pins.read()?.is_empty() && !self.again {
            return Err(match remote.mirror.fetch()? {
                Some(_) => RemoteError::Exists,
                None => RemoteError::Gone,
            });
        }
        if remote.mirror.fetch()?.is_some() {
            return Err(RemoteError::Exists);
        }
        let entry = Entry { name: key_name(), generation: 1, key: self.find_key(repository)? };
        let update = || -> Result<(Update<'_>, Pin), RemoteError> {
            let access = Access::make(&remote.mirror, &members, &entry, None)?;
            let manifest = Manifest {
                repository: random_repository()?,
                generation: 1,
                previous: None,
                object_format: local.object_format()?,
                head: None,
                refs: BTreeMap::new(),
                packs: Vec::new(),
                key_generation: 1,
                members: access.members,
                retired: None,
                chain: None,
            };
            let update =
                Update::make(&remote, Base::Nothing, &manifest, &entry, access, &BTreeMap::new())?;
            let pin = update.pin().clone();
            Ok((update, pin))
        };
        // Before the host has what only this key opens.
        remote.add_keys([&entry])?;
        let (first, mut pin) = update()?;
        let tried = match first.push(true) {
            Err(RemoteError::ObjectFormat { .. }) => {
                remote.mirror.use_sha256()?;
                let (second, again) = update()?;
                pin = again;
                second.push(true)?
            }
            tried => tried?,
        };
        if let Tried::Overtaken = tried {
            return Err(RemoteError::Exists);
        }
        if is_new {
            local.git.run(["remote", "add", "--", self.name, &address.with_prefix()])?;
        }
        Ok(Made { pin, members })
    }
}

impl Init<'_> {
    /// The key that the user named, else a new one.
    fn find_key(&self, repository: &Repository) -> Result<Key, RemoteError> {
        let Some(name) = self.key else {
            return Ok(Key::generate(getrandom::fill).map_err(std::io::Error::other)?);
        };
        let held = held_keys(repository).map_err(|error| RemoteError::Member(error.to_string()));
        let mut held = held?;
        let id = held.current(name).map(|entry| entry.key.id());
        let entry = id.and_then(|id| held.remove_id(id));
        entry.map(|entry| entry.key).ok_or_else(|| RemoteError::NoKey(name.clone()))
    }
}

/// The address of a host's repository; a path is made whole.
fn absolute(url: &str) -> Result<Address, RemoteError> {
    let bare = url.strip_prefix(PREFIX).unwrap_or(url);
    if !is_relative(bare) || bare.is_empty() {
        return Address::new(url);
    }
    let path = dunce::canonicalize(Path::new(bare)).map_err(|error| {
        RemoteError::Address(format!("'{}': {error}", crate::sanitise::line(bare)))
    })?;
    match path.to_str() {
        Some(path) => Address::new(path),
        None => Err(RemoteError::Address("the path is not UTF-8".to_owned())),
    }
}

fn configured(local: &Local, name: &str) -> Result<Option<String>, RemoteError> {
    let output = local.git.output(["config", "--get", &format!("remote.{name}.url")])?;
    let url = os_line(output.stdout).to_string_lossy().into_owned();
    Ok(output.status.success().then_some(url))
}

/// The encrypted remote with this name in git's configuration, or at this address.
///
/// # Errors
/// There is none.
pub fn find(repository: &Repository, name: &str) -> Result<Remote, RemoteError> {
    let local = Local::of(repository)?;
    let url =
        if name.starts_with(PREFIX) { Some(name.to_owned()) } else { configured(&local, name)? };
    let url = url.filter(|url| url.starts_with(PREFIX));
    let url = url.ok_or_else(|| RemoteError::NoRemote(crate::sanitise::line(name)))?;
    Remote::open(Address::new(&url)?, Some(local))
}
