use super::*;
use crate::git::attributes_file::MACRO_LINE;

fn names() -> BTreeMap<Name, KeyName> {
    [("default", "default"), ("Ops", "ops"), ("prod-2", "prod-2")]
        .map(|(old, new)| (old.parse().unwrap(), new.parse().unwrap()))
        .into()
}

fn how(names: &BTreeMap<Name, KeyName>) -> Rewriting<'_> {
    Rewriting {
        drivers: Drivers::GIT_CRYPT,
        names,
        state_dir: b".git-crypt",
        explicit_default: false,
        exception_text: "!text",
        other_filters: false,
        by_value: BTreeSet::new(),
        any_by_value: false,
        tripwire: false,
    }
}

fn rewritten(text: &str) -> String {
    let names = names();
    let how = how(&names);
    let (new, changes) = rewrite(text.as_bytes(), false, &how).unwrap();
    assert_eq!(changes.is_empty(), new == text.as_bytes());
    String::from_utf8(new).unwrap()
}

#[test]
fn lines_are_rewritten_in_place() {
    let cases = [
        (
            "*.key filter=git-crypt diff=git-crypt\n",
            "*.key shroud filter=shroud diff=shroud merge=shroud -text\n",
        ),
        (
            "*.key diff=git-crypt filter=git-crypt",
            "*.key shroud filter=shroud diff=shroud merge=shroud -text",
        ),
        (
            "ops/**\tfilter=git-crypt-Ops diff=git-crypt-Ops\r\n",
            "ops/**\tshroud shroud-key=ops filter=shroud diff=shroud merge=shroud -text\r\n",
        ),
        (
            "\"a b\"   filter=git-crypt-prod-2\n",
            "\"a b\"   shroud shroud-key=prod-2 filter=shroud diff=shroud merge=shroud -text\n",
        ),
        (
            "  *.x  filter=git-crypt  -text  diff=git-crypt \n",
            "  *.x  shroud filter=shroud diff=shroud merge=shroud  -text \n",
        ),
        (
            "*.x diff=json filter=git-crypt\n",
            "*.x shroud filter=shroud merge=shroud -text diff=json\n",
        ),
        (
            "*.x text filter=git-crypt merge=union\n",
            "*.x shroud filter=shroud diff=shroud text merge=union\n",
        ),
        ("*.x diff=git-crypt\n", "*.x diff=shroud\n"),
        (
            "[attr]crypt filter=git-crypt diff=git-crypt\n*.p crypt\n",
            "[attr]crypt shroud filter=shroud diff=shroud merge=shroud -text\n*.p crypt\n",
        ),
        (".gitattributes !filter !diff\n", ".gitattributes !filter !diff !merge\n"),
        ("pub.txt -filter -diff\n", "pub.txt -filter -diff !merge !text !delta\n"),
        ("pub.txt !filter !diff text\n", "pub.txt !filter !diff text !merge !delta\n"),
        ("pub.txt !filter !diff binary\n", "pub.txt !filter !diff binary\n"),
        (
            "/.git-crypt/** !filter\n.git-crypt/x a\n.git-crypto filter=git-crypt\n",
            ".git-crypto shroud filter=shroud diff=shroud merge=shroud -text\n",
        ),
    ];
    for (old, new) in cases {
        assert_eq!(rewritten(old), new);
    }
}

#[test]
fn what_is_not_git_crypts_stays_byte_for_byte() {
    for text in [
        "",
        "\n",
        "# *.key filter=git-crypt\r\n\n   \n",
        "*.txt text eol=lf",
        "*.bin filter=lfs diff=lfs merge=lfs -text\n",
        "*.x filter=git-cryptic xfilter=git-crypt\n",
        "\"unclosed filter\n",
        "lone\n",
        "\u{feff}*.txt text\n",
    ] {
        assert_eq!(rewritten(text), text);
    }
}

#[test]
fn a_byte_order_mark_stays_first_and_the_macro_follows() {
    let names = names();
    let how = Rewriting { explicit_default: true, exception_text: "text=auto", ..how(&names) };
    let (new, changes) = rewrite("\u{feff}a filter=git-crypt\r\n".as_bytes(), true, &how).unwrap();
    let expected = format!(
        "\u{feff}{MACRO_LINE}\r\na shroud shroud-key=default filter=shroud diff=shroud merge=shroud -text\r\n"
    );
    assert_eq!(String::from_utf8(new.clone()).unwrap(), expected);
    assert_eq!(changes.len(), 2);
    assert!(rewrite(&new, true, &how).unwrap().1.is_empty());
}

#[test]
fn chosen_lines_seal_by_value() {
    let names = names();
    let how = Rewriting { by_value: [2, 3].into(), any_by_value: true, ..how(&names) };
    let text = b"*.key filter=git-crypt diff=git-crypt\nconf/** filter=git-crypt-Ops\n*.x text filter=git-crypt diff=json\n";
    let (new, _) = rewrite(text, true, &how).unwrap();
    let expected = format!(
        "{MACRO_LINE}\n{VALUES_MACRO_LINE}\n\
         *.key shroud filter=shroud diff=shroud merge=shroud -text !shroud-by\n\
         conf/** shroud-values shroud-key=ops shroud-by=value filter=shroud diff=shroud-values merge=shroud -text\n\
         *.x shroud-values shroud-by=value filter=shroud merge=shroud text diff=json\n"
    );
    assert_eq!(String::from_utf8(new).unwrap(), expected);
    let patterns: Vec<_> =
        sealing_lines(text, &Drivers::GIT_CRYPT).into_iter().map(|(line, _)| line).collect();
    assert_eq!(patterns, [1, 2, 3]);
}

#[test]
fn with_filters_of_others_only_clear_exceptions_are_touched() {
    let names = names();
    let how = Rewriting { other_filters: true, ..how(&names) };
    let text = b"small.bin -filter\npub !filter !diff\n";
    let (new, changes) = rewrite(text, false, &how).unwrap();
    assert_eq!(new, b"small.bin -filter\npub !filter !diff !merge !text !delta\n");
    assert_eq!(changes.len(), 1);
    assert_eq!(filters(b"a filter=lfs\n# b filter=x\nc filter=git-crypt\n").len(), 2);
}

#[test]
fn an_unknown_key_is_named() {
    let names = names();
    let how = how(&names);
    let error = rewrite(b"\na filter=git-crypt-\x1bx\n", false, &how).unwrap_err();
    assert_eq!(error.line, 2);
    assert!(!error.to_string().contains('\x1b'));
}
