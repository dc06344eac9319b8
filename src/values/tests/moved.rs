//! What somebody without the key makes of sealed values: they bind no format and no structure, only names.

use super::*;

fn token(format: Format, text: &str, name: &str) -> String {
    let stored = String::from_utf8(sealed(format, text.as_bytes()).unwrap().bytes).unwrap();
    let at = stored.find(PREFIX).unwrap_or_else(|| panic!("{name} is sealed"));
    let is_sign = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    stored[at..].chars().take_while(|c| is_sign(*c)).collect()
}

fn is_refused(format: Format, text: &str) {
    let keyring = keyring(&[1]);
    let opened = open_as(format, text.as_bytes(), &mut Ciphers::new(&keyring));
    assert!(
        matches!(opened, Err(OpenValuesError::Token(_, TokenError::Place))),
        "{text}: {:?}",
        opened.err()
    );
    let resealed = reseal(
        Some(format),
        text.as_bytes(),
        &mut Ciphers::new(&keyring),
        &ToPublicAgain::default(),
        Some,
    );
    assert!(!matches!(resealed, Ok(Some(_))), "{text}");
    let again = sealed(format, text.as_bytes());
    assert!(matches!(again, Err(SealError::Token(_, TokenError::Place))), "{text}");
}

#[test]
fn a_value_of_another_format_opens_only_where_it_is_one_value() {
    let tail = token(Format::Properties, "pw=Winter #SecretTail99\n", "pw");
    is_refused(Format::Env, &format!("pw={tail}\n"));
    is_refused(Format::Yaml, &format!("pw: {tail}\n"));
    let lines = token(Format::Yaml, "c: |\n  # root is Secret\n  NAME=x\n", "c");
    for format in [Format::Env, Format::Properties] {
        is_refused(format, &format!("c={lines}\nb=1\n"));
    }
    let flow = token(Format::Ini, "[m]\na = x} #\n", "a");
    is_refused(Format::Yaml, &format!("m: {{a: {flow}, pin: x}}\n"));
    // What is one value in both stays one.
    let plain = token(Format::Properties, "pw=Winter99\n", "pw");
    let keyring = keyring(&[1]);
    let text = format!("pw={plain} # note\n");
    let opened = opened(&keyring, Format::Env, text.as_bytes()).unwrap();
    assert_eq!(opened, b"pw=Winter99 # note\n");
}

#[test]
fn a_forged_value_brings_no_structure() {
    // As somebody with the public key alone can make them.
    let place = |name: &str| {
        let mut place = Place::default();
        place.push_name(name);
        place
    };
    let keyring = keyring(&[1]);
    let key = &keyring.entries()[0].key;
    let forged =
        |raw: &str, quoted: bool| Cipher::new(key).token(raw.as_bytes(), &place("a"), quoted);
    is_refused(Format::Env, &format!("a={}\n", forged("zzz\nLD_PRELOAD=/tmp/evil.so", false)));
    is_refused(Format::Env, &format!("a={}\n", forged("x # y", false)));
    is_refused(Format::Env, &format!("a={}\nb=1\n", forged("'x", false)));
    is_refused(Format::Yaml, &format!("a: {}\nb: 1\n", forged("x\nc: y", false)));
    is_refused(Format::Toml, &format!("a = \"{}\"\nb = 1\n", forged("1\nc = 2", true)));
    let json = forged("\"x\" /*", true);
    is_refused(Format::Json, &format!("{{\"a\":\"{json}\",\"pin\":\"p\"/* note */,\"c\":1}}"));
    let json = forged("\"x\",\"role\":\"admin\"", true);
    is_refused(Format::Json, &format!("{{\"a\":\"{json}\"}}"));
}
