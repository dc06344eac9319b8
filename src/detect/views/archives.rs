//! Gzip and zip: views of a whole text, bounded in size, number and depth.

use std::io::{Cursor, Read};

use super::map::Map;
use super::{Budget, Decoded, Inside, Layout, View};
use crate::sanitise;
use crate::secret::WipedVec;

/// Members of an archive at most.
pub(super) const MAX_MEMBERS: usize = 10_000;
/// Bytes of a decompressed member at most.
pub(super) const MAX_MEMBER: usize = 16 << 20;

pub(super) const GZIP: &[u8] = &[0x1f, 0x8b, 8];
const ZIP: &[u8] = b"PK\x03\x04";

/// Whether the text begins as an archive does.
pub(super) fn is_archive(text: &[u8]) -> bool {
    text.starts_with(GZIP) || text.starts_with(ZIP)
}

pub(super) fn members(text: &[u8], budget: &mut Budget, inside: &mut Inside<'_>) {
    let whole = 0..text.len();
    let mut hand_over = |view, bytes, budget: &mut Budget| {
        // Nothing of an archive is copied from another version of it in a way that could be followed.
        let extent = i64::MIN..i64::MAX;
        let map = Map::whole(&whole);
        let layout = Layout::Replaced;
        inside(Decoded { view, bytes, map, layout, extent, plain: Vec::new() }, budget);
    };
    if text.starts_with(GZIP) {
        let bytes = read(flate2::bufread::MultiGzDecoder::new(text), budget);
        hand_over(View::Gzip, bytes, budget);
        return;
    }
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(text)) else {
        budget.cut = true;
        return;
    };
    budget.cut |= archive.len() > MAX_MEMBERS;
    for number in 0..archive.len().min(MAX_MEMBERS) {
        // One that is encrypted, or compressed in another way, is left out.
        let Ok(member) = archive.by_index(number) else {
            budget.cut = true;
            continue;
        };
        if !member.is_file() {
            continue;
        }
        let name = sanitise::path(member.name_raw());
        let bytes = read(member, budget);
        hand_over(View::Zip(name), bytes, budget);
        if budget.bytes == 0 {
            return;
        }
    }
}

/// Decompresses as much as there is, or as may be.
fn read(source: impl Read, budget: &mut Budget) -> WipedVec {
    let most = budget.bytes.min(MAX_MEMBER);
    let mut bytes = WipedVec::default();
    let copied = std::io::copy(&mut source.take(most as u64 + 1), &mut bytes);
    if copied.is_err() || bytes.len() > most {
        budget.cut = true;
        bytes.truncate(most);
    }
    budget.bytes -= bytes.len();
    bytes
}
