//! The beginnings of blobs in packs. Of each delta in a chain only what makes the beginning is read, where reading the whole object
//! would make all of every base first.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

use gix::ObjectId;
use gix::odb::pack::data::entry::Header;
use gix::odb::pack::{data, index};
use zlib_rs::{Inflate, InflateFlush};

use super::delta::{Instruction, length};
use super::pack_index::offsets;

/// Bytes up to which the beginning of a base, or of a delta, is read; what needs more is read whole by others.
const MAX: usize = 64 << 10;
/// Bytes of a delta that are read at first: mostly it begins with a copy.
const FIRST: usize = 64;
/// Deltas in a chain at most: git makes none that is longer.
const MAX_CHAIN: usize = 4096;
/// Beginnings that are remembered.
const REMEMBERED: usize = 1 << 16;
/// The base-2 logarithm of zlib's window.
const WINDOW_BITS: u8 = 15;

/// Packs, and what was read from them.
pub(super) struct Starts {
    packs: Vec<Pack>,
    inflate: Inflate,
    /// By pack and offset.
    known: HashMap<(usize, u64), Known>,
}

struct Pack {
    index: index::File,
    /// Read when an object of it is asked for; `None` where that cannot be.
    read: OnceCell<Option<Read>>,
}

struct Read {
    /// In the order of the index.
    offsets: Vec<u64>,
    data: data::File,
}

/// The beginning of an object.
#[derive(Clone)]
struct Known {
    /// Bytes of the whole object.
    len: u64,
    bytes: Rc<[u8]>,
}

/// Where bytes of an object come from.
enum Piece {
    New(Vec<u8>),
    OfBase(Range<usize>),
}

impl Starts {
    /// Opens the packs of these folders of objects. What cannot be opened is left to others.
    pub(super) fn open<'p>(folders: impl Iterator<Item = &'p Path>, hash: gix::hash::Kind) -> Self {
        let files = folders.flat_map(|folder| folder.join("pack").read_dir().into_iter().flatten());
        let paths = files.flatten().map(|file| file.path());
        let indexes = paths.filter(|path| path.extension().is_some_and(|end| end == "idx"));
        Self {
            packs: indexes.filter_map(|path| Pack::open(&path, hash)).collect(),
            inflate: Inflate::new(true, WINDOW_BITS),
            known: HashMap::new(),
        }
    }

    /// The length of a blob and its first `len` bytes; `None` where it is in no pack, is no blob, or must be read whole.
    pub(super) fn of(&mut self, id: ObjectId, len: usize) -> Option<(u64, Vec<u8>)> {
        let offsets = self.packs.iter().map(|pack| pack.offset(&id)).enumerate();
        let (pack, offset) = offsets.filter_map(|(pack, offset)| Some((pack, offset?))).next()?;
        if self.known.len() > REMEMBERED {
            self.known.clear();
        }
        self.part(pack, offset, 0..len, 0)
    }

    /// The length of the object at an offset, and its bytes in this range, as far as it has such.
    fn part(
        &mut self,
        pack: usize,
        offset: u64,
        range: Range<usize>,
        depth: usize,
    ) -> Option<(u64, Vec<u8>)> {
        let cut = |range: &Range<usize>, len: u64| {
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            range.start.min(len)..range.end.min(len)
        };
        if let Some(known) = self.known.get(&(pack, offset))
            && let Some(bytes) = known.bytes.get(cut(&range, known.len))
        {
            return Some((known.len, bytes.to_vec()));
        }
        let entry = self.packs[pack].entry(offset)?;
        let base = match entry.header {
            Header::Blob => {
                let len = entry.decompressed_size;
                let range = cut(&range, len);
                let mut bytes = self.inflate(pack, entry.data_offset, range.end)?;
                self.remember((pack, offset), len, &bytes);
                bytes.drain(..range.start);
                return Some((len, bytes));
            }
            Header::OfsDelta { base_distance } => entry.checked_base_pack_offset(base_distance)?,
            Header::RefDelta { base_id } => self.packs[pack].offset(&base_id)?,
            Header::Tree | Header::Commit | Header::Tag => return None,
        };
        if depth == MAX_CHAIN {
            return None;
        }
        let size = usize::try_from(entry.decompressed_size).ok()?;
        let mut read = FIRST;
        let (len, range, pieces) = loop {
            let delta = self.inflate(pack, entry.data_offset, read.min(size))?;
            let mut rest = &delta[..];
            if let (Ok(_), Ok(len)) = (length(&mut rest), length(&mut rest)) {
                let range = cut(&range, len);
                if let Some(pieces) = pieces(rest, &range) {
                    break (len, range, pieces);
                }
            }
            if read >= size.min(MAX) {
                return None;
            }
            read *= 8;
        };
        let mut bytes = Vec::with_capacity(range.len());
        for piece in pieces {
            match piece {
                Piece::New(new) => bytes.extend(new),
                Piece::OfBase(part) => {
                    let wanted = part.len();
                    let (_, part) = self.part(pack, base, part, depth + 1)?;
                    if part.len() != wanted {
                        return None;
                    }
                    bytes.extend(part);
                }
            }
        }
        if range.start == 0 {
            self.remember((pack, offset), len, &bytes);
        }
        Some((len, bytes))
    }

    fn remember(&mut self, place: (usize, u64), len: u64, bytes: &[u8]) {
        self.known.insert(place, Known { len, bytes: bytes.into() });
    }

    /// The first bytes of what is compressed at an offset.
    fn inflate(&mut self, pack: usize, offset: u64, len: usize) -> Option<Vec<u8>> {
        if len > MAX {
            return None;
        }
        let data = &self.packs[pack].read()?.data;
        let compressed = data.entry_slice(offset..data.pack_end() as u64)?;
        let mut bytes = vec![0; len];
        self.inflate.reset(true);
        if len > 0 {
            self.inflate.decompress(compressed, &mut bytes, InflateFlush::SyncFlush).ok()?;
        }
        (self.inflate.total_out() == len as u64).then_some(bytes)
    }
}

impl Pack {
    fn open(index: &Path, hash: gix::hash::Kind) -> Option<Self> {
        Some(Self { index: index::File::at(index, hash).ok()?, read: OnceCell::new() })
    }

    fn read(&self) -> Option<&Read> {
        let read = || {
            let (path, hash) = (self.index.path(), self.index.object_hash());
            let offsets = offsets(path, hash).ok()??;
            Some(Read { offsets, data: data::File::at(path.with_extension("pack"), hash).ok()? })
        };
        self.read.get_or_init(read).as_ref()
    }

    /// Where an object begins; `None` where it is not in this pack.
    fn offset(&self, id: &gix::oid) -> Option<u64> {
        let position = self.index.lookup(id)?;
        self.read()?.offsets.get(position as usize).copied()
    }

    fn entry(&self, offset: u64) -> Option<data::Entry> {
        let data = &self.read()?.data;
        (offset < data.pack_end() as u64).then(|| data.entry(offset).ok())?
    }
}

/// Where the bytes of this range of an object come from, by its delta's instructions; `None` where they end before, or are wrong.
fn pieces(mut instructions: &[u8], range: &Range<usize>) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut at = 0_usize;
    while at < range.end {
        let instruction = Instruction::next(&mut instructions).ok()??;
        let len = match instruction {
            Instruction::Copy { len, .. } => len,
            Instruction::Insert(new) => new.len(),
        };
        let end = at.checked_add(len)?;
        let part = range.start.max(at)..range.end.min(end);
        if !part.is_empty() {
            let part = part.start - at..part.end - at;
            pieces.push(match instruction {
                Instruction::Copy { start, .. } => {
                    Piece::OfBase(start.checked_add(part.start)?..start.checked_add(part.end)?)
                }
                Instruction::Insert(new) => Piece::New(new[part].to_vec()),
            });
        }
        at = end;
    }
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(instructions: &[u8], range: Range<usize>) -> Option<Vec<Result<Range<usize>, Vec<u8>>>> {
        let pieces = pieces(instructions, &range)?.into_iter();
        let plain = |piece| match piece {
            Piece::OfBase(range) => Ok(range),
            Piece::New(bytes) => Err(bytes),
        };
        Some(pieces.map(plain).collect())
    }

    #[test]
    fn only_what_makes_the_range_is_read() {
        // Copy 4 bytes from 2 on, insert "xyz", copy 8 bytes from 0 on; then an instruction that is cut off.
        let delta = [0x91, 2, 4, 3, b'x', b'y', b'z', 0x90, 8, 0xff];
        assert_eq!(of(&delta, 0..3).unwrap(), [Ok(2..5)]);
        assert_eq!(of(&delta, 1..4).unwrap(), [Ok(3..6)]);
        assert_eq!(of(&delta, 3..6).unwrap(), [Ok(5..6), Err(b"xy".to_vec())]);
        assert_eq!(of(&delta, 5..9).unwrap(), [Err(b"yz".to_vec()), Ok(0..2)]);
        assert_eq!(of(&delta, 0..0).unwrap(), []);
        assert_eq!(of(&delta, 0..16), None);
        assert_eq!(of(&[0], 0..1), None);
        assert_eq!(of(&[], 0..1), None);
    }
}
