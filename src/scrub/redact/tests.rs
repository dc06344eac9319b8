use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;
use crate::detect::{Seer, View};

fn values(of: &[(&str, &str)]) -> Vec<Value> {
    let value = |(value, rule): &(&str, &str)| Value {
        secret: Secret::new(value.as_bytes()),
        rule: (*rule).to_owned(),
    };
    of.iter().map(value).collect()
}

fn redactor(of: &[(&str, &str)]) -> Redactor {
    Redactor::new(&values(of), true)
}

/// What a scan for the values sees in a content, through all views.
fn is_seen(redactor: &Redactor, content: &[u8]) -> bool {
    let mut found = Vec::new();
    Seer::new(vec![&redactor.needles]).look(content, &mut found);
    !found.is_empty()
}

/// Whether a scan sees a value outside of all archives, also of one that comes about where escapes are read.
fn is_seen_outside(redactor: &Redactor, content: &[u8]) -> bool {
    let mut found = Vec::new();
    Seer::new(vec![&redactor.needles]).look(content, &mut found);
    let packed = |view: &View| matches!(view, View::Gzip | View::Zip(_));
    found.iter().any(|found| !found.what.views.iter().any(packed))
}

fn text(redactor: &Redactor, content: &str) -> String {
    String::from_utf8(redactor.content(content.as_bytes()).unwrap().unwrap()).unwrap()
}

const VALUE: &str = "glpat-aB3dE5gH7jK9mN1pQ3sT";

fn one() -> Redactor {
    redactor(&[(VALUE, "gitlab-pat")])
}

#[test]
fn text_gets_the_marker_and_binary_files_keep_their_length() {
    let one = one();
    assert_eq!(
        text(&one, &format!("a {VALUE};{VALUE}")),
        "a ***REMOVED:gitlab-pat***;***REMOVED:gitlab-pat***"
    );
    assert_eq!(text(&one, &format!("a {VALUE}\0")), "a ***REMOVED:gitlab-pat*****\0");
    assert!(one.content(b"nothing").unwrap().is_none());
    let short = redactor(&[("hunter2", "a-long-name-of-a-rule")]);
    assert_eq!(text(&short, "\0hunter2\0"), "\0*******\0");
}

#[test]
fn encodings_say_the_marker_once_decoded() {
    let one = one();
    let line = |of: &str| format!("the token is {of}, for now");
    let fitting = "***REMOVED:gitlab-pat*****";
    for before in ["", "x", "xy"] {
        let base64 =
            |of: &str| format!("k: {}\n", STANDARD.encode(format!("{before}{}", line(of))));
        assert_eq!(text(&one, &base64(VALUE)), base64(fitting));
        let url =
            |of: &str| format!("k: {}\n", URL_SAFE_NO_PAD.encode(format!("{before}{}", line(of))));
        assert_eq!(text(&one, &url(VALUE)), url(fitting));
        let twice = |of: &str| STANDARD.encode(STANDARD.encode(format!("{before}{}", line(of))));
        assert_eq!(text(&one, &twice(VALUE)), twice(fitting));
        // Alone it is too short for a view.
        let alone = |of: &str| STANDARD.encode(format!("{before}{of}"));
        assert_eq!(text(&redactor(&[("hunter22", "p")]), &alone("hunter22")), alone("********"));
    }
    let hex = |of: &str| line(of).bytes().map(|byte| format!("{byte:02X}")).collect::<String>();
    assert_eq!(text(&one, &hex(VALUE)), hex(fitting));
    let wide = |of: &str| line(of).encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    assert_eq!(one.content(&wide(VALUE)).unwrap().unwrap(), wide(fitting));
    let percent = |of: &str| of.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    assert_eq!(text(&one, &percent(VALUE)), percent("***REMOVED:gitlab-pat***"));
    let json = |of: &str| {
        format!(
            "{{\"a\": \"{}\"}}",
            of.bytes().map(|byte| format!("\\u{byte:04x}")).collect::<String>()
        )
    };
    assert_eq!(text(&one, &json(VALUE)), json("***REMOVED:gitlab-pat***"));
    let quoted = redactor(&[("hun\"ter/22", "p")]);
    assert_eq!(text(&quoted, "{\"a\": \"hun\\\"ter\\/22\"}"), "{\"a\": \"***REMOVED:p***\"}");
    assert_eq!(text(&quoted, "?a=hun%22ter%2F22&b"), "?a=%2A%2A%2AREMOVED%3Ap%2A%2A%2A&b");
}

#[test]
fn archives_are_packed_again_if_asked() {
    use std::io::{Read as _, Write as _};
    let mut encoder = flate2::GzBuilder::new()
        .mtime(7)
        .filename("a.txt")
        .write(Vec::new(), flate2::Compression::best());
    encoder.write_all(format!("t {VALUE}\n").as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let one = one();
    let new = one.content(&packed).unwrap().unwrap();
    let mut decoder = flate2::read::GzDecoder::new(&new[..]);
    let mut inside = String::new();
    decoder.read_to_string(&mut inside).unwrap();
    assert_eq!(inside, "t ***REMOVED:gitlab-pat***\n");
    assert_eq!(decoder.header().unwrap().mtime(), 7);
    assert_eq!(one.content(&packed).unwrap().unwrap(), new);
    let not_asked = Redactor::new(&values(&[(VALUE, "gitlab-pat")]), false);
    assert!(not_asked.content(&packed).unwrap().is_none());

    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, content) in
        [("a", "nothing".to_owned()), (VALUE, VALUE.to_owned()), ("b", String::new())]
    {
        writer.start_file(name, options).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    let packed = writer.finish().unwrap().into_inner();
    let new = one.content(&packed).unwrap().unwrap();
    assert!(is_seen(&one, &packed) && !is_seen(&one, &new));
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&new)).unwrap();
    assert_eq!(archive.len(), 3);
    let mut inside = String::new();
    archive.by_name("REMOVED-gitlab-pat").unwrap().read_to_string(&mut inside).unwrap();
    assert_eq!(inside, "***REMOVED:gitlab-pat***");
    assert!(one.content(&new).unwrap().is_none());
}

#[test]
fn names_stay_names_and_stay_apart() {
    let two = redactor(&[("hunter-aa", "a.b"), ("hunter-bb", "a.b"), ("secret-cc", "c")]);
    let name = |name: &str| String::from_utf8(two.name(name.as_bytes()).unwrap().unwrap()).unwrap();
    assert_eq!(name("x-hunter-aa.txt"), "x-REMOVED-a-b-1.txt");
    assert_eq!(name("x-hunter-bb.txt"), "x-REMOVED-a-b-2.txt");
    assert_eq!(name("refs/heads/secret-cc"), "refs/heads/REMOVED-c");
    // What comes out of base64 must be no folder.
    for text in ["secret-cc", "xsecret-cc", "xysecret-cc"] {
        assert!(!name(&STANDARD.encode(text).replace('/', "_")).contains('/'));
    }
}

#[test]
fn of_overlapping_values_the_longest_goes_first_and_none_is_left() {
    let two = redactor(&[("hunter22", "a"), ("hunter22-and-more", "b"), ("more-of-it", "c")]);
    assert_eq!(text(&two, "hunter22-and-more"), "***REMOVED:b***");
    assert_eq!(text(&two, "hunter22"), "***REMOVED:a***");
    assert!(!is_seen(&two, text(&two, "hunter22-and-more-of-it").as_bytes()));
}

#[test]
fn a_value_that_its_marker_holds_is_replaced_otherwise() {
    for value in ["REMOVED", "***R", "gitlab-pat", "****", "D***", "*****"] {
        let odd = redactor(&[(value, "gitlab-pat"), (VALUE, "gitlab-pat")]);
        for content in [
            format!("a {value}{value} {VALUE} b"),
            format!("\0{value}{VALUE}"),
            STANDARD.encode(format!("xxxxxxxx yyyyyyyyyy {value} zzzzzzz")),
        ] {
            let new = odd.content(content.as_bytes()).unwrap().unwrap();
            assert!(!is_seen(&odd, &new), "{value}");
        }
        assert!(
            !odd.name(format!("{value}-x").as_bytes())
                .unwrap()
                .unwrap()
                .windows(value.len())
                .any(|part| part == value.as_bytes())
        );
    }
}

#[test]
fn a_key_goes_however_it_is_wrapped() {
    let line = |from: u8| {
        (0..64_u8).map(|at| char::from(b'A' + (from + at % 26 * 7) % 26)).collect::<String>()
    };
    let block = |end: &str| {
        let lines = [line(1), line(2), line(3)].join(end);
        format!("-----BEGIN PRIVATE KEY-----{end}{lines}{end}-----END PRIVATE KEY-----")
    };
    let key = redactor(&[(&block("\n"), "private-key")]);
    assert_eq!(text(&key, &block("\n")), "***REMOVED:private-key***");
    for end in ["\r\n", "\\n", "\n    "] {
        let new = text(&key, &block(end));
        assert!(!new.contains(&line(2)) && !new.contains(&line(3)), "{new}");
    }
}

/// A value as it may be written.
fn written(value: &[u8], how: u8) -> Vec<u8> {
    let text = String::from_utf8(value.to_vec()).unwrap();
    match how {
        0 => value.to_vec(),
        1..=3 => STANDARD
            .encode([&b"xyz"[..usize::from(how) - 1], value, b" tail"].concat())
            .into_bytes(),
        4 => URL_SAFE_NO_PAD.encode(value).into_bytes(),
        5 => value.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect(),
        6 => value.iter().flat_map(|byte| format!("%{byte:02X}").into_bytes()).collect(),
        7 => value.iter().flat_map(|byte| format!("\\u{byte:04x}").into_bytes()).collect(),
        8 => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        9 => serde_json::to_string(&text).unwrap().into_bytes(),
        _ => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut encoder, value).unwrap();
            encoder.finish().unwrap()
        }
    }
}

fn value() -> impl Strategy<Value = String> {
    "[ -~]{6,24}"
}

const HOWS: Range<u8> = 0..11;

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a scan for the values sees, it sees no more, and once is enough.
    #[test]
    fn nothing_is_left(
        values_of in prop::collection::vec(value(), 1..4),
        parts in prop::collection::vec((0..4_usize, HOWS, HOWS, "[ -~\n]{0,40}"), 0..6),
        nul in any::<bool>(),
    ) {
        let named: Vec<_> = values_of.iter().map(|value| (value.as_str(), "rule")).collect();
        let redactor = redactor(&named);
        let mut content = Vec::new();
        for (number, outer, inner, between) in parts {
            let value = values_of[number % values_of.len()].as_bytes();
            let once = written(value, inner);
            // An archive is one only at a beginning, and only text is encoded twice.
            let twice = match String::from_utf8(once.clone()) {
                Ok(text) if outer < 8 && inner != 10 => written(text.as_bytes(), outer),
                _ => once,
            };
            content.extend(twice);
            content.extend(between.bytes());
        }
        if nul {
            content.push(0);
        }
        let new = redactor.content(&content).unwrap();
        if let Some(new) = &new {
            prop_assert!(nul as usize <= new.len());
            prop_assert!(redactor.content(new).unwrap().is_none());
        }
        let left = new.as_deref().unwrap_or(&content);
        prop_assert!(!is_seen_outside(&redactor, left), "{:?}", String::from_utf8_lossy(left));
        if !content.starts_with(&[0x1f, 0x8b]) {
            prop_assert!(!nul || left.len() == content.len());
        }
    }
}
