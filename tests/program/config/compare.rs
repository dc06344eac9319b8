//! `config diff` and `config reuse`: what differs and what is used twice, and never a value.

use crate::common::{Sandbox, contains};
use crate::config::place::{configuration, partly_unlocked, try_set};

/// The lines with one blank between two cells.
fn lines(table: &str) -> Vec<String> {
    table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn environments_are_compared_without_their_values() {
    let sandbox = configuration();
    let done = sandbox.shroud("repo", ["config", "diff"]);
    assert!(!contains(&done.stdout, b"canary"));
    let expected = "\
property     dev        staging    prod  values
db.password  a          b          c     differ
db.pool      default a  default a  b     differ
db.url       a          b          c     differ
";
    assert_eq!(done.text(), expected);
    try_set(&sandbox, "repo", "staging", "db.password", "canary-dev-value").expect(0);
    let done = sandbox.shroud("repo", ["config", "diff", "dev", "staging", "--all"]);
    assert!(lines(&done.text()).contains(&"db.password a a same".to_owned()), "{}", done.text());
    assert!(
        lines(&done.text()).contains(&"level default a default a same".to_owned()),
        "{}",
        done.text()
    );
    let shown = sandbox.shroud("repo", ["config", "diff", "dev", "prod", "--show"]).text();
    assert!(
        lines(&shown).contains(&"db.password canary-dev-value canary-prod-value differ".to_owned()),
        "{shown}"
    );
    sandbox.try_shroud("repo", ["config", "diff", "--exit-code"]).expect(1);
    sandbox
        .try_shroud("repo", ["config", "diff", "dev"])
        .expect(2)
        .says("at least two environments");
    let json = sandbox.shroud("repo", ["config", "diff", "--json"]);
    assert!(!contains(&json.stdout, b"canary"));
    assert_eq!(
        json.json()["properties"][0]["cells"]["prod"],
        serde_json::json!({"state": "set", "group": 1})
    );
}

#[test]
fn a_locked_environment_is_unknown() {
    let sandbox = partly_unlocked(&["dev", "staging"]);
    let done = sandbox.try_shroud("clone", ["config", "diff"]).expect(3);
    assert!(
        lines(&done.text()).contains(&"db.url a b sealed differ".to_owned()),
        "{}",
        done.text()
    );
}

#[test]
fn a_secret_that_stands_twice_is_found() {
    let sandbox = configuration();
    sandbox.shroud("repo", ["config", "reuse"]).says("found no secret");
    try_set(&sandbox, "repo", "prod", "db.password", "canary-dev-value").expect(0);
    let done = sandbox.try_shroud("repo", ["config", "reuse"]).expect(1);
    assert_eq!(done.text(), "the same value: dev db.password, prod db.password\n");
    let json = sandbox.try_shroud("repo", ["config", "reuse", "--json"]).expect(1).json();
    assert_eq!(
        json["reused"][0][1],
        serde_json::json!({"environment": "prod", "property": "db.password"})
    );
}

/// Commits everything as of a date.
fn commit_at(sandbox: &Sandbox, date: &str) {
    let mut command = sandbox.command("git", "repo");
    command.args(["commit", "-q", "-am", "change"]).env("GIT_COMMITTER_DATE", date);
    sandbox.run(command).expect(0);
}

#[test]
fn a_secret_that_nobody_changed_is_found_with_its_age() {
    let sandbox = configuration();
    try_set(&sandbox, "repo", "dev", "db.password", "first value").expect(0);
    commit_at(&sandbox, "2001-01-01T00:00:00Z");
    try_set(&sandbox, "repo", "dev", "level", "debug").expect(0);
    try_set(&sandbox, "repo", "staging", "db.password", "other value").expect(0);
    commit_at(&sandbox, "2002-01-01T00:00:00Z");
    // A rotation of the key changes no value.
    sandbox.shroud("repo", ["key", "rotate", "-q", "dev"]);
    commit_at(&sandbox, "2003-01-01T00:00:00Z");
    try_set(&sandbox, "repo", "prod", "db.password", "not committed").expect(0);
    let json =
        sandbox.try_shroud("repo", ["config", "reuse", "--days", "1", "--json"]).expect(1).json();
    let old: Vec<_> = json["old"]
        .as_array()
        .unwrap()
        .iter()
        .map(|old| old["environment"].as_str().unwrap())
        .collect();
    assert_eq!(old, ["dev", "staging"]);
    let days = |at: usize| json["old"][at]["days"].as_i64().unwrap();
    assert_eq!(days(0) - days(1), 365);
    assert_eq!(json["old"][0]["at_least"], false);
    let text = sandbox.try_shroud("repo", ["config", "reuse", "--days", "1"]).expect(1).text();
    assert!(
        text.starts_with(&format!("dev db.password: unchanged for {} days\n", days(0))),
        "{text}"
    );
    let never = (days(0) + 30).to_string();
    sandbox.shroud("repo", ["config", "reuse", "--days", &never]);
}
