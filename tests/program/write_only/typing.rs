//! Typing a value into a file of a clone that does not hold the key.

use super::{VALUE, contributed, contributor, flags, token, type_in};
use crate::common::text;

#[test]
fn what_is_typed_is_sealed_and_a_holder_reads_it() {
    let sandbox = contributed();
    let why = sandbox.shroud("clone", ["why", "conf/a.env"]).text();
    assert!(why.contains("values can be set, and not read"), "{why}");
    type_in(&sandbox, "clone", "A", VALUE);
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Set A"]);
    assert_eq!(flags(&sandbox, "clone", "A"), 2);
    assert_eq!(flags(&sandbox, "clone", "B"), 0);
    sandbox.assert_no_object_holds("clone", VALUE.as_bytes());
    assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "");
    sandbox.shroud("clone", ["check", "HEAD^!"]);
    sandbox.git("clone", ["push", "-q"]);
    assert_eq!(
        text(sandbox.read("repo/conf/a.env")),
        format!("A={VALUE}\nB=two\n# note\nLOG=info\n")
    );
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    let status = sandbox.shroud("repo", ["status", "-v"]).text();
    assert!(status.contains("2 values, 1 set without the key"), "{status}");
    // The contributor's next checkout has the token, and no plaintext.
    std::fs::remove_file(sandbox.path("clone/conf/a.env")).unwrap();
    sandbox.git("clone", ["checkout", "-q", "--", "conf/a.env"]);
    assert!(!text(sandbox.read("clone/conf/a.env")).contains(VALUE));
    assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "");
}

#[test]
fn git_sees_no_change_where_there_is_none() {
    let sandbox = contributed();
    type_in(&sandbox, "clone", "A", VALUE);
    sandbox.git("clone", ["add", "conf/a.env"]);
    let first = token(&sandbox, "clone", "A");
    let path = sandbox.path("clone/conf/a.env");
    for _ in 0..2 {
        // As another program that writes the same bytes again.
        let file = sandbox.read(&path);
        std::fs::remove_file(&path).unwrap();
        sandbox.write(&path, file);
        assert_eq!(sandbox.git("clone", ["diff", "--stat"]).text(), "");
        sandbox.git("clone", ["add", "--renormalize", "."]);
        assert_eq!(token(&sandbox, "clone", "A"), first);
    }
    // Another value and back: the same token again.
    type_in(&sandbox, "clone", "A", "another");
    sandbox.git("clone", ["add", "."]);
    assert_ne!(token(&sandbox, "clone", "A"), first);
    type_in(&sandbox, "clone", "A", VALUE);
    sandbox.git("clone", ["add", "."]);
    assert_eq!(token(&sandbox, "clone", "A"), first);
    // Also in a second worktree of the clone.
    sandbox.git("clone", ["worktree", "add", "-q", "../second"]);
    type_in(&sandbox, "second", "A", VALUE);
    sandbox.git("second", ["add", "."]);
    assert_eq!(token(&sandbox, "second", "A"), first);
}

#[test]
fn the_memory_holds_no_value_and_may_be_lost() {
    let sandbox = contributed();
    type_in(&sandbox, "clone", "A", VALUE);
    sandbox.git("clone", ["add", "."]);
    let first = token(&sandbox, "clone", "A");
    let memory = sandbox.path("clone/.git/git-shroud/written");
    let held = text(sandbox.read(&memory));
    assert!(!held.contains(VALUE), "{held}");
    sandbox.assert_mode("clone/.git/git-shroud/written", 0o600);
    sandbox.write(&memory, "");
    sandbox.git("clone", ["add", "--renormalize", "."]);
    assert_ne!(token(&sandbox, "clone", "A"), first);
    assert_eq!(flags(&sandbox, "clone", "A"), 2);
    // Where nothing can be remembered, the value is sealed all the same.
    std::fs::remove_file(&memory).unwrap();
    std::fs::create_dir(&memory).unwrap();
    let said = sandbox.git("clone", ["add", "--renormalize", "."]);
    said.says("cannot be remembered");
    assert_eq!(flags(&sandbox, "clone", "A"), 2);
}

#[test]
fn a_clone_that_locks_again_is_a_contributor_too() {
    let sandbox = contributed();
    let key = sandbox.path("team.key");
    sandbox.shroud("clone", ["unlock", "-q", key.to_str().unwrap()]);
    sandbox.shroud("clone", ["lock", "-q"]);
    type_in(&sandbox, "clone", "B", VALUE);
    sandbox.git("clone", ["add", "."]);
    assert_eq!(flags(&sandbox, "clone", "B"), 2);
    // 'lock' closes what was typed and staged.
    sandbox.shroud("clone", ["lock", "-q"]);
    assert!(!text(sandbox.read("clone/conf/a.env")).contains(VALUE));
    assert_eq!(flags(&sandbox, "clone", "B"), 2);
    sandbox.shroud("clone", ["unlock", "-q", key.to_str().unwrap()]);
    assert!(text(sandbox.read("clone/conf/a.env")).contains(VALUE));
    assert_eq!(sandbox.git("clone", ["diff", "--stat"]).text(), "");
    assert!(!sandbox.path("clone/.git/git-shroud/written").exists());
}

#[test]
fn new_files_formats_and_blocks_are_sealed_too() {
    let sandbox = contributed();
    for (path, content) in crate::by_value::FILES {
        sandbox.write(format!("clone/{}", path.replace("/a.", "/new.")), content);
    }
    sandbox.git("clone", ["add", "."]);
    for (path, _) in crate::by_value::FILES {
        let stored = sandbox.blob("clone", &format!(":{}", path.replace("/a.", "/new.")));
        assert!(!text(stored.clone()).contains("value-"), "{path}");
        assert!(text(stored).contains("shroud.v1."), "{path}");
    }
    sandbox.git("clone", ["commit", "-q", "-m", "New files"]);
    sandbox.git("clone", ["push", "-q"]);
    for (path, content) in crate::by_value::FILES {
        let read = text(sandbox.read(format!("repo/{}", path.replace("/a.", "/new."))));
        assert_eq!(read, content);
    }
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    sandbox.assert_no_object_holds("clone", b"value-one");
}

#[test]
fn what_is_not_understood_is_refused_as_ever() {
    let sandbox = contributed();
    let file = text(sandbox.read("clone/conf/a.env"));
    sandbox.write("clone/conf/a.env", format!("{file}contributed value without a name\n"));
    sandbox.try_git("clone", ["add", "."]).expect(128).says("line 5");
    sandbox.write("clone/conf/a.env", &file);
    sandbox.write("clone/conf/cert.pem", VALUE);
    sandbox.try_git("clone", ["add", "."]).expect(128).says("not held here");
    std::fs::remove_file(sandbox.path("clone/conf/cert.pem")).unwrap();
    // A mask is no value.
    type_in(&sandbox, "clone", "A", "*****");
    sandbox.try_git("clone", ["add", "."]).expect(128).says("is a mask");
    // A name that is sealed does not become plaintext by an attribute.
    let attributes = text(sandbox.read("clone/.gitattributes"));
    sandbox.write("clone/.gitattributes", attributes.replace("LOG", "LOG,A"));
    type_in(&sandbox, "clone", "A", VALUE);
    type_in(&sandbox, "clone", "B", VALUE);
    sandbox.try_git("clone", ["add", "conf"]).expect(128).says("shroud-clear");
    sandbox.assert_no_object_holds("clone", VALUE.as_bytes());
}

#[test]
fn without_the_option_nothing_changes() {
    let sandbox = crate::by_value::by_value(&[]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let _ = sandbox.try_shroud("clone", ["unlock"]).expect(2);
    let file = text(sandbox.read("clone/conf/a.env"));
    sandbox.write("clone/conf/a.env", format!("{file}NEW={VALUE}\n"));
    let refused = sandbox.try_git("clone", ["add", "."]).expect(128);
    refused.says("'NEW' on line 6 is plaintext, and the key 'default' is not held here");
    sandbox.assert_no_object_holds("clone", VALUE.as_bytes());
}

#[test]
fn two_contributors_merge() {
    let sandbox = contributed();
    contributor(&sandbox, "other");
    for (dir, name) in [("clone", "A"), ("other", "B")] {
        type_in(&sandbox, dir, name, &format!("{VALUE}-{name}"));
        sandbox.git(dir, ["commit", "-q", "-a", "-m", name]);
    }
    sandbox.git("clone", ["push", "-q"]);
    // A line between them, as in plain git.
    sandbox.git("other", ["-c", "merge.default=union", "fetch", "-q"]);
    let merged = sandbox.try_git("other", ["merge", "-q", "origin/main"]);
    if merged.status != 0 {
        // Neighbouring lines conflict, and what git wrote is refused until somebody has resolved it.
        sandbox.try_git("other", ["commit", "-q", "-a", "-m", "no"]).expect(128);
        let ours = text(sandbox.blob("other", "HEAD:conf/a.env"));
        let theirs = text(sandbox.blob("other", "origin/main:conf/a.env"));
        let line =
            |text: &str, name: &str| format!("{name}={}\n", crate::by_value::token(text, name));
        let resolved = format!("{}{}# note\nLOG=info\n", line(&theirs, "A"), line(&ours, "B"));
        sandbox.write("other/conf/a.env", resolved);
        sandbox.git("other", ["commit", "-q", "-a", "-m", "merged"]);
    }
    sandbox.git("other", ["push", "-q"]);
    let read = text(sandbox.read("repo/conf/a.env"));
    assert_eq!(read, format!("A={VALUE}-A\nB={VALUE}-B\n# note\nLOG=info\n"));
}
