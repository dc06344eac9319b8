//! Whether what a host serves follows from what was seen (docs/format.md, section 9.5).

use super::{Remote, State, open_manifest, open_part};
use crate::keyring::Keyring;
use crate::remote::RemoteError;
use crate::remote::chain::{self, Chain};
use crate::remote::manifest::{self, FileDigest};
use crate::remote::pin::Pin;
use crate::remote::verdict::Verdict;

/// Goes back from a state, manifest by manifest. Each one is the one whose digest the next one names.
struct Walk<'s> {
    remote: &'s Remote,
    keys: &'s Keyring,
    commit: String,
    generation: u64,
    digest: FileDigest,
    previous: Option<FileDigest>,
    has_history: bool,
}

impl<'s> Walk<'s> {
    fn new(remote: &'s Remote, state: &'s State) -> Self {
        Self {
            remote,
            keys: &state.keys,
            commit: state.commit.clone(),
            generation: state.manifest.generation,
            digest: state.digest,
            previous: state.manifest.previous,
            has_history: false,
        }
    }

    /// Goes to the manifest before; `false` where it is not there, or is another one.
    fn step(&mut self) -> Result<bool, RemoteError> {
        let mirror = &self.remote.mirror;
        let parent = match mirror.parent(&self.commit)? {
            Some(parent) => parent,
            None if self.has_history => return Ok(false),
            None => {
                mirror.fetch_history()?;
                self.has_history = true;
                let Some(parent) = mirror.parent(&self.commit)? else { return Ok(false) };
                parent
            }
        };
        let files = mirror.files(&parent)?;
        let Some(file) = files.get("manifest") else { return Ok(false) };
        let sealed = mirror.read("manifest", file, manifest::MAX_SEALED)?;
        if self.previous != Some(manifest::digest(&sealed)) {
            return Ok(false);
        }
        let opened = open_manifest(self.keys, &sealed)?;
        if opened.manifest.generation + 1 != self.generation {
            return Ok(false);
        }
        self.commit = parent;
        self.generation = opened.manifest.generation;
        self.digest = opened.digest;
        self.previous = opened.manifest.previous;
        Ok(true)
    }
}

impl Remote {
    /// Whether a state descends from what was seen.
    pub(super) fn check(&self, state: &State, pin: &Pin) -> Result<(), RemoteError> {
        let id = crate::hex::lower(&state.digest);
        if state.manifest.repository != pin.repository {
            return Err(Verdict::Replaced { id }.into());
        }
        let (served, seen) = (state.manifest.generation, pin.generation);
        if served < seen {
            return Err(Verdict::Stale { served, seen, id }.into());
        }
        let forked = || Verdict::Forked { served, seen, id: id.clone() };
        // Anybody can make a key and wrap it to a member; only who held the key that was seen knows it.
        if state.keys.by_id(pin.key).is_none() {
            return Err(forked().into());
        }
        match self.descends(state, pin) {
            Ok(true) => Ok(()),
            Ok(false) => Err(forked().into()),
            Err(error) => Err(error),
        }
    }

    fn descends(&self, state: &State, pin: &Pin) -> Result<bool, RemoteError> {
        let mut walk = Walk::new(self, state);
        // The one step that needs neither the chain nor another manifest.
        if walk.generation > pin.generation + 1
            && let Some(digest) = self.chain(state)?.of(pin.generation)
        {
            return Ok(digest == pin.manifest);
        }
        for _ in 0..chain::MAX {
            if walk.generation == pin.generation {
                return Ok(walk.digest == pin.manifest);
            }
            if walk.generation == pin.generation + 1 {
                return Ok(walk.previous == Some(pin.manifest));
            }
            if !walk.step()? {
                return Ok(false);
            }
        }
        Ok(false)
    }

    /// The digests that the store has of manifests whose commits are gone; none before its history was cut off.
    fn chain(&self, state: &State) -> Result<Chain, RemoteError> {
        let Some(expected) = state.manifest.chain else { return Ok(Chain::default()) };
        let sealed = self.read_file(&state.files, "chain", chain::MAX_SEALED)?;
        Chain::parse(&open_part(&state.keys, "chain", &sealed, &expected)?)
    }

    /// The digests of all manifests up to this one. This run has looked at each of them, or somebody who cut off the history.
    ///
    /// # Errors
    /// The host does not have one of them.
    pub fn whole_chain(&self, state: &State) -> Result<Chain, RemoteError> {
        let incomplete = || RemoteError::Incomplete("an earlier state is missing".to_owned());
        let known = self.chain(state)?;
        let mut walk = Walk::new(self, state);
        let mut digests = vec![walk.digest];
        while walk.generation > known.len() + 1 {
            if !walk.step()? {
                return Err(incomplete());
            }
            digests.push(walk.digest);
        }
        if walk.generation != known.len() + 1 || walk.previous != known.of(known.len()) {
            return Err(incomplete());
        }
        let earlier = (1..=known.len()).filter_map(|generation| known.of(generation));
        Ok(Chain::new(earlier.chain(digests.into_iter().rev()).collect()))
    }
}
