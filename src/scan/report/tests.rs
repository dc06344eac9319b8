use serde_json::Value;

mod junit;
mod summary;
mod text;

use super::{Format, Options, write};
use crate::detect::Rank;
use crate::detect::Secret;
use crate::scan::findings::{
    CommitSummary, Finding, Kind, Location, LocationKind, LookedAt, Mark, Occurrence, Reason,
    Report, Span, Suppressed, Unread,
};
use crate::scan::fingerprint::{Fingerprinter, Named};

const VALUE: &str = "tok_S3cretS3cretS3cretS3cret";
/// What does harm somewhere: in a page, in a script, in Markdown, in a terminal.
const HOSTILE: &str = "a</script><script>boom()</script>\"'><img src=x onerror=boom()>`|\\|[x](javascript:boom())@all\u{2028}\u{202e}\u{7}\n# b";

fn origin(time: i64) -> CommitSummary {
    CommitSummary {
        time,
        commit: "0123456789abcdef0123456789abcdef01234567".to_owned(),
        author: "Ann".to_owned(),
        email: "ann@example.com".to_owned(),
        subject: "add configuration".to_owned(),
    }
}

/// A file that had it from one time to another.
pub(super) fn occurrence(path: &str, first: i64, last: i64) -> Occurrence {
    let span = Some(Span { line: 12, column: 7, end_line: 12, end_column: 35 });
    let place = Location { kind: LocationKind::File, name: path.into(), span, views: Vec::new() };
    Occurrence {
        object: Some("89abcdef0123456789abcdef0123456789abcdef".to_owned()),
        introduced: Some(origin(first)),
        last_seen: Some(origin(last)),
        ..Occurrence::new(place)
    }
}

pub(super) fn finding(value: &str) -> Finding {
    let mut fingerprinter = Fingerprinter::new();
    fingerprinter.add_salt(&[7; 32]);
    Finding {
        kind: Kind::Pattern,
        rule: "example-token".to_owned(),
        description: "Example token".to_owned(),
        also: vec!["generic".to_owned()],
        rank: Rank::High,
        secret: Some(Secret::new(value.as_bytes())),
        fingerprint: fingerprinter.name(Named::Value(value.as_bytes())),
        advice: "revoke it at example.com".to_owned(),
        facts: vec!["account 42".to_owned()],
        occurrences: vec![occurrence("config/prod.env", 1_700_000_000, 1_710_000_000)],
    }
}

fn report() -> Report {
    let mut first = finding(VALUE);
    first.occurrences[0].pushed = true;
    first.occurrences[0].at_head = true;
    let mut message = Occurrence::new(Location {
        kind: LocationKind::CommitMessage,
        name: Vec::new(),
        span: None,
        views: vec!["base64".to_owned()],
    });
    message.object = Some("89abcdef0123456789abcdef0123456789abcdef".to_owned());
    first.occurrences.push(message);
    let policy = Finding {
        kind: Kind::Policy,
        rule: "plaintext".to_owned(),
        rank: Rank::Certain,
        secret: None,
        fingerprint: None,
        ..finding("")
    };
    Report {
        scope: "everything".to_owned(),
        made: Some(1_720_000_000),
        findings: vec![first, policy],
        suppressed: vec![Suppressed {
            finding: finding("tok_allowedallowedallowed"),
            reason: Reason::Mark("shroud:allow"),
        }],
        notes: vec!["scan.toml, entry 1 (old): matches nothing".to_owned()],
        looked_at: LookedAt { blobs: 1203, commits: 55, tags: 1, others: 0, bytes: 12_900_000 },
        unread: vec![Unread {
            what: "0123abcd".to_owned(),
            reason: "not in this clone".to_owned(),
        }],
        trivial: 3,
        below_rank: 1,
    }
}

fn hostile() -> Report {
    let mut finding = finding(HOSTILE);
    for text in [&mut finding.rule, &mut finding.description, &mut finding.advice] {
        *text = HOSTILE.to_owned();
    }
    finding.also = vec![HOSTILE.to_owned()];
    finding.facts = vec![HOSTILE.to_owned()];
    let bad = CommitSummary {
        time: i64::MAX,
        commit: HOSTILE.to_owned(),
        author: HOSTILE.to_owned(),
        email: HOSTILE.to_owned(),
        subject: HOSTILE.to_owned(),
    };
    finding.occurrences[0] = Occurrence {
        object: Some(HOSTILE.to_owned()),
        introduced: Some(bad.clone()),
        last_seen: Some(bad),
        refs: vec![HOSTILE.into(), b"\xff\xfe".to_vec()].into(),
        mark: Some(Mark { name: "nosec", own: false }),
        ..occurrence(HOSTILE, 0, 0)
    };
    finding.occurrences[0].place.views = vec![HOSTILE.to_owned()];
    for kind in [
        LocationKind::Tag,
        LocationKind::RefName,
        LocationKind::GitFile,
        LocationKind::CommitHeader,
    ] {
        let mut other = finding.occurrences[0].clone();
        other.place.kind = kind;
        other.place.name = b"\xff|\x1b[31m<b>".to_vec();
        finding.occurrences.push(other);
    }
    let reason = Reason::Allowed { list: HOSTILE.to_owned(), reason: HOSTILE.to_owned() };
    let unread = Unread { what: HOSTILE.to_owned(), reason: HOSTILE.to_owned() };
    Report {
        scope: HOSTILE.to_owned(),
        made: Some(i64::MIN),
        findings: vec![finding],
        suppressed: vec![Suppressed { finding: self::finding(HOSTILE), reason }],
        notes: vec![HOSTILE.to_owned()],
        unread: vec![unread],
        ..Report::default()
    }
}

fn written(format: Format, report: &Report, reveal: bool) -> String {
    let mut out = Vec::new();
    write(format, report, Options { reveal, ..Options::default() }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

const ALL: [Format; 8] = [
    Format::Text,
    Format::Json,
    Format::Jsonl,
    Format::Sarif,
    Format::Html,
    Format::Markdown,
    Format::Gitleaks,
    Format::Junit,
];

#[test]
fn a_value_is_shown_only_where_that_was_asked_for() {
    for format in ALL {
        let hidden = written(format, &report(), false);
        assert!(!hidden.contains(&VALUE[..8]) && !hidden.contains("S3cretS3cret"), "{format:?}");
        assert!(
            hidden.contains("tok_…ret") || hidden.contains("tok_\\u2026ret"),
            "{format:?}: {hidden}"
        );
        assert!(written(format, &report(), true).contains(VALUE), "{format:?}");
    }
    assert!(!format!("{:?}", report()).contains("S3cret"));
}

#[test]
fn text_names_the_first_refs() {
    let mut report = report();
    let names = ["heads/main", "heads/a\u{1b}b", "remotes/origin/main", "tags/v1", "x/y"];
    let refs = names.map(|name| format!("refs/{name}").into_bytes());
    report.findings[0].occurrences[0].refs = refs.to_vec().into();
    report.findings[0].occurrences[1].refs = refs[..1].to_vec().into();
    let text = written(Format::Text, &report, false);
    let line = text.lines().find(|line| line.starts_with("    refs"));
    assert_eq!(line, Some(r#"    refs        "a\033b", main, origin/main, tags/v1, 1 more"#));
}

#[test]
fn nothing_hostile_reaches_a_terminal_or_acts_in_a_page() {
    for format in ALL {
        for reveal in [false, true] {
            let text = written(format, &hostile(), reveal);
            let acts = |c: char| c != '\n' && crate::sanitise::acts(c);
            assert!(!text.contains(acts), "{format:?}: {:?}", text.find(acts));
        }
    }
    let page = written(Format::Html, &hostile(), true);
    assert_eq!(page.matches("<script>").count(), 2);
    assert!(!page.contains("<img") && !page.contains("\"'>"));
    let markdown = written(Format::Markdown, &hostile(), true);
    let rows: Vec<_> = markdown.lines().filter(|line| line.starts_with("| high")).collect();
    assert_eq!(rows.len(), 1);
    for line in markdown.lines().filter(|line| line.contains("boom")) {
        assert!(!outside_code(line).contains(['<', '[', '@']), "{}", outside_code(line));
    }
}

/// A line of Markdown without its code spans (GFM, section 6.3).
fn outside_code(line: &str) -> String {
    let line = line.replace("<br>", " ");
    let (mut outside, mut rest) = (String::new(), line.as_str());
    while let Some(at) = rest.find('`') {
        outside.push_str(&rest[..at]);
        let length = rest[at..].bytes().take_while(|&byte| byte == b'`').count();
        let inner = &rest[at + length..];
        let mut from = 0;
        let end = loop {
            let next = from + inner[from..].find('`').expect("every span ends");
            let run = inner[next..].bytes().take_while(|&byte| byte == b'`').count();
            if run == length {
                break next + run;
            }
            from = next + run;
        };
        rest = &inner[end..];
    }
    outside.push_str(rest);
    outside
}

#[test]
fn json_is_the_same_whole_and_by_lines() {
    for report in [report(), hostile()] {
        let whole: Value = serde_json::from_str(&written(Format::Json, &report, true)).unwrap();
        let lines = written(Format::Jsonl, &report, true);
        let lines: Vec<Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let (summary, findings) = lines.split_last().unwrap();
        assert_eq!(whole["findings"].as_array().unwrap(), findings);
        assert_eq!(whole["complete"], false);
        for (name, value) in summary.as_object().unwrap() {
            assert_eq!(&whole[name], value, "{name}");
        }
    }
    let json: Value = serde_json::from_str(&written(Format::Json, &hostile(), true)).unwrap();
    // Escaped, and not changed.
    assert_eq!(json["findings"][0]["secret"], HOSTILE);
    assert_eq!(json["findings"][0]["occurrences"][0]["name"], HOSTILE);
    let json: Value = serde_json::from_str(&written(Format::Json, &report(), false)).unwrap();
    let first = &json["findings"][0];
    assert_eq!(first["occurrences"][0]["introduced"]["date"], "2023-11-14T22:13:20Z");
    assert_eq!(first["occurrences"][0]["line"], 12);
    assert_eq!(first["occurrences"][1]["views"][0], "base64");
    assert_eq!((&first["exposure"], &first["rank"]), (&"pushed".into(), &"high".into()));
    assert!(first.get("secret").is_none());
}

#[test]
fn bytes_that_are_no_text_are_revealed_in_base64() {
    let report = Report {
        findings: vec![Finding { secret: Some(Secret::new(b"\xff\x00")), ..finding("") }],
        ..Report::default()
    };
    let json: Value = serde_json::from_str(&written(Format::Json, &report, true)).unwrap();
    assert_eq!(json["findings"][0]["secret_base64"], "/wA=");
    assert!(json["findings"][0].get("secret").is_none());
}

#[test]
fn gitleaks_reports_have_the_fields_that_gitleaks_writes() {
    let leaks: Value = serde_json::from_str(&written(Format::Gitleaks, &report(), true)).unwrap();
    let leak = leaks[0].as_object().unwrap();
    let mut names: Vec<_> = leak.keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = [
        "Author",
        "Commit",
        "Date",
        "Description",
        "Email",
        "EndColumn",
        "EndLine",
        "Entropy",
        "File",
        "Fingerprint",
        "Match",
        "Message",
        "RuleID",
        "Secret",
        "StartColumn",
        "StartLine",
        "SymlinkFile",
        "Tags",
    ];
    assert_eq!(names, expected);
    assert_eq!(
        leak["Fingerprint"],
        "0123456789abcdef0123456789abcdef01234567:config/prod.env:example-token:12"
    );
    assert_eq!((&leak["StartColumn"], &leak["EndColumn"]), (&7.into(), &34.into()));
    assert_eq!(leak["Date"], "2023-11-14T22:13:20Z");
    let entropy = leak["Entropy"].as_f64().unwrap();
    assert!((2.5..3.5).contains(&entropy), "{entropy}");
    assert_eq!(leaks.as_array().unwrap().len(), 3);
}

/// What section 3 of the standard asks of the properties that are written.
#[test]
fn sarif_is_what_the_standard_asks_for() {
    for report in [report(), hostile(), Report::default()] {
        let sarif: Value = serde_json::from_str(&written(Format::Sarif, &report, false)).unwrap();
        assert_eq!(sarif["version"], "2.1.0");
        let run = &sarif["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let mut ids: Vec<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
        ids.dedup();
        assert_eq!(ids.len(), rules.len());
        assert_eq!(run["invocations"][0]["executionSuccessful"], report.is_complete());
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), report.findings.len() + report.suppressed.len());
        for result in results {
            let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[rule]["id"], result["ruleId"]);
            assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            let related = result.get("relatedLocations").and_then(Value::as_array);
            let locations = result["locations"].as_array().unwrap().iter();
            for location in locations.chain(related.into_iter().flatten()) {
                check_location(location);
            }
        }
        let suppressed: Vec<_> =
            results.iter().filter(|one| one.get("suppressions").is_some()).collect();
        assert_eq!(suppressed.len(), report.suppressed.len());
    }
}

fn check_location(location: &Value) {
    let Some(physical) = location.get("physicalLocation") else {
        assert!(location["logicalLocations"][0]["fullyQualifiedName"].is_string());
        return;
    };
    let uri = physical["artifactLocation"]["uri"].as_str().unwrap();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.~/%".contains(c);
    assert!(uri.chars().all(allowed) && !uri.starts_with('/'), "{uri}");
    let region = &physical["region"];
    for name in ["startLine", "startColumn", "endLine", "endColumn"] {
        assert!(region[name].as_u64().unwrap() > 0);
    }
}

#[test]
fn the_page_asks_for_nothing_and_names_its_own_script() {
    let page = written(Format::Html, &report(), false);
    for outside in ["http:", "https:", "//cdn", "src=", "@import", "url(", "<link"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("default-src 'none'; script-src 'sha256-"));
    assert!(!page.contains("style=\"") && !page.contains("{{"));
    assert_eq!(page.matches("class=\"finding\"").count(), 2);
}
