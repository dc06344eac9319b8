//! Files that git, git-crypt or this program read as they are in the repository, without filters.

use super::attributes_file::exception_for;

/// The folders in which this program or git-crypt reads every file.
const FOLDERS: [&str; 2] = [".shroud", ".git-crypt"];

/// Whether the file is read without filters, so that it must not be sealed.
pub fn is_own(path: &[u8]) -> bool {
    exception_for(path).is_some() || folder_of(path).is_some()
}

/// The folder that makes the file such a one, if it is one.
pub fn folder_of(path: &[u8]) -> Option<&'static str> {
    let is_below = |folder: &&str| {
        path.strip_prefix(folder.as_bytes()).is_some_and(|rest| rest.starts_with(b"/"))
    };
    FOLDERS.into_iter().find(is_below)
}
