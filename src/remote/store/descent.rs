//! Whether what a host serves follows from what was seen (docs/format.md, section 9.5).

use super::{Remote, State, open_manifest};
use crate::remote::RemoteError;
use crate::remote::manifest;
use crate::remote::pin::Pin;
use crate::remote::verdict::Verdict;

/// Manifests that are read at most to find out whether one descends from another.
const MAX_CHAIN: u64 = 1_000_000;

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
        let mut commit = state.commit.clone();
        let mut generation = state.manifest.generation;
        let mut digest = state.digest;
        let mut previous = state.manifest.previous;
        let mut has_history = false;
        for _ in 0..MAX_CHAIN {
            if generation == pin.generation {
                return Ok(digest == pin.manifest);
            }
            // The one step that needs no other manifest.
            if generation == pin.generation + 1 {
                return Ok(previous == Some(pin.manifest));
            }
            let parent = match self.mirror.parent(&commit)? {
                Some(parent) => parent,
                None if has_history => return Ok(false),
                None => {
                    self.mirror.fetch_history()?;
                    has_history = true;
                    continue;
                }
            };
            let files = self.mirror.files(&parent)?;
            let Some(file) = files.get("manifest") else { return Ok(false) };
            let sealed = self.mirror.read("manifest", file, manifest::MAX_SEALED)?;
            if previous != Some(manifest::digest(&sealed)) {
                return Ok(false);
            }
            let opened = open_manifest(&state.keys, &sealed)?;
            if opened.manifest.generation + 1 != generation {
                return Ok(false);
            }
            commit = parent;
            generation = opened.manifest.generation;
            digest = opened.digest;
            previous = opened.manifest.previous;
        }
        Ok(false)
    }
}
