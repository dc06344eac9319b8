//! Values of a file that somebody has damaged: the others can be set all the same, and what is damaged stays as it is.

use super::{by_value, stored, token};
use crate::common::{Done, Sandbox, text};

/// The stored file with the token of a name damaged: its form is right, or it is not even a token.
fn damage(stored: &str, name: &str, is_odd: bool) -> String {
    let old = token(stored, name);
    let at = "shroud.v1.".len() + 30;
    let other = match (&old[at..=at], is_odd) {
        (_, true) => "!",
        ("A", false) => "B",
        _ => "A",
    };
    stored.replacen(&old, &format!("{}{other}{}", &old[..at], &old[at + 1..]), 1)
}

/// An environment `prod` with a file by value of five values, two of them damaged, in `repo`, and what is stored of it.
fn damaged(is_odd: bool) -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.shroud("repo", ["key", "rotate", "-q", "--write-only"]);
    sandbox.shroud("repo", ["track", "-q", "--values", "--clear", "LOG", "environments/**"]);
    let file = "A=one\nB=two\nC=three\nD=four\nLOG=info\n";
    sandbox.write("repo/environments/prod/app.env", file);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "files"]);
    sandbox.git(".", ["clone", "-q", "repo", "locked"]);
    let sound = stored(&sandbox, FILE);
    let broken = ["B", "D"].iter().fold(sound, |stored, name| damage(&stored, name, is_odd));
    sandbox.stage_raw("repo", FILE, broken.as_bytes());
    sandbox.git("repo", ["commit", "-q", "--no-verify", "-m", "Damaged"]);
    sandbox.git("repo", ["checkout", "-q", "-f", "HEAD", "--", "environments"]);
    assert_eq!(text(sandbox.read(format!("repo/{FILE}"))), broken);
    sandbox.git("locked", ["pull", "-q"]);
    sandbox.try_shroud("locked", ["unlock"]);
    (sandbox, broken)
}

const FILE: &str = "environments/prod/app.env";

fn set(sandbox: &Sandbox, dir: &str, args: &[&str], value: &str) -> Done {
    let mut command = sandbox.command("git", dir);
    command.args(["shroud", "config", "set"]).args(args);
    sandbox.run_with_input(command, value.as_bytes())
}

/// Only the line of this name is another one.
#[track_caller]
fn assert_only_changed(before: &str, after: &str, name: &str) {
    assert_eq!(before.lines().count(), after.lines().count(), "{after}");
    let changed = before.lines().zip(after.lines()).filter(|(one, other)| one != other);
    let changed: Vec<_> = changed.collect();
    assert!(matches!(changed[..], [(_, new)] if new.starts_with(&format!("{name}="))), "{after}");
}

#[test]
fn a_sound_value_beside_damaged_ones_is_set() {
    for is_odd in [false, true] {
        let (sandbox, before) = damaged(is_odd);
        set(&sandbox, "repo", &["prod", "A"], "secret-new").expect(0);
        let after = text(sandbox.read(format!("repo/{FILE}")));
        assert_only_changed(&before, &after, "A");
        sandbox.git("repo", ["add", "environments"]).says("'B' on line 2");
        assert_eq!(stored(&sandbox, FILE), after);
        assert_eq!(sandbox.git("repo", ["diff", "--name-only"]).text(), "");
        // A token that is none stops a commit until it is repaired, and the guard says how.
        let checked = sandbox.try_shroud("repo", ["check"]);
        assert_eq!(checked.status, i32::from(is_odd), "{}", checked.stderr);
        if is_odd {
            checked.says("a damaged value can also be set anew");
        }
        // An exempt name, and a new one.
        set(&sandbox, "repo", &["prod", "LOG"], "debug").expect(0);
        set(&sandbox, "repo", &["prod", "E"], "secret-five").expect(0);
        sandbox.git("repo", ["add", "environments"]);
        let last = stored(&sandbox, FILE);
        assert!(last.starts_with(after.strip_suffix("LOG=info\n").unwrap()), "{last}");
        assert!(last.contains("LOG=debug\nE=shroud.v1."), "{last}");
        sandbox.assert_no_object_holds("repo", b"secret-");
        // What is damaged is set last, and all of it opens.
        set(&sandbox, "repo", &["prod", "B"], "two").expect(0);
        set(&sandbox, "repo", &["prod", "D"], "four").expect(0);
        let file = "A=secret-new\nB=two\nC=three\nD=four\nLOG=debug\nE=secret-five\n";
        assert_eq!(text(sandbox.read(format!("repo/{FILE}"))), file);
        sandbox.git("repo", ["add", "environments"]);
        sandbox.shroud("repo", ["status"]);
        sandbox.git("repo", ["commit", "-q", "-m", "Set"]);
    }
}

#[test]
fn a_sound_value_beside_damaged_ones_is_typed() {
    for is_odd in [false, true] {
        for dir in ["repo", "locked"] {
            let (sandbox, before) = damaged(is_odd);
            let index = || text(sandbox.blob(dir, &format!(":{FILE}")));
            let typed = before.replace(&token(&before, "A"), "secret-new");
            sandbox.write(format!("{dir}/{FILE}"), &typed);
            sandbox.git(dir, ["add", "environments"]);
            assert_only_changed(&before, &index(), "A");
            assert_eq!(sandbox.git(dir, ["diff", "--name-only"]).text(), "");
            sandbox.assert_no_object_holds(dir, b"secret-");
            // A comment, the order and what is exempt can change as well.
            sandbox.write(format!("{dir}/{FILE}"), format!("# note\n{typed}LOG2=\n"));
            sandbox.git(dir, ["add", "environments"]);
            assert!(index().starts_with("# note\nA=shroud.v1."));
            // What was damaged since, was moved, or replaces another one is refused.
            for (other, is_seen_without_key) in [
                (damage(&typed, "C", false), false),
                (damage(&typed, "C", true), true),
                (typed.replace(&token(&typed, "C"), &token(&typed, "B")), is_odd),
                (typed.replace("B=", "X="), is_odd),
                (format!("{typed}F={}\n", token(&typed, "D")), is_odd),
            ] {
                if dir == "locked" && !is_seen_without_key {
                    continue;
                }
                sandbox.write(format!("{dir}/{FILE}"), other);
                assert_ne!(sandbox.try_git(dir, ["add", "environments"]).status, 0);
            }
        }
    }
}

#[test]
fn without_the_key_a_sound_value_beside_damaged_ones_is_set() {
    for is_odd in [false, true] {
        let (sandbox, before) = damaged(is_odd);
        set(&sandbox, "locked", &["prod", "A"], "secret-new").expect(0);
        assert_only_changed(&before, &text(sandbox.read(format!("locked/{FILE}"))), "A");
        sandbox.git("locked", ["commit", "-q", "-a", "--no-verify", "-m", "Set"]);
        sandbox.assert_no_object_holds("locked", b"secret-");
        set(&sandbox, "locked", &["prod", "B"], "two").expect(0);
        set(&sandbox, "locked", &["prod", "E"], "secret-five").expect(0);
    }
}

/// Where everything is sound, a damaged value is refused as ever.
#[test]
fn a_value_that_is_damaged_in_the_worktree_is_refused() {
    let sandbox = by_value(&[]);
    let before = stored(&sandbox, "conf/a.env");
    for is_odd in [false, true] {
        sandbox.write("repo/conf/a.env", damage(&before, "A", is_odd));
        sandbox.try_git("repo", ["add", "conf"]).expect(128).says("'A' on line 2");
    }
    assert_eq!(stored(&sandbox, "conf/a.env"), before);
}

/// Two people change sound values beside damaged ones: git merges them as without the key.
#[test]
fn changes_beside_damaged_values_are_merged() {
    for is_odd in [false, true] {
        let (sandbox, before) = damaged(is_odd);
        let change = |branch: &str, from: &str, name: &str, value: &str| {
            sandbox.git("repo", ["checkout", "-q", "-B", branch, from]);
            let typed = before.replace(&token(&before, name), value);
            sandbox.write(format!("repo/{FILE}"), typed);
            sandbox.git("repo", ["commit", "-q", "-a", "--no-verify", "-m", branch]);
        };
        let start = sandbox.git("repo", ["rev-parse", "HEAD"]).text();
        change("one", start.trim(), "A", "secret-a");
        change("two", start.trim(), "C", "secret-c");
        change("three", start.trim(), "A", "secret-other");
        sandbox.git("repo", ["checkout", "-q", "two"]);
        sandbox.git("repo", ["merge", "-q", "--no-verify", "-m", "merged", "one"]);
        let merged = stored(&sandbox, FILE);
        assert_eq!(token(&merged, "B"), token(&before, "B"));
        assert_eq!(token(&merged, "D"), token(&before, "D"));
        for name in ["A", "C"] {
            assert_ne!(token(&merged, name), token(&before, name));
        }
        assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
        // A conflict shows the tokens of both sides, and somebody decides.
        sandbox.try_git("repo", ["merge", "-q", "-m", "merged", "three"]).expect(1);
        let marked = text(sandbox.read(format!("repo/{FILE}")));
        assert!(marked.contains("<<<<<<< ") && !marked.contains("secret-"), "{marked}");
        sandbox.write(format!("repo/{FILE}"), merged.replace(&token(&merged, "A"), "secret-a"));
        sandbox.git("repo", ["add", "environments"]);
        assert_eq!(stored(&sandbox, FILE), merged);
        sandbox.git("repo", ["commit", "-q", "--no-verify", "-m", "decided"]);
        set(&sandbox, "repo", &["prod", "B"], "two").expect(0);
        set(&sandbox, "repo", &["prod", "D"], "four").expect(0);
        let file = "A=secret-a\nB=two\nC=secret-c\nD=four\nLOG=info\n";
        assert_eq!(text(sandbox.read(format!("repo/{FILE}"))), file);
        sandbox.assert_no_object_holds("repo", b"secret-");
    }
}

/// What is damaged is not called plaintext.
#[test]
fn lock_and_unlock_name_what_is_damaged() {
    for is_odd in [false, true] {
        let (sandbox, before) = damaged(is_odd);
        let key = sandbox.path("team.key");
        sandbox.shroud("repo", ["key", "export", "-q", "-o", key.to_str().unwrap()]);
        sandbox.shroud("repo", ["lock"]);
        assert_eq!(text(sandbox.read(format!("repo/{FILE}"))), before);
        let said = sandbox.try_shroud("repo", ["unlock", key.to_str().unwrap()]).expect(3);
        assert!(!said.stderr.contains("plaintext"), "{}", said.stderr);
        said.says("damaged").says(FILE);
        let status = sandbox.try_shroud("repo", ["status"]).expect(1);
        assert!(status.text().starts_with("damaged "), "{}", status.text());
        set(&sandbox, "repo", &["prod", "A"], "secret-new").expect(0);
        // All of it is sealed, so that nothing is lost.
        let set = sandbox.read(format!("repo/{FILE}"));
        sandbox.shroud("repo", ["lock"]);
        assert_eq!(sandbox.read(format!("repo/{FILE}")), set);
    }
}
