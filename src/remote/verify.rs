//! Looking through all of a store, apart from the clone: would a newcomer get everything?

use super::RemoteError;
use super::init::find;
use super::local::Local;
use super::pack;
use crate::fs::scratch_folder::ScratchFolder;
use crate::git::isolated::Isolated;
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
    let folder = ScratchFolder::new_in(&remote.dir, "push-verify-")?;
    let dir = folder.path().join("empty");
    let git =
        Isolated::new(&dir).with_env("GIT_DEFAULT_HASH", state.manifest.object_format.as_str());
    std::fs::create_dir(&dir)?;
    git.run(["init", "--quiet", "--bare", "--template="])?;
    let empty = Local {
        git_dir: dir.clone(),
        common_dir: dir.clone(),
        objects: dir.join("objects"),
        others: None,
        git,
    };
    let incoming = empty.incoming()?;
    let meter = progress.meter("looking at packs");
    meter.expect(state.manifest.packs.len() as u64);
    for pack in &state.manifest.packs {
        incoming.index(|sink| pack::open(&remote.mirror, &state.files, &state.keys, pack, sink))?;
        meter.add(1);
    }
    let ids: Vec<String> = state.manifest.refs.values().map(|to| to.id.clone()).collect();
    if !ids.is_empty() {
        incoming.is_connected(&ids)?.map_err(RemoteError::Incomplete)?;
    }
    Ok(Verified {
        packs: state.manifest.packs.len(),
        objects: state.manifest.packs.iter().map(|pack| pack.objects).sum(),
        refs: ids.len(),
    })
}
