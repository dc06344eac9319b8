//! What a filter asks of the repository around it: the rule of a path, and what the index has there.

use std::cell::OnceCell;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::between;
use super::indexed::{self, base_at, blobs_at};
pub use super::lookup::{LazyRepository, open};
use super::lookup::{Lookup, version};
use super::memory::Memory;
use crate::clone::CloneError;
use crate::clone::lineage::find_later;
use crate::clone::{RESTORE, Roster, exchanged, held_keys_in, write_only};
use crate::error::Context as _;
use crate::filter::{Crossing, Filter, FilterError, LazyHeldKeys, Merging, Rule, Rules, See};
use crate::format::{KeyId, Layout};
use crate::git::locate::{Location, locate};
use crate::git::objects::{self, Blob};
use crate::keyring::{KeyName, Keyring};
use crate::store::confirmed::Confirmed;
use crate::store::git_crypt::keys_dir;
use crate::store::public_keys::{PinError, Pins};
use crate::store::received::Received;
use crate::store::{local, locked_worktree};
use crate::values::{MAX_SEALED, Mode, Place, WriteOnly};

/// What a filter has around it.
pub struct Surroundings {
    /// The repository; `None` outside of one.
    pub location: Option<Location>,
    /// The keys that are held.
    pub keyring: Keyring,
    git_crypt: LazyHeldKeys,
}

impl Surroundings {
    /// Looks around in `dir`, without starting git.
    ///
    /// # Errors
    /// The keys cannot be read.
    pub fn find(dir: &Path) -> Result<Self, CloneError> {
        let dir = dunce::canonicalize(dir).context(|| "the current directory".to_owned())?;
        let location = locate(&dir);
        let keyring = match &location {
            Some(location) => held_keys_in(&location.common_dir, &location.git_dir)?,
            None => local::from_environment()?.unwrap_or_default(),
        };
        let places = location.as_ref().map(|at| (at.common_dir.clone(), at.git_dir.clone()));
        // What cannot be read opens nothing; 'git shroud doctor' says why.
        let load = move || {
            places
                .filter(|(_, own)| !locked_worktree::is_locked(own))
                .and_then(|(common, own)| crate::store::git_crypt::load(&common, &own).ok())
                .unwrap_or_default()
        };
        let git_crypt = LazyHeldKeys::new(Box::new(load));
        Ok(Self { location, keyring, git_crypt })
    }

    /// The filter with these keys; `key` is that of every path, whatever the attributes say.
    pub fn filter<'s>(
        &'s self,
        repository: &'s LazyRepository,
        key: Option<KeyName>,
    ) -> Filter<'s, PathRules<'s>> {
        let worktree = self.location.as_ref().and_then(|location| location.worktree.as_deref());
        let rules = PathRules {
            surroundings: self,
            repository,
            lookup: None,
            attributes_file: worktree.map(|top| top.join(".gitattributes")),
            key,
            overrides: true,
            at_least: None,
            merging: None,
            git_crypt_keys: OnceCell::new(),
            memory: Memory::default(),
        };
        Filter::new(&self.keyring, rules).with_git_crypt(&self.git_crypt)
    }
}

/// Asks the repository's attributes and `.shroud/`, which are not read before a file needs them.
pub struct PathRules<'s> {
    surroundings: &'s Surroundings,
    repository: &'s LazyRepository,
    lookup: Option<Lookup<'s>>,
    attributes_file: Option<PathBuf>,
    /// The key, whatever the attributes say, or where they say nothing.
    pub key: Option<KeyName>,
    /// Whether `key` counts also where the attributes name one.
    pub overrides: bool,
    /// A held key that seals where `.shroud/` describes an earlier generation of the same name: a merge is about to bring
    /// the description of this one.
    pub at_least: Option<KeyId>,
    /// The versions that a merge makes its content of.
    pub merging: Option<Merging>,
    /// Whether this clone keeps keys of git-crypt; looked at once.
    git_crypt_keys: OnceCell<bool>,
    /// What was set without the key and opened here.
    memory: Memory,
}

impl<'s> PathRules<'s> {
    /// What was read, or is read now; `None` outside a repository.
    fn lookup(&mut self) -> Result<Option<&mut Lookup<'s>>, String> {
        let Some(location) = &self.surroundings.location else { return Ok(None) };
        // One filter serves a whole rebase, in which git writes other attributes.
        let version = version(self.attributes_file.as_deref());
        if self.lookup.as_ref().is_none_or(|lookup| lookup.version != version) {
            let repository = self.repository.get_or_init(|| open(location));
            self.lookup = Some(Lookup::new(repository, version)?);
        }
        Ok(self.lookup.as_mut())
    }

    /// What the rule of this file was read from: the same attributes until the file is done.
    fn looked_up(&mut self) -> Result<Option<&mut Lookup<'s>>, String> {
        if self.lookup.is_none() { self.lookup() } else { Ok(self.lookup.as_mut()) }
    }

    /// The repository, if values were opened at this path that somebody has set without the key. What is merged was never a file.
    fn knows(&mut self, path: &[u8]) -> Option<&'s Location> {
        let location = self.surroundings.location.as_ref().filter(|_| self.merging.is_none())?;
        self.memory.knows_path(&location.common_dir, path).then_some(location)
    }

    fn named(&mut self, path: &[u8]) -> Result<Option<Named>, String> {
        let (key, overrides) = (self.key.clone(), self.overrides);
        let Some(lookup) = self.lookup()? else { return Ok(None) };
        let attributes = lookup.attributes.of(path).map_err(|error| error.to_string())?;
        let values = Mode::of(&attributes, path);
        let key = match key {
            Some(key) if overrides || !attributes.sealed => key,
            _ => attributes.key.map_err(|error| error.to_string())?,
        };
        let conversion = attributes.conversion.map(|setting| setting.to_string());
        Ok(Some(Named { key, layout: attributes.layout, values, conversion }))
    }
}

/// What the attributes of a path say of its sealing.
struct Named {
    key: KeyName,
    layout: Layout,
    /// Or why it is not known how: then nothing new is stored, and what did not change stays.
    values: Result<Option<Mode>, String>,
    conversion: Option<String>,
}

impl Rules for PathRules<'_> {
    fn rule(&mut self, path: &[u8]) -> Result<Rule, String> {
        let named = if path.is_empty() { None } else { self.named(path)? };
        let Some(Named { key, layout, values, conversion }) = named else {
            return Ok(Rule { key: self.key.clone().unwrap_or_default(), ..Rule::default() });
        };
        if self.lookup.as_ref().is_some_and(|lookup| !lookup.is_current(&key)) {
            self.lookup = None;
        }
        let at_least = self.at_least;
        let keyring = &self.surroundings.keyring;
        let Some(lookup) = self.looked_up()? else { return Ok(Rule { key, ..Rule::default() }) };
        let described = lookup.roster.infos.get(&key);
        let coming = at_least.and_then(|id| keyring.by_id(id)).filter(|held| {
            let is_earlier = |id| keyring.by_id(id).is_none_or(|now| now.name != key);
            let earlier = described
                .is_none_or(|info| info.generation < held.generation || is_earlier(info.id));
            held.name == key && earlier
        });
        let in_worktree = lookup.repository.worktree.is_some();
        Ok(Rule {
            // Anybody who damages the description of a key must not bring a clone to seal with an older one.
            refusal: values.as_ref().err().cloned().or_else(|| {
                lookup.roster.malformed.get(&key).map(|why| format!("{why} ({RESTORE})"))
            }),
            key_id: coming.map(|held| held.key.id()).or(described.map(|info| info.id)),
            public: described.filter(|_| coming.is_none()).and_then(|info| info.public),
            undescribed: in_worktree && described.is_none() && lookup.roster.missing.is_none(),
            newest: lookup.seen.newest(&key),
            key,
            layout,
            values: values.unwrap_or_default(),
            conversion,
        })
    }

    /// What cannot be read is taken for none: then the file counts as changed.
    fn indexed(&mut self, path: &[u8], see: &mut See<'_>) -> io::Result<()> {
        // A merge makes a new file, whatever one of its sides was.
        if self.at_least.is_some() || path.is_empty() {
            return Ok(());
        }
        let Ok(Some(lookup)) = self.looked_up() else { return Ok(()) };
        for id in blobs_at(lookup.repository, path) {
            let loose = lookup.loose.read(lookup.repository.gix.objects.store_ref().path(), &id);
            let read = match loose {
                Ok(Blob::Missing) => objects::read(lookup.repository, id),
                read => read,
            };
            let found = match read {
                Ok(Blob::Memory(bytes)) => see(&mut &bytes[..])?,
                Ok(Blob::Large) => {
                    objects::stream(lookup.repository, id, |blob| see(blob)).unwrap_or(Ok(false))?
                }
                Ok(Blob::Missing) | Err(_) => false,
            };
            if found {
                break;
            }
        }
        Ok(())
    }

    fn base(&mut self, path: &[u8]) -> Option<Vec<u8>> {
        let lookup = self.looked_up().ok()??;
        match objects::read(lookup.repository, base_at(lookup.repository, path)?).ok()? {
            Blob::Memory(bytes) if bytes.len() <= MAX_SEALED => Some(bytes),
            _ => None,
        }
    }

    fn merged(&mut self) -> Option<&Merging> {
        self.merging.as_ref()
    }

    fn received(&mut self) -> Option<&Received> {
        self.memory.get(&self.surroundings.location.as_ref()?.common_dir)
    }

    fn receive(&mut self, path: &[u8], values: &[(Place, String)], blob: &[u8]) {
        let Some(location) = &self.surroundings.location else { return };
        // 'git diff' opens what it shows, and does not say where.
        if !path.is_empty() && self.memory.receive(&location.common_dir, path, values) {
            let Ok(Some(lookup)) = self.looked_up() else { return };
            self.memory.opened_last = objects::id_of(lookup.repository, blob);
        }
    }

    fn smudged(&mut self, path: &[u8]) {
        if let Some(location) = &self.surroundings.location {
            self.memory.smudged(location, path);
        }
    }

    fn served(&mut self) {
        if let Some(location) = &self.surroundings.location {
            self.memory.served(location);
        }
    }

    fn origin(&mut self, path: &[u8]) -> Option<Vec<u8>> {
        let location = self.knows(path)?;
        let blob = self.memory.origin(location, path)?;
        let lookup = self.looked_up().ok()??;
        indexed::read_blob(lookup.repository, gix::ObjectId::from_hex(blob.as_bytes()).ok()?)
    }

    fn heads(&mut self, path: &[u8]) -> Vec<Vec<u8>> {
        let Some(_) = self.knows(path) else { return Vec::new() };
        let Ok(Some(lookup)) = self.looked_up() else { return Vec::new() };
        indexed::heads_at(lookup.repository, path)
    }

    fn gone(&mut self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let Ok(Some(lookup)) = self.looked_up() else { return Vec::new() };
        indexed::gone(lookup.repository)
    }

    /// What cannot be read is taken for something else.
    fn sole_version(
        &mut self,
        path: &[u8],
        make: &mut dyn FnMut() -> Option<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        // As above.
        if self.at_least.is_some() || self.merging.is_some() || path.is_empty() {
            return None;
        }
        let lookup = self.looked_up().ok()??;
        let [id] = blobs_at(lookup.repository, path)[..] else { return None };
        let bytes = make()?;
        let len = bytes.len() as u64;
        let is_same = objects::is_blob(lookup.repository, &bytes[..], len, id).unwrap_or(false);
        is_same.then_some(bytes)
    }

    /// What cannot be read is taken for something else.
    fn holds(&mut self, path: &[u8], content: &mut dyn Read, len: u64) -> bool {
        let Ok(Some(lookup)) = self.lookup() else { return false };
        let blobs = blobs_at(lookup.repository, path);
        !blobs.is_empty()
            && objects::is_one_of(lookup.repository, content, len, &blobs).unwrap_or(false)
    }

    /// What cannot be read is taken for not confirmed.
    fn is_confirmed(&mut self, path: &[u8], key: &KeyName) -> bool {
        if self.key.is_some() && self.overrides {
            return true;
        }
        let Ok(Some(lookup)) = self.lookup() else { return false };
        let common_dir = lookup.repository.common_dir();
        let confirmed =
            lookup.confirmed.get_or_insert_with(|| Confirmed::load(common_dir).unwrap_or_default());
        confirmed.allows(path, key)
    }

    fn holds_git_crypt_keys(&mut self) -> bool {
        let surroundings = self.surroundings;
        let has_keys = || {
            let folders = surroundings.location.iter().flat_map(|at| [&at.common_dir, &at.git_dir]);
            folders.into_iter().any(|folder| keys_dir(folder).exists())
        };
        // The caller has named the key, so that no attribute has a say.
        !(self.key.is_some() && self.overrides) && *self.git_crypt_keys.get_or_init(has_keys)
    }

    fn leaves_git_crypt(
        &mut self,
        path: &[u8],
        key: &KeyName,
        plaintext: &mut dyn Read,
    ) -> Option<Crossing> {
        let surroundings = self.surroundings;
        let lookup = self.lookup().ok()??;
        let crossing = between::leaves_git_crypt(
            lookup.repository,
            &surroundings.keyring,
            || &surroundings.git_crypt,
            path,
            lookup.roster.infos.get(key),
            plaintext,
        )?;
        match crossing {
            Crossing::Changed(_) if self.is_confirmed(path, key) => None,
            crossing => Some(crossing),
        }
    }

    fn trust(&mut self, key: &KeyName, to: &WriteOnly) -> Result<Option<String>, FilterError> {
        let Some(lookup) = self.lookup().map_err(FilterError::Rule)? else { return Ok(None) };
        let named = (key.clone(), *to);
        if lookup.trusted.contains(&named) {
            return Ok(None);
        }
        let generation = lookup.roster.infos.get(key).map_or(0, |info| info.generation);
        let notice = write_only::trust(lookup.repository, key, generation, to)?;
        lookup.trusted.push(named);
        Ok(notice)
    }

    fn taken_out(&mut self, key: &KeyName) -> Option<PinError> {
        let lookup = self.lookup().ok()??;
        write_only::refusal(lookup.repository, lookup.roster.infos.get(key)?)
    }

    fn warnings(&mut self) -> Vec<String> {
        let keyring = &self.surroundings.keyring;
        let mut warnings: Vec<String> = self.memory.take_warning().into_iter().collect();
        let Some(lookup) = self.lookup.as_ref().filter(|_| !keyring.is_empty()) else {
            return warnings;
        };
        // git may have written others meanwhile.
        let is_current = lookup.roster.infos.keys().all(|name| lookup.is_current(name));
        let again = (!is_current).then(|| Roster::read(lookup.repository).ok()).flatten();
        let roster = again.as_ref().unwrap_or(&lookup.roster);
        let found = exchanged::find(lookup.repository, roster, keyring);
        warnings.extend(found.iter().map(ToString::to_string));
        warnings
    }

    /// Also of a key that somebody has taken out of `.shroud/`, if this clone knows it.
    fn name_of(&mut self, id: KeyId) -> Option<KeyName> {
        let lookup = self.lookup().ok()??;
        let described = lookup.roster.infos.values().find(|info| id.names(info.id));
        let pinned = || Pins::load(lookup.repository.common_dir()).ok()?.name_of(id).cloned();
        described.map(|info| info.name.clone()).or_else(pinned)
    }

    fn seal_to(
        &mut self,
        to: &WriteOnly,
        values: &[(&[u8], &Place)],
        quoted: bool,
    ) -> io::Result<(Vec<String>, Option<String>)> {
        let common_dir = self.surroundings.location.as_ref().map(|at| at.common_dir.as_path());
        write_only::tokens(common_dir.unwrap_or(Path::new("")), to, values, quoted)
    }

    fn later(&mut self, key: &KeyName, ids: &[KeyId]) -> Result<Option<String>, String> {
        let Some(lookup) = self.lookup()? else { return Ok(None) };
        if let Some(known) = lookup.later.get(key) {
            return known.clone();
        }
        let found = find_later(lookup.repository, key, ids).map_err(|error| error.to_string());
        lookup.later.insert(key.clone(), found.clone());
        found
    }
}
