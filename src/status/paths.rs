//! The paths that a user names.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::Path;

use gix::bstr::ByteSlice as _;

use crate::git::GitError;
use crate::git::command::Git;

/// The paths that match git's pathspecs, given in `dir`, as the index has them.
///
/// # Errors
/// git fails, as where a pathspec is none.
pub fn expand_pathspecs(dir: &Path, pathspecs: &[OsString]) -> Result<HashSet<Vec<u8>>, GitError> {
    let fixed = ["ls-files", "-z", "--full-name", "--"].map(OsString::from);
    let listed = Git::new(dir).with_users_pathspecs().run(fixed.iter().chain(pathspecs))?;
    Ok(listed
        .split(|&byte| byte == 0)
        .filter(|path| !path.is_empty())
        .map(|path| path.as_bstr().to_vec())
        .collect())
}
