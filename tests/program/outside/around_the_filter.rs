//! Plaintext that git brings to a tracked path without asking a filter: patches, merges, rebases, cherry-picks.

use crate::common::{Done, Sandbox, is_sealed};

/// On `old` a file in the clear is committed at a path that `main` has tracked since. The guards are installed.
fn branches() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git("repo", ["checkout", "-q", "-b", "old"]);
    sandbox.write("repo/certificates/new.pem", "canary\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "in the clear"]);
    sandbox.git("repo", ["format-patch", "-q", "-1", "-o", ".."]);
    sandbox.sh("repo", "git diff HEAD^ >../plain.diff");
    sandbox.git("repo", ["checkout", "-q", "main"]);
    sandbox.shroud("repo", ["track", "-q", "certificates/**"]);
    sandbox.git("repo", ["commit", "-q", "-m", "track"]);
    sandbox.shroud("repo", ["hooks", "install", "-q"]);
    sandbox
}

fn head(sandbox: &Sandbox) -> String {
    sandbox.git("repo", ["rev-parse", "HEAD"]).text()
}

/// `status` and `check` name the file that is staged in the clear, and no commit can be made of it.
#[track_caller]
fn assert_seen_and_refused(sandbox: &Sandbox) {
    let status = sandbox.try_shroud("repo", ["status"]).expect(1);
    assert!(status.text().contains("certificates/new.pem"), "{}", status.text());
    let check = sandbox.try_shroud("repo", ["check", "--staged"]).expect(1);
    assert!(check.text().contains("certificates/new.pem  plaintext"), "{}", check.text());
    let before = head(sandbox);
    sandbox.try_git("repo", ["commit", "-q", "-m", "leak"]).expect(1);
    assert_eq!(head(sandbox), before);
}

/// What `status --fix` staged is sealed.
#[track_caller]
fn fix(sandbox: &Sandbox) {
    sandbox.shroud("repo", ["status", "--fix"]);
    assert!(is_sealed(&sandbox.blob("repo", ":certificates/new.pem")));
}

#[test]
fn a_patch_in_the_clear_is_seen_at_once_and_not_committed() {
    for options in [&["apply", "--cached"][..], &["apply", "--index"], &["apply", "--index", "-3"]]
    {
        let sandbox = branches();
        sandbox.git("repo", [options, &["../plain.diff"]].concat());
        assert_seen_and_refused(&sandbox);
        if options[1] == "--index" {
            fix(&sandbox);
            sandbox.git("repo", ["commit", "-q", "-m", "sealed"]);
            sandbox.shroud("repo", ["check", "HEAD^!"]);
        }
    }
}

#[test]
fn am_of_a_patch_in_the_clear_is_refused_and_goes_on_once_it_is_sealed() {
    for option in ["--quiet", "--3way"] {
        let sandbox = branches();
        let before = head(&sandbox);
        let am = sandbox.try_git("repo", ["am", option, "../0001-in-the-clear.patch"]);
        assert!(am.status != 0);
        am.says("certificates/new.pem  plaintext").says("git shroud status --fix");
        assert_eq!(head(&sandbox), before);
        fix(&sandbox);
        sandbox.git("repo", ["am", "--continue"]);
        assert!(is_sealed(&sandbox.blob("repo", "HEAD:certificates/new.pem")));
        assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    }
}

#[test]
fn a_merge_that_brings_plaintext_to_a_path_tracked_since_is_refused() {
    let sandbox = branches();
    let before = head(&sandbox);
    let merge = sandbox.try_git("repo", ["merge", "--no-edit", "old"]);
    assert!(merge.status != 0);
    merge.says("certificates/new.pem  plaintext");
    assert_eq!(head(&sandbox), before);
    assert_seen_and_refused(&sandbox);
    fix(&sandbox);
    sandbox.git("repo", ["commit", "-q", "--no-edit"]);
    assert_eq!(sandbox.git("repo", ["rev-list", "--count", "--merges", "HEAD"]).text(), "1\n");
    sandbox.shroud("repo", ["check", "HEAD^!"]);
    // Plaintext that the other side answers for hinders no further merge.
    sandbox.git("repo", ["checkout", "-q", "-b", "wrong", "HEAD^"]);
    sandbox.stage_raw("repo", "certificates/wrong.pem", b"canary\n");
    sandbox.git("repo", ["commit", "-q", "--no-verify", "-m", "wrong"]);
    sandbox.git("repo", ["checkout", "-q", "-f", "main"]);
    sandbox.git("repo", ["merge", "-q", "--no-edit", "wrong"]);
}

/// The message of the guard, and the commit that was made nevertheless.
#[track_caller]
fn assert_told(sandbox: &Sandbox, done: Done) {
    done.expect(0).says("certificates/new.pem  plaintext").says("git shroud scrub --seal");
    assert!(!is_sealed(&sandbox.blob("repo", "HEAD:certificates/new.pem")));
}

#[test]
fn rebase_and_cherry_pick_tell_of_plaintext_that_they_commit() {
    let sandbox = branches();
    let picked = sandbox.try_git("repo", ["cherry-pick", "old"]);
    assert_told(&sandbox, picked);
    sandbox.git("repo", ["reset", "-q", "--hard", "HEAD^"]);
    sandbox.git("repo", ["checkout", "-q", "old"]);
    let rebased = sandbox.try_git("repo", ["rebase", "main"]);
    assert_told(&sandbox, rebased);
    // Commits that are as they should be say nothing.
    sandbox.git("repo", ["checkout", "-q", "-f", "main"]);
    sandbox.write("repo/certificates/sealed.pem", "sealed\n");
    sandbox.git("repo", ["add", "."]);
    for arguments in [
        &["commit", "-q", "-m", "sealed"][..],
        &["commit", "-q", "--amend", "-m", "amended"],
        &["revert", "--no-edit", "HEAD"],
        &["cherry-pick", "HEAD^"],
        &["rebase", "-q", "--force-rebase", "HEAD~3"],
    ] {
        let done = sandbox.git("repo", arguments);
        assert!(!done.stderr.contains("git-shroud"), "{arguments:?}: {}", done.stderr);
    }
}
