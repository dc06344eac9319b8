//! How long a sealed file is: padding hides the exact length of the plaintext (format.md 2).

use super::{CHUNK_LEN, HEADER_LEN, TAG_LEN};

/// Bytes of the length field that comes before the plaintext.
pub(super) const LENGTH_FIELD: usize = 8;
const MIN_PADDED: u64 = 256;

/// The PADMÉ length of `n` bytes: the next length with few significant bits, at most 12 % more.
///
/// Defined for `n >= 2`; smaller `n` are their own length. `None` where it exceeds `u64`.
/// Source: Nikitin et al., *Reducing Metadata Leakage from Encrypted Files and Communication with PURBs*, PETS 2019.
pub fn padme(n: u64) -> Option<u64> {
    if n < 2 {
        return Some(n);
    }
    let e = n.ilog2();
    let s = e.checked_ilog2().map_or(0, |log| log + 1);
    let mask = (1u64 << (e - s)) - 1;
    Some(n.checked_add(mask)? & !mask)
}

/// Bytes of length field, plaintext and zeros together, for a plaintext of `length` bytes.
///
/// `None` where no `u64` holds it.
pub fn padded_len(length: u64) -> Option<u64> {
    Some(padme(length.checked_add(LENGTH_FIELD as u64)?)?.max(MIN_PADDED))
}

/// Bytes of the sealed file for a plaintext of `length` bytes; the empty file stays empty.
pub fn sealed_len(length: u64) -> Option<u64> {
    if length == 0 {
        return Some(0);
    }
    let padded = padded_len(length)?;
    let chunks = padded.div_ceil(CHUNK_LEN as u64);
    padded.checked_add(chunks.checked_mul(TAG_LEN as u64)?)?.checked_add(HEADER_LEN as u64)
}

/// Whether a sealed file can be `len` bytes long: a test that needs no key and no content.
pub fn is_sealed_len(len: u64) -> bool {
    let Some(body) = len.checked_sub(HEADER_LEN as u64) else { return false };
    let chunk = (CHUNK_LEN + TAG_LEN) as u64;
    let chunks = body.div_ceil(chunk);
    let Some(padded) = body.checked_sub(chunks * TAG_LEN as u64) else { return false };
    padded >= MIN_PADDED && padme(padded) == Some(padded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn padme_never_shrinks_and_adds_at_most_12_percent(n in 2u64..1 << 62) {
            let p = padme(n).unwrap();
            prop_assert!(p >= n);
            prop_assert!((p - n) as f64 <= n as f64 * 0.12);
            prop_assert_eq!(padme(p), Some(p));
        }

        #[test]
        fn every_sealed_length_is_recognised(n in 1u64..1 << 50) {
            prop_assert!(is_sealed_len(sealed_len(n).unwrap()));
        }
    }

    #[test]
    fn lengths_past_u64_are_none() {
        assert_eq!(padded_len(u64::MAX), None);
        assert_eq!(padme(u64::MAX), None);
        assert_eq!(sealed_len(u64::MAX - 8), None);
    }

    #[test]
    fn other_lengths_are_not_sealed_lengths() {
        for len in [0, 55, 56, 72, 327, 329, 331] {
            assert!(!is_sealed_len(len), "{len}");
        }
        assert!(is_sealed_len(328));
    }
}
