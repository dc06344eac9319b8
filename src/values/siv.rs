//! AES-SIV (RFC 5297) with two keys of 256 bits and one string of associated data, from CMAC and the counter mode.
//!
//! The library's expands a key for each message and takes the first MAC again: more than half of the time of a short one.

use aes::Aes256;
use aes::cipher::{InnerIvInit as _, KeyInit as _, StreamCipherCore as _};
use cmac::{Cmac, Mac as _};
use ctr::CtrCore;
use ctr::flavors::Ctr128BE;
use subtle::ConstantTimeEq as _;

/// Bytes of the tag, which is the counter's start too.
pub(super) const TAG_LEN: usize = 16;
/// Bytes of both keys, that of the MAC first.
pub(super) const KEY_LEN: usize = 64;
/// The bits of the tag that the counter begins without, so that it never carries over.
const COUNTER: u128 = !((1 << 63) | (1 << 31));

/// Seals and opens under one pair of keys.
pub(super) struct AesSiv {
    mac: Cmac<Aes256>,
    cipher: Aes256,
    /// What every tag begins with: the MAC of a block of zeros, doubled.
    start: u128,
}

impl AesSiv {
    /// Expands the keys.
    pub(super) fn new(key: &[u8; KEY_LEN]) -> Self {
        let (mac_key, key) = key.split_at(KEY_LEN / 2);
        let new = |key: &[u8]| Aes256::new(key.try_into().expect("half of 64 bytes"));
        let mut mac = Cmac::new(mac_key.try_into().expect("half of 64 bytes"));
        let start = double(take(&mut mac, &[&[0; TAG_LEN]]));
        Self { mac, cipher: new(key), start }
    }

    /// Seals a message of at least 16 bytes in place. The associated data is all its parts in their order. Gives the tag.
    pub(super) fn seal(&mut self, associated: &[&[u8]], message: &mut [u8]) -> [u8; TAG_LEN] {
        let tag = self.tag(associated, message);
        self.apply(tag, message);
        tag.to_be_bytes()
    }

    /// Opens a message of at least 16 bytes in place; whether the tag is right. Where it is not, the message stays sealed.
    #[must_use]
    pub(super) fn open(
        &mut self,
        associated: &[&[u8]],
        message: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> bool {
        let tag = u128::from_be_bytes(*tag);
        self.apply(tag, message);
        let is_right = self.tag(associated, message).to_be_bytes().ct_eq(&tag.to_be_bytes());
        if !bool::from(is_right) {
            self.apply(tag, message);
        }
        is_right.into()
    }

    /// S2V (RFC 5297, 2.4).
    fn tag(&mut self, associated: &[&[u8]], message: &[u8]) -> u128 {
        let state = self.start ^ take(&mut self.mac, associated);
        let (before, last) = message.split_last_chunk().expect("messages are padded to 32 bytes");
        let last = u128::from_be_bytes(*last) ^ state;
        take(&mut self.mac, &[before, &last.to_be_bytes()])
    }

    fn apply(&self, tag: u128, message: &mut [u8]) {
        let counter = (tag & COUNTER).to_be_bytes();
        let core = CtrCore::<&Aes256, Ctr128BE>::inner_iv_init(&self.cipher, &counter.into());
        core.apply_keystream_partial(message.into());
    }
}

/// The MAC of all parts in their order.
fn take(mac: &mut Cmac<Aes256>, parts: &[&[u8]]) -> u128 {
    parts.iter().for_each(|part| mac.update(part));
    u128::from_be_bytes(mac.finalize_reset().into_bytes().into())
}

/// In the field of CMAC (RFC 5297, 2.3).
fn double(block: u128) -> u128 {
    (block << 1) ^ ((block >> 127) * 0x87)
}

#[cfg(test)]
mod tests {
    use aes_siv::KeyInit as _;
    use aes_siv::siv::Aes256Siv;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_mode_of_the_library(
            key in any::<[u8; 32]>(),
            parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..4),
            message in proptest::collection::vec(any::<u8>(), 16..300),
            bit in any::<prop::sample::Index>(),
        ) {
            let mut keys = [0; KEY_LEN];
            keys[..32].copy_from_slice(&key);
            keys[32..].iter_mut().zip(key).for_each(|(to, byte)| *to = byte.wrapping_mul(3) ^ 0x5a);
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let mut siv = AesSiv::new(&keys);
            let mut sealed = message.clone();
            let tag = siv.seal(&parts, &mut sealed);
            let mut expected = message.clone();
            let mut library = Aes256Siv::new(&keys.into());
            let theirs = library.encrypt_inout_detached([parts.concat()], expected.as_mut_slice().into());
            prop_assert_eq!((&tag[..], &sealed), (&theirs.unwrap()[..], &expected));

            let mut opened = sealed.clone();
            prop_assert!(siv.open(&parts, &mut opened, &tag));
            prop_assert_eq!(&opened, &message);
            let mut changed = sealed.clone();
            let at = bit.index(8 * changed.len());
            changed[at / 8] ^= 1 << (at % 8);
            let before = changed.clone();
            prop_assert!(!siv.open(&parts, &mut changed, &tag));
            prop_assert_eq!(changed, before, "what does not open stays sealed");
            let mut moved = sealed.clone();
            prop_assert!(!siv.open(&[b"other name"], &mut moved, &tag));
        }
    }
}
