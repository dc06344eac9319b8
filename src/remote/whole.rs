//! All that a store holds, in an empty repository apart from the clone: what a newcomer would get.

use std::path::{Path, PathBuf};

use super::RemoteError;
use super::local::Local;
use super::pack;
use super::store::{Remote, State};
use crate::fs::scratch_folder::ScratchFolder;
use crate::git::isolated::Isolated;
use crate::progress::Progress;

/// Begins the names of folders that are removed after a run that was cut off.
pub(super) const FOLDER: &str = "push-";

/// A repository with every object of a store, and nothing else. It is removed where this is dropped.
pub struct Whole {
    folder: ScratchFolder,
    /// The repository.
    pub local: Local,
}

impl Whole {
    /// Opens every pack, and looks at each object and whether all that the refs lead to is there.
    ///
    /// # Errors
    /// Something is missing or was changed.
    pub fn open(
        remote: &Remote,
        state: &State,
        progress: &dyn Progress,
    ) -> Result<Self, RemoteError> {
        let folder = ScratchFolder::new_in(&remote.dir, FOLDER)?;
        let local = make_empty(&folder.path().join("whole"), &state.manifest.object_format)?;
        let incoming = local.incoming()?;
        let meter = &progress.meter("opening packs (MiB)");
        meter.expect(pack::mebibytes(state.manifest.bytes()));
        for pack in &state.manifest.packs {
            let open = |sink: &mut dyn std::io::Write| {
                pack::open(&remote.mirror, &state.files, &state.keys, pack, meter, sink)
            };
            incoming.index(open)?;
        }
        let ids: Vec<String> = state.manifest.refs.values().map(|to| to.id.clone()).collect();
        if !ids.is_empty() {
            incoming.is_connected(&ids)?.map_err(RemoteError::Incomplete)?;
        }
        for keeps in incoming.migrate()? {
            crate::fs::replace::remove(keeps)?;
        }
        Ok(Self { folder, local })
    }

    /// A folder for more files, which is removed with the repository.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn make_empty(dir: &Path, object_format: &str) -> Result<Local, RemoteError> {
    let dir: PathBuf = dir.to_owned();
    let git = Isolated::new(&dir).with_env("GIT_DEFAULT_HASH", object_format);
    std::fs::create_dir(&dir)?;
    git.run(["init", "--quiet", "--bare", "--template="])?;
    let objects = dir.join("objects");
    Ok(Local { git_dir: dir.clone(), common_dir: dir, objects, others: None, git })
}

/// Removes what a killed run has left. Only under the lock.
pub(super) fn remove_unfinished(dir: &Path) -> Result<(), RemoteError> {
    for entry in std::fs::read_dir(dir)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(FOLDER) {
            crate::fs::replace::remove_tree(entry.path())?;
        }
    }
    Ok(())
}
