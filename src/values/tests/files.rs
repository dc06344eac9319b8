use proptest::prelude::*;

use super::super::open::sealed_values;
use super::*;

/// A file of each format, with the values that it holds, as bytes that must be gone.
fn files(format: Format) -> BoxedStrategy<String> {
    // A colon at the end would make a name of it.
    let value = "[a-zA-Z0-9+/_.:-]{8,40}[a-z]";
    let end = prop_oneof![Just("\n"), Just("\r\n")];
    let entry = match format {
        Format::Env => prop_oneof![
            (value).prop_map(|value| format!("Name=Value{value}")),
            (value).prop_map(|value| format!("export NAME='Value{value} #x'")),
            (value).prop_map(|value| format!("NAME=\"Value{value}\"  # note")),
            (value).prop_map(|value| format!("NAME=\"Value\nmore\nValue{value}\"")),
            (value).prop_map(|value| format!("NAME=#Value{value}")),
            Just("# note".to_owned()),
            Just("EMPTY=".to_owned()),
        ]
        .boxed(),
        Format::Properties => prop_oneof![
            (value).prop_map(|value| format!("a.name = Value{value}")),
            (value).prop_map(|value| format!("name: Value{value} \\\n   more")),
            (value).prop_map(|value| format!("a\\ b Value{value}")),
            Just("! note".to_owned()),
            Just("empty=".to_owned()),
        ]
        .boxed(),
        Format::Ini => prop_oneof![
            (value).prop_map(|value| format!("name = Value{value} ; Value")),
            (value).prop_map(|value| format!("name: \"Value{value}\"")),
            (value).prop_map(|value| format!("name = Value\n  Value{value}")),
            Just("[Peer]".to_owned()),
            Just("; note".to_owned()),
        ]
        .boxed(),
        Format::Toml => (value, any::<u32>())
            .prop_flat_map(|(value, n)| {
                prop_oneof![
                    Just(format!("n{n} = \"Value{value}\"")),
                    Just(format!("n{n} = 'Value{value}' # note")),
                    Just(format!("n{n} = \"\"\"\nValue{value}\n\"\"\"")),
                    Just(format!("n{n} = [\"Value{value}\", {{ a = 12345678, b = 1979-05-27 }}]")),
                    Just(format!("[t{n}]")),
                    Just(format!("[[a{n}]]")),
                ]
            })
            .boxed(),
        Format::Yaml => (value, any::<u32>())
            .prop_flat_map(|(value, n)| {
                prop_oneof![
                    Just(format!("n{n}: Value{value} # note")),
                    Just(format!("n{n}: 'Value{value}'")),
                    Just(format!("n{n}: |\n  Value\n\n  Value{value}\n")),
                    Just(format!("n{n}: >-\n  Value\n  Value{value}")),
                    Just(format!("n{n}:\n  - Value{value}\n  - a: 12345678\n    b: ~")),
                    Just(format!("n{n}: {{a: Value{value}, b: [1.10, 0x1F, yes]}}")),
                    Just(format!("n{n}:\n  Value\n  Value{value}")),
                    Just(format!("n{n}: &a\n  x: Value{value}\nm{n}: *a")),
                    Just("# note".to_owned()),
                ]
            })
            .boxed(),
        Format::Json => (value, any::<u32>())
            .prop_flat_map(|(value, n)| {
                prop_oneof![
                    Just(format!("\"n{n}\": \"Value{value}\\n\\u00e9\"")),
                    Just(format!("\"n{n}\": [1.10, true, null, \"Value{value}\"] /* note */")),
                    Just(format!("\"n{n}\": {{\"a\": 12345678, \"b\": \"\"}}")),
                ]
            })
            .boxed(),
        Format::Tfvars => panic!("it is not sealed by value"),
    };
    (proptest::collection::vec(entry, 0..8), end, any::<bool>(), any::<bool>())
        .prop_map(move |(entries, end, last, mark)| {
            let sign = if format == Format::Json { ",\n" } else { "\n" };
            let mut text = entries.join(sign);
            if format == Format::Json {
                text = format!("{{\n{text}\n}}");
            }
            if last {
                text.push('\n');
            }
            let text = text.replace('\n', end);
            if mark { format!("\u{feff}{text}") } else { text }
        })
        .boxed()
}

fn each(format: Format) {
    let keyring = keyring(&[1]);
    let mut accepted = 0;
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let accepted = std::cell::RefCell::new(&mut accepted);
    let outcome = runner.run(&(files(format), any::<prop::sample::Index>()), |(text, bit)| {
        let sealed = match sealed(format, text.as_bytes()) {
            Ok(sealed) => sealed,
            Err(SealError::DoesNotRead(_)) => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        **accepted.borrow_mut() += 1;
        let stored = String::from_utf8_lossy(&sealed.bytes).into_owned();
        prop_assert!(!stored.contains("Value"), "{stored}");
        prop_assert!(!stored.contains("12345678"), "{stored}");
        prop_assert_eq!(opened(&keyring, format, &sealed.bytes).unwrap(), text.as_bytes());
        let again = super::sealed(format, &sealed.bytes).unwrap();
        prop_assert_eq!(&again.bytes, &sealed.bytes);
        prop_assert_eq!(super::sealed(format, text.as_bytes()).unwrap().bytes, &sealed.bytes[..]);
        let (clear, key) = (Clear::default(), &keyring.entries()[0].key);
        let known = unproved((format, &clear), text.as_bytes(), key, &mut Ciphers::new(&keyring));
        prop_assert_eq!(known, Some(sealed.bytes.clone()));
        // One changed bit of a token.
        let tokens: Vec<usize> = stored.match_indices(PREFIX).map(|(at, _)| at).collect();
        if !tokens.is_empty() {
            let at = tokens[bit.index(tokens.len())] + PREFIX.len() + 12 + bit.index(60);
            let mut bytes = stored.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            if bytes != stored.as_bytes() {
                prop_assert!(open_as(format, &bytes, &mut Ciphers::new(&keyring)).is_err());
                prop_assert!(super::sealed(format, &bytes).is_err());
            }
        }
        // A token at the names of another.
        let values = sealed_values(format, &sealed.bytes).unwrap();
        let mut pairs = values.iter().flat_map(|one| values.iter().map(move |other| (one, other)));
        if let Some((one, other)) = pairs.find(|(one, other)| one.2 != other.2) {
            let (from, to) = (&sealed.bytes[one.0.clone()], other.0.clone());
            let moved = [&sealed.bytes[..to.start], from, &sealed.bytes[to.end..]].concat();
            prop_assert!(open_as(format, &moved, &mut Ciphers::new(&keyring)).is_err());
            prop_assert!(super::sealed(format, &moved).is_err());
        }
        Ok(())
    });
    outcome.unwrap();
    let accepted = accepted.into_inner();
    assert!(*accepted > 150, "only {accepted} were sealed by value");
}

#[test]
fn env_files_come_back() {
    each(Format::Env);
}

#[test]
fn properties_files_come_back() {
    each(Format::Properties);
}

#[test]
fn ini_files_come_back() {
    each(Format::Ini);
}

#[test]
fn toml_files_come_back() {
    each(Format::Toml);
}

#[test]
fn yaml_files_come_back() {
    each(Format::Yaml);
}

#[test]
fn json_files_come_back() {
    each(Format::Json);
}

/// The names, comments and order are readable, and nothing else changes.
#[test]
fn only_values_change() {
    let text = "# head\nA=1 # why\n\nB = \"two\"\nC=\n";
    let stored = String::from_utf8(sealed(Format::Env, text.as_bytes()).unwrap().bytes).unwrap();
    let lines: Vec<&str> = stored.lines().collect();
    assert_eq!(lines[0], "# head");
    assert!(lines[1].starts_with("A=shroud.v1.") && lines[1].ends_with(" # why"));
    assert_eq!(lines[2], "");
    assert!(lines[3].starts_with("B = shroud.v1."));
    assert_eq!(lines[4], "C=");
    let json = sealed(Format::Json, b"{\"a\": [1, true, null, \"x\", \"\"]}").unwrap();
    let stored = String::from_utf8(json.bytes).unwrap();
    assert_eq!((json.values, stored.matches("\"shroud.v1.").count()), (4, 4));
    assert!(stored.ends_with(", \"\"]}"));
}

#[test]
fn a_new_element_of_a_list_changes_no_other() {
    let before = sealed(Format::Yaml, b"a:\n  - one\n  - two\n").unwrap().bytes;
    let after = sealed(Format::Yaml, b"a:\n  - new\n  - one\n  - two\n").unwrap().bytes;
    let lines = |bytes: &[u8]| -> Vec<String> {
        String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect()
    };
    assert_eq!(lines(&before)[1..], lines(&after)[2..]);
}

#[test]
fn exempt_names_stay_and_others_do_not() {
    let clear = Clear::of_list("log.level,*.host");
    let text = "log.level=info\ndb.host=h\ndb.password=pw123456\nlog.levels=x1234567\n";
    let keyring = keyring(&[1]);
    let stored =
        seal_with(&keyring, Format::Properties, &clear, text.as_bytes(), &[]).unwrap().bytes;
    let stored = String::from_utf8(stored).unwrap();
    assert!(stored.contains("log.level=info\ndb.host=h\ndb.password=shroud.v1."));
    assert!(!stored.contains("pw123456") && !stored.contains("x1234567"));
}
