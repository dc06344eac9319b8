//! The index patcher for its fuzz target (`tests/formats/targets`). Nothing else uses this.

use gix::hash::Kind;
use gix::index::entry::Stat;

use super::{has_link, patch, places};

/// Puts new stat data into the first and the last entry, after which the entries are where they were.
pub fn index(bytes: &[u8]) {
    for hash in [Kind::Sha1, Kind::Sha256] {
        has_link(bytes, hash);
        let Some((before, end)) = places(bytes, hash) else { continue };
        let stat = Stat { size: 7, ..Stat::default() };
        let mut patched = bytes.to_vec();
        let ends = [0, before.len().saturating_sub(1)].map(|at| (at, stat));
        if patch(&mut patched, &ends, hash).is_some() {
            assert!(places(&patched, hash) == Some((before, end)), "an entry has moved");
            assert_eq!(patched.len(), bytes.len());
        }
    }
}
