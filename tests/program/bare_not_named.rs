//! Bare repositories where the user's `safe.bareRepository` is `explicit`, which git 3 takes for granted: named ones work,
//! others are left alone, as by git itself.

use crate::common::{Done, SECRETS, Sandbox};

/// Each command that works without a worktree, and others that look for a repository.
const COMMANDS: [&[&str]; 20] = [
    &["check", "--all"],
    &["check", "HEAD"],
    &["scan"],
    &["scan", "main"],
    &["cat", "HEAD:secrets/db.env"],
    &["log", "--oneline", "--", "secrets/db.env"],
    &["blame", "HEAD", "--", "secrets/db.env"],
    &["diff", "--masked", "HEAD~1", "HEAD"],
    &["key", "list"],
    &["key", "export"],
    &["scrub", "--undo"],
    &["unlock", "../team.key"],
    &["lock"],
    &["status"],
    &["doctor"],
    &["why", "secrets/db.env"],
    &["member", "list"],
    &["config", "check"],
    &["track", "more/**"],
    &["init"],
];

/// `repo`, and `bare.git` with the key.
fn with_bare() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.write("repo/secrets/db.env", "PASSWORD=canary-two\n");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "another"]);
    sandbox.git(".", ["clone", "-q", "--bare", "repo", "bare.git"]);
    run(&sandbox, "bare.git", &["unlock", "../team.key"], &[("GIT_DIR", ".")]).expect(0);
    sandbox.write("home/.gitconfig", "[safe]\n\tbareRepository = explicit\n");
    sandbox
}

/// `git shroud ARGS`, with these variables and no repository named otherwise.
fn run(sandbox: &Sandbox, dir: &str, args: &[&str], env: &[(&str, &str)]) -> Done {
    let mut command = sandbox.command("git", dir);
    command.env_remove("GIT_DIR").arg("shroud").args(args).envs(env.iter().copied());
    sandbox.run(command)
}

#[test]
fn a_bare_repository_that_is_named_is_used() {
    let sandbox = with_bare();
    let bare = sandbox.path("bare.git");
    let bare = bare.to_str().unwrap();
    let explicit = [
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "safe.bareRepository"),
        ("GIT_CONFIG_VALUE_0", "explicit"),
    ];
    for (dir, name) in
        [("bare.git", "."), ("bare.git/objects", ".."), (".", "bare.git"), ("home", bare)]
    {
        let env = [&explicit[..], &[("GIT_DIR", name)]].concat();
        let shroud = |args: &[&str]| run(&sandbox, dir, args, &env);
        shroud(&["check", "--all"]).expect(0);
        shroud(&["check", "main"]).expect(0);
        shroud(&["scan"]).expect(0);
        shroud(&["scan", "main"]).expect(0);
        let shown = shroud(&["cat", "HEAD~1:secrets/db.env"]).expect(0);
        assert_eq!(shown.text(), SECRETS[0].1);
        assert!(shroud(&["log", "--", "secrets/db.env"]).expect(0).text().contains("canary-two"));
        assert!(
            shroud(&["blame", "HEAD", "--", "secrets/db.env"])
                .expect(0)
                .text()
                .contains("canary-two")
        );
        let masked = shroud(&["diff", "--masked", "HEAD~1", "HEAD"]).expect(0).text();
        assert!(masked.contains("PASSWORD") && !masked.contains("canary"), "{masked}");
        assert!(shroud(&["key", "list"]).expect(0).text().contains("default"));
        shroud(&["lock"]).expect(0);
        let key = sandbox.path("team.key");
        shroud(&["unlock", key.to_str().unwrap()]).expect(0);
        // As an option of git's it is the same.
        let mut command = sandbox.command("git", dir);
        command.env_remove("GIT_DIR").args(["--git-dir", name, "shroud", "check", "--all"]);
        sandbox.run(command).expect(0);
    }
}

/// Commands end in the same way in all places where git agrees without a name.
#[test]
fn inside_of_gits_folder_nothing_needs_a_name() {
    let sandbox = with_bare();
    sandbox.git("repo", ["worktree", "add", "-q", "../linked"]);
    let outer = sandbox.path("outer");
    sandbox.git(".", ["init", "-q", "-b", "main", "outer"]);
    let mut add = sandbox.command("git", "outer");
    add.args(["-c", "protocol.file.allow=always", "submodule", "add", "-q", "../repo", "sub"]);
    sandbox.run(add).expect(0);
    assert!(outer.join(".git/modules/sub").is_dir());
    for dir in
        ["repo/.git", "repo/.git/objects", "repo/.git/worktrees/linked", "outer/.git/modules/sub"]
    {
        for args in [&["check", "--all"][..], &["check", "HEAD"], &["scan"], &["key", "list"]] {
            run(&sandbox, dir, args, &[]).expect(0);
        }
        let before = sandbox.git(dir, ["rev-parse", "--is-inside-work-tree"]).text();
        assert_eq!(before, "false\n", "{dir}");
    }
}

#[test]
fn a_bare_repository_in_a_worktree_is_left_alone() {
    let sandbox = with_bare();
    let evil = "repo/vendor/evil";
    sandbox.git(".", ["clone", "-q", "--bare", "repo", evil]);
    let mark = sandbox.path("mark");
    let program = format!("touch '{}'; false", mark.display());
    for name in
        ["core.fsmonitor", "core.pager", "diff.external", "gpg.program", "filter.shroud.process"]
    {
        sandbox.git(".", ["config", "-f", &format!("{evil}/config"), name, &program]);
    }
    let knows = sandbox.git_knows("safe.bareRepository", (2, 38));
    for (dir, at) in [("bare.git", "bare.git"), ("bare.git/refs", "bare.git"), (evil, evil)] {
        let before = sandbox.snapshot(at);
        for args in COMMANDS.into_iter().filter(|_| knows) {
            let done = run(&sandbox, dir, args, &[]);
            let (line, said) = (format!("{dir}: {args:?}"), done.stderr.clone());
            assert_eq!(done.status, 2, "{line}: {said}{}", done.text());
            let named = sandbox.path(at);
            for part in ["safe.bareRepository", named.to_str().unwrap(), "--git-dir="] {
                assert!(said.contains(part), "{line} lacks {part}: {said}");
            }
            assert_eq!(done.text(), "", "{line}");
        }
        // What git does not say of its own repositories does not count.
        let mut command = sandbox.command("git", dir);
        command.env_remove("GIT_DIR").args([
            "-c",
            "safe.bareRepository=all",
            "shroud",
            "check",
            "--all",
        ]);
        if at != evil {
            sandbox.run(command).expect(0);
        }
        assert!(before.keys().all(|path| path.exists()), "{at}");
        assert!(!mark.exists(), "{dir}");
    }
}

#[test]
fn the_hook_of_a_server_and_filters_work_there() {
    let sandbox = with_bare();
    sandbox.write("bare.git/hooks/pre-receive", "#!/bin/sh\nexec git-shroud check --pre-receive\n");
    sandbox.sh(".", "chmod +x bare.git/hooks/pre-receive");
    sandbox.write("repo/secrets/db.env", "PASSWORD=canary-three\n");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "sealed"]);
    sandbox.git("repo", ["push", "-q", "../bare.git", "main"]);
    sandbox.stage_raw("repo", "secrets/db.env", b"PASSWORD=canary-plain\n");
    sandbox.git("repo", ["commit", "-q", "-m", "plaintext"]);
    let refused = sandbox.try_git("repo", ["push", "-q", "../bare.git", "main"]).expect(1);
    refused.says("secrets/db.env");
    let bare = |args: &[&str]| {
        let mut command = sandbox.command("git", ".");
        command.env_remove("GIT_DIR").args(["--git-dir", "bare.git"]).args(args);
        sandbox.run(command).expect(0).text()
    };
    // A bare repository takes no attributes from its files.
    sandbox.write("bare.git/info/attributes", "secrets/** filter=shroud\n");
    assert_eq!(bare(&["cat-file", "--filters", "HEAD:secrets/db.env"]), "PASSWORD=canary-three\n");
    let archive = bare(&["archive", "--format=tar", "HEAD"]);
    assert!(archive.contains("canary-three"));
}
