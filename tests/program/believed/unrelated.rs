//! The guard without a key: a branch without the team's history is held against the branches that are there.

use crate::common::attacker::RawKey;
use crate::common::{Done, Sandbox};

const MALLORY: RawKey = RawKey([7; 32]);

/// A repository with the keys `default` and `prod`, and a server with the guard that has it.
fn team() -> Sandbox {
    let sandbox = Sandbox::repository_with_two_keys();
    sandbox.git(".", ["clone", "-q", "--bare", "repo", "server.git"]);
    let hook =
        format!("#!/bin/sh\nexec {} check --pre-receive\n", env!("CARGO_BIN_EXE_git-shroud"));
    sandbox.write("server.git/hooks/pre-receive", hook);
    sandbox.sh("server.git", "chmod +x hooks/pre-receive");
    // Mallory's own clone, whose git converts nothing.
    sandbox.git(".", ["clone", "-q", "--no-checkout", "server.git", "evil"]);
    sandbox.write("evil/.git/info/attributes", "* -filter -working-tree-encoding -text\n");
    sandbox.git("evil", ["reset", "-q", "--hard"]);
    sandbox
}

/// Commits a key of Mallory's under this name, and a file that it sealed.
fn commit_key(sandbox: &Sandbox, name: &str, generation: u32) {
    let path = format!("evil/.shroud/{name}/key.toml");
    sandbox.write(path, MALLORY.key_toml(name, generation, &[]));
    if name != "later" {
        let folder = if name == "default" { "secrets" } else { name };
        sandbox.write(format!("evil/{folder}/evil"), MALLORY.seal(b"mallory's"));
    }
    sandbox.git("evil", ["add", "."]);
    sandbox.git("evil", ["commit", "-q", "--no-verify", "-m", "a key"]);
}

fn push(sandbox: &Sandbox, refspec: &str) -> Done {
    sandbox.try_git("evil", ["push", "-q", "--force", "origin", refspec])
}

/// A branch without any of the team's commits, but with its attributes.
fn begin_orphan(sandbox: &Sandbox) {
    sandbox.git("evil", ["checkout", "-q", "--orphan", "orphan", "origin/main"]);
    sandbox.git("evil", ["rm", "-r", "-q", "-f", "--cached", ".shroud", "secrets", "prod"]);
    sandbox.sh("evil", "rm -rf .shroud secrets prod");
}

#[test]
fn an_orphan_with_a_key_of_its_own_is_refused() {
    let sandbox = team();
    for (name, generation) in [("prod", 1), ("prod", 7), ("default", 2)] {
        begin_orphan(&sandbox);
        commit_key(&sandbox, name, generation);
        // As a new branch, over the old one, and with more commits behind it.
        for refspec in ["HEAD:refs/heads/new", "HEAD:refs/heads/main"] {
            let done = push(&sandbox, refspec).expect(1);
            done.says("key-swapped").says(&MALLORY.id()).says("refs/heads/main");
        }
        sandbox.git("evil", ["checkout", "-q", "-f", "--detach", "origin/main"]);
        sandbox.git("evil", ["branch", "-q", "-D", "orphan"]);
    }
}

#[test]
fn a_branch_of_before_a_key_gives_its_name_to_no_other() {
    let sandbox = team();
    sandbox.shroud("repo", ["key", "new", "-q", "later"]);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "later"]);
    sandbox.git("repo", ["push", "-q", "../server.git", "main"]);
    sandbox.git("evil", ["checkout", "-q", "-b", "side"]);
    commit_key(&sandbox, "later", 1);
    push(&sandbox, "side").expect(1).says("key-swapped").says("refs/heads/main");
    // Before any key at all.
    sandbox.git("evil", ["checkout", "-q", "--orphan", "bare"]);
    sandbox.git("evil", ["rm", "-r", "-q", "-f", "."]);
    sandbox.write("evil/README", "text");
    sandbox.git("evil", ["add", "."]);
    sandbox.git("evil", ["commit", "-q", "--no-verify", "-m", "text"]);
    push(&sandbox, "bare").expect(0);
    commit_key(&sandbox, "default", 1);
    push(&sandbox, "bare").expect(1).says("key-swapped");
}

#[test]
fn a_branch_of_an_attacker_takes_no_name_away() {
    let sandbox = team();
    sandbox.git("evil", ["checkout", "-q", "-b", "side"]);
    commit_key(&sandbox, "later", 1);
    push(&sandbox, "side").expect(0);
    // The team goes on, and its main branch decides from then on.
    sandbox.shroud("repo", ["key", "new", "-q", "later"]);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "later"]);
    sandbox.git("repo", ["push", "-q", "../server.git", "main"]);
}

#[test]
fn what_a_team_does_passes() {
    let sandbox = team();
    // Pages without keys, a history with the same keys and no parents, a key on a branch that is merged later, tags.
    sandbox.git("repo", ["remote", "add", "origin", "../server.git"]);
    let tree = sandbox.git("repo", ["rev-parse", "HEAD^{tree}"]).text();
    let alone = sandbox.git("repo", ["commit-tree", "-m", "alone", tree.trim()]).text();
    sandbox.git("repo", ["push", "-q", "origin", &format!("{}:refs/heads/alone", alone.trim())]);
    sandbox.git("repo", ["checkout", "-q", "-b", "side"]);
    sandbox.shroud("repo", ["key", "new", "-q", "later"]);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "later"]);
    sandbox.git("repo", ["push", "-q", "origin", "side"]);
    sandbox.shroud("repo", ["key", "rotate", "-q", "later"]);
    sandbox.git("repo", ["commit", "-q", "-m", "rotate"]);
    sandbox.git("repo", ["checkout", "-q", "main"]);
    sandbox.git("repo", ["merge", "-q", "--no-edit", "--no-ff", "side"]);
    sandbox.git("repo", ["tag", "v1"]);
    sandbox.git("repo", ["push", "-q", "origin", "main", "side", "v1"]);
    for dir in ["repo", "server.git"] {
        sandbox.shroud(dir, ["check", "--all"]);
    }
    // All of it at once, to a server that has nothing.
    sandbox
        .sh(".", "git init -q --bare empty.git; cp server.git/hooks/pre-receive empty.git/hooks");
    sandbox.git("repo", ["push", "-q", "../empty.git", "--all"]);
}
