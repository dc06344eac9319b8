//! What a tree has that none of the trees before it had: other content, or other attributes over the same content.

use std::rc::Rc;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::TreeRef;

use super::changed::{Changed, Gone};
use super::judge::Judge;
use super::{Source, Subject, Suspect};
use crate::git::GitError;
use crate::git::tree_attributes::{Chain, FILE_NAME};
use crate::store::shroud_dir;

/// Files of one commit that are judged at most: a few trees that name one another can stand for more than there is time for.
const MAX_FILES: u64 = 5_000_000;
/// Folders in one another; git's own limit (core.maxTreeDepth) is half of it.
const MAX_DEPTH: usize = 4096;

/// One side of a comparison in one folder.
#[derive(Clone, Copy)]
struct Side {
    /// `None` where this side has no such folder.
    tree: Option<ObjectId>,
    chain: Chain,
}

/// The bytes of a folder, and the chain with its own `.gitattributes`.
type Opened = (Rc<Vec<u8>>, Chain);

struct Folder {
    /// Empty, or with a slash at its end.
    path: Vec<u8>,
    depth: usize,
    own: Side,
    parents: Vec<Side>,
}

impl Judge<'_> {
    /// Judges one subject; what is wrong goes to `found`.
    pub(super) fn look_at(
        &mut self,
        number: usize,
        subject: &Subject,
        found: &mut Vec<Suspect>,
    ) -> Result<(), GitError> {
        let root = match subject.source {
            Source::Commit(id) => match self.tree_of(id)? {
                Some(tree) => tree,
                None => return Ok(()),
            },
            Source::Tree(id) | Source::Index(id) => id,
        };
        let mut parents = Vec::new();
        for &parent in &subject.parents {
            // Without a parent, what it had cannot be told from what is new.
            let Some(tree) = self.tree_of(parent)? else { return Ok(()) };
            parents.push(Side { tree: Some(tree), chain: Chain::NONE });
        }
        self.begin(number, root);
        self.note_shroud_dir(root, &parents)?;
        let own = Side { tree: Some(root), chain: Chain::NONE };
        let mut folders = vec![Folder { path: Vec::new(), depth: 0, own, parents }];
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            if folder.depth > MAX_DEPTH {
                return Err(GitError::Read(format!(
                    "tree {root} is deeper than {MAX_DEPTH} folders"
                )));
            }
            self.look_into(&folder, &mut folders, &mut files, found)?;
            if files > MAX_FILES {
                return Err(GitError::Read(format!(
                    "tree {root} has more than {MAX_FILES} new files, which is more than is looked at"
                )));
            }
        }
        self.find_moved(found)
    }

    /// Notes a subject whose `.shroud/` is not that of each parent.
    fn note_shroud_dir(&mut self, root: ObjectId, parents: &[Side]) -> Result<(), GitError> {
        let own = self.shroud_dir(root)?;
        let mut differs = parents.is_empty() && own.is_some();
        for parent in parents.iter().filter_map(|parent| parent.tree) {
            differs |= self.shroud_dir(parent)? != own;
        }
        if differs {
            let subject = self.subject();
            self.touched.push(subject);
        }
        Ok(())
    }

    fn shroud_dir(&mut self, root: ObjectId) -> Result<Option<ObjectId>, GitError> {
        let Some(bytes) = self.tree(root)? else { return Ok(None) };
        let tree = TreeRef::from_bytes(&bytes, self.hash()).map_err(GitError::read)?;
        let folder = tree.bisect_entry(shroud_dir::NAME.into(), true);
        Ok(folder.map(|folder| folder.oid.to_owned()))
    }

    fn look_into(
        &mut self,
        folder: &Folder,
        folders: &mut Vec<Folder>,
        files: &mut u64,
        found: &mut Vec<Suspect>,
    ) -> Result<(), GitError> {
        let is_same = |side: &Side| side.tree == folder.own.tree && side.chain == folder.own.chain;
        let is_inherited = folder.parents.iter().any(is_same);
        if is_inherited && folder.parents.iter().all(is_same) {
            return Ok(());
        }
        // Sides that are not here are noted, and the folder is passed over.
        let Some((own_bytes, own_chain)) = self.open(&folder.path, folder.own)? else {
            return Ok(());
        };
        let mut opened = Vec::with_capacity(folder.parents.len());
        for &side in &folder.parents {
            match self.open(&folder.path, side)? {
                Some(side) => opened.push(side),
                None => return Ok(()),
            }
        }
        let hash = self.hash();
        let read = |bytes| TreeRef::from_bytes(bytes, hash).map_err(GitError::read);
        let own = read(&own_bytes)?;
        let parents: Vec<_> =
            opened.iter().map(|(bytes, _)| read(bytes)).collect::<Result<_, _>>()?;
        let chains: Vec<_> = opened.iter().map(|&(_, chain)| chain).collect();
        let path_of = |name: &[u8]| [&folder.path, name].concat();
        let mut before = Vec::with_capacity(parents.len());
        for entry in &own.entries {
            *files += 1;
            if entry.mode.is_tree() {
                let side = |(parent, &chain): (&TreeRef<'_>, _)| {
                    let tree = parent.bisect_entry(entry.filename, true);
                    Side { tree: tree.map(|tree| tree.oid.to_owned()), chain }
                };
                folders.push(Folder {
                    path: path_of(&[entry.filename.as_bytes(), b"/"].concat()),
                    depth: folder.depth + 1,
                    own: Side { tree: Some(entry.oid.to_owned()), chain: own_chain },
                    parents: parents.iter().zip(&chains).map(side).collect(),
                });
            } else if entry.mode.is_blob() {
                before.clear();
                before.extend(parents.iter().zip(&chains).map(|(parent, &chain)| {
                    let there = parent.bisect_entry(entry.filename, false);
                    let there = there.filter(|there| there.mode.is_blob());
                    (there.map(|there| there.oid.to_owned()), chain)
                }));
                let had = |(id, chain): &(Option<ObjectId>, _)| {
                    id.as_deref() == Some(entry.oid) && *chain == own_chain
                };
                let is_had = before.iter().any(had);
                if !is_had || !before.iter().all(had) {
                    let (path, id) = (path_of(entry.filename), entry.oid.to_owned());
                    let changed = Changed { path: &path, id, chain: own_chain, parents: &before };
                    match is_had {
                        true => self.judge_merged(&changed)?,
                        false => self.judge(&changed, found)?,
                    }
                }
            }
        }
        if is_inherited {
            return Ok(());
        }
        for (side, parent) in folder.parents.iter().zip(&parents) {
            if side.tree == folder.own.tree {
                continue;
            }
            for entry in &parent.entries {
                let is_folder = entry.mode.is_tree();
                if (is_folder || entry.mode.is_blob())
                    && own.bisect_entry(entry.filename, is_folder).is_none()
                {
                    let (path, id) = (path_of(entry.filename), entry.oid.to_owned());
                    self.note_gone(Gone { path, id, is_folder });
                }
            }
        }
        Ok(())
    }

    /// Reads a folder of one side; `None` where an object is not here.
    fn open(&mut self, path: &[u8], side: Side) -> Result<Option<Opened>, GitError> {
        let Some(tree) = side.tree else { return Ok(Some((Default::default(), side.chain))) };
        let Some(bytes) = self.tree(tree)? else { return Ok(None) };
        let entries = TreeRef::from_bytes(&bytes, self.hash()).map_err(GitError::read)?;
        // git follows no link here.
        let file = entries.bisect_entry(FILE_NAME.as_bstr(), false);
        let chain = match file.filter(|file| file.mode.is_blob()) {
            Some(file) => self.chain_below(side.chain, path, file.oid.to_owned())?,
            None => Some(side.chain),
        };
        Ok(chain.map(|chain| (bytes, chain)))
    }
}
