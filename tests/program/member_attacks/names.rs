//! Names that not every system can check out, and recipients that cannot be encrypted to.

use crate::common::Sandbox;
use crate::member_attacks::team;

#[test]
fn names_that_windows_cannot_check_out_are_refused() {
    let sandbox = team(&["alice"]);
    let carol = sandbox.age_identity("carol");
    for name in ["con", "nul", "aux.x", "com1", "lpt9", "prn.tar.gz", "x.", "x..", "com0"] {
        let done = sandbox.try_shroud("repo", ["key", "new", name]).expect(2);
        done.says("Windows");
        let add = ["member", "add", &carol, "--label", name];
        sandbox.try_shroud("repo", add).expect(2).says("Windows");
        assert!(!sandbox.path(format!("repo/.shroud/{name}")).exists());
    }
    let fresh = Sandbox::new();
    fresh.git(".", ["init", "-q", "repo"]);
    fresh.try_shroud("repo", ["init", "--key", "con"]).expect(2).says("Windows");
    for good in ["console", "com10", "con-x", "nul_", "aux1"] {
        sandbox.shroud("repo", ["key", "new", "-q", good]);
    }
}

#[test]
fn a_label_is_made_of_no_such_name() {
    let sandbox = team(&["alice"]);
    let mut keygen = sandbox.command("ssh-keygen", ".");
    keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", "con@host", "-f", "ssh"]);
    sandbox.run(keygen).expect(0);
    sandbox.shroud("repo", ["member", "add", "../ssh.pub"]);
    assert!(!sandbox.path(crate::member_attacks::member_file("default", "con")).exists());
}

#[test]
fn ssh_keys_that_only_sign_have_a_sentence_of_their_own() {
    let sandbox = team(&["alice"]);
    let mut keygen = sandbox.command("ssh-keygen", ".");
    keygen.args(["-q", "-t", "ecdsa", "-N", "", "-f", "ecdsa"]);
    sandbox.run(keygen).expect(0);
    let ecdsa = String::from_utf8(sandbox.read("ecdsa.pub")).unwrap();
    let sk = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fAAAABHNzaDo= me@host";
    sandbox.write("sk.pub", sk);
    for (given, says) in [
        (ecdsa.trim(), "ECDSA"),
        ("../ecdsa.pub", "ECDSA"),
        (sk, "security key"),
        ("../sk.pub", "security key"),
    ] {
        let done = sandbox.try_shroud("repo", ["member", "add", given]).expect(2);
        assert!(!done.stderr.contains("gpg"), "{}", done.stderr);
        done.says(says).says("ssh-ed25519");
    }
}
