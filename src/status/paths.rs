//! The paths that a user names.

use std::collections::HashSet;

use gix::bstr::ByteSlice as _;

use crate::git::GitError;

/// The paths that match git's pathspecs, as the index has them.
///
/// # Errors
/// git fails, as where a pathspec is none.
pub fn expand_pathspecs(
    git: &crate::git::command::Git,
    pathspecs: &[std::ffi::OsString],
) -> Result<HashSet<Vec<u8>>, GitError> {
    let fixed = ["ls-files", "-z", "--full-name", "--"].map(std::ffi::OsString::from);
    let listed = git.run(fixed.iter().chain(pathspecs))?;
    Ok(listed
        .split(|&byte| byte == 0)
        .filter(|path| !path.is_empty())
        .map(|path| path.as_bstr().to_vec())
        .collect())
}
