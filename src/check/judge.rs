//! The verdict on one file of one tree.

use std::collections::HashSet;
use std::rc::Rc;

use gix::ObjectId;

use super::changed::{Changed, Gone};
use super::content::{Blobs, Content};
use super::described::{Described, KeyFiles};
use super::returned::{Candidate, Seen};
use super::{Problem, Suspect};
use crate::format::KeyId;
use crate::git::GitError;
use crate::git::attributes_file::{MAX_LEN, TOO_LARGE};
use crate::git::database::Database;
use crate::git::own_files::is_own;
use crate::git::tree_attributes::{Chain, TreeAttributes};
use crate::git_crypt::HeldKeys;
use crate::keyring::KeyName;

/// Judges files; what is said of one subject is kept until the next begins.
pub(super) struct Judge<'r> {
    pub(super) blobs: Blobs<'r>,
    pub(super) attributes: TreeAttributes,
    pub(super) keys: KeyFiles,
    /// Subjects whose `.shroud/` is not that of each parent.
    pub(super) touched: Vec<usize>,
    subject: usize,
    pub(super) root: ObjectId,
    pub(super) known: Option<Rc<Described>>,
    pub(super) moves: Moves,
    /// What may have come back, of all subjects.
    pub(super) seen: Seen,
    /// More keys of the values of the file that was judged last, which history has to know.
    pub(super) more: Vec<(KeyId, KeyName)>,
}

/// What may have moved out of the sealed paths in one subject.
#[derive(Default)]
pub(super) struct Moves {
    /// New plaintext files that should not be sealed, with their lengths.
    pub(super) plain: Vec<(Vec<u8>, u64, ObjectId)>,
    /// New sealed blobs: one that is gone elsewhere has moved here.
    pub(super) sealed: HashSet<ObjectId>,
    pub(super) gone: Vec<Gone>,
}

/// A problem, with the key that has yet to be asked for in history and the name that it ought to have.
pub(super) type Verdict = (Problem, Option<(KeyId, Option<KeyName>)>);

impl<'r> Judge<'r> {
    pub(super) fn new(database: &'r Database<'r>, git_crypt: &'r HeldKeys) -> Self {
        Self {
            blobs: Blobs::new(database, git_crypt),
            attributes: TreeAttributes::default(),
            keys: KeyFiles::default(),
            touched: Vec::new(),
            subject: 0,
            root: ObjectId::empty_tree(database.repository().gix.object_hash()),
            known: None,
            moves: Moves::default(),
            seen: Seen::default(),
            more: Vec::new(),
        }
    }

    pub(super) fn begin(&mut self, subject: usize, root: ObjectId) {
        (self.subject, self.root) = (subject, root);
        self.known = None;
        self.moves = Moves::default();
        self.attributes.shrink();
        self.blobs.shrink();
    }

    pub(super) fn subject(&self) -> usize {
        self.subject
    }

    pub(super) fn hash(&self) -> gix::hash::Kind {
        self.root.kind()
    }

    /// The tree of a commit; `None`, and noted, where it is not here.
    pub(super) fn tree_of(&mut self, commit: ObjectId) -> Result<Option<ObjectId>, GitError> {
        let tree = self.blobs.database.tree_of(commit)?;
        if tree.is_none() {
            self.blobs.missing.insert(commit);
        }
        Ok(tree)
    }

    /// The bytes of a tree; `None`, and noted, where it is not here.
    pub(super) fn tree(&mut self, id: ObjectId) -> Result<Option<Rc<Vec<u8>>>, GitError> {
        let tree = self.blobs.database.tree(id)?;
        if tree.is_none() {
            self.blobs.missing.insert(id);
        }
        Ok(tree)
    }

    /// The chain with one more file; `None`, and noted, where it is not here.
    pub(super) fn chain_below(
        &mut self,
        above: Chain,
        folder: &[u8],
        file: ObjectId,
    ) -> Result<Option<Chain>, GitError> {
        let content =
            || attributes_text(self.blobs.database, file)?.ok_or(GitError::NotHere(String::new()));
        match self.attributes.below(above, folder, file, content) {
            Err(GitError::NotHere(_)) => {
                self.blobs.missing.insert(file);
                Ok(None)
            }
            chain => chain.map(Some),
        }
    }

    pub(super) fn note_gone(&mut self, gone: Gone) {
        self.moves.gone.push(gone);
    }

    /// Judges one file of the subject.
    pub(super) fn judge(
        &mut self,
        file: &Changed<'_>,
        found: &mut Vec<Suspect>,
    ) -> Result<(), GitError> {
        let attributes = self.attributes.of(file.chain, file.path)?;
        self.more.clear();
        let standing = self.standing(file.path, file.id, &attributes)?;
        let more = std::mem::take(&mut self.more);
        if self.blobs.is_known_encrypted(file.id) && !self.seen.sealed.contains(file.path) {
            self.seen.sealed.insert(file.path.to_vec());
        }
        let verdict = match standing {
            Some((problem, pending)) => {
                if self.is_inherited(file, &problem)? {
                    return Ok(());
                }
                // Where it was to be sealed before, the line was dropped: then any key counts.
                let dropped =
                    matches!(problem, Problem::NotTracked(_)) && self.was_tracked(file)?;
                Some((problem, pending.filter(|_| !dropped)))
            }
            None if attributes.is_encrypted() => {
                self.exempted(file, &attributes)?.map(|problem| (problem, None))
            }
            // Whatever the attributes say: anybody who pushes writes them.
            None => self.compare_plain(file)?,
        };
        if attributes.sealed && file.parents.iter().all(|(id, _)| id.is_none()) {
            self.moves.sealed.insert(file.id);
        }
        if let Some((problem, pending)) = verdict {
            let path = file.path.to_vec();
            found.push(Suspect { subject: self.subject, path, problem, pending });
        }
        for (id, wanted) in more {
            let (subject, path) = (self.subject, file.path.to_vec());
            let (problem, pending) = (Problem::UnknownKey(id), Some((id, Some(wanted))));
            found.push(Suspect { subject, path, problem, pending });
        }
        Ok(())
    }

    /// Whether a parent has the same content with the same problem.
    fn is_inherited(&mut self, file: &Changed<'_>, problem: &Problem) -> Result<bool, GitError> {
        for &(id, chain) in file.parents {
            if id == Some(file.id) {
                let attributes = self.attributes.of(chain, file.path)?;
                let before = self.standing(file.path, file.id, &attributes)?;
                if before.is_some_and(|(before, _)| before.name() == problem.name()) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn was_tracked(&mut self, file: &Changed<'_>) -> Result<bool, GitError> {
        for &(id, chain) in file.parents {
            if id.is_some() && self.attributes.of(chain, file.path)?.is_encrypted() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// For a file that should not be sealed and is not: whether it was, and whether it is new.
    fn compare_plain(&mut self, file: &Changed<'_>) -> Result<Option<Verdict>, GitError> {
        let (mut was_sealed, mut is_inherited) = (false, false);
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for (place, &(id, chain)) in file.parents.iter().enumerate() {
            let Some(id) = id else {
                without.push(place);
                continue;
            };
            if id == file.id {
                // In the clear on that side already, and perhaps not to be sealed there.
                is_inherited |= !self.attributes.of(chain, file.path)?.is_encrypted();
                with.push(place);
            } else if self.is_sealed_there(file, id, chain)? {
                was_sealed = true;
                without.push(place);
            } else if self.blobs.len(id)? == Some(0) {
                // An empty file stands for itself, sealed or not.
                without.push(place);
            } else {
                with.push(place);
            }
        }
        let is_new = !file.parents.is_empty() && file.parents.iter().all(|(id, _)| id.is_none());
        let is_unsealed = was_sealed && !is_inherited;
        if !is_unsealed && without.is_empty() {
            return Ok(None);
        }
        let Some(len) = self.blobs.len(file.id)?.filter(|&len| len > 0) else { return Ok(None) };
        if is_new {
            self.moves.plain.push((file.path.to_vec(), len, file.id));
        }
        if is_unsealed {
            return Ok(Some((Problem::Unsealed, None)));
        }
        if !without.is_empty() {
            let (subject, path, blob) = (self.subject, file.path.to_vec(), file.id);
            self.seen.candidates.push(Candidate { subject, path, blob, without, with });
        }
        Ok(None)
    }

    fn is_sealed_there(
        &mut self,
        file: &Changed<'_>,
        id: ObjectId,
        chain: Chain,
    ) -> Result<bool, GitError> {
        if matches!(self.blobs.seemingly_sealed(id)?, Some(Content::Sealed(..))) {
            return Ok(true);
        }
        // The attributes of that side may tell what the name does not.
        let is_by_value =
            chain != file.chain && self.attributes.of(chain, file.path)?.by.is_value();
        let key = match is_by_value {
            true => self.blobs.sealed_value(file.path, id)?,
            false => self.blobs.value_key(file.path, id)?,
        };
        if key.is_some() {
            return Ok(true);
        }
        // What git-crypt encrypts may be of any length: only where its attribute was dropped is it worth a look.
        Ok(chain != file.chain
            && self.attributes.of(chain, file.path)?.git_crypt.is_some()
            && matches!(self.blobs.content(id)?, Content::GitCrypt { .. }))
    }

    /// Looks at what a merge has from one side and another side has not: there it may be sealed, or may have been.
    pub(super) fn judge_merged(&mut self, file: &Changed<'_>) -> Result<(), GitError> {
        let attributes = self.attributes.of(file.chain, file.path)?;
        if !attributes.is_encrypted() && !is_own(file.path) {
            self.compare_plain(file)?;
        }
        Ok(())
    }
}

/// The text of a file with attributes; `None` where it is not here.
pub(super) fn attributes_text(
    database: &Database<'_>,
    file: ObjectId,
) -> Result<Option<Vec<u8>>, GitError> {
    match database.header(file)? {
        Some((_, size)) if size >= MAX_LEN as u64 => Ok(Some(TOO_LARGE.to_vec())),
        _ => database.file(file, MAX_LEN as u64),
    }
}
