//! The verdict on one file of one tree.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use gix::ObjectId;

use super::known::{KeyFiles, KeyIds};
use super::walk::{Changed, Gone};
use super::{Found, Problem};
use crate::format::{self, KeyId, OpenError, Sniff};
use crate::git::GitError;
use crate::git::attributes::PathAttributes;
use crate::git::database::Database;
use crate::git::tree_attributes::{Chain, TreeAttributes};
use crate::git_crypt::{HeldKeys, InvalidName, Name, is_encrypted, is_encrypted_twice};
use crate::keyring::KeyName;
use crate::store::shroud_dir::{File, KeyInfo, Member};

/// Blobs whose length or first bytes are remembered.
const REMEMBERED: usize = 100_000;
/// Bytes of the longest `key.toml` that is read.
pub(super) const MAX_KEY_FILE: u64 = 4 << 20;
/// A line that says on purpose that a path is not sealed: `-filter`, which sets the attribute to false.
const ON_PURPOSE: &str = "-filter";

/// What the first bytes of a blob say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Missing,
    Empty,
    Plain,
    GitCrypt {
        whole: bool,
        twice: bool,
    },
    Damaged(String),
    /// With its length.
    Sealed(KeyId, u64),
}

/// Judges files; what is said of one subject is kept until the next begins.
pub(super) struct Judge<'r> {
    database: &'r Database<'r>,
    git_crypt: &'r HeldKeys,
    attributes: TreeAttributes,
    contents: HashMap<ObjectId, Content>,
    lens: HashMap<ObjectId, u64>,
    keys: KeyFiles,
    /// What is not here.
    pub(super) missing: BTreeSet<ObjectId>,
    subject: usize,
    root: ObjectId,
    known: Option<Rc<KeyIds>>,
    pub(super) moves: Moves,
}

/// What may have moved out of the sealed paths in one subject.
#[derive(Default)]
pub(super) struct Moves {
    /// New files in the clear that are not to be sealed, with their lengths.
    pub(super) plain: Vec<(Vec<u8>, u64)>,
    /// New sealed blobs: one that is gone elsewhere has moved here.
    pub(super) sealed: HashSet<ObjectId>,
    pub(super) gone: Vec<Gone>,
}

/// A problem, with the key that has yet to be asked for in history and the name that it ought to have.
type Verdict = (Problem, Option<(KeyId, Option<KeyName>)>);

impl<'r> Judge<'r> {
    pub(super) fn new(database: &'r Database<'r>, git_crypt: &'r HeldKeys) -> Self {
        Self {
            database,
            git_crypt,
            attributes: TreeAttributes::default(),
            contents: HashMap::new(),
            lens: HashMap::new(),
            keys: KeyFiles::default(),
            missing: BTreeSet::new(),
            subject: 0,
            root: ObjectId::empty_tree(database.repository().gix.object_hash()),
            known: None,
            moves: Moves::default(),
        }
    }

    pub(super) fn begin(&mut self, subject: usize, root: ObjectId) {
        (self.subject, self.root) = (subject, root);
        self.known = None;
        self.moves = Moves::default();
        self.attributes.shrink();
        if self.contents.len() > REMEMBERED || self.lens.len() > REMEMBERED {
            self.contents.clear();
            self.lens.clear();
        }
    }

    pub(super) fn subject(&self) -> usize {
        self.subject
    }

    pub(super) fn hash(&self) -> gix::hash::Kind {
        self.root.kind()
    }

    /// The tree of a commit; `None`, and noted, where it is not here.
    pub(super) fn tree_of(&mut self, commit: ObjectId) -> Result<Option<ObjectId>, GitError> {
        let tree = self.database.tree_of(commit)?;
        if tree.is_none() {
            self.missing.insert(commit);
        }
        Ok(tree)
    }

    /// The bytes of a tree; `None`, and noted, where it is not here.
    pub(super) fn tree(&mut self, id: ObjectId) -> Result<Option<Rc<Vec<u8>>>, GitError> {
        let tree = self.database.tree(id)?;
        if tree.is_none() {
            self.missing.insert(id);
        }
        Ok(tree)
    }

    /// The chain with one more file; `None`, and noted, where it is not here.
    pub(super) fn chain_below(
        &mut self,
        above: Chain,
        folder: &[u8],
        file: ObjectId,
        limit: u64,
    ) -> Result<Option<Chain>, GitError> {
        let content = || self.database.file(file, limit)?.ok_or(GitError::NotHere(String::new()));
        match self.attributes.below(above, folder, file, content) {
            Err(GitError::NotHere(_)) => {
                self.missing.insert(file);
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
        found: &mut Vec<Found>,
    ) -> Result<(), GitError> {
        let attributes = self.attributes.of(file.chain, file.path)?;
        let verdict = match self.standing(file.path, file.id, &attributes)? {
            Some((problem, pending)) => {
                if self.is_inherited(file, &problem)? {
                    return Ok(());
                }
                // Where it was to be sealed before, the line was dropped: then any key counts.
                let dropped =
                    matches!(problem, Problem::NotTracked(_)) && self.was_tracked(file)?;
                Some((problem, pending.filter(|_| !dropped)))
            }
            None if attributes.is_encrypted() || is_on_purpose(&attributes) => None,
            None => self.compare_plain(file)?,
        };
        if attributes.sealed && file.parents.iter().all(|(id, _)| id.is_none()) {
            self.moves.sealed.insert(file.id);
        }
        if let Some((problem, pending)) = verdict {
            let path = file.path.to_vec();
            found.push(Found { subject: self.subject, path, problem, pending });
        }
        Ok(())
    }

    /// What is wrong with a file whatever was there before.
    fn standing(
        &mut self,
        path: &[u8],
        id: ObjectId,
        attributes: &PathAttributes,
    ) -> Result<Option<Verdict>, GitError> {
        let settled = |problem| Ok(Some((problem, None)));
        if is_own_file(path) {
            if attributes.is_encrypted()
                || matches!(self.seemingly_sealed(id)?, Some(Content::Sealed(..)))
            {
                return settled(Problem::OwnFile);
            }
            return Ok(self.malformed_own_file(path, id)?.map(|why| (Problem::Damaged(why), None)));
        }
        if let Some(name) = &attributes.git_crypt {
            return Ok(self.standing_of_git_crypt(id, name)?.map(|problem| (problem, None)));
        }
        if !attributes.sealed {
            if is_on_purpose(attributes) {
                return Ok(None);
            }
            let Some(Content::Sealed(key, _)) = self.seemingly_sealed(id)? else { return Ok(None) };
            let known = self.known()?.contains_key(&key);
            return Ok(Some((Problem::NotTracked(key), (!known).then_some((key, None)))));
        }
        if let Some(conversion) = &attributes.conversion {
            return settled(Problem::Conversion(conversion.to_string()));
        }
        let wanted = match &attributes.key {
            Ok(wanted) => wanted,
            Err(error) => return settled(Problem::BadKeyName(error.to_string())),
        };
        match self.content(id)? {
            Content::Missing | Content::Empty => Ok(None),
            Content::Plain => settled(Problem::Plaintext),
            Content::GitCrypt { .. } => settled(Problem::GitCrypt),
            Content::Damaged(why) => settled(Problem::Damaged(why)),
            Content::Sealed(key, _) => {
                let known = self.known()?;
                if known.get(&key).is_some_and(|names| names.contains(wanted.as_str())) {
                    return Ok(None);
                }
                Ok(Some((Problem::UnknownKey(key), Some((key, Some(wanted.clone()))))))
            }
        }
    }

    fn standing_of_git_crypt(
        &mut self,
        id: ObjectId,
        name: &Result<Name, InvalidName>,
    ) -> Result<Option<Problem>, GitError> {
        if let Err(error) = name {
            return Ok(Some(Problem::BadKeyName(error.to_string())));
        }
        Ok(match self.content(id)? {
            Content::Missing | Content::Empty => None,
            // What begins so and is no whole header git-crypt takes for plaintext.
            Content::GitCrypt { whole: false, .. } => Some(Problem::Plaintext),
            Content::GitCrypt { twice, .. } => twice.then_some(Problem::EncryptedTwice),
            Content::Sealed(..) => Some(Problem::SealedForGitCrypt),
            Content::Plain | Content::Damaged(_) => Some(Problem::Plaintext),
        })
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

    /// For a file that is not to be sealed and is not: whether it was, and whether it is new.
    fn compare_plain(&mut self, file: &Changed<'_>) -> Result<Option<Verdict>, GitError> {
        let mut was_sealed = false;
        for &(id, chain) in file.parents {
            let Some(id) = id else { continue };
            if id != file.id {
                was_sealed |= matches!(self.seemingly_sealed(id)?, Some(Content::Sealed(..)));
                // What git-crypt encrypts may be of any length: only where its attribute was dropped is it worth a look.
                was_sealed |= chain != file.chain
                    && self.attributes.of(chain, file.path)?.git_crypt.is_some()
                    && matches!(self.content(id)?, Content::GitCrypt { .. });
            } else if !self.attributes.of(chain, file.path)?.is_encrypted() {
                // In the clear on that side already, and not to be sealed there.
                return Ok(None);
            }
        }
        let is_new = !file.parents.is_empty() && file.parents.iter().all(|(id, _)| id.is_none());
        if !was_sealed && !is_new {
            return Ok(None);
        }
        let Some(len) = self.len(file.id)?.filter(|&len| len > 0) else { return Ok(None) };
        if is_new {
            self.moves.plain.push((file.path.to_vec(), len));
        }
        Ok(was_sealed.then_some((Problem::Unsealed, None)))
    }

    fn len(&mut self, id: ObjectId) -> Result<Option<u64>, GitError> {
        if let Some(&len) = self.lens.get(&id) {
            return Ok(Some(len));
        }
        let Some((_, len)) = self.database.header(id)? else {
            self.missing.insert(id);
            return Ok(None);
        };
        self.lens.insert(id, len);
        Ok(Some(len))
    }

    /// What a blob is, if it has a length that a sealed file can have; others are not read.
    pub(super) fn seemingly_sealed(&mut self, id: ObjectId) -> Result<Option<Content>, GitError> {
        if let Some(content) = self.contents.get(&id) {
            return Ok(Some(content.clone()));
        }
        match self.len(id)? {
            Some(len) if format::is_sealed_len(len) => self.content(id).map(Some),
            _ => Ok(None),
        }
    }

    fn content(&mut self, id: ObjectId) -> Result<Content, GitError> {
        if let Some(content) = self.contents.get(&id) {
            return Ok(content.clone());
        }
        let content = match self.database.start(id, format::HEADER_LEN)? {
            None => {
                self.missing.insert(id);
                return Ok(Content::Missing);
            }
            Some(start) => {
                let damaged = |error: OpenError| Content::Damaged(error.to_string());
                match format::sniff(&start.bytes) {
                    Sniff::Empty => Content::Empty,
                    Sniff::NotSealed => Content::Plain,
                    Sniff::GitCrypt => {
                        let mut versions = self.git_crypt.versions_for(None);
                        let twice = versions.any(|(_, key)| is_encrypted_twice(key, &start.bytes));
                        Content::GitCrypt { whole: is_encrypted(&start.bytes), twice }
                    }
                    Sniff::Truncated => damaged(OpenError::Truncated),
                    Sniff::UnsupportedVersion(version) => {
                        damaged(OpenError::UnsupportedVersion(version))
                    }
                    Sniff::Sealed(_) if !format::is_sealed_len(start.len) => {
                        damaged(OpenError::Truncated)
                    }
                    Sniff::Sealed(key) => Content::Sealed(key, start.len),
                }
            }
        };
        self.contents.insert(id, content.clone());
        Ok(content)
    }

    /// The keys that the subject's own `.shroud/` describes.
    fn known(&mut self) -> Result<Rc<KeyIds>, GitError> {
        if let Some(known) = &self.known {
            return Ok(Rc::clone(known));
        }
        let known = self.keys.of_tree(self.database, self.root, &mut self.missing)?;
        self.known = Some(Rc::clone(&known));
        Ok(known)
    }

    fn malformed_own_file(&self, path: &[u8], id: ObjectId) -> Result<Option<String>, GitError> {
        let file = std::str::from_utf8(path).ok().and_then(File::recognise);
        let Some(file) = file else { return Ok(None) };
        let Some(bytes) = self.database.file(id, MAX_KEY_FILE)? else { return Ok(None) };
        let malformed = match &file {
            File::Key(name) => KeyInfo::parse(&bytes, name).err(),
            File::Member(key, stem) => Member::parse(&bytes, key, stem).err(),
        };
        Ok(malformed.map(|error| error.to_string()))
    }
}

/// Whether git or this program reads the file itself, without filters.
fn is_own_file(path: &[u8]) -> bool {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    name == b".gitattributes"
        || path == b".gitmodules"
        || path.starts_with(b".shroud/")
        || path.starts_with(b".git-crypt/")
}

fn is_on_purpose(attributes: &PathAttributes) -> bool {
    attributes.filter.as_ref().is_some_and(|filter| filter.text == ON_PURPOSE)
}
