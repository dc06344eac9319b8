use super::*;

fn line(error: SealError) -> (usize, &'static str) {
    match error {
        SealError::DoesNotRead(doubt) => (doubt.line, doubt.why),
        other => panic!("{other}"),
    }
}

#[test]
fn what_is_in_doubt_is_not_sealed_by_value() {
    for (format, text, at) in [
        (Format::Yaml, "a: 1\nb: !secret x\n", 2),
        (Format::Yaml, "a: &x secret\nb: *x\n", 1),
        (Format::Yaml, "a: &x\n  p: secret\nb:\n  <<: *x\n  q: 1\n", 4),
        (Format::Yaml, "a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> x\n", 2),
        (Format::Yaml, "a: [1\n", 1),
        (Format::Env, "A=1\nno name\n", 2),
        (Format::Env, "A=1\n<<<<<<< ours\nB=1\n=======\nB=2\n>>>>>>> theirs\n", 2),
        (Format::Properties, "a=1\n<<<<<<< ours\nb=1\n", 2),
        (Format::Ini, "[a]\nb = \"x\nc = d\"\n", 2),
        (Format::Toml, "a = 1\nb = \n", 2),
        (Format::Json, "{\n\"a\": 1,\n\"b\": }\n", 3),
    ] {
        let (found, why) = line(sealed(format, text.as_bytes()).err().unwrap());
        assert_eq!(found, at, "{text}: {why}");
    }
}

#[test]
fn a_moved_token_is_refused() {
    let keyring = keyring(&[1]);
    let stored = sealed(Format::Env, b"PASSWORD=secret12\nLOG=info\n").unwrap().bytes;
    let stored = String::from_utf8(stored).unwrap();
    let token = stored.lines().next().unwrap().strip_prefix("PASSWORD=").unwrap();
    let moved = format!("PASSWORD=x\nLOG={token}\n");
    let refused = open_as(Format::Env, moved.as_bytes(), &mut Ciphers::new(&keyring));
    let named = Named { name: "LOG".to_owned(), line: 2 };
    assert_eq!(
        refused.err(),
        Some(OpenValuesError::Token(named.clone(), TokenError::Authentication))
    );
    let refused = sealed(Format::Env, moved.as_bytes()).err();
    assert_eq!(refused, Some(SealError::Token(named, TokenError::Authentication)));
}

#[test]
fn what_begins_as_a_token_must_be_one() {
    for (format, text) in [
        (Format::Env, "A=shroud.v1.x\n"),
        (Format::Env, "A=\"shroud.v1.x\"\n"),
        (Format::Yaml, "a: 'shroud.v1.AAAA'\n"),
        (Format::Yaml, "a: |\n  shroud.v1.AAAA\n"),
        (Format::Json, "{\"a\": \"shroud.v1.\\u0041\"}"),
        (Format::Toml, "a = 'shroud.v1.AAAA'\n"),
    ] {
        assert!(matches!(sealed(format, text.as_bytes()), Err(SealError::Token(..))), "{text}");
    }
    // A token in quotes that are not its own.
    let stored = String::from_utf8(sealed(Format::Yaml, b"a: x\n").unwrap().bytes).unwrap();
    let quoted = stored.replace("shroud", "\"shroud").replace('\n', "\"\n");
    assert!(matches!(sealed(Format::Yaml, quoted.as_bytes()), Err(SealError::Token(..))));
    let json = format!("{{\"a\": \"{}\"}}", &stored.trim_end()[3..]);
    assert!(matches!(sealed(Format::Json, json.as_bytes()), Err(SealError::Token(..))));
}

#[test]
fn an_unchanged_value_keeps_the_token_of_an_earlier_key() {
    let (old, both) = (keyring(&[1]), keyring(&[1, 2]));
    let text = b"A=one\nB=two\n";
    let none = Clear::default();
    let before = seal_with(&old, Format::Env, &none, text, &[]).unwrap().bytes;
    let index = [before.clone()];
    let same = seal_with(&both, Format::Env, &none, text, &index).unwrap().bytes;
    assert_eq!(same, before);
    let changed = seal_with(&both, Format::Env, &none, b"A=one\nB=new\n", &index).unwrap().bytes;
    let lines = |bytes: &[u8]| -> Vec<String> {
        String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect()
    };
    assert_eq!(lines(&changed)[0], lines(&before)[0]);
    assert_ne!(lines(&changed)[1], lines(&before)[1]);
    assert_eq!(named_keys(&changed).len(), 2);
    assert_eq!(opened(&both, Format::Env, &changed).unwrap(), b"A=one\nB=new\n");
}

#[test]
fn a_mask_and_a_new_exemption_lose_and_leak_nothing() {
    let keyring = keyring(&[1]);
    let none = Clear::default();
    let before = seal_with(&keyring, Format::Env, &none, b"A=secret12\n", &[]).unwrap().bytes;
    let index = [before.clone()];
    for mask in ["***", "******", "<redacted>", "[REDACTED]", "\"••••\""] {
        let text = format!("A={mask}\n");
        let refused = seal_with(&keyring, Format::Env, &none, text.as_bytes(), &index).err();
        assert!(matches!(refused, Some(SealError::Masked(_))), "{mask}");
        let new = text.replace('A', "B");
        assert!(seal_with(&keyring, Format::Env, &none, new.as_bytes(), &index).is_ok());
    }
    let clear = Clear::of_list("A");
    let kept = seal_with(&keyring, Format::Env, &clear, b"A=secret12\n", &index).unwrap().bytes;
    assert_eq!(kept, before);
    let refused = seal_with(&keyring, Format::Env, &clear, b"A=secret13\n", &index).err();
    assert!(matches!(refused, Some(SealError::Exempt(_))));
}

#[test]
fn without_the_key_only_tokens_and_clear_values_pass() {
    let stored = sealed(Format::Env, b"A=secret12\nB=x\n").unwrap().bytes;
    let empty = Keyring::default();
    let mode = Mode { format: Some(Format::Env), clear: Clear::of_list("C") };
    let mut ciphers = Ciphers::new(&empty);
    assert_eq!(only_tokens(&mode, &stored, &mut ciphers), Ok(2));
    let more = [&stored[..], b"C=info\n# note\n"].concat();
    assert_eq!(only_tokens(&mode, &more, &mut ciphers), Ok(2));
    let plain = [&stored[..], b"D=info\n"].concat();
    let named = Named { name: "D".to_owned(), line: 3 };
    assert_eq!(only_tokens(&mode, &plain, &mut ciphers), Err(SealError::Locked(named)));
    assert!(matches!(open_as(Format::Env, &stored, &mut ciphers), Ok(Opened::Locked(_))));
}

#[test]
fn limits_are_refusals_and_not_whole_files() {
    let large = vec![b'#'; MAX_LEN + 1];
    assert_eq!(sealed(Format::Env, &large).err(), Some(SealError::TooLarge));
    let many = "A=1\n".repeat(MAX_VALUES + 1);
    assert_eq!(sealed(Format::Env, many.as_bytes()).err(), Some(SealError::TooLarge));
}

#[test]
fn a_look_without_a_key_says_what_is_plaintext() {
    let mode = Mode { format: Some(Format::Env), clear: Clear::of_list("C") };
    let stored = sealed(Format::Env, b"A=secret12\nB=x\nC=i\n").unwrap().bytes;
    assert_eq!(look(&mode, &stored).sealed(), 3);
    assert!(
        matches!(look(&mode, b"A=1\nB=2\nC=3\n"), Look::Plain { plain, values: 2, .. } if plain[1].line == 2)
    );
    assert!(matches!(look(&mode, b"no name\n"), Look::DoesNotRead(_)));
    assert!(matches!(look(&mode, b"A=shroud.v1.AA\n"), Look::Damaged(..)));
}

#[test]
fn the_right_format_is_found() {
    let keyring = keyring(&[1]);
    for (format, text) in [
        (Format::Toml, "[a]\nb = \"x\"\n"),
        (Format::Json, "{\"a\": \"x\"}"),
        (Format::Yaml, "a:\n  b: x\n"),
        (Format::Ini, "[a]\nb = x\n"),
    ] {
        let stored = sealed(format, text.as_bytes()).unwrap().bytes;
        for hint in [None, Some(format), Some(Format::Env)] {
            match open(hint, &stored, &mut Ciphers::new(&keyring)) {
                Ok(Opened::Plaintext { bytes, .. }) => assert_eq!(**bytes, *text.as_bytes()),
                _ => panic!("{text}"),
            }
        }
    }
}
