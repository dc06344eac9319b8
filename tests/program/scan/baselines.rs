//! Reports as baselines where no key is held.

use crate::common::Sandbox;
use crate::common::planted::token;

fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    add(&sandbox, "one", &format!("ci = {}\n", token(1)));
    sandbox
}

fn add(sandbox: &Sandbox, name: &str, text: &str) {
    sandbox.write(format!("repo/{name}"), text);
    sandbox.git("repo", ["add", "-A"]);
    sandbox.git("repo", ["commit", "-q", "-m", name]);
}

#[test]
fn a_report_is_a_baseline_without_a_key() {
    for (format, file) in [("json", "../r.json"), ("jsonl", "../r.jsonl")] {
        let sandbox = repository();
        let scan = |more: &[&str], status: i32| {
            sandbox
                .try_shroud("repo", [&["scan", "--format", format], more].concat())
                .expect(status)
        };
        scan(&["-o", file], 1);
        scan(&["--baseline", file], 0);
        add(&sandbox, "two", &format!("ci = {}\n", token(2)));
        scan(&["--baseline", file], 1);
        // Written over itself it forgets nothing.
        scan(&["--baseline", file, "-o", file], 1);
        scan(&["--baseline", file], 0);
        scan(&["--baseline", file, "-o", file], 0);
        scan(&["--baseline", file], 0);
    }
}

#[test]
fn the_report_of_a_clean_repository_is_a_baseline_too() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    for format in ["json", "jsonl"] {
        sandbox.try_shroud("repo", ["scan", "--format", format, "-o", "../r"]).expect(0);
        sandbox.try_shroud("repo", ["scan", "--baseline", "../r"]).expect(0);
    }
}

#[test]
fn two_reports_of_one_clone_are_the_same() {
    let sandbox = repository();
    let written = |name: &str, options: &[&str]| {
        sandbox.try_shroud("repo", [&["scan"], options].concat()).expect(1);
        sandbox.read(name)
    };
    for options in [&["--write-baseline", "../b"][..], &["--format", "json", "-o", "../b"]] {
        assert_eq!(written("b", options), written("b", options));
    }
    sandbox.assert_mode("repo/.git/git-shroud/scan-salt", 0o600);
}
