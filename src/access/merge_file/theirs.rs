//! Which commit the other side of a merge is of, and what its own attributes say of a path.

use std::env;
use std::fs::File;
use std::path::Path;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use crate::clone::CloneError;
use crate::error::Context as _;
use crate::fs::read_bounded;
use crate::git::database::Database;
use crate::git::objects;
use crate::git::repository::Repository;
use crate::git::tree_attributes::TreeAttributes;
use crate::git::tree_path::look_up;
use crate::keyring::KeyName;

/// Bytes of the longest of git's files that is read.
const MAX_LEN: usize = 16 << 20;
/// Names one of the heads in the environment of a merge (git-merge).
const HEAD_VARIABLE: &str = "GITHEAD_";

/// Whether the attributes of their tree name this key for the path; `None` where their tree cannot be found.
///
/// `file` holds their version; a tree that has other content at the path is another. `label` is what git calls that side.
///
/// # Errors
/// An object is damaged, or git fails.
pub(super) fn theirs_names(
    repository: &Repository,
    path: &[u8],
    file: &Path,
    label: &str,
    key: &KeyName,
) -> Result<Option<bool>, CloneError> {
    let theirs = || "the version to be merged".to_owned();
    let len = file.metadata().context(theirs)?.len();
    let database = Database::open(repository)?;
    let mut cache = TreeAttributes::default();
    for name in candidates(repository, label) {
        let commit = format!("{name}^{{commit}}");
        let found =
            repository.git.query(["rev-parse", "-q", "--verify", "--end-of-options", &commit])?;
        let id = found.and_then(|id| ObjectId::from_hex(id.as_encoded_bytes()).ok());
        let Some(id) = id else { continue };
        let Some(tree) = database.tree_of(id)? else { continue };
        let Some(found) = look_up(&database, &mut cache, tree, path)? else { continue };
        let Some(blob) = found.blob else { continue };
        if objects::is_blob(repository, File::open(file).context(theirs)?, len, blob)? {
            let attributes = found.attributes;
            return Ok(Some(attributes.sealed && attributes.key.is_ok_and(|named| named == *key)));
        }
    }
    Ok(None)
}

/// What may name their commit: git says it nowhere in so many words while it merges.
fn candidates(repository: &Repository, label: &str) -> Vec<String> {
    let mut names = Vec::new();
    // A branch, or as in "1234567 (subject)".
    let word = label.split(" (").next().unwrap_or_default();
    if !word.is_empty() && !word.starts_with(['-', '%']) {
        names.push(word.to_owned());
    }
    let heads = env::vars_os()
        .filter_map(|(name, _)| name.to_str()?.strip_prefix(HEAD_VARIABLE).map(str::to_owned));
    names.extend(heads);
    let git_dir = repository.gix.git_dir();
    let read = |name: &str| read_bounded(&git_dir.join(name), MAX_LEN).ok();
    for name in ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD", "rebase-apply/original-commit"] {
        names.extend(read(name).iter().flat_map(|text| words(text, 0, false)));
    }
    // "pick 1234567 subject": the last that was begun, the first that is to come.
    names.extend(read("rebase-merge/done").iter().flat_map(|text| words(text, 1, true)));
    names.extend(read("sequencer/todo").iter().flat_map(|text| words(text, 1, false)).take(1));
    names.push("refs/stash".to_owned());
    names
}

/// One word of each line, or of the last.
fn words(text: &[u8], at: usize, last: bool) -> Vec<String> {
    let lines: Vec<&[u8]> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let skip = if last { lines.len().saturating_sub(1) } else { 0 };
    let word = |line: &&[u8]| line.to_str().ok()?.split_whitespace().nth(at).map(str::to_owned);
    lines.iter().skip(skip).filter_map(word).collect()
}
