//! A path that was sealed, went away, and comes back in plaintext: found by the commit that brings it, whatever its attributes say.

use crate::common::{Sandbox, text};

const SECRET: &str = "secrets/db.env";

fn sealed() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox
}

fn commit(sandbox: &Sandbox, message: &str) {
    sandbox.git("repo", ["commit", "-q", "--no-verify", "--allow-empty", "-m", message]);
}

/// Commits that the file is gone.
fn delete(sandbox: &Sandbox) {
    sandbox.git("repo", ["rm", "-q", "-f", SECRET]);
    commit(sandbox, "gone");
}

/// Commits a line behind the others.
fn add_line(sandbox: &Sandbox, line: &str) {
    let lines = text(sandbox.read("repo/.gitattributes"));
    sandbox.write("repo/.gitattributes", format!("{lines}{line}\n"));
    sandbox.git("repo", ["add", ".gitattributes"]);
    commit(sandbox, "tidy");
}

/// Commits that no line seals any more.
fn drop_lines(sandbox: &Sandbox) {
    sandbox.write("repo/.gitattributes", "");
    sandbox.git("repo", ["add", ".gitattributes"]);
    commit(sandbox, "tidy");
}

fn bring(sandbox: &Sandbox, path: &str, content: &str) {
    sandbox.stage_raw("repo", path, content.as_bytes());
    commit(sandbox, "back");
}

/// The problems at the path in a range.
fn problems(sandbox: &Sandbox, arguments: &[&str], path: &str) -> Vec<String> {
    let json = sandbox.try_shroud("repo", [&["check", "--json"], arguments].concat()).json();
    let findings = json["findings"].as_array().unwrap().iter();
    let at_path = findings.filter(|found| found["path"] == path);
    at_path.map(|found| found["problem"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_deleted_file_that_comes_back_in_plaintext_is_found() {
    type Steer = fn(&Sandbox);
    let steers: [Steer; 4] = [
        |sandbox| add_line(sandbox, "secrets/** -filter"),
        |sandbox| add_line(sandbox, "secrets/** -shroud !filter"),
        |sandbox| add_line(sandbox, "secrets/** -shroud -filter"),
        drop_lines,
    ];
    for (number, steer) in steers.into_iter().enumerate() {
        for before in [true, false] {
            let sandbox = sealed();
            if before {
                steer(&sandbox);
            }
            delete(&sandbox);
            if !before {
                steer(&sandbox);
            }
            commit(&sandbox, "between");
            bring(&sandbox, SECRET, "PASSWORD=canary\n");
            for range in [&["HEAD^!"][..], &["HEAD~2..HEAD"], &["HEAD"], &["--all"]] {
                let found = problems(&sandbox, range, SECRET);
                assert!(found.contains(&"unsealed".to_owned()), "{number} {range:?}: {found:?}");
            }
            let done = sandbox.try_shroud("repo", ["check", "HEAD^!"]).expect(1);
            assert!(done.text().contains("was sealed in an earlier commit"), "{}", done.text());
            sandbox.shroud("repo", ["check", "--allow", SECRET, "HEAD^!"]);
            // What is there is no news.
            bring(&sandbox, SECRET, "PASSWORD=canary-two\n");
            assert!(problems(&sandbox, &["HEAD^!"], SECRET).is_empty());
        }
    }
}

#[test]
fn what_is_staged_and_what_a_hook_sees_is_found_too() {
    let sandbox = sealed();
    delete(&sandbox);
    drop_lines(&sandbox);
    sandbox.git(".", ["clone", "-q", "--bare", "repo", "server.git"]);
    sandbox.git("repo", ["remote", "add", "origin", "../server.git"]);
    sandbox
        .write("server.git/hooks/pre-receive", "#!/bin/sh\nexec git-shroud check --pre-receive\n");
    sandbox.sh("server.git", "chmod +x hooks/pre-receive");
    sandbox.stage_raw("repo", SECRET, b"PASSWORD=canary-today\n");
    assert_eq!(problems(&sandbox, &["--staged"], SECRET), ["unsealed"]);
    commit(&sandbox, "back");
    sandbox.try_git("repo", ["push", "-q", "origin", "HEAD:refs/heads/main"]).expect(1);
    sandbox.assert_no_object_holds("server.git", b"canary-today");
    sandbox.write("server.git/git-shroud/allow-plaintext", "secrets/*\n");
    sandbox.git("repo", ["push", "-q", "origin", "HEAD:refs/heads/main"]);
}

#[test]
fn an_empty_file_a_link_or_a_folder_between_hides_nothing() {
    for between in [
        "rm -f secrets/db.env && : >secrets/db.env && git add -A",
        "rm -f secrets/db.env && ln -s x secrets/db.env && git add -A",
        "rm -f secrets/db.env && mkdir secrets/db.env && echo x >secrets/db.env/x && git add -A",
        "git mv -f secrets/db.env secrets/deep/away",
    ] {
        let sandbox = sealed();
        sandbox.sh("repo", between);
        commit(&sandbox, "between");
        add_line(&sandbox, "secrets/** -filter");
        sandbox.sh("repo", "git rm -q -r -f --cached secrets; rm -rf secrets");
        bring(&sandbox, SECRET, "PASSWORD=canary\n");
        assert!(!problems(&sandbox, &["HEAD^!"], SECRET).is_empty(), "{between}");
    }
}

#[test]
fn a_forged_beginning_hides_no_plaintext() {
    for beginning in ["\0GITCRYPT\0", "\0GITCRYPT\0abcdefghijkl", "\0SHROUD", "\0SHROUD\u{1}"] {
        let sandbox = sealed();
        delete(&sandbox);
        drop_lines(&sandbox);
        bring(&sandbox, SECRET, &format!("{beginning}PASSWORD=canary\n"));
        assert_eq!(problems(&sandbox, &["HEAD^!"], SECRET), ["unsealed"], "{beginning:?}");
    }
}

#[test]
fn a_merge_brings_back_nothing_unseen() {
    // The path stood sealed on one side alone, or is gone there; the other brings plaintext.
    for is_gone in [false, true] {
        for is_dropped in [false, true] {
            let sandbox = sealed();
            sandbox.git("repo", ["checkout", "-q", "--orphan", "side"]);
            sandbox.git("repo", ["rm", "-q", "-r", "-f", "."]);
            bring(&sandbox, SECRET, "PASSWORD=canary\n");
            assert!(problems(&sandbox, &["HEAD"], SECRET).is_empty());
            sandbox.git("repo", ["checkout", "-q", "-f", "main"]);
            if is_gone {
                delete(&sandbox);
            }
            if is_dropped {
                drop_lines(&sandbox);
            }
            let merge = "git merge -q --no-verify --allow-unrelated-histories -s ours --no-commit side && \
                         git read-tree side && git commit -q --no-verify -m merge";
            sandbox.sh("repo", merge);
            let found = problems(&sandbox, &["HEAD^1..HEAD", "^side"], SECRET);
            assert_eq!(found, ["unsealed"], "gone {is_gone}, dropped {is_dropped}");
            // Its history answered for it already.
            sandbox.git("repo", ["checkout", "-q", "-f", "-b", "later", "HEAD"]);
            commit(&sandbox, "later");
            sandbox
                .sh("repo", "git merge -q --no-verify -s ours --no-commit --no-ff main~1 || true");
            assert!(problems(&sandbox, &["--staged"], SECRET).is_empty());
        }
    }
}

#[test]
fn a_deletion_behind_a_merge_is_found() {
    let sandbox = sealed();
    sandbox.git("repo", ["checkout", "-q", "-b", "side"]);
    delete(&sandbox);
    sandbox.git("repo", ["checkout", "-q", "-f", "main"]);
    commit(&sandbox, "meanwhile");
    sandbox.git("repo", ["merge", "-q", "--no-verify", "--no-ff", "-m", "merge", "side"]);
    add_line(&sandbox, "secrets/** -filter");
    bring(&sandbox, SECRET, "PASSWORD=canary\n");
    assert_eq!(problems(&sandbox, &["HEAD^!"], SECRET), ["unsealed"]);
}

#[test]
fn a_path_that_was_never_sealed_and_one_that_is_sealed_again_are_free() {
    let sandbox = sealed();
    bring(&sandbox, "docs/a", "for all");
    sandbox.git("repo", ["rm", "-q", "-f", "docs/a"]);
    commit(&sandbox, "gone");
    bring(&sandbox, "docs/a", "for all again");
    let sealed = sandbox.blob("repo", &format!("HEAD:{SECRET}"));
    delete(&sandbox);
    sandbox.stage_raw("repo", SECRET, &sealed);
    commit(&sandbox, "back");
    sandbox.shroud("repo", ["check", "HEAD"]);
    // A branch of its own may hold what another seals.
    sandbox.git("repo", ["checkout", "-q", "--orphan", "side"]);
    sandbox.git("repo", ["rm", "-q", "-r", "-f", "."]);
    bring(&sandbox, SECRET, "an example");
    sandbox.shroud("repo", ["check", "--all"]);
}

#[test]
fn more_paths_than_an_argument_list_takes_are_looked_up() {
    let sandbox = sealed();
    delete(&sandbox);
    drop_lines(&sandbox);
    for number in 0..300 {
        sandbox.write(format!("repo/docs/{number}"), format!("{number}"));
    }
    sandbox.sh("repo", "git add docs");
    bring(&sandbox, SECRET, "PASSWORD=canary\n");
    assert_eq!(problems(&sandbox, &["HEAD^!"], SECRET), ["unsealed"]);
}

#[test]
fn a_moved_file_is_not_let_pass_by_its_attribute() {
    let sandbox = sealed();
    sandbox.git("repo", ["rm", "-q", "-f", SECRET]);
    let lines = text(sandbox.read("repo/.gitattributes"));
    sandbox.write("repo/.gitattributes", format!("{lines}config/** -filter\n"));
    sandbox.git("repo", ["add", ".gitattributes"]);
    bring(&sandbox, "config/db.env", "PASSWORD=canary\n");
    assert_eq!(problems(&sandbox, &["HEAD^!"], "config/db.env"), ["moved-in-the-clear"]);
    let done = sandbox.try_shroud("repo", ["check", "HEAD^!"]).expect(1);
    assert!(!done.stderr.contains("-filter"), "{}", done.stderr);
    let done = done.says("--allow");
    assert!(done.stderr.contains("allow-plaintext"), "{}", done.stderr);
    sandbox.shroud("repo", ["check", "--allow", "config/*", "HEAD^!"]);
}
