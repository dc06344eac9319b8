//! Hosts that serve something else than what was pushed: each is refused by its own sentence, and nothing is changed.

use std::fs;

use super::{clone, commit, copy, files, id, on_another_machine, put, refused, team, two, url};
use crate::common::noise;

#[test]
fn a_host_that_goes_back_forks_forgets_or_exchanges_is_not_believed() {
    let sandbox = two();
    copy(&sandbox, "host.git", "old.git");
    for n in ["a", "b"] {
        commit(&sandbox, "ann", n);
        sandbox.git("ann", ["push", "-q", "vault", "main"]);
    }
    copy(&sandbox, "host.git", "new.git");
    copy(&sandbox, "old.git", "host.git");
    refused(&sandbox, "ann", "serves an old state (push 2)");
    // Another clone of the same user is warned too, and a new one; on another machine nobody knows.
    refused(&sandbox, "bob", "serves an old state (push 2)");
    sandbox.try_git(".", ["clone", &url(&sandbox), "clone"]).expect(128).says("an old state");
    on_another_machine(&sandbox);
    for n in ["x", "y", "z"] {
        commit(&sandbox, "bob", n);
        sandbox.git("bob", ["push", "-q", "origin", "main"]);
    }
    on_another_machine(&sandbox);
    refused(&sandbox, "ann", "does not descend from push 4");
    // It is believed by hand alone, and only the very state that was looked at.
    let said = sandbox.try_git("ann", ["fetch", "vault"]).stderr;
    let state = said.split_whitespace().find(|word| word.len() == 64).unwrap().to_owned();
    sandbox.try_shroud("ann", ["remote", "accept", "vault", &"0".repeat(64)]).expect(1);
    refused(&sandbox, "ann", "does not descend");
    sandbox.shroud("ann", ["remote", "accept", "vault", &state]);
    sandbox.git("ann", ["fetch", "-q", "vault"]);
    assert_eq!(id(&sandbox, "ann", "vault/main"), id(&sandbox, "bob", "main"));
    // The host forgets it, is out of reach, and has another one.
    sandbox.git("host.git", ["update-ref", "-d", "refs/heads/shroud"]);
    refused(&sandbox, "bob", "is gone");
    sandbox
        .try_shroud("bob", ["remote", "init", "again", &url(&sandbox)])
        .expect(1)
        .says("is gone");
    fs::rename(sandbox.path("host.git"), sandbox.path("away.git")).unwrap();
    sandbox.try_git("bob", ["fetch"]).expect(128).says("cannot be reached");
    fs::rename(sandbox.path("away.git"), sandbox.path("host.git")).unwrap();
    let recipient = fs::read_to_string(sandbox.path("ann.age")).unwrap();
    let recipient = recipient.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    sandbox.git(".", ["init", "-q", "-b", "main", "mallory"]);
    commit(&sandbox, "mallory", "mallory");
    on_another_machine(&sandbox);
    let address = url(&sandbox);
    sandbox.shroud("mallory", ["remote", "init", "-q", "x", &address, "--member", recipient]);
    sandbox.git("mallory", ["push", "-q", "x", "main"]);
    on_another_machine(&sandbox);
    refused(&sandbox, "bob", "another encrypted repository");
}

#[test]
fn what_somebody_without_the_key_changes_is_refused() {
    let sandbox = team();
    clone(&sandbox, "bob");
    commit(&sandbox, "ann", "second");
    sandbox.git("ann", ["push", "-q", "vault", "main"]);
    let sound = id(&sandbox, "host.git", "shroud");
    let packs = files(&sandbox, "packs/");
    let [first, second] = &packs[..] else { panic!("{packs:?}") };
    let read = |path: &str| sandbox.blob("host.git", &format!("shroud:{path}"));
    let (one, other) = (read(first), read(second));
    let manifest = read("manifest");
    let mut flipped = manifest.clone();
    flipped[100] ^= 1;
    let huge = noise(17 << 20);
    // The first are found when bob asks, the others when he takes packs.
    for (path, content, says) in [
        ("shroud", Some(&b"something else\n"[..]), "is not an encrypted repository"),
        ("shroud", Some(b"git-shroud-remote v2\n"), "a newer git-shroud wrote this"),
        ("shroud", None, "is not an encrypted repository"),
        ("manifest", None, "its file 'manifest' is missing"),
        ("manifest", Some(b"version = 1\n"), "its manifest is not sealed"),
        ("manifest", Some(&flipped), "does not authenticate"),
        ("manifest", Some(&manifest[..200]), "manifest"),
        ("manifest", Some(&one), "manifest"),
        ("manifest", Some(&huge), "too long"),
        ("members", None, "its file 'members' is missing"),
        ("members", Some(&manifest), "not the one that the manifest names"),
        (first, None, "is missing"),
        (first, Some(&other), "pack"),
        (first, Some(&one[..one.len() - 9]), "pack"),
        (first, Some(b"\0SHROUD"), "truncated"),
        (second, Some(&one), "pack"),
        (second, Some(b""), "truncated"),
    ] {
        put(&sandbox, path, content);
        let clone = sandbox.try_git(".", ["clone", &url(&sandbox), "clone"]).expect(128);
        clone.says(says);
        assert!(!sandbox.path("clone").exists());
        let refs = sandbox.git("bob", ["for-each-ref"]).text();
        let fetch = sandbox.try_git("bob", ["fetch"]);
        // Bob has the first pack already, whichever it is.
        assert!(fetch.status == 128 || path.starts_with("packs/"), "{path}: {}", fetch.stderr);
        if fetch.status != 0 {
            assert_eq!(sandbox.git("bob", ["for-each-ref"]).text(), refs);
        }
        sandbox.git("bob", ["fsck", "--connectivity-only"]);
        let verify = sandbox.try_shroud("bob", ["remote", "verify", "origin"]);
        assert_ne!(verify.status, 0, "{path}");
        sandbox.git("host.git", ["update-ref", "refs/heads/shroud", &sound]);
    }
    sandbox.git("bob", ["fetch", "-q"]);
    assert_eq!(id(&sandbox, "bob", "origin/main"), id(&sandbox, "ann", "main"));
    // Envelopes that hold nothing, or are for nobody here, are passed over.
    put(&sandbox, "keys/0000000000000000", Some(b"-----BEGIN AGE ENCRYPTED FILE-----\nx\n"));
    put(&sandbox, "keys/0000000000000001", Some(b"-----BEGIN PGP MESSAGE-----\nx\n"));
    clone(&sandbox, "new");
}

/// Anybody can make a key and wrap it to a member whose public key is known; the chain of manifests is readable to the host.
#[test]
fn a_new_key_of_somebody_who_does_not_have_the_old_one_is_not_taken() {
    let sandbox = two();
    let recipient = fs::read_to_string(sandbox.path("ann.age")).unwrap();
    let recipient = recipient.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    sandbox.git(".", ["init", "-q", "--bare", "evil.git"]);
    sandbox.git(".", ["init", "-q", "-b", "main", "mallory"]);
    commit(&sandbox, "mallory", "mallory");
    let evil = sandbox.path("evil.git");
    let evil = evil.to_str().unwrap();
    sandbox.shroud("mallory", ["remote", "init", "-q", "x", evil, "--member", recipient]);
    for path in ["manifest", "members"] {
        let content = sandbox.blob("evil.git", &format!("shroud:{path}"));
        put(&sandbox, path, Some(&content));
    }
    let envelope =
        sandbox.git("evil.git", ["ls-tree", "-r", "--name-only", "shroud", "keys/"]).text();
    let content = sandbox.blob("evil.git", &format!("shroud:{}", envelope.trim()));
    put(&sandbox, "keys/0000000000000000", Some(&content));
    refused(&sandbox, "bob", "its manifest is that of another one");
}

/// Likewise, by somebody who writes all files in the right form, with all that the host knows.
#[test]
fn a_manifest_on_top_of_the_last_one_is_not_taken_from_who_does_not_have_its_key() {
    use git_shroud::format::{self, Key, Layout};
    use git_shroud::keyring::{Entry, to_text};
    use git_shroud::remote::manifest::{Manifest, digest};
    use git_shroud::remote::members::StoreMembers;
    use git_shroud::secret::SecretBytes;

    let sandbox = two();
    let recipient = fs::read_to_string(sandbox.path("ann.age")).unwrap();
    let recipient = recipient.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    let shroud = String::from_utf8(sandbox.blob("host.git", "shroud:shroud")).unwrap();
    let before = sandbox.blob("host.git", "shroud:manifest");
    let sound = id(&sandbox, "host.git", "shroud");
    let entry = |generation, byte| {
        let key = Key::new(SecretBytes::new([byte; 32]));
        Entry { name: "remote".parse().unwrap(), generation, key }
    };
    for earlier in [None, Some(entry(1, 7))] {
        let generation = if earlier.is_some() { 2 } else { 1 };
        let own = entry(generation, 9);
        let seal = |text: &str| format::seal(&own.key, Layout::default(), text.as_bytes());
        let members = seal(&StoreMembers::default().to_text());
        let retired = earlier.as_ref().map(|earlier| seal(&to_text([earlier])));
        let manifest = Manifest {
            repository: shroud.lines().nth(1).unwrap().to_owned(),
            generation: 3,
            previous: Some(digest(&before)),
            object_format: "sha1".to_owned(),
            head: None,
            key_generation: generation,
            refs: Default::default(),
            packs: Vec::new(),
            members: digest(&members),
            retired: retired.as_deref().map(digest),
            chain: None,
        };
        let recipient = recipient.parse().unwrap();
        let now = std::time::SystemTime::now();
        let envelope = git_shroud::remote::envelope::wrap(&own, &recipient, None, now).unwrap();
        put(&sandbox, "keys/0000000000000000", Some(envelope.as_bytes()));
        put(&sandbox, "members", Some(&members));
        if let Some(retired) = retired {
            put(&sandbox, "retired", Some(&retired));
        }
        put(&sandbox, "manifest", Some(&seal(&manifest.to_text())));
        refused(&sandbox, "bob", "does not descend from push 2");
        sandbox.git("host.git", ["update-ref", "refs/heads/shroud", &sound]);
    }
    sandbox.git("bob", ["fetch", "-q"]);
}

#[test]
fn odd_addresses_are_refused_before_anything_is_done() {
    let sandbox = team();
    for (address, says) in [
        ("shroud::host.git", "name the whole path"),
        ("shroud::shroud::/x", "cannot be on another encrypted remote"),
        ("shroud::", "not the address of a repository"),
    ] {
        let clone = sandbox.try_git(".", ["clone", address, "clone"]);
        assert_ne!(clone.status, 0);
        clone.says(says);
    }
    sandbox.try_shroud("ann", ["remote", "status", "origin"]).expect(2).says("no encrypted remote");
}
