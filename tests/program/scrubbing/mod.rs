//! `git shroud scrub`: the whole program on real repositories.

mod checking;
mod command;
mod everywhere;
mod following;
#[cfg(unix)]
mod killed;
mod refusals;
mod sealing;
#[cfg(unix)]
mod signing;
mod undoing;

use crate::common::{Done, Sandbox};

fn commit(sandbox: &Sandbox, message: &str) {
    sandbox.git("repo", ["add", "-A"]);
    sandbox.git("repo", ["commit", "-q", "-m", message]);
}

/// Every ref and stash with what it names.
fn state(sandbox: &Sandbox, dir: &str) -> String {
    let refs = sandbox.git(dir, ["for-each-ref", "--format=%(objectname) %(refname)"]).text();
    refs + &sandbox.git(dir, ["stash", "list", "--format=%H"]).text()
}

#[track_caller]
fn scrub(sandbox: &Sandbox, arguments: &[&str]) -> Done {
    sandbox.try_shroud("repo", [&["scrub"], arguments].concat())
}

/// Nothing is changed, nothing is broken.
#[track_caller]
fn assert_clean(sandbox: &Sandbox, dir: &str) {
    assert_eq!(sandbox.git(dir, ["status", "--porcelain", "--untracked-files=no"]).text(), "");
    sandbox.git(dir, ["fsck", "--strict", "--no-dangling"]);
}
