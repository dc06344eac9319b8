//! Notes: trees whose names are ids, which may be cut into folders at each second digit (git-notes, "notes.c").

use std::collections::{BTreeMap, HashMap};

use gix::ObjectId;
use gix::objs::Kind;

use super::build::Builder;
use super::context::{Context, Part};
use super::decide::{entries, is_folder};
use super::pack::Deflater;
use super::source::Source;
use super::tree::{NewEntry, sort, written};
use crate::scrub::{Fate, ScrubError};

/// What a commit has become: `None` where the id is none of a commit, `Some(None)` where it is left out.
type Renamed<'r> = dyn Fn(ObjectId) -> Option<Option<ObjectId>> + 'r;

/// Makes trees of notes.
pub(super) struct Notes<'n> {
    builder: &'n Builder<'n>,
    source: Source,
    deflater: Deflater,
    /// What is done to what the notes say.
    what: Fate,
    /// Other objects that have another id now.
    moved: HashMap<ObjectId, ObjectId>,
    done: HashMap<ObjectId, ObjectId>,
    /// Notes that went with the commit that they were of.
    pub(super) dropped: u64,
}

/// A folder of notes.
#[derive(Default)]
struct Dir {
    files: BTreeMap<Vec<u8>, (Vec<u8>, ObjectId)>,
    folders: BTreeMap<Vec<u8>, Dir>,
}

impl<'n> Notes<'n> {
    pub(super) fn new(
        builder: &'n Builder<'n>,
        what: Fate,
        moved: HashMap<ObjectId, ObjectId>,
    ) -> Result<Self, ScrubError> {
        let (source, deflater) = (builder.store.open()?, Deflater::default());
        Ok(Self { builder, source, deflater, what, moved, done: HashMap::new(), dropped: 0 })
    }

    /// The tree with the notes under the new ids.
    pub(super) fn tree(
        &mut self,
        tree: ObjectId,
        renamed: &Renamed<'_>,
    ) -> Result<ObjectId, ScrubError> {
        if let Some(&done) = self.done.get(&tree) {
            return Ok(done);
        }
        let mut top = Dir::default();
        let same = self.collect(tree, &mut Vec::new(), &mut top, renamed)?;
        let new = if same { tree } else { self.write(&top)? };
        self.done.insert(tree, new);
        Ok(new)
    }

    /// Adds what is in a folder to `top`; returns whether all of it stays. `above` are the names of the folders above.
    fn collect(
        &mut self,
        tree: ObjectId,
        above: &mut Vec<Vec<u8>>,
        top: &mut Dir,
        renamed: &Renamed<'_>,
    ) -> Result<bool, ScrubError> {
        let digits = tree.kind().len_in_hex();
        let node = self.builder.walk.node_of(tree, Context::Alike(self.what));
        let parts = node.map_or(&[][..], |node| &node.parts);
        let bytes = self.source.read(tree, Kind::Tree)?.to_vec();
        let before: usize = above.iter().map(Vec::len).sum();
        let mut same = true;
        for (at, entry) in entries(tree, &bytes)?.iter().enumerate() {
            let is_hex = entry.name.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            let len = before + entry.name.len();
            if is_hex && is_folder(entry.mode) && entry.name.len() == 2 && len < digits {
                above.push(entry.name.to_vec());
                same &= self.collect(entry.id, above, top, renamed)?;
                above.pop();
                continue;
            }
            let part = parts.get(at).copied().unwrap_or(Part::Keep);
            let Some(id) = self.builder.part(part, entry.id) else {
                same = false;
                continue;
            };
            same &= id == entry.id;
            let mut path = above.clone();
            path.push(entry.name.to_vec());
            if is_hex && !is_folder(entry.mode) && len == digits {
                let key = ObjectId::from_hex(&path.concat()).expect("they are digits");
                let new =
                    renamed(key).unwrap_or_else(|| self.moved.get(&key).copied().or(Some(key)));
                let Some(new) = new else {
                    self.dropped += 1;
                    same = false;
                    continue;
                };
                if new != key {
                    same = false;
                    cut(&mut path, new);
                }
            }
            let name = path.pop().expect("it was pushed above");
            let folder = path
                .into_iter()
                .fold(&mut *top, |folder, name| folder.folders.entry(name).or_default());
            folder.files.entry(name).or_insert((entry.mode.to_vec(), id));
        }
        Ok(same)
    }

    fn write(&mut self, dir: &Dir) -> Result<ObjectId, ScrubError> {
        let mut all = Vec::new();
        for (name, folder) in &dir.folders {
            let id = self.write(folder)?;
            all.push(NewEntry::new(b"40000", name.clone(), id));
        }
        for (name, (mode, id)) in &dir.files {
            all.push(NewEntry::new(mode, name.clone(), *id));
        }
        sort(&mut all);
        self.builder.writer.add(&mut self.deflater, Kind::Tree, &written(&all))
    }
}

/// Puts another id in the place of one, with folders as deep.
fn cut(path: &mut [Vec<u8>], id: ObjectId) {
    let digits = id.to_hex().to_string().into_bytes();
    let mut at = 0;
    for name in path {
        let end = at + name.len();
        name.copy_from_slice(&digits[at..end]);
        at = end;
    }
}
