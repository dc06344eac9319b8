//! Loose objects, each in one read (git, "Documentation/gitformat-loose").
//!
//! What was added last is loose, and clean looks at it for each file. gix maps the file twice for one object and looks
//! for it first: with small files that took longer than opening them.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use flate2::{Decompress, FlushDecompress, Status};
use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use super::GitError;
use super::objects::{Blob, IN_MEMORY};

/// Bytes of the longest header: a kind, a blank, twenty digits, a zero.
const MAX_HEADER: usize = 32;

/// Reads blobs from one folder of objects. What it needs for one it keeps for the next.
pub struct LooseBlobs {
    inflate: Decompress,
    compressed: Vec<u8>,
}

impl Default for LooseBlobs {
    fn default() -> Self {
        Self { inflate: Decompress::new(true), compressed: Vec::new() }
    }
}

impl LooseBlobs {
    /// Reads a blob as it was written, whatever replaces it; [`Blob::Missing`] where it is not loose.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, or holds no blob.
    pub fn read(&mut self, objects: &Path, id: &ObjectId) -> Result<Blob, GitError> {
        let name = id.to_hex().to_string();
        let path = objects.join(&name[..2]).join(&name[2..]);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Blob::Missing),
            Err(error) => return Err(GitError::Io(error)),
        };
        let damaged = || GitError::Read(format!("loose object {id} is damaged"));
        self.compressed.clear();
        // zlib adds less than a thousandth. What is longer is not kept in memory.
        file.take(IN_MEMORY + (IN_MEMORY >> 9)).read_to_end(&mut self.compressed)?;
        self.inflate.reset(true);
        let mut start = [0; MAX_HEADER];
        let step = FlushDecompress::None;
        let status = self.inflate.decompress(&self.compressed, &mut start, step);
        let begun = usize::try_from(self.inflate.total_out()).map_err(|_| damaged())?;
        let (header, rest) = start[..begun].split_once_str(b"\0").ok_or_else(damaged)?;
        let len = header.strip_prefix(b"blob ").and_then(|len| len.to_str().ok()?.parse().ok());
        let len: u64 = len.ok_or_else(damaged)?;
        if len > IN_MEMORY {
            return Ok(Blob::Large);
        }
        let len = usize::try_from(len).map_err(|_| damaged())?;
        // One byte more, to see a stream that goes on.
        let mut bytes = Vec::with_capacity(len.max(rest.len()) + 1);
        bytes.extend_from_slice(rest);
        let mut status = status.map_err(|_| damaged())?;
        while status == Status::Ok && bytes.len() <= len {
            let before = self.inflate.total_in() + self.inflate.total_out();
            let read = usize::try_from(self.inflate.total_in()).map_err(|_| damaged())?;
            let rest = &self.compressed[read..];
            status = self.inflate.decompress_vec(rest, &mut bytes, step).map_err(|_| damaged())?;
            if self.inflate.total_in() + self.inflate.total_out() == before {
                break;
            }
        }
        let ended = status == Status::StreamEnd && bytes.len() == len;
        if ended { Ok(Blob::Memory(bytes)) } else { Err(damaged()) }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

    const ID: &str = "0123456789012345678901234567890123456789";

    fn read(content: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Result<Blob, GitError> {
        let objects = tempfile::tempdir().unwrap();
        fs::create_dir(objects.path().join("01")).unwrap();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(content).unwrap();
        let mut file = zlib.finish().unwrap();
        change(&mut file);
        fs::write(objects.path().join("01").join(&ID[2..]), file).unwrap();
        let id = ObjectId::from_hex(ID.as_bytes()).unwrap();
        let mut blobs = LooseBlobs::default();
        // What a bad object leaves behind must not be seen by the next.
        drop(blobs.read(objects.path(), &id));
        blobs.read(objects.path(), &id)
    }

    fn object(kind: &str, len: usize, content: &[u8]) -> Vec<u8> {
        [format!("{kind} {len}\0").as_bytes(), content].concat()
    }

    #[test]
    fn blobs_of_any_length_are_read() {
        for len in [0, 1, 23, 24, 25, 26, 27, 1_000, 70_000] {
            let content: Vec<u8> = (0..len).map(|at: u32| (at % 251) as u8).collect();
            match read(&object("blob", content.len(), &content), |_| ()).unwrap() {
                Blob::Memory(bytes) => assert_eq!(bytes, content, "{len}"),
                _ => panic!("a blob of {len} bytes is not read into memory"),
            }
        }
    }

    #[test]
    fn what_is_no_sound_blob_is_refused() {
        let long = vec![7; 500];
        for len in [3, 499, 501, 5_000_000] {
            assert!(read(&object("blob", len, &long), |_| ()).is_err(), "says {len}");
        }
        for kind in ["tree", "commit", "blub", ""] {
            assert!(read(&object(kind, long.len(), &long), |_| ()).is_err(), "{kind}");
        }
        assert!(read(&[b'9'; 100], |_| ()).is_err());
        let sound = object("blob", long.len(), &long);
        assert!(read(&sound, |file| file.truncate(file.len() - 5)).is_err());
        assert!(read(&sound, |file| *file.last_mut().unwrap() ^= 1).is_err());
        assert!(read(&sound, Vec::clear).is_err());
    }

    #[test]
    fn others_are_left_to_others() {
        let huge = object("blob", 1 << 40, b"");
        assert!(matches!(read(&huge, |_| ()), Ok(Blob::Large)));
        let id = ObjectId::from_hex(ID.as_bytes()).unwrap();
        let found = LooseBlobs::default().read(Path::new("nowhere"), &id);
        assert!(matches!(found, Ok(Blob::Missing)));
    }
}
