use super::*;
use zeroize::Zeroizing;

use proptest::prelude::*;

const ALL: [Format; 7] = [
    Format::Env,
    Format::Properties,
    Format::Ini,
    Format::Toml,
    Format::Yaml,
    Format::Json,
    Format::Tfvars,
];

/// The single values of a file, as `name=text`; every byte of it has a role.
#[track_caller]
fn values(format: Format, dialect: Option<Dialect>, text: &str) -> Vec<String> {
    let document = match format.parse_as(dialect, text.as_bytes()) {
        Ok(document) => document,
        Err(doubt) => return vec![doubt.to_string()],
    };
    accounted(&document);
    let single = document.items.iter().filter(|item| item.is_scalar());
    single.map(|item| format!("{}={}", item.full_name(), *item.text)).collect()
}

/// The spans follow each other, and put together they are the file.
#[track_caller]
fn accounted(document: &Document<'_>) {
    let mut at = 0;
    for span in &document.spans {
        assert_eq!(span.range.start, at, "the spans do not follow each other");
        assert!(!span.range.is_empty());
        at = span.range.end;
        if let Role::Value(item) = span.role {
            assert_eq!(document.items[item].value, span.range);
        }
    }
    assert_eq!(at, document.bytes.len(), "the spans do not cover the file");
}

#[track_caller]
fn reads(format: Format, text: &str, expected: &[&str]) {
    assert_eq!(values(format, None, text), expected, "{text:?}");
    if !text.contains("\"\"\"") && !text.contains("<<E") {
        assert_eq!(values(format, None, &text.replace('\n', "\r\n")), expected, "{text:?}");
    }
    // A byte order mark changes nothing.
    assert_eq!(values(format, None, &format!("\u{feff}{text}")), expected, "{text:?}");
}

#[track_caller]
fn refuses(format: Format, texts: &[&str]) {
    for text in texts {
        assert!(format.parse(text.as_bytes()).is_err(), "{text:?}");
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
        ("x.jsonc", Some(Format::Json)),
        ("terraform.tfvars", Some(Format::Tfvars)),
        ("a.env/x", None),
        ("env", None),
        (".envrc", None),
        ("", None),
    ] {
        assert_eq!(Format::of_path(path.as_bytes()), format, "{path}");
    }
}

#[test]
fn env_files_are_read() {
    reads(
        Format::Env,
        "# c\n\nA=1\nexport B = 'x y' # c\n  C_1=\"a\nD=b\"\nE=\nF=`a\nb`\nG=a=b#c\nH=\"\\\"\"\nI= # c\n'J'=1\n4=5\n",
        &["A=1", "B=x y", "C_1=a\nD=b", "E=", "F=a\nb", "G=a=b#c", "H=\"", "I=", "J=1", "4=5"],
    );
    reads(
        Format::Env,
        "A='Let\\'s'\nB='C:\\d\\'\nC=it's\nD=x\\\n",
        &["A=Let's", "B=C:\\d\\", "C=it's", "D=x\\"],
    );
    reads(
        Format::Env,
        "server.ssl.keyStoreType=\nspringDatasourcePassword=\n",
        &["server.ssl.keyStoreType=", "springDatasourcePassword="],
    );
    refuses(
        Format::Env,
        &[
            "A\n",
            "=1\n",
            "A B=1\n",
            "A=\"open\n",
            "A=\"x\ny\"B=\"\n",
            "A=1\rB=2\n",
            "A=\0\n",
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
        "! c\n# c \\\n\na.b = 1\nc:\\\n   d=2\\\n  e\n  f=\ng h\ni\\:j\\ k=l\\u00e4\nm=\\\n",
        &["a.b=1", "c=d=2e", "f=", "g=h", "i:j k=lä", "m="],
    );
    refuses(Format::Properties, &["a\n", "=1\n", "a=\\u12\n"]);
    let document = Format::Properties.parse(b"a=\xe4\n").unwrap();
    assert_eq!(*document.items[0].text, "ä");
}

#[test]
fn ini_files_are_read() {
    let text = "a = 1\n; c\n[s t]\nA: info    ; comment\n[b]\na=\"pa!ss;w\" # c\nc =\n  x\n  # c\n  y\n\nd = e\n";
    reads(Format::Ini, text, &["a=1", "s t.A=info", "b.a=pa!ss;w", "b.c=\nx\ny", "b.d=e"]);
    refuses(Format::Ini, &["[a\n", "a\n", "[]\n"]);
    for (dialect, expected) in [
        (Dialect::Python, "a=\"x\" ; c"),
        (Dialect::Supervisor, "a=\"x\""),
        (Dialect::Mysql, "a=\"x\" ; c"),
        (Dialect::Php, "a=x"),
    ] {
        assert_eq!(
            values(Format::Ini, Some(dialect), "a = \"x\" ; c\n"),
            [expected],
            "{dialect:?}"
        );
    }
    let repeated = |format: Format, text: &str| format.parse(text.as_bytes()).unwrap().repeated();
    assert_eq!(repeated(Format::Ini, "[a]\nb=1\nB=1\n"), Some(2));
    assert_eq!(repeated(Format::Env, "b=1\nB=1\n"), None);
    assert_eq!(repeated(Format::Env, "b=1\nb=1\n"), Some(1));
}

#[test]
fn toml_files_are_read() {
    reads(
        Format::Toml,
        "a = 1\nb.c = [\n 1,\n # x\n { d = 'e' }]\n[t.u] # c\nd = \"\"\"\n[x]\na = 1\n\"\"\"\n[[v]]\n\"w x\" = 0x1F\n[[v]]\n[v.y]\nz = 2026-01-02\n",
        &[
            "a=1",
            "b.c[0]=1",
            "b.c[1].d=e",
            "t.u.d=[x]\na = 1\n",
            "v[0].w x=0x1F",
            "v[1].y.z=2026-01-02",
        ],
    );
    refuses(Format::Toml, &["a = \n", "a = 1\na = 2\n", "a\n", "a = [1\n"]);
}

#[test]
fn yaml_files_are_read() {
    reads(
        Format::Yaml,
        "a: 1\n\"b c\":\n  # c\n  c: 'it''s'  # c\n\n  ? d\n  : - e\n    - {f: [g, \"h\\n\"], i: }\nj: |+\n  k\n\nl: >-\n  m\n  n\no: !!str 1\n",
        &[
            "a=1",
            "b c.c=it's",
            "b c.d[0]=e",
            "b c.d[1].f[0]=g",
            "b c.d[1].f[1]=h\n",
            "b c.d[1].i=",
            "j=k\n\n",
            "l=m n",
            "o=1",
        ],
    );
    reads(
        Format::Yaml,
        "%YAML 1.2\n---\na: 1\n...\n---\n- b\n---\nc: 2\n",
        &["a=1", "@1[0]=b", "@2.c=2"],
    );
    reads(
        Format::Yaml,
        "x: &x\n  a: 1\n  b: 2\ny:\n  <<: *x\n  b: 3\nz: *x\nv: &v w\nu: [*v]\n",
        &["x.a=1", "x.b=2", "y.a=1", "y.b=3", "z.a=1", "z.b=2", "v=w", "u[0]=w"],
    );
    refuses(
        Format::Yaml,
        &[
            "a: |\n   b\n  c\n",
            "a:\n  - b\n c: 1\n",
            "a: b\n  c: d\n",
            "a: b: c\n",
            "? [a]\n: 1\n",
            "a: *b\n",
            "a: &a [*a]\n",
            "<<: 1\n",
            "a: {{ b }}\n",
            "a: 1\n<<<<<<< a\nb: 2\n=======\nb: 3\n>>>>>>> b\n",
        ],
    );
}

#[test]
fn json_files_are_read() {
    reads(
        Format::Json,
        "// c\n{\"a\": [1, {\"b\": \"s3cret\" ,}],\n/* c */ \"c d\": {\"e\": null, \"f\": \"\\u00e4\\n\"}}\n",
        &["a[0]=1", "a[1].b=s3cret", "c d.e=", "c d.f=ä\n"],
    );
    reads(Format::Json, "[1, true]", &["[0]=1", "[1]=true"]);
    refuses(
        Format::Json,
        &["{a: 1}", "{\"a\": 1 \"b\": 2}", "{'a': 1}", "{}{}", "{\"a\": 0x1}", "[1"],
    );
}

#[test]
fn variables_of_terraform_are_read() {
    reads(
        Format::Tfvars,
        "/* c */\na = \"b\" # c\nc = [1, -2.5, true]\nd = {\n  e = \"f\" // c\n  \"g h\" : null\n}\ni = <<EOT\nj\n  k\nEOT\nl = \"$${m}\"\n",
        &["a=b", "c[0]=1", "c[1]=-2.5", "c[2]=true", "d.e=f", "d.g h=", "i=j\n  k\n", "l=${m}"],
    );
    refuses(Format::Tfvars, &["a = b\n", "a = \"${b}\"\n", "a {\n}\n", "a = 1 +\n", "../../x\n"]);
}

#[test]
fn a_file_that_is_not_read_says_where_and_why() {
    let doubt = |format: Format, text: &str| {
        format.parse(text.as_bytes()).err().expect("it is not read").to_string()
    };
    for (format, text, expected) in [
        (Format::Env, "A=1\nB\n", "line 2: there is no '='"),
        (Format::Env, "A=1\n\nB='x\ny\n", "line 3: the quote is not closed"),
        (Format::Env, "A=1\n{% if b %}\n", "line 2: this is a template"),
        (Format::Toml, "a = 1\n\na = 2\n", "line 3: the key appears twice"),
        (Format::Toml, "a = 1\nb = \n", "line 2: this is not TOML"),
        (Format::Yaml, "a: 1\nb:\n\t- c\n", "line 3: the indentation contains a tab"),
        (Format::Yaml, "a: 1\nb: {{ c }}\n", "line 2: this is a template, not YAML"),
        (Format::Json, "{\n\"a\": 1\n\"b\": 2\n}\n", "line 3: this is not JSON"),
        (
            Format::Tfvars,
            "a = 1\nb = c\n",
            "line 2: only fixed values are supported here, nothing that is computed",
        ),
    ] {
        assert_eq!(doubt(format, text), expected, "{text:?}");
    }
    let large = "A=1\n".repeat(MAX_LEN / 4 + 1);
    assert_eq!(doubt(Format::Env, &large), "line 1: the file is larger than 4 MiB");
}

#[test]
fn what_begins_a_template_of_terraform_is_text() {
    let text = "a = \"x\" # c\nb = { c = 1 }\n";
    let document = Format::Tfvars.parse(text.as_bytes()).unwrap();
    for value in [
        "${x}",
        "$${x}",
        "$$${x}",
        "%{if}",
        "%%{if}",
        "%%%{",
        "$",
        "$$",
        "\"\\${\"",
        "a\nb\r\t",
        "\u{7f}\u{1}",
        "ä😀",
    ] {
        let new = replace(&document, 0, value, false).unwrap();
        let again = Format::Tfvars.parse(&new).unwrap();
        assert_eq!(*again.items[0].text, value, "{}", String::from_utf8_lossy(&new));
        assert!(new.ends_with(b" # c\nb = { c = 1 }\n"));
    }
}

#[test]
fn hostile_files_are_refused_in_time() {
    let bomb = (0..30).fold("a0: &a0 [x]\n".to_owned(), |text, at| {
        format!(
            "{text}a{next}: &a{next} [{}]\n",
            ["*a"; 9].map(|name| format!("{name}{at}")).join(","),
            next = at + 1
        )
    });
    let merges = (0..30).fold("a0: &a0 {}\n".to_owned(), |text, at| {
        format!(
            "{text}a{next}: &a{next} {{<<: [{}]}}\n",
            ["*a"; 9].map(|name| format!("{name}{at}")).join(","),
            next = at + 1
        )
    });
    let long = format!("a: &a \"{}\"\nb: [{}]\n", "x".repeat(1 << 20), ["*a"; 1000].join(","));
    for text in [&bomb, &merges, &long] {
        assert!(Format::Yaml.parse(text.as_bytes()).is_err());
    }
    // Each reader looks for an end of its own.
    let lines = |value: &str| (0..3_000).map(|at| format!("A{at}={value}\n")).collect::<String>();
    let long = format!("A=\"{}\"\n", "${".repeat(1 << 17));
    for text in [&lines("'\\'"), &lines("x\\"), &lines("${x"), &long] {
        for dialect in std::iter::once(None).chain(Dialect::ENV.map(Some)) {
            let Ok(document) = Format::Env.parse_as(dialect, text.as_bytes()) else { continue };
            for at in 0..document.items.len() {
                document.differing(at);
            }
        }
    }
    for (open, close) in
        [("[", "]"), ("{a: ", "}"), ("{\"a\":", "}"), ("- ", ""), ("{ a = ", "}"), ("\"${", "}\"")]
    {
        for format in ALL {
            for depth in [65, 1000, 100_000] {
                for begin in ["", "a: ", "a = "] {
                    let text = format!("{begin}{}1{}", open.repeat(depth), close.repeat(depth));
                    let _ = format.parse(text.as_bytes());
                }
            }
        }
    }
}

#[test]
fn a_letter_of_several_bytes_ends_no_reference() {
    for dialect in std::iter::once(None).chain(Dialect::all(Format::Env).iter().copied().map(Some))
    {
        for text in ["${®:", "${A®}", "${A:-®", "$®", "${®}"] {
            let references: Vec<usize> = text.match_indices('$').map(|(at, _)| at).collect();
            let empty = &mut |_: &str, _| Ok(Some(Zeroizing::default()));
            let _ = expand(dialect, text, &references, empty);
        }
    }
}

/// Each byte of it is looked at once: else the test does not end.
#[test]
fn one_long_line_without_values_is_read() {
    for (format, start, end) in [(Format::Json, "[", "]"), (Format::Toml, "a = [", "]\n")] {
        let blanks = " ".repeat(MAX_LEN - start.len() - end.len());
        let text = [start, &blanks, end].concat();
        assert_eq!(format.parse(text.as_bytes()).unwrap().items.len(), 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 64, ..ProptestConfig::with_cases(128) })]

    /// Texts of what formats have in common, so that quotes, signs and line ends meet in every order.
    #[test]
    fn no_text_makes_a_format_panic(text in "(\\PC|[\"'`|>\\[\\]{}:=#\\\\,\\-uxn0a$&*! \t\r\n]){0,24}") {
        for format in ALL {
            let whole = format!("a = {text}\nb: {text}\n{text}");
            for text in [&text, &whole] {
                for dialect in std::iter::once(None).chain(Dialect::all(format).iter().copied().map(Some)) {
                    let Ok(document) = format.parse_as(dialect, text.as_bytes()) else { continue };
                    accounted(&document);
                    document.properties();
                    for at in 0..document.items.len() {
                        document.differing(at);
                        let item = &document.items[at];
                        let empty = &mut |_: &str, _| Ok(Some(Zeroizing::default()));
                        let _ = expand(dialect, &item.text, &item.references, empty);
                        let _ = remove(&document, at);
                        if let Ok(new) = replace(&document, at, "a: 'b' # \"c\"", false) {
                            let again = format.parse_as(dialect, &new).unwrap();
                            prop_assert_eq!(again.items.len(), document.items.len());
                        }
                    }
                    is_shown(&document, "a.b");
                    let _ = insert(&document, "n.m", Line::Value { text: "x y", literal: false });
                }
            }
            let _ = difference(b"a.env", text.as_bytes(), whole.as_bytes());
        }
    }

    #[test]
    fn no_bytes_make_a_format_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        for format in ALL {
            let _ = format.parse(&bytes);
        }
    }
}
