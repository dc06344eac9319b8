//! The object database as git's environment describes it: also objects of a push that is not accepted yet.
//!
//! A server keeps what is pushed apart until its hooks have agreed, and tells them where by `GIT_OBJECT_DIRECTORY` and
//! `GIT_ALTERNATE_OBJECT_DIRECTORIES` (git-receive-pack, "Quarantine Environment"). Objects stand as they were written:
//! replacement refs, which anybody could push, are not followed.

use std::cell::RefCell;
use std::collections::HashMap;
use std::env;
use std::ffi::OsStr;
use std::io::Read as _;
use std::path::PathBuf;
use std::rc::Rc;

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice as _};
use gix::objs::{CommitRefIter, Find as _, FindHeader as _, Kind, TagRefIter};

use super::GitError;
use super::objects::{IN_MEMORY, stream};
use super::repository::Repository;
use super::starts::Starts;

/// Bytes of trees that are kept in memory.
const CACHED: usize = 32 << 20;
/// Bytes of delta bases that are kept in memory.
const MAX_BASES: usize = 8 << 20;
/// Bytes of the room in which objects are put together, above which it is given back.
const MAX_SCRATCH: usize = 4 << 20;
/// Tags that name tags, at most.
const MAX_TAGS: usize = 64;

/// Objects, read in process and never fetched.
pub struct Database<'r> {
    repository: &'r Repository,
    stores: Vec<gix::odb::Handle>,
    trees: RefCell<Trees>,
    scratch: RefCell<Vec<u8>>,
    /// Opened when the first beginning is asked for.
    starts: RefCell<Option<Starts>>,
}

/// Trees that were read lately.
#[derive(Default)]
struct Trees {
    /// Bytes of all of them.
    size: usize,
    by_id: HashMap<ObjectId, Rc<Vec<u8>>>,
}

/// The beginning of a blob.
pub struct Start {
    /// Bytes of the whole blob.
    pub len: u64,
    /// As many of its first bytes as were asked for.
    pub bytes: Vec<u8>,
}

/// What a ref leads to, behind all tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peeled {
    /// A commit.
    Commit(ObjectId),
    /// A tree that no commit holds.
    Tree(ObjectId),
    /// A file without a path.
    Blob(ObjectId),
    /// An object that is not here.
    Missing(ObjectId),
}

impl<'r> Database<'r> {
    /// Opens the folders of objects that the environment names, else those of the repository.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub fn open(repository: &'r Repository) -> Result<Self, GitError> {
        let hash = repository.gix.object_hash();
        let folders = object_folders(repository).into_iter();
        let stores = folders
            .map(|folder| Ok(gix::odb::at(folder, hash)?.with_pack_cache(|| bases(MAX_BASES))));
        let stores = stores.collect::<Result<_, GitError>>()?;
        Ok(Self {
            repository,
            stores,
            trees: RefCell::default(),
            scratch: RefCell::default(),
            starts: RefCell::default(),
        })
    }

    /// The repository that the objects belong to.
    pub fn repository(&self) -> &'r Repository {
        self.repository
    }

    /// Kind and length of an object; `None` where it is not here.
    ///
    /// # Errors
    /// The object is damaged.
    pub fn header(&self, id: ObjectId) -> Result<Option<(Kind, u64)>, GitError> {
        for store in &self.stores {
            if let Some(header) = store.try_header(&id).map_err(GitError::read)? {
                return Ok(Some((header.kind, header.size)));
            }
        }
        Ok(None)
    }

    /// All bytes of an object; `None` where it is not here. The caller has asked how many: see [`Self::header`].
    ///
    /// # Errors
    /// The object is damaged.
    pub fn object(&self, id: ObjectId) -> Result<Option<Vec<u8>>, GitError> {
        Ok(self.read(id)?.map(|(_, bytes)| bytes))
    }

    fn find(&self, id: ObjectId, wanted: Kind) -> Result<Option<Vec<u8>>, GitError> {
        match self.read(id)? {
            Some((kind, _)) if kind != wanted => {
                Err(GitError::Read(format!("object {id} is a {kind} and not a {wanted}")))
            }
            found => Ok(found.map(|(_, bytes)| bytes)),
        }
    }

    fn read(&self, id: ObjectId) -> Result<Option<(Kind, Vec<u8>)>, GitError> {
        // Room for the whole chain of deltas: much more than the object has, so it gets bytes of its own.
        let mut scratch = self.scratch.borrow_mut();
        for store in &self.stores {
            if let Some(found) = store.try_find(&id, &mut scratch).map_err(GitError::read)? {
                let read = (found.kind, found.data.to_vec());
                if scratch.capacity() > MAX_SCRATCH {
                    *scratch = Vec::new();
                }
                return Ok(Some(read));
            }
        }
        Ok(None)
    }

    /// The bytes of a tree; `None` where it is not here.
    ///
    /// # Errors
    /// The object is damaged, or no tree.
    pub fn tree(&self, id: ObjectId) -> Result<Option<Rc<Vec<u8>>>, GitError> {
        if id == ObjectId::empty_tree(id.kind()) {
            return Ok(Some(Rc::default()));
        }
        if let Some(tree) = self.trees.borrow().by_id.get(&id) {
            return Ok(Some(Rc::clone(tree)));
        }
        let Some(tree) = self.find(id, Kind::Tree)?.map(Rc::new) else { return Ok(None) };
        let mut trees = self.trees.borrow_mut();
        if trees.size + tree.len() > CACHED {
            *trees = Trees::default();
        }
        trees.size += tree.len();
        trees.by_id.insert(id, Rc::clone(&tree));
        Ok(Some(tree))
    }

    /// The tree of a commit; `None` where the commit is not here.
    ///
    /// # Errors
    /// The object is damaged, or no commit.
    pub fn tree_of(&self, commit: ObjectId) -> Result<Option<ObjectId>, GitError> {
        let Some(bytes) = self.find(commit, Kind::Commit)? else { return Ok(None) };
        CommitRefIter::from_bytes(&bytes, commit.kind()).tree_id().map(Some).map_err(GitError::read)
    }

    /// The bytes of a commit; `None` where it is not here, or is longer than `limit` bytes.
    ///
    /// # Errors
    /// The object is damaged, or no commit.
    pub fn commit(&self, id: ObjectId, limit: u64) -> Result<Option<Vec<u8>>, GitError> {
        match self.header(id)? {
            Some((_, size)) if size <= limit => self.find(id, Kind::Commit),
            Some(_) | None => Ok(None),
        }
    }

    /// The first `len` bytes of a blob; `None` where it is not here.
    ///
    /// # Errors
    /// The object is damaged, or no blob.
    pub fn start(&self, id: ObjectId, len: usize) -> Result<Option<Start>, GitError> {
        if let Some((len, bytes)) =
            self.starts.borrow_mut().get_or_insert_with(|| self.packs()).of(id, len)
        {
            return Ok(Some(Start { len, bytes }));
        }
        let Some((kind, size)) = self.header(id)? else { return Ok(None) };
        if kind == Kind::Blob && size > IN_MEMORY {
            let read = |blob: &mut dyn std::io::Read| {
                let mut bytes = Vec::with_capacity(len);
                blob.take(len as u64).read_to_end(&mut bytes).map(|_| bytes)
            };
            return Ok(Some(Start { len: size, bytes: stream(self.repository, id, read)?? }));
        }
        let found = self.find(id, Kind::Blob)?;
        Ok(found.map(|mut bytes| {
            bytes.truncate(len);
            Start { len: size, bytes }
        }))
    }

    /// The packs of all folders, those of alternates too.
    fn packs(&self) -> Starts {
        let stores = self.stores.iter().map(|store| store.store_ref());
        let alternates =
            stores.clone().flat_map(|store| store.alternate_db_paths().unwrap_or_default());
        let folders: Vec<PathBuf> =
            stores.map(|store| store.path().to_owned()).chain(alternates).collect();
        Starts::open(folders.iter().map(PathBuf::as_path), self.repository.gix.object_hash())
    }

    /// A small file that git or this program reads; `None` where it is not here.
    ///
    /// # Errors
    /// The object is damaged, no blob, or longer than `limit` bytes.
    pub fn file(&self, id: ObjectId, limit: u64) -> Result<Option<Vec<u8>>, GitError> {
        match self.header(id)? {
            None => Ok(None),
            Some((Kind::Blob, size)) if size > limit => {
                Err(GitError::Read(format!("blob {id} has {size} bytes; at most {limit} are read")))
            }
            Some(_) => self.find(id, Kind::Blob),
        }
    }

    /// Follows tags to what they name.
    ///
    /// # Errors
    /// An object is damaged, or tags name tags without end.
    pub fn peel(&self, id: ObjectId) -> Result<Peeled, GitError> {
        self.peel_with_tags(id).map(|(_, peeled)| peeled)
    }

    /// The same, with the tags that were followed.
    ///
    /// # Errors
    /// As [`Self::peel`].
    pub fn peel_with_tags(&self, mut id: ObjectId) -> Result<(Vec<ObjectId>, Peeled), GitError> {
        let mut tags = Vec::new();
        while tags.len() < MAX_TAGS {
            let peeled = match self.header(id)? {
                None => Peeled::Missing(id),
                Some((Kind::Commit, _)) => Peeled::Commit(id),
                Some((Kind::Tree, _)) => Peeled::Tree(id),
                Some((Kind::Blob, _)) => Peeled::Blob(id),
                Some((Kind::Tag, _)) => match self.find(id, Kind::Tag)? {
                    None => Peeled::Missing(id),
                    Some(tag) => {
                        let target = TagRefIter::from_bytes(&tag, id.kind()).target_id();
                        tags.push(id);
                        id = target.map_err(GitError::read)?;
                        continue;
                    }
                },
            };
            return Ok((tags, peeled));
        }
        Err(GitError::Read(format!("more than {MAX_TAGS} tags name one another")))
    }
}

/// Remembers what deltas are made of, `bytes` of it at most: trees that follow one another mostly stand in the same chain of deltas.
pub fn bases(bytes: usize) -> Box<gix::odb::cache::PackCache> {
    Box::new(gix::odb::pack::cache::lru::MemoryCappedHashmap::new(bytes))
}

/// The folders of objects that the environment names, else that of the repository; without their alternates.
pub fn object_folders(repository: &Repository) -> Vec<PathBuf> {
    let own = match env::var_os("GIT_OBJECT_DIRECTORY").filter(|value| !value.is_empty()) {
        Some(named) => PathBuf::from(named),
        None => repository.common_dir().join("objects"),
    };
    let more = env::var_os("GIT_ALTERNATE_OBJECT_DIRECTORIES").unwrap_or_default();
    // git passes over one that is not there, too.
    let more = split(&more).into_iter().filter(|folder| folder.is_dir());
    [own].into_iter().chain(more).collect()
}

/// The folders in a variable, where one may be in double quotes with C escapes (git, "alternate object databases").
fn split(list: &OsStr) -> Vec<PathBuf> {
    let Some(mut rest) = crate::repo_path::argument_bytes(list) else { return Vec::new() };
    let separator = if cfg!(windows) { b';' } else { b':' };
    let mut folders = Vec::new();
    while !rest.is_empty() {
        let quoted = rest.starts_with(b"\"").then(|| gix::quote::ansi_c::undo(rest.as_bstr()).ok());
        let (folder, consumed) = match quoted.flatten() {
            Some((folder, consumed)) => (folder.into_owned(), consumed),
            None => {
                let end = rest.find_byte(separator).unwrap_or(rest.len());
                (rest[..end].into(), end)
            }
        };
        if !folder.is_empty()
            && let Ok(folder) = gix::path::from_bstr(<&BStr>::from(folder.as_slice()))
        {
            folders.push(folder.into_owned());
        }
        rest = &rest[consumed..];
        rest = rest.strip_prefix(&[separator]).unwrap_or(rest);
    }
    folders
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn folders_are_split_as_git_does() {
        let folders = |list: &str| {
            let split = split(OsStr::new(list));
            split.iter().map(|folder| folder.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert!(folders("").is_empty());
        assert_eq!(folders("/a"), ["/a"]);
        assert_eq!(folders("/a::b:"), ["/a", "b"]);
        assert_eq!(folders("\"/a:\\\"b\":/c"), ["/a:\"b", "/c"]);
    }
}
