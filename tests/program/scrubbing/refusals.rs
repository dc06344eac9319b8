//! Where a scrub would lose something, it does not begin, and says what to do.

use crate::common::Sandbox;
use crate::scrubbing::{commit, scrub, state};

fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.write("repo/a", "a\n");
    commit(&sandbox, "one");
    sandbox.write("repo/a", "b\n");
    commit(&sandbox, "two");
    sandbox
}

#[track_caller]
fn is_refused(sandbox: &Sandbox, said: &str) {
    let before = state(sandbox, "repo");
    scrub(sandbox, &["--drop", "a"]).expect(1).says(said).says("hint:");
    assert_eq!(state(sandbox, "repo"), before);
    assert!(!sandbox.path("repo/.git/git-shroud/scrub").exists());
}

#[test]
fn work_in_any_worktree_is_kept() {
    let sandbox = repository();
    sandbox.write("repo/a", "c\n");
    is_refused(&sandbox, "not committed: a");
    sandbox.git("repo", ["add", "a"]);
    is_refused(&sandbox, "not committed: a");
    sandbox.git("repo", ["reset", "-q", "--hard"]);
    sandbox.git("repo", ["update-index", "--assume-unchanged", "a"]);
    sandbox.write("repo/a", "c\n");
    is_refused(&sandbox, "told not to look at (--assume-unchanged or --skip-worktree): a");
    sandbox.git("repo", ["update-index", "--no-assume-unchanged", "a"]);
    sandbox.git("repo", ["update-index", "--skip-worktree", "a"]);
    is_refused(&sandbox, "told not to look at (--assume-unchanged or --skip-worktree): a");
    sandbox.git("repo", ["update-index", "--no-skip-worktree", "a"]);
    sandbox.git("repo", ["checkout", "-q", "a"]);
    sandbox.git("repo", ["worktree", "add", "-q", "../other", "-b", "other"]);
    sandbox.write("other/a", "d\n");
    is_refused(&sandbox, "other has changes");
    sandbox.git("other", ["checkout", "-q", "a"]);
    sandbox.sh(".", "mv other elsewhere");
    is_refused(&sandbox, "is not there");
}

#[test]
fn a_file_without_a_change_may_be_assumed_unchanged() {
    let sandbox = repository();
    sandbox.write("repo/b", "stays\n");
    sandbox.git("repo", ["add", "b"]);
    sandbox.git("repo", ["commit", "-q", "-m", "b"]);
    sandbox.git("repo", ["update-index", "--assume-unchanged", "a", "b"]);
    scrub(&sandbox, &["--drop", "a"]).expect(0);
    assert_eq!(sandbox.read("repo/b"), b"stays\n");
    assert!(!sandbox.path("repo/a").exists());
}

#[test]
fn what_a_sparse_checkout_leaves_out_is_no_work() {
    let sandbox = repository();
    sandbox.sh("repo", "mkdir d e && echo d >d/d && echo e >e/e");
    commit(&sandbox, "folders");
    sandbox.git("repo", ["sparse-checkout", "set", "d"]);
    scrub(&sandbox, &["--drop", "a"]).expect(0);
    assert!(sandbox.path("repo/d/d").exists() && !sandbox.path("repo/e").exists());
}

#[test]
fn what_is_under_way_comes_first() {
    let sandbox = repository();
    sandbox.git("repo", ["bisect", "start"]);
    is_refused(&sandbox, "is in progress");
    sandbox.git("repo", ["bisect", "reset"]);
    sandbox.sh("repo", "mkdir -p .git/git-shroud/rotation");
    is_refused(&sandbox, "a key rotation is in progress");
}

#[test]
fn a_clone_that_lacks_something_is_no_place_for_it() {
    let sandbox = repository();
    let url = format!("file://{}", sandbox.path("repo").display());
    sandbox.git(".", ["clone", "-q", "--depth=1", &url, "shallow"]);
    sandbox.try_shroud("shallow", ["scrub", "--drop", "a"]).expect(1).says("shallow");
    sandbox.git("repo", ["config", "uploadpack.allowFilter", "true"]);
    sandbox.git(".", ["clone", "-q", "--filter=blob:none", &url, "partial"]);
    sandbox.try_shroud("partial", ["scrub", "--drop", "a"]).expect(1).says("partial clone");
    let head = sandbox.git("repo", ["rev-parse", "HEAD"]).text();
    sandbox.write("repo/.git/info/grafts", head);
    scrub(&sandbox, &["--drop", "a"]).expect(1).says("grafts");
}

#[test]
fn a_key_that_is_needed_must_be_held() {
    let sandbox = repository();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let refused = sandbox.try_shroud("clone", ["scrub", "--seal=/a"]).expect(1);
    refused.says("no key is held").says("git shroud unlock");
}

#[test]
fn a_ref_that_moved_since_is_not_moved_back() {
    let sandbox = repository();
    scrub(&sandbox, &["--drop", "a"]).expect(0);
    sandbox.write("repo/new", "new\n");
    commit(&sandbox, "new work");
    let now = state(&sandbox, "repo");
    scrub(&sandbox, &["--undo"]).expect(1).says("refs/heads/main was moved since");
    assert_eq!(state(&sandbox, "repo"), now);
}
