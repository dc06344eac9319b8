//! Paths whose attributes are at odds: git reads them otherwise than this program, or other clones than this one.

use std::collections::HashSet;

use crate::git::GitError;
use crate::git::attributes::{Attributes, PathAttributes};
use crate::git::attributes_file::{AttributesFile, MACRO_DOES_NOT_SEAL, oddity};
use crate::git::attributes_of_git::OfGit;
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::git::worktree::{Entries, IndexedFile};
use crate::repo_path;

const NAME: &[u8] = b".gitattributes";

/// What is known of all files of an index before one is looked at.
pub(super) struct Conflicts {
    /// `None` where git cannot be asked, as some attributes are not in this clone.
    of_git: Option<OfGit>,
    /// Whether the file at the top defines the macro so that it seals in every clone.
    macro_seals: bool,
    /// Folders, empty or with a slash at the end, whose file git reads otherwise, and why.
    odd: Vec<(Vec<u8>, String)>,
    /// Files with attributes that are at fault themselves, as `check` names them, and why.
    files: Vec<(Vec<u8>, String)>,
}

impl Conflicts {
    pub(super) fn new(repository: &Repository, entries: &[IndexedFile]) -> Result<Self, GitError> {
        let mut files: HashSet<&[u8]> = HashSet::from([NAME]);
        let all = Entries::read_all(repository)?.files;
        let is_file = |path: &[u8]| path.rsplit(|&byte| byte == b'/').next() == Some(NAME);
        files.extend(all.iter().map(|entry| &entry.path[..]).filter(|path| is_file(path)));
        let (mut odd, mut at_fault) = (Vec::new(), Vec::new());
        let (mut macro_seals, mut is_whole) = (false, true);
        for path in files {
            let entry = all.iter().find(|entry| entry.path == path);
            let Some(text) = text(repository, path, entry, &mut is_whole)? else { continue };
            if path == NAME {
                let file = AttributesFile::of(path_of(path), &text);
                macro_seals = file.macro_seals();
                if !macro_seals && file.macro_has_tripwire().is_some() {
                    at_fault.push((path.to_vec(), MACRO_DOES_NOT_SEAL.to_owned()));
                }
            }
            if let Some(why) = oddity(&text) {
                let file = crate::sanitise::path(path);
                at_fault.push((path.to_vec(), why.clone()));
                odd.push((
                    path[..path.len() - NAME.len()].to_vec(),
                    format!("git reads {file} differently: {why}"),
                ));
            }
        }
        let paths = entries.iter().map(|entry| &entry.path[..]);
        let of_git = is_whole.then(|| OfGit::ask(repository, paths)).transpose()?;
        Ok(Self { of_git, macro_seals, odd, files: at_fault })
    }

    /// Why it is in doubt whether the path is sealed, or how; a clause.
    pub(super) fn of(&self, path: &[u8], attributes: &PathAttributes) -> Option<String> {
        if let Some(conflict) = &attributes.conflict {
            return Some(conflict.clone());
        }
        if let Some((_, why)) = self.files.iter().find(|(file, _)| file == path) {
            return Some(why.clone());
        }
        if let Some(why) = self.of_git.as_ref().and_then(|git| git.differs(path, attributes)) {
            return Some(why);
        }
        if !attributes.is_encrypted() {
            return None;
        }
        if let Some((_, why)) = self.odd.iter().find(|(folder, _)| path.starts_with(folder)) {
            return Some(why.clone());
        }
        (attributes.by_macro && !self.macro_seals).then(|| {
            "no line [attr]shroud at the top of .gitattributes says filter=shroud: only this clone seals it".to_owned()
        })
    }
}

fn path_of(path: &[u8]) -> &std::path::Path {
    std::path::Path::new(std::str::from_utf8(path).unwrap_or_default())
}

/// The text that counts: that of the worktree, else that of the index.
fn text(
    repository: &Repository,
    path: &[u8],
    entry: Option<&IndexedFile>,
    is_whole: &mut bool,
) -> Result<Option<Vec<u8>>, GitError> {
    let native = repo_path::to_native(path);
    let file = repository.worktree.as_deref().zip(native).map(|(top, native)| top.join(native));
    if let Some(file) = file
        && file.symlink_metadata().is_ok_and(|there| there.is_file())
    {
        return Ok(crate::fs::read_bounded(&file, 101 << 20).ok().map(|text| text.to_vec()));
    }
    let Some(entry) = entry else { return Ok(None) };
    Ok(match objects::read(repository, entry.id)? {
        Blob::Memory(bytes) => Some(bytes.to_vec()),
        Blob::Missing => {
            *is_whole = false;
            None
        }
        Blob::Large => None,
    })
}

/// The paths of the index that are in doubt, each with why.
///
/// # Errors
/// Index or attributes cannot be read, or git fails.
pub fn conflicts(repository: &Repository) -> Result<Vec<(Vec<u8>, String)>, GitError> {
    let entries = Entries::read_all(repository)?.files;
    let known = Conflicts::new(repository, &entries)?;
    let mut attributes = Attributes::new(repository)?;
    let mut found = Vec::new();
    for entry in entries {
        let of = match attributes.of(&entry.path) {
            Err(GitError::NotHere(_)) => continue,
            of => of?,
        };
        if let Some(why) = known.of(&entry.path, &of) {
            found.push((entry.path, why));
        }
    }
    Ok(found)
}
