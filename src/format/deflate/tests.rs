use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::*;

fn deflated(piece: &[u8]) -> Option<Vec<u8>> {
    let mut out = WipedVec::default();
    Kept::<Deflater>::take().deflate(piece, &mut out).then(|| out.to_vec())
}

/// A stream of pseudorandom numbers (Marsaglia's xorshift64), the same for ever.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).unwrap()
    }
}

/// Pieces as configuration files are: words of a small vocabulary, random values, repeats, and stretches of noise.
fn piece(numbers: &mut Numbers) -> Vec<u8> {
    let words =
        ["password", "host", "port: ", "\n", "  ", "- name: ", "=", "\"", ",", "true", "https://"];
    let len = 1 << numbers.below(16);
    let mut piece = Vec::new();
    while piece.len() < len {
        match numbers.below(8) {
            0 => piece
                .extend((0..numbers.below(40)).map(|_| u8::try_from(numbers.below(256)).unwrap())),
            1 => piece.extend(format!("{:x}", numbers.below(usize::MAX)).bytes()),
            2 if !piece.is_empty() => {
                let from = numbers.below(piece.len());
                let to = piece.len().min(from + numbers.below(300));
                piece.extend_from_within(from..to);
            }
            _ => piece.extend_from_slice(words[numbers.below(words.len())].as_bytes()),
        }
    }
    piece
}

/// The encoder is part of the format: no later version may write another byte.
#[test]
fn the_encoder_is_pinned() {
    let mut numbers = Numbers(0x1234_5678_9abc_def1);
    let mut all = Sha256::new();
    let mut compressed = 0;
    for _ in 0..400 {
        let out = deflated(&piece(&mut numbers));
        compressed += usize::from(out.is_some());
        all.update(out.as_ref().map_or(0, Vec::len).to_be_bytes());
        all.update(out.unwrap_or_default());
    }
    assert_eq!(compressed, 329);
    let digest: String = all.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, "4e860b2d98c0b27807eb9470f0a371fe01d1cafb5dfbbabcc191c0f192307187");
}

#[test]
fn the_dictionary_is_pinned() {
    let digest: String =
        Sha256::digest(DICTIONARY).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, "b1002e627fc3315f4f7032e0df794e0d7d573bb82b7436128314573a375f6b2d");
    assert_eq!(DICTIONARY.len(), 7_187);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_deflated_is_shorter_and_inflates(seed in 1u64.., used in 0u64..4) {
        let mut numbers = Numbers(seed);
        let mut deflater = Kept::<Deflater>::take();
        for _ in 0..=used {
            let piece = piece(&mut numbers);
            let mut out = WipedVec::default();
            if deflater.deflate(&piece, &mut out) {
                prop_assert!(out.len() < piece.len());
                // A finder that was used before gives the same.
                prop_assert_eq!(Some(out.to_vec()), deflated(&piece));
                let mut inflater = Kept::<Inflater>::take();
                prop_assert_eq!(inflater.inflate(&out, piece.len()), Some(piece.as_slice()));
                prop_assert_eq!(inflater.inflate(&out, piece.len() - 1), None);
                prop_assert_eq!(inflater.inflate(&out[..out.len() - 1], piece.len()), None);
            }
        }
    }

    #[test]
    fn noise_does_not_make_the_decoder_panic(
        payload in proptest::collection::vec(any::<u8>(), 0..300),
        most in 1usize..70_000,
    ) {
        let mut inflater = Kept::<Inflater>::take();
        let len = inflater.inflate(&payload, most).map_or(0, <[u8]>::len);
        prop_assert!(len <= most);
    }
}

/// The symbols of all lengths and distances, against the table of RFC 1951, 3.2.5.
#[test]
fn symbols_are_those_of_the_rfc() {
    assert_eq!(huffman::length_symbol(3), (257, 0, 0));
    assert_eq!(huffman::length_symbol(10), (264, 0, 0));
    assert_eq!(huffman::length_symbol(12), (265, 1, 1));
    assert_eq!(huffman::length_symbol(257), (284, 30, 5));
    assert_eq!(huffman::length_symbol(258), (285, 0, 0));
    assert_eq!(huffman::distance_symbol(1), (0, 0, 0));
    assert_eq!(huffman::distance_symbol(6), (4, 1, 1));
    assert_eq!(huffman::distance_symbol(24_577), (29, 0, 13));
    assert_eq!(huffman::distance_symbol(32_768), (29, 8_191, 13));
}
