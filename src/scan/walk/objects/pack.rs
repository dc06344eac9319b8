//! A pack: its entries, and the entry that each delta changes.

use std::path::Path;

use gix::ObjectId;
use gix::odb::pack::data::entry::Header;
use gix::odb::pack::{data, index};

use crate::git::GitError;
use crate::git::pack_index::offsets;
use crate::sanitise;

/// No entry.
pub(super) const NONE: u32 = u32::MAX;

/// An open pack.
pub(super) struct Pack {
    pub(super) data: data::File,
    index: index::File,
    /// Objects of the packs before it, where somebody counts those of all.
    pub(super) first: u32,
    /// In the order of the pack file.
    entries: Vec<PackEntry>,
    /// The entries that are stored as changes of each, one after the other.
    children: Vec<u32>,
    /// Entries that are not stored as changes of others in this pack.
    pub(super) roots: Vec<u32>,
    /// Entries that no root leads to: their bases name one another, or should not be read.
    pub(super) lost: Vec<u32>,
}

struct PackEntry {
    offset: u64,
    /// Its place in the index.
    position: u32,
    /// The entry that it is built on.
    base: u32,
    /// The first of its children, and how many of them are wanted or lead to such. The rest follow, up to those of the next
    /// entry.
    children: (u32, u32),
    /// Entries of the tree below it, with itself, that are wanted or lead to one that is.
    weight: u32,
    wanted: bool,
}

/// What an entry is stored as a change of.
enum Base {
    None,
    Here(u32),
    /// An object that is in no entry of this pack, as in one that was to be completed.
    Elsewhere,
    Unreadable,
}

impl Pack {
    /// Opens the pack with this index.
    pub(super) fn open(index: &Path, hash: gix::hash::Kind) -> Result<Self, GitError> {
        let wrong = |path: &Path, error: &dyn std::fmt::Display| {
            GitError::Read(format!("{}: {error}", sanitise::native(path)))
        };
        let of_data = index.with_extension("pack");
        let offsets = offsets(index, hash).map_err(|error| crate::fs::with_path(index, &error))?;
        let index = index::File::at(index, hash).map_err(|error| wrong(index, &error))?;
        let data = data::File::at(&of_data, hash).map_err(|error| wrong(&of_data, &error))?;
        let offsets = match offsets {
            Some(offsets) => offsets,
            None => (0..index.num_objects()).map(|at| index.pack_offset_at_index(at)).collect(),
        };
        if offsets.len() != index.num_objects() as usize || index.num_objects() == NONE {
            return Err(wrong(index.path(), &"its offsets are damaged"));
        }
        let mut entries: Vec<_> = offsets
            .into_iter()
            .zip(0..)
            .map(|(offset, position)| PackEntry {
                offset,
                position,
                base: NONE,
                children: (0, 0),
                weight: 0,
                wanted: false,
            })
            .collect();
        entries.sort_unstable_by_key(|entry| entry.offset);
        let mut pack = Self {
            data,
            index,
            first: 0,
            entries,
            children: Vec::new(),
            roots: Vec::new(),
            lost: Vec::new(),
        };
        pack.link();
        Ok(pack)
    }

    /// Numbers of all entries.
    pub(super) fn entries(&self) -> std::ops::Range<u32> {
        0..self.index.num_objects()
    }

    /// Maps the file anew, so that what was read is no longer counted as memory of this process.
    pub(super) fn reopen(&mut self) {
        // Where it is gone, what is mapped is there still. Each entry is compared with its checksum when it is read.
        if let Ok(data) = data::File::at(self.data.path(), self.index.object_hash()) {
            self.data = data;
        }
    }

    /// The place of an entry in the index.
    pub(super) fn position(&self, entry: u32) -> u32 {
        self.entries[entry as usize].position
    }

    /// The place of an object in the index.
    pub(super) fn lookup(&self, id: &gix::oid) -> Option<u32> {
        self.index.lookup(id)
    }

    /// The id at a place in the index.
    pub(super) fn id_at(&self, position: u32) -> ObjectId {
        self.index.oid_at_index(position).to_owned()
    }

    /// The id that the index gives an entry.
    pub(super) fn id(&self, entry: u32) -> ObjectId {
        self.index.oid_at_index(self.entries[entry as usize].position).to_owned()
    }

    /// The header of an entry; `None` where it is damaged.
    pub(super) fn header(&self, entry: u32) -> Option<data::Entry> {
        let offset = self.entries[entry as usize].offset;
        let end = self.data.pack_end() as u64;
        // What the header says is bounded by what deflate can do.
        let plausible = |header: &data::Entry| {
            let room = end.saturating_sub(header.data_offset);
            header.decompressed_size <= room.saturating_mul(1040)
        };
        (offset < end).then(|| self.data.entry(offset).ok())?.filter(plausible)
    }

    /// Whether the bytes of an entry have the checksum that the index has of them.
    pub(super) fn is_sound(&self, entry: u32) -> bool {
        let PackEntry { offset, position, .. } = self.entries[entry as usize];
        let end = self.entries.get(entry as usize + 1).map(|next| next.offset);
        let end = end.unwrap_or(self.data.pack_end() as u64).min(self.data.pack_end() as u64);
        let Some(expected) = self.index.crc32_at_index(position) else { return true };
        let len = end.saturating_sub(offset);
        usize::try_from(len).is_ok_and(|len| self.data.entry_crc32(offset, len) == expected)
    }

    /// The entries that are stored as changes of this one and wanted, or lead to such; the one with most below it last.
    pub(super) fn children(&self, entry: u32) -> &[u32] {
        let (first, count) = self.entries[entry as usize].children;
        &self.children[first as usize..][..count as usize]
    }

    /// Whether the entry itself is wanted, and not only what is stored as a change of it.
    pub(super) fn is_wanted(&self, entry: u32) -> bool {
        self.entries[entry as usize].wanted
    }

    /// How many entries have to be read, from this one on.
    pub(super) fn weight(&self, entry: u32) -> u32 {
        self.entries[entry as usize].weight
    }

    /// Says which entries are wanted.
    pub(super) fn want(&mut self, mut wanted: impl FnMut(&gix::oid) -> bool) {
        for entry in &mut self.entries {
            entry.wanted = wanted(self.index.oid_at_index(entry.position));
        }
    }

    /// Says which of the entries that are wanted are so still; asks in the order of their ids.
    pub(super) fn keep(&mut self, mut wanted: impl FnMut(&gix::oid) -> bool) {
        let mut by_position = vec![NONE; self.entries.len()];
        for (entry, at) in self.entries.iter().zip(0..) {
            by_position[entry.position as usize] = at;
        }
        for at in by_position {
            if let Some(entry) = self.entries.get_mut(at as usize).filter(|entry| entry.wanted) {
                entry.wanted = wanted(self.index.oid_at_index(entry.position));
            }
        }
    }

    /// The kind of a root; `None` where it is built on an object elsewhere, or damaged.
    pub(super) fn kind_of_root(&self, root: u32) -> Option<gix::objs::Kind> {
        self.header(root)?.header.as_kind()
    }

    /// All entries that are stored as changes of this one, wanted or not.
    fn all_children(&self, entry: u32) -> std::ops::Range<usize> {
        let next = self.entries.get(entry as usize + 1).map(|next| next.children.0 as usize);
        self.entries[entry as usize].children.0 as usize..next.unwrap_or(self.children.len())
    }

    /// Passes over all on which nothing that is wanted depends. May be asked again after [`Self::want`].
    pub(super) fn prune(&mut self) {
        let order = self.order();
        for &entry in order.iter().rev() {
            let children = &self.children[self.all_children(entry)];
            let below: u32 = children.iter().map(|&child| self.weight(child)).sum();
            let own = &mut self.entries[entry as usize];
            own.weight = if own.wanted || below > 0 { below + 1 } else { 0 };
        }
        for entry in order {
            let all = self.all_children(entry);
            let entries = &self.entries;
            let children = &mut self.children[all];
            children.sort_unstable_by_key(|&child| entries[child as usize].weight);
            let unwanted = children.partition_point(|&child| entries[child as usize].weight == 0);
            children.rotate_left(unwanted);
            let kept = u32::try_from(children.len() - unwanted).unwrap_or(0);
            self.entries[entry as usize].children.1 = kept;
        }
        let entries = &self.entries;
        self.lost.retain(|&lost| entries[lost as usize].wanted);
    }

    /// The base of an entry; `by_position` has the entries in the order of the index.
    fn base(&self, entry: u32, by_position: &[u32]) -> Base {
        let Some(header) = self.header(entry) else { return Base::Unreadable };
        let here = |offset: u64| {
            let found = self.entries.binary_search_by_key(&offset, |entry| entry.offset).ok()?;
            u32::try_from(found).ok()
        };
        match header.header {
            Header::OfsDelta { base_distance } => header
                .checked_base_pack_offset(base_distance)
                .and_then(here)
                .map_or(Base::Unreadable, Base::Here),
            Header::RefDelta { base_id } => match self.index.lookup(base_id) {
                Some(position) => Base::Here(by_position[position as usize]),
                None => Base::Elsewhere,
            },
            Header::Blob | Header::Tree | Header::Commit | Header::Tag => Base::None,
        }
    }

    /// An entry, what it is built on, what that is built on, and so on.
    pub(super) fn chain(&self, entry: u32) -> Vec<u32> {
        let mut chain = vec![entry];
        // No chain is longer than the pack, whatever it says.
        while let Some(&last) = chain.last()
            && let base = self.entries[last as usize].base
            && base != NONE
            && chain.len() <= self.entries.len()
        {
            chain.push(base);
        }
        chain
    }

    /// Finds everybody's children.
    fn link(&mut self) {
        let mut by_position = vec![NONE; self.entries.len()];
        for (entry, at) in self.entries.iter().zip(0..) {
            by_position[entry.position as usize] = at;
        }
        let mut bases = Vec::with_capacity(self.entries.len());
        for entry in self.entries() {
            bases.push(match self.base(entry, &by_position) {
                Base::None | Base::Elsewhere => {
                    self.roots.push(entry);
                    NONE
                }
                Base::Here(base) => {
                    self.entries[base as usize].children.1 += 1;
                    base
                }
                Base::Unreadable => NONE,
            });
        }
        let mut first = 0;
        for entry in &mut self.entries {
            entry.children.0 = first;
            first += std::mem::take(&mut entry.children.1);
        }
        self.children = vec![NONE; first as usize];
        for (entry, base) in self.entries().zip(bases) {
            self.entries[entry as usize].base = base;
            if let Some(base) = self.entries.get_mut(base as usize) {
                self.children[(base.children.0 + base.children.1) as usize] = entry;
                base.children.1 += 1;
            }
        }
        let mut reached = vec![false; self.entries.len()];
        for entry in self.order() {
            reached[entry as usize] = true;
        }
        self.lost = self.entries().filter(|&entry| !reached[entry as usize]).collect();
    }

    /// All entries that a root leads to, each after its base.
    fn order(&self) -> Vec<u32> {
        let mut order = self.roots.clone();
        let mut at = 0;
        while at < order.len() {
            order.extend_from_slice(&self.children[self.all_children(order[at])]);
            at += 1;
        }
        order
    }
}
