//! Members, rotation and the guard wherever a repository can stand; what git keeps beside it; who it belongs to.

use std::fs;

use crate::common::{Done, SECRETS, Sandbox, is_sealed};

/// A repository with the member ann; bob has an identity and is to become one.
fn with_member() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["ann"]);
    sandbox.git("repo", ["config", "uploadpack.allowFilter", "true"]);
    let bob = sandbox.age_identity("bob");
    (sandbox, bob)
}

#[track_caller]
fn assert_open(sandbox: &Sandbox, dir: &str, open: bool) {
    for (path, content) in &SECRETS[..2] {
        let there = sandbox.read(format!("{dir}/{path}"));
        assert_eq!(there == content.as_bytes(), open, "{dir}/{path}");
        assert_eq!(is_sealed(&there), !open, "{dir}/{path}");
    }
}

/// Unlocks as ann, adds bob, rotates, is checked, locks, and unlocks as bob.
#[track_caller]
fn members_live_in(sandbox: &Sandbox, dir: &str, bob: &str, env: &[(&str, String)]) {
    let run = |program: &str, args: &[&str]| -> Done {
        let mut command = sandbox.command(program, dir);
        command.args(args).envs(env.iter().map(|(name, value)| (*name, value)));
        sandbox.run(command)
    };
    let shroud = |args: &[&str]| run(env!("CARGO_BIN_EXE_git-shroud"), args).expect(0);
    let git = |args: &[&str]| run("git", args).expect(0);
    let identity = |name: &str| sandbox.path(format!("{name}.age")).to_str().unwrap().to_owned();
    shroud(&["unlock", "-i", &identity("ann")]);
    assert_open(sandbox, dir, true);
    shroud(&["member", "add", bob, "--label", "bob"]);
    git(&["commit", "-q", "-m", "bob"]);
    shroud(&["key", "rotate"]);
    shroud(&["check", "--staged"]);
    git(&["commit", "-q", "-m", "rotated"]);
    shroud(&["check", "HEAD~2..HEAD"]);
    shroud(&["status"]);
    assert_eq!(git(&["status", "--porcelain"]).text(), "");
    shroud(&["lock"]);
    assert_open(sandbox, dir, false);
    shroud(&["unlock", "-i", &identity("bob")]);
    assert_open(sandbox, dir, true);
    assert_eq!(git(&["status", "--porcelain"]).text(), "");
    git(&["fsck", "--strict", "--no-dangling"]);
}

#[test]
fn members_in_every_form_of_a_clone() {
    let forms: [(&[&str], &[&[&str]]); 7] = [
        (&["--shared"], &[]),
        (&["--filter=blob:none"], &[]),
        (&[], &[&["update-index", "--split-index"]]),
        (&[], &[&["update-index", "--index-version", "4"]]),
        (&[], &[&["update-index", "--force-untracked-cache"]]),
        (&[], &[&["sparse-checkout", "set", "--cone", "--sparse-index", "secrets", ".shroud"]]),
        (&[], &[&["config", "core.ignoreCase", "true"], &["config", "checkout.workers", "4"]]),
    ];
    for (options, steps) in forms {
        let (sandbox, bob) = with_member();
        let is_index = steps.iter().any(|step| step.contains(&"--sparse-index"));
        if is_index && !sandbox.git_knows("sparse-checkout set --sparse-index", (2, 35)) {
            continue;
        }
        let url = match options {
            ["--shared"] => "repo".to_owned(),
            _ => format!("file://{}", sandbox.path("repo").display()),
        };
        sandbox.git(".", [&["clone", "-q"], options, &[&url, "clone"]].concat());
        steps.iter().for_each(|step| drop(sandbox.git("clone", *step)));
        members_live_in(&sandbox, "clone", &bob, &[]);
        sandbox.assert_no_object_holds("clone", b"canary");
    }
}

#[test]
fn members_in_a_linked_worktree_and_in_a_submodule() {
    let (sandbox, bob) = with_member();
    for open in [false, true] {
        let dir = format!("linked-{open}");
        sandbox.git(".", ["clone", "-q", "repo", &format!("main-{open}")]);
        if open {
            sandbox.shroud("main-true", ["unlock", "-q", "-i", "../ann.age"]);
        }
        sandbox.git(format!("main-{open}"), ["worktree", "add", "-q", &format!("../{dir}")]);
        assert_open(&sandbox, &dir, open);
        members_live_in(&sandbox, &dir, &bob, &[]);
    }
    sandbox.git(".", ["init", "-q", "super"]);
    let file = ["-c", "protocol.file.allow=always"];
    sandbox.git("super", [&file[..], &["submodule", "--quiet", "add", "../repo", "sub"]].concat());
    members_live_in(&sandbox, "super/sub", &bob, &[]);
    assert!(!sandbox.path("super/.git/git-shroud/keyring").exists());
}

#[test]
fn members_in_a_worktree_that_the_environment_names() {
    let (sandbox, bob) = with_member();
    sandbox.git(".", ["clone", "-q", "--bare", "repo", "bare.git"]);
    let at = |name: &str| sandbox.path(name).to_str().unwrap().to_owned();
    sandbox.git(".", ["--git-dir", "bare.git", "worktree", "list"]);
    fs::create_dir(sandbox.path("tree")).unwrap();
    let env = [
        ("GIT_DIR", at("bare.git")),
        ("GIT_WORK_TREE", at("tree")),
        ("GIT_INDEX_FILE", at("elsewhere.index")),
    ];
    let mut checkout = sandbox.command("git", "tree");
    checkout.args(["checkout", "-q", "-f"]).envs(env.iter().map(|(name, value)| (*name, value)));
    sandbox.run(checkout).expect(0);
    members_live_in(&sandbox, "tree", &bob, &env);
    assert!(!sandbox.path("bare.git/index").exists());
}

/// The hook tells git what changed since it was last asked: git itself looks at nothing else.
#[test]
fn a_file_system_monitor_is_told_of_every_file_that_is_written() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    let hook = "#!/bin/sh\nprintf '%s\\0' \"$(date +%s.%N)\"\n\
        case $2 in ''|builtin*) printf '/\\0';; *) find . -path ./.git -prune -o -newerct \"@$2\" -type f -printf '%P\\0';; esac\n";
    sandbox.write("clone/.git/monitor", hook);
    sandbox.sh("clone", "chmod +x .git/monitor");
    sandbox.git("clone", ["config", "core.fsmonitor", ".git/monitor"]);
    sandbox.git("clone", ["status"]);
    for _ in 0..2 {
        sandbox.shroud("clone", ["unlock", "../team.key"]);
        assert_open(&sandbox, "clone", true);
        assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "");
        sandbox.write("clone/secrets/db.env", "canary-edited");
        let changed = " M secrets/db.env\n";
        assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), changed);
        sandbox.git("clone", ["restore", "secrets"]);
        sandbox.shroud("clone", ["lock"]);
        assert_open(&sandbox, "clone", false);
        assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "");
    }
}

#[test]
fn a_repository_of_somebody_else_is_refused_as_git_refuses_it() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let other = ("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    for args in [&["status"][..], &["lock"], &["unlock"], &["key", "rotate"], &["check", "--all"]] {
        let done = sandbox.try_shroud_with(other, "repo", args);
        assert_ne!(done.status, 0, "{args:?}");
        done.says("safe.directory");
    }
    sandbox.write("home/.gitconfig", "[safe]\n\tdirectory = *\n");
    sandbox.try_shroud_with(other, "repo", &["status"]).expect(0);
}

/// Nothing is fetched, whatever is asked: the remote is not there any more, and nobody notices.
#[test]
fn a_partial_clone_whose_remote_is_gone() {
    let (sandbox, _) = with_member();
    if !sandbox.git_knows("clone --sparse of a URL", (2, 26)) {
        return;
    }
    let url = format!("file://{}", sandbox.path("repo").display());
    sandbox.git(".", ["clone", "-q", "--filter=blob:none", "--sparse", &url, "clone"]);
    sandbox.git("clone", ["sparse-checkout", "add", ".shroud"]);
    fs::rename(sandbox.path("repo"), sandbox.path("gone")).unwrap();
    for args in [
        &["status"][..],
        &["unlock", "-i", "../ann.age"],
        &["check", "--all"],
        &["doctor"],
        &["key", "rotate"],
        &["lock"],
    ] {
        let done = sandbox.try_shroud("clone", args);
        for noise in ["remote", "Could not read from", "promisor", "panicked"] {
            assert!(!done.stderr.contains(noise), "{args:?}: {}", done.stderr);
        }
        if args[0] == "doctor" {
            let text = done.text();
            assert!(
                text.contains("nothing is known") && !text.contains("need attention"),
                "{text}"
            );
        }
    }
}

#[test]
fn what_git_records_of_conflicts_is_warned_of_and_cleared() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git("repo", ["config", "rerere.enabled", "true"]);
    let doctor = sandbox.try_shroud("repo", ["doctor"]).text();
    assert!(doctor.contains("rerere is on"), "{doctor}");
    for branch in ["topic", "main"] {
        sandbox.git("repo", ["checkout", "-q", "-B", branch, "main"]);
        sandbox.write("repo/secrets/db.env", format!("canary-{branch}\n"));
        sandbox.git("repo", ["commit", "-q", "-a", "-m", branch]);
        if branch == "topic" {
            sandbox.git("repo", ["checkout", "-q", "main"]);
        }
    }
    sandbox.try_git("repo", ["merge", "-q", "topic"]).expect(1);
    let recorded = sandbox.snapshot("repo/.git/rr-cache");
    assert!(recorded.values().any(|bytes| crate::common::contains(bytes, b"canary-topic")));
    sandbox.git("repo", ["merge", "--abort"]);
    sandbox.shroud("repo", ["lock"]);
    for (path, bytes) in sandbox.snapshot("repo/.git") {
        assert!(!crate::common::contains(&bytes, b"canary"), "{}", path.display());
    }
}

/// Some entries are in the index itself, and most in the file that it shares.
#[test]
fn a_split_index_keeps_what_it_knows_of_each_file() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    sandbox.git("clone", ["config", "core.splitIndex", "true"]);
    sandbox.git("clone", ["config", "splitIndex.maxPercentChange", "100"]);
    sandbox.git("clone", ["update-index", "--split-index"]);
    for opened in [true, false, true] {
        sandbox.write("clone/a", format!("{opened}"));
        sandbox.git("clone", ["add", "a"]);
        let command: &[&str] = if opened { &["unlock", "../team.key"] } else { &["lock"] };
        sandbox.shroud("clone", command);
        assert!(!sandbox.git("clone", ["rev-parse", "--shared-index-path"]).text().is_empty());
        assert_eq!(sandbox.git("clone", ["diff-files", "--name-only"]).text(), "");
        let empty = sandbox.git("clone", ["ls-files", "--debug", "secrets/empty"]).text();
        assert!(empty.contains("size: 0\t"), "{empty}");
    }
}
