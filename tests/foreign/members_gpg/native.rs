//! `unlock` without any gpg: a secret key from a file or the environment.

use crate::common::gpg::{PASSPHRASE, home};
use crate::common::{Done, Sandbox};
use crate::members_gpg::user::{User, assert_open, path_without_gpg, team};

/// `unlock ARGS` in a fresh clone, where there is no gpg, with these variables set.
fn unlock(sandbox: &Sandbox, to: &str, args: &[&str], variables: &[(&str, &str)]) -> Done {
    sandbox.git(".", ["clone", "-q", "repo", to]);
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), to);
    command.env("PATH", path_without_gpg(sandbox)).args(["unlock", "-v"]).args(args);
    command.envs(variables.iter().copied());
    sandbox.run(command)
}

#[test]
fn a_secret_key_comes_from_a_file_or_from_the_environment() {
    let home = home();
    let sandbox = team(&["curve25519", "p256", "p521", "two"]);
    for name in ["curve25519", "p256", "p521", "two"] {
        let (file, clone) = (format!("{name}.gpg"), format!("{name}-clone"));
        sandbox.write(&file, home.export_secret(name));
        let done = unlock(&sandbox, &clone, &["--secret-key", &format!("../{file}")], &[]);
        done.expect(0).says(&format!("opened by the OpenPGP key {}", home.fingerprint(name)));
        assert_open(&sandbox, &clone);
    }
    let args = ["--armor", "--export-secret-keys", "p256@example.com"];
    let text = String::from_utf8(home.gpg(&args, b"").expect().stdout).unwrap();
    unlock(&sandbox, "text", &[], &[("GIT_SHROUD_OPENPGP_KEY", &text)]).expect(0);
    assert_open(&sandbox, "text");
    unlock(&sandbox, "path", &[], &[("GIT_SHROUD_OPENPGP_KEY", "../p256.gpg")]).expect(0);
    assert_open(&sandbox, "path");
}

#[test]
fn a_passphrase_comes_from_the_environment() {
    let sandbox = team(&["locked"]);
    sandbox.write("locked.gpg", home().export_secret("locked"));
    let args = ["--secret-key", "../locked.gpg"];
    unlock(&sandbox, "good", &args, &[("GIT_SHROUD_PASSPHRASE", PASSPHRASE)]).expect(0);
    assert_open(&sandbox, "good");
    unlock(&sandbox, "bad", &args, &[("GIT_SHROUD_PASSPHRASE", "wrong")])
        .expect(2)
        .says("the passphrase of the secret key is wrong")
        .says("stays locked; members: locked");
    // The next means is tried, and the failure is one line.
    let user = User::with(&["locked"]);
    sandbox.git(".", ["clone", "-q", "repo", "next"]);
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "next");
    command.env("GNUPGHOME", user.dir()).env("GIT_SHROUD_PASSPHRASE", "wrong");
    command.args(["unlock", "-v"]).args(args);
    let done = sandbox.run(command).expect(0);
    let lines = done.stderr.lines().filter(|line| line.contains("is wrong"));
    assert_eq!(lines.count(), 1, "{}", done.stderr);
    done.says("opened by gpg");
    assert_open(&sandbox, "next");
}

#[test]
fn rsa_needs_a_word_and_brainpool_needs_gpg() {
    let sandbox = team(&["rsa", "brainpool"]);
    sandbox.write("rsa.gpg", home().export_secret("rsa"));
    sandbox.write("brainpool.gpg", home().export_secret("brainpool"));
    let rsa = ["--secret-key", "../rsa.gpg", "--allow-rsa"];
    unlock(&sandbox, "refused", &rsa[..2], &[])
        .expect(2)
        .says("the secret key is RSA, whose decryption without gpg can be attacked")
        .says("RUSTSEC-2023-0071")
        .says("--allow-rsa");
    unlock(&sandbox, "allowed", &rsa, &[]).expect(0);
    assert_open(&sandbox, "allowed");
    unlock(&sandbox, "brainpool", &["--secret-key", "../brainpool.gpg"], &[])
        .expect(2)
        .says("not supported without gpg");
}

#[test]
fn what_is_no_secret_key_is_refused_and_not_shown() {
    let home = home();
    let sandbox = team(&["p256", "rsa"]);
    sandbox.write("public.asc", home.export("p256"));
    sandbox.write("both.gpg", [home.export_secret("p256"), home.export_secret("rsa")].concat());
    sandbox.write("garbage", "canary-garbage");
    for (file, sentence) in [
        ("public.asc", "this is a public certificate, not a secret key"),
        ("both.gpg", "there are several secret keys, not one"),
        ("garbage", "it is not an OpenPGP secret key"),
        ("none", "none"),
    ] {
        let path = format!("../{file}");
        let variable = [("GIT_SHROUD_OPENPGP_KEY", path.as_str())];
        for (to, args, variables) in [
            (format!("file-{file}"), &["--secret-key", &path][..], &[][..]),
            (format!("variable-{file}"), &[], &variable),
        ] {
            let done = unlock(&sandbox, &to, args, variables).expect(2);
            assert!(!done.stderr.contains("canary"));
            // A variable may hold the key itself by mistake, so that it is not shown.
            let unnamed = file == "none" && args.is_empty();
            done.says(if unnamed { "it does not name a readable file" } else { sentence });
        }
    }
}

#[test]
fn without_gpg_and_without_a_key_the_members_are_named() {
    let sandbox = team(&["p256"]);
    unlock(&sandbox, "clone", &[], &[])
        .expect(2)
        .says("gpg is not installed")
        .says(&format!("members: p256 (openpgp:{})", home().fingerprint("p256")))
        .says("member add");
}
