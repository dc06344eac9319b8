//! `git add` says where a secret would be stored as plaintext, in a comment or under an exempt name, and says it once.

use super::by_value;
use crate::common::Sandbox;

/// An access key of the shape that its service documents.
fn access_key() -> String {
    ["AKIA", "Z7Q4XKJ2M5RT3VWN"].concat()
}

#[track_caller]
fn add(sandbox: &Sandbox, name: &str, content: &str) -> String {
    sandbox.write(format!("repo/conf/{name}"), content);
    let added = sandbox.git("repo", ["add", "."]);
    for secret in [&access_key(), "kT9vQ2xL7mN4pR8w"] {
        assert!(!added.stderr.contains(secret), "{}", added.stderr);
    }
    added.stderr
}

#[test]
fn a_secret_in_a_comment_is_said_with_its_place_and_rule() {
    let sandbox = by_value(&["--clear", "LOG*"]);
    let key = access_key();
    for (name, content, line) in [
        ("b.env", format!("A=1\n# was {key}\nB='x\n# {key}\n'\n"), 2),
        ("b.properties", format!("a = 1\n! {key}\nb = x # {key}\n"), 2),
        ("b.ini", format!("[s]\na = b ; {key}\n; {key}\n"), 3),
        ("b.toml", format!("a = 1\nb = \"# {key} x\" # {key}\n"), 2),
        ("b.yaml", format!("a:\n  - |\n    # {key}\n    x\n  # {key}\n  - y\n"), 5),
        ("b.json", format!("{{\n/*\n {key} */ \"a\": 1\n}}\n"), 3),
        ("c.env", format!("LOG_LEVEL=info\nLOG_KEY={key}\n"), 2),
    ] {
        let said = add(&sandbox, name, &content);
        assert_eq!(said.lines().count(), 1, "{said}");
        let at = format!("conf/{name}:{line}: ");
        assert!(said.contains(&at) && said.contains("(aws-key-id)"), "{name}: {said}");
    }
}

#[test]
fn a_sealed_value_that_was_copied_into_a_comment_is_said() {
    let sandbox = by_value(&["--clear", "LOG"]);
    let said = add(&sandbox, "b.env", "# new: kT9vQ2xL7mN4pR8w\n\nPW=kT9vQ2xL7mN4pR8w\n");
    assert!(said.contains("conf/b.env:1: a comment holds the value of 'PW' on line 3"), "{said}");
    // Whatever its name is, and though it is no random text.
    let said = add(&sandbox, "d.env", "# BookStack's own\nAPP=BookStack\n");
    assert!(said.contains("conf/d.env:1: a comment holds the value of 'APP' on line 2"), "{said}");
    let said = add(&sandbox, "e.yaml", "# not swordfish-7\na:\n  - swordfish-7\n");
    assert!(said.contains("conf/e.yaml:1: a comment holds the value of"), "{said}");
    let said = add(&sandbox, "c.env", "PASSWORD=op3n-sesame-9x\nLOG=op3n-sesame-9x\n");
    assert!(said.contains("conf/c.env:2: 'LOG', which is not sealed, holds"), "{said}");
}

#[test]
fn what_is_no_secret_or_allowed_or_sealed_is_not_said() {
    let sandbox = by_value(&[]);
    let key = access_key();
    for (name, content) in [
        ("a.env", "# see https://wiki.example.com/x?id=12 for DATABASE_HOST_1\nHOST=localhost\n"),
        ("b.env", "# localhost, production\nHOST=localhost\nSTAGE=production\n"),
        // Usual words, short values, and a part of a longer word.
        ("e.env", "# own service-name, 4711, as in X1\nX=service-name\nPIN=4711\nN=X1\n"),
        ("f.env", "# see abcxyz42fooled\nX=xyz42foo\n"),
        ("c.env", &format!("# {key} shroud:allow\nA=1\n")),
        ("d.env", &format!("A={key}\nB=#{key}\n")),
        ("bad.yaml", &format!("# {key}\na: [\n")),
    ] {
        let said = add(&sandbox, name, content);
        assert!(!said.contains("plaintext"), "{said}");
    }
}

#[test]
fn it_is_said_once_and_not_of_what_git_has() {
    let sandbox = by_value(&[]);
    let key = access_key();
    let file = format!("# was {key}\nA=1\n");
    add(&sandbox, "b.env", &file);
    sandbox.sh("repo", "touch conf/*");
    for command in [["status", "--porcelain"].as_slice(), &["add", "."], &["commit", "-qm", "b"]] {
        let done = sandbox.git("repo", command);
        assert_eq!(done.stderr, "", "{command:?}");
    }
    // Another value, the same comment.
    assert_eq!(add(&sandbox, "b.env", &file.replace("A=1", "A=2")), "");
    let more = add(&sandbox, "b.env", &format!("{file}# and {key}\n"));
    assert!(more.contains("conf/b.env:3: "), "{more}");
    // Of many files some are named.
    for n in 0..8 {
        sandbox.write(format!("repo/conf/{n}.env"), &file);
    }
    let many = sandbox.git("repo", ["add", "."]).stderr;
    assert_eq!(many.lines().count(), 6, "{many}");
    assert!(many.contains("3 more files"), "{many}");
}
