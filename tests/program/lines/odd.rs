//! Attributes that git reads otherwise than they look.

use crate::common::{Sandbox, text};

fn sealed() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let lines = text(sandbox.read("repo/.gitattributes"));
    (sandbox, lines)
}

#[track_caller]
fn named(sandbox: &Sandbox, case: &str) {
    let status = sandbox.try_shroud("repo", ["status"]).expect(1).text();
    assert!(status.contains("attribute-conflict  secrets/db.env"), "{case}: {status}");
    let doctor = sandbox.try_shroud("repo", ["doctor"]).expect(1).text();
    assert!(doctor.contains("secrets/db.env"), "{case}: {doctor}");
    assert!(!doctor.contains("-filter"), "{case}: {doctor}");
    let why = sandbox.shroud("repo", ["why", "secrets/db.env"]).text();
    assert!(why.lines().any(|line| line.starts_with("conflict ")), "{case}: {why}");
    sandbox.git("repo", ["add", ".gitattributes"]);
    let check = sandbox.try_shroud("repo", ["check", "--staged"]).expect(1).text();
    assert!(check.contains("secrets/db.env  attribute-conflict"), "{case}: {check}");
}

#[test]
fn lines_too_long_and_bytes_behind_a_zero_are_a_conflict_for_all_below() {
    let long = "x".repeat(2048);
    for (case, change) in [
        (
            "long",
            format!("secrets/** shroud filter=shroud diff=shroud merge=shroud -text {long}\n"),
        ),
        (
            "zero",
            "a\0b\nsecrets/** shroud filter=shroud diff=shroud merge=shroud -text\n".to_owned(),
        ),
        ("key", format!("secrets/** shroud filter=shroud\nsecrets/** shroud-key=prod {long}\n")),
    ] {
        let (sandbox, lines) = sealed();
        let macro_line = lines.lines().next().unwrap();
        sandbox.write("repo/.gitattributes", format!("{macro_line}\n{change}"));
        named(&sandbox, case);
        sandbox.git("repo", ["commit", "-q", "-m", "odd", "--no-verify"]);
        sandbox.git(".", ["clone", "-q", "--bare", "repo", "bare.git"]);
        let check = sandbox.try_shroud("bare.git", ["check", "HEAD^!"]).expect(1).text();
        assert!(check.contains("secrets/db.env  attribute-conflict"), "{case}: {check}");
        assert!(check.contains(".gitattributes  attribute-conflict"), "{case}: {check}");
    }
}

#[test]
fn a_file_larger_than_git_reads_is_a_conflict() {
    let (sandbox, mut lines) = sealed();
    lines.push('#');
    lines.push_str(&"x".repeat(100 << 20));
    lines.push('\n');
    sandbox.write("repo/.gitattributes", lines);
    sandbox.git("repo", ["add", ".gitattributes"]);
    let status = sandbox.try_shroud("repo", ["status"]).expect(1).text();
    assert!(status.contains("attribute-conflict  secrets/db.env"), "{status}");
    let check = sandbox.try_shroud("repo", ["check", "--staged"]).expect(1).text();
    assert!(check.contains(".gitattributes  attribute-conflict"), "{check}");
}

#[test]
fn ranges_that_git_folds_otherwise_are_a_conflict() {
    let (sandbox, lines) = sealed();
    sandbox.git("repo", ["config", "core.ignoreCase", "true"]);
    let macro_line = lines.lines().next().unwrap();
    sandbox.write(
        "repo/.gitattributes",
        format!(
            "{macro_line}\n[S-T]ecrets/** shroud filter=shroud diff=shroud merge=shroud -text\n"
        ),
    );
    let git = sandbox.git("repo", ["check-attr", "filter", "secrets/db.env"]).text();
    let status = sandbox.try_shroud("repo", ["status", "secrets/db.env"]);
    let is_sealed = status.text().starts_with("sealed");
    // Whatever git says, 'sealed' is said only where git filters the path.
    assert!(!is_sealed || git.contains("filter: shroud"), "{git}{}", status.text());
    let agrees = status.text().contains("not-tracked") && git.contains("unspecified");
    assert!(
        is_sealed || agrees || status.text().contains("attribute-conflict"),
        "{}",
        status.text()
    );
}

#[test]
fn long_comments_and_ordinary_files_make_no_noise() {
    let (sandbox, lines) = sealed();
    sandbox.write("repo/.gitattributes", format!("# {}\n{lines}*.txt text\n", "x".repeat(3000)));
    sandbox.git("repo", ["add", "."]);
    sandbox.shroud("repo", ["status"]);
    sandbox.shroud("repo", ["doctor"]);
    sandbox.shroud("repo", ["check"]);
}
