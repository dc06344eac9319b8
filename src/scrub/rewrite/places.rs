//! In which order objects are read: as they lie in the packs, where what is built on one another is close together.

use std::fs;

use gix::ObjectId;
use gix::odb::pack::index;

use super::source::Store;

/// Sorts numbers of objects by where they are: by pack and place, loose ones last. What cannot be told stays as it is.
pub(super) fn sort(store: &Store, order: &mut [usize], id: impl Fn(usize) -> ObjectId) {
    let folder = store.objects.join("pack");
    let Ok(listed) = fs::read_dir(folder) else { return };
    let mut paths: Vec<_> = listed.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "idx"));
    paths.sort();
    let opened = paths.iter().map(|path| index::File::at(path, store.hash));
    let indexes: Vec<_> = opened.filter_map(Result::ok).collect();
    let place = |&at: &usize| {
        let id = id(at);
        let found = indexes.iter().enumerate().find_map(|(pack, index)| {
            index.lookup(id).map(|entry| (pack, index.pack_offset_at_index(entry)))
        });
        (found.is_none(), found, at)
    };
    order.sort_by_cached_key(place);
}
