//! Rules of other tools: what they find, what they leave out, and what is refused.

use proptest::prelude::*;

use crate::detect::rules::gitleaks::re2::translated;
use crate::detect::rules::gitleaks::*;
use crate::detect::{Detector, Hit};

fn detector(rules: &str) -> Detector {
    Detector::with_rules(parse(rules).unwrap_or_else(|error| panic!("{error}")).rules).unwrap()
}

fn hits(rules: &str, text: &str, path: Option<&str>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let whole = 0..text.len();
    let path = path.map(str::as_bytes);
    detector(rules).scan(text.as_bytes(), path, std::slice::from_ref(&whole), &mut hits);
    hits
}

fn scan<'t>(rules: &str, text: &'t str, path: Option<&str>) -> Vec<&'t str> {
    hits(rules, text, path).into_iter().map(|hit| &text[hit.value]).collect()
}

fn error(rules: &str) -> String {
    parse(rules).err().unwrap_or_else(|| panic!("{rules}")).to_string()
}

const SHOP: &str = r#"
    minVersion = "v8.25.0"
    [[rules]]
    id = "shop"
    description = "shop token"
    regex = '''(?i)shop_([0-9a-z]{8})'''
    keywords = ["shop_"]
    entropy = 2.0
    tags = ["shop"]
    [[rules.allowlists]]
    stopwords = ["demo"]
    [[rules.allowlists]]
    condition = "AND"
    paths = ['''(^|/)fixtures/''']
    regexes = ['''^a''']
    [allowlist]
    paths = ['''\.lock$''']
"#;

#[test]
fn groups_entropy_and_allow_lists_count() {
    assert_eq!(scan(SHOP, "x = shop_q8w2e5r9", None), ["q8w2e5r9"]);
    assert_eq!(scan(SHOP, "x = SHOP_q8w2e5r9", None), ["q8w2e5r9"]);
    assert!(scan(SHOP, "x = shop_aaaabbbb", None).is_empty());
    assert!(scan(SHOP, "x = shop_Demo1234", None).is_empty());
    assert!(scan(SHOP, "x = shop_q8w2e5r9", Some("a.lock")).is_empty());
    assert!(scan(SHOP, "x = shop_a8w2e5r9", Some("fixtures/a")).is_empty());
    assert_eq!(scan(SHOP, "x = shop_q8w2e5r9", Some("fixtures/a")).len(), 1);
    // An entropy of exactly two bits is too low.
    assert!(scan(SHOP, "x = shop_aabbccdd", None).is_empty());
}

#[test]
fn a_path_that_is_not_known_yet_is_asked_for_later() {
    let unless = |text: &str| hits(SHOP, text, None).remove(0).unless.unwrap();
    let plain = unless("x = shop_q8w2e5r9");
    assert!(plain.holds_at(b"a.lock"));
    assert!(!plain.holds_at(b"fixtures/a") && !plain.holds_at(b""));
    let other = unless("x = shop_a8w2e5r9");
    assert!(other.holds_at(b"a.lock") && other.holds_at(b"fixtures/a") && !other.holds_at(b"a"));
    let limited = "[[rules]]\nid = 'x'\nregex = 'tok_\\w+'\npath = '\\.tf$'";
    let unless = hits(limited, "tok_1", None).remove(0).unless.unwrap();
    assert!(unless.holds_at(b"a.py") && unless.holds_at(b"") && !unless.holds_at(b"a.tf"));
    assert!(scan(limited, "tok_1", Some("a.py")).is_empty());
    assert_eq!(scan(limited, "tok_1", Some("a.tf")), ["tok_1"]);
    // What may not count in the end must not hide what does.
    let both = format!("{limited}\n[[rules]]\nid = 'y'\nregex = 'tok_'");
    let found: Vec<_> = hits(&both, "tok_1", None);
    assert_eq!(found.len(), 2);
    assert_eq!(scan(&both, "tok_1", Some("a.tf")), ["tok_1"]);
    assert_eq!(scan(&both, "tok_1", Some("a.py")), ["tok_"]);
}

#[test]
fn without_a_number_the_first_group_that_matched_is_the_secret() {
    let rules = "[[rules]]\nid = 'x'\nregex = 'a=(\\d+)|b=(\\d+)|c=\\d+'\n";
    assert_eq!(scan(rules, "a=1 b=22 c=333\n", None), ["1", "22", "c=333"]);
    assert_eq!(scan(&format!("{rules}secretGroup = 2"), "a=1 b=22", None), ["a=1", "22"]);
    assert!(error(&format!("{rules}secretgroup = 3")).contains("takes group 3"));
    // The line feed after it is none of the match.
    assert_eq!(scan("[[rules]]\nid = 'x'\nregex = 'k=\\w+\\s'", "k=v\n", None), ["k=v"]);
}

#[test]
fn rules_without_keywords_look_everywhere() {
    for keywords in ["", "keywords = []", "keywords = ['']", "KeyWords = ['PIN']"] {
        let rules = format!("[[rules]]\nid = 'x'\nregex = 'pin\\d'\n{keywords}");
        assert_eq!(scan(&rules, "a pin1", None), ["pin1"], "{keywords}");
    }
    assert!(scan("[[rules]]\nid = 'x'\nregex = 'pin'\nkeywords = ['pan']", "pin", None).is_empty());
}

#[test]
fn expressions_of_go_mean_the_same() {
    assert_eq!(translated(r"a{b}c{2}\Q$.<\E"), r"a\{b}c{2}\$\.<");
    assert_eq!(translated("[][a&&b--c]"), r"[\]\[a\&\&b\--c]");
    assert_eq!(translated("[[:alpha:]]{1,}"), "[[:alpha:]]{1,}");
    assert_eq!(translated(r"\<a\>"), "<a>");
    for (regex, text, found) in [
        (r"(ab(?i)c|d)", "abC D d", &["abC", "D", "d"][..]),
        (r"(?i)a(?-i:b)[[:alnum:]]", "AbX aBx", &["AbX"]),
        (r"\x60(?s:.)\x60", "`\n`", &["`\n`"]),
        (
            r"k[a-z]{250,}",
            &format!("k{}", "x".repeat(300))[..],
            &[&format!("k{}", "x".repeat(300))],
        ),
        (r"a[\s\S]{0,1000}?z", "a\n z z", &["a\n z"]),
        (r"${", "${", &[]),
        (r"(?P<n>\d)\z", "1 2", &["2"]),
    ] {
        let rules = format!("[[rules]]\nid = 'x'\nregex = '''{regex}'''");
        assert_eq!(scan(&rules, text, None), found, "{regex}");
    }
}

/// Whether a filter leaves out the one match, `k="Q7f2-xyz"` in `fixtures/app.ini`.
fn leaves_out(filter: &str) -> bool {
    let rules = format!(
        "[[rules]]\nid = 'ini'\ndescription = 'a key'\nregex = 'k=\"([^\"]+)\"'\nfilter = '''\n{filter}\n'''"
    );
    scan(&rules, "# mock\nk=\"Q7f2-xyz\" ; note\n", Some("fixtures/app.ini")).is_empty()
}

#[test]
fn filters_ask_about_the_match() {
    for (filter, expected) in [
        (r#"entropy(finding["secret"]) <= 3.0"#, true),
        (r#"filter.entropy(finding["secret"]) < 3.0"#, false),
        (r#"3 >= entropy(finding.secret)"#, true),
        (r#"len(finding["secret"]) == 8 and not (size(finding["secret"]) != 8)"#, true),
        ("matchesAny(finding[\"secret\"], [\n  `^q`, `(?i)^q7`,\n])", true),
        (r#"matchesAny(finding["secret"], [`^7`])"#, false),
        (r#"matchesAny(finding["secret"], [])"#, false),
        (r#"containsAny(finding["secret"], ["zzz", "XYZ"])"#, true),
        (r#"containsAny(finding["match"], ["k=\"q7"])"#, true),
        (r#"containsAny(finding["line"], ["note"])"#, true),
        (r#"containsAny(finding["line"], ["mock"])"#, false),
        (r#"startsWithAny(finding["secret"], ["a", "Q7"])"#, true),
        (r#"finding["rule_id"] == "ini" && finding["description"] != "a lock""#, true),
        (r#"finding["secret"] in ["a", "Q7f2-xyz"]"#, true),
        (r#"finding["secret"].startsWith("Q7") && finding["secret"].endsWith("z")"#, true),
        (r#"finding["secret"].contains("F2-") || finding["secret"] contains "F2""#, false),
        (r#"finding["secret"] contains "2-x" && finding["secret"] matches "^Q""#, true),
        (r#"matchesAny(get(attributes, "path", ""), [`\.ini$`])"#, true),
        (r#"matchesAny((attributes["path"] ?? ""), [`\.env$`])"#, false),
        (r#"attributes[?"path"].orValue("").startsWith("fixtures/")"#, true),
        (r#"!matchesAny(finding["secret"], [r"""^\w"""]) || false // never"#, false),
        (r#"failsTokenEfficiency(finding["secret"])"#, false),
        (r#"failsTokenEfficiency(attributes["path"])"#, true),
        (r#"true && (false || true)"#, true),
        (r#"false || true && false"#, false),
        ("", false),
    ] {
        assert_eq!(leaves_out(filter), expected, "{filter}");
    }
}

#[test]
fn what_a_filter_cannot_ask_is_named() {
    for (filter, part) in [
        ("tokenRatio(finding[\"secret\"]) > 2.0", "'tokenRatio'"),
        ("finding[\"context\"] == \"\"", "'context'"),
        ("attributes[\"git.sha\"] == \"\"", "'git.sha'"),
        ("finding[\"secret\"].trim() == \"\"", "'trim'"),
        ("captures[\"a\"] == \"\"", "'captures'"),
        ("finding[\"secret\"]", "does not work on"),
        ("entropy(finding[\"secret\"])", "does not work on"),
        ("entropy(\"abc\") < 3", "'entropy' does not work on"),
        ("finding[\"secret\"] == attributes[\"path\"]", "does not work on"),
        ("let a = finding[\"secret\"]; a == \"\"", "'let' of betterleaks 2"),
        ("true ||", "the end is not expected"),
        ("true true", "'true' is not expected"),
        ("true ? true : false", "'?' is not expected"),
        ("(true", "the end is not expected"),
        ("\"a", "not closed"),
        ("finding[\"a\\q\"]", "not closed"),
        ("matchesAny(finding[\"secret\"], [`(?=a)`])", "rule 'ini' cannot be used"),
        ("1.2.3 < 2", "'1.2.3' is not expected"),
        (&"(".repeat(70_000), "nested too deep"),
        (&"!".repeat(70_000), "nested too deep"),
    ] {
        let rules = format!("[[rules]]\nid = 'ini'\nregex = 'a'\nfilter = '''{filter}'''");
        let error = error(&rules);
        assert!(error.contains(part) && error.contains("'ini'"), "{error}");
    }
    let error = error("prefilter = 'finding.secret == \"\"'\n[[rules]]\nid = 'x'\nregex = 'a'");
    assert!(error.contains("'prefilter'") && error.contains("'finding'"), "{error}");
}

#[test]
fn filters_of_the_file_are_for_all_rules() {
    let rules = "prefilter = 'matchesAny(get(attributes, \"path\", \"\"), [`^vendor/`])'\n\
                 filter = 'containsAny(finding[\"secret\"], [\"mock\"])'\n\
                 [[rules]]\nid = 'x'\nregex = 'x_\\w+'\n[[rules]]\nid = 'k'\npath = '\\.key$'";
    assert_eq!(scan(rules, "x_1 x_Mock", Some("a")), ["x_1"]);
    assert!(scan(rules, "x_1", Some("vendor/a")).is_empty());
    let detector = detector(rules);
    let names = |path: &str| {
        detector.rules().iter().any(|rule| rule.foreign.as_ref().unwrap().names(path.as_bytes()))
    };
    assert!(names("a.key") && !names("vendor/a.key") && !names("a.keys"));
    assert!(scan(rules, ".key", Some("a.key")).is_empty());
}

const PAIR: &str = "
    [[rules]]
    id = 'id'
    regex = 'id_(\\w+)'
    keywords = ['never in the text']
    skipReport = true
    filter = 'finding.secret == \"0\"'
    [[rules]]
    id = 'pair'
    regex = 'key_(\\w+)'
    [[rules.required]]
    id = 'id'
";

#[test]
fn a_rule_may_require_another() {
    assert_eq!(scan(PAIR, "key_1\n\n\nid_1", None), ["1"]);
    assert!(scan(PAIR, "key_1\n\n\nid_0", None).is_empty());
    assert!(scan(PAIR, "key_1", None).is_empty());
    assert!(scan(PAIR, "id_1", None).is_empty());
    let near = format!("{PAIR}withinLines = 1");
    assert_eq!(scan(&near, "key_1\nkey_2\nkey_3\nid_1\nkey_4\n\nkey_5", None), ["3", "4"]);
    let columns = format!("{PAIR}withinColumns = 4");
    assert_eq!(scan(&columns, "id_1 key_1\n    key_2", None), ["2"]);
    let error = |rules: &str| error(rules);
    assert!(
        error(&PAIR.replace("regex = 'id_(\\w+)'", "path = 'a'")).contains("requires rule 'id'")
    );
    assert!(error(&format!("{PAIR}within = '3L'")).contains("'within'"));
    // Two rules are asked for, and both must be there.
    let two = format!(
        "{PAIR}\n[[rules.required]]\nid = 'host'\n[[rules]]\nid = 'host'\nregex = 'host_\\w+'"
    );
    assert_eq!(scan(&two, "key_1 id_1 host_1", None), ["1", "host_1"]);
    assert_eq!(scan(&two, "key_1 host_1", None), ["host_1"]);
}

#[test]
fn a_required_rule_counts_only_where_it_counts_itself() {
    let rules = PAIR.replace("skipReport = true", "skipReport = true\npath = '\\.env$'");
    assert_eq!(scan(&rules, "key_1 id_1", Some(".env")), ["1"]);
    assert!(scan(&rules, "key_1 id_1", Some("a")).is_empty());
    let unless = hits(&rules, "key_1 id_1 id_2", None).remove(0).unless.unwrap();
    assert!(unless.holds_at(b"a") && !unless.holds_at(b".env"));
}

#[test]
fn the_default_rules_are_those_of_this_program() {
    let key = crate::detect::template::expand("ghp_{base62:30}{crc32}", "github-pat");
    let text = format!("token = \"{key}\"\nshop_1 shop_2\n");
    let rules = "[extend]\nuseDefault = true\n[allowlist]\npaths = ['^old/']";
    assert_eq!(scan(rules, &text, Some("a")), [&key[..]]);
    assert!(scan(rules, &text, Some("old/a")).is_empty());
    let more = "[extend]\nuseDefault = true\ndisabledRules = ['github-pat']\n\
                [[rules]]\nid = 'shop'\nregex = 'shop_\\d'\n";
    let found = hits(more, &text, Some("a"));
    assert!(found.iter().all(|hit| detector(more).rule(hit.rule).id != "github-pat"));
    assert_eq!(found.iter().filter(|hit| detector(more).rule(hit.rule).id == "shop").count(), 2);
    let change = "[extend]\nuseDefault = true\n[[rules]]\nid = 'github-pat'\n\
                  [[rules.allowlists]]\nregexes = ['^ghp']\n[[rules]]\nid = 'elsewhere'";
    let found = hits(change, &text, Some("a"));
    assert!(found.iter().all(|hit| detector(change).rule(hit.rule).id != "github-pat"));
    let notes = parse(change).unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("'elsewhere'")), "{notes:?}");
    assert!(!notes.iter().any(|note| note.contains("'github-pat'")), "{notes:?}");
}

#[test]
fn what_has_no_effect_is_said_once() {
    let rule = |id| format!("[[rules]]\nid = '{id}'\nregex = 'a'\nvalidate = 'http.get()'\n");
    let notes = parse(&(rule("a") + &rule("b"))).unwrap().notes;
    assert_eq!(notes.len(), 1);
    assert!(notes[0].starts_with("2 rules would ask services"), "{notes:?}");
    assert!(parse(SHOP).unwrap().notes.is_empty());
}

#[test]
fn of_two_rules_with_one_id_the_last_counts() {
    let rules = "[[rules]]\nid = 'x'\nregex = 'a'\n[[rules]]\nid = 'x'\nregex = 'b'";
    assert_eq!(scan(rules, "ab", None), ["b"]);
}

#[test]
fn generic_rules_give_way() {
    let rules = "[[rules]]\nid = 'a'\nregex = 'key=(\\w+)'\nspecificity = 0\n\
                 [[rules]]\nid = 'b'\nregex = 'tok_\\d'";
    let found = hits(rules, "key=tok_1", None);
    assert_eq!(found.len(), 1);
    assert_eq!(detector(rules).rule(found[0].rule).id, "b");
}

#[test]
fn an_allow_list_for_commits_leaves_nothing_out() {
    let list = "[[rules]]\nid = 'x'\nregex = 'a'\n[[rules.allowlists]]\ncommits = ['abc']\n";
    assert_eq!(scan(list, "a", Some("p")), ["a"]);
    assert_eq!(scan(&format!("{list}condition = 'AND'\npaths = ['p']"), "a", Some("p")), ["a"]);
    assert!(scan(&format!("{list}paths = ['p']"), "a", Some("p")).is_empty());
}

#[test]
fn what_cannot_be_used_is_named() {
    let rule = "[[rules]]\nid = 'x'\nregex = 'a'\n";
    for (rules, part) in [
        ("", "no rules"),
        ("[[rules]]\nregex = 'a'", "rule number 1 has no id"),
        ("[[rules]]\nid = 'x'", "'x' has neither"),
        ("[[rules]]\nid = 'x'\nregex = '(?=a)'", "rule 'x' cannot be used"),
        ("[[rules]]\nid = 'x'\npath = '('", "rule 'x' cannot be used"),
        ("[extend]\npath = 'a'\n[[rules]]\nid = 'x'\nregex = 'a'", "extend another file"),
        ("rules = 3", "not in gitleaks' format"),
        (&format!("{rule}reqex = 'b'"), "rule 'x' uses 'reqex'"),
        (&format!("more = 1\n{rule}"), "the file uses 'more'"),
        (&format!("{rule}Regex = 'b'"), "'regex' is there twice"),
        (&format!("{rule}[[rules.allowlists]]\npath = ['b']"), "rule 'x' uses 'path'"),
        (&format!("{rule}[[rules.allowlists]]\ncondition = 'xor'"), "unknown 'condition'"),
        (&format!("{rule}[[allowlists]]\nregexTarget = 'file'"), "unknown 'regexTarget'"),
        (&format!("{rule}[[rules.required]]\nid = 'y'"), "requires rule 'y'"),
    ] {
        let error = error(rules);
        assert!(error.contains(part), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_filter_is_read_or_refused(words in prop::collection::vec(0usize..24, 0..24)) {
        let all = [
            "finding", "attributes", "[", "]", "(", ")", "\"secret\"", "\"path\"", "`a`", "&&", "||", "!", ",", ".",
            "entropy", "matchesAny", "<=", "3.0", "??", "get", "?", "é", "\\", "contains",
        ];
        let text: Vec<_> = words.iter().map(|&at| all[at]).collect();
        if let Err(error) = filter::read(&text.join(" "), "x", true) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
