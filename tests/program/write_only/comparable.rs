//! Files that hold values of people without the key are not sealed whole: equal ones would look equal.

use super::{contributed, export, flags, token, type_in};
use crate::common::{Sandbox, is_sealed, text};

/// The contributor pushes a line of attributes that seals the files whole.
fn pushed_line() -> Sandbox {
    let sandbox = contributed();
    type_in(&sandbox, "clone", "A", "guess");
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Set A"]);
    sandbox.sh("clone", "rm conf/a.env && git checkout -q -- conf/a.env");
    let attributes = text(sandbox.read("clone/.gitattributes"));
    sandbox.write("clone/.gitattributes", format!("{attributes}conf/** shroud -shroud-by\n"));
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Line"]);
    sandbox.git("clone", ["push", "-q"]);
    sandbox
}

#[track_caller]
fn is_by_value(sandbox: &Sandbox, path: &str) {
    let stored = sandbox.blob("repo", &format!(":{path}"));
    assert!(!is_sealed(&stored), "{path} is sealed whole");
    assert!(!text(stored).contains("=one\n"));
}

#[test]
fn a_pushed_line_does_not_seal_them_whole() {
    let sandbox = pushed_line();
    let first = token(&sandbox, "repo", "A");
    type_in(&sandbox, "repo", "B", "changed");
    sandbox.git("repo", ["add", "conf"]);
    is_by_value(&sandbox, "conf/a.env");
    assert_eq!((token(&sandbox, "repo", "A"), flags(&sandbox, "repo", "B")), (first.clone(), 0));
    let fixed = sandbox.try_shroud("repo", ["status", "--fix"]);
    fixed.says("left sealed by value, first conf/a.env");
    is_by_value(&sandbox, "conf/a.env");
    assert_eq!(token(&sandbox, "repo", "A"), first);
    // Nobody without the key has set anything in this one.
    assert!(is_sealed(&sandbox.blob("repo", ":conf/a.json")));
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    is_by_value(&sandbox, "conf/a.env");
    assert_eq!(flags(&sandbox, "repo", "A"), 2);
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "Rotate keys"]);
    // Until the key's holders have set all of them.
    type_in(&sandbox, "repo", "A", "other");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "A"]);
    sandbox.shroud("repo", ["status", "--fix"]);
    assert!(is_sealed(&sandbox.blob("repo", ":conf/a.env")));
}

#[test]
fn track_whole_leaves_them_by_value_and_says_so() {
    let sandbox = contributed();
    type_in(&sandbox, "clone", "A", "guess");
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Set A"]);
    sandbox.git("clone", ["push", "-q"]);
    let whole = sandbox.shroud("repo", ["track", "--whole", "conf/**"]);
    whole.says("left sealed by value, first conf/a.env");
    is_by_value(&sandbox, "conf/a.env");
    assert_eq!(sandbox.git("repo", ["diff", "--name-only"]).text(), "");
}

/// Guesses between the marks of a conflict, which a clone without the key may store.
#[test]
fn files_with_marks_stay_by_value_in_a_rotation() {
    let sandbox = contributed();
    let stored = text(sandbox.read("clone/conf/a.env"));
    let marked = |line: &str| format!("<<<<<<< a\n{line}\n=======\n>>>>>>> b\n");
    sandbox.write("clone/conf/x.env", marked(stored.lines().next().unwrap()));
    for (number, guess) in ["wrong", "one"].into_iter().enumerate() {
        let path = format!("conf/g{number}.env");
        sandbox.write(format!("clone/{path}"), format!("A={guess}\n"));
        sandbox.git("clone", ["add", "."]);
        let stored = text(sandbox.blob("clone", &format!(":{path}")));
        sandbox.write(format!("clone/{path}"), marked(stored.trim_end()));
    }
    sandbox.git("clone", ["add", "."]);
    sandbox.git("clone", ["commit", "-q", "-m", "Guesses"]);
    sandbox.git("clone", ["push", "-q"]);
    let stored = |path: &str| text(sandbox.blob("repo", &format!(":conf/{path}.env")));
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    let after = ["g0", "g1"].map(stored);
    for file in &after {
        assert!(file.starts_with("<<<<<<< a\nA=shroud.v1."), "{file}");
    }
    assert_ne!(after[0], after[1]);
    // Nobody without the key has set anything in this one.
    assert!(is_sealed(&sandbox.blob("repo", ":conf/x.env")));
    assert_eq!(
        sandbox.git("repo", ["status", "--porcelain", "-uno"]).text().matches(" M").count(),
        0
    );
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "Rotate keys"]);
    export(&sandbox);
    sandbox.git("repo", ["clone", "-q", ".", "../fresh"]);
    sandbox.shroud("fresh", ["unlock", "-q", sandbox.path("team.key").to_str().unwrap()]);
    assert_eq!(text(sandbox.read("fresh/conf/g1.env")), marked("A=one"));
    // The holder resolves it.
    sandbox.write("repo/conf/g1.env", "A=one\n");
    sandbox.git("repo", ["add", "."]);
    assert_eq!(super::token_in(&sandbox, "repo", "conf/g1.env", "A")[8], 2);
}

/// A holder's conflict in such a file.
#[test]
fn a_conflict_is_shown_and_stored_by_value() {
    let sandbox = contributed();
    type_in(&sandbox, "clone", "A", "guess");
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Set A"]);
    sandbox.git("clone", ["push", "-q"]);
    let first = token(&sandbox, "repo", "A");
    type_in(&sandbox, "repo", "B", "ours");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "Ours"]);
    sandbox.git("repo", ["checkout", "-q", "-b", "side", "main~1"]);
    type_in(&sandbox, "repo", "B", "theirs");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "Theirs"]);
    for style in ["merge", "diff3", "zdiff3"] {
        sandbox.git("repo", ["config", "merge.conflictStyle", style]);
        sandbox.try_git("repo", ["merge", "-q", "main"]).expect(1);
        let conflict = text(sandbox.read("repo/conf/a.env"));
        assert!(conflict.starts_with("A=guess\n<<<<<<< "), "{conflict}");
        assert!(sandbox.git("repo", ["diff"]).text().contains("<<<<<<< "));
        sandbox.git("repo", ["add", "conf"]);
        let stored = text(sandbox.blob("repo", ":conf/a.env"));
        assert!(stored.contains("\n<<<<<<< ") && !stored.contains("guess"), "{stored}");
        assert!(!stored.contains("theirs\n") && !stored.contains("=ours\n"), "{stored}");
        assert_eq!(token(&sandbox, "repo", "A"), first);
        sandbox.write("repo/conf/a.env", "A=guess\nB=both\n# note\nLOG=info\n");
        sandbox.git("repo", ["add", "conf"]);
        assert_eq!(
            (token(&sandbox, "repo", "A"), flags(&sandbox, "repo", "B")),
            (first.clone(), 0)
        );
        sandbox.git("repo", ["merge", "--abort"]);
    }
}

#[test]
fn what_cannot_be_sealed_by_value_is_refused() {
    let sandbox = contributed();
    sandbox.write("clone/conf/c.yaml", "a: guess\nb: more\n");
    sandbox.git("clone", ["add", "."]);
    sandbox.git("clone", ["commit", "-q", "-m", "Set a"]);
    sandbox.git("clone", ["push", "-q"]);
    sandbox.write("repo/conf/c.yaml", "a: &x guess\nb: more\n");
    let refused = sandbox.try_git("repo", ["add", "conf"]).expect(128);
    refused.says("line 1: there is an anchor at the value").says("it is not sealed whole");
    // A file where nobody else has set anything is sealed whole as ever.
    sandbox.write("repo/conf/c.yaml", "a: guess\nb: more\n");
    sandbox.write("repo/conf/d.yaml", "a: &x guess\nb: more\n");
    sandbox.git("repo", ["add", "conf"]);
    assert!(is_sealed(&sandbox.blob("repo", ":conf/d.yaml")));
    // Nor is anything sealed to the public key in the middle of a merge.
    sandbox.write("clone/conf/a.env", "<<<<<<< a\nA=typed\n=======\n>>>>>>> b\n");
    let refused = sandbox.try_git("clone", ["add", "conf"]).expect(128);
    refused.says("'A' on line 2 is plaintext").says("once the conflict is resolved");
    sandbox.assert_no_object_holds("clone", b"typed");
}
