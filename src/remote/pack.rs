//! Packs between the clone and the store: sealed in files of bounded size, and opened while they stream (docs/format.md, section
//! 9.6). Neither way holds a pack in memory.

use std::collections::BTreeMap;
use std::fs::File as Source;
use std::io::{self, Read, Seek as _, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::RemoteError;
use super::local::Packed;
use super::manifest::Pack;
use super::mirror::{Files, Mirror};
use super::store::pack_file;
use crate::format::{HEADER_LEN, Header, Key, Layout, OpenError, Reread, Sealing};
use crate::keyring::Keyring;
use crate::progress::{Meter, Progress};
use crate::secret::WipedVec;

/// Bytes of a pack in one sealed file at most: sealed, that is under 90 MiB, which every host takes.
const PART: u64 = 87 << 20;
/// Bytes of the longest sealed file of a pack that is read.
const MAX_SEALED: u64 = 100 << 20;
/// Objects in a git pack begin with this.
const MAGIC: &[u8; 4] = b"PACK";

/// A part of a file, read from its beginning as often as is needed.
struct Part<'f> {
    file: &'f Source,
    from: u64,
    len: u64,
}

impl Reread for Part<'_> {
    fn reread(&mut self) -> io::Result<impl Read> {
        let mut file = self.file;
        file.seek(SeekFrom::Start(self.from))?;
        Ok(file.take(self.len))
    }
}

/// Gives all that is written on, and computes its digest.
struct Hashing<'w> {
    sink: &'w mut dyn Write,
    hash: Sha256,
    seen: Seen<'w>,
}

/// Counts bytes for a meter that shows MiB.
struct Seen<'m> {
    bytes: u64,
    meter: &'m Meter,
}

impl Seen<'_> {
    fn add(&mut self, bytes: usize) {
        let before = mebibytes(self.bytes);
        self.bytes += bytes as u64;
        self.meter.add(mebibytes(self.bytes) - before);
    }
}

/// So many bytes, as meters of packs count them.
pub fn mebibytes(bytes: u64) -> u64 {
    bytes >> 20
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.sink.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.seen.add(written);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// The name of a sealed file with this digest.
fn name(digest: &[u8]) -> String {
    crate::hex::lower(&digest[..16])
}

/// Seals a pack that adds these tips into the mirror, in parts of [`PART`] bytes. Returns it as a manifest names it, and the blob of each of
/// its files.
///
/// # Errors
/// The file cannot be read, or git fails.
pub fn seal(
    mirror: &Mirror,
    key: &Key,
    packed: &Packed,
    tips: Vec<String>,
    progress: &dyn Progress,
) -> Result<(Pack, BTreeMap<String, String>), RemoteError> {
    let files = seal_parts(mirror, key, &packed.file, progress)?;
    let pack = Pack {
        files: files.iter().map(|(name, _)| name.clone()).collect(),
        bytes: packed.bytes,
        objects: packed.objects,
        tips,
    };
    Ok((pack, files.into_iter().collect()))
}

/// The name and the blob of each part.
fn seal_parts(
    mirror: &Mirror,
    key: &Key,
    file: &Path,
    progress: &dyn Progress,
) -> Result<Vec<(String, String)>, RemoteError> {
    let source = Source::open(file)?;
    let len = source.metadata()?.len();
    let meter = &progress.meter("sealing packs (MiB)");
    meter.expect(mebibytes(len));
    let mut files = Vec::new();
    let mut from = 0;
    while from < len {
        let mut part = Part { file: &source, from, len: PART.min(len - from) };
        let mut siv = key.siv();
        io::copy(&mut part.reread()?, &mut siv)?;
        let layout = Layout { compress: false, delta: false };
        let siv = siv.finish();
        let scratch = WipedVec::default();
        let mut sealing = Sealing::begin(key, &siv, part.len, layout, &mut part, scratch)?;
        let mut digest = None;
        let blob = mirror.write(|sink| {
            let seen = Seen { bytes: 0, meter };
            let mut sink = Hashing { sink, hash: Sha256::new(), seen };
            sealing.write(key, &mut part, &mut sink)?;
            digest = Some(name(&sink.hash.finalize()));
            Ok(())
        })?;
        files.push((digest.expect("it was written"), blob));
        from += part.len;
    }
    Ok(files)
}

/// Counts what goes through, and hashes it.
struct Hashed<R> {
    source: R,
    hash: Sha256,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.hash.update(&buffer[..read]);
        Ok(read)
    }
}

/// Opens a pack of the store into `sink`; `meter` counts its MiB. What was written must be thrown away after an error.
///
/// # Errors
/// A file is missing, was cut or exchanged, or is sealed with a key that the store does not have; those of `sink`.
pub fn open(
    mirror: &Mirror,
    files: &Files,
    keys: &Keyring,
    pack: &Pack,
    meter: &Meter,
    sink: &mut dyn Write,
) -> Result<(), RemoteError> {
    let mut sink = Counted { sink, seen: Seen { bytes: 0, meter }, is_pack: true };
    for name in &pack.files {
        open_file(mirror, files, keys, name, &mut sink)?;
    }
    if sink.seen.bytes != pack.bytes || !sink.is_pack {
        let why = format!("the pack {} is not the one that the manifest names", pack.name());
        return Err(RemoteError::Damaged(why));
    }
    Ok(())
}

struct Counted<'w> {
    sink: &'w mut dyn Write,
    seen: Seen<'w>,
    is_pack: bool,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.seen.bytes == 0 {
            self.is_pack = bytes.starts_with(MAGIC);
        }
        self.sink.write_all(bytes)?;
        self.seen.add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

fn open_file(
    mirror: &Mirror,
    files: &Files,
    keys: &Keyring,
    name_of_file: &str,
    sink: &mut impl Write,
) -> Result<(), RemoteError> {
    let what = format!("pack {name_of_file}");
    let failed = |error: OpenError| match error {
        OpenError::Io(error) => RemoteError::Io(error),
        error => RemoteError::opening(&what, &error),
    };
    let file = pack_file(files, name_of_file)?;
    if file.len > MAX_SEALED {
        return Err(RemoteError::Damaged(format!("its {what} is too long ({} bytes)", file.len)));
    }
    let opened = mirror.stream(file, |source| {
        let mut source = Hashed { source, hash: Sha256::new() };
        let mut head = [0; HEADER_LEN];
        source.read_exact(&mut head).map_err(|_| failed(OpenError::Truncated))?;
        let header = Header::parse(&head).map_err(failed)?;
        let id = header.key_id();
        let entry = keys.by_id(id).ok_or_else(|| failed(OpenError::UnknownKey(id)))?;
        let opened = crate::format::open_stream(&entry.key, &header, &mut source, &mut *sink);
        opened.map_err(failed)?;
        // Opening reads to the end: nothing comes behind.
        Ok(source.hash.finalize())
    })?;
    if name(&opened) != *name_of_file {
        return Err(RemoteError::Damaged(format!("its {what} is another one")));
    }
    Ok(())
}
