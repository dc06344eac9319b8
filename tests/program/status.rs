//! `git shroud status`: every state that a file can be in, what mends it, and what a program reads.

use std::collections::BTreeMap;

use crate::common::{Done, SECRETS, Sandbox, is_sealed};

fn states(done: &Done) -> BTreeMap<String, String> {
    let json = done.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let files = json["files"].as_array().unwrap();
    files.iter().map(|file| (text(&file["path"]), text(&file["state"]))).collect()
}

fn sealed() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox
}

#[test]
fn a_repository_in_order_has_status_0() {
    let sandbox = sealed();
    let listed = sandbox.shroud("repo", ["status"]).says("1 empty, 2 sealed").text();
    assert!(listed.contains("sealed  secrets/db.env  (key default, generation 1)\n"), "{listed}");
    let json = sandbox.shroud("repo", ["status", "--json", "secrets/db.env"]).json();
    let expected = serde_json::json!({"files": [
        {"path": "secrets/db.env", "state": "sealed", "key": "default", "generation": 1, "layout": "whole"}
    ]});
    assert_eq!(json, expected);
    assert_eq!(
        sandbox.shroud("repo/secrets", ["status", "-z"]).text(),
        "sealed secrets/db.env\0sealed secrets/deep/er/tls.key\0empty secrets/empty\0"
    );
    assert_eq!(
        sandbox.shroud("repo/secrets", ["status", "-z", "deep"]).text(),
        "sealed secrets/deep/er/tls.key\0"
    );
    sandbox.try_shroud("repo", ["status", "-z", "--json"]).expect(2);
}

#[test]
fn status_needs_no_key() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    let states = states(&sandbox.shroud("clone", ["status", "--json"]));
    assert_eq!(states["secrets/db.env"], "sealed");
}

#[test]
fn each_state_is_told_from_the_others() {
    let sandbox = sealed();
    sandbox.foreign_key();
    sandbox.shroud("other", ["track", "-q", "*.env"]);
    sandbox.write("other/a.env", "sealed with an unknown key");
    sandbox.git("other", ["add", "."]);
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    sandbox.shroud("repo", ["track", "-q", "--key", "prod", "prod/**"]);
    let sealed = sandbox.blob("repo", ":secrets/db.env");
    let mut damaged = sealed.clone();
    damaged[60] ^= 1;
    sandbox.stage_raw("repo", "secrets/head", b"in the clear");
    sandbox.git("repo", ["commit", "-q", "-m", "a leak"]);
    for (path, content) in [
        ("secrets/index", b"in the clear".as_slice()),
        ("secrets/head", b"in the clear again"),
        ("prod/other", &sealed),
        ("secrets/unknown", &sandbox.blob("other", ":a.env")),
        ("secrets/damaged", &damaged),
        ("secrets/cut", &sealed[..sealed.len() - 1]),
        ("secrets/git-crypt", b"\0GITCRYPT\0 and more"),
        ("secrets/conflict", &sealed),
        ("secrets/bad-name", &sealed),
        ("loose", &sealed),
        // A guard holds no key and sees no damage: both say the same of it.
        ("loose-damaged", &damaged),
    ] {
        sandbox.stage_raw("repo", path, content);
    }
    let mut attributes = sandbox.read("repo/.gitattributes");
    attributes.extend_from_slice(b"secrets/conflict text\nsecrets/bad-name shroud-key=BAD\n");
    sandbox.write("repo/.gitattributes", attributes);
    let expected = [
        ("loose", "not-tracked"),
        ("loose-damaged", "not-tracked"),
        ("prod/other", "other-key"),
        ("secrets/bad-name", "bad-key-name"),
        ("secrets/conflict", "attribute-conflict"),
        ("secrets/cut", "damaged"),
        ("secrets/damaged", "damaged"),
        ("secrets/db.env", "sealed"),
        ("secrets/deep/er/tls.key", "sealed"),
        ("secrets/empty", "empty"),
        ("secrets/git-crypt", "git-crypt"),
        ("secrets/head", "plaintext-in-head"),
        ("secrets/index", "plaintext-in-index"),
        ("secrets/unknown", "unknown-key"),
    ];
    let found = states(&sandbox.try_shroud("repo", ["status", "--json"]).expect(1));
    assert_eq!(found, expected.map(|(path, state)| (path.to_owned(), state.to_owned())).into());
    let listed = sandbox.try_shroud("repo", ["status"]).expect(1).says("status --fix").text();
    assert!(listed.contains("(sealed with key default, but its attribute says prod)"), "{listed}");
    assert!(
        listed.contains("secrets/conflict  (the attribute 'text' (.gitattributes:"),
        "{listed}"
    );
}

#[test]
fn each_attribute_by_which_git_would_change_the_sealed_bytes_is_a_conflict() {
    let sandbox = sealed();
    let before = sandbox.read("repo/.gitattributes");
    for attribute in [
        "text",
        "text=input",
        "crlf !text",
        "!text eol=crlf",
        "ident",
        "working-tree-encoding=UTF-16",
    ] {
        let line = format!("secrets/db.env {attribute}\n");
        sandbox.write("repo/.gitattributes", [before.as_slice(), line.as_bytes()].concat());
        let found = states(&sandbox.try_shroud("repo", ["status", "--json"]).expect(1));
        assert_eq!(found["secrets/db.env"], "attribute-conflict", "{attribute}");
        sandbox.write("repo/secrets/db.env", format!("canary-{attribute}"));
        sandbox.try_git("repo", ["add", "secrets/db.env"]).expect(128);
    }
    sandbox.assert_no_object_holds("repo", b"canary");
}

#[test]
fn a_file_under_an_older_key_is_retired_and_fix_seals_it_anew() {
    let sandbox = sealed();
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    sandbox.git("repo", ["commit", "-q", "-m", "rotate"]);
    sandbox.git("repo", ["checkout", "-q", "HEAD~1", "--", "secrets"]);
    let found = states(&sandbox.try_shroud("repo", ["status", "--json"]).expect(1));
    assert_eq!(found["secrets/db.env"], "retired-key");
    sandbox
        .shroud("repo", ["status", "--fix"])
        .says("sealed and staged 2 files")
        .says("by Ann <ann@example.com> changed 2 files of these, first secrets/db.env");
    let done = sandbox.shroud("repo", ["status", "--json"]);
    assert_eq!(done.json()["files"][0]["generation"], 2);
}

#[test]
fn fix_seals_and_stages_what_can_be_mended_and_stages_no_local_edit() {
    let sandbox = sealed();
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    sandbox.shroud("repo", ["track", "-q", "--key", "prod", "prod/**"]);
    sandbox.stage_raw("repo", "secrets/head", b"leak");
    sandbox.git("repo", ["commit", "-q", "-m", "a leak"]);
    sandbox.stage_raw("repo", "secrets/index", b"leak too");
    sandbox.stage_raw("repo", "prod/other", &sandbox.blob("repo", ":secrets/db.env"));
    sandbox.git("repo", ["checkout-index", "-q", "-a"]);
    sandbox.write("repo/secrets/db.env", "local edit");
    sandbox.write("repo/secrets/head", "local edit of the leak");
    sandbox.shroud("repo", ["status", "--fix", "--rekey"]).says("sealed and staged 3 files");
    let found = states(&sandbox.shroud("repo", ["status", "--json"]));
    for path in ["prod/other", "secrets/head", "secrets/index"] {
        assert_eq!(found[path], "sealed", "{path}");
    }
    assert_eq!(sandbox.shroud("repo", ["cat", ":secrets/head"]).text(), "leak");
    assert_eq!(sandbox.shroud("repo", ["cat", ":prod/other"]).text(), SECRETS[0].1);
    assert_eq!(
        sandbox.git("repo", ["diff", "--name-only"]).text(),
        "secrets/db.env\nsecrets/head\n"
    );
    assert_eq!(sandbox.read("repo/secrets/head"), b"local edit of the leak");
}

#[test]
fn fix_without_the_key_stages_nothing() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    sandbox.stage_raw("clone", "secrets/leak", b"in the clear");
    let before = sandbox.git("clone", ["ls-files", "-s"]).text();
    sandbox
        .try_shroud("clone", ["status", "--fix"])
        .expect(1)
        .says("nothing was staged")
        .says("unlock");
    assert_eq!(sandbox.git("clone", ["ls-files", "-s"]).text(), before);
}

#[test]
fn a_blob_that_is_not_here_makes_the_answer_incomplete() {
    let sandbox = sealed();
    let id = sandbox.git("repo", ["rev-parse", "HEAD:secrets/db.env"]).text();
    std::fs::remove_file(sandbox.path(format!(
        "repo/.git/objects/{}/{}",
        &id[..2],
        id[2..].trim_end()
    )))
    .unwrap();
    let done =
        sandbox.try_shroud("repo", ["status", "--json"]).expect(3).says("1 blob not in this clone");
    assert_eq!(states(&done)["secrets/db.env"], "missing");
}

#[test]
fn names_are_quoted_for_people_and_left_alone_for_programs() {
    let sandbox = sealed();
    sandbox.write("repo/secrets/new\nline\x1b[31m", "secret");
    sandbox.git("repo", ["add", "."]);
    assert!(is_sealed(&sandbox.blob("repo", ":secrets/new\nline\x1b[31m")));
    let listed = sandbox.shroud("repo", ["status"]).text();
    assert!(
        listed.contains("\"secrets/new\\nline\\033[31m\"") && !listed.contains('\x1b'),
        "{listed}"
    );
    assert!(
        sandbox
            .shroud("repo", ["status", "-z"])
            .text()
            .contains("sealed secrets/new\nline\x1b[31m\0")
    );
    assert_eq!(
        states(&sandbox.shroud("repo", ["status", "--json"]))["secrets/new\nline\x1b[31m"],
        "sealed"
    );
}
