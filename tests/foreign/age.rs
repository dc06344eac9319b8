//! age files, identities and SSH keys, against the programs age and ssh-keygen.

use std::process::Command;

use crate::common::setups::plugin;
use crate::common::{Sandbox, needs, text};
use bech32::{Bech32, Hrp};
use git_shroud::recipient::age::{
    AgeError, Identity, decrypt_with_passphrase, encrypt_with_passphrase, parse_recipient,
    read_identities, wrap,
};
use zeroize::Zeroizing;

const PASSPHRASE: &str = "correct horse";

fn sandbox() -> Sandbox {
    needs("age", "age");
    needs("ssh-keygen", "openssh-client");
    Sandbox::new()
}

fn run(sandbox: &Sandbox, program: &str, args: &[&str]) {
    let mut command = sandbox.command(program, ".");
    command.args(args);
    sandbox.run(command).expect(0);
}

fn ssh_keygen(sandbox: &Sandbox, file: &str, passphrase: &str, more: &[&str]) {
    let args = [&["-q", "-C", "ann@example.com", "-N", passphrase, "-f", file], more].concat();
    run(sandbox, "ssh-keygen", &args);
}

fn identity(sandbox: &Sandbox, file: &str) -> Identity {
    let mut identities = read_identities(&sandbox.read(file), file).unwrap();
    assert_eq!(identities.len(), 1, "{file}");
    identities.remove(0)
}

fn answer(passphrase: &str) -> impl FnMut(&str) -> Option<Zeroizing<String>> {
    move |_| Some(Zeroizing::new(passphrase.to_owned()))
}

/// Both ways: we open what age made for the public key, and age opens what we made.
fn meets_age(sandbox: &Sandbox, file: &str, public: &str, locked: bool) {
    let (recipient, _) = parse_recipient(public).unwrap();
    let ours = identity(sandbox, file);
    assert_eq!(ours.recipient().as_deref(), Some(recipient.as_str()), "{file}");
    assert_eq!(ours.needs_passphrase(), locked, "{file}");

    sandbox.write("plain", "a line of a key file");
    run(sandbox, "age", &["-a", "-r", public.trim(), "-o", "theirs.age", "plain"]);
    let theirs = text(sandbox.read("theirs.age"));
    let opened = ours.unwrap(&theirs, &mut answer(PASSPHRASE)).unwrap();
    assert_eq!(**opened, *b"a line of a key file", "{file}");

    let wrapped = wrap(&recipient, b"wrapped by us").unwrap();
    assert_eq!(**ours.unwrap(&wrapped, &mut answer(PASSPHRASE)).unwrap(), *b"wrapped by us");
    sandbox.write("ours.age", &wrapped);
    let script = format!("age -d -i {file} -o opened ours.age");
    sandbox.on_terminal(".", &script, &format!("{PASSPHRASE}\n")).expect(0);
    assert_eq!(sandbox.read("opened"), b"wrapped by us", "{file}");

    if locked {
        // What was opened once asks nothing more, and what was asked for in vain is not asked for again.
        ours.unwrap(&wrapped, &mut |_| panic!("asked twice")).unwrap();
        let ours = identity(sandbox, file);
        assert_eq!(ours.unwrap(&wrapped, &mut answer("no")), Err(AgeError::WrongPassphrase));
        let again = ours.unwrap(&wrapped, &mut |_| panic!("asked twice"));
        assert!(again == Err(AgeError::WrongPassphrase) && ours.has_failed());
        let ours = identity(sandbox, file);
        assert_eq!(ours.unwrap(&wrapped, &mut |_| None), Err(AgeError::Cancelled));
        let (other, _) = parse_recipient(OTHER).unwrap();
        let for_another = wrap(&other, b"x").unwrap();
        let unasked = ours.unwrap(&for_another, &mut |_| panic!("asked in vain"));
        assert_eq!(unasked, Err(AgeError::NoMatch));
    }
}

const OTHER: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";

#[test]
fn native_keys_of_age() {
    let sandbox = sandbox();
    run(&sandbox, "age-keygen", &["-o", "keys.txt"]);
    let public = sandbox.sh(".", "age-keygen -y keys.txt").text();
    meets_age(&sandbox, "keys.txt", &public, false);
}

#[test]
fn ssh_keys_with_and_without_a_passphrase() {
    let sandbox = sandbox();
    for (file, passphrase, more) in [
        ("ed", "", &["-t", "ed25519"][..]),
        ("ed-locked", PASSPHRASE, &["-t", "ed25519"]),
        ("rsa", "", &["-t", "rsa", "-b", "2048"]),
        ("rsa-locked", PASSPHRASE, &["-t", "rsa", "-b", "2048", "-a", "1"]),
    ] {
        ssh_keygen(&sandbox, file, passphrase, more);
        let public = text(sandbox.read(format!("{file}.pub")));
        assert_eq!(parse_recipient(&public).unwrap().1.as_deref(), Some("ann@example.com"));
        meets_age(&sandbox, file, &public, !passphrase.is_empty());
    }
}

#[test]
fn other_private_keys_are_read_or_refused_with_what_to_do() {
    let sandbox = sandbox();
    ssh_keygen(&sandbox, "pem", "", &["-t", "rsa", "-b", "2048", "-m", "PEM"]);
    meets_age(&sandbox, "pem", &text(sandbox.read("pem.pub")), false);
    let refused = |file: &str| read_identities(&sandbox.read(file), file).err().unwrap();
    ssh_keygen(&sandbox, "pem-locked", PASSPHRASE, &["-t", "rsa", "-b", "2048", "-m", "PEM"]);
    assert!(refused("pem-locked").to_string().contains("ssh-keygen -p"));
    ssh_keygen(&sandbox, "pkcs8", "", &["-t", "rsa", "-b", "2048", "-m", "PKCS8"]);
    assert!(refused("pkcs8").to_string().contains("ssh-keygen -p"));
    ssh_keygen(&sandbox, "ecdsa", "", &["-t", "ecdsa"]);
    let unsupported = AgeError::UnsupportedSsh("ecdsa-sha2-nistp256".to_owned());
    assert_eq!(refused("ecdsa"), unsupported);
    assert_eq!(parse_recipient(&text(sandbox.read("ecdsa.pub"))), Err(unsupported));
    ssh_keygen(&sandbox, "weak", "", &["-t", "rsa", "-b", "1024"]);
    assert_eq!(refused("weak"), AgeError::WeakRsa(1024));
    assert_eq!(parse_recipient(&text(sandbox.read("weak"))), Err(AgeError::SecretKey));
}

#[test]
fn files_under_a_passphrase() {
    let sandbox = sandbox();
    sandbox.write("plain", "keys");
    for (armour, file) in [("-a", "armoured.age"), ("", "binary.age")] {
        let script = format!("age -p {armour} -o {file} plain");
        sandbox.on_terminal(".", &script, &format!("{PASSPHRASE}\n{PASSPHRASE}\n")).expect(0);
        let opened = decrypt_with_passphrase(&sandbox.read(file), PASSPHRASE).unwrap();
        assert_eq!(**opened, *b"keys", "{file}");
    }
    sandbox.write("ours.age", encrypt_with_passphrase(PASSPHRASE, b"ours").unwrap());
    let typed = format!("{PASSPHRASE}\n");
    sandbox.on_terminal(".", "age -d -o opened ours.age", &typed).expect(0);
    assert_eq!(sandbox.read("opened"), b"ours");
}

#[test]
fn an_identity_file_under_a_passphrase() {
    let sandbox = sandbox();
    run(&sandbox, "age-keygen", &["-o", "keys.txt"]);
    let public = sandbox.sh(".", "age-keygen -y keys.txt").text();
    let typed = format!("{PASSPHRASE}\n{PASSPHRASE}\n");
    sandbox.on_terminal(".", "age -p -o keys.age keys.txt", &typed).expect(0);
    let locked = identity(&sandbox, "keys.age");
    assert!(locked.needs_passphrase() && locked.recipient().is_none());
    let wrapped = wrap(&parse_recipient(&public).unwrap().0, b"key").unwrap();
    assert_eq!(**locked.unwrap(&wrapped, &mut answer(PASSPHRASE)).unwrap(), *b"key");
}

/// Changes a byte of the text or of what its base64 holds, at every place; nothing may panic.
#[test]
fn hostile_private_keys_never_panic() {
    let sandbox = sandbox();
    ssh_keygen(&sandbox, "ed", "", &["-t", "ed25519"]);
    ssh_keygen(&sandbox, "ed-locked", PASSPHRASE, &["-t", "ed25519", "-a", "1"]);
    ssh_keygen(&sandbox, "rsa", "", &["-t", "rsa", "-b", "2048"]);
    let mut refused = 0;
    for file in ["ed", "ed-locked", "rsa"] {
        let good = sandbox.read(file);
        for at in 0..good.len() {
            for byte in [b'A', b'/', b'\n', 0xff] {
                let mut changed = good.clone();
                changed[at] = byte;
                refused += u32::from(read_identities(&changed, file).is_err());
            }
            refused += u32::from(read_identities(&good[..at], file).is_err());
        }
    }
    assert!(refused > 1000, "{refused}");
}

/// What such a plugin does to unwrap: it asks for a PIN before it gives the file key back.
const PLUGIN: &str = r"    while IFS= read -r line; do
        case $line in
        '-> recipient-stanza 0 clear') IFS= read -r key ;;
        '-> done') IFS= read -r _; break ;;
        esac
    done
    printf -- '-> request-secret\nUElO\n'; read -r _; read -r pin
    [ $pin = MTIzNA ] && { printf -- '-> file-key 0\n%s\n' $key; read -r _; read -r _; }
";

#[test]
fn a_plugin_wraps_and_asks_before_it_unwraps() {
    // The plugin is looked for on PATH, which a test cannot change for itself: it runs once more with another one.
    if std::env::var_os("SHROUD_TEST_PLUGIN").is_none() {
        let sandbox = sandbox();
        sandbox.write("bin/age-plugin-clear", plugin(PLUGIN));
        sandbox.sh(".", "chmod +x bin/age-plugin-clear");
        let mut path = sandbox.path("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap());
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", "age::a_plugin_wraps_and_asks_before_it_unwraps"]);
        again.env("PATH", path).env("SHROUD_TEST_PLUGIN", "1");
        let said = sandbox.run(again).expect(0).text();
        assert!(said.contains("1 passed"), "{said}");
        return;
    }
    let bech32 = |hrp: &str| bech32::encode::<Bech32>(Hrp::parse(hrp).unwrap(), &[7; 8]).unwrap();
    let (recipient, _) = parse_recipient(&bech32("age1clear")).unwrap();
    let wrapped = wrap(&recipient, b"key").unwrap();
    let identity = bech32("age-plugin-clear-").to_uppercase();
    let identity = read_identities(identity.as_bytes(), "plugin.txt").unwrap().remove(0);
    assert!(identity.recipient().is_none() && !identity.needs_passphrase());
    let mut asked = Vec::new();
    let opened = identity.unwrap(&wrapped, &mut |question| {
        asked.push(question.to_owned());
        Some(Zeroizing::new("1234".to_owned()))
    });
    assert_eq!(**opened.unwrap(), *b"key");
    assert_eq!(asked, ["PIN"]);
    assert_eq!(identity.unwrap(&wrapped, &mut answer("0000")), Err(AgeError::NoMatch));
    // Of several files the one that it opens, with one question for all.
    let other = wrap(&parse_recipient(OTHER).unwrap().0, b"other").unwrap();
    let mut asked = 0;
    let mut ask = |_: &str| {
        asked += 1;
        Some(Zeroizing::new("1234".to_owned()))
    };
    let files = [&other[..], "no file", &wrapped];
    let (at, opened) = identity.unwrap_any(&files, &mut ask).unwrap();
    assert_eq!((at, &**opened), (2, &b"key"[..]));
    let (at, _) = identity.unwrap_any(&[&wrapped], &mut ask).unwrap();
    assert_eq!((at, asked), (0, 2));
    let in_vain = identity.unwrap_any(&files, &mut answer("0000"));
    assert_eq!(in_vain.unwrap_err(), AgeError::NoMatch);
}
