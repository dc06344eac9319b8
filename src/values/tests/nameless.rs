//! Files whose names tell no format, as in a history: more than one reader takes them, and only one finds the right names.

use super::*;

const FILES: [(Format, &str, usize); 6] = [
    (Format::Env, "A=one\nexport B='two'\n", 2),
    (Format::Properties, "a.b = one\nc two\n;d: three\n", 3),
    (Format::Ini, "; note\nk = one\n[s]\na = two\nb: three\n", 3),
    (Format::Toml, "k = 1\n[s]\na = \"two\"\n", 2),
    (Format::Json, "{\"k\": 1, \"s\": {\"a\": \"two\"}}\n", 2),
    (Format::Yaml, "A: one\nb:\n  - two\n  - c: three\nn: {d: four, e: [five]}\n", 5),
];

#[test]
fn all_values_open_without_a_name() {
    let keyring = keyring(&[1]);
    for (format, content, values) in FILES {
        let stored = sealed(format, content.as_bytes()).unwrap();
        assert_eq!(stored.values, values);
        let ciphers = &mut Ciphers::new(&keyring);
        match open(None, &stored.bytes, ciphers) {
            Ok(Opened::Plaintext { bytes, values: opened, .. }) => {
                assert_eq!((&bytes[..], opened), (content.as_bytes(), values));
            }
            _ => panic!("{content}"),
        }
        assert_eq!(each(None, &stored.bytes, ciphers).len(), values, "{content}");
        let only = only_sealed(None, &stored.bytes, ciphers);
        assert_eq!(only.as_deref().map(Vec::as_slice), Some(content.as_bytes()));
    }
}

/// One that opened a part of a file would leave tokens in it.
#[test]
fn a_reader_that_finds_fewer_values_opens_nothing() {
    let keyring = keyring(&[1]);
    let content = "A: one\nn: {d: two}\n";
    let stored = sealed(Format::Yaml, content.as_bytes()).unwrap().bytes;
    let ciphers = &mut Ciphers::new(&keyring);
    let names: Vec<String> =
        each(None, &stored, ciphers).into_iter().map(|value| value.named.name).collect();
    assert_eq!(names, ["A", "n.d"]);
}

#[test]
fn all_values_are_sealed_again_without_a_name() {
    let old = keyring(&[1]);
    let both = keyring(&[1, 2]);
    let newest = both.entries().iter().find(|entry| entry.generation == 2).unwrap();
    for (format, content, values) in FILES {
        let stored = seal_with(&old, format, &Clear::default(), content.as_bytes(), &[]).unwrap();
        let again = reseal(
            None,
            &stored.bytes,
            &mut Ciphers::new(&both),
            &ToPublicAgain::default(),
            |_| Some(newest),
        );
        let again = again.unwrap().unwrap();
        let found = each(Some(format), &again, &mut Ciphers::new(&both));
        assert_eq!(found.len(), values);
        assert!(found.iter().all(|value| value.key == newest.key.id()), "{content}");
        assert_eq!(opened(&both, format, &again).unwrap(), content.as_bytes());
    }
}
