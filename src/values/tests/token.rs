use aes_siv::KeyInit as _;
use proptest::prelude::*;

use super::*;
use crate::secret::SecretBytes;

fn cipher(byte: u8) -> Cipher {
    Cipher::new(&Key::new(SecretBytes::new([byte; 32])))
}

fn place(names: &[String]) -> Place {
    let mut place = Place::default();
    names.iter().for_each(|name| place.push_name(name));
    place
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// RFC 5297, A.1 and A.2.
#[test]
fn the_mode_is_the_one_of_the_rfc() {
    use aes_siv::siv::Aes128Siv;
    let key = unhex("fffefdfc fbfaf9f8 f7f6f5f4 f3f2f1f0 f0f1f2f3 f4f5f6f7 f8f9fafb fcfdfeff");
    let ad = unhex("10111213 14151617 18191a1b 1c1d1e1f 20212223 24252627");
    let mut text = unhex("11223344 55667788 99aabbcc ddee");
    let mut siv = Aes128Siv::new_from_slice(&key).unwrap();
    let tag = siv.encrypt_inout_detached([&ad], text.as_mut_slice().into()).unwrap();
    assert_eq!(tag.to_vec(), unhex("85632d07 c6e8f37f 950acd32 0a2ecc93"));
    assert_eq!(text, unhex("40c02b96 90c4dc04 daef7f6a fe5c"));

    let key = unhex("7f7e7d7c 7b7a7978 77767574 73727170 40414243 44454647 48494a4b 4c4d4e4f");
    let headers = [
        unhex(
            "00112233 44556677 8899aabb ccddeeff deaddada deaddada ffeeddcc bbaa9988 77665544 33221100",
        ),
        unhex("10203040 50607080 90a0"),
        unhex("09f91102 9d74e35b d84156c5 635688c0"),
    ];
    let mut text = b"this is some plaintext to encrypt using SIV-AES".to_vec();
    let mut siv = Aes128Siv::new_from_slice(&key).unwrap();
    let tag = siv.encrypt_inout_detached(&headers, text.as_mut_slice().into()).unwrap();
    assert_eq!(tag.to_vec(), unhex("7bdb6e3b 432667eb 06f4d14b ff2fbd0f"));
    assert_eq!(
        text,
        unhex(
            "cb900f2f ddbe4043 26601965 c889bf17 dba77ceb 094fa663 b7a3f748 ba8af829 ea64ad54 4a272e9c 485b62a3 fd5c0d"
        )
    );
}

#[test]
fn lengths_come_in_classes() {
    for (len, padded) in [
        (0, 32),
        (31, 32),
        (32, 64),
        (95, 96),
        (127, 128),
        (128, 160),
        (159, 160),
        (160, 192),
        (511, 512),
        (512, 544),
        (1_000, 1_024),
        (2_000, 2_048),
        (10_000, 10_240),
    ] {
        assert_eq!(padded_len(len), padded, "{len}");
        assert!(is_padded_len(padded));
    }
    for len in [0, 1, 31, 33, 160 + 16, 10_000] {
        assert!(!is_padded_len(len), "{len}");
    }
}

proptest! {
    #[test]
    fn a_value_comes_back_and_opens_nowhere_else(
        raw in proptest::collection::vec(any::<u8>(), 0..700),
        names in proptest::collection::vec("[a-z.]{0,8}", 0..4),
        quoted in any::<bool>(),
        other in proptest::collection::vec("[a-z.]{0,8}", 0..4),
    ) {
        let (mut cipher, mut stranger) = (cipher(1), cipher(2));
        let text = cipher.token(&raw, &place(&names), quoted);
        prop_assert_eq!(&text, &cipher.token(&raw, &place(&names), quoted));
        let token = Token::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(token.is_quoted(), quoted);
        prop_assert!(token.key().names(cipher.id()));
        prop_assert_eq!(&**cipher.open(&token, &place(&names)).unwrap(), &raw[..]);
        if other != names {
            prop_assert_eq!(cipher.open(&token, &place(&other)).err(), Some(TokenError::Authentication));
        }
        prop_assert_eq!(stranger.open(&token, &place(&names)).err(), Some(TokenError::Authentication));
    }

    #[test]
    fn one_changed_bit_is_refused(
        raw in proptest::collection::vec(any::<u8>(), 0..200),
        bit in any::<prop::sample::Index>(),
    ) {
        let place = place(&["a".to_owned()]);
        let text = cipher(1).token(&raw, &place, false);
        let mut bytes = URL_SAFE_NO_PAD.decode(&text[PREFIX.len()..]).unwrap();
        let bit = bit.index(8 * bytes.len());
        bytes[bit / 8] ^= 1 << (bit % 8);
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&bytes));
        let opened = Token::parse(text.as_bytes()).and_then(|token| cipher(1).open(&token, &place));
        prop_assert!(opened.is_err());
    }

    #[test]
    fn hostile_text_is_refused(text in proptest::collection::vec(any::<u8>(), 0..200), good in any::<bool>()) {
        let text = if good { [PREFIX.as_bytes(), &text].concat() } else { text };
        if let Ok(token) = Token::parse(&text) {
            prop_assert!(cipher(1).open(&token, &Place::default()).is_err());
        }
    }
}

#[test]
fn wrong_padding_is_refused() {
    let place = place(&["a".to_owned()]);
    let mut cipher = cipher(1);
    let key = Key::new(SecretBytes::new([1; 32]));
    let mut siv = aes_siv::siv::Aes256Siv::new(key.values().expose().into());
    // As another writer with the key could make it.
    let mut forge = |padded: &[u8], flags: u8| {
        let mut padded = padded.to_vec();
        let associated = [&[flags], &place.0[..]].concat();
        let tag = siv.encrypt_inout_detached([associated], padded.as_mut_slice().into());
        let bytes = [&cipher.id.0[..8], &[flags], &tag.unwrap()[..], &padded].concat();
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&bytes));
        Token::parse(text.as_bytes()).and_then(|token| cipher.open(&token, &place)).err()
    };
    let mut good = [0; 32];
    good[3] = 0x80;
    assert_eq!(forge(&good, 0), None);
    assert_eq!(forge(&[0; 32], 0), Some(TokenError::Padding));
    assert_eq!(forge(&[1; 32], 0), Some(TokenError::Padding));
    let mut long = [0; 64];
    long[3] = 0x80;
    assert_eq!(forge(&long, 0), Some(TokenError::Padding));
    assert_eq!(forge(&[0; 48], 0), Some(TokenError::Length));
    assert_eq!(forge(&[], 0), Some(TokenError::Length));
    assert_eq!(forge(&good, 4), Some(TokenError::Flags(4)));
    // Sealed to the public key, it would be longer.
    assert_eq!(forge(&good, 2), Some(TokenError::Length));
}
