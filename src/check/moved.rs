//! Files that left the sealed paths: without a key their content cannot be compared, so names and lengths are.
//!
//! A new plaintext file, at a path that should not be sealed, counts as moved from a sealed file that is gone in the
//! same commit if both have the same name; or if it has the very length class of that file, and either the class is
//! above the smallest, which all files up to 248 bytes share, or both have the same extension.

use std::collections::HashMap;

use gix::ObjectId;
use gix::objs::TreeRef;

use super::changed::Gone;
use super::content::Content;
use super::judge::Judge;
use super::{Problem, Suspect};
use crate::format;
use crate::git::GitError;

/// Files that are gone and looked at, at most; a commit that deletes more moves no secret by accident.
const MAX_GONE: usize = 100_000;

/// Bytes of the largest plaintext that is compressed to see how long it would be.
const MAX_COMPRESSED: u64 = 1 << 20;

/// A sealed file that is gone.
struct Sealed {
    path: Vec<u8>,
    len: u64,
}

impl Judge<'_> {
    /// Looks for files that were sealed and are plaintext at another path now.
    pub(super) fn find_moved(&mut self, found: &mut Vec<Suspect>) -> Result<(), GitError> {
        let plain = std::mem::take(&mut self.moves.plain);
        if plain.is_empty() || self.moves.gone.is_empty() {
            return Ok(());
        }
        let gone = self.sealed_and_gone()?;
        let mut by_name: HashMap<&[u8], &Sealed> = HashMap::new();
        let mut by_len: HashMap<u64, Vec<&Sealed>> = HashMap::new();
        for sealed in &gone {
            by_name.insert(name(&sealed.path), sealed);
            by_len.entry(sealed.len).or_default().push(sealed);
        }
        for (path, len, id) in plain {
            let of_len = |len| {
                let smallest = Some(len) == format::sealed_len(1);
                let same = |sealed: &&&Sealed| {
                    !smallest
                        || extension(&path).is_some() && extension(&path) == extension(&sealed.path)
                };
                by_len.get(&len)?.iter().find(same).copied()
            };
            let moved = match by_name.get(name(&path)) {
                Some(moved) => Some(*moved),
                None => self.sealed_lens(id, len)?.into_iter().find_map(of_len),
            };
            if let Some(moved) = moved {
                let problem = Problem::Moved(moved.path.clone());
                found.push(Suspect { subject: self.subject(), path, problem, pending: None });
            }
        }
        Ok(())
    }

    /// How long a plaintext can be once it is sealed whole: as it is, and compressed.
    fn sealed_lens(&mut self, id: ObjectId, len: u64) -> Result<Vec<u64>, GitError> {
        let mut lens = Vec::from_iter(format::sealed_len(len));
        if len <= MAX_COMPRESSED
            && let Some(plaintext) = self.blobs.database.object(id)?
        {
            lens.extend(format::compressed_len(&plaintext).filter(|len| !lens.contains(len)));
        }
        Ok(lens)
    }

    /// The sealed files that are gone and were not moved to another sealed path.
    fn sealed_and_gone(&mut self) -> Result<Vec<Sealed>, GitError> {
        let mut left = std::mem::take(&mut self.moves.gone);
        let mut sealed = Vec::new();
        let mut seen = 0;
        while let Some(Gone { path, id, is_folder }) = left.pop() {
            seen += 1;
            if seen > MAX_GONE {
                break;
            }
            if is_folder {
                let Some(bytes) = self.tree(id)? else { continue };
                let tree = TreeRef::from_bytes(&bytes, self.hash()).map_err(GitError::read)?;
                let file_or_folder = tree
                    .entries
                    .iter()
                    .filter(|entry| entry.mode.is_blob() || entry.mode.is_tree());
                left.extend(file_or_folder.map(|entry| Gone {
                    path: [path.as_slice(), b"/", entry.filename].concat(),
                    id: entry.oid.to_owned(),
                    is_folder: entry.mode.is_tree(),
                }));
            } else if !self.moves.sealed.contains(&id) {
                if let Some(Content::Sealed(_, len)) = self.blobs.seemingly_sealed(id)? {
                    sealed.push(Sealed { path, len });
                } else if self.blobs.value_key(&path, id)?.is_some() {
                    // Its length says nothing of its plaintext's.
                    sealed.push(Sealed { path, len: 0 });
                }
            }
        }
        Ok(sealed)
    }
}

fn name(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or(path)
}

/// What is behind the last dot of the name; `.env` is one.
fn extension(path: &[u8]) -> Option<&[u8]> {
    let name = name(path);
    let dot = name.iter().rposition(|&byte| byte == b'.')?;
    Some(&name[dot + 1..]).filter(|extension| !extension.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_extensions() {
        assert_eq!(name(b"a/b.env"), b"b.env");
        assert_eq!(extension(b"a.x/b"), None);
        assert_eq!(extension(b"a/b.tar.gz"), Some(&b"gz"[..]));
        assert_eq!(extension(b".env"), Some(&b"env"[..]));
        assert_eq!(extension(b"a."), None);
    }
}
