//! How long a sealed file is: padding hides the exact length of the plaintext (format.md 2).

use super::HEADER_LEN;
use super::header::{DELTA, Header, VERSION_1, WHOLE};
use super::{SEGMENT_LEN, TAG_LEN};

/// Bytes of the length field that comes before the plaintext.
pub(super) const LENGTH_FIELD: usize = 8;
const MIN_PADDED: u64 = 256;
/// Bytes of the shortest file of version 3: 8,192 bytes of plaintext in one record of 32 to 1.
const MIN_DELTA_LEN: u64 = (HEADER_LEN + TAG_LEN + 3 + 272) as u64;

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

/// Bytes of length field, content and zeros together, for `content` bytes.
///
/// `None` where no `u64` holds it.
pub fn padded_len(content: u64) -> Option<u64> {
    Some(padme(content.checked_add(LENGTH_FIELD as u64)?)?.max(MIN_PADDED))
}

/// Bytes of a file of version 1 or 2 whose content, as it is or compressed, has `content` bytes; an empty file stays
/// empty. For a plaintext of so many bytes it is the longest that it can be.
pub fn sealed_len(content: u64) -> Option<u64> {
    if content == 0 {
        return Some(0);
    }
    let padded = padded_len(content)?;
    let segments = padded.div_ceil(SEGMENT_LEN as u64);
    padded.checked_add(segments.checked_mul(TAG_LEN as u64)?)?.checked_add(HEADER_LEN as u64)
}

/// Whether frames are worth their while: only a shorter padded length shows.
pub(super) fn pays(frames: u64, length: u64) -> bool {
    padded_len(frames) < padded_len(length)
}

/// Whether a sealed file that begins with `start` cannot be `len` bytes long: a test that needs no key.
pub fn is_cut_off(start: &[u8], len: u64) -> bool {
    Header::parse(start).is_ok_and(|header| match header.version() {
        DELTA => len < MIN_DELTA_LEN,
        _ => !is_whole_len(len),
    })
}

/// Whether a sealed file that begins with `start` and has `len` bytes can hold `plaintext` bytes: a test that needs no
/// key, and tells the less the better the content compresses.
pub fn can_hold(start: &[u8], len: u64, plaintext: u64) -> bool {
    let Ok(header) = Header::parse(start) else { return false };
    let stored = sealed_len(plaintext);
    match header.version() {
        VERSION_1 => stored == Some(len),
        // DEFLATE makes at most 1,032 bytes of one.
        WHOLE => stored.is_some_and(|stored| len <= stored) && plaintext / 1_032 <= len,
        _ => plaintext / 32 <= len,
    }
}

/// Whether a sealed file can be `len` bytes long: a test that needs no key and no content.
pub fn may_be_sealed(len: u64) -> bool {
    len >= MIN_DELTA_LEN || is_whole_len(len)
}

fn is_whole_len(len: u64) -> bool {
    let Some(body) = len.checked_sub(HEADER_LEN as u64) else { return false };
    let segment = (SEGMENT_LEN + TAG_LEN) as u64;
    let segments = body.div_ceil(segment);
    let Some(padded) = body.checked_sub(segments * TAG_LEN as u64) else { return false };
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
            prop_assert!(is_whole_len(sealed_len(n).unwrap()));
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
            assert!(!is_whole_len(len), "{len}");
        }
        assert!(is_whole_len(328));
    }
}
