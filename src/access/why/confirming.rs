//! Confirming in this clone that paths move to a key of another name.

use gix::ObjectId;

use crate::clone::rules::between::{sealed_by_git_crypt, sealed_elsewhere};
use crate::clone::rules::crossing::{index_key_ids, who_moved};
use crate::clone::{CloneError, OpenClone};
use crate::error::{About, Context as _};
use crate::git::attributes::{Attributes, PathAttributes};
use crate::git::tree_attributes::{Chain, TreeAttributes};
use crate::keyring::KeyName;
use crate::status::survey;
use crate::store::confirmed::{Confirmed, KeyOf};

/// The name of the key that seals a path in the index, where its attribute names another: the first that is found.
fn moved_from(opened: &OpenClone, path: &[u8], to: &KeyName) -> Option<KeyOf> {
    let known = opened.known();
    let names =
        index_key_ids(&opened.repository, path).into_iter().filter_map(|id| known.identify(id));
    let mut names = names.map(|(name, _)| name);
    let own = names.find(|name| name != to && !name.is_aside_of(to)).map(KeyOf::Own);
    own.or_else(|| {
        let OpenClone { repository, keyring, git_crypt, roster } = opened;
        sealed_by_git_crypt(repository, keyring, git_crypt, path, roster.infos.get(to))
    })
}

/// The key that the attributes of a path name, with that which seals it in the index, where it is another.
fn move_of(opened: &OpenClone, path: &[u8], attributes: &PathAttributes) -> Option<(KeyOf, KeyOf)> {
    match (&attributes.git_crypt, &attributes.key) {
        (Some(Ok(name)), _) => {
            let OpenClone { repository, keyring, git_crypt, .. } = opened;
            let from = sealed_elsewhere(repository, keyring, git_crypt, path, name)?;
            Some((from, KeyOf::GitCrypt(name.clone())))
        }
        (None, Ok(name)) if attributes.sealed => {
            Some((moved_from(opened, path, name)?, KeyOf::Own(name.clone())))
        }
        _ => None,
    }
}

/// What to say of a path that moves; `None` where it does not.
///
/// # Errors
/// The history cannot be read.
pub fn describe(
    opened: &OpenClone,
    path: &[u8],
    attributes: &PathAttributes,
) -> Result<Option<String>, CloneError> {
    let Some((from, to)) = move_of(opened, path, attributes) else { return Ok(None) };
    let who = who_moved(&opened.repository, path, &from)?;
    let who = who.unwrap_or_else(|| "nobody in the history of this branch".to_owned());
    let named = |key: &KeyOf| match key {
        KeyOf::Own(name) => name.to_string(),
        KeyOf::GitCrypt(name) => format!("git-crypt's '{name}'"),
    };
    Ok(Some(format!("sealed with {}, changed to {} by {who}", named(&from), named(&to))))
}

/// Remembers that this path may be sealed with the key that its attribute names, and says which; `None` where it should not be
/// sealed.
///
/// # Errors
/// The attributes cannot be read, or what is confirmed cannot be written.
pub fn confirm(opened: &OpenClone, path: &[u8]) -> Result<Option<KeyOf>, CloneError> {
    let attributes = Attributes::new(&opened.repository)?.of(path)?;
    let key = match (attributes.git_crypt, attributes.key) {
        (Some(Ok(name)), _) => KeyOf::GitCrypt(name),
        (None, Ok(key)) if attributes.sealed => KeyOf::Own(key),
        _ => return Ok(None),
    };
    remember(opened, [(path.to_vec(), key.clone())])?;
    Ok(Some(key))
}

/// Anybody who runs `track` says with which key the files should be sealed that the patterns match: remembers those that move to
/// it from another, and says how many they are.
///
/// # Errors
/// As [`confirm`].
pub fn confirm_tracked(
    opened: &OpenClone,
    folder: &[u8],
    patterns: &[&[u8]],
    key: &KeyName,
) -> Result<u64, CloneError> {
    if opened.keyring.has_one_name() && opened.git_crypt.is_empty() {
        return Ok(0);
    }
    let files = survey(&opened.repository, &opened.known(), None)?;
    let mut matcher = TreeAttributes::default();
    let id = ObjectId::empty_blob(opened.repository.gix.object_hash());
    let lines: Vec<u8> = patterns.iter().flat_map(|pattern| line(pattern)).collect();
    let chain = matcher.below(Chain::NONE, folder, id, || Ok::<_, crate::git::GitError>(lines))?;
    let mut moved = Vec::new();
    for file in files.into_iter().filter(|file| file.key == *key && file.git_crypt.is_none()) {
        if file.path.starts_with(folder)
            && matcher.of(chain, &file.path)?.sealed
            && moved_from(opened, &file.path, key).is_some()
        {
            moved.push((file.path, KeyOf::Own(key.clone())));
        }
    }
    let count = moved.len() as u64;
    if count > 0 {
        remember(opened, moved)?;
    }
    Ok(count)
}

/// A line that tracks a pattern, quoted, as it may hold spaces.
fn line(pattern: &[u8]) -> Vec<u8> {
    let mut line = vec![b'"'];
    for &byte in pattern {
        if matches!(byte, b'"' | b'\\') {
            line.push(b'\\');
        }
        line.push(byte);
    }
    line.extend_from_slice(b"\" filter=shroud\n");
    line
}

fn remember(
    opened: &OpenClone,
    paths: impl IntoIterator<Item = (Vec<u8>, KeyOf)>,
) -> Result<(), About> {
    Confirmed::add(opened.repository.common_dir(), paths)
        .context(|| "what was confirmed here".to_owned())
}
