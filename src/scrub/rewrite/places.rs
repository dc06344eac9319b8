//! In which order objects are read: as they lie in the packs, where what is built on one another is close together.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use gix::ObjectId;
use gix::odb::pack::data::entry::Header;
use gix::odb::pack::{data, index};

use super::source::Store;

/// The order of objects, and which of them each is stored as a change of.
pub(super) struct Places {
    /// Numbers of the objects: by pack and place, loose ones last.
    pub(super) order: Vec<usize>,
    /// For each object the number of another, which comes before it.
    pub(super) bases: Vec<Option<usize>>,
}

impl Places {
    /// Looks where objects are. What cannot be told costs time and nothing else.
    pub(super) fn of(store: &Store, ids: &[ObjectId]) -> Self {
        let mut order: Vec<usize> = (0..ids.len()).collect();
        let packs = packs(store);
        let place = |id: &ObjectId| {
            packs.iter().enumerate().find_map(|(pack, (index, _))| {
                Some((pack, index.pack_offset_at_index(index.lookup(id)?)))
            })
        };
        let places: Vec<_> = ids.iter().map(place).collect();
        order.sort_by_key(|&at| (places[at].is_none(), places[at], at));
        let known: HashMap<_, _> = order.iter().rev().map(|&at| (places[at], at)).collect();
        let by_id = || ids.iter().copied().zip(0..).collect::<HashMap<ObjectId, usize>>();
        let by_id = std::cell::LazyCell::new(by_id);
        let base = |&place: &Option<(usize, u64)>| {
            let (pack, offset) = place?;
            let data = &packs[pack].1;
            if offset >= data.pack_end() as u64 {
                return None;
            }
            match data.entry(offset).ok()?.header {
                Header::OfsDelta { base_distance } => {
                    let base = offset.checked_sub(base_distance)?;
                    known.get(&Some((pack, base))).copied()
                }
                Header::RefDelta { base_id } => by_id.get(&base_id).copied(),
                Header::Blob | Header::Tree | Header::Commit | Header::Tag => None,
            }
        };
        let bases: Vec<_> = places.iter().map(base).collect();
        Self { order: families(&order, &bases), bases }
    }
}

/// The same order, but with what is built on an object right behind it.
fn families(order: &[usize], bases: &[Option<usize>]) -> Vec<usize> {
    let mut children: HashMap<usize, Vec<usize>> = HashMap::new();
    for &at in order.iter().rev() {
        if let Some(base) = bases[at] {
            children.entry(base).or_default().push(at);
        }
    }
    let mut seen = vec![false; bases.len()];
    let mut sorted = Vec::with_capacity(order.len());
    // Those with a base again at the end: in a damaged pack they may name one another.
    let first = order.iter().filter(|&&at| bases[at].is_none());
    for &start in first.chain(order) {
        let mut open = vec![start];
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut seen[at], true) {
                sorted.push(at);
                open.extend(children.get(&at).into_iter().flatten());
            }
        }
    }
    sorted
}

fn packs(store: &Store) -> Vec<(index::File, data::File)> {
    let Ok(listed) = fs::read_dir(store.objects.join("pack")) else { return Vec::new() };
    let mut paths: Vec<_> = listed.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "idx"));
    paths.sort();
    let open = |path: &Path| {
        let index = index::File::at(path, store.hash).ok()?;
        Some((index, data::File::at(path.with_extension("pack"), store.hash).ok()?))
    };
    paths.iter().filter_map(|path| open(path)).collect()
}

#[cfg(test)]
mod tests {
    use super::families;

    #[test]
    fn what_is_built_on_one_another_is_together_and_all_is_there() {
        let bases = [None, Some(0), None, Some(2), Some(0), Some(1), Some(7), Some(6)];
        assert_eq!(families(&[2, 0, 1, 3, 4, 5, 6, 7], &bases), [2, 3, 0, 1, 5, 4, 6, 7]);
    }
}
