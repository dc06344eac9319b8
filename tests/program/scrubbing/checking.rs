//! What git says against a history at the end.

use crate::common::{Sandbox, text};
use crate::scrubbing::{commit, scrub};

/// A repository with a commit of an old program before the one with the dump.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.write("repo/a", "a\n");
    commit(&sandbox, "one");
    let malformed = "git cat-file commit HEAD | sed 's/ +0000/ +51800/' | git hash-object -t commit --literally -w --stdin >../id && git reset -q --hard $(cat ../id)";
    sandbox.sh("repo", malformed);
    sandbox.sh("repo", "echo dump >dump && echo b >b");
    commit(&sandbox, "two");
    sandbox
}

#[test]
fn every_object_is_checked_on_request() {
    let sandbox = repository();
    let said = scrub(&sandbox, &["--drop", "dump"]).expect(0).text();
    assert!(!said.contains("badTimezone"), "{said}");
    scrub(&sandbox, &["--undo"]).expect(0);
    let said = scrub(&sandbox, &["--drop", "dump", "--fsck"]).expect(0).text();
    assert!(said.contains("that the old history had, too:"), "{said}");
    assert!(said.contains("badTimezone"), "{said}");
    let done = scrub(&sandbox, &["--finish", "--fsck", "--format", "json"]).expect(0).json();
    assert!(done["fsck"].is_null(), "{done}");
}

#[test]
fn what_is_missing_is_a_fault() {
    for options in [&[][..], &["--fsck"]] {
        let sandbox = repository();
        scrub(&sandbox, &["--drop", "dump"]).expect(0);
        // As if the machine had failed before the proof, and a file was lost with it.
        let record = "repo/.git/git-shroud/scrub/1/record.json";
        let written = text(sandbox.read(record)).replace("\"done\"", "\"moved\"");
        sandbox.write(record, written);
        let blob = sandbox.git("repo", ["rev-parse", "HEAD:b"]).text();
        let blob = blob.trim();
        sandbox.sh("repo", "mv .git/objects/pack ../pack; for p in ../pack/*.pack; do git unpack-objects -q <$p; done");
        std::fs::remove_file(sandbox.path(format!(
            "repo/.git/objects/{}/{}",
            &blob[..2],
            &blob[2..]
        )))
        .unwrap();
        let said = scrub(&sandbox, &[&["--continue"], options].concat()).expect(1).text();
        assert!(said.contains(&format!("missing blob {blob}")), "{said}");
    }
}
