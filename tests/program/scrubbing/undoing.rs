//! Taking a scrub back, and what is said where something of it was damaged.

use crate::common::gits::has_logs_in_files;
use crate::common::{Sandbox, text};
use crate::scrubbing::{commit, scrub};

/// A repository with a password in its history and a linked worktree `m`.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.write("repo/app.conf", "pass = kq7vzx-9mLw2p\n");
    commit(&sandbox, "one");
    sandbox.git("repo", ["worktree", "add", "-q", "../m", "-b", "m"]);
    sandbox.git("m", ["commit", "-q", "--allow-empty", "-m", "in m"]);
    sandbox.write("values", "kq7vzx-9mLw2p\n");
    sandbox
}

#[test]
fn a_worktree_that_came_since_keeps_its_reflog() {
    if !has_logs_in_files() {
        return;
    }
    let sandbox = repository();
    let log = |name: &str| text(sandbox.read(format!("repo/.git/worktrees/{name}/logs/HEAD")));
    let (main, m) = (text(sandbox.read("repo/.git/logs/HEAD")), log("m"));
    scrub(&sandbox, &["--value-file", "../values"]).expect(0);
    // By its name it comes before the one that was there.
    sandbox.git("repo", ["worktree", "add", "-q", "--detach", "../a", "main"]);
    let a = log("a");
    // What comes leads to the new history, and goes before it is taken back.
    scrub(&sandbox, &["--undo"]).expect(0);
    assert_eq!(log("a"), a, "the reflog of the new worktree is another's");
    assert_eq!((text(sandbox.read("repo/.git/logs/HEAD")), log("m")), (main, m));
}

#[test]
fn reflogs_that_an_earlier_version_kept_by_number_go_to_their_worktree() {
    if !has_logs_in_files() {
        return;
    }
    let sandbox = repository();
    let log = |name: &str| text(sandbox.read(format!("repo/.git/worktrees/{name}/logs/HEAD")));
    let m = log("m");
    scrub(&sandbox, &["--value-file", "../values"]).expect(0);
    sandbox.sh("repo/.git/git-shroud/scrub/1/logs", "mv worktrees/m 1 && rmdir worktrees");
    sandbox.git("repo", ["worktree", "add", "-q", "--detach", "../a", "main"]);
    let a = log("a");
    scrub(&sandbox, &["--undo"]).expect(0);
    assert_eq!((log("a"), log("m")), (a, m));
}

#[test]
fn a_list_of_secrets_that_is_damaged_is_not_an_empty_one() {
    let sandbox = repository();
    scrub(&sandbox, &["--value-file", "../values"]).expect(0);
    let folder = "repo/.git/git-shroud/scrub/1";
    let record = text(sandbox.read(format!("{folder}/record.json")));
    for damage in ["{", ""] {
        sandbox.write(format!("{folder}/record.json"), record.replace("\"done\"", "\"moved\""));
        sandbox.write(format!("{folder}/exposed.json"), damage);
        scrub(&sandbox, &["--continue"]).expect(3).says("exposed.json cannot be read");
    }
}

#[test]
fn a_stash_log_that_cannot_be_read_stops_undo_before_anything_moves() {
    let sandbox = repository();
    for content in ["a", "b"] {
        sandbox.write("repo/app.conf", format!("{content} kq7vzx-9mLw2p\n"));
        sandbox.git("repo", ["stash", "-q"]);
    }
    let stashes = || sandbox.git("repo", ["log", "-g", "--format=%H", "refs/stash"]).text();
    let before = stashes();
    scrub(&sandbox, &["--value-file", "../values"]).expect(0);
    let (new, head) = (stashes(), sandbox.git("repo", ["rev-parse", "HEAD"]).text());
    let logs = "repo/.git/git-shroud/scrub/1/logs/0/refs";
    sandbox.sh(logs, "mv stash aside && mkdir stash");
    scrub(&sandbox, &["--undo"]).expect(2).says("the reflog of the stash");
    sandbox.sh(logs, "rmdir stash");
    scrub(&sandbox, &["--undo"]).expect(2).says("is missing in");
    assert_eq!((stashes(), sandbox.git("repo", ["rev-parse", "HEAD"]).text()), (new, head));
    sandbox.sh(logs, "mv aside stash");
    scrub(&sandbox, &["--undo"]).expect(0);
    assert_eq!(stashes(), before);
}

#[cfg(unix)]
#[test]
fn names_that_need_quotes_are_no_work_and_their_changes_are() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    let names = ["a \"b\"\n\\c\t\x01", "ä ö", "-n", "plain"];
    for name in names {
        sandbox.write(format!("repo/{name}"), "pass = kq7vzx-9mLw2p\n");
    }
    std::os::unix::fs::symlink("kq7vzx-9mLw2p", sandbox.path("repo/link")).unwrap();
    commit(&sandbox, "one");
    sandbox.write("values", "kq7vzx-9mLw2p\n");
    scrub(&sandbox, &["--value-file", "../values"]).expect(0);
    for name in names {
        assert!(!text(sandbox.read(format!("repo/{name}"))).contains("kq7vzx"), "{name:?}");
    }
    // Files that have come to the same content by themselves are none of anybody's work.
    sandbox.sh("repo", "for f in *; do [ -L \"$f\" ] || touch -- \"$f\"; done");
    scrub(&sandbox, &["--undo"]).expect(0);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}

#[test]
fn all_stashes_of_a_reftable_are_rewritten_kept_and_put_back() {
    let sandbox = Sandbox::new();
    if !sandbox.git_knows("reftable", (2, 45)) {
        return;
    }
    sandbox.git(".", ["init", "-q", "-b", "main", "--ref-format=reftable", "repo"]);
    sandbox.write("repo/a.conf", "password=canary-of-all\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "1"]);
    for name in ["first", "second canary-of-all", "third"] {
        sandbox.write("repo/a.conf", format!("password=canary-of-all\n{name}\n"));
        sandbox.git("repo", ["stash", "push", "-q", "-m", name]);
    }
    sandbox.write("values", "canary-of-all\n");
    let stashes = || sandbox.git("repo", ["stash", "list", "--format=%H %gs %gn %ge"]).text();
    let before = stashes();
    scrub(&sandbox, &["--value-file", "../values"]).expect(0);
    let after = stashes();
    assert_eq!(after.lines().count(), 3, "{after}");
    assert!(after.contains("On main: third Ann ann@example.com") && !after.contains("canary"));
    scrub(&sandbox, &["--undo"]).expect(0);
    assert_eq!(stashes(), before);
    scrub(&sandbox, &["--value-file", "../values"]).expect(0);
    scrub(&sandbox, &["--finish"]).expect(0);
    assert_eq!(stashes(), after);
    sandbox.assert_no_object_holds("repo", b"canary");
    sandbox.git("repo", ["stash", "pop", "-q", "stash@{2}"]);
    assert!(sandbox.read("repo/a.conf").ends_with(b"first\n"));
    sandbox.git("repo", ["fsck"]);
}
