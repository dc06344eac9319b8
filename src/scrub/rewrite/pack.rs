//! The new pack and its index (git, "Documentation/gitformat-pack"). Objects are stored as changes of others in it, never of
//! old ones, which are to go.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use gix::ObjectId;
use gix::objs::Kind;
use gix::zlib::stream::deflate::{Compress, FlushCompress};
use gix::zlib::{Compression, Status};
use tempfile::{NamedTempFile, TempPath};

use super::delta::Differ;
use super::index::{Indexed, index};
use crate::fs::replace;
use crate::scrub::ScrubError;

/// Changes upon changes at most, as git has them by default (git-config, "pack.depth").
const MAX_DEPTH: u32 = 50;
/// Bytes before the first object: signature, version, count.
const HEADER: u64 = 12;

/// A pack that is complete on disk and that git does not see yet; dropped, it is deleted.
#[derive(Debug)]
pub struct Pack {
    pack: TempPath,
    index: TempPath,
    /// Its folder and the name that git knows it by, without extension.
    name: PathBuf,
    /// How many objects it holds.
    pub objects: u64,
}

impl Pack {
    /// Moves it to where git reads packs, the index last; returns the path of the pack. From then on its objects are there.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn install(self) -> io::Result<PathBuf> {
        let path = self.name.with_extension("pack");
        replace::put(self.pack, &path)?;
        replace::put(self.index, &self.name.with_extension("idx"))?;
        if cfg!(unix) {
            File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
        }
        Ok(path)
    }

    /// Where the pack is until then.
    pub fn path(&self) -> &Path {
        &self.pack
    }

    /// Where its index is until then.
    pub fn index_path(&self) -> &Path {
        &self.index
    }
}

/// Takes new objects from all threads.
pub(super) struct Writer {
    hash: gix::hash::Kind,
    /// Where the pack should be; `None` where nothing is written.
    folder: Option<PathBuf>,
    shared: Mutex<Shared>,
}

#[derive(Default)]
struct Shared {
    out: Option<BufWriter<NamedTempFile>>,
    known: HashSet<ObjectId>,
    objects: Vec<Indexed>,
    end: u64,
    trees: u64,
    blobs: u64,
}

/// What was written.
pub(super) struct Written {
    pub(super) pack: Option<Pack>,
    pub(super) trees: u64,
    pub(super) blobs: u64,
    pub(super) bytes: u64,
}

/// An object of the new pack that another may be stored as a change of.
pub(super) struct Base {
    pub(super) id: ObjectId,
    pub(super) bytes: Vec<u8>,
    /// How many it is built on itself, one upon the other.
    pub(super) depth: u32,
}

/// One thread's compression.
pub(super) struct Deflater {
    differ: Differ,
    /// Trees and commits are short and mostly ids.
    fast: Compress,
    thorough: Compress,
    out: Vec<u8>,
}

impl Default for Deflater {
    fn default() -> Self {
        Self {
            differ: Differ::default(),
            fast: Compress::new(Compression::BEST_SPEED),
            thorough: Compress::new(Compression::DEFAULT),
            out: Vec::new(),
        }
    }
}

impl Deflater {
    /// An entry of a pack: kind, length, what it is a change of, and the compressed bytes. Says how many it is built on.
    fn entry(&mut self, kind: Kind, bytes: &[u8], base: Option<&Base>) -> io::Result<(&[u8], u32)> {
        let base = base.filter(|base| base.depth < MAX_DEPTH);
        let differ = &mut self.differ;
        let delta = base.and_then(|base| {
            let delta = differ.delta(&base.bytes, bytes, bytes.len() / 2)?;
            Some((base, delta))
        });
        let out = &mut self.out;
        out.clear();
        let (bytes, depth) = match delta {
            None => {
                header(out, kind_number(kind), bytes.len());
                (bytes, 0)
            }
            Some((base, delta)) => {
                header(out, REF_DELTA, delta.len());
                out.extend_from_slice(base.id.as_slice());
                (delta, base.depth + 1)
            }
        };
        let compress = match kind {
            Kind::Blob => &mut self.thorough,
            Kind::Tree | Kind::Commit | Kind::Tag => &mut self.fast,
        };
        compress.reset();
        let mut end = out.len();
        loop {
            // As much as deflate adds at most to what cannot be compressed, so that once is enough.
            out.resize(end + bytes.len() + bytes.len() / 1000 + 64, 0);
            let done = usize::try_from(compress.total_in()).map_err(io::Error::other)?;
            let before = compress.total_out();
            let status = compress
                .compress(&bytes[done..], &mut out[end..], FlushCompress::Finish)
                .map_err(io::Error::other)?;
            end += usize::try_from(compress.total_out() - before).map_err(io::Error::other)?;
            if status == Status::StreamEnd {
                out.truncate(end);
                return Ok((out, depth));
            }
        }
    }
}

/// The number of an entry that is a change of the object with the id behind it.
const REF_DELTA: u8 = 7;

/// Kind and length: four bits of the length, then groups of seven, the lowest first.
fn header(out: &mut Vec<u8>, kind: u8, mut len: usize) {
    let mut first = (kind << 4) | low_bits(len, 4);
    len >>= 4;
    while len > 0 {
        out.push(first | 0x80);
        first = low_bits(len, 7);
        len >>= 7;
    }
    out.push(first);
}

fn kind_number(kind: Kind) -> u8 {
    match kind {
        Kind::Commit => 1,
        Kind::Tree => 2,
        Kind::Blob => 3,
        Kind::Tag => 4,
    }
}

fn low_bits(len: usize, bits: u32) -> u8 {
    u8::try_from(len & ((1 << bits) - 1)).expect("seven bits at most")
}

/// The id of an object.
pub(super) fn id_of(
    hash: gix::hash::Kind,
    kind: Kind,
    bytes: &[u8],
) -> Result<ObjectId, ScrubError> {
    let mut hasher = gix::hash::hasher(hash);
    hasher.update(&gix::objs::encode::loose_header(kind, bytes.len() as u64));
    hasher.update(bytes);
    hasher.try_finalize().map_err(|error| ScrubError::Pack(io::Error::other(error.to_string())))
}

impl Writer {
    /// For a pack in this folder of objects; without one everything is only counted.
    pub(super) fn new(hash: gix::hash::Kind, objects: Option<&Path>) -> Self {
        let shared = Shared { end: HEADER, ..Shared::default() };
        let folder = objects.map(|objects| objects.join("pack"));
        Self { hash, folder, shared: Mutex::new(shared) }
    }

    /// Adds an object, if it is not there yet.
    pub(super) fn add(
        &self,
        deflater: &mut Deflater,
        kind: Kind,
        bytes: &[u8],
    ) -> Result<ObjectId, ScrubError> {
        let id = id_of(self.hash, kind, bytes)?;
        self.add_known(deflater, kind, bytes, id, None)?;
        Ok(id)
    }

    /// Adds an object whose id is known, if it is not there yet; as a change of an object that was added before it, where that is
    /// much shorter. Returns how many it is built on.
    pub(super) fn add_known(
        &self,
        deflater: &mut Deflater,
        kind: Kind,
        bytes: &[u8],
        id: ObjectId,
        base: Option<&Base>,
    ) -> Result<u32, ScrubError> {
        // From here on others may be built on it. Whoever came first for one of two objects has that of them whole, or on one
        // that came still earlier: so none is built on itself.
        if !self.lock().known.insert(id) {
            return Ok(0);
        }
        let (entry, depth) = deflater.entry(kind, bytes, base).map_err(ScrubError::Pack)?;
        let checksum = crc32fast::hash(entry);
        let mut shared = self.lock();
        if let Some(folder) = &self.folder {
            if shared.out.is_none() {
                shared.out = Some(begin(folder).map_err(ScrubError::Pack)?);
            }
            let out = shared.out.as_mut().expect("made above");
            out.write_all(entry).map_err(ScrubError::Pack)?;
        }
        let offset = shared.end;
        shared.end += entry.len() as u64;
        shared.objects.push(Indexed { id, checksum, offset });
        match kind {
            Kind::Tree => shared.trees += 1,
            Kind::Blob => shared.blobs += 1,
            Kind::Commit | Kind::Tag => {}
        }
        Ok(depth)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().expect("a thread that panicked has said why")
    }

    /// Completes the pack on disk, with its index. Nothing can be added after that.
    pub(super) fn finish(&self) -> Result<Written, ScrubError> {
        let shared = std::mem::take(&mut *self.lock());
        let bytes = match shared.objects.len() {
            0 => 0,
            _ => shared.end + self.hash.len_in_bytes() as u64,
        };
        let (trees, blobs) = (shared.trees, shared.blobs);
        let pack = match (shared.out, &self.folder) {
            (Some(out), Some(folder)) => {
                Some(complete(self.hash, folder, out, shared.objects).map_err(ScrubError::Pack)?)
            }
            _ => None,
        };
        Ok(Written { pack, trees, blobs, bytes })
    }
}

/// Opens the file; the prefix is that which `git prune` knows to be left over.
fn begin(folder: &Path) -> io::Result<BufWriter<NamedTempFile>> {
    std::fs::create_dir_all(folder)?;
    let file = tempfile::Builder::new().prefix("tmp_pack_").tempfile_in(folder)?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    out.write_all(b"PACK\0\0\0\x02\0\0\0\0")?;
    Ok(out)
}

fn complete(
    hash: gix::hash::Kind,
    folder: &Path,
    out: BufWriter<NamedTempFile>,
    mut objects: Vec<Indexed>,
) -> io::Result<Pack> {
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    let count = u32::try_from(objects.len()).map_err(io::Error::other)?;
    file.seek(SeekFrom::Start(8))?;
    file.write_all(&count.to_be_bytes())?;
    file.rewind()?;
    let mut hasher = gix::hash::hasher(hash);
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            len => hasher.update(&buffer[..len]),
        }
    }
    let checksum = hasher.try_finalize().map_err(|error| io::Error::other(error.to_string()))?;
    file.write_all(checksum.as_slice())?;
    let pack = seal(file, folder)?;
    objects.sort_unstable_by_key(|object| object.id);
    let mut file = tempfile::Builder::new().prefix("tmp_idx_").tempfile_in(folder)?;
    file.write_all(&index(hash, &objects, checksum)?)?;
    let index = seal(file, folder)?;
    let name = folder.join(format!("pack-{checksum}"));
    Ok(Pack { pack, index, name, objects: objects.len() as u64 })
}

/// On disk for good, and read-only as git has them: for those who may look into the folder.
fn seal(file: NamedTempFile, folder: &Path) -> io::Result<TempPath> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder)?.permissions().mode() & 0o444;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(mode))?;
    }
    #[cfg(not(unix))]
    let _ = folder;
    file.as_file().sync_all()?;
    Ok(file.into_temp_path())
}
