//! A path that moves to a key of another name: who says so, and whether this clone has agreed.

use gix::ObjectId;

use crate::clone::CloneError;
use crate::error::Context as _;
use crate::format::{self, KeyId, Sniff};
use crate::git::GitError;
use crate::git::attributes::{Attributes, PathAttributes};
use crate::git::database::Database;
use crate::git::history::PLAIN_LOG;
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::git::tree_attributes::TreeAttributes;
use crate::git::tree_path::look_up;
use crate::keyring::{KeyName, Keyring};
use crate::store::confirmed::{Confirmed, KeyOf};
use crate::values;

use super::indexed::blobs_at;

/// Commits that changed attributes and are looked at, at most.
const MAX_COMMITS: &str = "--max-count=2000";

/// Merges, one behind the other, that are followed to who wrote a line, at most.
const MAX_MERGES: usize = 50;

/// The held key of another name with which the index holds a path that should be sealed under `key`, unless this clone has
/// confirmed the move.
///
/// # Errors
/// The list of what was confirmed cannot be read.
pub fn unconfirmed_move(
    repository: &Repository,
    keyring: &Keyring,
    path: &[u8],
    key: &KeyName,
) -> Result<Option<KeyName>, CloneError> {
    if keyring.has_one_name() {
        return Ok(None);
    }
    let other = index_key_ids(repository, path)
        .into_iter()
        .find_map(|id| Some(keyring.of_other_name(id, key)?.name.clone()));
    let Some(other) = other else { return Ok(None) };
    let confirmed = Confirmed::load(repository.common_dir());
    let confirmed = confirmed.context(|| "what was confirmed here".to_owned())?;
    Ok(Some(other).filter(|_| !confirmed.allows(path, key)))
}

/// The ids of the keys with which the index holds a path: of one blob or, in a merge conflict, of both sides.
pub fn index_key_ids(repository: &Repository, path: &[u8]) -> Vec<KeyId> {
    blobs_at(repository, path).into_iter().flat_map(|id| key_ids(repository, id)).collect()
}

/// The ids of the keys that sealed a blob: of one that is sealed by value all, and as much of each as is known.
fn key_ids(repository: &Repository, id: ObjectId) -> Vec<KeyId> {
    let Ok(Some(start)) = objects::read_start(repository, id) else { return Vec::new() };
    match format::sniff(&start) {
        Sniff::Sealed(id) => vec![id],
        Sniff::NotSealed => match objects::read(repository, id) {
            Ok(Blob::Memory(blob)) => values::named_keys(&blob).into_iter().collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Whether the attributes of a path name this key.
fn is_named(key: &KeyOf, attributes: &PathAttributes) -> bool {
    match (key, &attributes.git_crypt) {
        (KeyOf::Own(name), None) => {
            attributes.sealed && attributes.key.as_ref().is_ok_and(|key| key == name)
        }
        (KeyOf::GitCrypt(name), Some(Ok(named))) => named == name,
        _ => false,
    }
}

/// Who moved a path away from a key: the commit in the history of `HEAD`, for people to read; `None` where it cannot be
/// found.
///
/// # Errors
/// git fails, or an object is damaged.
pub fn who_moved(
    repository: &Repository,
    path: &[u8],
    from: &KeyOf,
) -> Result<Option<String>, GitError> {
    let database = Database::open(repository)?;
    let mut cache = TreeAttributes::default();
    let mut has_from = |commit: ObjectId| -> Result<bool, GitError> {
        let Some(tree) = database.tree_of(commit)? else { return Ok(false) };
        let found = look_up(&database, &mut cache, tree, path)?;
        Ok(found.is_some_and(|found| is_named(from, &found.attributes)))
    };
    let Some(head) = repository.git.query(["rev-parse", "-q", "--verify", "HEAD^{commit}"])? else {
        return Ok(None);
    };
    let head = ObjectId::from_hex(head.as_encoded_bytes()).map_err(GitError::read)?;
    if has_from(head)? && !is_named(from, &Attributes::new(repository)?.of(path)?) {
        return Ok(Some("a change of the attributes that is not committed".to_owned()));
    }
    let mut who = None;
    let mut tip = head;
    // Whoever merges is not who wrote the line: that is somebody on the side that came without the key.
    for _ in 0..MAX_MERGES {
        let Some((text, came)) = last_move(repository, tip, &mut has_from)? else { break };
        who = Some(text);
        match came {
            Some(side) => tip = side,
            None => break,
        }
    }
    Ok(who)
}

/// The last commit up to this one that took the key away, for people, and, of a merge, the parent that came without it.
fn last_move(
    repository: &Repository,
    tip: ObjectId,
    has_from: &mut dyn FnMut(ObjectId) -> Result<bool, GitError>,
) -> Result<Option<(String, Option<ObjectId>)>, GitError> {
    let tip = tip.to_string();
    let log = [
        &PLAIN_LOG[..],
        &[
            MAX_COMMITS,
            "--date=short",
            "--format=%H %P%x00%h of %ad by %an <%ae>: %s",
            "--full-history",
            &tip,
            "--",
            ":(top,glob)**/.gitattributes",
        ],
    ]
    .concat();
    let log = repository.git.run(log)?;
    for line in log.split(|&byte| byte == b'\n') {
        let Some(at) = line.iter().position(|&byte| byte == 0) else { continue };
        let mut ids =
            line[..at].split(|&byte| byte == b' ').filter_map(|id| ObjectId::from_hex(id).ok());
        let Some(commit) = ids.next() else { continue };
        if has_from(commit)? {
            continue;
        }
        let (mut took, mut came) = (false, None);
        for parent in ids {
            match has_from(parent)? {
                true => took = true,
                false => came = Some(parent),
            }
        }
        if took {
            let text = String::from_utf8_lossy(&line[at + 1..]);
            return Ok(Some((format!("commit {}", crate::sanitise::text(&text)), came)));
        }
    }
    Ok(None)
}
