//! Parsers of this folder for the fuzz targets (`tests/formats/targets`). Nothing else uses them.

use gix::hash::Kind as Hash;
use gix::objs::Kind;

use super::delta::Delta;

/// Bytes of an object that a delta may make.
const LARGEST: u64 = 1 << 20;

/// Makes an object of a base and a delta; false where the delta cannot be applied.
pub fn apply(base: &[u8], delta: &[u8], object: &mut Vec<u8>) -> bool {
    let mut runs = Vec::new();
    let made = Delta::parse(delta)
        .is_ok_and(|delta| delta.len <= LARGEST && delta.apply(base, object, &mut runs).is_ok());
    if made {
        for run in runs {
            assert_eq!(
                base[run.base..][..run.len],
                object[run.at..][..run.len],
                "a run is no copy"
            );
        }
    }
    made
}

/// What a commit or a tag names.
pub fn named(bytes: &[u8]) {
    for hash in [Hash::Sha1, Hash::Sha256] {
        super::names::named(Kind::Commit, bytes, hash);
        super::names::named(Kind::Tag, bytes, hash);
    }
}

/// The entries of a tree: how many, and `None` where it is damaged.
pub fn tree(bytes: &[u8]) -> Option<usize> {
    super::names::entries(bytes, Hash::Sha256).for_each(drop);
    let entries: Option<Vec<_>> = super::names::entries(bytes, Hash::Sha1).collect();
    entries.map(|entries| entries.len())
}
