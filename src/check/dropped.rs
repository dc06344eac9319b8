//! Who made a path one that is not sealed any more: the commit after which its attributes no longer say so.

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::TreeRef;

use super::judge::attributes_text;
use super::{Problem, Report, Source};
use crate::git::GitError;
use crate::git::database::Database;
use crate::git::repository::Repository;
use crate::git::tree_attributes::{Chain, FILE_NAME, TreeAttributes};

/// Commits that are looked at, at most.
const MAX_COMMITS: &str = "--max-count=200";
/// Merges, one behind the other, that are followed, at most.
const MAX_MERGES: usize = 50;

/// The commit that took a path out of the seal.
#[derive(Debug)]
struct Dropped {
    /// Its id, in full.
    commit: String,
    /// Author and date, as git has them: not safe for a terminal.
    by: String,
}

/// Characters of a commit's id that are shown.
const SHORT: usize = 12;

/// Says who made the first file of a report one that is not sealed any more; `None` where no file left the seal, or nobody
/// is known.
pub fn describe_dropped(repository: &Repository, report: &Report) -> Option<String> {
    let leaves =
        |problem: &Problem| problem.is_allowable() && !matches!(problem, Problem::Exempted(_));
    let finding = report.findings.iter().find(|found| leaves(&found.problem))?;
    let commit = match finding.source {
        Source::Commit(id) => Some(id),
        Source::Index(_) => head(repository),
        Source::Tree(_) => None,
    };
    let dropped = commit.and_then(|commit| find_dropped(repository, commit, &finding.path).ok());
    match (dropped.flatten(), finding.source) {
        (Some(dropped), _) => Some(format!(
            "no attribute seals {} any more {}",
            crate::sanitise::path(&finding.path),
            dropped.since()
        )),
        (None, Source::Index(_)) => {
            Some("'git diff HEAD -- .gitattributes' shows the deleted line".to_owned())
        }
        (None, _) => None,
    }
}

/// The commit up to HEAD since which no attribute seals this path any more, with its author and date; `None` where nobody is
/// known.
pub fn who_dropped(repository: &Repository, path: &[u8]) -> Option<String> {
    let dropped = find_dropped(repository, head(repository)?, path).ok()??;
    Some(format!("no attribute seals it any more {}", dropped.since()))
}

fn head(repository: &Repository) -> Option<ObjectId> {
    let head = repository.git.query(["rev-parse", "-q", "--verify", "HEAD"]).ok()??;
    ObjectId::from_hex(head.as_encoded_bytes()).ok()
}

impl Dropped {
    fn since(&self) -> String {
        let commit = &self.commit[..SHORT.min(self.commit.len())];
        format!("since {commit}, by {}", crate::sanitise::line(&self.by))
    }
}

/// The last commit, up to this one, before which the attributes sealed the path and after which they do not. Of a merge it is
/// the one on the side that came so: whoever merges has not dropped the line.
fn find_dropped(
    repository: &Repository,
    commit: ObjectId,
    path: &[u8],
) -> Result<Option<Dropped>, GitError> {
    let (mut found, mut tip) = (None, commit);
    for _ in 0..MAX_MERGES {
        let Some((dropped, came)) = last_drop(repository, tip, path)? else { break };
        found = Some(dropped);
        match came {
            Some(side) => tip = side,
            None => break,
        }
    }
    Ok(found)
}

/// The last such commit, and, of a merge, the parent that came without the attribute.
fn last_drop(
    repository: &Repository,
    commit: ObjectId,
    path: &[u8],
) -> Result<Option<(Dropped, Option<ObjectId>)>, GitError> {
    let database = Database::open(repository)?;
    // Only these files can change what is said of the path.
    let mut files = vec![".gitattributes".to_owned()];
    for at in path.find_iter(b"/") {
        let Ok(folder) = std::str::from_utf8(&path[..at]) else { break };
        files.push(format!(":(top,literal){folder}/.gitattributes"));
    }
    files[0] = ":(top,literal).gitattributes".to_owned();
    let id = commit.to_string();
    let fixed = [
        "log",
        MAX_COMMITS,
        "--full-history",
        "--format=%H%x00%P%x00%an <%ae>, %ad",
        "--date=short",
        &id,
        "--",
    ];
    let listed = repository.git.run(fixed.iter().map(|word| (*word).to_owned()).chain(files))?;
    for line in listed.lines() {
        let mut fields = line.split_str(b"\0").map(|field| field.to_str_lossy());
        let (Some(commit), Some(parents), Some(by)) = (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let is_sealed = |id: &str| -> Result<bool, GitError> {
            let Ok(id) = ObjectId::from_hex(id.as_bytes()) else { return Ok(false) };
            is_sealed_at(&database, id, path)
        };
        if is_sealed(&commit)? {
            continue;
        }
        let (mut took, mut came) = (false, None);
        for parent in parents.split(' ').filter(|parent| !parent.is_empty()) {
            match is_sealed(parent)? {
                true => took = true,
                false => came = ObjectId::from_hex(parent.as_bytes()).ok(),
            }
        }
        if took {
            let dropped = Dropped { commit: commit.into_owned(), by: by.into_owned() };
            return Ok(Some((dropped, came)));
        }
    }
    Ok(None)
}

/// Whether the attributes of a commit seal the path.
fn is_sealed_at(database: &Database<'_>, commit: ObjectId, path: &[u8]) -> Result<bool, GitError> {
    let Some(mut tree) = database.tree_of(commit)? else { return Ok(false) };
    let mut attributes = TreeAttributes::default();
    let mut chain = Chain::NONE;
    let mut folder_end = 0;
    while let Some(bytes) = database.tree(tree)? {
        let entries = TreeRef::from_bytes(&bytes, tree.kind()).map_err(GitError::read)?;
        let file = entries.bisect_entry(FILE_NAME.as_bstr(), false);
        if let Some(file) = file.filter(|file| file.mode.is_blob()) {
            let id = file.oid.to_owned();
            let text = || Ok::<_, GitError>(attributes_text(database, id)?.unwrap_or_default());
            chain = attributes.below(chain, &path[..folder_end], id, text)?;
        }
        let Some(slash) = path[folder_end..].find_byte(b'/') else { break };
        let name = path[folder_end..folder_end + slash].as_bstr();
        let Some(below) = entries.bisect_entry(name, true) else { break };
        tree = below.oid.to_owned();
        folder_end += slash + 1;
    }
    Ok(attributes.of(chain, path)?.is_encrypted())
}
