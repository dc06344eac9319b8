//! A push: one manifest on top of the one that the host has, again and again until nobody was faster.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::RemoteError;
use super::change::{self, Change, Objects, Refs, Request};
use super::fetch::{read_applied, write_applied};
use super::local::Local;
use super::manifest::Manifest;
use super::pack;
use super::store::{Remote, State};
use super::update::{Access, Base, TRIES, Tried, Update};
use super::whole::{FOLDER, remove_unfinished};
use crate::fs::scratch_folder::ScratchFolder;
use crate::progress::Progress;
use crate::recipient::Ask;

/// How many packs of about one size come together before they become one.
const MANY: usize = 8;
/// No pack that becomes one with others is larger than all of them by this factor.
const SHARE: u64 = 4;

/// What git asks of a push.
#[derive(Clone, Debug, Default)]
pub struct Pushing {
    /// The refs, and what each should be.
    pub requests: Vec<Request>,
    /// What the user expects of refs.
    pub leases: BTreeMap<String, String>,
    /// All or nothing.
    pub atomic: bool,
    /// Change nothing.
    pub dry_run: bool,
}

/// Why a ref is not pushed whose files would not all come along.
pub const LFS: &str = "it uses Git LFS, whose files would not come along";
/// The setting that pushes all the same.
pub const LFS_SETTING: &str = "shroud.pushLfsPointers";

/// What became of each ref: changed (or so already), or why not.
pub type Pushed = Vec<(String, Result<(), String>)>;

impl Objects for Local {
    fn has(&self, id: &str) -> bool {
        self.present(&[id.to_owned()]).is_ok_and(|present| !present.is_empty())
    }

    fn is_commit(&self, id: &str) -> bool {
        Local::is_commit(self, id)
    }

    fn is_ancestor(&self, old: &str, new: &str) -> bool {
        Local::is_ancestor(self, old, new)
    }
}

/// Pushes. git and its user have seen the state `seen`.
///
/// # Errors
/// The host refuses or is out of reach, or a pack cannot be made. The store is as it was, unless the error says otherwise.
pub fn push(
    remote: &Remote,
    seen: &State,
    pushing: &Pushing,
    progress: &dyn Progress,
    ask: Ask<'_>,
) -> Result<Pushed, RemoteError> {
    let local = remote.local()?;
    let _lock = remote.lock()?;
    remove_unfinished(&remote.dir)?;
    let takes_lfs = local.is_set(LFS_SETTING);
    let mut fresh: Option<State> = None;
    for _ in 0..TRIES {
        let state = fresh.as_ref().unwrap_or(seen);
        let refs = &state.manifest.refs;
        let requests = &pushing.requests;
        let mut decided =
            change::decide(requests, refs, &seen.manifest.refs, &pushing.leases, local);
        for decided in decided.iter_mut().filter(|_| !takes_lfs) {
            if let Ok(Change::Set(to)) = decided
                && local.uses_lfs(&to.id)?
            {
                *decided = Err(LFS);
            }
        }
        let mut outcome: Pushed = requests
            .iter()
            .zip(&decided)
            .map(|(request, decided)| {
                let done = decided.as_ref().map(drop).map_err(|why| (*why).to_owned());
                (request.target.clone(), done)
            })
            .collect();
        if pushing.atomic && outcome.iter().any(|(_, done)| done.is_err()) {
            for (_, done) in outcome.iter_mut().filter(|(_, done)| done.is_ok()) {
                *done = Err("atomic push failed".to_owned());
            }
            return Ok(outcome);
        }
        let changes = requests.iter().zip(&decided).filter_map(|(request, decided)| {
            Some((request.target.as_str(), decided.as_ref().ok()?))
        });
        let after = match change::apply(refs, changes) {
            Ok(after) => after,
            Err((one, other)) => {
                let why = format!("'{one}' and '{other}' cannot both be there");
                for (_, done) in outcome.iter_mut().filter(|(_, done)| done.is_ok()) {
                    *done = Err(why.clone());
                }
                return Ok(outcome);
            }
        };
        if after == *refs || pushing.dry_run {
            return Ok(outcome);
        }
        match push_refs(remote, local, state, after, progress)? {
            Tried::Done => return Ok(outcome),
            Tried::Overtaken => fresh = Some(remote.sync(ask)?),
        }
    }
    Err(RemoteError::Contended(TRIES))
}

/// The objects that refs lead to, without those that are known.
fn tips<'a>(refs: &Refs, known: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let known: BTreeSet<&String> = known.into_iter().collect();
    let all: BTreeSet<&String> = refs.values().map(|to| &to.id).collect();
    all.difference(&known).map(|id| (*id).clone()).collect()
}

/// One try: makes the pack, the manifest and the commit, and pushes it.
fn push_refs(
    remote: &Remote,
    local: &Local,
    state: &State,
    after: Refs,
    progress: &dyn Progress,
) -> Result<Tried, RemoteError> {
    let before = &state.manifest;
    let folder = ScratchFolder::new_in(&remote.dir, FOLDER)?;
    let packing = progress.meter("packing objects");
    let made = make_pack(local, folder.path(), before, &after)?;
    drop(packing);
    let (mut packs, new) = match made {
        Some((kept, packed, tips)) => {
            let key = &state.entry().key;
            let (pack, sealed) = pack::seal(&remote.mirror, key, &packed, tips, progress)?;
            // The same objects, as after a push whose answer was lost.
            let is_new = !before.packs[..kept].iter().any(|there| there.name() == pack.name());
            (before.packs[..kept].to_vec(), is_new.then_some((pack, sealed)))
        }
        None => (before.packs.clone(), None),
    };
    let mut blobs = BTreeMap::new();
    let mut name = None;
    if let Some((pack, sealed)) = new {
        name = Some(pack.name().to_owned());
        packs.push(pack);
        blobs.extend(sealed);
    }
    let own = local.git.word(["symbolic-ref", "--quiet", "HEAD"]).ok();
    let manifest = Manifest {
        generation: before.generation + 1,
        previous: Some(state.digest),
        head: change::head(before.head.as_deref(), own.as_deref(), &after),
        refs: after,
        packs,
        ..before.clone()
    };
    let update =
        Update::make(remote, Base::On(state), &manifest, state.entry(), Access::of(state), &blobs)?;
    let sending = progress.meter("sending to the host");
    let tried = update.push(false)?;
    drop(sending);
    if let (Tried::Done, Some(name)) = (&tried, name) {
        // Its objects are here: there is no need to fetch it.
        let mut applied = read_applied(&remote.dir);
        applied.insert(name);
        write_applied(&remote.dir, &applied, &manifest)?;
    }
    Ok(tried)
}

/// Makes the pack that a push needs. How many packs of the store stay before it, and the tips that it adds; `None` where all objects
/// are there.
fn make_pack(
    local: &Local,
    folder: &Path,
    before: &Manifest,
    after: &Refs,
) -> Result<Option<(usize, super::local::Packed, Vec<String>)>, RemoteError> {
    let there: Vec<String> = {
        let refs = before.refs.values().map(|to| to.id.clone());
        let tips = before.packs.iter().flat_map(|pack| pack.tips.iter().cloned());
        refs.chain(tips).collect::<BTreeSet<_>>().into_iter().collect()
    };
    let wanted = tips(after, &there);
    if wanted.is_empty() {
        return Ok(None);
    }
    if local.is_shallow() {
        return Err(RemoteError::Shallow);
    }
    let all = before.packs.len();
    let kept = kept(&before.packs.iter().map(|pack| pack.bytes).collect::<Vec<_>>());
    if kept < all {
        let known: Vec<String> =
            before.packs[..kept].iter().flat_map(|pack| pack.tips.iter().cloned()).collect();
        let wanted = tips(after, &known);
        // Only who has all of it can write it anew.
        if local.present(&wanted)?.len() == wanted.len() {
            let known = local.present(&known)?;
            match local.pack(folder, &wanted, &known) {
                Ok(packed) => return Ok(packed.map(|packed| (kept, packed, wanted))),
                // An object is missing, which the push itself does not need.
                Err(RemoteError::Git(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }
    let there = local.present(&there)?;
    let packed = local.pack(folder, &wanted, &there)?;
    Ok(packed.map(|packed| (all, packed, wanted)))
}

/// How many packs of these sizes stay as they are: the rest become one with the pack that is pushed. Each object is written again
/// once each time that its pack becomes a few times as large.
fn kept(sizes: &[u64]) -> usize {
    for from in 0..sizes.len() {
        let rest = &sizes[from..];
        if rest.len() < MANY {
            break;
        }
        let all: u64 = rest.iter().sum();
        let largest = rest.iter().max().copied().unwrap_or(0);
        if largest.saturating_mul(SHARE) <= all {
            return from;
        }
    }
    sizes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_become_one_by_size_and_a_large_one_stays() {
        assert_eq!(kept(&[]), 0);
        assert_eq!(kept(&[1; 7]), 7);
        assert_eq!(kept(&[1; 8]), 0);
        assert_eq!(kept(&[1000, 1, 1, 1, 1, 1, 1, 1, 1]), 1);
        assert_eq!(kept(&[1000, 1, 1, 1, 1, 1, 1, 1]), 8);
        // A thousand pushes leave few packs, and write each byte few times.
        let (mut sizes, mut written) = (vec![1_000_000], 0);
        for _ in 0..1000 {
            let kept = kept(&sizes);
            let sum = sizes.split_off(kept).iter().sum::<u64>() + 1;
            written += sum;
            sizes.push(sum);
            assert!(sizes.len() < 40, "{sizes:?}");
        }
        assert!(written < 6_000, "{written}");
        assert_eq!(sizes[0], 1_000_000);
    }
}
