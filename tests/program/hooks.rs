//! The guards at work: `git commit`, `git push`, and a server that refuses what got past them.
#![cfg(unix)]

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::common::{Done, SECRETS, Sandbox, contains};

/// A sealed repository with a server that has the hook of docs/server.md, and what is committed pushed.
fn served() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git(".", ["clone", "-q", "--bare", "repo", "server.git"]);
    hook(&sandbox, "server.git/hooks/pre-receive", "exec git-shroud check --pre-receive");
    sandbox.git("repo", ["remote", "add", "origin", "../server.git"]);
    sandbox.git("repo", ["fetch", "-q"]);
    sandbox
}

fn hook(sandbox: &Sandbox, path: &str, script: &str) {
    sandbox.write(path, format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(sandbox.path(path), fs::Permissions::from_mode(0o755)).unwrap();
}

fn push(sandbox: &Sandbox, arguments: &[&str]) -> Done {
    sandbox.try_git("repo", [&["push", "-q", "origin"], arguments].concat())
}

#[track_caller]
fn commit_raw(sandbox: &Sandbox, path: &str) {
    sandbox.stage_raw("repo", path, format!("canary {path}").as_bytes());
    sandbox.git("repo", ["commit", "-q", "--no-verify", "-m", path]);
}

#[test]
fn a_commit_in_the_clear_is_stopped_and_a_sealed_one_passes() {
    let sandbox = served();
    sandbox.shroud("repo", ["hooks", "install", "--files"]).says("wrote the hook pre-commit");
    sandbox.shroud("repo", ["hooks", "install", "--files"]).says("left the hook pre-push as it is");
    assert_eq!(sandbox.mode("repo/.git/hooks/pre-commit"), 0o755);
    sandbox.write("repo/secrets/good", "sealed by the filter");
    sandbox.git("repo", ["add", "."]);
    assert_eq!(sandbox.git("repo", ["commit", "-q", "-m", "good"]).stderr, "");
    assert_eq!(push(&sandbox, &["main"]).expect(0).stderr, "");
    sandbox.stage_raw("repo", "secrets/bad", b"canary");
    let refused = sandbox.try_git("repo", ["commit", "-q", "-m", "bad"]).expect(1);
    assert!((refused.text() + &refused.stderr).contains("secrets/bad  plaintext"));
    // With all that git can do to the index before the hook runs.
    for arguments in [&["-a"][..], &["--amend", "--no-edit"], &["--only", "secrets/bad"]] {
        let commit = [
            &["-c", "filter.shroud.required=false", "-c", "filter.shroud.process="][..],
            &["-c", "filter.shroud.clean=cat", "commit", "-q", "-m", "x"],
        ]
        .concat();
        sandbox.write("repo/secrets/bad", "canary");
        let arguments = [commit, arguments.to_vec()].concat();
        let done = sandbox.try_git("repo", &arguments).expect(1);
        assert!((done.text() + &done.stderr).contains("secrets/bad  plaintext"), "{arguments:?}");
    }
}

#[test]
fn a_push_of_what_skipped_the_first_guard_is_stopped() {
    let sandbox = served();
    sandbox.shroud("repo", ["hooks", "install", "--files"]);
    commit_raw(&sandbox, "secrets/leak");
    commit_raw(&sandbox, "docs/after");
    let refused = push(&sandbox, &["main"]).expect(1);
    assert!((refused.text() + &refused.stderr).contains("secrets/leak  plaintext"));
    // Commits that the remote has are not looked at again, whatever its ref is called.
    sandbox.git("repo", ["reset", "-q", "--hard", "HEAD~2"]);
    push(&sandbox, &["main:refs/heads/other"]).expect(0);
    push(&sandbox, &[":refs/heads/other"]).expect(0);
}

#[test]
fn the_server_refuses_what_got_past_every_guard() {
    // Few objects are unpacked on arrival, many are kept as a pack: both stand apart while the hook runs.
    for unpack in ["1000", "1"] {
        let sandbox = served();
        sandbox.git("server.git", ["config", "receive.unpackLimit", unpack]);
        sandbox.shroud("repo", ["hooks", "install", "--files"]);
        commit_raw(&sandbox, "docs/fine");
        push(&sandbox, &["main"]).expect(0);
        let before = sandbox.git("server.git", ["rev-parse", "main"]).text();
        commit_raw(&sandbox, "secrets/leak");
        sandbox.git("repo", ["rm", "-q", "--cached", "secrets/leak"]);
        sandbox.git("repo", ["commit", "-q", "-m", "taken back"]);
        push(&sandbox, &["--no-verify", "main"])
            .expect(1)
            .says("secrets/leak  plaintext")
            .says("pre-receive hook declined");
        assert_eq!(sandbox.git("server.git", ["rev-parse", "main"]).text(), before);
        sandbox.assert_no_object_holds("server.git", b"canary secrets/leak");
        // By another branch, by a tag of a commit, and by a tag of a tree, neither.
        let leak = "HEAD~1";
        sandbox.git("repo", ["branch", "leak", leak]);
        sandbox.git("repo", ["tag", "-a", "-m", "tag", "commit-tag", leak]);
        sandbox.git("repo", ["tag", "-a", "-m", "tag", "tree-tag", &format!("{leak}^{{tree}}")]);
        for name in ["leak", "commit-tag", "tree-tag"] {
            let refused = push(&sandbox, &["--no-verify", name]).expect(1);
            assert!(
                refused.stderr.contains("secrets/leak  plaintext"),
                "{name}: {}",
                refused.stderr
            );
        }
        // A tag of a file has no path; deleting is no leak.
        sandbox.git("repo", ["tag", "blob-tag", "HEAD:README"]);
        push(&sandbox, &["--no-verify", "blob-tag"]).expect(0);
        push(&sandbox, &["--no-verify", "HEAD~2:refs/heads/old"]).expect(0);
        push(&sandbox, &["--no-verify", ":old"]).expect(0);
    }
}

#[test]
fn a_clone_without_set_up_gets_nothing_past_the_server() {
    let sandbox = served();
    sandbox.git(".", ["clone", "-q", "server.git", "clone"]);
    sandbox.stage_raw("clone", "secrets/new", b"canary");
    sandbox.git("clone", ["commit", "-q", "-m", "new"]);
    sandbox.try_git("clone", ["push", "-q"]).expect(1).says("secrets/new  plaintext");
}

#[test]
fn earlier_hooks_run_first_with_all_that_git_gives_them() {
    let sandbox = served();
    let log = sandbox.path("log");
    let log = log.display();
    hook(
        &sandbox,
        "repo/.git/hooks/pre-commit",
        &format!("set -e\nbasename \"$0\" >>{log}\ntest -e allow\necho on >>{log}"),
    );
    hook(&sandbox, "repo/.git/hooks/pre-push", &format!("echo \"$1 $2\" >>{log}; cat >>{log}"));
    sandbox
        .shroud("repo", ["hooks", "install", "--files"])
        .says("pre-commit.before-git-shroud and runs first");
    sandbox.shroud("repo", ["hooks", "install", "--files"]);
    sandbox.write("repo/a", "a");
    sandbox.git("repo", ["add", "a"]);
    // 'set -e' holds as it did before.
    sandbox.try_git("repo", ["commit", "-q", "-m", "a"]).expect(1);
    assert_eq!(sandbox.read("log"), b"pre-commit\n");
    sandbox.write("repo/allow", "");
    sandbox.git("repo", ["commit", "-q", "-m", "a"]);
    let head = sandbox.git("repo", ["rev-parse", "HEAD"]).text();
    push(&sandbox, &["main"]).expect(0);
    let logged = String::from_utf8(sandbox.read("log")).unwrap();
    assert!(logged.starts_with("pre-commit\npre-commit\non\norigin ../server.git\n"), "{logged}");
    assert!(
        logged.contains(&format!("refs/heads/main {} refs/heads/main", head.trim())),
        "{logged}"
    );
    // The guard still sees the lines.
    commit_raw(&sandbox, "secrets/leak");
    push(&sandbox, &["main"]).expect(1);
    sandbox.shroud("repo", ["hooks", "remove"]).says("the earlier one is back");
    assert!(sandbox.read("repo/.git/hooks/pre-commit").starts_with(b"#!/bin/sh\nset -e\n"));
    sandbox.shroud("repo", ["hooks", "remove"]).says("left the hook pre-commit as it is");
}

#[test]
fn a_hook_that_is_a_link_stays_one() {
    let sandbox = served();
    hook(&sandbox, "repo/tools/guard", "echo canary-link; exit 3");
    symlink("../../tools/guard", sandbox.path("repo/.git/hooks/pre-commit")).unwrap();
    symlink("nowhere", sandbox.path("repo/.git/hooks/pre-push")).unwrap();
    let target = sandbox.read("repo/tools/guard");
    sandbox.shroud("repo", ["hooks", "install", "--files"]);
    assert_eq!(sandbox.read("repo/tools/guard"), target);
    let refused = sandbox.try_git("repo", ["commit", "-q", "--allow-empty", "-m", "x"]).expect(1);
    assert!((refused.text() + &refused.stderr).contains("canary-link"));
    push(&sandbox, &["main"]).expect(0);
    sandbox.shroud("repo", ["hooks", "remove"]);
    for name in ["pre-commit", "pre-push"] {
        let path = sandbox.path(format!("repo/.git/hooks/{name}"));
        assert!(fs::symlink_metadata(path).unwrap().is_symlink(), "{name}");
    }
}

#[test]
fn hooks_go_where_git_looks_for_them() {
    let sandbox = served();
    sandbox.git("repo", ["config", "core.hooksPath", ".githooks"]);
    sandbox.git("repo", ["worktree", "add", "-q", "../linked", "-b", "linked"]);
    sandbox.shroud("repo/secrets", ["hooks", "install", "--files"]);
    assert!(sandbox.path("repo/.githooks/pre-commit").exists());
    assert!(!sandbox.path("repo/.git/hooks/pre-commit").exists());
    sandbox.git("repo", ["config", "--unset", "core.hooksPath"]);
    sandbox.shroud("linked", ["hooks", "install", "--files"]);
    assert!(sandbox.path("repo/.git/hooks/pre-commit").exists());
    sandbox.stage_raw("linked", "secrets/bad", b"canary");
    sandbox.try_git("linked", ["commit", "-q", "-m", "bad"]).expect(1);
    // Others' hooks are left alone.
    let shared = sandbox.path("shared");
    sandbox.git("repo", ["config", "core.hooksPath", shared.to_str().unwrap()]);
    for command in [&["install", "--files"][..], &["remove"]] {
        sandbox
            .try_shroud("repo", [&["hooks"][..], command].concat())
            .expect(2)
            .says("outside this repository")
            .says("git-shroud check --staged");
    }
    assert!(!shared.exists());
    sandbox
        .try_shroud("server.git", ["hooks", "install", "--files"])
        .expect(2)
        .says("needs a worktree");
}

#[test]
fn a_hook_that_was_written_over_the_guard_is_put_aside_again() {
    let sandbox = served();
    let names = ["pre-commit", "pre-push"].map(|name| format!("repo/.git/hooks/{name}"));
    names.iter().for_each(|name| hook(&sandbox, name, "exit 0"));
    sandbox.shroud("repo", ["hooks", "install", "--files"]);
    // As husky does with each 'npm install': one as before, one of a newer version.
    hook(&sandbox, &names[0], "exit 0");
    hook(&sandbox, &names[1], "exit 1");
    let done = sandbox.shroud("repo", ["hooks", "install", "--files"]);
    assert_eq!(done.stderr.matches("does not run").count(), 1, "{}", done.stderr);
    for (name, earlier) in names.iter().zip(["exit 0", "exit 1"]) {
        assert!(contains(&sandbox.read(name), b"git shroud hooks remove"));
        let aside = sandbox.read(format!("{name}.before-git-shroud"));
        assert!(contains(&aside, earlier.as_bytes()));
    }
    assert!(!sandbox.path(format!("{}.before-git-shroud.old", names[0])).exists());
    let older = sandbox.read(format!("{}.before-git-shroud.old", names[1]));
    assert!(contains(&older, b"exit 0"));
    commit_raw(&sandbox, "secrets/leak");
    push(&sandbox, &["main"]).expect(1);
}

#[test]
fn hooks_that_cannot_be_put_aside_are_left_as_they_are() {
    let sandbox = served();
    fs::create_dir(sandbox.path("repo/.git/hooks/pre-push")).unwrap();
    sandbox.try_shroud("repo", ["hooks", "install", "--files"]).expect(2).says("is a folder");
}

#[test]
fn a_guard_that_does_not_find_the_program_says_so() {
    let sandbox = served();
    sandbox.shroud("repo", ["hooks", "install", "--files"]);
    let path = sandbox.path("repo/.git/hooks/pre-commit");
    let text = fs::read_to_string(&path).unwrap();
    let program = env!("CARGO_BIN_EXE_git-shroud");
    assert!(text.contains(program), "{text}");
    fs::write(&path, text.replace("program=git-shroud\n", "program=git-shroud-gone\n")).unwrap();
    sandbox.git("repo", ["commit", "-q", "--allow-empty", "-m", "by its path"]);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(program, "/gone")).unwrap();
    let refused = sandbox.try_git("repo", ["commit", "-q", "--allow-empty", "-m", "x"]).expect(1);
    assert!(refused.stderr.contains("does not find git-shroud"), "{}", refused.stderr);
}

#[test]
fn odd_names_and_many_lines_are_judged_as_any_other() {
    let sandbox = served();
    let mut lines = String::from("\"with \\\"quotes\\\" and\\ttab\" filter=shroud\n");
    for n in 0..10_000 {
        lines.push_str(&format!("generated/{n}/*.env text=auto\n"));
    }
    lines.push_str("[attr]sealed filter=shroud\nodd/** sealed\n");
    sandbox.write("repo/.gitattributes", lines);
    sandbox.git("repo", ["add", ".gitattributes"]);
    let names: [&[u8]; 4] =
        [b"odd/new\nline", b"odd/\xff\xfe", b"odd/\"q\\", b"with \"quotes\" and\ttab"];
    for name in names {
        let path = sandbox.path("repo").join(std::ffi::OsStr::from_bytes(name));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "canary").unwrap();
    }
    let plain = ["-c", "filter.shroud.required=false", "-c", "filter.shroud.process="];
    let plain = [&plain[..], &["-c", "filter.shroud.clean=", "add", "-A"]].concat();
    sandbox.git("repo", plain);
    let done = sandbox.try_shroud("repo", ["check"]).expect(1);
    let listed = done.text();
    for shown in
        ["\"odd/\\377\\376\"", "\"odd/\\\"q\\\\\"", "\"odd/new\\nline\"", "\"with \\\"quotes"]
    {
        assert!(listed.contains(&format!("staged  {shown}")), "{shown}: {listed}");
    }
    sandbox.try_shroud("repo", ["check", "--json"]).expect(1).json();
}

#[test]
fn what_is_broken_is_told_in_a_sentence() {
    let sandbox = served();
    // A '.shroud' that is a file describes no key.
    sandbox.git("repo", ["rm", "-q", "-r", "--cached", ".shroud"]);
    sandbox.stage_raw("repo", ".shroud", b"a file");
    sandbox.shroud("repo", ["check", "--staged"]);
    sandbox.stage_raw("repo", "secrets/bad", SECRETS[0].1.as_bytes());
    sandbox.try_shroud("repo", ["check", "--staged"]).expect(1);
    // A linked worktree whose repository is gone.
    sandbox.git("repo", ["worktree", "add", "-q", "--no-checkout", "../linked", "-b", "linked"]);
    fs::rename(sandbox.path("repo"), sandbox.path("moved")).unwrap();
    for command in [&["check"][..], &["hooks", "install", "--files"]] {
        // In git's words, which became others with 2.55.
        sandbox.try_shroud("linked", command).expect(2).says("repository");
    }
}

#[test]
fn the_pre_commit_framework_is_served() {
    let sandbox = served();
    let file = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.pre-commit-hooks.yaml"));
    let file = file.unwrap();
    let entries: Vec<_> =
        file.lines().filter_map(|line| line.trim().strip_prefix("entry: ")).collect();
    assert_eq!(entries.len(), 4);
    commit_raw(&sandbox, "docs/fine");
    sandbox.sh("repo", entries[0]);
    let range = "PRE_COMMIT_FROM_REF=HEAD~1 PRE_COMMIT_TO_REF=HEAD; export PRE_COMMIT_FROM_REF PRE_COMMIT_TO_REF;";
    sandbox.sh("repo", &format!("{range} {}", entries[1])).says("checked 1 commit");
    sandbox.sh("repo", entries[1]).says("checked 2 commits");
    sandbox.sh("repo", entries[2]).expect(0);
    let one = sandbox.sh("repo", &format!("{range} {}", entries[3])).expect(0).text();
    assert!(one.contains("1 commit;"), "{one}");
    sandbox.write("repo/docs/token", concat!("t = glpat", "-AbCdEfGhIjKlMnOpQrSt\n"));
    sandbox.git("repo", ["add", "docs/token"]);
    let refused = |entry: &str| sandbox.sh("repo", &format!("{entry} || echo refused $?")).text();
    assert!(refused(entries[2]).contains("refused 1"));
    sandbox.git("repo", ["commit", "-qm", "token"]);
    assert!(refused(&format!("{range} {}", entries[3])).contains("refused 1"));
}

#[test]
fn doctor_says_which_guards_are_missing() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let guards = || {
        let json = sandbox.shroud("repo", ["doctor", "--json"]).json();
        let findings = json["findings"].as_array().unwrap();
        let guards = findings.iter().find(|finding| finding["check"] == "guards").unwrap();
        (guards["severity"].to_string(), guards["message"].to_string())
    };
    let (severity, message) = guards();
    assert_eq!(severity, "\"advice\"");
    assert!(message.contains("pre-commit, pre-merge-commit"), "{message}");
    sandbox.shroud("repo", ["hooks", "install", "--files"]);
    assert_eq!(guards().0, "\"ok\"");
    // As a tool does that writes its hooks anew.
    sandbox.write("repo/.git/hooks/pre-push", "#!/bin/sh\n");
    let (severity, message) = guards();
    assert_eq!(severity, "\"advice\"");
    assert!(message.contains("pre-push") && !message.contains("pre-commit"), "{message}");
}
