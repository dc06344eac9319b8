//! A file that is read twice: in memory, or past 8 MiB in a temporary file that nobody else can read.

use std::fs::File;
use std::io::{self, Read, Seek, Write};

use crate::format::{KEY_LEN, Reread, SEGMENT_LEN, SegmentCipher, TAG_LEN};
use crate::fs::in_temporary_folder;
use crate::secret::{SecretBytes, WipedVec};
use aes_gcm::{Aes256Gcm, KeyInit};

/// Bytes that are kept in memory.
const MEMORY_LEN: usize = 8 << 20;

/// Holds content between the first pass and the second.
///
/// The temporary file has no name and mode 0600. Plaintext is encrypted in it with a random key that only this
/// value knows; content that is sealed already is written as it is.
#[derive(Default)]
pub(crate) struct Spool {
    /// All the content or, once there is a file, the end that is not in the file yet.
    memory: WipedVec,
    file: Option<SpoolFile>,
    already_sealed: bool,
    len: u64,
}

struct SpoolFile {
    file: File,
    key: Option<SecretBytes<KEY_LEN>>,
    cipher: Option<SegmentCipher>,
    is_read: bool,
}

impl Spool {
    /// Says that the content is sealed, so that a file need not encrypt it again.
    pub(crate) fn set_already_sealed(&mut self) {
        self.already_sealed = true;
    }

    /// Sealed content.
    ///
    /// # Errors
    /// Those of the temporary file.
    pub(crate) fn of(sealed: &[u8]) -> io::Result<Self> {
        let mut spool = Self { already_sealed: true, ..Self::default() };
        spool.append(sealed)?;
        Ok(spool)
    }

    /// Bytes of content.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Adds content.
    ///
    /// # Errors
    /// Those of the temporary file.
    pub(crate) fn append(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        self.len += bytes.len() as u64;
        if self.file.is_none() {
            if self.memory.len() + bytes.len() <= MEMORY_LEN {
                self.memory.reserve_wiping(bytes.len());
                self.memory.extend_from_slice(bytes);
                return Ok(());
            }
            let mut file = SpoolFile::create(!self.already_sealed)?;
            let memory = std::mem::take(&mut self.memory);
            let segments = memory.chunks_exact(SEGMENT_LEN);
            let rest = segments.remainder();
            segments.into_iter().try_for_each(|segment| file.write_segment(&mut copy(segment)))?;
            self.memory.reserve_exact(SEGMENT_LEN + TAG_LEN);
            self.memory.extend_from_slice(rest);
            self.file = Some(file);
        }
        let file = self.file.as_mut().expect("made above");
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(SEGMENT_LEN - self.memory.len()));
            self.memory.extend_from_slice(now);
            bytes = later;
            if self.memory.len() == SEGMENT_LEN {
                let next = WipedVec::with_capacity(SEGMENT_LEN + TAG_LEN);
                file.write_segment(&mut std::mem::replace(&mut self.memory, next))?;
            }
        }
        Ok(())
    }

    /// Reads the content from its beginning.
    ///
    /// # Errors
    /// Those of the temporary file.
    pub(crate) fn reader(&mut self) -> io::Result<SpoolReader<'_>> {
        let Some(file) = &mut self.file else {
            return Ok(SpoolReader {
                file: None,
                segment: WipedVec::default(),
                given: 0,
                rest: &self.memory,
            });
        };
        file.file.rewind()?;
        file.cipher = file.key.as_ref().map(segment_cipher);
        file.is_read = true;
        Ok(SpoolReader {
            file: Some(file),
            segment: WipedVec::default(),
            given: 0,
            rest: &self.memory,
        })
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.append(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Reread for Spool {
    fn reread(&mut self) -> io::Result<impl Read> {
        self.reader()
    }
}

fn copy(segment: &[u8]) -> WipedVec {
    let mut copy = WipedVec::with_capacity(SEGMENT_LEN + TAG_LEN);
    copy.extend_from_slice(segment);
    copy
}

fn segment_cipher(key: &SecretBytes<KEY_LEN>) -> SegmentCipher {
    SegmentCipher::new(Aes256Gcm::new(key.expose().into()))
}

/// A file without a name has the mode that the umask leaves.
fn private(file: File) -> io::Result<File> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

impl SpoolFile {
    fn create(encrypt: bool) -> io::Result<Self> {
        let file = tempfile::tempfile().and_then(private);
        let file = file.map_err(|error| in_temporary_folder(&error))?;
        let mut outcome = Ok(());
        let key = encrypt.then(|| SecretBytes::filled(|bytes| outcome = getrandom::fill(bytes)));
        outcome.map_err(io::Error::other)?;
        let cipher = key.as_ref().map(segment_cipher);
        Ok(Self { file, key, cipher, is_read: false })
    }

    /// Every segment but the end, which stays in memory, is whole: so the reader knows where each begins.
    fn write_segment(&mut self, segment: &mut WipedVec) -> io::Result<()> {
        if let Some(cipher) = &mut self.cipher {
            // Once it is read, the counter has begun again: what is added then would be encrypted with the same again.
            assert!(!self.is_read, "nothing is added to a spool that was read");
            cipher.seal(segment, 0, false);
        }
        self.file.write_all(segment)
    }

    /// Reads the next whole segment; an empty one at the end.
    fn read_segment(&mut self, segment: &mut WipedVec) -> io::Result<()> {
        let len = SEGMENT_LEN + self.cipher.as_ref().map_or(0, |_| TAG_LEN);
        segment.clear();
        segment.reserve_exact(len);
        (&self.file).take(len as u64).read_to_end(segment)?;
        if segment.is_empty() {
            return Ok(());
        }
        let damaged =
            || io::Error::new(io::ErrorKind::InvalidData, "the temporary file was damaged");
        if segment.len() < len {
            return Err(damaged());
        }
        if let Some(cipher) = &mut self.cipher {
            cipher.open(segment, false).map_err(|_| damaged())?;
            segment.truncate(SEGMENT_LEN);
        }
        Ok(())
    }
}

/// Reads a [`Spool`].
pub(crate) struct SpoolReader<'s> {
    file: Option<&'s mut SpoolFile>,
    segment: WipedVec,
    /// Bytes of `segment` that were given already.
    given: usize,
    rest: &'s [u8],
}

impl Read for SpoolReader<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.given == self.segment.len()
            && let Some(file) = &mut self.file
        {
            file.read_segment(&mut self.segment)?;
            self.given = 0;
            if self.segment.is_empty() {
                self.file = None;
            }
        }
        if self.file.is_none() {
            return self.rest.read(to);
        }
        let n = (&self.segment[self.given..]).read(to)?;
        self.given += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(len: usize) -> Vec<u8> {
        (0..len).map(|at| u8::try_from(at % 251).unwrap()).collect()
    }

    fn spool(content: &[u8], piece: usize) -> Spool {
        let mut spool = Spool::default();
        content.chunks(piece).for_each(|piece| spool.append(piece).unwrap());
        spool
    }

    #[test]
    fn content_is_read_twice_from_memory_and_from_a_file() {
        for len in [0, 1, MEMORY_LEN, MEMORY_LEN + 1, MEMORY_LEN + SEGMENT_LEN, MEMORY_LEN + 99_999]
        {
            let content = content(len);
            let mut spool = spool(&content, 100_003);
            assert_eq!(spool.len(), len as u64);
            assert_eq!(spool.file.is_some(), len > MEMORY_LEN);
            for _ in 0..2 {
                let mut read = Vec::new();
                spool.reader().unwrap().read_to_end(&mut read).unwrap();
                assert!(read == content, "{len}");
            }
        }
    }

    #[test]
    fn no_plaintext_reaches_the_temporary_file() {
        let content = b"PASSWORD=hunter2".repeat(1 << 20);
        let mut spool = spool(&content, 65_536);
        let mut file = &spool.file.as_mut().unwrap().file;
        file.rewind().unwrap();
        let mut on_disk = Vec::new();
        file.read_to_end(&mut on_disk).unwrap();
        assert!(on_disk.len() > 8 << 20);
        assert!(!on_disk.windows(7).any(|window| window == b"hunter2"));
    }

    #[cfg(unix)]
    #[test]
    fn the_temporary_file_is_private_whatever_the_umask_leaves() {
        use std::os::unix::fs::PermissionsExt as _;
        let spool = spool(&content(9 << 20), 65_536);
        let mode = spool.file.unwrap().file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    #[should_panic(expected = "nothing is added")]
    fn a_spool_that_was_read_takes_no_more() {
        let mut spool = spool(&content(9 << 20), 65_536);
        spool.reader().unwrap().read_to_end(&mut Vec::new()).unwrap();
        let _ = spool.append(&content(1 << 20));
    }

    #[test]
    fn a_damaged_temporary_file_is_noticed() {
        let mut spool = spool(&content(9 << 20), 65_536);
        let mut file = &spool.file.as_mut().unwrap().file;
        file.rewind().unwrap();
        file.write_all(&[0xff; 3]).unwrap();
        assert!(spool.reader().unwrap().read_to_end(&mut Vec::new()).is_err());
    }
}
