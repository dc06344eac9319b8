//! Pushes, fetches and clones, as git and its users make them.

use std::collections::BTreeMap;

use super::{CANARY, clone, commit, id, team, two, url};
use crate::common::Sandbox;

fn refs(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let listed = sandbox.git(".", ["ls-remote", &url(sandbox)]).text();
    let pairs = listed.lines().filter_map(|line| line.split_once('\t'));
    pairs.map(|(id, name)| (name.to_owned(), id.to_owned())).collect()
}

#[test]
fn what_is_pushed_is_cloned_and_fetched_and_the_host_sees_none_of_it() {
    let sandbox = two();
    assert_eq!(id(&sandbox, "bob", "HEAD"), id(&sandbox, "ann", "main"));
    commit(&sandbox, "bob", "second");
    sandbox.git("bob", ["tag", "-a", "v1", "-m", CANARY]);
    sandbox.git("bob", ["push", "-q", "--follow-tags", "origin", "main"]);
    sandbox.git("ann", ["fetch", "-q", "vault"]);
    sandbox.git("ann", ["merge", "-q", "--ff-only", "vault/main"]);
    assert_eq!(id(&sandbox, "ann", "main"), id(&sandbox, "bob", "main"));
    assert_eq!(
        id(&sandbox, "ann", "v1"),
        id(&sandbox, "bob", "v1"),
        "an annotated tag is followed"
    );
    sandbox.git("ann", ["fsck", "--strict"]);
    sandbox.assert_no_object_holds("host.git", CANARY.as_bytes());
    let host = sandbox.git("host.git", ["ls-tree", "-r", "--name-only", "shroud"]).text();
    let log = sandbox.git("host.git", ["log", "--format=%an %ae %cn %at %s", "shroud"]).text();
    assert!(
        !host.contains(CANARY) && !host.contains("main") && !log.contains("Ann"),
        "{host}{log}"
    );
    assert_eq!(log.lines().count(), 3, "a commit for each push, and that of init");
    // Nothing of the helper's own is left that keeps packs for ever.
    for dir in ["ann", "bob"] {
        let packs = sandbox.path(dir).join(".git/objects/pack");
        let kept = std::fs::read_dir(packs).unwrap().flatten();
        assert!(!kept.into_iter().any(|file| file.path().extension().is_some_and(|e| e == "keep")));
    }
}

#[test]
fn refs_move_as_on_any_server() {
    let sandbox = two();
    commit(&sandbox, "bob", "second");
    sandbox.git("bob", ["push", "-q", "origin", "main", "main:topic", "main:refs/notes/x"]);
    let second = id(&sandbox, "bob", "main");
    // Ann's history has gone another way.
    commit(&sandbox, "ann", "other");
    let other = id(&sandbox, "ann", "main");
    sandbox.try_git("ann", ["push", "vault", "main"]).expect(1).says("fetch first");
    sandbox.git("ann", ["fetch", "-q", "vault"]);
    sandbox.try_git("ann", ["push", "vault", "main"]).expect(1).says("non-fast-forward");
    let lease = format!("--force-with-lease=main:{other}");
    sandbox.try_git("ann", ["push", &lease, "vault", "main"]).expect(1).says("stale info");
    sandbox.try_git("ann", ["push", "--atomic", "vault", "main", "main:new"]).expect(1);
    sandbox.git("ann", ["push", "-q", "--dry-run", "-f", "vault", "main"]);
    assert_eq!(refs(&sandbox)["refs/heads/main"], second);
    let under = sandbox.try_git("ann", ["push", "vault", "main:refs/heads/topic/x"]).expect(1);
    under.says("cannot both be there");
    assert!(!refs(&sandbox).contains_key("refs/heads/new"));
    let lease = format!("--force-with-lease=main:{second}");
    sandbox.git("ann", ["push", "-q", &lease, "vault", "main", ":topic", "main:ünï"]);
    let after = refs(&sandbox);
    assert_eq!(after["refs/heads/main"], other);
    assert_eq!(after["HEAD"], other);
    assert_eq!(after["refs/notes/x"], second);
    assert!(after.contains_key("refs/heads/ünï") && !after.contains_key("refs/heads/topic"));
    // What no ref of the clone leads to comes with a clone of all refs.
    sandbox.git(".", ["clone", "-q", "--mirror", &url(&sandbox), "mirror"]);
    sandbox.git("mirror", ["fsck", "--strict", "--connectivity-only"]);
    assert_eq!(id(&sandbox, "mirror", "refs/notes/x"), second);
}

#[test]
fn only_init_makes_a_store_and_only_once() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "--bare", "host.git"]);
    sandbox.git(".", ["init", "-q", "-b", "main", "ann"]);
    commit(&sandbox, "ann", "first");
    let address = url(&sandbox);
    let push = sandbox.try_git("ann", ["push", &address, "main"]).expect(128);
    push.says("no branch 'shroud'").says("git shroud remote init");
    assert_eq!(sandbox.git("host.git", ["for-each-ref"]).text(), "");
    sandbox
        .shroud("ann", ["remote", "init", "vault", &address])
        .says("only this clone can open it");
    let made = sandbox.snapshot("host.git");
    let again = sandbox.try_shroud("ann", ["remote", "init", "second", &address]).expect(2);
    again.says("encrypted repository at this address already");
    sandbox.git(".", ["init", "-q", "-b", "main", "bob"]);
    super::on_another_machine(&sandbox);
    sandbox.try_shroud("bob", ["remote", "init", "vault", &address]).expect(2);
    assert_eq!(sandbox.snapshot("host.git"), made);
    assert_eq!(sandbox.git("bob", ["remote"]).text(), "");
    // Without a key it is closed.
    sandbox.git("ann", ["push", "-q", "vault", "main"]);
    sandbox.try_git(".", ["clone", &address, "clone"]).expect(128).says("no key on this machine");
    sandbox.shroud("ann", ["remote", "export", "vault", "-o", "../vault.key"]);
    let mut command = sandbox.command("git", ".");
    command
        .args(["clone", "-q", &address, "clone"])
        .env("GIT_SHROUD_KEYRING", sandbox.path("vault.key"));
    sandbox.run(command).expect(0);
    assert_eq!(id(&sandbox, "clone", "HEAD"), id(&sandbox, "ann", "main"));
}

#[test]
fn repositories_of_sha_256_are_pushed_to_hosts_of_both_kinds() {
    for host in ["sha1", "sha256"] {
        let sandbox = Sandbox::new();
        if !sandbox.git_knows("SHA-256", (2, 29)) {
            return;
        }
        let recipient = sandbox.age_identity("ann");
        sandbox.write("home/.config/age/keys.txt", sandbox.read("ann.age"));
        let format = format!("--object-format={host}");
        sandbox.git(".", ["init", "-q", "--bare", &format, "host.git"]);
        sandbox.git(".", ["init", "-q", "-b", "main", "--object-format=sha256", "ann"]);
        commit(&sandbox, "ann", "first");
        sandbox.shroud("ann", ["remote", "init", "vault", "../host.git", "--member", &recipient]);
        sandbox.git("ann", ["push", "-q", "vault", "main"]);
        clone(&sandbox, "bob");
        assert_eq!(id(&sandbox, "bob", "HEAD"), id(&sandbox, "ann", "main"));
        // Objects of the two kinds do not mix.
        sandbox.git(".", ["init", "-q", "-b", "main", "other"]);
        commit(&sandbox, "other", "other");
        let push = sandbox.try_git("other", ["push", &url(&sandbox), "main"]);
        assert_ne!(push.status, 0);
    }
}

#[test]
fn many_small_pushes_leave_few_packs_and_a_sound_clone() {
    let sandbox = two();
    for n in 0..30 {
        let (dir, remote) = if n % 2 == 0 { ("ann", "vault") } else { ("bob", "origin") };
        sandbox.git(dir, ["pull", "-q", "--ff-only", remote, "main"]);
        commit(&sandbox, dir, &n.to_string());
        sandbox.git(dir, ["push", "-q", remote, "main"]);
    }
    let status = sandbox.shroud("ann", ["remote", "status", "vault", "--json"]).json();
    assert!(status["packs"].as_u64().unwrap() < 16, "{status}");
    assert_eq!(status["push"], 32);
    let before = sandbox.git("ann", ["count-objects", "-v"]).text();
    let verified = sandbox.shroud("ann", ["remote", "verify", "vault"]).text();
    assert!(verified.contains("1 ref"), "{verified}");
    assert_eq!(sandbox.git("ann", ["count-objects", "-v"]).text(), before);
    clone(&sandbox, "new");
    sandbox.git("new", ["fsck", "--strict"]);
    assert_eq!(sandbox.git("new", ["rev-list", "--count", "HEAD"]).text(), "31\n");
    // A clone that has missed all of it.
    sandbox.git("ann", ["pull", "-q", "--ff-only", "vault", "main"]);
    assert_eq!(id(&sandbox, "ann", "main"), id(&sandbox, "new", "main"));
}

#[test]
fn a_fetch_survives_that_its_objects_were_removed() {
    let sandbox = two();
    sandbox.git("ann", ["checkout", "-q", "-b", "topic"]);
    commit(&sandbox, "ann", "topic");
    sandbox.git("ann", ["push", "-q", "vault", "topic"]);
    sandbox.git("bob", ["fetch", "-q"]);
    sandbox.git("bob", ["update-ref", "-d", "refs/remotes/origin/topic"]);
    sandbox.git("bob", ["gc", "-q", "--prune=now"]);
    commit(&sandbox, "ann", "more");
    sandbox.git("ann", ["push", "-q", "vault", "topic"]);
    sandbox.git("bob", ["fetch", "-q"]);
    assert_eq!(id(&sandbox, "bob", "origin/topic"), id(&sandbox, "ann", "topic"));
    sandbox.git("bob", ["fsck"]);
}

#[test]
fn submodule_links_notes_and_odd_refs_come_along() {
    let sandbox = two();
    let link = format!("160000,{},sub", "1".repeat(id(&sandbox, "ann", "HEAD").len()));
    sandbox.git("ann", ["update-index", "--add", "--cacheinfo", &link]);
    sandbox.git("ann", ["commit", "-q", "-m", "link"]);
    sandbox.git("ann", ["notes", "add", "-m", CANARY]);
    let odd = "refs/heads/%41'$(x)\u{e4};&-x";
    sandbox.git("ann", ["push", "-q", "vault", "main", "refs/notes/*", &format!("main:{odd}")]);
    let there = refs(&sandbox);
    assert_eq!(there["refs/notes/commits"], id(&sandbox, "ann", "refs/notes/commits"));
    assert_eq!(there[odd], id(&sandbox, "ann", "main"));
    sandbox.git("bob", ["fetch", "-q", "origin", "refs/notes/*:refs/notes/*", "main"]);
    let tree = sandbox.git("bob", ["ls-tree", "origin/main", "sub"]).text();
    assert!(tree.starts_with("160000 commit 1111"), "{tree}");
    assert_eq!(sandbox.git("bob", ["notes", "show", "origin/main"]).text(), format!("{CANARY}\n"));
    sandbox.git("bob", ["fsck", "--strict"]);
}

#[test]
fn linked_worktrees_and_subfolders_push_and_shallow_clones_are_refused() {
    let sandbox = team();
    sandbox.git("ann", ["worktree", "add", "-q", "../linked"]);
    commit(&sandbox, "linked", "linked");
    sandbox.write("linked/sub/file", "");
    sandbox.git("linked/sub", ["push", "-q", "vault", "HEAD"]);
    assert_eq!(refs(&sandbox)["refs/heads/linked"], id(&sandbox, "linked", "HEAD"));
    let from = format!("file://{}", sandbox.path("ann").to_str().unwrap());
    commit(&sandbox, "ann", "second");
    sandbox.git(".", ["clone", "-q", "--depth=1", &from, "shallow"]);
    commit(&sandbox, "shallow", "third");
    sandbox
        .try_git("shallow", ["push", &url(&sandbox), "HEAD:refs/heads/shallow"])
        .expect(1)
        .says("this is a shallow clone");
    assert!(!refs(&sandbox).contains_key("refs/heads/shallow"));
}

#[test]
fn members_come_and_go() {
    let sandbox = team();
    let carol = sandbox.age_identity("carol");
    let own = sandbox.path("home/.config/age/keys.txt");
    let as_carol = |dir: &str, args: &[&str]| {
        std::fs::remove_file(&own).unwrap();
        let mut command = sandbox.command("git", dir);
        command.args(args).env("GIT_SHROUD_IDENTITY", sandbox.path("carol.age"));
        let done = sandbox.run(command);
        std::fs::copy(sandbox.path("ann.age"), &own).unwrap();
        done
    };
    let address = url(&sandbox);
    as_carol(".", &["clone", "-q", &address, "carol"]).expect(128).says("no key on this machine");
    let add = ["member", "add", "--remote", "vault", &carol, "--label", "carol"];
    sandbox.shroud("ann", add).says("'carol' can open it now");
    as_carol(".", &["clone", "-q", &address, "carol"]).expect(0);
    clone(&sandbox, "bob");
    // Nobody is added twice, and no label is given twice.
    sandbox.shroud("ann", add);
    let other = sandbox.age_identity("other");
    let taken = ["member", "add", "--remote", "vault", &other, "--label", "carol"];
    sandbox.try_shroud("ann", taken).expect(2).says("another member is called 'carol'");
    let status = sandbox.shroud("ann", ["remote", "status", "vault", "--json"]).json();
    assert_eq!(status["members"].as_array().unwrap().len(), 2, "{status}");
    // Whoever is taken out cannot open what comes.
    let nobody = ["member", "remove", "--remote", "vault", "nobody"];
    sandbox.try_shroud("ann", nobody).expect(2).says("there is no member 'nobody'");
    sandbox.shroud("ann", ["member", "remove", "--remote", "vault", "carol"]);
    commit(&sandbox, "ann", "second");
    sandbox.git("ann", ["push", "-q", "vault", "main"]);
    let before = id(&sandbox, "carol", "origin/main");
    as_carol("carol", &["fetch"]).expect(128).says("no key on this machine");
    assert_eq!(id(&sandbox, "carol", "origin/main"), before);
    // The others need to do nothing, and a newcomer reads what older keys have sealed.
    sandbox.git("bob", ["pull", "-q"]);
    assert_eq!(id(&sandbox, "bob", "main"), id(&sandbox, "ann", "main"));
    sandbox.shroud("bob", ["member", "add", "--remote", "origin", &other]);
    clone(&sandbox, "new");
    assert_eq!(id(&sandbox, "new", "main"), id(&sandbox, "ann", "main"));
    let status = sandbox.shroud("new", ["remote", "status", "origin", "--json"]).json();
    assert_eq!(status["key_generation"], 2, "{status}");
}

/// The host lets a colleague's push in while it looks at Ann's.
#[cfg(unix)]
#[test]
fn two_pushes_at_the_same_time_both_arrive() {
    let sandbox = two();
    super::let_bob_push_between(&sandbox);
    commit(&sandbox, "bob", "bob");
    commit(&sandbox, "ann", "ann");
    sandbox.write("once", "");
    sandbox.write("to", "bob");
    sandbox.git("ann", ["push", "-q", "vault", "main"]);
    let after = refs(&sandbox);
    assert_eq!(after["refs/heads/main"], id(&sandbox, "ann", "main"));
    assert_eq!(after["refs/heads/bob"], id(&sandbox, "bob", "main"));
    // The same ref: whoever is second is told, even with force.
    commit(&sandbox, "ann", "second");
    sandbox.git("bob", ["pull", "-q", "--rebase", "origin", "main"]);
    sandbox.write("once", "");
    sandbox.write("to", "main");
    sandbox.try_git("ann", ["push", "-f", "vault", "main"]).expect(1).says("stale info");
    assert_eq!(refs(&sandbox)["refs/heads/main"], id(&sandbox, "bob", "main"));
    clone(&sandbox, "new");
    sandbox.git("new", ["fsck", "--strict"]);
}
