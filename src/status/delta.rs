//! Files in records that git stores whole in each version all the same.

use gix::objs::Kind;

use super::FileStatus;
use crate::error::count;
use crate::git::GitError;
use crate::git::repository::Repository;

/// git's own value where nothing is configured.
const BIG_FILE: u64 = 512 << 20;

/// What keeps git from storing only what changed, for people: what is so, and what to do about it.
#[derive(Debug)]
pub struct Undeltad {
    /// What is so.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// Why the delta layout saves nothing in this repository, where attributes ask for it.
///
/// # Errors
/// git fails, or the object database cannot be read.
pub fn find_undeltad(
    repository: &Repository,
    files: &[FileStatus],
) -> Result<Vec<Undeltad>, GitError> {
    let wanting: Vec<&FileStatus> = files.iter().filter(|file| file.wants_delta).collect();
    let mut found = Vec::new();
    let unset = without_delta(repository, &wanting)?;
    if let Some(first) = unset.first() {
        found.push(Undeltad {
            what: format!(
                "{} with the attribute shroud-delta and with git's -delta, so that git stores each version whole: first {}",
                count(unset.len() as u64, "file"),
                crate::sanitise::path(first)
            ),
            remedy: "add 'delta' at the end of its line in .gitattributes: '-delta' is what the macro says".to_owned(),
        });
    }
    let limit = repository.gix.config_snapshot().integer("core.bigFileThreshold");
    let limit = limit.and_then(|limit| u64::try_from(limit).ok()).unwrap_or(BIG_FILE);
    let mut large = Vec::new();
    for file in &wanting {
        let header = repository.gix.try_find_header(file.id).map_err(GitError::read)?;
        if header.is_some_and(|header| header.kind() == Kind::Blob && header.size() > limit) {
            large.push(&file.path);
        }
    }
    if let Some(first) = large.first() {
        found.push(Undeltad {
            what: format!(
                "{} with the attribute shroud-delta and larger than core.bigFileThreshold ({limit} bytes), so that git stores each version whole: first {}",
                count(large.len() as u64, "file"),
                crate::sanitise::path(first)
            ),
            remedy: "split the file, or raise core.bigFileThreshold in each clone and on the server".to_owned(),
        });
    }
    Ok(found)
}

/// The files for which git is told to look for no deltas.
fn without_delta(repository: &Repository, files: &[&FileStatus]) -> Result<Vec<Vec<u8>>, GitError> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let input: Vec<u8> =
        files.iter().flat_map(|file| [file.path.as_slice(), b"\0"].concat()).collect();
    let answer = repository.git.run_with_input(["check-attr", "-z", "--stdin", "delta"], &input)?;
    let fields: Vec<&[u8]> = answer.split(|&byte| byte == 0).collect();
    let is_unset = |record: &&[&[u8]]| record[2] == b"unset";
    Ok(fields.chunks_exact(3).filter(is_unset).map(|record| record[0].to_vec()).collect())
}
