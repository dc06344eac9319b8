//! What earlier runs have left: keys, half an unlock, a clone in which an unlock failed.

use std::fs;

use crate::closing::{KEYRING, is_open, sealed};
use crate::common::{SECRETS, Sandbox, is_sealed};

const DRAFT: &str = "repo/.git/git-shroud/rotation.draft";

/// As a rotation leaves it that was killed when it had ended.
fn with_draft(sandbox: &Sandbox) {
    sandbox.write(format!("{DRAFT}/new/.shroud/default/key.toml"), "");
    sandbox.write(format!("{DRAFT}/keyring"), sandbox.read("team.key"));
    sandbox.write("repo/.git/git-shroud/.git-shroud-aB3xYz", sandbox.read("team.key"));
}

/// Every file below git's folder that holds the key.
fn copies(sandbox: &Sandbox) -> Vec<std::path::PathBuf> {
    let key = sandbox.read("team.key");
    let token = String::from_utf8(key).unwrap().split_whitespace().last().unwrap().to_owned();
    let files = sandbox.snapshot("repo/.git").into_iter();
    files
        .filter(|(_, content)| crate::common::contains(content, token.as_bytes()))
        .map(|(path, _)| path)
        .collect()
}

#[test]
fn lock_leaves_no_copy_of_a_key() {
    let sandbox = sealed();
    with_draft(&sandbox);
    sandbox.shroud("repo", ["lock", "-q"]);
    assert_eq!(copies(&sandbox), Vec::<std::path::PathBuf>::new());
    // Also where it is locked already.
    with_draft(&sandbox);
    sandbox.shroud("repo", ["lock", "-q"]);
    assert_eq!(copies(&sandbox), Vec::<std::path::PathBuf>::new());
}

#[test]
fn doctor_and_every_command_that_changes_keys_remove_what_a_rotation_left() {
    let sandbox = sealed();
    let recipient = sandbox.age_identity("ann");
    for arguments in [
        &["doctor"][..],
        &["unlock"],
        &["key", "new", "other"],
        &["key", "import", "../team.key"],
        &["member", "add", &recipient, "--label", "ann"],
        &["key", "rotate"],
    ] {
        with_draft(&sandbox);
        let _ = sandbox.try_shroud("repo", arguments);
        assert!(!sandbox.path(DRAFT).exists(), "{arguments:?}");
        let left = sandbox.path("repo/.git/git-shroud/.git-shroud-aB3xYz");
        assert!(!left.exists(), "{arguments:?}");
    }
    with_draft(&sandbox);
    let said = sandbox.try_shroud("repo", ["doctor"]);
    assert!(said.text().contains("rotation"), "{}", said.text());
}

#[test]
fn an_unlock_that_was_cut_off_is_seen() {
    let sandbox = sealed();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.shroud("clone", ["key", "import", "-q", "../team.key"]);
    sandbox.shroud("clone", ["unlock", "-q"]);
    let sealed = sandbox.blob("clone", "HEAD:secrets/db.env");
    sandbox.write("clone/secrets/db.env", sealed);
    let doctor = sandbox.try_shroud("clone", ["doctor"]);
    assert!(doctor.text().contains("1 file") && doctor.text().contains("git shroud unlock"));
    sandbox.shroud("clone", ["status"]).says("still sealed in the worktree").says("unlock");
    sandbox.shroud("clone", ["unlock", "-q"]);
    let status = sandbox.shroud("clone", ["status"]);
    assert!(!status.stderr.contains("still sealed"), "{}", status.stderr);
    assert!(!sandbox.shroud("clone", ["doctor"]).text().contains("still sealed"));
}

/// Nobody asked for an open worktree there.
#[test]
fn a_clone_with_a_key_in_the_environment_is_not_told_to_unlock() {
    let sandbox = sealed();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let given = ("GIT_SHROUD_KEYRING", "../team.key");
    let status = sandbox.try_shroud_with(given, "clone", &["status"]).expect(0);
    assert!(!status.stderr.contains("still sealed"), "{}", status.stderr);
}

#[test]
fn after_an_unlock_that_failed_git_refuses_plaintext() {
    for options in [&[][..], &["--no-tripwire"]] {
        let sandbox = Sandbox::new();
        sandbox.sealed_repository_with("repo", options);
        sandbox.foreign_key();
        let token = String::from_utf8(sandbox.read("team.key")).unwrap();
        let token = token.split_whitespace().last().unwrap();
        for (from, arguments) in [
            ("clone", &["unlock"][..]),
            ("clone", &["unlock", "../none.key"]),
            ("clone", &["unlock", "../other.key"]),
            // Arguments that nobody can read still say which command was meant, and where.
            ("clone", &["unlock", "--idnetity", "../ann.age"]),
            ("clone", &["unlock", "--trust-key", "x", "../team.key"]),
            ("clone", &["-q", "--color", "never", "unlock", "--secret-key"]),
            (".", &["-C", "clone", "unlock", "--idnetity", "ann.age"]),
            (".", &["unlock", "--idnetity", "-Cclone"]),
            ("clone", &["unlock", token]),
        ] {
            let _ = fs::remove_dir_all(sandbox.path("clone"));
            sandbox.git(".", ["clone", "-q", "repo", "clone"]);
            sandbox.try_shroud(from, arguments).expect(2);
            assert!(!sandbox.path("clone").join(KEYRING).exists());
            sandbox.write("clone/secrets/new.env", "canary-new");
            sandbox.try_git("clone", ["add", "."]).expect(128).says("git shroud unlock");
            sandbox.assert_no_object_holds("clone", b"canary");
            // The messages of the tripwire have ended.
            fs::remove_file(sandbox.path("clone/secrets/new.env")).unwrap();
            assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).stderr, "");
            sandbox.write("clone/README", "more");
            sandbox.git("clone", ["commit", "-q", "-am", "more"]);
            assert!(is_sealed(&sandbox.read("clone/secrets/db.env")));
        }
        // Who asks for help, or misses another command, changes nothing.
        sandbox.git(".", ["clone", "-q", "repo", "asked"]);
        for arguments in [&["unlock", "--help"][..], &["lock", "--idnetity"], &["unlokc"]] {
            sandbox.try_shroud("asked", arguments);
            let config = sandbox.read("asked/.git/config");
            assert!(!String::from_utf8(config).unwrap().contains("filter"), "{arguments:?}");
        }
        sandbox.shroud("clone", ["unlock", "-q", "../team.key"]);
        assert!(is_open(&sandbox, "clone"));
        assert_eq!(sandbox.read("clone/secrets/empty"), SECRETS[2].1.as_bytes());
    }
}
