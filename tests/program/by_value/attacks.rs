//! Who can push, or forgets something, stores no plaintext, and what is stored all the same is found.

use super::{FILES, by_value, stored};
use crate::common::{Sandbox, text};

/// One value of a file in the clear, as another program would have stored it.
fn leak(sandbox: &Sandbox) {
    let partly = stored(sandbox, "conf/a.env").replacen("\nC=\n", "\nC=secret-three\n", 1);
    sandbox.stage_raw("repo", "conf/a.env", partly.as_bytes());
}

#[test]
fn a_file_with_one_value_in_the_clear_is_not_sealed() {
    let sandbox = by_value(&[]);
    leak(&sandbox);
    let status = sandbox.try_shroud("repo", ["status"]).expect(1).text();
    assert!(status.contains("plaintext-in-index  conf/a.env"), "{status}");
    assert!(status.contains("1 of 3 values in the clear: line 5"), "{status}");
    let check = sandbox.try_shroud("repo", ["check"]).expect(1).text();
    assert!(check.contains("1 of 3 values in the clear: line 5"), "{check}");
    sandbox.git("repo", ["-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "leak"]);
    sandbox.try_shroud("repo", ["check", "HEAD~1..HEAD"]).expect(1);
    // Without a key the guard says the same.
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let check = sandbox.try_shroud("clone", ["check", "HEAD"]).expect(1).text();
    assert!(check.contains("1 of 3 values in the clear"), "{check}");
    sandbox.shroud("repo", ["status", "--fix"]);
    assert!(stored(&sandbox, "conf/a.env").contains("\nC=shroud.v1."));
}

#[test]
fn a_line_of_attributes_that_goes_away_is_found() {
    let sandbox = by_value(&[]);
    let attributes = text(sandbox.read("repo/.gitattributes"));
    let without: Vec<&str> = attributes.lines().filter(|line| !line.starts_with("conf")).collect();
    sandbox.write("repo/.gitattributes", without.join("\n") + "\n");
    sandbox.git("repo", ["add", ".gitattributes"]);
    let status = sandbox.try_shroud("repo", ["status"]).expect(1).text();
    assert_eq!(status.matches("not-tracked").count(), FILES.len(), "{status}");
    sandbox.try_shroud("repo", ["check"]).expect(1);
    sandbox.git("repo", ["-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "line"]);
    sandbox.write("repo/conf/a.env", "A=secret-new\n");
    sandbox.git("repo", ["-c", "core.hooksPath=/dev/null", "commit", "-q", "-a", "-m", "plain"]);
    let check = sandbox.try_shroud("repo", ["check", "HEAD~1..HEAD"]).expect(1).text();
    assert!(check.contains("unsealed") || check.contains("plaintext"), "{check}");
}

#[test]
fn an_exemption_that_somebody_pushed_moves_no_sealed_value() {
    let sandbox = by_value(&[]);
    let before = stored(&sandbox, "conf/a.env");
    let attributes = text(sandbox.read("repo/.gitattributes"));
    sandbox.write(
        "repo/.gitattributes",
        attributes.replace("shroud-by=value filter", "shroud-clear=* shroud-by=value filter"),
    );
    sandbox.sh("repo", "touch conf/*");
    assert_eq!(sandbox.git("repo", ["status", "--porcelain", "conf"]).text(), "");
    sandbox.write("repo/conf/a.env", FILES[0].1.replace("value-one", "secret-new"));
    let refused = sandbox.try_git("repo", ["add", "conf/a.env"]).expect(128);
    refused.says("'A' on line 2 is sealed in the index").says("git shroud why");
    sandbox.assert_no_object_holds("repo", b"secret-new");
    assert_eq!(stored(&sandbox, "conf/a.env"), before);
}

#[test]
fn words_of_attributes_that_nobody_knows_store_nothing() {
    for word in ["shroud-by=later", "shroud-by", "shroud-format=xml"] {
        let sandbox = by_value(&[]);
        let attributes = text(sandbox.read("repo/.gitattributes"));
        sandbox.write("repo/.gitattributes", format!("{attributes}conf/* {word}\n"));
        sandbox.write("repo/conf/a.env", "A=secret-new\n");
        sandbox.try_git("repo", ["add", "conf/a.env"]).expect(128).says(word);
        sandbox.assert_no_object_holds("repo", b"secret-new");
        let status = sandbox.try_shroud("repo", ["status"]).expect(1).text();
        assert!(status.contains("attribute-conflict"), "{status}");
        sandbox.stage_raw("repo", ".gitattributes", &sandbox.read("repo/.gitattributes"));
        sandbox.try_shroud("repo", ["check"]).expect(1);
    }
}

#[test]
fn git_may_not_change_line_ends_of_what_is_sealed_by_value() {
    let sandbox = by_value(&[]);
    let attributes = text(sandbox.read("repo/.gitattributes"));
    sandbox.write("repo/.gitattributes", format!("{attributes}conf/* !text\n"));
    sandbox.write("repo/conf/a.env", "A=secret-new\n");
    sandbox.try_git("repo", ["add", "conf/a.env"]).expect(128).says("-text");
}

#[test]
fn a_damaged_file_is_handed_on_as_it_is() {
    let sandbox = by_value(&[]);
    let blob = stored(&sandbox, "conf/a.env").replacen("A=shroud", "LOG=shroud", 1);
    sandbox.stage_raw("repo", "conf/a.env", blob.as_bytes());
    let status = sandbox.try_shroud("repo", ["status"]).expect(1).text();
    assert!(status.contains("damaged") && status.contains("'LOG' on line 2"), "{status}");
    std::fs::remove_file(sandbox.path("repo/conf/a.env")).unwrap();
    sandbox.git("repo", ["checkout", "-q", "--", "conf/a.env"]).says("conf/a.env");
    assert_eq!(text(sandbox.read("repo/conf/a.env")), blob);
    sandbox.try_shroud("repo", ["cat", ":conf/a.env"]).expect(1);
    assert_eq!(sandbox.git("repo", ["diff", "--name-only"]).text(), "");
}
