//! A fetch: packs that are not here yet, looked at before they become the repository's own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::RemoteError;
use super::local::{Incoming, Local};
use super::manifest::{Manifest, Pack};
use super::pack;
use super::store::{Remote, State};
use crate::fs::{Access, read_bounded, write_atomic};
use crate::progress::Progress;

/// Bytes of the longest list of packs that is read.
const MAX_APPLIED: usize = 1 << 20;

/// The packs of a store that were taken. It only spares work: what is missing is found, and then all packs are taken again.
pub fn read_applied(dir: &Path) -> BTreeSet<String> {
    let bytes = read_bounded(&dir.join("applied"), MAX_APPLIED).unwrap_or_default();
    String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
}

/// Remembers those that the store still has.
///
/// # Errors
/// The list cannot be written.
pub fn write_applied(
    dir: &Path,
    applied: &BTreeSet<String>,
    manifest: &Manifest,
) -> Result<(), RemoteError> {
    let names = manifest.packs.iter().map(Pack::name);
    let text: String =
        names.filter(|name| applied.contains(*name)).map(|name| format!("{name}\n")).collect();
    Ok(write_atomic(&dir.join("applied"), text.as_bytes(), Access::Private)?)
}

/// Fetches what these objects lead to. Returns files to remove once refs lead there: until then they keep the packs.
///
/// # Errors
/// A pack is missing, was changed, or holds what git does not take, or the objects do not connect. Then no object has come.
pub fn fetch(
    remote: &Remote,
    state: &State,
    wanted: &[String],
    all: bool,
    progress: &dyn Progress,
) -> Result<Vec<PathBuf>, RemoteError> {
    let local = remote.local()?;
    let _lock = remote.lock()?;
    local.remove_left_keeps();
    let (here, there) = (local.object_format()?, &state.manifest.object_format);
    if here != *there {
        return Err(RemoteError::ObjectFormat { here, there: there.clone() });
    }
    let applied = if all { BTreeSet::new() } else { read_applied(&remote.dir) };
    let mut taken = take(remote, state, wanted, Some(&applied).filter(|_| !all), progress);
    // What was taken may have been removed since, as nothing led to it.
    if taken.is_err() && !applied.is_empty() {
        taken = take(remote, state, wanted, None, progress);
    }
    let keeping = taken?;
    let names = state.manifest.packs.iter().map(|pack| pack.name().to_owned());
    write_applied(&remote.dir, &names.collect(), &state.manifest)?;
    Ok(keeping)
}

/// Takes those out whose objects the repository's refs lead to, as after somebody has put one pack in the place of many.
fn leave_out_what_is_here(
    local: &Local,
    incoming: &Incoming<'_>,
    packs: &mut Vec<&Pack>,
) -> Result<(), RemoteError> {
    let tips: Vec<String> = packs.iter().flat_map(|pack| pack.tips.iter().cloned()).collect();
    // Asked once for all: a newcomer has none of them.
    let here: BTreeSet<String> = local.present(&tips)?.into_iter().collect();
    let mut missing = Vec::new();
    for pack in packs.drain(..) {
        let is_there = !pack.tips.is_empty() && pack.tips.iter().all(|tip| here.contains(tip));
        if !is_there || incoming.is_connected(&pack.tips)?.is_err() {
            missing.push(pack);
        }
    }
    *packs = missing;
    Ok(())
}

/// Takes the packs that are missing; all of them where nothing is known of those that were taken.
fn take(
    remote: &Remote,
    state: &State,
    wanted: &[String],
    applied: Option<&BTreeSet<String>>,
    progress: &dyn Progress,
) -> Result<Vec<PathBuf>, RemoteError> {
    let local = remote.local()?;
    let incoming = local.incoming()?;
    let mut missing: Vec<&Pack> = state.manifest.packs.iter().collect();
    if let Some(applied) = applied {
        missing.retain(|pack| !applied.contains(pack.name()));
        leave_out_what_is_here(local, &incoming, &mut missing)?;
    }
    let meter = &progress.meter("opening packs (MiB)");
    meter.expect(missing.iter().map(|pack| pack::mebibytes(pack.bytes)).sum());
    for pack in missing {
        let open = |sink: &mut dyn std::io::Write| {
            pack::open(&remote.mirror, &state.files, &state.keys, pack, meter, sink)
        };
        incoming.index(open)?;
    }
    incoming.is_connected(wanted)?.map_err(RemoteError::Incomplete)?;
    incoming.migrate()
}
