//! Plaintext that git does not know: at paths that would be sealed.

use super::LockError;
use crate::error::count;
use crate::format::{self, Sniff};
use crate::git::attributes::Attributes;
use crate::git::repository::Repository;
use crate::progress::Progress;
use crate::repo_path;
use crate::sanitise::path as show;

/// How many files are named.
const NAMED: usize = 20;
/// Bytes that tell what a file is.
const START: usize = format::HEADER_LEN;

/// Says which files stay as plaintext, as git does not know them or ignores them.
pub(super) fn warn(progress: &dyn Progress, worktrees: &[Repository]) -> Result<(), LockError> {
    let mut named = 0;
    for worktree in worktrees {
        let ignored = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard"];
        let ignored = worktree.git.run(ignored)?;
        let unknown = worktree.git.run(["ls-files", "-z", "--others", "--exclude-standard"])?;
        let mut attributes = Attributes::new(worktree)?;
        for (listed, why) in [(unknown, "is not tracked by git"), (ignored, "is ignored by git")] {
            for path in listed.split(|&byte| byte == 0).filter(|path| !path.is_empty()) {
                if attributes.of(path)?.is_encrypted() && holds_plaintext(worktree, path) {
                    named += 1;
                    if named <= NAMED {
                        progress.warning(&format!("{} {why} and stays plaintext", show(path)));
                    }
                }
            }
        }
    }
    if named > NAMED {
        let more = count((named - NAMED) as u64, "more file");
        progress.warning(&format!("and so do {more} that git does not track"));
    }
    Ok(())
}

/// Unless it is known not to, as what is sealed, empty, or no file.
fn holds_plaintext(worktree: &Repository, path: &[u8]) -> bool {
    let top = worktree.worktree.as_deref();
    let Some(file) = top.zip(repo_path::to_native(path)).map(|(top, path)| top.join(path)) else {
        return true;
    };
    match file.symlink_metadata() {
        Ok(metadata) if !metadata.is_file() => return false,
        Ok(_) => {}
        Err(_) => return true,
    }
    let start = crate::fs::open_regular(&file).and_then(|file| {
        let mut start = Vec::with_capacity(START);
        std::io::Read::read_to_end(&mut std::io::Read::take(file, START as u64), &mut start)?;
        Ok(start)
    });
    start.is_ok_and(|start| match format::sniff(&start) {
        Sniff::NotSealed => true,
        Sniff::GitCrypt => !crate::git_crypt::is_encrypted(&start),
        _ => false,
    })
}
