//! `config log`: who changed a property, and when, without its values.

use crate::common::{Sandbox, contains};
use crate::config::place::{configuration, partly_unlocked, try_set};

fn commit(sandbox: &Sandbox, author: &str, message: &str) {
    let author = format!("{author} <{author}@example.com>");
    sandbox.git("repo", ["commit", "-q", "-a", "--author", &author, "-m", message]);
}

#[test]
fn each_change_of_a_value_has_its_author() {
    let sandbox = configuration();
    let set = |value: &str| drop(try_set(&sandbox, "repo", "dev", "db.password", value).expect(0));
    set("canary-second");
    commit(&sandbox, "Bob", "second");
    try_set(&sandbox, "repo", "dev", "level", "debug").expect(0);
    commit(&sandbox, "Carol", "another property");
    // On a branch, which is merged: it was Dan, and not who merged.
    sandbox.git("repo", ["checkout", "-q", "-b", "side"]);
    set("canary-dev-value");
    commit(&sandbox, "Dan", "back");
    sandbox.git("repo", ["checkout", "-q", "-"]);
    sandbox.write("repo/other", "x");
    sandbox.git("repo", ["add", "other"]);
    commit(&sandbox, "Ann", "other");
    sandbox.git("repo", ["merge", "-q", "--no-edit", "side"]);
    sandbox.shroud("repo", ["key", "rotate", "-q", "dev"]);
    commit(&sandbox, "Ann", "rotation");
    let done = sandbox.shroud("repo", ["config", "log", "dev", "db.password"]);
    assert!(!contains(&done.stdout, b"canary"));
    let lines: Vec<Vec<String>> = done
        .text()
        .lines()
        .map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let short: Vec<String> =
        lines.iter().map(|line| format!("{} {} {}", line[2], line[4], line[5])).collect();
    assert_eq!(short, ["Dan changed a", "Bob changed b", "Ann set a"]);
    let json = sandbox.shroud("repo", ["config", "log", "dev", "db.password", "--json"]).json();
    assert_eq!((&json[0]["action"], &json[0]["group"]), (&"changed".into(), &0.into()));
    assert_eq!(json[0]["author"], "Dan <Dan@example.com>");
    assert_eq!(json[1]["path"], "environments/dev/app.properties");
    assert_eq!(json.as_array().unwrap().len(), 3);
    sandbox
        .try_shroud("repo", ["config", "log", "dev", "none"])
        .expect(1)
        .says("no commit of this branch sets none");
    sandbox.try_shroud("repo", ["config", "log", "none", "x"]).expect(2);
}

#[test]
fn what_cannot_be_opened_is_told() {
    let sandbox = partly_unlocked(&["dev"]);
    sandbox.shroud("clone", ["config", "log", "dev", "db.url"]);
    // It is sealed by value, so that it is known when it was set.
    let done = sandbox.try_shroud("clone", ["config", "log", "prod", "db.url"]).expect(0);
    assert!(done.text().contains("  set  "), "{}", done.text());
}
