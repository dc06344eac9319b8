//! Which blobs stood at a path in any commit of a history.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsString;

use gix::ObjectId;

use super::GitError;
use super::history::PLAIN_LOG;
use super::raw::changes;
use super::repository::Repository;

/// Paths that git is asked for by name, at most: it compares each entry of each tree with each of them. For more it lists all
/// changes, which is faster then.
const MAX_NAMED: usize = 100;
/// Every change once, without renames, and of merges what differs from all parents.
const CHANGES: [&str; 9] = [
    "--full-history",
    "-c",
    "--raw",
    "-z",
    "--no-abbrev",
    "--no-renames",
    "--no-ext-diff",
    "--format=",
    // No order of the user's own.
    "-O/dev/null",
];

/// The blobs that stood at these paths in the commits that `tips` lead to, and in these themselves. Each pair comes once, in no
/// order. What a shallow clone has cut off is not looked at.
///
/// # Errors
/// git fails, as where a commit is missing.
pub fn blobs_before(
    repository: &Repository,
    tips: &[ObjectId],
    paths: &BTreeSet<Vec<u8>>,
) -> Result<HashSet<(Vec<u8>, ObjectId)>, GitError> {
    if tips.is_empty() || paths.is_empty() {
        return Ok(HashSet::new());
    }
    let literal = |path: &Vec<u8>| {
        let mut literal = OsString::from(":(top,literal)");
        literal.push(crate::repo_path::to_native(path)?);
        Some(literal)
    };
    let named: Option<Vec<_>> =
        if paths.len() > MAX_NAMED { None } else { paths.iter().map(literal).collect() };
    let lines: String = tips.iter().map(|id| format!("{id}\n")).collect();
    let fixed = ["-c", "log.follow=false"].iter().chain(&PLAIN_LOG);
    let fixed = fixed.chain(&CHANGES).chain(&["--stdin", "--"]).map(OsString::from);
    let arguments = fixed.chain(named.unwrap_or_default());
    let listed = repository.git.run_with_input(arguments, lines.as_bytes())?;
    parse(&listed, paths)
}

fn parse(
    listed: &[u8],
    paths: &BTreeSet<Vec<u8>>,
) -> Result<HashSet<(Vec<u8>, ObjectId)>, GitError> {
    let mut blobs = HashSet::new();
    for change in changes(listed) {
        let change = change?;
        if !paths.contains(change.path) {
            continue;
        }
        for side in change.before.iter().chain([&change.after]).filter(|side| side.is_file()) {
            blobs.extend(side.id().map(|id| (change.path.to_vec(), id)));
        }
    }
    Ok(blobs)
}
