//! Bad input: it is named with file and line, no value is printed, and nothing is harmed.

use crate::common::contains;
use crate::config::place::{SCHEMA, configuration, try_set};

/// Each file, its content, and what is said of it.
fn bad() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    vec![
        ("a.env", b"A=1\nB=canary\nA=canary\n".to_vec(), "a.env:3: dev: the key appears twice"),
        ("a.properties", b"a=1\na=canary\n".to_vec(), "a.properties:2: dev: the key appears twice"),
        (
            "a.json",
            b"{\n\"a\": 1,\n\"a\": \"canary\"\n}\n".to_vec(),
            "a.json:3: dev: the key appears twice",
        ),
        ("a.toml", b"a = 1\na = \"canary\"\n".to_vec(), "a.toml:2: dev: the key appears twice"),
        ("a.yaml", b"a: 1\n\na: canary\n".to_vec(), "a.yaml:3: dev: the key appears twice"),
        ("a.yaml", b"a: 1\n  b: canary\n".to_vec(), "a.yaml:2: dev: this is not YAML"),
        ("a.yaml", b"a: *canary\n".to_vec(), "a.yaml:1: dev: the alias has no anchor"),
        ("a.yaml", b"a: {b: canary\n".to_vec(), "a.yaml:1: dev: this is not YAML"),
        ("a.toml", b"a = canary\n".to_vec(), "a.toml:1: dev: this is not TOML"),
        ("a.json", b"{\n\"a\": canary\n}\n".to_vec(), "a.json:2: dev: this is not JSON"),
        ("a.env", b"A=1\rB=canary\n".to_vec(), "a.env:1: dev: there is a carriage return"),
        ("a.env", b"A=\xff\xffcanary\n".to_vec(), "a.env:1: dev: this is not UTF-8"),
        ("a.env", b"A=1\ncanary\0\n".to_vec(), "a.env:2: dev: the file contains a zero byte"),
        ("a.env", b"<<<<<<< ours\nA=canary\n=======\n".to_vec(), "a.env:1: dev:"),
        ("a.env", vec![b'A'; 10 << 20], "a.env:1: dev: the file is larger than 4 MiB"),
        ("a.env", b"A=canary\n".repeat(500_000), "a.env:1: dev: the file is larger than 4 MiB"),
        ("a.yaml", "a:\n".repeat(50_000).into_bytes(), "a.yaml:2: dev: the key appears twice"),
        (
            "a.json",
            [b"[".repeat(100_000), b"canary".to_vec()].concat(),
            "a.json:1: dev: this is not JSON",
        ),
    ]
}

#[test]
fn bad_files_are_named_with_their_lines_and_stay_as_they_are() {
    let sandbox = configuration();
    for (name, content, expected) in bad() {
        let path = format!("repo/environments/dev/{name}");
        sandbox.write(&path, &content);
        let done = sandbox.try_shroud("repo", ["config", "check"]).expect(1);
        assert!(done.text().contains(expected), "{name}: {}", done.text());
        let shown = sandbox.try_shroud("repo", ["config", "check", "--json"]).expect(1);
        for printed in
            [&done.stdout[..], done.stderr.as_bytes(), &shown.stdout, shown.stderr.as_bytes()]
        {
            assert!(!contains(printed, b"canary"), "{expected}");
        }
        // Nothing is written next to what cannot be read, and nothing deployed.
        try_set(&sandbox, "repo", "dev", "new", "x").expect(1);
        sandbox.try_shroud("repo", ["config", "sync", "dev"]).expect(1).says("cannot be read");
        sandbox.try_shroud("repo", ["config", "exec", "dev", "--", "true"]).expect(1);
        assert!(sandbox.read(&path) == content, "{name}");
        std::fs::remove_file(sandbox.path(&path)).unwrap();
    }
    sandbox.shroud("repo", ["config", "check"]);
}

#[test]
fn a_bad_schema_is_named_with_its_line() {
    let sandbox = configuration();
    for (schema, expected) in [
        (format!("{SCHEMA}requird = true\n"), "config.shroud.toml:23: 'requird' is unknown"),
        (SCHEMA.replace("\"int\"", "\"numeral\""), "config.shroud.toml:13: a type must be one of"),
        (format!("{SCHEMA}[properties.level]\n"), "config.shroud.toml:23: the name appears twice"),
        ("environments = [\"dev\"\n".to_owned(), "this is not TOML"),
    ] {
        sandbox.write("repo/config.shroud.toml", schema);
        sandbox.try_shroud("repo", ["config", "check"]).expect(2).says(expected);
    }
    // A file of secrets that is named by mistake is not shown.
    sandbox.write("repo/secret.toml", "password = \"canary\"\n= canary\n");
    let done = sandbox.try_shroud("repo", ["config", "check", "--schema", "secret.toml"]).expect(2);
    assert!(!done.stderr.contains("canary"), "{}", done.stderr);
}

#[cfg(unix)]
#[test]
fn no_link_leads_out_of_the_repository() {
    let sandbox = configuration();
    sandbox.write("outside/app.env", "CANARY=1\n");
    std::os::unix::fs::symlink(
        "../../../outside/app.env",
        sandbox.path("repo/environments/dev/link.env"),
    )
    .unwrap();
    sandbox.shroud("repo", ["config", "check"]);
    std::fs::rename(sandbox.path("repo/environments/prod"), sandbox.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink("../../outside", sandbox.path("repo/environments/prod")).unwrap();
    sandbox
        .try_shroud("repo", ["config", "check"])
        .expect(2)
        .says("the path contains a symbolic link");
    try_set(&sandbox, "repo", "prod", "level", "info").expect(2);
    sandbox.write("repo/config.shroud.toml", "[environments]\ndev = [\"../outside\"]\n");
    sandbox.try_shroud("repo", ["config", "check"]).expect(2).says("is not a path below this file");
    assert_eq!(sandbox.read("outside/app.env"), b"CANARY=1\n");
}

#[test]
fn names_that_would_trick_a_terminal_are_escaped() {
    let sandbox = configuration();
    sandbox.write("repo/environments/dev/x.json", "{\n  \"a\\u001b[31m\": \"canary\"\n}\n");
    let done = sandbox.try_shroud("repo", ["config", "check"]).expect(1);
    assert!(
        done.text().contains("\"a\\033[31m\"") && !done.text().contains('\u{1b}'),
        "{}",
        done.text()
    );
}

#[test]
fn what_a_sparse_checkout_leaves_out_is_not_missing() {
    for index in ["--no-sparse-index", "--sparse-index"] {
        let sandbox = configuration();
        sandbox.git(
            "repo",
            ["sparse-checkout", "set", "--cone", index, "environments/dev", "environments/staging"],
        );
        assert!(!sandbox.path("repo/environments/prod").exists());
        let done = sandbox.try_shroud("repo", ["config", "check"]).expect(1);
        let expected = "prod: the file is tracked, but not in the worktree\n";
        assert!(
            done.text().ends_with(expected) && done.text().lines().count() == 1,
            "{}",
            done.text()
        );
        sandbox.shroud("repo", ["config", "check", "dev", "staging"]);
        try_set(&sandbox, "repo", "prod", "level", "info").expect(1);
        assert!(!sandbox.path("repo/environments/prod").exists());
    }
}

#[test]
fn a_value_here_and_a_section_there_is_named() {
    let sandbox = configuration();
    sandbox.write("repo/environments/dev/x.yaml", "mail: x\n");
    sandbox.write("repo/environments/prod/x.yaml", "a: 1\nmail:\n  host: canary\n");
    sandbox.shroud("repo", ["config", "schema", "add", "-q", "mail"]);
    sandbox.shroud("repo", ["config", "schema", "add", "-q", "a"]);
    let done = sandbox.try_shroud("repo", ["config", "check"]).expect(1);
    assert!(
        done.text()
            .contains("environments/prod/x.yaml:2: prod mail: expected a value, found a section"),
        "{}",
        done.text()
    );
}
