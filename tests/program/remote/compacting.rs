//! Beginning the host's branch anew: everybody goes on as before, and what was pushed earlier is gone.

use std::fs;

use super::{clone, commit, copy, files, id, put, refused, two, url};
use crate::common::{Sandbox, contains, is_sealed, noise};

fn compact(sandbox: &Sandbox, dir: &str, remote: &str) {
    sandbox.shroud(dir, ["remote", "compact", remote, "--yes"]).says("is one commit now");
}

fn push(sandbox: &Sandbox, dir: &str, remote: &str, name: &str) {
    sandbox.git(dir, ["pull", "-q", "--ff-only", remote, "main"]);
    commit(sandbox, dir, name);
    sandbox.git(dir, ["push", "-q", remote, "main"]);
}

/// The commits of the host's branch.
fn commits(sandbox: &Sandbox) -> usize {
    sandbox.git("host.git", ["rev-list", "shroud"]).text().lines().count()
}

/// Bytes of all objects in a repository.
fn size(sandbox: &Sandbox, dir: &str) -> u64 {
    let said = sandbox.git(dir, ["count-objects", "-v"]).text();
    let of = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().parse::<u64>().unwrap()
    };
    of("size:") + of("size-pack:")
}

/// The folder of the only encrypted remote of a clone.
fn mirror(sandbox: &Sandbox, dir: &str) -> String {
    let remotes = sandbox.path(dir).join(".git/git-shroud/remotes");
    let found = fs::read_dir(remotes).unwrap().flatten().next().unwrap();
    format!("{dir}/.git/git-shroud/remotes/{}/mirror", found.file_name().to_str().unwrap())
}

#[test]
fn the_branch_is_one_commit_and_everybody_goes_on() {
    let sandbox = two();
    clone(&sandbox, "late");
    // What is deleted is a part of the host's history for ever, else.
    sandbox.write("ann/large", noise(300_000));
    sandbox.git("ann", ["add", "large"]);
    sandbox.git("ann", ["commit", "-q", "-m", "large"]);
    sandbox.git("ann", ["push", "-q", "vault", "main:large"]);
    sandbox.git("ann", ["push", "-q", "vault", ":large"]);
    sandbox.git("ann", ["reset", "-q", "--hard", "HEAD^"]);
    for n in ["a", "b", "c"] {
        push(&sandbox, "ann", "vault", n);
    }
    sandbox.git("ann", ["tag", "-a", "v1", "-m", "tagged"]);
    sandbox.git("ann", ["push", "-q", "vault", "v1"]);
    sandbox.git("bob", ["pull", "-q"]);
    let before = sandbox.git(".", ["ls-remote", &url(&sandbox)]).text();
    let packs = || {
        let packs = sandbox.path("bob/.git/objects/pack");
        fs::read_dir(packs).unwrap().flatten().map(|file| file.file_name()).collect::<Vec<_>>()
    };
    let held = packs();
    assert!(commits(&sandbox) > 5);
    let done = sandbox.shroud("ann", ["remote", "compact", "vault", "--yes"]);
    done.says("each clone of 1 member fetches them again").says("is one commit now");
    assert_eq!(commits(&sandbox), 1);
    assert_eq!(files(&sandbox, "packs/").len(), 1);
    assert_eq!(sandbox.git(".", ["ls-remote", &url(&sandbox)]).text(), before);
    sandbox.git("host.git", ["gc", "-q", "--prune=now"]);
    assert!(size(&sandbox, "host.git") < 100, "the host can forget what is not needed");
    assert!(size(&sandbox, &mirror(&sandbox, "ann")) < 100, "and so does the clone's copy");
    // Who has seen the last push, who has seen an early one, and who has seen none.
    sandbox.git("bob", ["fetch", "-q"]);
    assert_eq!(packs(), held, "nothing comes a second time");
    sandbox.git("late", ["pull", "-q"]);
    assert_eq!(id(&sandbox, "late", "main"), id(&sandbox, "ann", "main"));
    super::on_another_machine(&sandbox);
    clone(&sandbox, "new");
    sandbox.git("new", ["fsck", "--strict"]);
    assert_eq!(id(&sandbox, "new", "v1"), id(&sandbox, "ann", "v1"));
    push(&sandbox, "bob", "origin", "d");
    push(&sandbox, "ann", "vault", "e");
    // Once more, with a clone that has seen nothing since before the first time.
    clone(&sandbox, "old");
    super::on_another_machine(&sandbox);
    push(&sandbox, "bob", "origin", "f");
    compact(&sandbox, "bob", "origin");
    push(&sandbox, "ann", "vault", "g");
    push(&sandbox, "ann", "vault", "h");
    super::on_another_machine(&sandbox);
    for dir in ["old", "late", "new"] {
        sandbox.git(dir, ["pull", "-q"]);
        assert_eq!(id(&sandbox, dir, "main"), id(&sandbox, "ann", "main"), "{dir}");
        sandbox.git(dir, ["fsck", "--strict"]);
    }
    sandbox.shroud("late", ["remote", "verify", "origin"]);
}

#[test]
fn it_is_asked_first_and_a_host_that_does_not_let_it_changes_nothing() {
    let sandbox = two();
    push(&sandbox, "ann", "vault", "a");
    let before = sandbox.git("host.git", ["for-each-ref"]).text();
    let done = sandbox.try_shroud("ann", ["remote", "compact", "vault"]).expect(2);
    done.says("to the host again").says("nothing was changed").says("--yes");
    sandbox.git("host.git", ["config", "receive.denyNonFastForwards", "true"]);
    let done = sandbox.try_shroud("ann", ["remote", "compact", "vault", "--yes"]).expect(2);
    done.says("the host refuses the push").says("you must be allowed to force");
    assert_eq!(sandbox.git("host.git", ["for-each-ref"]).text(), before);
    sandbox.git("bob", ["pull", "-q"]);
    push(&sandbox, "bob", "origin", "b");
}

/// The host lets a colleague's push in while it looks at the new root.
#[cfg(unix)]
#[test]
fn a_push_at_the_same_time_is_not_lost() {
    let sandbox = two();
    super::let_bob_push_between(&sandbox);
    commit(&sandbox, "bob", "bob");
    sandbox.write("once", "");
    sandbox.write("to", "bob");
    compact(&sandbox, "ann", "vault");
    assert!(!sandbox.path("once").exists());
    assert_eq!(commits(&sandbox), 1);
    sandbox.git("ann", ["fetch", "-q", "vault"]);
    assert_eq!(id(&sandbox, "ann", "vault/bob"), id(&sandbox, "bob", "main"));
}

#[test]
fn an_old_root_another_one_and_one_that_was_changed_are_not_believed() {
    let sandbox = two();
    for n in ["a", "b", "c"] {
        push(&sandbox, "ann", "vault", n);
    }
    copy(&sandbox, "host.git", "fork.git");
    compact(&sandbox, "ann", "vault");
    copy(&sandbox, "host.git", "root.git");
    push(&sandbox, "ann", "vault", "d");
    push(&sandbox, "ann", "vault", "e");
    sandbox.git("bob", ["pull", "-q"]);
    copy(&sandbox, "host.git", "sound.git");
    // The host goes back to the root, and to what was before it.
    copy(&sandbox, "root.git", "host.git");
    refused(&sandbox, "bob", "serves an old state");
    copy(&sandbox, "fork.git", "host.git");
    refused(&sandbox, "bob", "serves an old state");
    // Somebody who was shown nothing of it pushes and begins anew, too: as many states, and other ones.
    super::on_another_machine(&sandbox);
    clone(&sandbox, "eve");
    for n in ["x", "y", "z"] {
        push(&sandbox, "eve", "origin", n);
    }
    compact(&sandbox, "eve", "origin");
    super::on_another_machine(&sandbox);
    refused(&sandbox, "bob", "does not descend");
    // The list of earlier states is what the manifest names.
    copy(&sandbox, "sound.git", "host.git");
    let sound = id(&sandbox, "host.git", "shroud");
    let chain = sandbox.blob("host.git", "shroud:chain");
    assert!(is_sealed(&chain));
    let mut changed = chain.clone();
    *changed.last_mut().unwrap() ^= 1;
    let dir = sandbox.path("ann/.git/git-shroud/remotes");
    for (content, says) in [
        (None, "its file 'chain' is missing"),
        (Some(&changed[..]), "not the one that the manifest names"),
        (Some(&b"x"[..]), "not the one that the manifest names"),
    ] {
        put(&sandbox, "chain", content);
        // Only who has seen a state before the root asks for it.
        sandbox.git(".", ["clone", "-q", "fork.git", "--mirror", "away.git"]);
        fs::remove_dir_all(sandbox.path("away.git")).unwrap();
        let pin = fs::read_dir(&dir).unwrap().flatten().next().unwrap().path().join("pin");
        let text = fs::read_to_string(&pin).unwrap();
        let line = text.lines().find(|line| line.starts_with("generation")).unwrap();
        fs::write(&pin, text.replace(line, "generation = 2")).unwrap();
        super::on_another_machine(&sandbox);
        refused(&sandbox, "ann", says);
        fs::write(&pin, text).unwrap();
        sandbox.git("host.git", ["update-ref", "refs/heads/shroud", &sound]);
    }
}

/// Kills this command of Ann's at each of its calls of git, until it is done. Bob can fetch after each.
#[cfg(unix)]
fn kill_everywhere(sandbox: &Sandbox, args: &[&str]) {
    sandbox.deadly_git();
    let mut kills = 0;
    for cut in 1.. {
        let before = id(sandbox, "host.git", "shroud");
        sandbox.write("calls", "0");
        sandbox.write("cut", cut.to_string());
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "ann");
        command.args(args);
        sandbox.with_own_programs(&mut command);
        let done = sandbox.run(command);
        let there = id(sandbox, "host.git", "shroud");
        assert!(there == before || commits(sandbox) == 1, "cut {cut}");
        sandbox.git("bob", ["fetch", "-q"]);
        assert_eq!(id(sandbox, "bob", "origin/main"), id(sandbox, "ann", "main"));
        // It ends by itself also if the one before was killed after the host had taken all of it.
        if done.status != -1 {
            assert!(done.status == 0 || done.stderr.contains("there is no member"), "{done:?}");
            break;
        }
        kills += 1;
    }
    assert!(kills > 20, "{kills}");
    push(sandbox, "bob", "origin", "b");
    push(sandbox, "ann", "vault", "c");
    super::on_another_machine(sandbox);
    clone(sandbox, "new");
    sandbox.git("new", ["fsck", "--strict"]);
}

#[cfg(unix)]
#[test]
fn a_run_that_is_killed_anywhere_leaves_the_old_branch_or_the_new_one() {
    let sandbox = two();
    push(&sandbox, "ann", "vault", "a");
    kill_everywhere(&sandbox, &["remote", "compact", "vault", "--yes"]);
}

#[cfg(unix)]
#[test]
fn a_removal_with_repack_that_is_killed_anywhere_is_done_or_not() {
    let sandbox = two();
    let carol = sandbox.age_identity("carol");
    sandbox.shroud("ann", ["member", "add", "--remote", "vault", &carol, "--label", "carol"]);
    push(&sandbox, "ann", "vault", "a");
    let remove = ["member", "remove", "--remote", "vault", "carol", "--repack", "--yes"];
    kill_everywhere(&sandbox, &remove);
    let members = sandbox.shroud("ann", ["member", "list", "--remote", "vault"]).text();
    assert!(!members.contains("carol"), "{members}");
}

#[test]
fn a_member_who_is_removed_with_repack_opens_nothing_that_the_host_has() {
    let sandbox = two();
    let carol = sandbox.age_identity("carol");
    sandbox.shroud("ann", ["member", "add", "--remote", "vault", &carol, "--label", "carol"]);
    let listed = sandbox.shroud("bob", ["member", "list", "--remote", "origin"]).text();
    assert!(listed.lines().count() == 2 && listed.contains(&carol), "{listed}");
    let json = sandbox.shroud("bob", ["member", "list", "--remote", "origin", "--json"]).json();
    assert_eq!(json["members"][1]["label"], "carol", "{json}");
    push(&sandbox, "ann", "vault", "a");
    sandbox.shroud("ann", ["remote", "export", "vault", "-o", "../carols.key"]);
    let before = files(&sandbox, "packs/");
    let refused = ["member", "remove", "--remote", "vault", "carol", "--repack"];
    sandbox.try_shroud("ann", refused).expect(2).says("nothing was changed");
    sandbox
        .shroud("ann", ["member", "remove", "--remote", "vault", "carol", "--repack", "--yes"])
        .says("sealed everything with it");
    assert_eq!(commits(&sandbox), 1);
    let after = files(&sandbox, "packs/");
    assert!(after.iter().all(|pack| !before.contains(pack)), "{after:?}");
    sandbox.git("host.git", ["gc", "-q", "--prune=now"]);
    let key = String::from_utf8(sandbox.read("carols.key")).unwrap();
    let sealed_with =
        |path: &str| sandbox.blob("host.git", &format!("shroud:{path}"))[8..24].to_vec();
    let carols = key_of(&key);
    for path in after.iter().map(String::as_str).chain(["manifest", "members", "retired", "chain"])
    {
        assert_ne!(sealed_with(path), carols, "{path}");
    }
    let objects =
        sandbox.git("host.git", ["cat-file", "--batch-all-objects", "--batch", "--unordered"]);
    assert!(!contains(&objects.stdout, &carols), "no object of the host names the old key");
    // The others go on.
    push(&sandbox, "bob", "origin", "b");
    sandbox.git("ann", ["pull", "-q", "vault", "main"]);
    super::on_another_machine(&sandbox);
    clone(&sandbox, "new");
    assert_eq!(id(&sandbox, "new", "main"), id(&sandbox, "bob", "main"));
}

/// The id of the key in a key file.
fn key_of(text: &str) -> Vec<u8> {
    use git_shroud::keyring::Keyring;
    Keyring::parse(text.as_bytes()).unwrap().entries()[0].key.id().0.to_vec()
}

#[test]
fn a_store_is_sealed_with_a_key_of_the_clone_if_that_is_named() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("ann");
    sandbox.git(".", ["init", "-q", "--bare", "host.git"]);
    let init = |key| ["remote", "init", "vault", "../host.git", "--key", key];
    sandbox.try_shroud("ann", init("prod")).expect(2).says("does not hold the key 'prod'");
    assert_eq!(sandbox.git("host.git", ["for-each-ref"]).text(), "");
    sandbox.shroud("ann", init("default"));
    sandbox.git("ann", ["push", "-q", "vault", "HEAD:refs/heads/main"]);
    super::on_another_machine(&sandbox);
    let mut command = sandbox.command("git", ".");
    let key = String::from_utf8(sandbox.read("team.key")).unwrap();
    command.args(["clone", "-q", &url(&sandbox), "ci"]).env("GIT_SHROUD_KEY", key);
    sandbox.run(command).expect(0);
    assert_eq!(id(&sandbox, "ci", "origin/main"), id(&sandbox, "ann", "HEAD"));
    // Files that the filters seal stay sealed in what is pushed.
    assert!(is_sealed(&sandbox.blob("ci", "origin/main:secrets/db.env")));
}
