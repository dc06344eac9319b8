//! One path in one tree: what is there, and what the tree's own attributes say of it.

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::TreeRef;

use super::GitError;
use super::attributes::PathAttributes;
use super::attributes_file::MAX_LEN;
use super::database::Database;
use super::tree_attributes::{Chain, FILE_NAME, TreeAttributes};

/// A file of a tree.
pub struct TreePath {
    /// The blob; `None` where there is no file.
    pub blob: Option<ObjectId>,
    /// What the tree's `.gitattributes` say.
    pub attributes: PathAttributes,
}

/// Looks a path up; `None` where an object is not here.
///
/// # Errors
/// An object is damaged.
pub fn look_up(
    database: &Database<'_>,
    cache: &mut TreeAttributes,
    tree: ObjectId,
    path: &[u8],
) -> Result<Option<TreePath>, GitError> {
    let (mut chain, mut folder, mut blob) = (Chain::NONE, 0, None);
    let mut next = Some(tree);
    while let Some(tree) = next.take() {
        let Some(bytes) = database.tree(tree)? else { return Ok(None) };
        let entries = TreeRef::from_bytes(&bytes, tree.kind()).map_err(GitError::read)?;
        let file = entries.bisect_entry(FILE_NAME.as_bstr(), false);
        if let Some(file) = file.filter(|file| file.mode.is_blob()) {
            let id = file.oid.to_owned();
            let Some(content) = database.file(id, MAX_LEN as u64)? else { return Ok(None) };
            chain = cache.below(chain, &path[..folder], id, || Ok::<_, GitError>(content))?;
        }
        let rest = &path[folder..];
        match rest.find_byte(b'/') {
            Some(end) => {
                let below = entries.bisect_entry(rest[..end].as_bstr(), true);
                next = below.map(|below| below.oid.to_owned());
                folder += end + 1;
            }
            None => {
                let file = entries.bisect_entry(rest.as_bstr(), false);
                blob = file.filter(|file| file.mode.is_blob()).map(|file| file.oid.to_owned());
            }
        }
    }
    Ok(Some(TreePath { blob, attributes: cache.of(chain, path)? }))
}
