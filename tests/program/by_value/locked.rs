//! A clone without the key.

use super::{FILES, by_value, stored};
use crate::common::{is_sealed, text};

#[test]
fn a_locked_clone_may_change_comments_and_order_and_nothing_else() {
    let sandbox = by_value(&["--clear", "LOG"]);
    sandbox.shroud("repo", ["lock", "-q"]);
    for (path, _) in FILES {
        let file = text(sandbox.read(format!("repo/{path}")));
        assert!(!file.contains("value-") && file.contains("shroud.v1."), "{file}");
    }
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    let file = text(sandbox.read("repo/conf/a.env"));
    let mut lines: Vec<&str> = file.lines().collect();
    lines.swap(1, 2);
    let file = format!("{}\nLOG=debug\n# more\n", lines.join("\n"));
    sandbox.write("repo/conf/a.env", &file);
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "without a key"]);
    assert_eq!(stored(&sandbox, "conf/a.env"), file);
    sandbox.shroud("repo", ["status"]);
    // A value is not stored.
    sandbox.write("repo/conf/a.env", format!("{file}NEW=secret-new\n"));
    let refused = sandbox.try_git("repo", ["add", "conf/a.env"]).expect(128);
    refused.says("'NEW' on line 8 is plaintext, and the key 'default' is not held here");
    sandbox.write("repo/conf/a.env", format!("{file}no name here\n"));
    sandbox.try_git("repo", ["add", "conf/a.env"]).expect(128).says("line 8");
    sandbox.write("repo/conf/new.txt", "secret-new\n");
    sandbox.try_git("repo", ["add", "conf/new.txt"]).expect(128);
    sandbox.assert_no_object_holds("repo", b"secret-new");
    // Unlocked, the new order opens.
    sandbox.write("repo/conf/a.env", &file);
    sandbox.shroud("repo", ["unlock", "-q", sandbox.path("team.key").to_str().unwrap()]);
    let opened = text(sandbox.read("repo/conf/a.env"));
    assert!(opened.starts_with("# head\nexport B=\"value-two\"\nA=value-one\n"), "{opened}");
}

#[test]
fn lock_refuses_changes_and_seals_them_when_told() {
    let sandbox = by_value(&[]);
    sandbox.write("repo/conf/a.env", "A=changed-one\nNEW=changed-two\n");
    sandbox.try_shroud("repo", ["lock"]).expect(1).says("conf/a.env");
    sandbox.shroud("repo", ["lock", "-q", "--force"]);
    let file = text(sandbox.read("repo/conf/a.env"));
    assert!(!file.contains("changed-") && file.contains("\nNEW=shroud.v1."), "{file}");
    sandbox.shroud("repo", ["unlock", "-q", sandbox.path("team.key").to_str().unwrap()]);
    assert_eq!(text(sandbox.read("repo/conf/a.env")), "A=changed-one\nNEW=changed-two\n");
}

#[test]
fn a_clone_that_was_never_set_up_stores_nothing() {
    let sandbox = by_value(&[]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.write("clone/conf/a.env", "A=secret-new\n");
    let _ = sandbox.try_git("clone", ["add", "conf/a.env"]);
    sandbox.assert_no_object_holds("clone", b"secret-new");
}

#[test]
fn a_worktree_that_stayed_open_is_closed_without_a_key() {
    let sandbox = by_value(&[]);
    std::fs::remove_file(sandbox.path("repo/.git/git-shroud/keyring")).unwrap();
    sandbox.shroud("repo", ["lock", "-q"]);
    assert!(text(sandbox.read("repo/conf/a.env")).contains("A=shroud.v1."));
}

#[test]
fn files_without_values_are_neither_locked_nor_damaged() {
    let sandbox = by_value(&["--clear", "LOG"]);
    // A token in a comment means nothing.
    let note = format!("# A={}\n", super::token(&stored(&sandbox, "conf/a.env"), "A"));
    let files =
        [("none.yaml", "# nothing here\n"), ("clear.env", "LOG=info\nE=\n"), ("note.env", &note)];
    for (name, content) in files {
        sandbox.write(format!("repo/conf/{name}"), content);
    }
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "no values"]);
    sandbox.shroud("repo", ["status"]);
    sandbox.shroud("repo", ["lock", "-q"]);
    sandbox.shroud("repo", ["unlock", "-q", sandbox.path("team.key").to_str().unwrap()]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.shroud("clone", ["unlock", "-q", sandbox.path("team.key").to_str().unwrap()]);
    for (name, content) in files {
        assert_eq!(text(sandbox.read(format!("clone/conf/{name}"))), content);
    }
    assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "");
}

/// The attribute tells a format that the name does not.
#[test]
fn a_file_with_a_format_by_attribute_opens() {
    let sandbox = by_value(&[]);
    let attributes = text(sandbox.read("repo/.gitattributes"));
    sandbox.write("repo/.gitattributes", format!("{attributes}conf/*.yaml shroud-format=env\n"));
    sandbox.write("repo/conf/a.yaml", "A=value-one\n");
    sandbox.git("repo", ["add", "."]);
    assert!(stored(&sandbox, "conf/a.yaml").starts_with("A=shroud.v1."));
    std::fs::remove_file(sandbox.path("repo/conf/a.yaml")).unwrap();
    sandbox.git("repo", ["checkout", "-q", "--", "conf/a.yaml"]);
    assert_eq!(sandbox.read("repo/conf/a.yaml"), b"A=value-one\n");
    sandbox.shroud("repo", ["lock", "-q", "--force"]);
    sandbox.shroud("repo", ["unlock", "-q", sandbox.path("team.key").to_str().unwrap()]);
    assert_eq!(sandbox.read("repo/conf/a.yaml"), b"A=value-one\n");
}

#[test]
fn a_whole_file_of_this_mode_is_left_sealed_by_lock() {
    let sandbox = by_value(&[]);
    sandbox.write("repo/conf/bad.yaml", "a: [\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "bad"]);
    sandbox.shroud("repo", ["lock", "-q"]);
    assert!(is_sealed(&sandbox.read("repo/conf/bad.yaml")));
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    sandbox.shroud("repo", ["unlock", "-q", sandbox.path("team.key").to_str().unwrap()]);
    assert_eq!(sandbox.read("repo/conf/bad.yaml"), b"a: [\n");
}
