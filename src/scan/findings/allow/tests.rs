use super::{AllowList, Applied, Date, Options, apply, write};
use crate::detect::Rank;
use crate::detect::Secret;
use crate::scan::findings::{Finding, Kind, Location, LocationKind, Mark, Occurrence, Reason};
use crate::scan::fingerprint::{Fingerprinter, Named};

const SALT: [u8; 32] = [7; 32];

fn salted() -> Fingerprinter {
    let mut fingerprinter = Fingerprinter::new();
    fingerprinter.add_salt(&SALT);
    fingerprinter
}

fn at(kind: LocationKind, name: &str) -> Occurrence {
    Occurrence::new(Location { kind, name: name.into(), span: None, views: Vec::new() })
}

fn finding(kind: Kind, value: &str, paths: &[&str]) -> Finding {
    let secret = (kind != Kind::Policy).then(|| Secret::new(value.as_bytes()));
    let named = match &secret {
        Some(_) => Named::Value(value.as_bytes()),
        None => Named::Path(paths[0].as_bytes()),
    };
    Finding {
        kind,
        rule: "generic-password".to_owned(),
        description: String::new(),
        also: Vec::new(),
        rank: Rank::Medium,
        fingerprint: salted().name(named),
        secret,
        advice: String::new(),
        facts: Vec::new(),
        occurrences: paths.iter().map(|path| at(LocationKind::File, path)).collect(),
    }
}

fn list(entries: &str) -> AllowList {
    AllowList::read("scan.toml", format!("version = 1\n{entries}").as_bytes()).unwrap()
}

fn options() -> Options {
    Options { others_marks: false, today: "2026-11-22".parse().unwrap(), whole: true }
}

fn applied(entries: &str, finding: Finding) -> Applied {
    apply(&[list(entries)], vec![finding], &salted(), options())
}

fn allows(entries: &str, finding: Finding) -> bool {
    applied(entries, finding).findings.is_empty()
}

fn fingerprint(value: &str) -> String {
    salted().name(Named::Value(value.as_bytes())).unwrap().to_string()
}

#[test]
fn a_fingerprint_allows_its_value_everywhere_and_no_other() {
    let entry =
        format!("[[allow]]\nfingerprint = \"{}\"\nreason = 'test'", fingerprint("hunter22"));
    let both = ["a", "b/c"];
    assert!(allows(&entry, finding(Kind::Pattern, "hunter22", &both)));
    assert!(allows(&entry, finding(Kind::KnownValue, "hunter22", &both)));
    assert!(!allows(&entry, finding(Kind::Pattern, "hunter23", &both)));
    let mut message = finding(Kind::Pattern, "hunter22", &both);
    message.occurrences.push(at(LocationKind::CommitMessage, ""));
    assert!(allows(&entry, message));
    let reason = &applied(&entry, finding(Kind::Pattern, "hunter22", &both)).suppressed[0].reason;
    let expected = Reason::Allowed { list: "scan.toml".to_owned(), reason: "test".to_owned() };
    assert_eq!(*reason, expected);
}

#[test]
fn paths_allow_only_what_stands_wholly_below_them() {
    let entry = "[[allow]]\npaths = ['tests/', '*.snap', '/top.txt']\nreason = 'test data'";
    for (paths, expected) in [
        (&["tests/a/b"][..], true),
        (&["x/y.snap", "tests/a"], true),
        (&["top.txt"], true),
        (&["x/top.txt"], false),
        (&["src/tests/a"], false),
        (&["tests"], false),
        (&["tests/a", "src/b"], false),
        (&["y.snap.txt"], false),
    ] {
        assert_eq!(allows(entry, finding(Kind::Pattern, "hunter22", paths)), expected, "{paths:?}");
    }
    let mut message = finding(Kind::Pattern, "hunter22", &[]);
    message.occurrences.push(at(LocationKind::CommitMessage, "tests/a"));
    assert!(!allows(entry, message));
}

#[test]
fn what_is_known_is_allowed_by_name_only() {
    let wide = "[[allow]]\npaths = ['*']\nreason = 'everything'";
    for (kind, name) in [(Kind::Policy, "policy"), (Kind::KnownValue, "known-value")] {
        assert!(!allows(wide, finding(kind, "hunter22", &["a"])));
        let named = format!("{wide}\nrule = '{name}'");
        assert!(allows(&named, finding(kind, "hunter22", &["a"])));
        assert!(!allows(&named, finding(Kind::Pattern, "hunter22", &["a"])));
    }
    let rule = "[[allow]]\nrule = 'generic-password'\nreason = 'noise'";
    assert!(allows(rule, finding(Kind::Pattern, "hunter22", &["a"])));
    assert!(!allows(&rule.replace("password", "key"), finding(Kind::Pattern, "hunter22", &["a"])));
}

#[test]
fn an_entry_ends_with_its_day() {
    let entry = |day| {
        format!("[[allow]]\npaths = ['a']\nreason = 'for\\u001b now'\nexpires = {day}")
            .replace("'for\\u001b now'", "\"for\\u001b now\"")
    };
    let of = |day| applied(&entry(day), finding(Kind::Pattern, "hunter22", &["a"]));
    assert!(of("2026-11-22").findings.is_empty());
    assert!(of("'2026-11-23'").notes.is_empty());
    let expired = of("2026-11-21");
    assert_eq!(expired.findings.len(), 1);
    assert_eq!(expired.notes, ["scan.toml, entry 1 (for\\u{1b} now): expired on 2026-11-21"]);
}

#[test]
fn entries_without_effect_are_named() {
    let other = "key:00000000:00000000000000000000000000000000";
    let entries = format!(
        "[[allow]]\npaths = ['b']\nreason = 'old'\n[[allow]]\nfingerprint = '{other}'\nreason = 'x'"
    );
    let found = || finding(Kind::Pattern, "hunter22", &["a"]);
    assert_eq!(
        applied(&entries, found()).notes,
        [
            "scan.toml, entry 1 (old): matches nothing",
            "scan.toml: 1 fingerprint made with a key or salt that is not here"
        ]
    );
    let part = Options { whole: false, ..options() };
    assert_eq!(apply(&[list(&entries)], vec![found()], &salted(), part).notes.len(), 1);
}

#[test]
fn marks_allow_patterns_and_nothing_that_is_known() {
    let marked = |kind, name: &'static str, own| {
        let mut finding = finding(kind, "hunter22", &["a", "b"]);
        for occurrence in &mut finding.occurrences {
            occurrence.mark = Some(Mark { name, own });
        }
        finding
    };
    let reason = |finding, others_marks| {
        let options = Options { others_marks, ..options() };
        let mut applied = apply(&[], vec![finding], &salted(), options);
        applied.suppressed.pop().map(|suppressed| suppressed.reason)
    };
    let own = || marked(Kind::Pattern, "shroud:allow", true);
    let other = || marked(Kind::Pattern, "nosec", false);
    assert_eq!(reason(own(), false), Some(Reason::Mark("shroud:allow")));
    assert_eq!(reason(other(), false), None);
    assert_eq!(reason(other(), true), Some(Reason::Mark("nosec")));
    assert_eq!(reason(marked(Kind::KnownValue, "shroud:allow", true), true), None);
    assert_eq!(reason(marked(Kind::Policy, "shroud:allow", true), true), None);
    let mut half = own();
    half.occurrences[1].mark = None;
    assert_eq!(reason(half, true), None);
}

#[test]
fn a_baseline_allows_what_it_was_written_of() {
    let findings = || {
        vec![
            finding(Kind::Pattern, "hunter22", &["a\n[[allow]]\nrule = 'pattern'\n"]),
            finding(Kind::KnownValue, "hunter23", &["b"]),
            finding(Kind::Policy, "", &["c"]),
        ]
    };
    let text = write(&findings(), options().today, Some(&SALT));
    assert!(!text.contains("hunter"));
    let baseline = AllowList::read_baseline("base.toml", text.as_bytes()).unwrap();
    assert_eq!(baseline.salt(), Some(&SALT));
    assert_eq!(baseline.entries().len(), 3);
    let mut now = findings();
    now.push(finding(Kind::Pattern, "hunter24", &["a"]));
    let applied = apply(&[baseline], now, &salted(), options());
    assert_eq!(applied.findings.len(), 1);
    let baseline = Reason::Baseline("base.toml".to_owned());
    assert!(applied.suppressed.iter().all(|suppressed| suppressed.reason == baseline));
    assert!(applied.notes.is_empty());
    let baseline = AllowList::read_baseline("base.toml", text.as_bytes()).unwrap();
    let applied = apply(&[baseline], Vec::new(), &salted(), options());
    assert_eq!(applied.notes, ["base.toml: 3 entries matching nothing any more"]);
}

#[test]
fn a_report_is_a_baseline_too() {
    let name = fingerprint("hunter22");
    for report in [
        format!(
            "{{\"version\": 1, \"findings\": [{{\"fingerprint\": \"{name}\", \"rank\": \"low\"}}]}}"
        ),
        format!("{{\"fingerprint\": \"{name}\"}}\n{{\"complete\": true}}\n"),
    ] {
        let list = AllowList::read_baseline("r.json", report.as_bytes()).unwrap();
        let found = vec![finding(Kind::Pattern, "hunter22", &["a"])];
        assert!(apply(&[list], found, &salted(), options()).findings.is_empty());
    }
    for useless in ["{}", "[{\"Secret\": \"REDACTED\"}]", "{\"findings\": []}", "{nonsense"] {
        let error = AllowList::read_baseline("r.json", useless.as_bytes()).err().unwrap();
        assert_eq!(
            error.to_string(),
            "r.json holds no fingerprints, so it says nothing about values"
        );
    }
}

#[test]
fn what_is_wrong_is_named_without_a_word_of_it() {
    let day = "2027-02-30";
    for (text, message) in [
        ("[[allow]]\nreason = 'x'", "scan.toml, entry 1: it needs a fingerprint, paths or a rule"),
        ("[[allow]]\nrule = 'x'\nreason = ' '", "scan.toml, entry 1: the reason is empty"),
        ("[[allow]]\nrule = 'x'", "scan.toml, line 2: missing field `reason`"),
        (
            "[[allow]]\nhunter22 = 'x'\nreason = 'x'",
            "scan.toml, line 3: unknown field; known are fingerprint, paths, rule, reason and expires",
        ),
        (
            "[[allow]]\nrule = hunter22",
            "scan.toml, line 3: it is not TOML, or not in the form of docs/scan.md",
        ),
        (
            "[[allow]]\nfingerprint = 'hunter22'\nreason = 'x'",
            "scan.toml, entry 1: this is not a fingerprint; copy one from a report",
        ),
        ("salt = 'hunter22'", "scan.toml, line 1: the salt is 64 hexadecimal digits"),
        (
            "[[allow]]\npaths = ['!a']\nreason = 'x'",
            "scan.toml, entry 1: a pattern of paths is empty or begins with '!'",
        ),
        (
            &format!("[[allow]]\nrule = 'x'\nreason = 'x'\nexpires = '{day}'"),
            "scan.toml, entry 1: expires is a day such as 2027-01-31",
        ),
    ] {
        let error = AllowList::read("scan.toml", format!("version = 1\n{text}").as_bytes()).err();
        assert_eq!(error.unwrap().to_string(), message);
    }
    assert!(AllowList::read("scan.toml", b"").is_err());
    assert!(AllowList::read("scan.toml", b"version = 2").is_err());
    assert!(AllowList::read("scan.toml", &vec![b'#'; super::MAX_LEN + 1]).is_err());
    assert!(AllowList::read("scan.toml", b"version = 1\n# \xff").is_err());
}

#[test]
fn days_are_those_of_the_calendar() {
    for day in ["2026-11-22", "2024-02-29", "0001-01-01"] {
        assert_eq!(day.parse::<Date>().unwrap().to_string(), day);
    }
    for wrong in ["2026-2-1", "2026-02-29", "2026-11-22T00:00:00Z", "+026-11-22", "äöü-11-22", ""]
    {
        assert!(wrong.parse::<Date>().is_err(), "{wrong}");
    }
    assert_eq!(Date::of(1_795_293_360).to_string(), "2026-11-21");
    assert_eq!(Date::of(i64::MAX).to_string(), "9999-12-31");
}
