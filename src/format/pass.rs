//! Small steps of reading a source once through.

use std::io::{self, Read};

/// The smaller of the two, as an index.
pub(super) fn at_most(n: u64, limit: usize) -> usize {
    usize::try_from(n).map_or(limit, |n| n.min(limit))
}

/// Refuses a source that goes on.
pub(super) fn end_of(source: &mut impl Read) -> io::Result<()> {
    match source.read(&mut [0])? {
        0 => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "the file grew while it was read")),
    }
}
