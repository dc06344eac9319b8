use super::*;

#[track_caller]
fn replaced(format: Format, before: &str, name: &str, value: &str, after: &str) {
    for crlf in [false, true] {
        let ends = |text: &str| if crlf { text.replace('\n', "\r\n") } else { text.to_owned() };
        let before = ends(before);
        let document = format.parse(before.as_bytes()).unwrap();
        let at = document.find(name).unwrap();
        let new = replace(&document, at, value, false).unwrap();
        assert_eq!(String::from_utf8_lossy(&new), ends(after));
    }
}

#[track_caller]
fn inserted(format: Format, before: &str, name: &str, after: &str) {
    let line = Line::Value { text: "v", literal: false };
    for crlf in [false, true] {
        let ends = |text: &str| if crlf { text.replace('\n', "\r\n") } else { text.to_owned() };
        let before = ends(before);
        let new = insert(&format.parse(before.as_bytes()).unwrap(), name, line).unwrap();
        assert_eq!(String::from_utf8_lossy(&new), ends(after));
    }
}

#[test]
fn a_value_is_replaced_and_nothing_else() {
    replaced(
        Format::Env,
        "# c\n\nexport A = 'x'  # n\nB=2",
        "A",
        "y z",
        "# c\n\nexport A = 'y z'  # n\nB=2",
    );
    replaced(Format::Env, "A=\nB=1\n", "A", "x", "A=x\nB=1\n");
    replaced(Format::Env, "A= # c\n", "A", "x", "A=x # c\n");
    replaced(
        Format::Properties,
        "! c\na.b : x\\\n  y\nc = d\n",
        "a.b",
        "z",
        "! c\na.b : z\nc = d\n",
    );
    replaced(
        Format::Ini,
        "a=info   ; c\nb = \"x;y\"\n",
        "a",
        "debug",
        "a=debug   ; c\nb = \"x;y\"\n",
    );
    replaced(Format::Ini, "a=1\nb = \"x;y\" # c\n", "b", "z", "a=1\nb = z # c\n");
    replaced(Format::Ini, "[s]\na = 1\n; c\n[t]\na=2\n", "t.a", "3", "[s]\na = 1\n; c\n[t]\na=3\n");
    replaced(
        Format::Toml,
        "[t] # c\na = \"x\" # n\nb = 1\n",
        "t.a",
        "y\"",
        "[t] # c\na = \"y\\\"\" # n\nb = 1\n",
    );
    replaced(Format::Toml, "[t]\na = 1 # n\n", "t.a", "2", "[t]\na = 2 # n\n");
    replaced(
        Format::Yaml,
        "a: # c\n  b: 'x'  # n\n  c:\n",
        "a.b",
        "z",
        "a: # c\n  b: z  # n\n  c:\n",
    );
    replaced(Format::Yaml, "a:\nb:   # n\n", "a", "1", "a: \"1\"\nb:   # n\n");
    replaced(Format::Yaml, "a: |\n  x\n  y\nb: 1\n", "a", "z", "a: z\nb: 1\n");
    replaced(
        Format::Json,
        "{\n\t\"a\": {\n\t\t\"b\": 1,\n\t\t\"c\": \"x\"\n\t}\n}",
        "a.b",
        "2",
        "{\n\t\"a\": {\n\t\t\"b\": 2,\n\t\t\"c\": \"x\"\n\t}\n}",
    );
}

#[test]
fn lists_are_not_replaced() {
    for (format, text) in [
        (Format::Yaml, "a:\n- b\n"),
        (Format::Toml, "a = [1]\n"),
        (Format::Json, "{\n\"a\": [1]\n}\n"),
    ] {
        let document = format.parse(text.as_bytes()).unwrap();
        let error = replace(&document, document.find("a").unwrap(), "x", false);
        assert!(matches!(error, Err(EditError::Compound(1 | 2))), "{text}");
    }
}

#[test]
fn a_key_is_added_to_its_section() {
    inserted(Format::Env, "A=1\n# x\n\n", "B", "A=1\n# x\nB=v\n\n");
    for (before, after) in [("A=1", "A=1\nB=v"), ("", "B=v\n")] {
        let line = Line::Value { text: "v", literal: false };
        let new = insert(&Format::Env.parse(before.as_bytes()).unwrap(), "B", line).unwrap();
        assert_eq!(*new, after.as_bytes());
    }
    inserted(Format::Properties, "a = 1\n", "b.c", "a = 1\nb.c = v\n");
    inserted(Format::Ini, "[s]\na=1\n\n# t\n[t]\n", "s.b.c", "[s]\na=1\nb.c=v\n\n# t\n[t]\n");
    inserted(Format::Ini, "[s]\na=1\n", "t.b", "[s]\na=1\n\n[t]\nb=v\n");
    inserted(
        Format::Toml,
        "a = 1\n[s]\nb = 2\n# c\n[t]\n",
        "s.d",
        "a = 1\n[s]\nb = 2\nd = \"v\"\n# c\n[t]\n",
    );
    inserted(
        Format::Toml,
        "a = 1\n[s]\nb = 2\n",
        "x.y.z",
        "a = 1\n[s]\nb = 2\n\n[x.y]\nz = \"v\"\n",
    );
    inserted(Format::Toml, "s.a = 1\n[t]\n", "s.b", "s.a = 1\ns.b = \"v\"\n[t]\n");
    inserted(
        Format::Yaml,
        "a:\n    b: 1\n    # d\n\nc: 2\n",
        "a.x.y",
        "a:\n    b: 1\n    # d\n    x:\n      y: v\n\nc: 2\n",
    );
    inserted(Format::Yaml, "# c\n", "a.b", "# c\na:\n  b: v\n");
    inserted(Format::Yaml, "a.b: 1\n", "a.c", "a.b: 1\na.c: v\n");
    inserted(
        Format::Json,
        "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n",
        "a.c",
        "{\n  \"a\": {\n    \"b\": 1,\n    \"c\": \"v\"\n  }\n}\n",
    );
    inserted(Format::Json, "{\n}\n", "a.b", "{\n  \"a\": {\n    \"b\": \"v\"\n  }\n}\n");
}

#[test]
fn a_default_is_shown_in_a_comment_once() {
    let line = Line::Comment { text: "5", literal: true };
    for (format, before, name, after) in [
        (Format::Env, "A=1\n", "B", "A=1\n# B=5\n"),
        (Format::Toml, "[s]\na = 1\n", "s.b", "[s]\na = 1\n# b = 5\n"),
        (Format::Yaml, "s:\n  a: 1\nt: 2\n", "s.b", "s:\n  a: 1\n  # b: 5\nt: 2\n"),
        (Format::Yaml, "t: 2\n", "s.b", "t: 2\n# s.b: 5\n"),
    ] {
        let document = format.parse(before.as_bytes()).unwrap();
        assert!(!is_shown(&document, name));
        let new = insert(&document, name, line).unwrap();
        assert_eq!(String::from_utf8_lossy(&new), after);
        assert!(is_shown(&format.parse(&new).unwrap(), name), "{after}");
    }
    assert!(matches!(
        insert(&Format::Json.parse(b"{\n}\n").unwrap(), "a", line),
        Err(EditError::NoComments)
    ));
}

#[test]
fn what_has_no_clear_place_is_refused() {
    let line = Line::Value { text: "v", literal: false };
    for (format, text, name) in [
        (Format::Env, "A=1\n", "A"),
        (Format::Env, "A=1\n", "a b"),
        (Format::Env, "A=1\n", "x\ny"),
        (Format::Yaml, "a: 1\n", "a.b"),
        (Format::Json, "{\n\"a\": 1\n}\n", "a.b"),
        (Format::Toml, "a = 1\n", "a.b"),
        (Format::Toml, "a = 1\n", "ä"),
    ] {
        let outcome = insert(&format.parse(text.as_bytes()).unwrap(), name, line);
        assert!(matches!(outcome, Err(EditError::NoPlace)), "{text} {name}");
    }
}
