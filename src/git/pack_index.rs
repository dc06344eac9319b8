//! Where the index of a pack says that its entries begin.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// The offsets of an index of version 2, in its order; `None` for one of version 1, where they are beside the ids.
///
/// Read here, as one that is larger than 31 bits names a place in a second table, which a hostile index may not have.
///
/// # Errors
/// The file cannot be read, or is damaged.
pub fn offsets(path: &Path, hash: gix::hash::Kind) -> io::Result<Option<Vec<u64>>> {
    let mut file = File::open(path)?;
    let len = file.metadata()?.len();
    let mut head = [0; 8 + 256 * 4];
    file.read_exact(&mut head)?;
    if !head.starts_with(b"\xfftOc") {
        return Ok(None);
    }
    let last = head.last_chunk().map_or(0, |count| u32::from_be_bytes(*count));
    let (count, hash) = (u64::from(last), hash.len_in_bytes() as u64);
    let start = head.len() as u64 + count * (hash + 4);
    // Behind the offsets are two checksums.
    let end = len.saturating_sub(2 * hash);
    if start + count * 4 > end {
        return Err(io::Error::other("its offsets are damaged"));
    }
    file.seek(SeekFrom::Start(start))?;
    let mut table = Vec::new();
    file.take(end - start).read_to_end(&mut table)?;
    let (short, long) = table.split_at(usize::try_from(count * 4).unwrap_or(usize::MAX));
    let long = long.as_chunks().0;
    let offset = |short: &[u8; 4]| {
        let offset = u32::from_be_bytes(*short);
        match offset & 0x8000_0000 {
            0 => Ok(u64::from(offset)),
            _ => {
                let place = (offset & 0x7fff_ffff) as usize;
                let long = long.get(place).map(|long: &[u8; 8]| u64::from_be_bytes(*long));
                long.ok_or_else(|| io::Error::other("its offsets are damaged"))
            }
        }
    };
    short.as_chunks().0.iter().map(offset).collect::<Result<_, _>>().map(Some)
}
