//! Beginning the host's branch anew: one commit without a history, with everything in as few packs as there can be.
//!
//! What was pushed before is not in the branch any more, and the host can forget it. Colleagues notice nothing: the new state has the
//! digests of all earlier ones (`chain`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::RemoteError;
use super::init::find;
use super::manifest::Manifest;
use super::pack;
use super::store::{Remote, State};
use super::update::{Access, Base, Update, change, seal};
use super::whole::Whole;
use crate::error::count;
use crate::git::repository::Repository;
use crate::keyring::Entry;
use crate::progress::Progress;
use crate::recipient::Ask;

/// What it costs to begin anew, as far as is known before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Bytes of all packs: about as many are sent to the host, and fetched once by everybody.
    pub bytes: u64,
    /// Packs that become one.
    pub packs: usize,
    /// Who fetches it again.
    pub members: usize,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (packs, members) =
            (count(self.packs as u64, "pack"), count(self.members as u64, "member"));
        write!(
            f,
            "this sends {} bytes ({packs}) to the host again, and each clone of {members} fetches them again",
            self.bytes
        )
    }
}

impl Cost {
    fn of(state: &State) -> Self {
        Self {
            bytes: state.manifest.bytes(),
            packs: state.manifest.packs.len(),
            members: state.members.0.len(),
        }
    }
}

/// The user's word that the cost is to be borne.
#[derive(Clone, Copy)]
pub struct Consent {
    /// Whether it was given already.
    pub given: bool,
    /// Asks a question, for yes or no; `None` where nobody can be asked.
    pub confirm: fn(&str) -> Option<bool>,
}

impl Consent {
    /// Says the cost and, where that was not done before, asks for the user's word.
    ///
    /// # Errors
    /// It is not given.
    pub(super) fn give(
        &mut self,
        state: &State,
        progress: &dyn Progress,
    ) -> Result<(), RemoteError> {
        progress.status(&Cost::of(state).to_string());
        self.given = self.given || (self.confirm)("Begin the host's branch anew?") == Some(true);
        if self.given { Ok(()) } else { Err(RemoteError::Declined) }
    }
}

/// What a store is after it has begun anew.
#[derive(Clone, Copy, Debug)]
pub struct Compacted {
    /// Bytes of all packs before.
    pub before: u64,
    /// Bytes of all packs now.
    pub after: u64,
}

/// Begins the host's branch anew, with the same key and members.
///
/// # Errors
/// The user does not agree; the store is not complete; or the host refuses. Then it is as it was.
pub fn compact(
    repository: &Repository,
    name: &str,
    mut consent: Consent,
    progress: &dyn Progress,
    ask: Ask<'_>,
) -> Result<Compacted, RemoteError> {
    let remote = &find(repository, name)?;
    change(remote, ask, |state| {
        consent.give(state, progress)?;
        let generation = state.manifest.key_generation;
        let (update, after) =
            begin_anew(remote, state, state.entry(), Access::of(state), generation, progress)?;
        Ok((Compacted { before: state.manifest.bytes(), after }, Some(update)))
    })
}

/// Makes the update that puts one commit in the place of the whole branch, with all packs sealed by this key. Returns the bytes of the
/// packs, too.
///
/// # Errors
/// The store is not complete, or a file cannot be written.
pub(super) fn begin_anew<'r>(
    remote: &'r Remote,
    state: &State,
    entry: &Entry,
    mut access: Access,
    key_generation: u32,
    progress: &dyn Progress,
) -> Result<(Update<'r>, u64), RemoteError> {
    let chain = remote.whole_chain(state)?;
    let (blob, digest) = seal(&remote.mirror, entry, &chain.to_bytes())?;
    access.files.insert("chain".to_owned(), blob);
    access.chain = Some(digest);
    let whole = Whole::open(remote, state, progress)?;
    let tips: BTreeSet<String> = state.manifest.refs.values().map(|to| to.id.clone()).collect();
    let tips: Vec<String> = tips.into_iter().collect();
    let packed = match tips.is_empty() {
        true => None,
        false => {
            let _meter = progress.meter("packing objects");
            whole.local.pack(whole.folder(), &tips, &[])?
        }
    };
    let mut blobs = BTreeMap::new();
    let mut packs = Vec::new();
    if let Some(packed) = packed {
        let (pack, sealed) = pack::seal(&remote.mirror, &entry.key, &packed, tips, progress)?;
        packs.push(pack);
        blobs = sealed;
    }
    let manifest = Manifest { packs, ..access.next_manifest(state, key_generation) };
    let bytes = manifest.bytes();
    let base = Base::InPlaceOf(state);
    Ok((Update::make(remote, base, &manifest, entry, access, &blobs)?, bytes))
}
