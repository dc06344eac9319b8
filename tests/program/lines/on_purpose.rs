//! `-filter` and its like by somebody who can push: the first plaintext at a path that was sealed is found all the same.

use crate::common::{Sandbox, text};

/// A repository in which Mallory has kept the filter off, and the bare one that it is pushed to, with the hook of a server.
fn attacked(line: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git(".", ["clone", "-q", "--bare", "repo", "server.git"]);
    sandbox.git("repo", ["remote", "add", "origin", "../server.git"]);
    let lines = text(sandbox.read("repo/.gitattributes"));
    sandbox.write("repo/.gitattributes", format!("{lines}{line}\n"));
    sandbox.git("repo", ["add", ".gitattributes"]);
    let author = "--author=Mallory <mallory@example.com>";
    sandbox.git("repo", ["commit", "-q", "--no-verify", author, "-m", "tidy"]);
    sandbox
}

fn hook(sandbox: &Sandbox, command: &str) {
    let hook = format!("#!/bin/sh\nexec {command} --pre-receive\n");
    sandbox.write("server.git/hooks/pre-receive", hook);
    sandbox.sh("server.git", "chmod +x hooks/pre-receive");
}

#[test]
fn the_first_plaintext_is_found_whatever_the_attributes_say() {
    for line in [
        "secrets/** -filter",
        "secrets/** !filter",
        "secrets/** -shroud -filter",
        "*.env filter=lfs -text",
    ] {
        let sandbox = attacked(line);
        hook(&sandbox, "git-shroud check");
        let before = sandbox.try_shroud("repo", ["check", "HEAD^!"]).expect(1).text();
        assert!(before.contains("secrets/db.env"), "{line}: {before}");
        sandbox.write("repo/secrets/db.env", "PASSWORD=canary-today\n");
        sandbox.git("repo", ["commit", "-qa", "--no-verify", "-m", "rotate the password"]);
        let done = sandbox.try_shroud("repo", ["check", "HEAD^!"]).expect(1);
        assert!(done.text().contains("secrets/db.env"), "{line}: {}", done.text());
        let pushed = sandbox.try_git("repo", ["push", "-q", "origin", "main"]);
        assert_ne!(pushed.status, 0, "{line}");
        sandbox.assert_no_object_holds("server.git", b"canary-today");
    }
}

#[test]
fn the_hint_names_who_dropped_the_line() {
    let sandbox = attacked("secrets/** -filter");
    sandbox.write("repo/secrets/db.env", "PASSWORD=canary-today\n");
    sandbox.git("repo", ["add", "secrets/db.env"]);
    let done = sandbox.try_shroud("repo", ["check", "--staged"]).expect(1);
    assert!(done.text().contains("secrets/db.env  unsealed"), "{}", done.text());
    let done = done.says("Mallory <mallory@example.com>");
    assert!(!done.stderr.contains("PATH -filter"), "{}", done.stderr);
}

#[test]
fn the_server_allows_it_by_its_own_list_and_never_by_the_tree() {
    let sandbox = attacked("secrets/db.env -filter");
    hook(&sandbox, "git-shroud check");
    sandbox.write("repo/secrets/db.env", "no secret any more\n");
    sandbox.write("repo/git-shroud/allow-plaintext", "**\n");
    sandbox.write("repo/.shroud/allow-plaintext", "**\n");
    sandbox.git("repo", ["add", "-f", "git-shroud", "secrets/db.env"]);
    sandbox.git("repo", ["commit", "-q", "--no-verify", "-m", "in the clear on purpose"]);
    sandbox.sh("repo", "rm -r .shroud/allow-plaintext git-shroud");
    assert_ne!(sandbox.try_git("repo", ["push", "-q", "origin", "main"]).status, 0);
    sandbox.write("server.git/git-shroud/allow-plaintext", "# agreed\nother\n");
    assert_ne!(sandbox.try_git("repo", ["push", "-q", "origin", "main"]).status, 0);
    sandbox.write("server.git/git-shroud/allow-plaintext", "# agreed\nsecrets/db.env\n");
    sandbox.git("repo", ["push", "-q", "origin", "main"]);
    // By an argument, and in a clone, as well.
    let range = "HEAD~2..HEAD";
    sandbox.try_shroud("repo", ["check", range]).expect(1);
    sandbox.shroud("repo", ["check", "--allow", "secrets/*", range]);
    sandbox.write("repo/.git/git-shroud/allow-plaintext", "/secrets/db.env\n");
    sandbox.shroud("repo", ["check", range]);
    // It passes no plaintext at a path that should be sealed.
    sandbox.stage_raw("repo", "secrets/other", b"canary");
    sandbox.try_shroud("repo", ["check", "--allow", "**"]).expect(1);
}

#[test]
fn a_new_file_that_was_never_sealed_is_free() {
    let sandbox = attacked("open/** -filter");
    sandbox.write("repo/open/a", "for all");
    sandbox.git("repo", ["add", "."]);
    sandbox.shroud("repo", ["check"]);
}
