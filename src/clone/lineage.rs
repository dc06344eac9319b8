//! Whether an earlier generation of a key is described because the branch never rotated, or because somebody has put the
//! old description back.

use gix::bstr::ByteSlice as _;

use super::CloneError;
use crate::format::KeyId;
use crate::git::history::{RAW_LOG, shallow_boundary};
use crate::git::objects::{self, Blob};
use crate::git::raw::{Record, records};
use crate::git::repository::Repository;
use crate::keyring::KeyName;
use crate::store::shroud_dir::{File, KeyInfo};

/// The newest commit in the history of `HEAD` that described one of these keys, for people to read; `None` where none did.
///
/// A rotation that is on another branch, or was dropped before it was pushed, is in no commit of `HEAD`. Where a removed
/// member has pushed the old description again, the rotation is.
///
/// # Errors
/// The history cannot be read, or not all of it is here, so that nothing can be said.
pub fn find_later(
    repository: &Repository,
    name: &KeyName,
    ids: &[KeyId],
) -> Result<Option<String>, CloneError> {
    if repository.git.query(["rev-parse", "-q", "--verify", "HEAD"])?.is_none() {
        return Ok(None);
    }
    let path = File::Key(name.clone()).path();
    let pathspec = format!(":(top,literal){path}");
    let wanted = ["--format=%x01%h by %an", "HEAD", "--", &pathspec];
    let log = repository.git.run([&RAW_LOG[..], &wanted].concat())?;
    let mut commit = String::new();
    let mut is_whole = shallow_boundary(repository)?.is_empty();
    for record in records(&log) {
        let blob = match record? {
            Record::Commit(named) => {
                commit = crate::sanitise::text(&named.to_str_lossy());
                continue;
            }
            Record::Change(change) => change.after.id(),
        };
        let Some(blob) = blob else { continue };
        match objects::read(repository, blob)? {
            Blob::Memory(bytes) => {
                let info = KeyInfo::parse(&bytes, name).ok();
                if info.is_some_and(|info| ids.contains(&info.id)) {
                    return Ok(Some(commit));
                }
            }
            Blob::Large => {}
            Blob::Missing => is_whole = false,
        }
    }
    if is_whole {
        return Ok(None);
    }
    Err(CloneError::IncompleteHistory { path, name: name.clone() })
}
