//! AES-SIV (RFC 5297) with two keys of 256 bits and one string of associated data.
//!
//! The library's expands a key for each message and takes the first MAC again: more than half of the time of a short one.
//! Here a MAC and the key stream of eight blocks are one call of the cipher each.

use aes::cipher::consts::U16;
use aes::cipher::inout::InOut;
use aes::cipher::{
    BlockCipherEncBackend, BlockCipherEncClosure, BlockCipherEncrypt as _, BlockSizeUser,
    KeyInit as _,
};
use aes::{Aes256Enc, Block};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroize as _;

/// Bytes of the tag, which is the counter's start too.
pub(super) const TAG_LEN: usize = 16;
/// Bytes of both keys, that of the MAC first.
pub(super) const KEY_LEN: usize = 64;
/// The bits of the tag that the counter begins without, so that it never carries over.
const COUNTER: u128 = !((1 << 63) | (1 << 31));
/// Blocks of the key stream that are made at once.
const AT_ONCE: usize = 8;

/// Seals and opens under one pair of keys.
pub(super) struct AesSiv {
    mac: Mac,
    cipher: Aes256Enc,
    /// What every tag begins with: the MAC of a block of zeros, doubled.
    start: u128,
}

impl AesSiv {
    /// Expands the keys.
    pub(super) fn new(key: &[u8; KEY_LEN]) -> Self {
        let (mac_key, key) = key.split_at(KEY_LEN / 2);
        let new = |key: &[u8]| Aes256Enc::new(key.try_into().expect("half of 64 bytes"));
        let mac = Mac::new(new(mac_key));
        let start = double(mac.of(&[0; TAG_LEN]));
        Self { mac, cipher: new(key), start }
    }

    /// Seals a message of at least 16 bytes in place. Gives the tag.
    pub(super) fn seal(&self, associated: &[u8], message: &mut [u8]) -> [u8; TAG_LEN] {
        let tag = self.tag(associated, message);
        self.apply(tag, message);
        tag.to_be_bytes()
    }

    /// Opens a message of at least 16 bytes in place; whether the tag is right. Where it is not, the message stays sealed.
    #[must_use]
    pub(super) fn open(&self, associated: &[u8], message: &mut [u8], tag: &[u8; TAG_LEN]) -> bool {
        let tag = u128::from_be_bytes(*tag);
        self.apply(tag, message);
        let is_right = self.tag(associated, message).to_be_bytes().ct_eq(&tag.to_be_bytes());
        if !bool::from(is_right) {
            self.apply(tag, message);
        }
        is_right.into()
    }

    /// S2V (RFC 5297, 2.4). The message is the same again afterwards.
    fn tag(&self, associated: &[u8], message: &mut [u8]) -> u128 {
        let state = self.start ^ self.mac.of(associated);
        xor_end(message, state);
        let tag = self.mac.of(message);
        xor_end(message, state);
        tag
    }

    /// The counter mode (RFC 5297, 2.5).
    fn apply(&self, tag: u128, message: &mut [u8]) {
        let mut counter = tag & COUNTER;
        for chunk in message.chunks_mut(AT_ONCE * TAG_LEN) {
            let mut stream = [Block::default(); AT_ONCE];
            let stream = &mut stream[..chunk.len().div_ceil(TAG_LEN)];
            for block in &mut *stream {
                *block = counter.to_be_bytes().into();
                counter = counter.wrapping_add(1);
            }
            self.cipher.encrypt_blocks(stream);
            for (bytes, key) in chunk.chunks_mut(TAG_LEN).zip(stream) {
                bytes.iter_mut().zip(*key).for_each(|(byte, key)| *byte ^= key);
            }
        }
    }
}

fn xor_end(message: &mut [u8], with: u128) {
    let end = message.last_chunk_mut::<TAG_LEN>().expect("messages are padded to 32 bytes");
    *end = (u128::from_be_bytes(*end) ^ with).to_be_bytes();
}

/// CMAC (RFC 4493).
struct Mac {
    cipher: Aes256Enc,
    /// What is added to a last block of 16 bytes.
    whole: u128,
    /// What is added to a last block that was padded.
    padded: u128,
}

impl Mac {
    fn new(cipher: Aes256Enc) -> Self {
        let mut zero = Block::default();
        cipher.encrypt_block(&mut zero);
        let whole = double(u128::from_be_bytes(zero.into()));
        Self { cipher, whole, padded: double(whole) }
    }

    fn of(&self, bytes: &[u8]) -> u128 {
        let (blocks, rest) = bytes.as_chunks::<TAG_LEN>();
        let (before, last) = match (rest, blocks) {
            ([], [before @ .., last]) => (before, u128::from_be_bytes(*last) ^ self.whole),
            _ => {
                let mut last = [0; TAG_LEN];
                last[..rest.len()].copy_from_slice(rest);
                last[rest.len()] = 0x80;
                (blocks, u128::from_be_bytes(last) ^ self.padded)
            }
        };
        let mut mac = 0;
        self.cipher.encrypt_with_backend(Chain { before, last, mac: &mut mac });
        mac
    }
}

/// The blocks of a MAC, each added to what the cipher made of those before it.
struct Chain<'c> {
    before: &'c [[u8; TAG_LEN]],
    last: u128,
    mac: &'c mut u128,
}

impl BlockSizeUser for Chain<'_> {
    type BlockSize = U16;
}

impl BlockCipherEncClosure for Chain<'_> {
    fn call<B: BlockCipherEncBackend<BlockSize = U16>>(self, backend: &B) {
        let before = self.before.iter().map(|block| u128::from_be_bytes(*block));
        for block in before.chain([self.last]) {
            let mut state: Block = (*self.mac ^ block).to_be_bytes().into();
            backend.encrypt_block(InOut::from(&mut state));
            *self.mac = u128::from_be_bytes(state.into());
        }
    }
}

impl Drop for AesSiv {
    fn drop(&mut self) {
        for subkey in [&mut self.start, &mut self.mac.whole, &mut self.mac.padded] {
            subkey.zeroize();
        }
    }
}

/// In the field of CMAC (RFC 5297, 2.3).
fn double(block: u128) -> u128 {
    (block << 1) ^ ((block >> 127) * 0x87)
}

#[cfg(test)]
mod tests {
    use aes_siv::siv::Aes256Siv;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_mode_of_the_library(
            key in any::<[u8; 32]>(),
            associated in proptest::collection::vec(any::<u8>(), 0..100),
            message in proptest::collection::vec(any::<u8>(), 16..300),
            bit in any::<prop::sample::Index>(),
        ) {
            let mut keys = [0; KEY_LEN];
            keys[..32].copy_from_slice(&key);
            keys[32..].iter_mut().zip(key).for_each(|(to, byte)| *to = byte.wrapping_mul(3) ^ 0x5a);
            let siv = AesSiv::new(&keys);
            let mut sealed = message.clone();
            let tag = siv.seal(&associated, &mut sealed);
            let mut expected = message.clone();
            let mut library = Aes256Siv::new(&keys.into());
            let theirs = library.encrypt_inout_detached([&associated], expected.as_mut_slice().into());
            prop_assert_eq!((&tag[..], &sealed), (&theirs.unwrap()[..], &expected));

            let mut opened = sealed.clone();
            prop_assert!(siv.open(&associated, &mut opened, &tag));
            prop_assert_eq!(&opened, &message);
            let mut changed = sealed.clone();
            let at = bit.index(8 * changed.len());
            changed[at / 8] ^= 1 << (at % 8);
            let before = changed.clone();
            prop_assert!(!siv.open(&associated, &mut changed, &tag));
            prop_assert_eq!(changed, before, "what does not open stays sealed");
            let mut moved = sealed.clone();
            prop_assert!(!siv.open(b"other name", &mut moved, &tag));
        }
    }
}
