//! What version 1 sealed goes on opening, and nothing else with its number does.

use proptest::prelude::*;

use super::*;
use crate::format::segments::SegmentCipher;

/// Seals as version 1 did: the field is u64(length), the content is the plaintext.
fn seal_1(key: &Key, plaintext: &[u8]) -> Vec<u8> {
    let padded = padded_len(plaintext.len() as u64).unwrap();
    let mut body = (plaintext.len() as u64).to_be_bytes().to_vec();
    body.extend_from_slice(plaintext);
    body.resize(usize::try_from(padded).unwrap(), 0);
    let pieces: Vec<&[u8]> = body.chunks(SEGMENT_LEN).collect();
    forge_1(key, plaintext, &pieces)
}

fn forge_1(key: &Key, plaintext: &[u8], pieces: &[&[u8]]) -> Vec<u8> {
    let mut siv = key.siv();
    siv.update(plaintext);
    let header = Header::new(VERSION_1, key.id(), &siv.finish());
    let mut sealed = header.0.to_vec();
    let mut cipher = SegmentCipher::new(key.file_gcm(&header.0));
    for (index, piece) in pieces.iter().enumerate() {
        let mut piece = piece.to_vec();
        cipher.seal(&mut piece, 0, index + 1 == pieces.len());
        sealed.extend_from_slice(&piece);
    }
    sealed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_version_1_sealed_opens(plaintext in plaintexts()) {
        let key = key(1);
        let sealed = seal_1(&key, &plaintext);
        prop_assert!(!is_cut_off(&sealed, sealed.len() as u64));
        prop_assert_eq!(open_with(&key, &sealed).unwrap(), plaintext);
    }

    /// Somebody who holds the key builds a body of his own: it opens only if version 1 would have written it.
    #[test]
    fn what_opens_is_what_version_1_wrote(
        length in prop_oneof![0u64..400, Just(65_528), Just(u64::MAX)],
        body_len in 0usize..700,
        fill in 0u8..2,
        cut in prop::option::of(0usize..700),
    ) {
        let key = key(1);
        let content = vec![fill; usize::try_from(length.min(700)).unwrap()];
        let mut padded = length.to_be_bytes().to_vec();
        padded.extend_from_slice(&content);
        padded.resize(body_len, 0);
        let pieces: Vec<&[u8]> = match cut {
            Some(cut) if cut < padded.len() => vec![&padded[..cut], &padded[cut..]],
            _ => vec![&padded],
        };
        let sealed = forge_1(&key, &content, &pieces);
        if let Ok(plaintext) = open_with(&key, &sealed) {
            prop_assert_eq!(seal_1(&key, &plaintext), sealed);
        }
    }

    #[test]
    fn a_body_of_another_version_does_not_open(plaintext in plaintexts(), version in 2u8..4) {
        let key = key(1);
        let mut sealed = seal_1(&key, &plaintext);
        sealed[7] = version;
        prop_assert!(matches!(open_with(&key, &sealed), Err(OpenError::Authentication)));
    }
}

#[test]
fn an_empty_last_segment_is_refused() {
    let key = key(1);
    let content = vec![7; SEGMENT_LEN - 8];
    let first = [&(content.len() as u64).to_be_bytes()[..], &content].concat();
    let sealed = forge_1(&key, &content, &[&first, &[]]);
    assert!(matches!(open_with(&key, &sealed), Err(OpenError::Authentication)));
}
