//! The digests of earlier manifests, for a store whose history was cut off (docs/format.md, section 9.5).
//!
//! Whoever compacts a store has followed the whole chain. With this file others know that, without the manifests.

use super::RemoteError;
use super::manifest::FileDigest;

/// Bytes of a digest.
const LEN: usize = 32;
/// Manifests that are counted at most.
pub const MAX: usize = 1_000_000;
/// Bytes of the longest sealed chain that is read.
pub const MAX_SEALED: u64 = (MAX * LEN) as u64 + 4096;

/// The digest of each manifest, from the first on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain(Vec<FileDigest>);

impl Chain {
    /// Of these digests; the first is that of generation 1.
    pub fn new(digests: Vec<FileDigest>) -> Self {
        Self(digests)
    }

    /// The last generation that it counts.
    pub fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// Whether it counts none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The digest of the manifest of this generation.
    pub fn of(&self, generation: u64) -> Option<FileDigest> {
        let at = usize::try_from(generation.checked_sub(1)?).ok()?;
        self.0.get(at).copied()
    }

    /// The bytes that are sealed: one digest after the other.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.concat()
    }

    /// Reads the bytes that were sealed.
    ///
    /// # Errors
    /// They are no list of digests, or too long.
    pub fn parse(bytes: &[u8]) -> Result<Self, RemoteError> {
        let (digests, rest) = bytes.as_chunks::<LEN>();
        if digests.is_empty() || !rest.is_empty() || digests.len() > MAX {
            return Err(RemoteError::Damaged("its list of earlier states is wrong".to_owned()));
        }
        Ok(Self(digests.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else_is() {
        let chain = Chain::new(vec![[1; 32], [2; 32]]);
        assert_eq!(Chain::parse(&chain.to_bytes()).unwrap(), chain);
        assert_eq!(
            [0, 1, 2, 3].map(|generation| chain.of(generation)),
            [None, Some([1; 32]), Some([2; 32]), None]
        );
        for wrong in [&[][..], &[1; 31], &[1; 65]] {
            assert!(Chain::parse(wrong).is_err(), "{} bytes", wrong.len());
        }
    }
}
