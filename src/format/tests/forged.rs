//! What only somebody who holds the key can make: each way in which it is not what sealing writes has its own refusal.

use super::*;
use crate::format::deflate::{Deflater, Kept};
use crate::format::frames::push_frame;
use crate::format::segments::SegmentCipher;
use crate::secret::WipedVec;

fn forge(key: &Key, plaintext: &[u8], padded: &[u8]) -> Result<Vec<u8>, OpenError> {
    let mut siv = key.siv();
    siv.update(plaintext);
    let header = Header::new(WHOLE, key.id(), &siv.finish());
    let mut sealed = header.0.to_vec();
    let mut cipher = SegmentCipher::new(key.file_gcm_siv(&header.0));
    let pieces: Vec<&[u8]> = padded.chunks(SEGMENT_LEN).collect();
    for (index, piece) in pieces.iter().enumerate() {
        let mut piece = piece.to_vec();
        cipher.seal(&mut piece, 0, index + 1 == pieces.len());
        sealed.extend_from_slice(&piece);
    }
    open_with(key, &sealed)
}

/// Field, content and the zeros that belong to it.
fn padded(encoding: u8, length: u64, content: &[u8]) -> Vec<u8> {
    let mut field = length.to_be_bytes();
    field[0] = encoding;
    let mut padded = [&field[..], content].concat();
    padded.resize(usize::try_from(padded_len(content.len() as u64).unwrap()).unwrap(), 0);
    padded
}

fn frame(head: u32, payload: &[u8]) -> Vec<u8> {
    [&head.to_be_bytes()[1..], payload].concat()
}

fn deflated(piece: &[u8]) -> Vec<u8> {
    let mut out = WipedVec::default();
    assert!(Kept::<Deflater>::take().deflate(piece, &mut out));
    out.to_vec()
}

#[test]
fn content_that_sealing_does_not_write_is_refused() {
    use OpenError::{Encoding, Length, Padding, Siv, UnsupportedEncoding};
    const COMPRESSED: u32 = 1 << 23;
    let key = key(1);
    let plaintext = text(1_000);
    let small = deflated(&plaintext);
    let len = u32::try_from(small.len()).unwrap();
    let whole = frame(COMPRESSED | len, &small);
    assert_eq!(forge(&key, &plaintext, &padded(1, 1_000, &whole)).unwrap(), plaintext);
    assert_eq!(forge(&key, &plaintext, &padded(0, 1_000, &plaintext)).unwrap(), plaintext);

    let with_byte = |mut padded: Vec<u8>, byte| {
        *padded.last_mut().unwrap() = byte;
        padded
    };
    let longer = |padded: Vec<u8>| [padded, vec![0; 16]].concat();
    let trailing = [small.clone(), vec![0]].concat();
    let error = |padded: Vec<u8>| forge(&key, &plaintext, &padded).unwrap_err();
    let good = padded(1, 1_000, &whole);
    let cases: Vec<(OpenError, Vec<u8>)> = vec![
        (Padding, with_byte(good.clone(), 1)),
        (Padding, longer(good)),
        (Padding, padded(0, 0, &plaintext)),
        (Padding, padded(0, 999, &plaintext)),
        (Length, padded(0, 5_000, &plaintext)),
        (Length, padded(0, (1 << 56) - 1, &plaintext)),
        (Siv, padded(0, 1_000, &noise(1_000))),
        (UnsupportedEncoding(2), padded(2, 1_000, &plaintext)),
        (UnsupportedEncoding(255), padded(255, 1_000, &plaintext)),
        (Encoding, padded(1, 1_001, &whole)),
        (Encoding, padded(1, 999, &whole)),
        // It is stored, though it is called compressed.
        (Encoding, padded(1, 1_000, &frame(1_000, &plaintext))),
        (Encoding, padded(1, 1_000, &frame(999, &plaintext))),
        (Encoding, padded(1, 1_000, &frame(COMPRESSED, b""))),
        (Encoding, padded(1, 1_000, &frame(COMPRESSED | 2_000, &noise(2_000)))),
        (Encoding, padded(1, 1_000, &frame(COMPRESSED | (len + 1), &trailing))),
        (Encoding, padded(1, 1_000, &frame(COMPRESSED | (len - 1), &small[..small.len() - 1]))),
        (Encoding, padded(1, 1_000, &frame(COMPRESSED | 900, &noise(900)))),
        (Encoding, padded(1, 1_000, &[])),
    ];
    for (at, (expected, bytes)) in cases.into_iter().enumerate() {
        assert_eq!(format!("{:?}", error(bytes)), format!("{expected:?}"), "case {at}");
    }
}

#[test]
fn a_frame_that_goes_beyond_the_content_is_refused() {
    let (key, plaintext) = (key(1), text(9_000));
    let small = deflated(&plaintext);
    let whole = frame(1 << 23 | u32::try_from(small.len()).unwrap(), &small);
    let outcome = forge(&key, &plaintext, &padded(1, 9_000, &whole[..whole.len() / 2]));
    assert!(matches!(outcome, Err(OpenError::Length)));
}

#[test]
fn a_bomb_gives_no_more_than_the_field_says() {
    let key = key(1);
    // 262,144 zeros from some 300 bytes, where the field says 1,000.
    let bomb = deflated(&vec![0; 262_144]);
    let head = 1 << 23 | u32::try_from(bomb.len()).unwrap();
    let content = frame(head, &bomb);
    let outcome = forge(&key, &[0; 1_000], &padded(1, 1_000, &content));
    assert!(matches!(outcome, Err(OpenError::Encoding)));
    // And as much as the field says, which is what the ratio of DEFLATE allows.
    let zeros = vec![0; 262_144];
    assert_eq!(forge(&key, &zeros, &padded(1, 262_144, &content)).unwrap(), zeros);
}

#[test]
fn frames_of_several_pieces_are_read_across_segments() {
    let key = key(1);
    let plaintext = [text(300_000), noise(100_000)].concat();
    let mut frames = WipedVec::default();
    for piece in plaintext.chunks(262_144) {
        push_frame(&mut Kept::take(), piece, &mut frames);
    }
    let length = plaintext.len() as u64;
    let opened = forge(&key, &plaintext, &padded(1, length, &frames)).unwrap();
    assert!(opened == plaintext);
    let cut = &frames[..frames.len() - 3_000];
    let outcome = forge(&key, &plaintext, &padded(1, length, cut));
    assert!(matches!(outcome, Err(OpenError::Length)));
}
