//! What `git diff` compares, as it names it (git-diff, "Raw output format").

use std::ffi::OsString;

use gix::ObjectId;

use super::GitError;
use super::command::Git;
use super::raw;

/// Paths are of the top of the worktree whatever the user has set, and nothing is run for a file.
const DIFF: [&str; 10] = [
    "-c",
    "diff.relative=false",
    "diff",
    "--raw",
    "-z",
    "--no-abbrev",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=all",
];

/// Where one side of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It is not there.
    Absent,
    /// In the object database.
    Blob(ObjectId),
    /// In the worktree.
    Worktree,
}

/// A file that differs.
#[derive(Debug, PartialEq, Eq)]
pub enum Change {
    /// From one side to the other.
    Between(Side, Side),
    /// In a merge conflict.
    Unmerged,
}

/// The regular files that differ, by their paths relative to the top of the worktree: between index and worktree, a
/// revision and the worktree, or two revisions; with `cached` between a revision and the index.
///
/// # Errors
/// git fails, as where a revision names nothing.
pub fn changes(
    git: &Git,
    cached: bool,
    revisions: &[OsString],
    paths: &[OsString],
) -> Result<Vec<(Vec<u8>, Change)>, GitError> {
    let fixed = DIFF.iter().chain(cached.then_some(&"--cached")).map(OsString::from);
    let arguments = fixed.chain(revisions.iter().cloned()).chain(["--".into()]);
    parse(&git.run(arguments.chain(paths.iter().cloned()))?)
}

fn parse(output: &[u8]) -> Result<Vec<(Vec<u8>, Change)>, GitError> {
    let mut changes: Vec<(Vec<u8>, Change)> = Vec::new();
    for change in raw::changes(output) {
        let raw::Change { path, status, before, after } = change?;
        let [before] = before[..] else {
            return Err(GitError::read("git diff compared more than two sides"));
        };
        if status == b"U" {
            changes.push((path.to_vec(), Change::Unmerged));
            continue;
        }
        // git names a path in conflict a second time, with what the worktree has.
        if changes.last().is_some_and(|(last, _)| last == path) {
            continue;
        }
        let (old, new) = (Side::of(before), Side::of(after));
        if (old, new) != (Side::Absent, Side::Absent) {
            changes.push((path.to_vec(), Change::Between(old, new)));
        }
    }
    Ok(changes)
}

impl Side {
    fn of(side: raw::Side<'_>) -> Self {
        match side.id() {
            _ if !side.is_file() => Self::Absent,
            None => Self::Worktree,
            Some(id) => Self::Blob(id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_raw_form_is_read() {
        let id = "1".repeat(40);
        let none = "0".repeat(40);
        let output = format!(
            ":100644 100755 {id} {none} M\0a b\0:000000 000000 {none} {none} U\0c\0:100644 100644 {id} {none} M\0c\0:120000 000000 {id} {none} D\0link\0:000000 100644 {none} {id} A\0d\0"
        );
        let blob = Side::Blob(ObjectId::from_hex(id.as_bytes()).unwrap());
        assert_eq!(
            parse(output.as_bytes()).unwrap(),
            [
                (b"a b".to_vec(), Change::Between(blob, Side::Worktree)),
                (b"c".to_vec(), Change::Unmerged),
                (b"d".to_vec(), Change::Between(Side::Absent, blob)),
            ]
        );
        assert!(parse(b"").unwrap().is_empty());
        for bad in ["x\0a\0", ":1 2\0a\0", ":100644", "::100644 100644 100644 1 2 3 MM\0a\0"] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }
}
