//! Which version the file of the worktree comes from decides what a value is: so only git's own checkout may say that.

use super::guesses::{git, seen, tells_nothing};
use super::{contributed, flags, type_in};
use crate::common::{Sandbox, text};

/// As an editor does that saves without a change.
fn touch(sandbox: &Sandbox) {
    sandbox.sh("repo", "cat conf/a.env > copy && cat copy > conf/a.env && rm copy");
}

const SHOWN: [&str; 5] = [
    "git diff HEAD~1 HEAD",
    "git archive -o ../a.tar HEAD~1",
    "git cat-file --filters HEAD~1:conf/a.env",
    "git difftool -y -x true HEAD~1 HEAD",
    "git shroud cat HEAD~1:conf/a.env",
];

#[test]
fn a_version_that_is_shown_is_not_where_the_file_comes_from() {
    for script in SHOWN {
        let show = |sandbox: &Sandbox| {
            sandbox.sh("repo", script);
            touch(sandbox);
            git(sandbox, &["add", "conf"]);
        };
        assert_eq!(seen("one", show), (2, false, true), "{script}");
        assert_eq!(seen("two", show), (2, false, true), "{script}");
    }
}

#[test]
fn nor_where_the_index_has_another_version() {
    for script in SHOWN.map(|script| script.replace("HEAD", "main@{1}")) {
        tells_nothing(|sandbox| {
            git(sandbox, &["reset", "-q", "HEAD~1"]);
            sandbox.sh("repo", &script);
            touch(sandbox);
            git(sandbox, &["add", "conf"]);
        });
    }
}

#[test]
fn a_repository_that_was_moved_knows_its_files() {
    tells_nothing(|sandbox| {
        std::fs::rename(sandbox.path("repo"), sandbox.path("moved")).unwrap();
        sandbox.git("moved", ["reset", "-q", "HEAD~1"]);
        sandbox.git("moved", ["commit", "-q", "-a", "--allow-empty", "-m", "Again"]);
        std::fs::rename(sandbox.path("moved"), sandbox.path("repo")).unwrap();
    });
    tells_nothing(|sandbox| {
        sandbox.sh(
            "repo",
            "git worktree add -q ../linked main~0 && git worktree move ../linked ../l2",
        );
        sandbox.git("l2", ["reset", "-q", "HEAD~1"]);
        sandbox.git("l2", ["commit", "-q", "-a", "--allow-empty", "-m", "Again"]);
        sandbox.sh(
            "repo",
            "git update-ref refs/heads/l2 $(git -C ../l2 rev-parse HEAD) && git checkout -q l2",
        );
    });
}

/// It is older than what was checked out meanwhile.
#[test]
fn a_file_that_is_moved_away_and_back_comes_from_its_own_version() {
    for meanwhile in ["git checkout -q HEAD~1 -- conf/a.env", "git checkout -q HEAD~1"] {
        let script = format!(
            "mv conf/a.env ../away.env; {meanwhile}; mv ../away.env conf/a.env; git add conf"
        );
        let act = |sandbox: &Sandbox| drop(sandbox.sh("repo", &script));
        let (right, wrong) = (seen("one", act), seen("two", act));
        assert_eq!((right, wrong), ((2, false, true), (2, false, true)), "{meanwhile}");
    }
}

/// Where nothing is known of the file, the last commit counts.
#[test]
fn a_clone_that_lost_its_memory_of_files_keeps_what_the_last_commit_has() {
    tells_nothing(|sandbox| {
        sandbox.sh("repo", "sed -i '/^= /d' .git/git-shroud/received");
        git(sandbox, &["restore", "--staged", "--source=HEAD~1", "conf/a.env"]);
        git(sandbox, &["commit", "-q", "-a", "--allow-empty", "-m", "Again"]);
    });
}

/// A file that git puts there again comes from that version.
#[test]
fn a_version_that_is_checked_out_is_where_the_file_comes_from() {
    let back = |sandbox: &Sandbox| {
        git(sandbox, &["checkout", "-q", "HEAD~1", "--", "conf/a.env"]);
        touch(sandbox);
        git(sandbox, &["add", "conf"]);
    };
    assert_eq!((seen("one", back), seen("two", back)), ((0, true, false), (0, true, false)));
}

#[test]
fn a_name_that_is_new_beside_such_a_value_may_be_a_copy() {
    let sandbox = contributed();
    type_in(&sandbox, "clone", "A", "guess");
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Set A"]);
    sandbox.git("clone", ["push", "-q"]);
    sandbox
        .write("repo/conf/a.env", format!("{}NEW=guess\n", text(sandbox.read("repo/conf/a.env"))));
    // git asks twice, and gets the same.
    git(&sandbox, &["commit", "-q", "-m", "Copy", "conf/a.env"]);
    assert_eq!(flags(&sandbox, "repo", "NEW"), 2);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain", "-uno"]).text(), "");
    assert_eq!(sandbox.blob("repo", ":conf/a.env"), sandbox.blob("repo", "HEAD:conf/a.env"));
    // The holder's next change is ordinary.
    git(&sandbox, &["checkout", "-q", "--force", "HEAD"]);
    sandbox.sh("repo", "rm conf/a.env && git checkout -q -- conf/a.env");
    type_in(&sandbox, "repo", "NEW", "changed");
    git(&sandbox, &["add", "conf"]);
    assert_eq!(flags(&sandbox, "repo", "NEW"), 0);
}

/// What cannot be remembered may have been anything.
#[test]
fn a_memory_that_cannot_be_written_is_said_and_makes_nothing_ordinary() {
    let sandbox = contributed();
    std::fs::create_dir(sandbox.path("repo/.git/git-shroud/received")).unwrap();
    type_in(&sandbox, "clone", "A", "guess");
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Set A"]);
    sandbox.git("clone", ["push", "-q"]);
    git(&sandbox, &["checkout", "-q", "HEAD~1"]);
    let back = sandbox.git("repo", ["checkout", "-q", "main"]);
    back.says("git-shroud/received cannot be written");
    type_in(&sandbox, "repo", "B", "changed");
    git(&sandbox, &["add", "conf"]);
    assert_eq!((flags(&sandbox, "repo", "A"), flags(&sandbox, "repo", "B")), (2, 2));
    sandbox.sh("repo", "rmdir .git/git-shroud/received");
    git(&sandbox, &["commit", "-q", "-m", "B"]);
    sandbox.sh("repo", "rm conf/a.env && git checkout -q -- conf/a.env");
    type_in(&sandbox, "repo", "B", "again");
    git(&sandbox, &["add", "conf"]);
    assert_eq!((flags(&sandbox, "repo", "A"), flags(&sandbox, "repo", "B")), (2, 0));
}
