//! What only an encryption tool can know: which paths are to be sealed, and which values are.

use base64::Engine as _;

use crate::common::Sandbox;

const PASSWORD: &str = "kq7vzx-9mLw2p";

/// A repository that seals `p.env`, which was committed in the clear first.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.shroud("repo", ["key", "export", "-q", "-o", "../team.key"]);
    sandbox.write("repo/p.env", "WORD=word\nPORT=80\n");
    commit(&sandbox, "in the clear");
    sandbox.shroud("repo", ["track", "-q", "p.env"]);
    sandbox.write("repo/p.env", format!("WORD=word\nDB_PASS={PASSWORD}\n"));
    commit(&sandbox, "sealed");
    sandbox.write("repo/p.env", "WORD=word\nDB_PASS=another-vB6xT0c\n");
    commit(&sandbox, "changed");
    sandbox
}

fn commit(sandbox: &Sandbox, message: &str) {
    sandbox.git("repo", ["add", "-A"]);
    sandbox.git("repo", ["commit", "-q", "-m", message]);
}

fn kinds(sandbox: &Sandbox, arguments: &[&str], status: i32) -> Vec<(String, String)> {
    let all = [&["scan", "--format", "json"], arguments].concat();
    let json = sandbox.try_shroud("repo", all).expect(status).json();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let findings = json["findings"].as_array().unwrap();
    let one =
        |found: &serde_json::Value| (text(&found["kind"]), text(&found["occurrences"][0]["name"]));
    findings.iter().map(one).collect()
}

fn is(kind: &str, name: &str) -> (String, String) {
    (kind.to_owned(), name.to_owned())
}

#[test]
fn plaintext_at_a_sealed_path_is_one_finding() {
    let sandbox = repository();
    assert_eq!(kinds(&sandbox, &[], 1), [is("policy", "p.env")]);
    // Needs no key.
    sandbox.shroud("repo", ["lock", "-q"]);
    assert_eq!(kinds(&sandbox, &[], 1), [is("policy", "p.env")]);
    assert!(kinds(&sandbox, &["HEAD~2..HEAD"], 0).is_empty());
}

#[test]
fn plaintext_that_was_dropped_is_found_while_a_reflog_has_it() {
    let sandbox = repository();
    sandbox.stage_raw("repo", "late.env", b"");
    sandbox.shroud("repo", ["track", "-q", "late.env"]);
    commit(&sandbox, "another");
    assert_eq!(kinds(&sandbox, &[], 1), [is("policy", "p.env")]);
    sandbox.stage_raw("repo", "late.env", b"LATE=word\n");
    sandbox.git("repo", ["commit", "-q", "-m", "plaintext"]);
    sandbox.git("repo", ["reset", "-q", "--hard", "HEAD~1"]);
    assert_eq!(kinds(&sandbox, &[], 1), [is("policy", "p.env"), is("policy", "late.env")]);
}

/// Nobody holds a key, and no branch has the attributes any more.
#[test]
fn plaintext_against_the_attributes_of_its_time_is_found_without_a_key_and_by_the_next_scan() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.write("repo/.gitattributes", "*.txt text\n");
    sandbox.write("repo/p.env", "WORD=word\n");
    commit(&sandbox, "nothing to be sealed");
    for _ in 0..2 {
        assert!(kinds(&sandbox, &[], 0).is_empty());
    }
    for attributes in ["p.env shroud-key=a filter=shroud\n", "p.env filter=git-crypt\n"] {
        sandbox.write("repo/.gitattributes", attributes);
        sandbox.git("repo", ["add", ".gitattributes"]);
        sandbox.git("repo", ["commit", "-q", "-m", "to be sealed"]);
        sandbox.stage_raw("repo", "p.env", format!("WORD={}\n", attributes.len()).as_bytes());
        sandbox.git("repo", ["commit", "-q", "-m", "plaintext"]);
        sandbox.git("repo", ["rm", "-q", "--cached", ".gitattributes"]);
        sandbox.git("repo", ["commit", "-q", "-m", "no longer"]);
        for _ in 0..2 {
            assert_eq!(kinds(&sandbox, &[], 1), [is("policy", "p.env")], "{attributes}");
        }
        assert_eq!(kinds(&sandbox, &["--no-cache"], 1), [is("policy", "p.env")], "{attributes}");
    }
}

#[test]
fn values_of_sealed_files_are_known_wherever_they_stand() {
    let sandbox = repository();
    let all = || kinds(&sandbox, &["HEAD~1..HEAD"], 1);
    sandbox.write("repo/plain", format!("it is {PASSWORD}, really\n"));
    commit(&sandbox, "an older version's value");
    assert_eq!(all(), [is("known-value", "plain")]);
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("x{PASSWORD}"));
    sandbox.write("repo/encoded", encoded);
    commit(&sandbox, "encoded");
    assert_eq!(all(), [is("known-value", "encoded")]);
    // A remark does not make it unknown.
    sandbox.write("repo/marked", format!("{PASSWORD} # shroud:allow\n"));
    commit(&sandbox, "marked");
    assert_eq!(all(), [is("known-value", "marked")]);
    sandbox.shroud("repo", ["lock", "-q"]);
    assert!(kinds(&sandbox, &["HEAD~1..HEAD"], 0).is_empty());
}

#[test]
fn a_rotation_forgets_no_value() {
    let sandbox = repository();
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    commit(&sandbox, "rotated");
    sandbox.write("repo/plain", format!("it is {PASSWORD}, really\n"));
    commit(&sandbox, "an older version's value");
    assert_eq!(kinds(&sandbox, &["HEAD~1..HEAD"], 1), [is("known-value", "plain")]);
    sandbox.write("repo/staged", "another-vB6xT0c\n");
    sandbox.git("repo", ["add", "staged"]);
    assert_eq!(kinds(&sandbox, &["--staged"], 1), [is("known-value", "staged")]);
}

#[test]
fn sealed_files_of_the_worktree_are_no_finding() {
    let sandbox = repository();
    assert!(kinds(&sandbox, &["--worktree"], 0).is_empty());
}

/// A repository without a clear past that seals `p.env`, `big.env` and `big.bin`.
fn sealing() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.shroud("repo", ["track", "-q", "p.env", "big.*"]);
    sandbox
}

#[test]
fn values_of_a_large_sealed_file_and_long_values_are_looked_for() {
    let sandbox = sealing();
    let comment = format!("# {}\n", "nothing to see here ".repeat(4)).repeat(70_000);
    sandbox.write("repo/big.env", format!("{comment}DB_PASS={PASSWORD}\n"));
    let long: String = (0..1500).map(|n| format!("{:03}q", (n * 7919) % 997)).collect();
    sandbox.write("repo/p.env", format!("LONG={long}\n"));
    sandbox.write("repo/copy", format!("we use {PASSWORD} here\n"));
    sandbox.write("repo/another", format!("and {long} there\n"));
    commit(&sandbox, "all");
    let found = kinds(&sandbox, &[], 1);
    assert_eq!(found, [is("known-value", "another"), is("known-value", "copy")]);
}

#[test]
fn a_sealed_file_whose_values_are_not_looked_for_is_named() {
    let sandbox = sealing();
    sandbox.write("repo/big.bin", [&b"\0\x01\x02"[..], &[b'x'; 5 << 20]].concat());
    commit(&sandbox, "all");
    let done = sandbox.try_shroud("repo", ["scan"]).expect(3);
    assert!(
        done.text().contains("big.bin: sealed, larger than 4 MiB and not text"),
        "{}",
        done.text()
    );
    // With the guards, which it hinders from nothing.
    sandbox.shroud("repo", ["hooks", "install"]);
    sandbox.git("repo", ["commit", "-q", "--allow-empty", "-m", "more"]);
    // A smaller one is searched as it is.
    sandbox.write("repo/big.bin", b"\0\x01\x02 DB_PASS=kq7vzx-9mLw2p\n");
    commit(&sandbox, "smaller");
    sandbox.git("repo", ["commit", "-q", "--allow-empty", "--amend", "-m", "more"]);
    // A version of the past counts as well.
    sandbox.try_shroud("repo", ["scan"]).expect(3);
    sandbox.try_shroud("repo", ["scan", "--staged"]).expect(0);
}

#[test]
fn a_damaged_sealed_file_is_named() {
    let sandbox = sealing();
    sandbox.write("repo/p.env", format!("DB_PASS={PASSWORD}\n"));
    commit(&sandbox, "all");
    let mut sealed = sandbox.blob("repo", "HEAD:p.env");
    *sealed.last_mut().unwrap() ^= 1;
    sandbox.stage_raw("repo", "p.env", &sealed);
    sandbox.git("repo", ["commit", "-q", "-m", "damaged"]);
    let done = sandbox.try_shroud("repo", ["scan"]).expect(3);
    assert!(done.text().contains("p.env: sealed and damaged"), "{}", done.text());
}
