//! The index of a pack, version 2 (git, "Documentation/gitformat-pack").

use std::io;

use gix::ObjectId;

/// An object of the pack.
pub(super) struct Indexed {
    pub(super) id: ObjectId,
    /// CRC-32 of its entry.
    pub(super) checksum: u32,
    /// Where its entry begins.
    pub(super) offset: u64,
}

/// From here on an offset is in the second table.
const LONG: u32 = 0x8000_0000;

/// The index of objects that are sorted by id, of the pack with this checksum.
pub(super) fn index(
    hash: gix::hash::Kind,
    objects: &[Indexed],
    pack: ObjectId,
) -> io::Result<Vec<u8>> {
    let mut index = Vec::with_capacity(8 + 1024 + objects.len() * (hash.len_in_bytes() + 8) + 64);
    index.extend_from_slice(b"\xfftOc\0\0\0\x02");
    for first in 0..=u8::MAX {
        let up_to = objects.partition_point(|object| object.id.as_bytes()[0] <= first);
        index.extend_from_slice(&u32::try_from(up_to).map_err(io::Error::other)?.to_be_bytes());
    }
    for object in objects {
        index.extend_from_slice(object.id.as_bytes());
    }
    for object in objects {
        index.extend_from_slice(&object.checksum.to_be_bytes());
    }
    let mut long = Vec::new();
    for object in objects {
        let short = match u32::try_from(object.offset) {
            Ok(offset) if offset < LONG => offset,
            _ => {
                long.push(object.offset);
                LONG | u32::try_from(long.len() - 1).map_err(io::Error::other)?
            }
        };
        index.extend_from_slice(&short.to_be_bytes());
    }
    for offset in long {
        index.extend_from_slice(&offset.to_be_bytes());
    }
    index.extend_from_slice(pack.as_slice());
    let mut hasher = gix::hash::hasher(hash);
    hasher.update(&index);
    let own = hasher.try_finalize().map_err(|error| io::Error::other(error.to_string()))?;
    index.extend_from_slice(own.as_slice());
    Ok(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_past_two_gibibytes_stands_in_the_second_table() {
        let id = |first: u8| {
            let mut id = [0; 20];
            id[0] = first;
            ObjectId::from(id)
        };
        let objects = [
            Indexed { id: id(1), checksum: 7, offset: 12 },
            Indexed { id: id(2), checksum: 8, offset: 0x8000_0000 },
            Indexed { id: id(9), checksum: 9, offset: 0x1_0000_0005 },
        ];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pack-1.idx");
        std::fs::write(&path, index(gix::hash::Kind::Sha1, &objects, id(3)).unwrap()).unwrap();
        let read = gix::odb::pack::index::File::at(&path, gix::hash::Kind::Sha1).unwrap();
        for object in &objects {
            let at = read.lookup(object.id).unwrap();
            assert_eq!(read.pack_offset_at_index(at), object.offset);
            assert_eq!(read.crc32_at_index(at), Some(object.checksum));
        }
        assert_eq!(read.num_objects(), 3);
    }
}
