//! What `.shroud/` folders describe, without a key.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::{Kind, TreeRef};

use crate::format::{KeyId, PublicKey};
use crate::git::GitError;
use crate::git::database::Database;
use crate::store::shroud_dir::{self, KeyInfo};

/// Bytes of the longest `key.toml` that is read.
pub(super) const MAX_KEY_FILE: u64 = 4 << 20;

/// The `key.toml` of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Description {
    /// The file.
    pub(super) blob: ObjectId,
    /// Generation and id; `None` where the file cannot be read.
    pub(super) key: Option<(u32, KeyId)>,
    /// To which values may be sealed without the key.
    pub(super) public: Option<PublicKey>,
}

/// What one folder describes, by the keys' names.
#[derive(Debug, Default)]
pub(super) struct Described(pub(super) BTreeMap<String, Description>);

impl Described {
    /// The names under which a key is described here: more than one only where somebody has copied a description.
    pub(super) fn names_of(&self, id: KeyId) -> impl Iterator<Item = &str> {
        let is_of =
            move |description: &Description| description.key.is_some_and(|key| id.names(key.1));
        self.0.iter().filter(move |(_, of)| is_of(of)).map(|(name, _)| name.as_str())
    }

    /// Whether a key is described here under this name, and only holders of keys have ever set values: no key here is write-only,
    /// and none has a generation before this one that may have been.
    pub(super) fn is_for_holders(&self, id: KeyId, name: &str) -> bool {
        let is_first =
            |of: &Description| of.public.is_none() && of.key.is_none_or(|key| key.0 <= 1);
        let of = self.0.get(name).and_then(|of| Some(of.key?.1));
        of.is_some_and(|key| id.names(key)) && self.0.values().all(is_first)
    }
}

/// Reads what `.shroud/` folders describe, each once.
#[derive(Default)]
pub(super) struct KeyFiles {
    folders: HashMap<ObjectId, Rc<Described>>,
}

impl KeyFiles {
    /// What a tree describes; a file that cannot be read describes nothing.
    pub(super) fn of_tree(
        &mut self,
        database: &Database<'_>,
        root: ObjectId,
        missing: &mut BTreeSet<ObjectId>,
    ) -> Result<Rc<Described>, GitError> {
        let folder = child(database, root, shroud_dir::NAME, missing)?;
        let Some(folder) = folder.filter(|folder| folder.is_tree) else { return Ok(Rc::default()) };
        if let Some(known) = self.folders.get(&folder.id) {
            return Ok(Rc::clone(known));
        }
        let mut described = Described::default();
        let mut is_whole = true;
        for key in children(database, folder.id, missing)?.into_iter().filter(|key| key.is_tree) {
            let Ok(name) = key.name.to_str().map(str::to_owned) else { continue };
            let file = child(database, key.id, "key.toml", missing)?;
            let Some(file) = file.filter(|file| !file.is_tree) else { continue };
            let bytes = match database.header(file.id)? {
                None => {
                    missing.insert(file.id);
                    is_whole = false;
                    continue;
                }
                Some((Kind::Blob, len)) if len > MAX_KEY_FILE => None,
                Some(_) => database.file(file.id, MAX_KEY_FILE)?,
            };
            let info = bytes.zip(name.parse().ok());
            let info = info.and_then(|(bytes, name)| KeyInfo::parse(&bytes, &name).ok());
            let public = info.as_ref().and_then(|info| info.public);
            let key = info.map(|info| (info.generation, info.id));
            described.0.insert(name, Description { blob: file.id, key, public });
        }
        let described = Rc::new(described);
        if is_whole {
            self.folders.insert(folder.id, Rc::clone(&described));
        }
        Ok(described)
    }
}

struct Child {
    name: Vec<u8>,
    id: ObjectId,
    is_tree: bool,
}

fn children(
    database: &Database<'_>,
    tree: ObjectId,
    missing: &mut BTreeSet<ObjectId>,
) -> Result<Vec<Child>, GitError> {
    let Some(bytes) = database.tree(tree)? else {
        missing.insert(tree);
        return Ok(Vec::new());
    };
    let tree = TreeRef::from_bytes(&bytes, tree.kind()).map_err(GitError::read)?;
    let entries = tree.entries.iter().filter(|entry| entry.mode.is_tree() || entry.mode.is_blob());
    let child = |entry: &gix::objs::tree::EntryRef<'_>| Child {
        name: entry.filename.to_vec(),
        id: entry.oid.to_owned(),
        is_tree: entry.mode.is_tree(),
    };
    Ok(entries.map(child).collect())
}

fn child(
    database: &Database<'_>,
    tree: ObjectId,
    name: &str,
    missing: &mut BTreeSet<ObjectId>,
) -> Result<Option<Child>, GitError> {
    let children = children(database, tree, missing)?;
    Ok(children.into_iter().find(|child| child.name == name.as_bytes()))
}
