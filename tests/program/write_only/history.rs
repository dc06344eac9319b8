//! What is done with all of a history, where people without the key have set values.

use super::{VALUE, contributed, contributor, flags, token, type_in};
use crate::common::{Sandbox, text};

/// The contributor sets `A`, and pushes.
fn set_by_contributor(sandbox: &Sandbox) {
    type_in(sandbox, "clone", "A", VALUE);
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Set A"]);
    sandbox.git("clone", ["push", "-q"]);
    assert_eq!(flags(sandbox, "repo", "A"), 2);
}

/// Each token that a version of the file has, by its commit.
fn versions(sandbox: &Sandbox) -> Vec<(String, String)> {
    let commits = sandbox.git("repo", ["rev-list", "HEAD", "--", "conf/a.env"]).text();
    let of = |commit: &str| text(sandbox.blob("repo", &format!("{commit}:conf/a.env")));
    commits.lines().map(|commit| (commit.to_owned(), of(commit))).collect()
}

#[test]
fn a_member_who_leaves_opens_nothing_that_is_set_afterwards() {
    let sandbox = contributed();
    let recipient = sandbox.age_identity("bob");
    sandbox.shroud("repo", ["member", "add", "-q", &recipient, "--label", "bob", "--commit"]);
    sandbox.git("clone", ["pull", "-q"]);
    set_by_contributor(&sandbox);
    let before = token(&sandbox, "repo", "A");
    let report = sandbox.shroud("repo", ["member", "remove", "bob", "--report=json"]).json();
    let paths: Vec<_> = report["paths"].as_array().unwrap().iter().collect();
    let of = |value: &str| paths.iter().find(|path| path["path"] == value);
    assert_eq!(of("conf/a.env: A").unwrap()["versions"], 2, "{report}");
    assert_eq!(of("conf/a.env: B").unwrap()["versions"], 1, "{report}");
    assert!(of("conf/a.env: LOG").is_none(), "{report}");
    // Sealed to the next public key: it still says nothing of the others.
    assert_eq!(flags(&sandbox, "repo", "A"), 2);
    assert_eq!(flags(&sandbox, "repo", "B"), 0);
    assert_ne!(token(&sandbox, "repo", "A")[..8], before[..8]);
    sandbox.git("repo", ["commit", "-q", "-m", "Bob left"]);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    sandbox.shroud("repo", ["status"]);
    sandbox.shroud("repo", ["check"]);
    // Who sets values goes on with the new key.
    sandbox.git("clone", ["pull", "-q"]);
    sandbox.try_shroud("clone", ["unlock"]).expect(2).says("as after a rotation");
    type_in(&sandbox, "clone", "B", "second-value");
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Set B"]);
    sandbox.git("clone", ["push", "-q"]);
    let read = text(sandbox.read("repo/conf/a.env"));
    assert_eq!(read, format!("A={VALUE}\nB=second-value\n# note\nLOG=info\n"));
}

#[test]
fn a_scrub_moves_what_was_set_to_the_newest_key_and_makes_nothing_ordinary() {
    let sandbox = contributed();
    set_by_contributor(&sandbox);
    let old = token(&sandbox, "repo", "A");
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    sandbox.git("repo", ["commit", "-q", "-m", "Rotated"]);
    sandbox.shroud("repo", ["scrub", "--rekey"]);
    let now = token(&sandbox, "repo", "A");
    assert_ne!(now[..8], old[..8]);
    let opened: Vec<_> = versions(&sandbox)
        .into_iter()
        .map(|(commit, blob)| {
            for line in blob.lines().filter(|line| line.contains("shroud.v1.")) {
                use base64::Engine as _;
                let encoded = line.split("shroud.v1.").nth(1).unwrap();
                let bytes =
                    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(encoded).unwrap();
                assert_eq!(bytes[..8], now[..8], "{commit}: {line}");
            }
            sandbox.shroud("repo", ["cat", &format!("{commit}:conf/a.env")]).text()
        })
        .collect();
    assert!(opened.iter().any(|file| file.starts_with(&format!("A={VALUE}\n"))), "{opened:?}");
    assert!(opened.iter().any(|file| file.starts_with("A=one\n")), "{opened:?}");
    assert_eq!(flags(&sandbox, "repo", "A"), 2);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}

/// History that was plaintext is sealed; what somebody has set stays the token that it is.
#[test]
fn a_scrub_seals_the_plaintext_of_history_and_keeps_what_was_set() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.write("repo/conf/a.env", "A=secret-one\nB=secret-two\n# note\nLOG=info\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "plaintext"]);
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.shroud("repo", ["key", "rotate", "-q", "--write-only"]);
    sandbox.shroud("repo", ["track", "-q", "--values", "--clear", "LOG", "conf/**"]);
    sandbox.git("repo", ["commit", "-q", "-m", "sealed"]);
    contributor(&sandbox, "clone");
    sandbox.git("repo", ["config", "receive.denyCurrentBranch", "updateInstead"]);
    set_by_contributor(&sandbox);
    let before = text(sandbox.blob("repo", "HEAD:conf/a.env"));
    sandbox.shroud("repo", ["scrub", "--seal"]);
    assert_eq!(text(sandbox.blob("repo", "HEAD:conf/a.env")), before);
    for (commit, blob) in versions(&sandbox) {
        assert!(!blob.contains("secret-") && blob.contains("LOG=info\n"), "{commit}: {blob}");
        assert_eq!(blob.matches("shroud.v1.").count(), 2, "{commit}: {blob}");
    }
    let first = versions(&sandbox).pop().unwrap().0;
    let opened = sandbox.shroud("repo", ["cat", &format!("{first}:conf/a.env")]).text();
    assert_eq!(opened, "A=secret-one\nB=secret-two\n# note\nLOG=info\n");
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}
