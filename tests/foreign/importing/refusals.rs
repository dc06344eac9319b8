//! What is in the way of an import is named, and nothing is changed.

use super::beside::git_secret;
use super::import;
use super::transcrypt::transcrypt;
use crate::common::Sandbox;
use crate::common::gpg::Home;

/// Imports, which must be refused with these words, and leave the repository as it was.
#[track_caller]
fn refused(sandbox: &Sandbox, home: Option<&Home>, args: &[&str], says: &str) {
    let state = |sandbox: &Sandbox| {
        let head = sandbox.git("repo", ["rev-parse", "HEAD"]).text();
        let status = sandbox.git("repo", ["status", "--porcelain", "--ignored"]).text();
        (head, status, sandbox.path("repo/.shroud").exists())
    };
    let before = state(sandbox);
    let done = import(sandbox, home, args);
    assert!(matches!(done.status, 1 | 2), "{done:?}");
    done.says(says);
    assert_eq!(state(sandbox), before);
}

#[test]
fn a_worktree_with_changes_is_refused() {
    let sandbox = transcrypt();
    sandbox.write("repo/root.key", "canary-changed");
    refused(&sandbox, None, &["transcrypt"], "root.key");
    sandbox.git("repo", ["add", "root.key"]);
    refused(&sandbox, None, &["transcrypt"], "changes that are not committed");
}

#[test]
fn a_file_that_is_encrypted_in_the_worktree_is_refused() {
    let sandbox = transcrypt();
    let encrypted = sandbox.blob("repo", "HEAD:root.key");
    sandbox.write("repo/root.key", &encrypted);
    // transcrypt takes what is encrypted for its own, and git sees no change.
    let pass = "grep -q ^U2FsdGVk \"$new\" && exec cat \"$new\"";
    let script = String::from_utf8(sandbox.read("crypt-top.sh")).unwrap();
    sandbox.write(
        "crypt-top.sh",
        script.replace("if git cat-file", &format!("{pass}\nif git cat-file")),
    );
    refused(&sandbox, None, &["transcrypt"], "the worktree holds it encrypted");
}

#[test]
fn no_branch_no_worktree_and_no_commit_are_refused() {
    let sandbox = transcrypt();
    sandbox.git("repo", ["checkout", "-q", "--detach"]);
    refused(&sandbox, None, &["transcrypt"], "no branch is checked out");
    sandbox.git(".", ["clone", "-q", "--bare", "repo", "bare"]);
    let done = sandbox.try_shroud("bare", ["import", "transcrypt"]);
    assert!(done.status != 0 && !done.stderr.contains("panicked"), "{done:?}");
    sandbox.git(".", ["init", "-q", "empty"]);
    sandbox.try_shroud("empty", ["import", "git-secret"]).expect(2).says("no commit yet");
    sandbox.write("empty/x", "x");
    sandbox.git("empty", ["add", "."]);
    sandbox.git("empty", ["commit", "-q", "-m", "x"]);
    for tool in ["transcrypt", "git-secret", "git-agecrypt", "blackbox"] {
        sandbox.try_shroud("empty", ["import", tool]).expect(2).says("encrypts nothing");
    }
}

#[test]
fn a_key_that_is_here_and_not_held_is_refused() {
    let sandbox = transcrypt();
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.git("repo", ["commit", "-q", "-m", "init"]);
    // A key that is held is used.
    let said = import(&sandbox, None, &["transcrypt", "--dry-run"]).expect(0);
    said.says("the key 'default' is here already");
    std::fs::remove_dir_all(sandbox.path("repo/.git/git-shroud")).unwrap();
    let done = import(&sandbox, None, &["transcrypt"]).expect(2);
    done.says("the key 'default' is not held here");
    import(&sandbox, None, &["transcrypt", "--rename", "default=team"]).expect(0);
    sandbox.assert_sealed(&["root.key", "secrets/a b.env"]);
}

#[test]
fn lists_that_somebody_pushed_lead_nowhere_else() {
    let (sandbox, me) = git_secret();
    let args = ["git-secret", "--trust"];
    let list = "repo/.gitsecret/paths/mapping.cfg";
    for (entry, says) in [
        ("../outside:", "no file with this path"),
        ("/etc/passwd:", "no file with this path"),
        (".git/hooks/pre-commit:", "no file with this path"),
        (".gitattributes:", "no file with this path"),
        (".shroud/default/key.toml:", "no file with this path"),
        ("missing:", "missing.secret is not committed"),
        ("conf/db.env.secret:", "conf/db.env.secret"),
    ] {
        sandbox.write(list, format!("conf/db.env:\n{entry}\n"));
        sandbox.git("repo", ["commit", "-q", "-a", "-m", "list"]);
        refused(&sandbox, Some(&me), &args, says);
    }
    sandbox.write(list, "conf/db.env:\n");
    sandbox.git("repo", ["add", "-f", "conf/db.env"]);
    sandbox.commit_all();
    refused(&sandbox, Some(&me), &args, "in plaintext, beside what git-secret has encrypted");
    sandbox.git("repo", ["rm", "-q", "--cached", "conf/db.env"]);
    sandbox.sh("repo", "rm conf/db.env.secret && ln -s ../../x conf/db.env.secret");
    sandbox.commit_all();
    refused(&sandbox, Some(&me), &args, "is a link or a submodule");
}

#[test]
fn a_file_that_does_not_decrypt_is_named() {
    let (sandbox, me) = git_secret();
    sandbox.write("repo/conf/db.env.secret", "damaged");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "damage"]);
    refused(&sandbox, Some(&me), &["git-secret", "--trust"], "conf/db.env: ");
    let sandbox = transcrypt();
    sandbox.stage_raw("repo", "root.key", b"U2FsdGVkX1+damaged\n");
    sandbox.git("repo", ["commit", "-q", "-m", "damage"]);
    refused(&sandbox, None, &["transcrypt"], "root.key");
}
