//! Keys that git-crypt has encrypted to OpenPGP certificates.

use super::{MAGIC, fixture};
use crate::common::{Done, Sandbox, needs};

/// A clone of the fixture, and gpg's home with the secret key of `user`.
fn clone(user: Option<&str>) -> Sandbox {
    needs("gpg", "gnupg");
    let sandbox = Sandbox::new();
    sandbox.git(".", ["clone", "-q", fixture("b-gpg.bundle").to_str().unwrap(), "c"]);
    sandbox.sh(".", "mkdir -m 700 home/.gnupg").expect(0);
    if let Some(user) = user {
        let mut import = sandbox.command("gpg", ".");
        import.args(["--batch", "--quiet", "--import"]).arg(fixture(user));
        sandbox.run(import).expect(0);
    }
    sandbox
}

fn unlock(sandbox: &Sandbox, args: &[&str]) -> Done {
    let done = sandbox.try_shroud("c", [&["unlock"], args].concat());
    let mut kill = sandbox.command("gpgconf", ".");
    kill.args(["--kill", "all"]);
    sandbox.run(kill);
    done
}

fn is_open(sandbox: &Sandbox, file: &str) -> bool {
    !sandbox.read(file).starts_with(MAGIC)
}

fn encrypted(sandbox: &Sandbox) -> Vec<(String, bool)> {
    let status = sandbox.try_shroud("c", ["status", "--json"]).json();
    let files = status["files"].as_array().unwrap().iter();
    files
        .map(|file| (file["key"].as_str().unwrap(), file["path"].as_str().unwrap()))
        .map(|(key, path)| (key.to_owned(), is_open(sandbox, &format!("c/{path}"))))
        .collect()
}

#[test]
fn gpg_opens_what_a_user_was_given() {
    for (user, has_ops) in
        [("b-alice-ed25519-cv25519.secret.asc", true), ("b-bob-rsa3072.secret.asc", false)]
    {
        let sandbox = clone(Some(user));
        let done = unlock(&sandbox, &[]).expect(0);
        let files = encrypted(&sandbox);
        assert!(files.iter().any(|(key, _)| key == "ops"), "{files:?}");
        for (key, open) in files {
            assert_eq!(open, key == "default" || has_ops, "{user}: {key}\n{}", done.stderr);
        }
        let key = sandbox.read("c/.git/git-crypt/keys/default");
        assert_eq!(key, std::fs::read(fixture("b-default.key")).unwrap());
        assert_eq!(sandbox.path("c/.git/git-crypt/keys/ops").exists(), has_ops);
        assert_eq!(sandbox.git("c", ["status", "--porcelain"]).text(), "");
        // It is encrypted to others, so it is not the only copy.
        sandbox.shroud("c", ["lock"]);
    }
}

#[test]
fn a_secret_key_opens_without_gpg_although_gpg_has_compressed() {
    let sandbox = clone(None);
    let alice = fixture("b-alice-ed25519-cv25519.secret.asc");
    unlock(&sandbox, &["--secret-key", alice.to_str().unwrap()]).expect(0);
    assert!(encrypted(&sandbox).into_iter().all(|(_, open)| open));
}

#[test]
fn a_secret_key_is_recognised() {
    let sandbox = clone(None);
    unlock(&sandbox, &[fixture("b-alice-ed25519-cv25519.secret.asc").to_str().unwrap()]).expect(0);
    assert!(encrypted(&sandbox).into_iter().all(|(_, open)| open));
}

/// Anybody who can push can add a key of git-crypt; an id that is expected is none of its.
#[test]
fn who_expects_an_id_takes_no_key_of_git_crypt_besides() {
    let sandbox = clone(Some("b-alice-ed25519-cv25519.secret.asc"));
    let expected = ["--expect", "0123456789abcdef0123456789abcdef"];
    unlock(&sandbox, &expected).expect(2).says("git shroud unlock --new-key default");
    assert!(encrypted(&sandbox).into_iter().all(|(_, open)| !open));
    unlock(&sandbox, &[&expected[..], &["--new-key", "default"]].concat()).expect(0);
    assert!(encrypted(&sandbox).into_iter().any(|(_, open)| open));
}

#[test]
fn without_a_key_it_says_who_has_one() {
    let sandbox = clone(None);
    let done = unlock(&sandbox, &[]).expect(2);
    done.says("git-crypt key 'default' stays locked")
        .says("288E7E3A6EE8D7220809E2C362E8BBF68A9217D5");
}

#[test]
fn the_folder_may_be_elsewhere() {
    let sandbox = clone(None);
    sandbox.git("c", ["mv", ".git-crypt", "keys.d"]);
    sandbox.git("c", ["commit", "-qm", "moved"]);
    let alice = fixture("b-alice-ed25519-cv25519.secret.asc");
    unlock(&sandbox, &["--secret-key", alice.to_str().unwrap()]).expect(2);
    sandbox.git("c", ["config", "git-crypt.repoStateDir", "keys.d"]);
    unlock(&sandbox, &["--secret-key", alice.to_str().unwrap()]).expect(0);
}
