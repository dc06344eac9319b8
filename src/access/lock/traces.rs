//! What git itself keeps as plaintext.

use std::io;
use std::path::Path;

use gix::bstr::ByteSlice as _;

use super::LockError;
use crate::fs::replace;
use crate::fs::{Access, read_regular, with_path, write_atomic};
use crate::git::repository::Repository;
use crate::progress::Progress;

/// In the line between a message and the diff below it (git-commit, "--cleanup=scissors").
const CUT: &[u8] = b"------------------------ >8 ------------------------";
/// Bytes of a file with a message, at most.
const MAX_MESSAGE: usize = 256 << 20;

/// Takes away the diff that 'git commit -v' showed, which git leaves in the file of the last message.
pub(super) fn cut_message(git_dir: &Path) -> io::Result<()> {
    let file = git_dir.join("COMMIT_EDITMSG");
    let text = match read_regular(&file, MAX_MESSAGE) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        text => text?,
    };
    let Some(cut) = text.find(CUT) else { return Ok(()) };
    let kept = text[..cut].rfind_byte(b'\n').map_or(0, |end| end + 1);
    write_atomic(&file, &text[..kept], Access::Shared)
}

/// Removes what git itself stored as plaintext: recorded conflict resolutions, diffs below messages, and notes of a cached
/// textconv.
pub(super) fn clear_traces(
    progress: &dyn Progress,
    repository: &Repository,
) -> Result<(), LockError> {
    for git_dir in repository.git_dirs()? {
        cut_message(&git_dir).map_err(LockError::Trace)?;
    }
    let rerere = repository.common_dir().join("rr-cache");
    match replace::remove_tree(&rerere) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(LockError::Trace(with_path(&rerere, &error)));
        }
        _ => {}
    }
    let notes =
        repository.git.run(["for-each-ref", "--format=%(refname)", "refs/notes/textconv/"])?;
    let notes: Vec<_> =
        notes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).collect();
    if notes.is_empty() {
        return Ok(());
    }
    let delete: Vec<u8> =
        notes.iter().flat_map(|name| [b"delete ", *name, b"\n"].concat()).collect();
    repository.git.run_with_input(["update-ref", "--stdin"], &delete)?;
    progress.warning("git had cached plaintext in notes; their refs were removed");
    progress
        .hint("remove the objects too: git gc --prune=now; and unset diff.shroud.cachetextconv");
    Ok(())
}
