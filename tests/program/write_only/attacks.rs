//! Somebody who can push, and wants to read what people set without the key.

use super::{VALUE, contributed, contributor, flags, type_in};
use crate::common::attacker::RawKey;
use crate::common::{Sandbox, text};

fn own() -> RawKey {
    RawKey([0x66; 32])
}

#[track_caller]
fn doctor_says(sandbox: &Sandbox, dir: &str, what: &str) {
    let said = sandbox.try_shroud(dir, ["doctor"]).expect(1).text();
    assert!(said.contains(what), "{said}");
}

/// Puts this public key into `key.toml` in the place of the one that is there, and commits it.
fn exchange(sandbox: &Sandbox, dir: &str, public: &str) {
    let path = format!("{dir}/.shroud/default/key.toml");
    let file = text(sandbox.read(&path));
    let line = file.lines().find(|line| line.starts_with("public_key")).unwrap();
    sandbox.write(&path, file.replace(line, &format!("public_key = \"{public}\"")));
    sandbox.git(dir, ["commit", "-q", "-a", "-m", "Harmless"]);
}

#[test]
fn an_exchanged_public_key_is_refused() {
    let sandbox = contributed();
    let mine = own().public();
    exchange(&sandbox, "repo", &mine);
    sandbox.git("clone", ["pull", "-q"]);
    type_in(&sandbox, "clone", "A", VALUE);
    let refused = sandbox.try_git("clone", ["add", "."]).expect(128);
    refused.says("somebody may have exchanged it").says(&mine).says("git log -p -- .shroud");
    sandbox.assert_no_object_holds("clone", VALUE.as_bytes());
    doctor_says(&sandbox, "clone", "somebody may have exchanged it");
    // Whoever holds the key sees it at once, and so does a guard without a key.
    doctor_says(&sandbox, "repo", "is not that of the key 'default'");
    let found = sandbox.try_shroud("clone", ["check", "HEAD^!"]).expect(1).text();
    assert!(found.contains("key-swapped") && found.contains(&mine), "{found}");
    let member = sandbox.age_identity("alice");
    sandbox.try_shroud("repo", ["member", "add", &member]).expect(1).says("key.toml");
    // It is put right: nothing else is to be done.
    sandbox.git("clone", ["checkout", "-q", "HEAD~1", "--", ".shroud"]);
    sandbox.git("clone", ["add", "."]);
    assert_eq!(flags(&sandbox, "clone", "A"), 2);
}

/// Who sees the wrong one first has no way to know; a holder has, and the clone can be told.
#[test]
fn a_wrong_key_that_was_seen_first_can_be_put_right() {
    let sandbox = contributed();
    exchange(&sandbox, "repo", &own().public());
    contributor(&sandbox, "late");
    sandbox.git("repo", ["revert", "--no-edit", "HEAD"]);
    sandbox.git("late", ["pull", "-q"]);
    type_in(&sandbox, "late", "A", VALUE);
    sandbox.try_git("late", ["add", "."]).expect(128).says("delete the file public-keys");
    std::fs::remove_file(sandbox.path("late/.git/git-shroud/public-keys")).unwrap();
    sandbox.git("late", ["add", "."]);
    assert_eq!(flags(&sandbox, "late", "A"), 2);
    // A key that is held says it by itself.
    exchange(&sandbox, "repo", &own().public());
    contributor(&sandbox, "later");
    sandbox.git("repo", ["revert", "--no-edit", "HEAD"]);
    sandbox.git("later", ["pull", "-q"]);
    sandbox.shroud("later", ["unlock", "-q", sandbox.path("team.key").to_str().unwrap()]);
    sandbox.shroud("later", ["lock", "-q"]);
    type_in(&sandbox, "later", "A", VALUE);
    sandbox.git("later", ["add", "."]);
    assert_eq!(flags(&sandbox, "later", "A"), 2);
}

/// A clone that held a key knows its public key, whether or not the repository published it.
#[test]
fn a_key_that_was_never_write_only_does_not_become_so() {
    let sandbox = crate::by_value::by_value(&[]);
    sandbox.shroud("repo", ["lock", "-q"]);
    let file = text(sandbox.read("repo/.shroud/default/key.toml"));
    let added = file.replace("mac =", &format!("public_key = \"{}\"\nmac =", own().public()));
    sandbox.write("repo/.shroud/default/key.toml", added);
    let content = text(sandbox.read("repo/conf/a.env"));
    sandbox.write("repo/conf/a.env", format!("{content}NEW={VALUE}\n"));
    sandbox.try_git("repo", ["add", "."]).expect(128).says("somebody may have exchanged it");
    sandbox.assert_no_object_holds("repo", VALUE.as_bytes());
}

/// Another key of the same generation is no rotation, and an earlier one is none either.
#[test]
fn a_swapped_or_earlier_key_is_refused() {
    let sandbox = contributed();
    type_in(&sandbox, "clone", "A", VALUE);
    let old = sandbox.read("clone/.shroud/default/key.toml");
    sandbox.write("clone/.shroud/default/key.toml", own().write_only_key_toml("default", 2));
    sandbox.try_git("clone", ["add", "conf"]).expect(128).says("somebody may have swapped it");
    sandbox.write("clone/.shroud/default/key.toml", &old);
    // After a true rotation, a removed member puts the old description back.
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    sandbox.git("repo", ["commit", "-q", "-m", "Rotate keys"]);
    sandbox.git("clone", ["checkout", "-q", "--", "conf"]);
    sandbox.git("clone", ["pull", "-q"]);
    type_in(&sandbox, "clone", "B", VALUE);
    sandbox.git("clone", ["add", "."]);
    sandbox.git("clone", ["reset", "-q", "--hard"]);
    sandbox.write("clone/.shroud/default/key.toml", &old);
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Harmless"]);
    type_in(&sandbox, "clone", "B", VALUE);
    sandbox.try_git("clone", ["add", "."]).expect(128).says("a removed member may know");
    sandbox.assert_no_object_holds("clone", VALUE.as_bytes());
}

/// An attribute names a key of the attacker's own, whose public key nobody has seen.
#[test]
fn a_path_does_not_move_to_another_key() {
    let sandbox = contributed();
    let attributes = text(sandbox.read("clone/.gitattributes"));
    std::fs::create_dir_all(sandbox.path("clone/.shroud/mine")).unwrap();
    sandbox.write("clone/.shroud/mine/key.toml", own().write_only_key_toml("mine", 1));
    let moved = format!("{attributes}conf/** shroud-key=mine\n");
    sandbox.write("clone/.gitattributes", &moved);
    type_in(&sandbox, "clone", "A", VALUE);
    let refused = sandbox.try_git("clone", ["add", "conf"]).expect(128);
    refused.says("it is sealed with the key 'default', but its attribute now names the key 'mine'");
    // Also where the description of the other key is gone.
    std::fs::rename(sandbox.path("clone/.shroud/default"), sandbox.path("away")).unwrap();
    sandbox.try_git("clone", ["add", "conf"]).expect(128).says("now names the key 'mine'");
    sandbox.assert_no_object_holds("clone", VALUE.as_bytes());
    // In a clone that holds the one key and not the other, too.
    std::fs::rename(sandbox.path("away"), sandbox.path("clone/.shroud/default")).unwrap();
    sandbox.git("clone", ["checkout", "-q", "--", "conf", ".gitattributes"]);
    sandbox.shroud("clone", ["unlock", "-q", sandbox.path("team.key").to_str().unwrap()]);
    sandbox.write("clone/.gitattributes", &moved);
    type_in(&sandbox, "clone", "A", VALUE);
    sandbox.try_git("clone", ["add", "conf"]).expect(128).says("now names the key 'mine'");
    sandbox.assert_no_object_holds("clone", VALUE.as_bytes());
}

/// A line that somebody pushed for a folder that nobody uses, and then a contributor moves a file there by hand.
#[test]
fn a_file_that_is_moved_by_hand_does_not_move_to_another_key() {
    let sandbox = contributed();
    let key = own();
    let folder = "repo/.shroud/evil";
    std::fs::create_dir_all(sandbox.path(folder)).unwrap();
    sandbox.write(format!("{folder}/key.toml"), key.write_only_key_toml("evil", 1));
    let attributes = text(sandbox.read("repo/.gitattributes"));
    let line = "new/** shroud-values shroud-key=evil\n";
    sandbox.write("repo/.gitattributes", format!("{attributes}{line}"));
    sandbox.git("repo", ["add", "-A", "-f", ".shroud", ".gitattributes"]);
    sandbox.git("repo", ["commit", "-q", "-m", "Line"]);
    sandbox.git("clone", ["pull", "-q"]);
    std::fs::create_dir(sandbox.path("clone/new")).unwrap();
    let file = text(sandbox.read("clone/conf/a.env"));
    let b = file.lines().nth(1).unwrap();
    // With values that are sealed, and without.
    for (moved, content) in [(false, format!("A=typed\n{b}\n")), (true, "A=typed\n".to_owned())] {
        if moved {
            std::fs::remove_file(sandbox.path("clone/conf/a.env")).unwrap();
        }
        sandbox.write("clone/new/x.env", content);
        let refused = sandbox.try_git("clone", ["add", "new"]).expect(128);
        refused.says("sealed with the key 'default'").says("names the key 'evil'");
    }
    // A file of its own is none that was moved, and its user hears of the key.
    sandbox.git("clone", ["checkout", "-q", "--", "conf"]);
    sandbox.git("clone", ["add", "new"]).says("for the first time");
}

#[test]
fn tokens_that_were_tampered_with_do_not_open() {
    let sandbox = contributed();
    type_in(&sandbox, "clone", "A", VALUE);
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Set A"]);
    let stored = text(sandbox.blob("clone", ":conf/a.env"));
    let token = crate::by_value::token(&stored, "A");
    let other = crate::by_value::token(&stored, "B");
    let mut bytes = super::token(&sandbox, "clone", "A");
    bytes[9..41].fill(0);
    let zero = encode(&bytes);
    for (text, why) in [
        // Moved to another name.
        (stored.replace(&other, &token), "'B' on line 2"),
        // A point of low order, so that everybody would know the key.
        (stored.replace(&token, &zero), "'A' on line 1"),
    ] {
        sandbox.stage_raw("repo", "conf/a.env", text.as_bytes());
        sandbox.try_shroud("repo", ["cat", ":conf/a.env"]).expect(1).says(why);
        let status = sandbox.try_shroud("repo", ["status"]).expect(1).text();
        assert!(status.contains("damaged"), "{status}");
    }
}

/// Such tokens count only where a key is, or was, write-only.
#[test]
fn a_guard_accepts_them_only_where_they_may_be() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.shroud("repo", ["track", "-q", "--values", "conf/**"]);
    sandbox.write("repo/conf/a.env", "A=one\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "files"]);
    let ordinary = super::token(&sandbox, "repo", "A");
    let forged = [&ordinary[..8], &[2], &[7; 32], &[9; 48]].concat();
    sandbox.stage_raw("repo", "conf/a.env", format!("A={}\n", encode(&forged)).as_bytes());
    sandbox.git("repo", ["commit", "-q", "-m", "Forged"]);
    let found = sandbox.try_shroud("repo", ["check", "HEAD^!"]).expect(1).text();
    assert!(found.contains("not-write-only"), "{found}");
    // Where it was write-only, its holders have such tokens.
    let sandbox = contributed();
    type_in(&sandbox, "clone", "A", VALUE);
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Set A"]);
    sandbox.shroud("clone", ["check", "HEAD^!"]);
    std::fs::remove_file(sandbox.path("clone/conf/a.env")).unwrap();
    sandbox.git("clone", ["checkout", "-q", "--", "conf"]);
    let path = "clone/.shroud/default/key.toml";
    let file = text(sandbox.read(path));
    let without: String =
        file.split_inclusive('\n').filter(|line| !line.starts_with("public_key")).collect();
    sandbox.write(path, without);
    sandbox.git("clone", ["add", ".shroud"]);
    sandbox.git("clone", ["commit", "-q", "--amend", "--no-edit"]);
    let found = sandbox.try_shroud("clone", ["check", "HEAD^!"]).expect(1).text();
    assert!(found.contains("key-swapped"), "{found}");
}

fn encode(bytes: &[u8]) -> String {
    use base64::Engine as _;
    format!("shroud.v1.{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}

/// Who has seen a public key hears that somebody has taken it out, as if it were another one.
#[test]
fn contributors_hear_of_a_public_key_that_was_taken_out() {
    const WHY: &str = "somebody without the key may have taken it out";
    let sandbox = contributed();
    type_in(&sandbox, "clone", "B", "typed-before");
    sandbox.git("clone", ["add", "conf"]);
    let good = stored_in_clone(&sandbox);
    let file = text(sandbox.read("repo/.shroud/default/key.toml"));
    let line = file.lines().find(|line| line.starts_with("public_key")).unwrap();
    sandbox.write("repo/.shroud/default/key.toml", file.replace(&format!("{line}\n"), ""));
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "Harmless"]);
    sandbox.git("clone", ["pull", "-q"]);
    doctor_says(&sandbox, "clone", WHY);
    doctor_says(&sandbox, "repo", "has taken its public key out of .shroud/default/key.toml");
    let found = sandbox.try_shroud("clone", ["check", "HEAD^!"]).expect(1).text();
    assert!(found.contains("key-swapped") && found.contains("no public key here"), "{found}");
    sandbox.try_shroud("clone", ["unlock"]).expect(2).says(WHY).says("git log -p -- .shroud");
    type_in(&sandbox, "clone", "A", VALUE);
    sandbox.try_git("clone", ["add", "conf"]).expect(128).says(WHY);
    sandbox.assert_no_object_holds("clone", VALUE.as_bytes());
    // Nor does a history that was written anew hide it.
    let now = sandbox.git("clone", ["commit-tree", "-m", "New", "HEAD^{tree}"]).text();
    let before = sandbox.git("clone", ["rev-parse", "HEAD"]).text();
    sandbox.git("clone", ["reset", "-q", "--soft", now.trim()]);
    doctor_says(&sandbox, "clone", WHY);
    sandbox.git("clone", ["reset", "-q", "--soft", before.trim()]);
    // It is put right: what was typed before is still the same.
    sandbox.git("clone", ["checkout", "-q", "HEAD~1", "--", ".shroud"]);
    sandbox.git("clone", ["add", "conf"]);
    let lines = |stored: String, name: &str| {
        stored.lines().find(|line| line.starts_with(name)).unwrap().to_owned()
    };
    assert_eq!(lines(stored_in_clone(&sandbox), "B="), lines(good, "B="));
    assert_eq!(flags(&sandbox, "clone", "A"), 2);
}

fn stored_in_clone(sandbox: &Sandbox) -> String {
    text(sandbox.blob("clone", ":conf/a.env"))
}

/// A member's clone of a repository that never was write-only: locked, it knows the public key and has nothing to say.
#[test]
fn a_locked_clone_of_an_ordinary_key_hears_of_no_public_key() {
    let sandbox = crate::by_value::by_value(&[]);
    sandbox.shroud("repo", ["lock", "-q"]);
    let said = sandbox.try_shroud("repo", ["doctor"]).text();
    assert!(!said.contains("public key"), "{said}");
    let said = sandbox.try_shroud("repo", ["unlock"]).stderr;
    assert!(!said.contains("public key"), "{said}");
}

/// Nor is the end of write-only keys news: a holder of the key rotates it away.
#[test]
fn a_key_that_ends_to_be_write_only_is_no_news() {
    let sandbox = contributed();
    sandbox.shroud("repo", ["key", "rotate", "-q", "--no-write-only"]);
    sandbox.git("repo", ["commit", "-q", "-m", "Rotate keys"]);
    sandbox.git("clone", ["pull", "-q"]);
    for command in ["doctor", "unlock"] {
        let done = sandbox.try_shroud("clone", [command]);
        let said = format!("{}{}", done.text(), done.stderr);
        assert!(!said.contains("taken it out"), "{said}");
    }
}

/// `unlock` is what people without the key run after a pull. It tells of a new public key as `git add` would.
#[test]
fn unlock_tells_of_a_public_key_that_it_takes() {
    let sandbox = contributed();
    sandbox.write("repo/.shroud/default/key.toml", own().write_only_key_toml("default", 9));
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "Rotate keys"]);
    sandbox.git("clone", ["pull", "-q"]);
    let id = own().id().to_string();
    let said = sandbox.try_shroud("clone", ["unlock"]).expect(2);
    said.says("as after a rotation")
        .says(&id)
        .says(&format!("has a new public key, {}", own().public()));
}

/// A holder sees it without being asked, and can put it right without a rotation.
#[test]
fn holders_hear_of_an_exchanged_public_key_and_put_it_back() {
    let sandbox = contributed();
    let good = sandbox.git("repo", ["rev-parse", "--short", "HEAD"]).text();
    let path = "clone/.shroud/default/key.toml";
    let file = text(sandbox.read(path));
    let line = file.lines().find(|line| line.starts_with("public_key")).unwrap();
    let evil = format!("public_key = \"{}\"", own().public());
    for (new, why) in [(evil.as_str(), "is not that of the key 'default'"), ("", "out of")] {
        sandbox.write(path, file.replace(line, new));
        sandbox.git("clone", ["commit", "-q", "-a", "-m", "Exchanged"]);
        sandbox.try_shroud("clone", ["check", "HEAD^!"]).expect(1);
        sandbox.git("clone", ["push", "-q"]);
        let hears = |said: &str| {
            let lines = said.lines().filter(|line| line.contains(why));
            let lines: Vec<_> = lines.collect();
            assert_eq!(lines.len(), 1, "{said}");
            // The last commit that has the true one.
            let commit = lines[0].split("git checkout ").nth(1).unwrap();
            let (commit, path) = commit.split_once(" -- ").unwrap();
            assert_eq!(path, ".shroud/default/key.toml");
            let there = text(sandbox.blob("repo", &format!("{commit}:{path}")));
            assert_eq!(there, file, "{said}");
        };
        hears(&sandbox.shroud("repo", ["unlock"]).stderr);
        hears(&sandbox.try_shroud("repo", ["status"]).stderr);
        type_in(&sandbox, "repo", "B", &format!("changed-{}", new.len()));
        hears(&sandbox.git("repo", ["add", "conf"]).stderr);
        sandbox.git("repo", ["checkout", good.trim(), "--", ".shroud/default/key.toml"]);
        sandbox.git("repo", ["commit", "-q", "-m", "Put it back"]);
        sandbox.shroud("repo", ["check", "HEAD^!"]);
        assert!(!sandbox.shroud("repo", ["status"]).stderr.contains("public key"));
        sandbox.git("clone", ["pull", "-q"]);
        type_in(&sandbox, "clone", "A", &format!("{VALUE}-{}", new.len()));
        sandbox.git("clone", ["commit", "-q", "-a", "-m", "Set A"]);
        sandbox.git("clone", ["push", "-q"]);
        assert!(text(sandbox.read("repo/conf/a.env")).contains(VALUE));
        std::fs::remove_file(sandbox.path("clone/conf/a.env")).unwrap();
        sandbox.git("clone", ["checkout", "-q", "--", "conf"]);
    }
    // Again from the beginning: only the attacks are findings.
    let all = sandbox.try_shroud("repo", ["check", "--all"]).expect(1).text();
    assert_eq!(all.matches("key-swapped").count(), 2, "{all}");
}
