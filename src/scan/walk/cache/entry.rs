//! What is said of one object.

use gix::objs::Kind;

/// Bytes of an entry: those of the object's id that nobody can make two of, and what is known of it.
pub(super) const ENTRY_LEN: usize = 20;
/// Bits of an entry that are the length; longer objects are looked at again.
pub(super) const LEN_BITS: u32 = 28;
/// Nothing was found.
const CLEAN: u32 = 1 << 31;
/// Something was found in a file.
const FOUND: u32 = 1 << 30;

/// The key of an object: the first 16 bytes of its id.
pub type Key = [u8; 16];

/// The key of an object.
pub fn key(id: &gix::oid) -> Key {
    // No hash that git knows is shorter.
    id.as_bytes().first_chunk().copied().unwrap_or_default()
}

/// An object, and that it was looked at, or that it was there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::scan::walk) struct CleanObject(pub(super) [u8; ENTRY_LEN]);

impl CleanObject {
    /// All of it was looked at, and nothing was found; `None` where it is too long to say so.
    pub(in crate::scan::walk) fn clean(id: &gix::oid, kind: Kind, len: u64) -> Option<Self> {
        let kind = match kind {
            Kind::Blob => 0,
            Kind::Tree => 1,
            Kind::Commit => 2,
            Kind::Tag => 3,
        };
        Some(Self::new(key(id), CLEAN | kind << LEN_BITS | bits_of(len)?))
    }

    /// All of this file was looked at, and something was found.
    pub(in crate::scan::walk) fn found(id: &gix::oid, len: u64) -> Option<Self> {
        Some(Self::new(key(id), FOUND | bits_of(len)?))
    }

    pub(super) fn new(key: Key, what: u32) -> Self {
        let mut bytes = [0; ENTRY_LEN];
        bytes[..key.len()].copy_from_slice(&key);
        bytes[key.len()..].copy_from_slice(&what.to_be_bytes());
        Self(bytes)
    }

    fn what(&self) -> u32 {
        u32::from_be_bytes(*self.0.last_chunk().expect("an entry ends with four bytes"))
    }

    pub(super) fn key(&self) -> Key {
        *self.0.first_chunk().expect("an entry begins with its key")
    }

    /// Kind and length where nothing was found in it.
    pub(in crate::scan::walk) fn known(&self) -> Option<(Kind, u64)> {
        let what = self.what();
        let kind = match what >> LEN_BITS & 3 {
            0 => Kind::Blob,
            1 => Kind::Tree,
            2 => Kind::Commit,
            _ => Kind::Tag,
        };
        (what & CLEAN != 0).then_some((kind, u64::from(what & ((1 << LEN_BITS) - 1))))
    }

    /// The length of a file where something was found in it.
    pub(in crate::scan::walk) fn len_with_hits(&self) -> Option<u64> {
        let what = self.what();
        (what & FOUND != 0).then_some(u64::from(what & ((1 << LEN_BITS) - 1)))
    }
}

fn bits_of(len: u64) -> Option<u32> {
    u32::try_from(len).ok().filter(|&len| len < 1 << LEN_BITS)
}
