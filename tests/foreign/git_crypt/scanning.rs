//! `git shroud scan` knows git-crypt's attributes, and what its files hold.

use super::shared;
use crate::common::Sandbox;

/// The kinds and first places of all findings.
fn findings(sandbox: &Sandbox, status: i32) -> Vec<(String, String)> {
    let json = sandbox.try_shroud("c", ["scan", "--format", "json"]).expect(status).json();
    let findings = json["findings"].as_array().unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    findings
        .iter()
        .map(|found| (text(&found["kind"]), text(&found["occurrences"][0]["name"])))
        .collect()
}

fn is(kind: &str, name: &str) -> (String, String) {
    (kind.to_owned(), name.to_owned())
}

#[test]
fn values_that_git_crypt_encrypted_are_known() {
    let sandbox = shared(&[("a.secret", "password = kq7vzx-9mLw2p\n")]);
    assert!(findings(&sandbox, 0).is_empty());
    sandbox.write("c/notes", "it was kq7vzx-9mLw2p\n");
    sandbox.git("c", ["add", "notes"]);
    let staged = sandbox.try_shroud("c", ["scan", "--staged"]).expect(1);
    staged.says("found 1 secret");
    sandbox.git("c", ["commit", "-qm", "notes"]);
    assert_eq!(findings(&sandbox, 1), [is("known-value", "notes")]);
    sandbox.shroud("c", ["lock", "-q"]);
    assert!(findings(&sandbox, 0).is_empty());
}

#[test]
fn plaintext_where_git_crypt_encrypts_is_a_finding() {
    let sandbox = shared(&[("a.secret", "one two three\n")]);
    sandbox.stage_raw("c", "b.secret", b"in the clear\n");
    sandbox.git("c", ["commit", "-qm", "leak"]);
    sandbox.stage_raw("c", "b.secret", b"");
    sandbox.git("c", ["commit", "-qm", "empty"]);
    assert_eq!(findings(&sandbox, 1), [is("policy", "b.secret")]);
}
