//! What attributes say of paths: those of one tree for all commits, or those of each commit.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::Find as _;

use crate::git::GitError;
use crate::git::attributes::PathAttributes;
use crate::git::database::object_folders;
use crate::git::repository::Repository;
use crate::git::tree_attributes::{Chain, FILE_NAME, TreeAttributes};
use crate::scrub::{ScopeId, ScrubError};

/// The files with attributes of a tree: the folder of each, empty or ending in a slash, and the blob; sorted by folder.
type Files = Arc<Vec<(Vec<u8>, ObjectId)>>;

/// Looks attributes up in the trees of commits, from several threads.
pub(super) struct CommitAttributes {
    folders: Vec<PathBuf>,
    hash: gix::hash::Kind,
    state: Mutex<State>,
    /// Which of them it is, for [`PARSED`].
    number: u64,
}

thread_local! {
    /// Parsed attributes, which stay in their thread, and whose they are.
    static PARSED: RefCell<(u64, TreeAttributes)> = RefCell::default();
}

#[derive(Default)]
struct State {
    contents: HashMap<ObjectId, Vec<u8>>,
    /// The files below a tree.
    below: HashMap<ObjectId, Files>,
    scopes: Vec<Files>,
    by_files: HashMap<Files, ScopeId>,
    by_root: HashMap<ObjectId, ScopeId>,
}

/// Folders of objects, opened for one thread.
struct Store(Vec<gix::odb::Handle>);

impl CommitAttributes {
    pub(super) fn new(repository: &Repository) -> Self {
        let folders = object_folders(repository);
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        Self { folders, hash: repository.gix.object_hash(), state: Mutex::default(), number }
    }

    /// Reads the attributes of every commit that a ref or reflog leads to, so that the folders are opened once.
    pub(super) fn read_all(&self, repository: &Repository) -> Result<(), ScrubError> {
        let list = ["--no-replace-objects", "log", "--all", "--reflog", "--format=%T"];
        let listed = repository.git.run(list)?;
        let store = self.open()?;
        let mut state = self.lock();
        for line in listed.lines() {
            state.scope(&store, ObjectId::from_hex(line).map_err(GitError::read)?)?;
        }
        Ok(())
    }

    fn open(&self) -> Result<Store, GitError> {
        let open = |folder: &PathBuf| gix::odb::at(folder, self.hash);
        Ok(Store(self.folders.iter().map(open).collect::<Result<_, _>>()?))
    }

    /// The attributes of a root tree; two trees with the same files with attributes have the same.
    pub(super) fn scope(&self, root: ObjectId) -> Result<ScopeId, ScrubError> {
        let mut state = self.lock();
        match state.by_root.get(&root) {
            Some(&scope) => Ok(scope),
            None => state.scope(&self.open()?, root),
        }
    }

    /// The files of a scope below the top: folder, ending in a slash, and content.
    pub(super) fn nested(&self, scope: ScopeId) -> Vec<(Vec<u8>, Vec<u8>)> {
        let state = self.lock();
        let nested = state.scopes[scope.0 as usize].iter().filter(|(folder, _)| !folder.is_empty());
        nested.map(|(folder, id)| (folder.clone(), state.contents[id].clone())).collect()
    }

    /// What a scope says of a path.
    pub(super) fn of(&self, scope: ScopeId, path: &[u8]) -> Result<PathAttributes, GitError> {
        let files = Arc::clone(&self.lock().scopes[scope.0 as usize]);
        PARSED.with_borrow_mut(|(number, attributes)| {
            if *number != self.number {
                (*number, *attributes) = (self.number, TreeAttributes::default());
            }
            attributes.shrink();
            let mut chain = Chain::NONE;
            for (folder, file) in files.iter().filter(|(folder, _)| path.starts_with(folder)) {
                let content = || Ok::<_, GitError>(self.lock().contents[file].clone());
                chain = attributes.below(chain, folder, *file, content)?;
            }
            attributes.of(chain, path)
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("a thread that panicked has said why")
    }
}

impl Store {
    fn read(&self, id: ObjectId) -> Result<Vec<u8>, ScrubError> {
        let mut buffer = Vec::new();
        for store in &self.0 {
            if store.try_find(&id, &mut buffer).map_err(GitError::read)?.is_some() {
                return Ok(buffer);
            }
        }
        Err(ScrubError::Missing(id))
    }
}

impl State {
    fn scope(&mut self, store: &Store, root: ObjectId) -> Result<ScopeId, ScrubError> {
        let files = self.files(store, root)?;
        let next = u32::try_from(self.scopes.len()).expect("there are fewer trees");
        let scope = *self.by_files.entry(Arc::clone(&files)).or_insert(ScopeId(next));
        if scope == ScopeId(next) {
            self.scopes.push(files);
        }
        self.by_root.insert(root, scope);
        Ok(scope)
    }

    fn files(&mut self, store: &Store, tree: ObjectId) -> Result<Files, ScrubError> {
        if let Some(files) = self.below.get(&tree) {
            return Ok(Arc::clone(files));
        }
        let mut files = Vec::new();
        if tree != ObjectId::empty_tree(tree.kind()) {
            let bytes = store.read(tree)?;
            for entry in gix::objs::TreeRefIter::from_bytes(&bytes, tree.kind()) {
                let entry = entry.map_err(|_| ScrubError::Damaged(tree))?;
                let id = entry.oid.to_owned();
                if entry.mode.is_tree() {
                    for (folder, file) in self.files(store, id)?.iter() {
                        let name: &[u8] = entry.filename;
                        files.push(([name, b"/", folder].concat(), *file));
                    }
                } else if entry.mode.is_blob() && entry.filename == FILE_NAME {
                    if let Entry::Vacant(place) = self.contents.entry(id) {
                        place.insert(store.read(id)?);
                    }
                    files.push((Vec::new(), id));
                }
            }
        }
        files.sort();
        let files = Arc::new(files);
        self.below.insert(tree, Arc::clone(&files));
        Ok(files)
    }
}
