//! Bytes that must not be seen: no `Debug`, no `Display`, no `Clone`, wiped on drop.

use zeroize::{Zeroize, ZeroizeOnDrop};

/// `N` secret bytes.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SecretBytes<const N: usize>(Box<[u8; N]>);

impl<const N: usize> SecretBytes<N> {
    /// Takes the bytes over and wipes the array they came in.
    pub fn new(mut bytes: [u8; N]) -> Self {
        let boxed = Box::new(bytes);
        bytes.zeroize();
        Self(boxed)
    }

    /// Makes the secret in place, so that no copy is left on the stack.
    pub fn filled(fill: impl FnOnce(&mut [u8; N])) -> Self {
        let mut boxed = Box::new([0; N]);
        fill(&mut boxed);
        Self(boxed)
    }

    /// The bytes, for the one call that needs them.
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }
}

/// Bytes that may be secret for a while: a vector that is wiped, all its capacity, when dropped.
///
/// Wiped by `fill` and [`zeroize::optimization_barrier`], which is as fast as memory; `Zeroizing<Vec<u8>>` writes byte by
/// byte, which took longer than sealing a small file. Growing it leaves a copy behind: see [`Self::reserve_wiping`].
#[derive(Default)]
pub struct WipedVec(Vec<u8>);

impl WipedVec {
    /// An empty one with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// One of `len` zero bytes.
    pub fn zeroed(len: usize) -> Self {
        Self(vec![0; len])
    }

    /// Makes room for `more` bytes; where that needs another allocation, the old one is wiped.
    pub fn reserve_wiping(&mut self, more: usize) {
        let needed = self.0.len() + more;
        if needed > self.0.capacity() {
            let mut larger = Self::with_capacity(needed.next_power_of_two());
            larger.0.extend_from_slice(&self.0);
            *self = larger;
        }
    }
}

impl std::ops::Deref for WipedVec {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl std::ops::DerefMut for WipedVec {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Drop for WipedVec {
    fn drop(&mut self) {
        let capacity = self.0.capacity();
        self.0.fill(0);
        self.0.resize(capacity, 0);
        zeroize::optimization_barrier(self.0.as_slice());
    }
}

/// Writing grows it and wipes what it grew out of.
impl std::io::Write for WipedVec {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.reserve_wiping(bytes.len());
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn a_wiped_vector_grows_and_keeps_its_bytes() {
        let mut bytes = WipedVec::with_capacity(1);
        for at in 0..100u8 {
            bytes.write_all(&[at; 7]).unwrap();
        }
        assert_eq!(bytes.len(), 700);
        assert!(bytes.chunks(7).zip(0..).all(|(chunk, at)| chunk == [at; 7]));
    }
}
