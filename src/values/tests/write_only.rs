use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

use super::*;

fn key(byte: u8) -> Key {
    Key::new(SecretBytes::new([byte; 32]))
}

fn to(key: &Key) -> WriteOnly {
    WriteOnly { id: key.id(), public: key.public() }
}

fn place(names: &[String]) -> Place {
    let mut place = Place::default();
    names.iter().for_each(|name| place.push_name(name));
    place
}

fn bytes_of(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(&text[PREFIX.len()..]).unwrap()
}

fn open(key: &Key, bytes: &[u8], place: &Place) -> Result<Vec<u8>, TokenError> {
    let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
    let token = Token::parse(text.as_bytes())?;
    Cipher::new(key).open(&token, place).map(|raw| raw.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_value_comes_back_to_a_holder_and_opens_nowhere_else(
        raw in proptest::collection::vec(any::<u8>(), 0..700),
        names in proptest::collection::vec("[a-z.]{0,8}", 0..4),
        quoted in any::<bool>(),
        other in proptest::collection::vec("[a-z.]{0,8}", 0..4),
    ) {
        let key_1 = key(1);
        let text = to(&key_1).seal(&raw, &place(&names), quoted).unwrap();
        prop_assert!(text != to(&key_1).seal(&raw, &place(&names), quoted).unwrap());
        let token = Token::parse(text.as_bytes()).unwrap();
        prop_assert_eq!((token.is_quoted(), token.is_to_public()), (quoted, true));
        prop_assert!(token.key().names(key_1.id()));
        let bytes = bytes_of(&text);
        prop_assert_eq!(open(&key_1, &bytes, &place(&names)), Ok(raw));
        let refused = Err(TokenError::Authentication);
        if other != names {
            prop_assert_eq!(open(&key_1, &bytes, &place(&other)), refused.clone());
        }
        prop_assert_eq!(open(&key(2), &bytes, &place(&names)), refused);
    }

    #[test]
    fn one_changed_bit_is_refused(
        raw in proptest::collection::vec(any::<u8>(), 0..200),
        bit in any::<prop::sample::Index>(),
    ) {
        let (key, place) = (key(1), place(&["a".to_owned()]));
        let mut bytes = bytes_of(&to(&key).seal(&raw, &place, false).unwrap());
        let bit = bit.index(8 * bytes.len());
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(open(&key, &bytes, &place).is_err());
    }
}

/// Whose public key is under another key's id: nobody opens it.
#[test]
fn the_id_is_bound() {
    let (own, other, place) = (key(1), key(2), place(&[]));
    let crossed = WriteOnly { id: own.id(), public: other.public() };
    let bytes = bytes_of(&crossed.seal(b"x", &place, false).unwrap());
    assert_eq!(open(&own, &bytes, &place), Err(TokenError::Authentication));
    let named = [&other.id().0[..8], &bytes[8..]].concat();
    assert_eq!(open(&other, &named, &place), Err(TokenError::Authentication));
}

#[test]
fn a_point_of_low_order_is_refused() {
    let (key, place) = (key(1), place(&[]));
    let mut bytes = bytes_of(&to(&key).seal(b"x", &place, false).unwrap());
    for point in [[0; 32], std::array::from_fn(|at| u8::from(at == 0))] {
        bytes[9..41].copy_from_slice(&point);
        assert_eq!(open(&key, &bytes, &place), Err(TokenError::Authentication));
    }
}

#[test]
fn an_identity_tells_values_places_and_keys_apart() {
    let (key_1, key_2) = (key(1), key(2));
    let [a, b] = ["a", "b"].map(|name| place(&[name.to_owned()]));
    let mut identities = [
        to(&key_1).identity(b"x", &a, false),
        to(&key_1).identity(b"y", &a, false),
        to(&key_1).identity(b"x", &b, false),
        to(&key_1).identity(b"x", &a, true),
        to(&key_2).identity(b"x", &a, false),
        WriteOnly { public: key_2.public(), ..to(&key_1) }.identity(b"x", &a, false),
    ];
    identities.sort_by(|a, b| a.cmp(&**b));
    assert!(identities.windows(2).all(|pair| *pair[0] != *pair[1]));
    assert_eq!(*to(&key_1).identity(b"x", &a, false), *to(&key_1).identity(b"x", &a, false));
}

/// Sealed again, it does not become ordinary: whoever set it could compare it then.
#[test]
fn what_is_sealed_again_is_sealed_to_the_next_public_key() {
    let both = keyring(&[1, 2]);
    let (old, next) = (key(1), key(2));
    let place = place(&["A".to_owned()]);
    let (set, other) = (to(&old).seal(b"x", &place, false), to(&old).seal(b"x", &place, false));
    let (set, other) = (set.unwrap(), other.unwrap());
    let stored = format!("A={set}\nA={set}\nA={other}\n");
    let entry = both.by_id(next.id()).unwrap();
    let (ciphers, again) = (&mut Ciphers::new(&both), ToPublicAgain::default());
    let resealed =
        reseal(Some(Format::Env), stored.as_bytes(), ciphers, &again, |_| Some(entry)).unwrap();
    let resealed = String::from_utf8(resealed.unwrap()).unwrap();
    let tokens: Vec<&str> = resealed.lines().map(|line| &line[2..]).collect();
    for token in &tokens {
        let token = Token::parse(token.as_bytes()).unwrap();
        assert!(token.is_to_public() && token.key().names(next.id()));
        assert_eq!(*Cipher::new(&next).open(&token, &place).unwrap(), *b"x");
    }
    // Equal tokens stay equal, and others apart.
    assert_eq!(tokens[0], tokens[1]);
    assert_ne!(tokens[0], tokens[2]);
}

/// The flags are read off one sign of the text.
#[test]
fn tokens_to_a_public_key_are_told_from_others_without_decoding() {
    for byte in 0..40 {
        let key = Key::new(SecretBytes::new([byte; 32]));
        let to = WriteOnly { id: key.id(), public: key.public() };
        for quoted in [false, true] {
            let public = to.seal(b"x", &Place::default(), quoted).unwrap();
            let ordinary = Cipher::new(&key).token(b"x", &Place::default(), quoted);
            assert!(has_public(format!("A={ordinary}\nB=\"{public}\"\n").as_bytes()));
            assert!(!has_public(format!("A={ordinary}\nB={ordinary}\n").as_bytes()));
            assert!(!has_public(format!("A={}\n", &public[..40]).as_bytes()));
        }
    }
}
