//! Splitting, combining, and what must be refused.

use super::*;

fn entry(byte: u8) -> Entry {
    let key = Key::new(SecretBytes::new([byte; KEY_LEN]));
    Entry { name: "prod".parse().unwrap(), generation: 2, key }
}

/// Bytes that differ from call to call; the randomness of a test need not be good.
fn random() -> impl FnMut(&mut [u8]) -> Result<(), Infallible> {
    let mut state = 1u64;
    move |to| {
        for byte in to {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
            *byte = state.to_be_bytes()[0];
        }
        Ok(())
    }
}

fn shares() -> Vec<Share> {
    split(&entry(7), 3, 5, random()).unwrap()
}

fn again(share: &Share) -> Share {
    parse(&share.to_token()).unwrap().remove(0)
}

#[test]
fn any_three_of_five_make_the_key_and_two_do_not() {
    let shares = shares();
    let pick = |mask: u8| -> Vec<Share> {
        (0..5).filter(|at| mask & 1 << at != 0).map(|at| again(&shares[at])).collect()
    };
    let mut tried = 0;
    for mask in 1..32u8 {
        let picked = pick(mask);
        let have = u8::try_from(picked.len()).unwrap();
        let combined = combine(&picked);
        if have < 3 {
            assert_eq!(combined.err(), Some(ShareError::TooFew { have, need: 3 }));
            continue;
        }
        let combined = combined.unwrap();
        assert!(combined.key.same_as(&entry(7).key), "{mask:b}");
        assert_eq!((combined.name.as_str(), combined.generation), ("prod", 2));
        tried += 1;
    }
    assert_eq!(tried, 10 + 5 + 1);
    assert_eq!(combine(&[]).err(), Some(ShareError::NotAShare));
}

#[test]
fn the_largest_split_works() {
    let shares = split(&entry(1), 255, 255, random()).unwrap();
    assert!(combine(&shares).unwrap().key.same_as(&entry(1).key));
    assert!(combine(&shares[1..]).is_err());
}

#[test]
fn a_threshold_must_make_sense_and_randomness_must_come() {
    for (threshold, shares) in [(0, 5), (1, 5), (6, 5), (2, 1)] {
        let error = split(&entry(1), threshold, shares, random()).err();
        assert_eq!(error, Some(ShareError::Threshold), "{threshold} of {shares}");
    }
    let error = split(&entry(1), 2, 2, |_| Err("none left")).err();
    assert_eq!(error, Some(ShareError::Random("none left".to_owned())));
}

#[test]
fn values_differ_from_each_other_and_from_the_key() {
    let shares = shares();
    for (at, share) in shares.iter().enumerate() {
        assert_ne!(share.value.expose(), entry(7).key.expose());
        assert!(shares[..at].iter().all(|other| other.value.expose() != share.value.expose()));
    }
}

#[test]
fn a_text_is_read_from_its_token_or_from_its_words() {
    let shares = shares();
    let text = shares[1].to_text(true);
    let without_token: String = text
        .lines()
        .filter(|line| !line.starts_with("GIT-"))
        .map(|line| format!("{line}\r\n"))
        .collect();
    let lower = shares[1].to_token().to_lowercase();
    for text in [text.as_str(), &shares[1].to_text(false), &without_token, &lower] {
        assert!(is_meant(text), "{text}");
        let read = parse(text).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(*read[0].to_token(), *shares[1].to_token());
    }
    let all: String = shares.iter().map(|share| share.to_text(false).to_string()).collect();
    assert_eq!(parse(&all).unwrap().len(), 5);
}

#[test]
fn no_changed_character_of_a_token_is_accepted() {
    let token = shares()[0].to_token();
    for at in TOKEN_PREFIX.len()..token.len() {
        for other in ["Q", "P", "B", "1", "é"] {
            if &token[at..=at] == other {
                continue;
            }
            let mut changed = token.to_string();
            changed.replace_range(at..=at, other);
            assert!(parse(&changed).is_err(), "{at} {other}");
        }
    }
    assert!(parse(&token[..token.len() - 1]).is_err());
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let shares = shares();
    let other_key = split(&entry(8), 3, 5, random()).unwrap();
    let mixed = [again(&shares[0]), again(&shares[1]), again(&other_key[2])];
    assert_eq!(combine(&mixed).err(), Some(ShareError::Mixed));
    let other_threshold = split(&entry(7), 2, 5, random()).unwrap();
    let mixed = [again(&shares[0]), again(&other_threshold[1])];
    assert_eq!(combine(&mixed).err(), Some(ShareError::Mixed));
    let twice = [again(&shares[0]), again(&shares[0]), again(&shares[1])];
    assert_eq!(combine(&twice).err(), Some(ShareError::TooFew { have: 2, need: 3 }));
    let mut wrong = again(&shares[0]);
    wrong.value = SecretBytes::new([0; KEY_LEN]);
    let conflict = [again(&shares[0]), again(&wrong)];
    assert_eq!(combine(&conflict).err(), Some(ShareError::Conflict(1)));
    let wrong = [wrong, again(&shares[1]), again(&shares[2])];
    assert_eq!(combine(&wrong).err(), Some(ShareError::WrongKey));
}

#[test]
fn a_sound_checksum_does_not_make_a_share() {
    let encode = |bytes: &[u8]| bech32::encode_upper::<Bech32m>(hrp(), bytes).unwrap();
    let mut good = vec![1, 3, 1, 5, 0, 0, 0, 2];
    good.extend([9; KEY_ID_LEN + KEY_LEN]);
    good.extend(b"prod");
    assert!(parse(&encode(&good)).is_ok());
    let changed = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        encode(&bytes)
    };
    let cases = [
        (encode(&good[..FIXED_LEN]), "without a name"),
        (encode(&[good.as_slice(), &[b'a'; 61]].concat()), "a long name"),
        (changed(0, 0), "version"),
        (changed(1, 1), "threshold 1"),
        (changed(1, 6), "threshold over shares"),
        (changed(2, 0), "number 0"),
        (changed(2, 6), "number over shares"),
        (changed(7, 0), "generation 0"),
        (changed(FIXED_LEN, 0xff), "not UTF-8"),
        (changed(FIXED_LEN, b'-'), "not a name"),
    ];
    assert!(matches!(parse(&changed(0, 2)), Err(ShareError::Newer(_))));
    for (token, what) in cases {
        assert_eq!(parse(&token).err(), Some(ShareError::Malformed), "{what}");
    }
}

/// Shares 2 and 3 of 3, computed by an independent implementation from the format alone.
#[test]
fn the_shares_of_the_format_make_its_key() {
    let tokens = [
        "GIT-SHROUD-SHARE-1QYPQYQCQQQQQZZ56WAKCU0FT97C6CTNYK9F02M8DKRUD3C7WN4FW0PZHD8YMMC04TM8PAKYQJLC2H56DW4ULDCQ9H4JX2ENPW4K8GVD9W4G",
        "GIT-SHROUD-SHARE-1QYPQXQCQQQQQZZ56WAKCU0FT97C6CTNYK9F02M8DK8ADHE7TND27LR2AVTZMPML6FM0SEJU5STNTEJ65DA3W4LGM5FJX2ENPW4K8GACYXK6",
    ];
    let shares = parse(&tokens.join("\n")).unwrap();
    assert_eq!(*shares[0].to_token(), tokens[0]);
    assert_eq!((shares[0].threshold, shares[0].number, shares[0].shares), (2, 2, 3));
    let key = "GIT-SHROUD-KEY-1AKE0EHHTCJG4EAUKGDLARFLAADLWCWH74Z7AEP0R0AQ5LNK68XPSH4Z43A";
    let combined = combine(&shares).unwrap();
    assert!(combined.key.same_as(&token::decode(key).unwrap()));
    assert_eq!((combined.name.as_str(), combined.generation), ("default", 1));
}
