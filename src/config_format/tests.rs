use super::*;

/// The keys of a file, `>` before those that open and `<` before those that close; `None` where it is not read.
fn keys(format: Format, text: &str) -> Option<Vec<String>> {
    let document = format.read(text.as_bytes())?;
    assert_eq!(format.write(&document.items, document.tail), text.as_bytes(), "{text:?}");
    let keys = document.items.iter().filter_map(|item| item.key.as_ref());
    let sign = |part| match part {
        Part::Value => "",
        Part::Open => ">",
        Part::Close => "<",
    };
    Some(keys.map(|key| format!("{}{}", sign(key.part), key.path.join("."))).collect())
}

#[track_caller]
fn reads(format: Format, text: &str, expected: &[&str]) {
    assert_eq!(keys(format, text).as_deref(), Some(expected.map_owned().as_slice()), "{text:?}");
    assert_eq!(keys(format, &text.replace('\n', "\r\n")), Some(expected.map_owned()));
}

trait MapOwned {
    fn map_owned(&self) -> Vec<String>;
}

impl MapOwned for [&str] {
    fn map_owned(&self) -> Vec<String> {
        self.iter().map(|text| (*text).to_owned()).collect()
    }
}

#[track_caller]
fn refuses(format: Format, texts: &[&str]) {
    for text in texts {
        assert_eq!(keys(format, text), None, "{text:?}");
    }
}

#[test]
fn names_stand_for_formats() {
    for (path, format) in [
        ("a/.env", Some(Format::Env)),
        (".env.production", Some(Format::Env)),
        ("prod.ENV", Some(Format::Env)),
        ("x.properties", Some(Format::Properties)),
        ("x.ini", Some(Format::Ini)),
        ("x.toml", Some(Format::Toml)),
        ("x.yml", Some(Format::Yaml)),
        ("a.env/x.json", Some(Format::Json)),
        ("a.env/x", None),
        ("env", None),
        (".envrc", None),
        ("", None),
    ] {
        assert_eq!(Format::of_path(path.as_bytes()), format, "{path}");
    }
}

#[test]
fn no_format_reads_what_is_not_plain_text() {
    for format in [Format::Env, Format::Properties, Format::Ini, Format::Yaml] {
        refuses(format, &["A: 1\nB: 2\r\n", "\u{feff}A=1\n", "A=1\rB=2\n", "A=\0\n"]);
        assert_eq!(keys(format, ""), Some(Vec::new()));
        assert_eq!(keys(format, "\n"), Some(Vec::new()));
    }
}

#[test]
fn env_files_are_read() {
    reads(
        Format::Env,
        "# c\n\nA=1\nexport B = 'x y' # c\n  C_1=\"a\nD=b\"\nE=\nF=`a\nb`\nG=a=b#c\nH=\"\\\"\"\n",
        &["A", "B", "C_1", "E", "F", "G", "H"],
    );
    reads(Format::Env, "A=1", &["A"]);
    refuses(
        Format::Env,
        &[
            "A\n",
            "=1\n",
            "1A=1\n",
            "A B=1\n",
            "exportA=1=2\nA-Ä=1\n",
            "A=\"open\n",
            "A=\"x\ny\"B=\"\n",
            "A='it\\'s'\n",
            "A=it's\n",
            "A=more\\\n",
            "-----BEGIN KEY-----\nabc=\n",
            "dGhpcyBpcyBhIHNlY3JldA==\n",
            "dGhpcyBpcyBhIHNlY3JldDE=\n",
        ],
    );
}

#[test]
fn properties_are_read() {
    reads(
        Format::Properties,
        "! c\n# c \\\n\na.b = 1\nc:\\\n   d=2\\\n  e\n  f=\n",
        &["a.b", "c", "f"],
    );
    refuses(Format::Properties, &["a\n", "a b\n", "a\\:b=1\n", "=1\n", "a=1\\", "a=\\\n"]);
}

#[test]
fn ini_files_are_read() {
    let text = "a = 1\n; c\n[s t]\nA: 1\n[b]\na=1\n";
    reads(Format::Ini, text, &["a", ">s t", "s t.A", ">b", "b.a"]);
    refuses(Format::Ini, &["[a\n", "a\n", "a=1\n  b=2\n", "a=1\\\n", "[a]x\n"]);
    let document = Format::Ini.read(b"[a]\nb=1\nB=1\n").unwrap();
    assert!(!Format::Ini.is_distinct(&document.items));
    assert!(Format::Env.is_distinct(&Format::Env.read(b"b=1\nB=1\n").unwrap().items));
    assert!(!Format::Env.is_distinct(&Format::Env.read(b"b=1\nb=1\n").unwrap().items));
}

#[test]
fn toml_files_are_read() {
    reads(
        Format::Toml,
        "a = 1\nb.c = [\n 1,\n # x\n 2]\n[t.u] # c\nd = \"\"\"\n[x]\na = 1\n\"\"\"\n",
        &["a", "b.c", ">t.u", "t.u.d"],
    );
    refuses(Format::Toml, &["a = \n", "a = 1\na = 2\n", "[[a]]\nb = 1\n", "\"a b\" = 1\n", "a\n"]);
}

#[test]
fn yaml_files_are_read() {
    reads(Format::Yaml, "a: \nb:  # c\nc: 1\n", &["a", "b", "c"]);
    reads(
        Format::Yaml,
        "a: 1\nb:\n  # c\n  c: 'x'  # c\n\n  d:\n    e: \"a\\\"b\"\n  f:\ng: -1\n",
        &["a", ">b", "b.c", ">b.d", "b.d.e", "b.f", "g"],
    );
    reads(Format::Yaml, "---\na: 'it''s'\nb: [1, 2]\n", &["a", "b"]);
    reads(Format::Yaml, "a:\n- b: 1\n  c: 2\n# x\n\n- d\ne:\n  - f\n\ng: 1\n", &["a", "e", "g"]);
    reads(
        Format::Yaml,
        "a: |\n  b: c\n\n    d\ne:\n  f: >- # x\n    g\n  h: 1\n",
        &["a", ">e", "e.f", "e.h"],
    );
    refuses(
        Format::Yaml,
        &[
            "- a\n",
            "a: |2\n  b: c\n",
            "a: |\n   b\n  c\n",
            "a:\n  - b\n c: 1\n",
            "a: 1\n---\nb: 1\n",
            "a: [1,\n 2]\n",
            "a: 'b\u{2028}c'\n",
            "a: b\n  c: d\n",
            "a:\n  b: 1\n c: 2\n",
            "a: &x 1\n",
            "a: {b: 1}\n",
            "a: \"b\nc: d\"\n",
            "a: b: c\n",
            "a:b\n",
            "\ta: 1\n",
            " a: 1\nb: 2\n",
            "<<: 1\n",
            "\"a\": 1\n",
        ],
    );
}

#[test]
fn json_files_are_read() {
    reads(Format::Json, "{\n\"a\": [\n1,\n2\n],\n\"b\": 1\n}\n", &[">", "a", "b", "<"]);
    reads(
        Format::Json,
        "{\n  \"a\": 1,\n\n  \"b\": {\n    \"c d\": [1, {\"x\": 2}],\n    \"e\": {}\n  },\n  \"f\": \"}\"\n}\n",
        &[">", "a", ">b", "b.c d", "b.e", "<b", "f", "<"],
    );
    refuses(
        Format::Json,
        &[
            "{\n\"a\": 1,\n}\n",
            "[\n1\n]\n",
            "{ \"a\": 1 }\n",
            "{\n\"a\": 1, \"b\": 2\n}\n",
            "{\n\"a\": 1\n,\n\"b\": 2\n}\n",
            "{\n}\n{\n}\n",
            "1\n",
        ],
    );
}

#[test]
fn a_file_that_is_not_read_says_where_and_why() {
    let doubt = |format: Format, text: &str| {
        format.parse(text.as_bytes()).err().expect("it is not read").to_string()
    };
    for (format, text, expected) in [
        (Format::Env, "A=1\nB\n", "line 2: there is no '='"),
        (Format::Env, "A=1\n\nB='x\ny\n", "line 3: the quote is not closed"),
        (
            Format::Properties,
            "a=1\r\nb=2\n",
            "line 2: the line ends differently from those before (LF and CRLF)",
        ),
        (Format::Ini, "\u{feff}a=1\n", "line 1: the file begins with a byte order mark"),
        (Format::Toml, "a = 1\n\na = 2\n", "line 3: the key appears twice"),
        (Format::Toml, "a = 1\nb = \n", "line 2: this is not TOML"),
        (Format::Yaml, "a: 1\n  b: 2\n", "line 2: the indentation matches no line above"),
        (Format::Json, "{\n\"a\": 1\n\"b\": 2\n}\n", "line 3: this is not JSON"),
    ] {
        assert_eq!(doubt(format, text), expected, "{text:?}");
    }
    let large = "A=1\n".repeat(MAX_LEN / 4 + 1);
    assert_eq!(doubt(Format::Env, &large), "line 1: the file is larger than 4 MiB");
}

use proptest::prelude::*;

const ALL: [Format; 6] =
    [Format::Env, Format::Properties, Format::Ini, Format::Toml, Format::Yaml, Format::Json];

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 64, ..ProptestConfig::with_cases(128) })]

    /// Texts of what formats have in common, so that quotes, signs and line ends meet in every order.
    #[test]
    fn no_text_makes_a_format_panic(text in "(\\PC|[\"'`|>\\[\\]{}:=#\\\\,\\-uxn0a \t\r\n]){0,24}") {
        for format in ALL {
            let _ = format.decode(text.as_bytes());
            let whole = format!("a = {text}\nb: {text}\n{text}");
            for text in [&text, &whole] {
                let Some(document) = format.read(text.as_bytes()) else { continue };
                prop_assert_eq!(format.write(&document.items, document.tail), text.as_bytes());
                for (item, place) in document.items.iter().zip(&document.places) {
                    let _ = format.decode(&item.content[place.value.clone()]);
                }
            }
            let _ = difference(b"a.env", text.as_bytes(), whole.as_bytes());
        }
    }

    #[test]
    fn no_bytes_make_a_format_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        for format in ALL {
            let _ = format.decode(&bytes);
            let _ = format.parse(&bytes);
        }
    }
}

#[test]
fn a_quote_alone_is_no_value() {
    for format in [Format::Yaml, Format::Json, Format::Toml] {
        for raw in ["'", "\"", "'a", "\"a", "\"\u{e9}"] {
            if format == Format::Json && raw.starts_with('\'') {
                continue;
            }
            assert!(format.decode(raw.as_bytes()).is_err(), "{format:?} {raw:?}");
        }
    }
}
