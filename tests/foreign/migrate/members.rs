//! git-crypt's users become members, by the real gpg.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::common::{Done, Sandbox, is_sealed, needs};

const BOB: &str = "8B65788CE1FCE1B4BBCBCDC813B18C4AA4848EC5";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/git-crypt").join(name)
}

/// A gpg home, whose agent ends with it.
struct User(TempDir);

impl User {
    fn with(sandbox: &Sandbox, files: &[&str]) -> Self {
        needs("gpg", "gnupg");
        // A short path: an agent's socket has room for about 100 bytes of it.
        let dir = tempfile::Builder::new().prefix("gs-").tempdir_in("/tmp").unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let user = Self(dir);
        for file in files {
            let mut gpg = sandbox.command("gpg", ".");
            gpg.env("GNUPGHOME", user.0.path()).args(["--batch", "--import"]).arg(fixture(file));
            sandbox.run(gpg).expect(0);
        }
        user
    }

    fn shroud(&self, sandbox: &Sandbox, dir: &str, args: &[&str]) -> Done {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), dir);
        command.env("GNUPGHOME", self.0.path()).args(args);
        sandbox.run(command)
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let mut end = std::process::Command::new("gpgconf");
        drop(end.arg("--homedir").arg(self.0.path()).args(["--kill", "all"]).output());
    }
}

/// Clones the fixture of two users, as one who knows both certificates and has Alice's secret key.
fn team(files: &[&str]) -> (Sandbox, User) {
    let sandbox = Sandbox::new();
    let bundle = fixture("b-gpg.bundle");
    sandbox.git(".", ["clone", "-q", bundle.to_str().unwrap(), "repo"]);
    let user = User::with(&sandbox, files);
    (sandbox, user)
}

const ALICE: &str = "b-alice-ed25519-cv25519.secret.asc";

fn exists(sandbox: &Sandbox, member: &str) -> bool {
    sandbox.path("repo/.shroud").join(member).exists()
}

#[test]
fn users_become_members_and_open_what_they_could_open_before() {
    let (sandbox, alice) = team(&[ALICE, "b-bob.public.asc"]);
    let done = alice.shroud(&sandbox, "repo", &["migrate", "git-crypt", "--trust"]).expect(0);
    done.says("granted default, ops to 'alice'").says("granted default to 'bob'");
    assert!(exists(&sandbox, "default/members/alice.toml"));
    assert!(exists(&sandbox, "default/members/bob.toml"));
    assert!(exists(&sandbox, "ops/members/alice.toml"));
    assert!(!exists(&sandbox, "ops/members/bob.toml"));
    assert!(!sandbox.path("repo/.git-crypt").exists());
    assert_eq!(sandbox.git("repo", ["ls-files", ".git-crypt"]).text(), "");
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    let before = sandbox.read("repo/shared.secret");

    sandbox.git(".", ["clone", "-q", "repo", "bob"]);
    let bob = User::with(&sandbox, &["b-bob-rsa3072.secret.asc"]);
    bob.shroud(&sandbox, "bob", &["unlock"]).expect(0).says("key 'ops' stays locked");
    assert_eq!(sandbox.read("bob/shared.secret"), before);
    assert!(is_sealed(&sandbox.read("bob/only-alice.ops")));
    let old = sandbox.shroud("bob", ["cat", "HEAD^:shared.secret"]).stdout;
    assert_eq!(old, before);
    sandbox.git("bob", ["checkout", "-q", "HEAD^"]);
    assert_eq!(sandbox.read("bob/shared.secret"), before);
}

/// Nothing is staged, committed or made for anybody.
#[track_caller]
fn assert_stopped(sandbox: &Sandbox, head: &str) {
    assert_eq!(sandbox.git("repo", ["rev-parse", "HEAD"]).text(), head);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    assert!(!sandbox.path("repo/.shroud").exists());
    assert!(sandbox.path("repo/.git-crypt").exists());
}

#[test]
fn whoever_is_not_found_is_named_and_stops_the_migration() {
    let (sandbox, alice) = team(&[ALICE]);
    let head = sandbox.git("repo", ["rev-parse", "HEAD"]).text();
    for args in [["migrate", "git-crypt"].as_slice(), &["migrate", "git-crypt", "--trust"]] {
        let done = alice.shroud(&sandbox, "repo", args).expect(1);
        done.says("would lose access; nothing was changed")
            .says(&format!("{BOB} (default): gpg does not know this certificate"))
            .says("--certificate FILE")
            .says("--without-those");
        assert_stopped(&sandbox, &head);
    }
    let args = ["migrate", "git-crypt", "--trust", "--without-those"];
    let done = alice.shroud(&sandbox, "repo", &args).expect(0);
    done.says(&format!("{BOB} was a user of git-crypt and gets no key (default)"))
        .says("git shroud member add FILE");
    assert!(exists(&sandbox, "default/members/alice.toml"));
    assert!(!exists(&sandbox, "default/members/bob.toml"));
}

#[test]
fn validity_is_asked_of_gpg_before_anything_is_changed() {
    let (sandbox, alice) = team(&[ALICE, "b-bob.public.asc"]);
    let head = sandbox.git("repo", ["rev-parse", "HEAD"]).text();
    let done = alice.shroud(&sandbox, "repo", &["migrate", "git-crypt"]).expect(1);
    done.says(&format!("{BOB} (default): gpg does not consider this certificate valid"))
        .says("--trust")
        .says("--without-those");
    assert_stopped(&sandbox, &head);
    // What would be done is said without being done.
    alice.shroud(&sandbox, "repo", &["migrate", "git-crypt", "--dry-run"]).expect(0).says(BOB);
    let done = alice.shroud(&sandbox, "repo", &["migrate", "git-crypt", "--without-those"]);
    done.expect(0).says(&format!("{BOB} was a user of git-crypt and gets no key"));
    assert!(!exists(&sandbox, "default/members/bob.toml"));
}

#[test]
fn a_certificate_can_be_given() {
    let (sandbox, alice) = team(&[ALICE]);
    let bob = fixture("b-bob.public.asc");
    let args = ["migrate", "git-crypt", "--trust", "--certificate", bob.to_str().unwrap()];
    alice.shroud(&sandbox, "repo", &args).expect(0).says("granted default to 'bob'");
    assert!(exists(&sandbox, "default/members/bob.toml"));
}

#[test]
fn the_certificate_of_a_stranger_is_refused() {
    let (sandbox, alice) = team(&[ALICE]);
    sandbox.git("repo", ["rm", "-q", &format!(".git-crypt/keys/default/0/{BOB}.gpg")]);
    sandbox.git("repo", ["commit", "-q", "-m", "without bob"]);
    let bob = fixture("b-bob.public.asc");
    let args = ["migrate", "git-crypt", "--certificate", bob.to_str().unwrap()];
    let done = alice.shroud(&sandbox, "repo", &args).expect(2);
    done.says(&format!("no user of git-crypt has the fingerprint {BOB}"));
    assert!(!sandbox.path("repo/.shroud").exists());
}

#[test]
fn a_newer_version_of_a_key_leaves_nobody_out_without_a_word() {
    let (sandbox, alice) = team(&[ALICE, "b-bob.public.asc"]);
    let keys = "repo/.git-crypt/keys/default";
    let older: Vec<_> = fs::read_dir(sandbox.path(format!("{keys}/0")))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let newer = older.iter().find(|name| !name.starts_with(BOB)).unwrap();
    sandbox.write(format!("{keys}/1/{newer}"), "whoever can push can write this\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "a newer version"]);
    let args = ["migrate", "git-crypt", "--trust"];
    let bob = format!(".git-crypt/keys/default/0/{BOB}.gpg: nobody gets a key for it");
    alice.shroud(&sandbox, "repo", &args).expect(0).says(&bob);
    assert!(!exists(&sandbox, "default/members/bob.toml"));
}
