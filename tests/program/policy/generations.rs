//! The generation that seals is the one that the tree describes.

use crate::common::{SECRETS, Sandbox};
use crate::policy::{commit, key_id, sealed_with, state};

fn team() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["alice", "bob"]);
    sandbox
}

/// Seals a new file, and sees that everything agrees that all is well, also for somebody else.
#[track_caller]
fn assert_seals_with(sandbox: &Sandbox, dir: &str, path: &str, generation: u64) {
    sandbox.write(format!("{dir}/{path}"), "canary-new\n");
    sandbox.git(dir, ["add", path]);
    let id = key_id(sandbox, dir, "default", generation);
    assert_eq!(sealed_with(sandbox, dir, &format!(":{path}")), id);
    assert_eq!(state(sandbox, dir, path), "sealed");
    sandbox.shroud(dir, ["check", "--staged"]);
    sandbox.shroud(dir, ["status"]);
    let findings = sandbox.try_shroud(dir, ["doctor", "--json"]).text();
    assert!(!findings.contains("need attention"), "{findings}");
}

#[test]
fn a_branch_that_never_saw_the_rotation_keeps_its_key() {
    let sandbox = team();
    sandbox.git("repo", ["checkout", "-q", "-b", "rotated"]);
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    assert_seals_with(&sandbox, "repo", "secrets/there", 2);
    commit(&sandbox, "repo", "rotated");
    sandbox.git("repo", ["checkout", "-q", "main"]);
    assert_seals_with(&sandbox, "repo", "secrets/here", 1);
    sandbox.write("repo/secrets/db.env", "PASSWORD=canary-changed\n");
    commit(&sandbox, "repo", "on main");
    let old = key_id(&sandbox, "repo", "default", 1);
    assert_eq!(sealed_with(&sandbox, "repo", "HEAD:secrets/db.env"), old);
    // A colleague who knows nothing of the rotation opens all of it.
    sandbox.unlocked_clone("repo", "clone", "bob").expect(0);
    assert_eq!(sandbox.read("clone/secrets/here"), b"canary-new\n");
    // Merged, all goes on with the later generation.
    sandbox.git("repo", ["merge", "-q", "--no-edit", "rotated"]);
    sandbox.shroud("repo", ["check", "HEAD"]);
    assert_eq!(state(&sandbox, "repo", "secrets/here"), "retired-key");
    sandbox.shroud("repo", ["status", "--fix"]);
    assert_seals_with(&sandbox, "repo", "secrets/merged", 2);
    let merged = sealed_with(&sandbox, "repo", "HEAD:secrets/db.env");
    assert_eq!(merged, key_id(&sandbox, "repo", "default", 2), "both sides changed it");
}

#[test]
fn a_dropped_rotation_leaves_the_key_as_it_was() {
    for how in [["reset", "-q", "--hard"].as_slice(), &["reset", "-q", "--hard", "HEAD~1"]] {
        let sandbox = team();
        sandbox.shroud("repo", ["key", "rotate", "-q"]);
        if how.len() > 3 {
            sandbox.git("repo", ["commit", "-q", "-m", "rotate"]);
        }
        sandbox.git("repo", how);
        assert_seals_with(&sandbox, "repo", "secrets/new", 1);
        let mut edit = sandbox.command("git-shroud", "repo");
        edit.args(["edit", "--on-disk", "secrets/db.env"]);
        edit.env("GIT_EDITOR", "printf 'PASSWORD=edited\\n' >");
        sandbox.run(edit).expect(0);
        sandbox.git("repo", ["add", "."]);
        let old = key_id(&sandbox, "repo", "default", 1);
        assert_eq!(sealed_with(&sandbox, "repo", ":secrets/db.env"), old);
    }
}

#[test]
fn a_linked_worktree_and_an_old_commit_keep_theirs() {
    let sandbox = team();
    sandbox.git("repo", ["worktree", "add", "-q", "../linked", "-b", "side"]);
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    commit(&sandbox, "repo", "rotate");
    assert_seals_with(&sandbox, "linked", "secrets/side", 1);
    assert_seals_with(&sandbox, "repo", "secrets/main", 2);
    sandbox.git("repo", ["commit", "-q", "-m", "new"]);
    sandbox.git("repo", ["checkout", "-q", "--detach", "HEAD~2"]);
    assert_seals_with(&sandbox, "repo", "secrets/detached", 1);
}

#[test]
fn what_an_undescribed_generation_sealed_is_named_and_mended() {
    let sandbox = team();
    sandbox.git("repo", ["checkout", "-q", "-b", "rotated"]);
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    commit(&sandbox, "repo", "rotate");
    let sealed = sandbox.blob("repo", "HEAD:secrets/db.env");
    sandbox.git("repo", ["checkout", "-q", "main"]);
    sandbox.stage_raw("repo", "secrets/db.env", &sealed);
    assert_eq!(state(&sandbox, "repo", "secrets/db.env"), "unknown-key");
    let found = sandbox.try_shroud("repo", ["check", "--staged", "--json"]).expect(1).json();
    assert_eq!(found["findings"][0]["problem"], "unknown-key");
    sandbox.shroud("repo", ["status", "--fix", "-q"]);
    let old = key_id(&sandbox, "repo", "default", 1);
    assert_eq!(sealed_with(&sandbox, "repo", ":secrets/db.env"), old);
}

/// A removed member, or anybody who can push, puts the old description back.
#[test]
fn a_description_that_was_put_back_seals_nothing() {
    let sandbox = team();
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    commit(&sandbox, "repo", "rotate");
    sandbox.unlocked_clone("repo", "clone", "alice").expect(0);
    sandbox.sh(
        "repo",
        "git checkout -q HEAD~1 -- .shroud; git commit -qm back; git checkout -q HEAD~2 -- secrets; git commit -qm files",
    );
    sandbox.git("clone", ["pull", "-q"]);
    sandbox.write("clone/secrets/new", "canary-new");
    let refused = sandbox.try_git("clone", ["add", "secrets/new"]).expect(128);
    refused
        .says("is generation 1, but this clone has held generation 2, and commit ")
        .says("git checkout COMMIT -- .shroud");
    sandbox.write("clone/secrets/db.env", "canary-changed");
    sandbox.try_git("clone", ["commit", "-qam", "changed"]).expect(128);
    for command in [["status", "--fix"].as_slice(), &["track", "other"]] {
        let done = sandbox.try_shroud("clone", command);
        assert!(done.status == 1 || command[0] == "status", "{done:?}");
    }
    sandbox.assert_no_object_holds("clone", b"canary");
    // Nothing new is sealed with the old generation by any command.
    let mut edit = sandbox.command("git-shroud", "clone");
    edit.args(["edit", "--on-disk", "secrets/edited"]).env("GIT_EDITOR", "echo canary >");
    sandbox.run(edit).expect(1).says("an older key seals nothing");
    // Whoever looks is told, also where every file is as old as the description, and where no key is held any more.
    sandbox.git("clone", ["reset", "-q", "--hard"]);
    sandbox.sh(".", "cp -a clone locked");
    // Who deleted the grants of the newer key keeps nobody from locking.
    sandbox.shroud("locked", ["lock", "-q"]);
    for (dir, command) in
        [("clone", "status"), ("clone", "doctor"), ("locked", "status"), ("locked", "doctor")]
    {
        let done = sandbox.try_shroud(dir, [command]).expect(1);
        let all = done.text() + &done.stderr;
        assert!(
            all.contains("generation 1, but this clone has held generation 2, and commit "),
            "{dir}: {all}"
        );
        assert!(all.contains("git checkout COMMIT -- .shroud"), "{all}");
    }
    sandbox.write("clone/secrets/new", "canary-new");
    // The way out that the message names.
    let commit = sandbox.git("clone", ["log", "--format=%h", "-1", "--grep=^rotate"]).text();
    sandbox.git("clone", ["checkout", "-q", commit.trim_end(), "--", ".shroud"]);
    sandbox.git("clone", ["add", "secrets/new"]);
    let new = key_id(&sandbox, "clone", "default", 2);
    assert_eq!(sealed_with(&sandbox, "clone", ":secrets/new"), new);
}

#[test]
fn a_locked_clone_tells_a_swapped_key_and_nothing_of_an_older_branch() {
    let sandbox = team();
    sandbox.git("repo", ["branch", "before"]);
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    commit(&sandbox, "repo", "rotate");
    sandbox.unlocked_clone("repo", "clone", "alice").expect(0);
    sandbox.shroud("clone", ["lock", "-q"]);
    let told = |dir: &str| {
        let said = |command| {
            let done = sandbox.try_shroud(dir, [command]);
            done.text() + &done.stderr
        };
        (said("status"), said("doctor"))
    };
    // A branch of before the rotation, and the newest: nothing is wrong.
    for branch in ["origin/before", "origin/main"] {
        sandbox.git("clone", ["checkout", "-q", branch]);
        let (status, doctor) = told("clone");
        assert!(!(status + &doctor).contains("has held"), "{branch}");
    }
    let mallory = crate::common::attacker::RawKey([7; 32]);
    sandbox.write("clone/.shroud/default/key.toml", mallory.key_toml("default", 2, &[]));
    sandbox.git("clone", ["commit", "-q", "-am", "swap"]);
    let (status, doctor) = told("clone");
    for said in [status, doctor] {
        assert!(said.contains(&mallory.id()) && said.contains("swapped"), "{said}");
    }
}

#[test]
fn where_history_is_cut_off_nothing_is_sealed_with_the_older_key() {
    let sandbox = team();
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    commit(&sandbox, "repo", "rotate");
    sandbox.sh(
        "repo",
        "git checkout -q HEAD~1 -- .; git commit -qm back; git clone -q --bare . ../bare",
    );
    let url = format!("file://{}", sandbox.path("bare").display());
    sandbox.git(".", ["clone", "-q", "--depth=1", &url, "shallow"]);
    sandbox.sh(
        "shallow",
        "mkdir -p .git/git-shroud; cp ../repo/.git/git-shroud/keyring .git/git-shroud/",
    );
    sandbox.try_shroud("shallow", ["unlock", "-i", "../alice.age"]);
    sandbox.sh("shallow", "git config filter.shroud.process 'git-shroud filter-process'; git config filter.shroud.required true");
    sandbox.write("shallow/secrets/new", "canary-new");
    sandbox.try_git("shallow", ["add", "secrets/new"]).expect(128).says("git fetch --unshallow");
    sandbox.assert_no_object_holds("shallow", b"canary-new");
}

#[test]
fn a_key_that_no_tree_describes_seals_nothing() {
    let sandbox = team();
    sandbox.git("repo", ["checkout", "-q", "--orphan", "bare-beginning"]);
    sandbox.sh("repo", "git rm -rq --cached .shroud; rm -r .shroud");
    sandbox.write("repo/secrets/new", "canary-new");
    sandbox
        .try_git("repo", ["add", "secrets/new"])
        .expect(128)
        .says("in this worktree does not describe it")
        .says("git checkout BRANCH -- .shroud");
    sandbox.assert_no_object_holds("repo", b"canary-new");
    sandbox.git("repo", ["checkout", "-q", "main", "--", ".shroud"]);
    sandbox.git("repo", ["add", "secrets/new"]);
    assert_eq!(state(&sandbox, "repo", "secrets/new"), "sealed");
}

#[test]
fn a_rotation_on_an_older_branch_is_refused_until_it_is_merged() {
    let sandbox = team();
    sandbox.git("repo", ["branch", "old"]);
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    commit(&sandbox, "repo", "rotate");
    sandbox.git("repo", ["checkout", "-q", "old"]);
    sandbox.try_shroud("repo", ["key", "rotate"]).expect(1).says("is not the one in .shroud/");
    assert_eq!(sandbox.read("repo/secrets/db.env"), SECRETS[0].1.as_bytes());
    sandbox.git("repo", ["merge", "-q", "main"]);
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    assert_seals_with(&sandbox, "repo", "secrets/new", 3);
}

#[test]
fn lock_seals_changes_with_the_described_generation_and_closes_whatever_is_described() {
    let sandbox = team();
    sandbox.git("repo", ["checkout", "-q", "-b", "rotated"]);
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    commit(&sandbox, "repo", "rotate");
    sandbox.git("repo", ["checkout", "-q", "main"]);
    sandbox.write("repo/secrets/db.env", "canary-changed\n");
    sandbox.shroud("repo", ["key", "export", "-q", "-o", "../rotated.key"]);
    let old = key_id(&sandbox, "repo", "default", 1);
    sandbox.shroud("repo", ["lock", "-q", "--force"]);
    let sealed = sandbox.read("repo/secrets/db.env");
    let id: String = sealed[8..24].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(id, old);
    // An old description that somebody has pushed keeps nobody from closing a clone.
    sandbox.git("repo", ["checkout", "-q", "-f", "rotated"]);
    sandbox.unlocked_clone("repo", "clone", "alice").expect(0);
    sandbox.shroud("clone", ["key", "export", "-q", "-o", "../alices.key"]);
    sandbox.sh("clone", "git checkout -q HEAD~1 -- .; git commit -qm back");
    sandbox.shroud("clone", ["lock"]);
    assert_ne!(sandbox.read("clone/secrets/db.env"), SECRETS[0].1.as_bytes());
}
