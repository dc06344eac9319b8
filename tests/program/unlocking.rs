//! What `unlock` takes besides key files, and with what it compares: private keys, expected ids, the user's pins; and clones without a key.

use std::fs;

use crate::common::{Done, SECRETS, Sandbox, is_sealed, sealed};

fn team() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["alice"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox
}

fn id(sandbox: &Sandbox) -> String {
    let listed = sandbox.shroud("repo", ["key", "list", "--json"]).json();
    listed["keys"][0]["id"].as_str().unwrap().to_owned()
}

#[track_caller]
fn assert_open(sandbox: &Sandbox, dir: &str) {
    for (path, content) in SECRETS {
        assert_eq!(sandbox.read(format!("{dir}/{path}")), content.as_bytes(), "{path}");
    }
}

#[track_caller]
fn assert_closed(sandbox: &Sandbox, dir: &str) {
    for (path, content) in SECRETS.iter().filter(|(_, content)| !content.is_empty()) {
        assert_ne!(sandbox.read(format!("{dir}/{path}")), content.as_bytes(), "{path}");
    }
}

/// A clone of this repository at another place, as another machine has it, but of the same user.
fn clone(sandbox: &Sandbox, to: &str, args: &[&str]) -> Done {
    sandbox.git(".", ["clone", "-q", "repo", to]);
    sandbox.try_shroud(to, [&["unlock"], args].concat())
}

#[test]
fn an_age_identity_is_recognised() {
    let sandbox = team();
    sandbox.shroud("clone", ["unlock", "../alice.age"]).says("as member 'alice'");
    assert_open(&sandbox, "clone");
}

#[test]
fn an_identity_on_standard_input_is_recognised() {
    let sandbox = team();
    sandbox.sh("clone", "git shroud unlock - < ../alice.age").expect(0);
    assert_open(&sandbox, "clone");
}

#[test]
fn an_ssh_key_is_recognised_and_one_without_a_grant_is_told() {
    let sandbox = team();
    for name in ["carol", "mallory"] {
        let mut keygen = sandbox.command("ssh-keygen", ".");
        keygen.args(["-q", "-t", "ed25519", "-N", "", "-f", name]);
        sandbox.run(keygen).expect(0);
    }
    sandbox.shroud("repo", ["member", "add", "../carol.pub", "-q"]);
    sandbox.git("repo", ["commit", "-q", "-m", "carol"]);
    sandbox.git("clone", ["pull", "-q"]);
    let done = sandbox.try_shroud("clone", ["unlock", "../mallory"]).expect(2);
    done.says("key 'default' stays locked").says("member add");
    assert_closed(&sandbox, "clone");
    sandbox.shroud("clone", ["unlock", "../carol"]);
    assert_open(&sandbox, "clone");
}

#[test]
fn a_private_key_is_no_key_for_other_commands() {
    let sandbox = team();
    for args in [&["key", "import", "../alice.age"][..], &["key", "combine", "../alice.age"]] {
        let done = sandbox.try_shroud("repo", args).expect(2);
        done.says("../alice.age is a private key of age, SSH or OpenPGP")
            .says("git shroud unlock FILE");
    }
    // Whatever is wrong with it, nothing of it is shown.
    let text = String::from_utf8(sandbox.read("alice.age")).unwrap();
    let secret = text.lines().find(|line| line.starts_with("AGE-SECRET")).unwrap();
    sandbox.write("cut.age", &secret[..60]);
    let done = sandbox.try_shroud("clone", ["unlock", "../cut.age"]).expect(2).says("../cut.age");
    assert!(!done.stderr.contains(&secret[..24]));
}

#[test]
fn without_a_key_soft_ends_well_in_one_line() {
    let sandbox = team();
    let done = sandbox.try_shroud("clone", ["unlock", "--soft"]).expect(0);
    assert_eq!(done.stderr, "git-shroud: no key opens this clone here, so its files stay sealed\n");
    assert_closed(&sandbox, "clone");
    // The clone is set up all the same: git refuses plaintext.
    sandbox.write("clone/secrets/new", "plaintext\n");
    sandbox.try_git("clone", ["add", "secrets/new"]).expect(128);
    // With a key it opens; a key that is not to be trusted is an error.
    sandbox.shroud("clone", ["unlock", "--soft", "-i", "../alice.age"]);
    assert_open(&sandbox, "clone");
    fs::create_dir(sandbox.path("nowhere")).unwrap();
    let done = sandbox.try_shroud("nowhere", ["unlock", "--soft"]).expect(0);
    assert_eq!(done.stderr.lines().count(), 1);
    sandbox.try_shroud("nowhere", ["unlock"]).expect(2).says("not a git repository");
    sandbox.git(".", ["init", "-q", "plain"]);
    sandbox.shroud("plain", ["unlock", "--soft"]);
}

#[test]
fn soft_still_refuses_a_damaged_key_file() {
    let sandbox = team();
    sandbox.write("bad.key", "git-shroud-keyring v1\nx\n");
    sandbox.try_shroud("clone", ["unlock", "--soft", "../bad.key"]).expect(2);
}

#[test]
fn another_key_than_the_expected_one_is_refused() {
    let sandbox = team();
    let (id, other) = (id(&sandbox), "0123456789abcdef".repeat(2));
    let done = clone(&sandbox, "other", &["-i", "../alice.age", "--expect", &other]).expect(1);
    done.says(&id).says("--expect").says("nothing was changed");
    assert!(is_sealed(&sandbox.read("other/secrets/db.env")));
    sandbox.try_shroud("other", ["key", "list", "--json"]).expect(0);
    assert!(!sandbox.path("other/.git/git-shroud/keyring").exists());
    sandbox.shroud("other", ["unlock", "-i", "../alice.age", "--expect", &id]);
    assert_open(&sandbox, "other");
    // Of a key that descends from it, the earlier id is enough.
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    sandbox.git("repo", ["commit", "-q", "-m", "rotate"]);
    clone(&sandbox, "later", &["-i", "../alice.age", "--expect", &id, "--expect", &other])
        .expect(0);
    assert_open(&sandbox, "later");
    // What is held already is compared too.
    sandbox.try_shroud("later", ["unlock", "--expect", &other]).expect(1);
}

fn pins(sandbox: &Sandbox) -> String {
    String::from_utf8(sandbox.read("home/.config/git-shroud/pins")).unwrap()
}

#[test]
fn a_fresh_clone_is_compared_with_the_pins() {
    let sandbox = team();
    let first = id(&sandbox);
    let place = sandbox.path("repo").display().to_string();
    let done = sandbox.shroud("clone", ["unlock", "-i", "../alice.age", "--pin"]);
    done.says(&format!("pinned the keys of {place}"));
    assert_eq!(pins(&sandbox), format!("{place} default 1 {first}\n"));
    assert_eq!(sandbox.mode("home/.config/git-shroud/pins"), 0o600);

    // A rotation descends from it, and the pin follows.
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    sandbox.git("repo", ["commit", "-q", "-m", "rotate"]);
    clone(&sandbox, "second", &["-i", "../alice.age"]).expect(0);
    assert_eq!(pins(&sandbox), format!("{place} default 2 {}\n", id(&sandbox)));

    // The host gives another key in its place, in a history of its own.
    fs::rename(sandbox.path("repo"), sandbox.path("true")).unwrap();
    fs::rename(sandbox.path("alice.age"), sandbox.path("true.age")).unwrap();
    fs::remove_file(sandbox.path("team.key")).unwrap();
    sandbox.repository_with_members("repo", &["alice"]);
    let done = clone(&sandbox, "swapped", &["-i", "../alice.age"]).expect(1);
    done.says("your file of pins names generation 2").says("an older key is not taken");
    assert!(is_sealed(&sandbox.read("swapped/secrets/db.env")));
    // Or one more, which nobody here has seen.
    fs::remove_dir_all(sandbox.path("repo")).unwrap();
    fs::rename(sandbox.path("true"), sandbox.path("repo")).unwrap();
    sandbox.shroud("repo", ["key", "new", "more", "-q"]);
    let alice = String::from_utf8(sandbox.read("true.age")).unwrap();
    let recipient = alice.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    sandbox.shroud("repo", ["member", "add", recipient, "--key", "more", "-q"]);
    sandbox.git("repo", ["commit", "-q", "-m", "more"]);
    let done = clone(&sandbox, "more", &["-i", "../true.age"]);
    done.says("the key 'more'").says("is new to this clone").says("--new-key more");
}

#[test]
fn pins_that_cannot_be_read_stop_an_unlock() {
    let sandbox = team();
    fs::create_dir_all(sandbox.path("home/.config/git-shroud")).unwrap();
    let other = format!("host.example/x default 1 {}\n", "01".repeat(16));
    for (text, status) in [("# nothing\n\n", 0), (&other, 0), ("host.example/x default one\n", 2)] {
        sandbox.write("home/.config/git-shroud/pins", text);
        let done = sandbox.try_shroud("clone", ["unlock", "-i", "../alice.age"]).expect(status);
        if status == 2 {
            done.says("pins").says("is no pin");
        }
        sandbox.try_shroud("clone", ["lock", "--force"]);
    }
}

#[test]
fn a_clone_without_a_remote_pins_nothing() {
    let sandbox = sealed();
    let done = sandbox.try_shroud("repo", ["unlock", "--pin"]).expect(2);
    done.says("no remote with an address");
    assert!(!sandbox.path("home/.config/git-shroud/pins").exists());
}
