//! Clones that lack blobs or history: what is needed to tell a swapped key comes from the origin, or the key is refused.

use crate::common::attacker::RawKey;
use crate::common::{SECRETS, Sandbox};

const MALLORY: RawKey = RawKey([7; 32]);

/// A repository in which somebody without the key has put one of their own in its place; also as a URL.
fn swapped() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["bob"]);
    sandbox.git("repo", ["config", "uploadpack.allowFilter", "true"]);
    sandbox.git("repo", ["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let bob = String::from_utf8(sandbox.read("bob.age")).unwrap();
    let bob = bob.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap().to_owned();
    sandbox.write("repo/.shroud/default/key.toml", MALLORY.key_toml("default", 1, &[]));
    sandbox.write(
        "repo/.shroud/default/members/bob.toml",
        MALLORY.age_member("default", 1, "bob", &bob),
    );
    sandbox.git("repo", ["add", ".shroud"]);
    sandbox.stage_raw("repo", "secrets/new", &MALLORY.seal(b"mallory's"));
    sandbox.git("repo", ["commit", "-q", "-m", "swap"]);
    let url = format!("file://{}", sandbox.path("repo").display());
    (sandbox, url)
}

#[test]
fn a_partial_clone_gets_the_history_of_the_key() {
    for filter in ["blob:none", "tree:0", "blob:limit=1"] {
        let (sandbox, url) = swapped();
        sandbox.git(".", ["clone", "-q", &format!("--filter={filter}"), &url, "clone"]);
        let unlock = ["unlock", "-i", "../bob.age"];
        sandbox.try_shroud("clone", unlock).expect(1).says("in the history of this branch");
        assert!(!sandbox.path("clone/.git/git-shroud/keyring").exists());
    }
}

#[test]
fn a_partial_clone_without_its_origin_takes_no_key() {
    let (sandbox, url) = swapped();
    sandbox.git(".", ["clone", "-q", "--filter=blob:none", &url, "clone"]);
    sandbox.sh(".", "mv repo away").expect(0);
    let done = sandbox.try_shroud("clone", ["unlock", "-i", "../bob.age"]).expect(1);
    done.says("earlier versions of .shroud/default/key.toml are not in this clone")
        .says("--trust-key");
    assert!(!sandbox.path("clone/.git/git-shroud/keyring").exists());
}

#[test]
fn a_shallow_clone_looks_at_what_is_sealed() {
    for filter in [&[][..], &["--filter=blob:none", "--sparse"]] {
        let (sandbox, url) = swapped();
        if !filter.is_empty() && !sandbox.git_knows("clone --sparse of a URL", (2, 26)) {
            return;
        }
        sandbox.git(".", [&["clone", "-q", "--depth=1"], filter, &[&url, "clone"]].concat());
        if !filter.is_empty() {
            sandbox.git("clone", ["sparse-checkout", "set", ".shroud"]);
        }
        let done = sandbox.try_shroud("clone", ["unlock", "-i", "../bob.age"]).expect(1);
        done.says("does not descend from the one that secrets/db.env is sealed with");
        assert!(!sandbox.path("clone/.git/git-shroud/keyring").exists());
    }
}

#[test]
fn partial_and_shallow_clones_of_a_team_open() {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["bob"]);
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    sandbox.git("repo", ["commit", "-q", "-m", "rotate"]);
    sandbox.git("repo", ["config", "uploadpack.allowFilter", "true"]);
    sandbox.git("repo", ["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let url = format!("file://{}", sandbox.path("repo").display());
    for (to, options) in [
        ("blobs", &["--filter=blob:none"][..]),
        ("trees", &["--filter=tree:0"]),
        ("shallow", &["--depth=1"]),
        ("both", &["--depth=1", "--filter=blob:none"]),
    ] {
        sandbox.git(".", [&["clone", "-q"], options, &[&url, to]].concat());
        sandbox.shroud(to, ["unlock", "-i", "../bob.age"]);
        assert_eq!(sandbox.read(format!("{to}/secrets/db.env")), SECRETS[0].1.as_bytes(), "{to}");
    }
    // A guard in a clone without blobs gets what it needs, too.
    sandbox.shroud("blobs", ["key", "rotate", "-q"]);
    sandbox.shroud("blobs", ["check"]);
    sandbox.git("blobs", ["commit", "-q", "-m", "again"]);
    sandbox.shroud("blobs", ["check", "HEAD^!"]);
}

#[test]
fn a_sparse_partial_clone_of_a_member_says_what_is_missing_and_accuses_nobody() {
    let sandbox = Sandbox::new();
    if !sandbox.git_knows("clone --sparse of a URL", (2, 26)) {
        return;
    }
    sandbox.repository_with_members("repo", &["ci"]);
    sandbox.git("repo", ["config", "uploadpack.allowFilter", "true"]);
    sandbox.git("repo", ["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let url = format!("file://{}", sandbox.path("repo").display());
    sandbox.git(".", ["clone", "-q", "--filter=blob:none", "--sparse", &url, "ci"]);
    let way = "git sparse-checkout add .shroud";
    let unlock = ["unlock", "-i", "../ci.age"];
    let done = sandbox.try_shroud("ci", unlock).expect(3).says(way);
    assert!(!done.stderr.contains("ask a member"), "{}", done.stderr);
    for args in [&["status"][..], &["member", "list"], &["doctor"], &["member", "remove", "ci"]] {
        let done = sandbox.try_shroud("ci", args);
        assert_ne!(done.status, 0, "{args:?}");
        let said = format!("{}{}", done.text(), done.stderr);
        assert!(said.contains(way), "{args:?}: {said}");
        for wrong in ["malformed", "member remove"] {
            assert!(!said.contains(wrong), "{args:?}: {said}");
        }
    }
    sandbox.git("ci", ["sparse-checkout", "add", ".shroud"]);
    sandbox.shroud("ci", unlock);
    // The files outside of the sparse checkout are not here, so only their state is unknown.
    let done = sandbox.try_shroud("ci", ["status"]).expect(3).says("3 blobs not in this clone");
    assert!(!done.stderr.contains(way), "{}", done.stderr);
}
