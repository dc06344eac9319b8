//! Lines that say 'shroud' and seal nothing: their macro is missing, or something outranks them.

use crate::common::{Sandbox, is_sealed, text};

const MACRO: &str = "[attr]shroud filter=shroud diff=shroud merge=shroud -text -delta";

/// A sealed repository whose line is one of an earlier version.
fn old_lines(attributes: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.write("repo/.gitattributes", attributes);
    sandbox.git("repo", ["add", ".gitattributes"]);
    sandbox
}

#[track_caller]
fn named_by_all(sandbox: &Sandbox, says: &str) {
    let status = sandbox.try_shroud("repo", ["status"]).expect(1).text();
    assert!(status.contains("attribute-conflict  secrets/db.env"), "{status}");
    assert!(status.contains(says), "{status}");
    let doctor = sandbox.try_shroud("repo", ["doctor"]).expect(1).text();
    assert!(doctor.contains("secrets/db.env") && doctor.contains(says), "{doctor}");
    let check = sandbox.try_shroud("repo", ["check", "--staged"]).expect(1).text();
    assert!(check.contains("secrets/db.env  attribute-conflict"), "{check}");
    let why = sandbox.shroud("repo", ["why", "secrets/db.env"]).text();
    assert!(why.contains("conflict") || says.contains("only this clone"), "{why}");
}

#[test]
fn a_macro_that_is_gone_from_the_tree_is_named_and_written_again() {
    // The macro in info/attributes seals for this clone still.
    let sandbox = old_lines("secrets/** shroud\n");
    named_by_all(&sandbox, "only this clone");
    sandbox.write("repo/.git/info/attributes", "");
    named_by_all(&sandbox, "no line [attr]shroud");
    sandbox.git("repo", ["commit", "-q", "-m", "lost"]);
    sandbox.git(".", ["clone", "-q", "--bare", "repo", "bare.git"]);
    let check = sandbox.try_shroud("bare.git", ["check", "HEAD^!"]).expect(1).text();
    assert!(check.contains("attribute-conflict"), "{check}");
    sandbox.shroud("repo", ["track", "secrets/**"]);
    assert!(text(sandbox.read("repo/.gitattributes")).starts_with(MACRO));
    sandbox.shroud("repo", ["status"]);
    sandbox.shroud("repo", ["check", "--staged"]);
}

#[test]
fn a_filter_behind_the_line_is_named() {
    let lines = format!("{MACRO}\nsecrets/** shroud\n*.env filter=lfs\n");
    let sandbox = old_lines(&lines);
    named_by_all(&sandbox, "filter=lfs");
}

#[test]
fn a_macro_that_does_not_seal_is_named_with_its_line() {
    for bad in ["[attr]shroud -filter -diff", "[attr]shroud !filter", "[attr]shroud filter=cat"] {
        let sandbox = old_lines(&format!("{bad}\nsecrets/** shroud\n"));
        sandbox.write("repo/.git/info/attributes", "");
        named_by_all(&sandbox, "lacks filter=shroud");
        let check = sandbox.try_shroud("repo", ["check"]).expect(1).text();
        assert!(check.contains(".gitattributes  attribute-conflict"), "{check}");
        sandbox.shroud("repo", ["track", "secrets/**"]);
        sandbox.shroud("repo", ["status"]);
    }
}

#[test]
fn exceptions_and_subtrees_are_in_no_doubt() {
    let lines = format!(
        "{MACRO}\nsecrets/** shroud\nsecrets/public* !filter !diff !merge !text !delta\nsecrets/open* -filter\n"
    );
    let sandbox = old_lines(&lines);
    sandbox.write("repo/secrets/public.txt", "for all");
    sandbox.write("repo/secrets/open.txt", "for all");
    // As a subtree brings it: a macro below the top is none, and the line seals without.
    sandbox.write(
        "repo/vendor/.gitattributes",
        format!("{MACRO}\n*.env shroud filter=shroud diff=shroud merge=shroud -text\n"),
    );
    sandbox.write("repo/vendor/a.env", "canary");
    sandbox.git("repo", ["add", "."]);
    assert!(is_sealed(&sandbox.blob("repo", ":vendor/a.env")));
    sandbox.shroud("repo", ["status"]);
    sandbox.shroud("repo", ["check", "--staged"]);
}

#[test]
fn a_subtree_of_an_earlier_version_is_named() {
    let sandbox = old_lines("secrets/** shroud filter=shroud diff=shroud merge=shroud -text\n");
    sandbox.write("repo/vendor/.gitattributes", format!("{MACRO}\n*.env shroud\n"));
    sandbox.write("repo/.git/info/attributes", "");
    sandbox.write("repo/vendor/a.env", "canary");
    sandbox.git("repo", ["add", "."]);
    let status = sandbox.try_shroud("repo", ["status"]).expect(1).text();
    assert!(status.contains("attribute-conflict  vendor/a.env"), "{status}");
    let check = sandbox.try_shroud("repo", ["check"]).expect(1).text();
    assert!(check.contains("vendor/a.env  attribute-conflict"), "{check}");
    sandbox.shroud("repo/vendor", ["track", "*.env"]);
    sandbox.shroud("repo", ["status"]);
    assert!(is_sealed(&sandbox.blob("repo", ":vendor/a.env")));
}
