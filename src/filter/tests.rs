use std::io::Write;

use super::process::serve;
use super::*;
use crate::format::{self, Key};
use crate::keyring::Entry;
use crate::secret::SecretBytes;

struct OneRule(Rule);

impl Rules for OneRule {
    fn rule(&mut self, _path: &[u8]) -> Result<Rule, String> {
        Ok(self.0.clone())
    }
}

fn keyring(keys: &[(&str, u8)]) -> Keyring {
    let mut keyring = Keyring::default();
    for &(name, byte) in keys {
        let key = Key::new(SecretBytes::new([byte; 32]));
        keyring.insert(Entry { name: name.parse().unwrap(), generation: 1, key }).unwrap();
    }
    keyring
}

fn filter<'k>(keyring: &'k Keyring, key: &str) -> Filter<'k, OneRule> {
    Filter::new(keyring, OneRule(Rule { key: key.parse().unwrap(), ..Rule::default() }))
}

fn bytes(filtered: Filtered<'_>) -> Result<Vec<u8>, FilterError> {
    let mut bytes = Vec::new();
    filtered.write_to(&mut bytes)?;
    Ok(bytes)
}

fn clean(keyring: &Keyring, content: &[u8]) -> Result<Vec<u8>, FilterError> {
    filter(keyring, "default").clean(b"path", content).and_then(bytes)
}

fn smudge(keyring: &Keyring, content: &[u8]) -> Result<Vec<u8>, FilterError> {
    filter(keyring, "default").smudge(b"path", content).and_then(bytes)
}

fn flip_last_bit(mut sealed: Vec<u8>) -> Vec<u8> {
    *sealed.last_mut().unwrap() ^= 1;
    sealed
}

#[test]
fn the_table_of_the_format_holds_with_the_key() {
    let held = keyring(&[("default", 1)]);
    let other = keyring(&[("default", 2)]);
    let sealed = clean(&held, b"secret").unwrap();
    let foreign = clean(&other, b"secret").unwrap();
    assert_eq!(clean(&held, b"").unwrap(), b"");
    assert_eq!(smudge(&held, b"").unwrap(), b"");
    assert_eq!(format::sniff(&sealed), Sniff::Sealed(held.entries()[0].key.id()));
    assert_eq!(smudge(&held, &sealed).unwrap(), b"secret");
    assert_eq!(clean(&held, &sealed).unwrap(), sealed, "never sealed twice");
    assert_eq!(clean(&held, &foreign).unwrap(), foreign);
    assert_eq!(smudge(&held, &foreign).unwrap(), foreign);
    assert_eq!(smudge(&held, b"plain").unwrap(), b"plain");
    for damaged in [flip_last_bit(sealed.clone()), sealed[..40].to_vec(), sealed[..100].to_vec()] {
        assert!(matches!(clean(&held, &damaged), Err(FilterError::Open(_))));
        assert_eq!(smudge(&held, &damaged).unwrap(), damaged, "as it is, and no plaintext");
        let strict =
            filter(&held, "default").strict().smudge(b"path", &damaged[..]).and_then(bytes);
        assert!(matches!(strict, Err(FilterError::Open(_))));
    }
    let unknown = b"\0SHROUD\x09rest".to_vec();
    let strict = filter(&held, "default").strict().smudge(b"path", &unknown[..]).and_then(bytes);
    for refused in [clean(&held, &unknown), strict] {
        assert!(matches!(refused, Err(FilterError::Open(OpenError::UnsupportedVersion(9)))));
    }
}

#[test]
fn the_table_of_the_format_holds_without_the_key() {
    let none = keyring(&[]);
    let sealed = clean(&keyring(&[("default", 1)]), b"secret").unwrap();
    assert_eq!(clean(&none, b"").unwrap(), b"");
    assert!(matches!(clean(&none, b"secret"), Err(FilterError::Locked(_))));
    assert!(matches!(clean(&none, b"x"), Err(FilterError::Locked(_))));
    assert_eq!(clean(&none, &sealed).unwrap(), sealed);
    assert_eq!(smudge(&none, &sealed).unwrap(), sealed);
    assert!(matches!(clean(&none, &sealed[..200]), Err(FilterError::Open(OpenError::Truncated))));
}

#[test]
fn a_path_is_sealed_with_its_own_key_or_not_at_all() {
    let both = keyring(&[("default", 1), ("prod", 2)]);
    let sealed = filter(&both, "prod").clean(b"p", &b"x"[..]).and_then(bytes).unwrap();
    let prod = both.current(&"prod".parse().unwrap()).unwrap().key.id();
    assert_eq!(format::sniff(&sealed), Sniff::Sealed(prod));
    let dev = keyring(&[("default", 1)]);
    let refused = filter(&dev, "prod").clean(b"p", &b"x"[..]).map(|_| ());
    assert!(matches!(refused, Err(FilterError::Locked(name)) if name.as_str() == "prod"));
}

#[test]
fn a_key_that_the_repository_does_not_describe_seals_nothing() {
    let held = keyring(&[("default", 1)]);
    let other = keyring(&[("default", 2)]).entries()[0].key.id();
    let cleaned = |key_id| {
        let rule = Rule { key_id: Some(key_id), ..Rule::default() };
        Filter::new(&held, OneRule(rule)).clean(b"p", &b"x"[..]).map(|_| ())
    };
    assert!(cleaned(held.entries()[0].key.id()).is_ok());
    assert!(
        matches!(cleaned(other), Err(FilterError::OtherKey { described, .. }) if described == other)
    );
}

#[test]
fn a_conversion_by_git_is_refused() {
    let held = keyring(&[("default", 1)]);
    let sealed = clean(&held, b"x").unwrap();
    for content in [&b"x"[..], &sealed] {
        let rule = Rule { conversion: Some("'text'".to_owned()), ..Rule::default() };
        let refused = Filter::new(&held, OneRule(rule)).clean(b"p", content).map(|_| ());
        assert!(matches!(refused, Err(FilterError::Conversion(_))));
    }
}

#[test]
fn files_past_the_memory_limit_are_filtered_too() {
    let held = keyring(&[("default", 1)]);
    let large = b"0123456789abcdef".repeat(600_000);
    let sealed = clean(&held, &large).unwrap();
    assert!(sealed == format::seal(&held.entries()[0].key, format::Layout::default(), &large));
    assert!(smudge(&held, &sealed).unwrap() == large);
    assert!(clean(&held, &sealed).unwrap() == sealed);
    let damaged = flip_last_bit(sealed);
    assert!(smudge(&held, &damaged).unwrap() == damaged);
    let strict = filter(&held, "default").strict().smudge(b"path", &damaged[..]).and_then(bytes);
    assert!(strict.is_err());
}

fn packets(lists: &[&[&[u8]]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for list in lists {
        for data in *list {
            bytes.extend_from_slice(format!("{:04x}", data.len() + 4).as_bytes());
            bytes.extend_from_slice(data);
        }
        bytes.extend_from_slice(b"0000");
    }
    bytes
}

const HELLO: [&[&[u8]]; 2] = [
    &[b"git-filter-client\n", b"version=2\n"],
    &[b"capability=clean\n", b"capability=smudge\n", b"capability=delay\n"],
];
const HELLO_ANSWER: [&[&[u8]]; 2] =
    [&[b"git-filter-server\n", b"version=2\n"], &[b"capability=clean\n", b"capability=smudge\n"]];

/// Holds a dialogue; returns what was answered behind the handshake and the reported paths.
fn dialogue(keyring: &Keyring, requests: &[&[&[u8]]]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let input = packets(&[&HELLO[..], requests].concat());
    let mut output = Vec::new();
    let mut reported = Vec::new();
    serve(&input[..], &mut output, &mut filter(keyring, "default"), |path, _| {
        reported.push(path.to_vec());
    })
    .unwrap();
    let hello = packets(&HELLO_ANSWER);
    assert_eq!(&output[..hello.len()], hello, "handshake");
    (output[hello.len()..].to_vec(), reported)
}

#[test]
fn a_dialogue_goes_on_after_a_refusal() {
    let held = keyring(&[("default", 1)]);
    let sealed = format::seal(&held.entries()[0].key, format::Layout::default(), b"secret");
    let odd: &[u8] = b"pathname=-a b\n\xff\"c\n";
    let (answers, reported) = dialogue(
        &held,
        &[
            &[b"command=smudge\n", odd, b"ref=refs/heads/main\n", b"unknown=1\n"],
            &[&sealed[..100], b"", &sealed[100..]],
            &[b"command=smudge\n", b"pathname=damaged\n"],
            &[&sealed[..100]],
            &[b"command=frobnicate\n", b"pathname=x\n"],
            &[b"content"],
            &[b"command=list_available_blobs\n"],
            &[b"command=clean\n", b"pathname=empty\n"],
            &[],
            &[b"command=clean\n", b"pathname=y\n"],
            &[b"sec", b"ret"],
        ],
    );
    let expected = packets(&[
        &[b"status=success\n"],
        &[b"secret"],
        &[],
        // Damaged: as it is.
        &[b"status=success\n"],
        &[&sealed[..100]],
        &[],
        &[b"status=error\n"],
        &[b"status=error\n"],
        &[b"status=success\n"],
        &[],
        &[],
        &[b"status=success\n"],
        &[&sealed],
        &[],
    ]);
    assert_eq!(answers, expected);
    assert_eq!(reported, [b"x".to_vec()]);
}

#[test]
fn only_offered_capabilities_are_answered() {
    let input = packets(&[HELLO[0], &[b"capability=smudge\n"]]);
    let mut output = Vec::new();
    serve(&input[..], &mut output, &mut filter(&keyring(&[]), "default"), |_, _| ()).unwrap();
    assert_eq!(output, packets(&[HELLO_ANSWER[0], &[b"capability=smudge\n"]]));
}

#[test]
fn a_dialogue_that_breaks_off_is_an_error_and_one_that_never_began_is_none() {
    let held = keyring(&[("default", 1)]);
    let serve_bytes = |input: &[u8]| {
        serve(input, io::sink(), &mut filter(&held, "default"), |_, _| ()).map_err(|e| e.kind())
    };
    let whole = packets(&[HELLO[0], HELLO[1], &[b"command=clean\n", b"pathname=y\n"], &[b"abc"]]);
    let ends = [0, packets(&HELLO).len(), whole.len()];
    for cut in 0..=whole.len() {
        let outcome = serve_bytes(&whole[..cut]);
        assert_eq!(outcome.is_ok(), ends.contains(&cut), "{cut} {outcome:?}");
    }
    let other = packets(&[&[b"git-filter-client\n", b"version=3\n"]]);
    assert_eq!(serve_bytes(&other), Err(io::ErrorKind::InvalidData));
    assert_eq!(serve_bytes(b"hello world"), Err(io::ErrorKind::InvalidData));
}

#[test]
fn a_broken_pipe_ends_quietly() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let held = keyring(&[]);
    let input = packets(&HELLO);
    assert!(serve(&input[..], Gone, &mut filter(&held, "default"), |_, _| ()).is_ok());
}

#[test]
fn the_summary_counts_what_stays_sealed_and_what_is_in_the_clear() {
    let sealed = clean(&keyring(&[("default", 2)]), b"secret").unwrap();
    let held = keyring(&[("default", 1)]);
    let mut filter = filter(&held, "default");
    for content in [&sealed[..], b"plain", b"also", b""] {
        assert_eq!(filter.smudge(b"first", content).and_then(bytes).unwrap(), content);
    }
    let expected = Summary {
        still_sealed: 1,
        in_the_clear: 2,
        first_in_the_clear: Some(b"first".to_vec()),
        ..Summary::default()
    };
    assert_eq!(*filter.summary(), expected);
}
