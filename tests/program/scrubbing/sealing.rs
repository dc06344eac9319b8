//! Files that become sealed in every commit.

use crate::common::{Sandbox, is_sealed, needs, text};
use crate::scrubbing::{assert_clean, commit, scrub};

const PLAIN: &str = "DB_PASS=kq7vzx-9mLw2p\n";

/// `p.env` in the clear for two commits, tracked and sealed in the third; `q.env` always in the clear.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.write("repo/README", "read me\n");
    commit(&sandbox, "zero");
    sandbox.write("repo/p.env", "DB_PASS=first\n");
    sandbox.write("repo/q.env", "Q=in the clear\n");
    commit(&sandbox, "one");
    sandbox.write("repo/p.env", PLAIN);
    commit(&sandbox, "two");
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.shroud("repo", ["key", "export", "-q", "-o", "../team.key"]);
    sandbox.shroud("repo", ["track", "-q", "p.env"]);
    commit(&sandbox, "three");
    sandbox
}

#[test]
fn what_is_sealed_today_was_sealed_from_the_first_day() {
    let sandbox = repository();
    let (tip, first) = ("rev-parse HEAD^{tree}", "rev-list --max-parents=0 HEAD");
    let git = |arguments: &str| sandbox.git("repo", arguments.split(' ')).text();
    let before = (git(tip), git(first));
    scrub(&sandbox, &["--seal"]).expect(0);
    // Neither the tip nor what came before the first change is another.
    assert_eq!((git(tip), git(first)), before);
    for commit in ["HEAD", "HEAD~1", "HEAD~2"] {
        assert!(is_sealed(&sandbox.blob("repo", &format!("{commit}:p.env"))), "{commit}");
        assert!(git(&format!("show {commit}:.gitattributes")).contains("p.env shroud"));
        assert!(!is_sealed(&sandbox.blob("repo", &format!("{commit}:q.env"))));
    }
    assert_eq!(text(sandbox.read("repo/p.env")), PLAIN);
    assert_clean(&sandbox, "repo");
    sandbox.shroud("repo", ["check", "--all"]);
    scrub(&sandbox, &["--finish"]).expect(0);
    sandbox.shroud("repo", ["scan"]);
    // An old checkout opens, here and in a clone.
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.shroud("clone", ["unlock", "-q", "../team.key"]);
    for dir in ["repo", "clone"] {
        sandbox.git(dir, ["checkout", "-q", "HEAD~2"]);
        assert_eq!(text(sandbox.read(format!("{dir}/p.env"))), "DB_PASS=first\n");
        assert_clean(&sandbox, dir);
    }
}

#[test]
fn a_pattern_brings_its_line_along_and_a_key_of_its_own() {
    let sandbox = repository();
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    sandbox.git("repo", ["add", "-A"]);
    sandbox.git("repo", ["commit", "-q", "-m", "prod"]);
    sandbox.write("plan.toml", "version = 1\n[[seal]]\npattern = \"/q.env\"\nkey = \"prod\"\n");
    scrub(&sandbox, &["../plan.toml", "--seal=p.env"]).expect(0);
    for commit in ["HEAD", "HEAD~3"] {
        for path in ["p.env", "q.env"] {
            assert!(
                is_sealed(&sandbox.blob("repo", &format!("{commit}:{path}"))),
                "{commit} {path}"
            );
        }
        let lines = sandbox.git("repo", ["show", &format!("{commit}:.gitattributes")]).text();
        assert!(lines.contains("/q.env shroud shroud-key=prod"), "{lines}");
    }
    assert_eq!(text(sandbox.read("repo/q.env")), "Q=in the clear\n");
    assert_clean(&sandbox, "repo");
    sandbox.shroud("repo", ["check", "--all"]);
}

#[test]
fn as_of_each_commit_only_its_own_attributes_count() {
    let sandbox = repository();
    // Plaintext against the commit's own attributes.
    sandbox.stage_raw("repo", "p.env", b"DB_PASS=slipped\n");
    sandbox.git("repo", ["-c", "core.hooksPath=/nowhere", "commit", "-q", "-m", "slipped"]);
    sandbox.write("repo/p.env", "DB_PASS=slipped\n");
    scrub(&sandbox, &["--seal", "--as-of-commit"]).expect(0);
    assert_eq!(text(sandbox.read("repo/p.env")), "DB_PASS=slipped\n");
    assert!(is_sealed(&sandbox.blob("repo", "HEAD:p.env")));
    assert!(!is_sealed(&sandbox.blob("repo", "HEAD~2:p.env")));
    sandbox.try_git("repo", ["show", "HEAD~2:.gitattributes"]).expect(128);
    assert_clean(&sandbox, "repo");
}

#[test]
fn sealed_history_comes_under_the_current_key() {
    let sandbox = repository();
    let before = sandbox.blob("repo", "HEAD:p.env");
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    commit(&sandbox, "rotated");
    assert_eq!(sandbox.blob("repo", "HEAD~1:p.env"), before);
    scrub(&sandbox, &["--rekey", "--seal"]).expect(0);
    let now = sandbox.blob("repo", "HEAD:p.env");
    for commit in ["HEAD~1", "HEAD~2"] {
        assert_eq!(sandbox.blob("repo", &format!("{commit}:p.env")), now, "{commit}");
    }
    assert_ne!(now, before);
    assert_eq!(text(sandbox.read("repo/p.env")), PLAIN);
    assert_clean(&sandbox, "repo");
}

#[test]
fn known_values_go_where_they_stand_in_the_clear_and_stay_where_they_are_sealed() {
    let sandbox = repository();
    sandbox.write("repo/notes", "the password is kq7vzx-9mLw2p\n");
    commit(&sandbox, "copied");
    scrub(&sandbox, &["--seal", "--known"]).expect(0);
    assert_eq!(text(sandbox.read("repo/notes")), "the password is ***REMOVED:known-value***\n");
    assert_eq!(text(sandbox.read("repo/p.env")), PLAIN);
    assert_clean(&sandbox, "repo");
}

#[test]
fn what_git_crypt_encrypted_becomes_sealed() {
    needs("git-crypt", "git-crypt");
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.sh("repo", "git-crypt init");
    sandbox.write("repo/.gitattributes", "p.env filter=git-crypt diff=git-crypt\n");
    sandbox.write("repo/p.env", "DB_PASS=first\n");
    commit(&sandbox, "encrypted");
    sandbox.write("repo/p.env", PLAIN);
    commit(&sandbox, "again");
    sandbox.shroud("repo", ["migrate", "git-crypt"]);
    sandbox.git("repo", ["add", "-A"]);
    sandbox.try_git("repo", ["commit", "-q", "-m", "migrated"]);
    assert!(is_sealed(&sandbox.blob("repo", "HEAD:p.env")));
    assert!(!is_sealed(&sandbox.blob("repo", "HEAD~1:p.env")));
    scrub(&sandbox, &["--seal", "--convert", "git-crypt"]).expect(0);
    let at = |commit: &str| sandbox.blob("repo", &format!("{commit}:p.env"));
    assert!(is_sealed(&at("HEAD~2")));
    assert_eq!(at("HEAD~1"), at("HEAD"));
    sandbox.git("repo", ["checkout", "-q", "HEAD~2"]);
    assert_eq!(text(sandbox.read("repo/p.env")), "DB_PASS=first\n");
    assert_clean(&sandbox, "repo");
}

#[test]
fn attributes_in_a_folder_count_for_all_of_its_history() {
    let sandbox = repository();
    sandbox.sh("repo", "mkdir -p sub/deep && echo 'A=old in the clear' >sub/deep/a.env");
    commit(&sandbox, "in the clear");
    sandbox.write("repo/sub/.gitattributes", "*.env shroud\n");
    sandbox.sh("repo", "echo 'A=new' >sub/deep/a.env");
    commit(&sandbox, "sealed");
    scrub(&sandbox, &["--seal"]).expect(0);
    assert!(is_sealed(&sandbox.blob("repo", "HEAD~1:sub/deep/a.env")));
    sandbox.git("repo", ["checkout", "-q", "HEAD~1"]);
    assert_eq!(text(sandbox.read("repo/sub/deep/a.env")), "A=old in the clear\n");
    assert_clean(&sandbox, "repo");
}

#[test]
fn a_plan_of_a_scan_seals_the_past_and_leaves_the_tip() {
    let sandbox = repository();
    let tip = |sandbox: &Sandbox| sandbox.git("repo", ["rev-parse", "HEAD^{tree}"]).text();
    let before = tip(&sandbox);
    sandbox.try_shroud("repo", ["scan", "--plan", "../plan.toml"]).expect(1);
    let plan = text(sandbox.read("plan.toml"));
    assert!(plan.contains("pattern = \"/p.env\"") && plan.contains("# certain"), "{plan}");
    scrub(&sandbox, &["../plan.toml"]).expect(0);
    assert_eq!(tip(&sandbox), before);
    let lines = sandbox.git("repo", ["show", "HEAD~2:.gitattributes"]).text();
    assert!(
        lines.ends_with("/p.env shroud filter=shroud diff=shroud merge=shroud -text\n"),
        "{lines}"
    );
    sandbox.shroud("repo", ["check", "--all"]);
    scrub(&sandbox, &["--finish"]).expect(0);
    sandbox.shroud("repo", ["scan"]);
}
