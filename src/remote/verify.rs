//! Looking through all of a store, apart from the clone: would a newcomer get everything?

use super::RemoteError;
use super::init::find;
use super::whole::Whole;
use crate::git::repository::Repository;
use crate::progress::Progress;
use crate::recipient::Ask;

/// What was looked through.
#[derive(Clone, Copy, Debug)]
pub struct Verified {
    /// How many packs.
    pub packs: usize,
    /// How many objects the manifest counts in them.
    pub objects: u64,
    /// How many refs lead to objects that are all there.
    pub refs: usize,
}

/// Opens every pack of a store into an empty repository, looks at each object, and whether all that the refs lead to is there. The
/// clone is not touched.
///
/// # Errors
/// Something is missing or was changed.
pub fn verify(
    repository: &Repository,
    name: &str,
    progress: &dyn Progress,
    ask: Ask<'_>,
) -> Result<Verified, RemoteError> {
    let remote = find(repository, name)?;
    let _lock = remote.lock()?;
    let state = remote.sync(ask)?;
    Whole::open(&remote, &state, progress)?;
    Ok(Verified {
        packs: state.manifest.packs.len(),
        objects: state.manifest.packs.iter().map(|pack| pack.objects).sum(),
        refs: state.manifest.refs.len(),
    })
}
