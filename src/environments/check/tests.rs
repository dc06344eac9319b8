use std::collections::BTreeSet;

use super::*;
use crate::config_format::Format;
use crate::environments::environment::{Content, File};
use crate::secret::WipedVec;

fn open(text: &str) -> Content {
    let mut bytes = WipedVec::with_capacity(text.len());
    bytes.extend_from_slice(text.as_bytes());
    Content::Open(bytes)
}

fn file(path: &str, content: Content) -> File {
    let format = Format::of_path(path.as_bytes()).unwrap();
    File { path: path.to_owned(), format, sealed: true, layer: 0, exempt: BTreeSet::new(), content }
}

fn environment(name: &str, text: &str) -> Environment {
    Environment::read(name, vec![file(&format!("{name}/app.env"), open(text))])
}

fn cells(report: &Report, name: &str) -> Vec<Cell> {
    report.rows.iter().find(|row| row.name == name).unwrap().cells.clone()
}

/// The findings as `ENVIRONMENT PROPERTY PROBLEM PLACE`.
fn listed(report: &Report) -> Vec<String> {
    let place = |finding: &Finding| match &finding.place {
        Some((path, line)) => format!("{path}:{line}"),
        None => "-".to_owned(),
    };
    let line = |finding: &Finding| {
        assert!(!finding.message.contains("canary"), "{}", finding.message);
        let warning = if finding.warning { "?" } else { "" };
        format!(
            "{} {} {}{warning} {}",
            finding.environment,
            finding.property.as_deref().unwrap_or("-"),
            finding.problem.name(),
            place(finding)
        )
    };
    report.findings.iter().map(line).collect()
}

const SCHEMA: &str = r#"
environments = ["dev", "prod"]
[properties.URL]
required = true
type = "url"
[properties.POOL]
default = 5
type = "int"
explicit = ["prod"]
[properties.OLD]
removed = "2.5"
[properties.PASSWORD]
required = true
secret = true
distinct = true
[properties.NOTE]
"#;

#[test]
fn an_environment_that_says_all_passes() {
    let schema = Schema::parse(SCHEMA.as_bytes()).unwrap();
    let all = [
        environment("dev", "URL=https://dev\nPASSWORD=canary1\n"),
        environment("prod", "URL=https://prod\nPASSWORD=canary2\nPOOL=50\n"),
    ];
    let report = check(&schema, &all, None);
    assert_eq!(listed(&report), Vec::<String>::new());
    assert_eq!(cells(&report, "POOL"), [Cell::Default("5".into()), Cell::Set]);
    assert_eq!(cells(&report, "NOTE"), [Cell::Absent, Cell::Absent]);
}

#[test]
fn each_problem_is_found_where_it_is() {
    let schema = Schema::parse(SCHEMA.as_bytes()).unwrap();
    let all = [
        environment("dev", "# c\nURL=canary\nPASSWORD=canary1\nOLD=1\nPOOL=canary\n"),
        environment("prod", "URL=__SET_ME__\nPASSWORD=canary1\nEXTRA=1\n"),
    ];
    let report = check(&schema, &all, None);
    assert_eq!(
        listed(&report),
        [
            "dev OLD removed? dev/app.env:4",
            "dev PASSWORD same dev/app.env:3",
            "dev POOL invalid dev/app.env:5",
            "dev URL invalid dev/app.env:2",
            "prod EXTRA unknown prod/app.env:3",
            "prod PASSWORD same prod/app.env:2",
            "prod POOL undecided prod/app.env:1",
            "prod URL unset prod/app.env:1",
        ]
    );
    assert_eq!(cells(&report, "OLD"), [Cell::Warned(Problem::Removed), Cell::Absent]);
    assert_eq!(cells(&report, "EXTRA"), [Cell::Absent, Cell::Wrong(Problem::Unknown)]);
    let later = check(&schema, &all, Some(&"2.5".parse().unwrap()));
    assert_eq!(cells(&later, "OLD"), [Cell::Wrong(Problem::Removed), Cell::Absent]);
}

#[test]
fn empty_and_missing_are_told_apart() {
    let schema = Schema::parse(SCHEMA.as_bytes()).unwrap();
    let report = check(&schema, &[environment("dev", "URL=\nNOTE=\n")], None);
    assert_eq!(
        listed(&report),
        ["dev PASSWORD missing dev/app.env:1", "dev URL empty dev/app.env:1"]
    );
    let report = check(&schema, &[Environment::read("dev", Vec::new())], None);
    assert_eq!(listed(&report), ["dev PASSWORD missing -", "dev URL missing -"]);
}

#[test]
fn a_locked_environment_lacks_nothing() {
    let schema = Schema::parse(SCHEMA.as_bytes()).unwrap();
    let locked = Environment::read(
        "prod",
        vec![
            file("prod/a.env", open("URL=https://x\nEXTRA=1\n")),
            file("prod/b.env", Content::Locked("'prod'".into())),
        ],
    );
    let report = check(&schema, &[locked], None);
    assert_eq!(listed(&report), ["prod EXTRA unknown prod/a.env:2"]);
    assert_eq!(cells(&report, "PASSWORD"), [Cell::Locked]);
    assert_eq!(cells(&report, "URL"), [Cell::Set]);
    assert_eq!(cells(&report, "POOL"), [Cell::Locked]);
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_nothing_is_said_of_what_it_lacks() {
    let schema = Schema::parse(SCHEMA.as_bytes()).unwrap();
    for (text, line) in [("URL=https://x\nURL=canary\n", 2), ("A\n", 1), ("A=1\n\nB='2\n", 3)] {
        let report = check(&schema, &[environment("dev", text)], None);
        assert_eq!(listed(&report), [format!("dev - unreadable dev/app.env:{line}")]);
        assert_eq!(cells(&report, "URL"), [Cell::Unread]);
    }
}

#[test]
fn two_files_of_an_environment_are_one() {
    let schema = Schema::parse(SCHEMA.as_bytes()).unwrap();
    let mut plain = file("dev/b.env", open("PASSWORD=canary\nURL=https://y\n"));
    plain.sealed = false;
    let both = vec![file("dev/a.env", open("URL=https://x\n")), plain];
    let report = check(&schema, &[Environment::read("dev", both)], None);
    assert_eq!(
        listed(&report),
        ["dev PASSWORD in-the-clear dev/b.env:1", "dev URL repeated dev/b.env:2"]
    );
}

#[test]
fn a_section_here_and_a_value_there_is_named() {
    let schema = Schema::parse(b"[properties.db]\n").unwrap();
    let yaml = |name: &str, text: &str| {
        Environment::read(name, vec![file(&format!("{name}/app.yaml"), open(text))])
    };
    let all = [
        yaml("dev", "db: x\n"),
        yaml("prod", "a:\ndb:\n  url: canary\n"),
        yaml("test", "db:\n- canary\n"),
    ];
    let report = check(&schema, &all, None);
    assert_eq!(
        listed(&report),
        ["prod a unknown prod/app.yaml:1", "prod db not-a-value prod/app.yaml:2",]
    );
    assert_eq!(cells(&report, "db.url")[1], Cell::Wrong(Problem::NotAValue));
}
