//! Everything by which git moves content between commits: plaintext in the worktree, sealed blobs in the repository.

use crate::common::{Sandbox, is_sealed};

const BASE: &str = "A=canary-1\nB=2\nC=3\nD=4\nE=5\nF=6\n";

/// `main` and `topic` differ in the file, each with one commit on top of what they share.
fn diverged(on_main: (&str, &str), on_topic: (&str, &str)) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let commit = |(from, to): (&str, &str), message: &str| {
        sandbox.write("repo/secrets/app.env", BASE.replace(from, to));
        sandbox.git("repo", ["add", "."]);
        sandbox.git("repo", ["commit", "-q", "-m", message]);
    };
    commit(("", ""), "base");
    sandbox.git("repo", ["checkout", "-q", "-b", "topic"]);
    commit(on_topic, "topic");
    sandbox.git("repo", ["checkout", "-q", "main"]);
    commit(on_main, "main");
    sandbox
}

fn apart() -> Sandbox {
    diverged(("A=canary-1", "A=canary-main"), ("F=6", "F=canary-topic"))
}

#[track_caller]
fn assert_merged(sandbox: &Sandbox) {
    let merged = BASE.replace("canary-1", "canary-main").replace("F=6", "F=canary-topic");
    assert_eq!(String::from_utf8(sandbox.read("repo/secrets/app.env")).unwrap(), merged);
    assert_eq!(sandbox.shroud("repo", ["cat", "HEAD:secrets/app.env"]).text(), merged);
    assert_clean(sandbox);
}

#[track_caller]
fn assert_clean(sandbox: &Sandbox) {
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    sandbox.assert_no_object_holds("repo", b"canary");
}

#[test]
fn checkout_opens_the_files_of_each_branch() {
    let sandbox = apart();
    for (branch, part) in
        [("topic", "canary-topic"), ("main", "canary-main"), ("topic", "canary-topic")]
    {
        sandbox.git("repo", ["checkout", "-q", branch]);
        let text = String::from_utf8(sandbox.read("repo/secrets/app.env")).unwrap();
        assert!(text.contains(part), "{branch}: {text}");
        assert_clean(&sandbox);
    }
}

#[test]
fn stash_seals_what_it_keeps() {
    let sandbox = apart();
    let before = sandbox.read("repo/secrets/app.env");
    sandbox.write("repo/secrets/app.env", "canary-stashed");
    sandbox.write("repo/secrets/new", "canary-untracked");
    sandbox.git("repo", ["stash", "-q", "-u"]);
    assert_eq!(sandbox.read("repo/secrets/app.env"), before);
    sandbox.git("repo", ["stash", "pop", "-q"]);
    assert_eq!(sandbox.read("repo/secrets/app.env"), b"canary-stashed");
    assert_eq!(sandbox.read("repo/secrets/new"), b"canary-untracked");
    sandbox.assert_no_object_holds("repo", b"canary");
}

#[test]
fn a_stash_is_merged_with_what_came_meanwhile() {
    let sandbox = apart();
    sandbox.git("repo", ["checkout", "-q", "--detach", "main~1"]);
    sandbox.write("repo/secrets/app.env", BASE.replace("F=6", "F=canary-topic"));
    sandbox.git("repo", ["stash", "-q"]);
    sandbox.git("repo", ["checkout", "-q", "main"]);
    sandbox.git("repo", ["stash", "pop", "-q"]);
    sandbox.git("repo", ["commit", "-q", "-am", "both"]);
    assert_merged(&sandbox);
}

#[test]
fn edits_apart_are_merged_rebased_and_picked() {
    for how in [["merge", "-q", "--no-edit"].as_slice(), &["cherry-pick"], &["rebase", "-q"]] {
        let sandbox = apart();
        sandbox.git("repo", how.iter().chain(&["topic"]));
        assert_merged(&sandbox);
    }
}

#[test]
fn mailed_patches_of_sealed_files_apply_by_three_way_merge() {
    let sandbox = apart();
    let patch = sandbox
        .git("repo", ["format-patch", "-1", "--stdout", "--no-textconv", "--full-index", "topic"])
        .stdout;
    assert!(!crate::common::contains(&patch, b"canary"), "a patch for mail is sealed");
    let mut am = sandbox.command("git", "repo");
    am.args(["am", "-q", "-3"]);
    sandbox.run_with_input(am, &patch).expect(0);
    assert_merged(&sandbox);
}

#[test]
fn revert_takes_one_edit_back() {
    let sandbox = apart();
    sandbox.git("repo", ["merge", "-q", "--no-edit", "topic"]);
    sandbox.git("repo", ["revert", "--no-edit", "topic"]);
    let expected = BASE.replace("canary-1", "canary-main");
    assert_eq!(String::from_utf8(sandbox.read("repo/secrets/app.env")).unwrap(), expected);
    assert_clean(&sandbox);
}

#[test]
fn a_merge_without_worktree_writes_a_sealed_blob() {
    let sandbox = apart();
    if !sandbox.git_knows("merge-tree --write-tree", (2, 38)) {
        return;
    }
    let tree = sandbox.git("repo", ["merge-tree", "--write-tree", "main", "topic"]).text();
    let name = format!("{}:secrets/app.env", tree.trim_end());
    assert!(is_sealed(&sandbox.blob("repo", &name)));
    let merged = sandbox.shroud("repo", ["cat", &name]).text();
    assert!(merged.contains("canary-main") && merged.contains("canary-topic"), "{merged}");
}

#[test]
fn a_conflict_shows_markers_in_the_clear_and_stores_none() {
    let sandbox = diverged(("A=canary-1", "A=canary-main"), ("A=canary-1", "A=canary-topic"));
    sandbox.git("repo", ["config", "merge.conflictStyle", "diff3"]);
    sandbox.try_git("repo", ["merge", "-q", "topic"]).expect(1);
    let text = String::from_utf8(sandbox.read("repo/secrets/app.env")).unwrap();
    // git says what the sides are called from 2.44 on; before, it leaves its placeholders as they are.
    let (ours, theirs) = if text.contains("HEAD") { ("HEAD", "topic") } else { ("ours", "theirs") };
    let begin = format!("<<<<<<< {ours}\nA=canary-main\n||||||| ");
    let conflict = format!("=======\nA=canary-topic\n>>>>>>> {theirs}\nB=2\n");
    assert!(text.starts_with(&begin) && text.contains(&conflict), "{text}");
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "UU secrets/app.env\n");
    sandbox.assert_no_object_holds("repo", b"canary");
    sandbox.write("repo/secrets/app.env", BASE.replace("canary-1", "canary-both"));
    sandbox.git("repo", ["commit", "-q", "-am", "resolved"]);
    assert_clean(&sandbox);
}

#[test]
fn a_file_whose_name_begins_with_a_dash_is_merged_too() {
    let sandbox = apart();
    sandbox.shroud("repo", ["track", "-q", "--", "-app"]);
    for (branch, from, to) in
        [("main", "", ""), ("side", "A=canary-1", "A=x"), ("main", "F=6", "F=y")]
    {
        sandbox.git("repo", ["checkout", "-q", "-B", branch]);
        sandbox.write("repo/-app", BASE.replace(from, to));
        sandbox.git("repo", ["add", "."]);
        sandbox.git("repo", ["commit", "-q", "-m", branch]);
        if branch == "side" {
            sandbox.git("repo", ["checkout", "-q", "main"]);
        }
    }
    sandbox.git("repo", ["merge", "-q", "--no-edit", "side"]);
    assert_eq!(
        sandbox.read("repo/-app"),
        BASE.replace("A=canary-1", "A=x").replace("F=6", "F=y").as_bytes()
    );
    assert_clean(&sandbox);
}

#[test]
fn a_merge_in_a_locked_clone_stops_and_loses_nothing() {
    let sandbox = apart();
    sandbox.shroud("repo", ["lock"]);
    let before = sandbox.read("repo/secrets/app.env");
    assert_ne!(
        sandbox.try_git("repo", ["merge", "-q", "topic"]).says("cannot be merged").status,
        0
    );
    sandbox.git("repo", ["merge", "--abort"]);
    assert_eq!(sandbox.read("repo/secrets/app.env"), before);
    assert_clean(&sandbox);
}
