//! The keychain: a real gnome-keyring in a session of its own.

use std::os::unix::net::UnixListener;
use std::process::Stdio;

use super::{KEYRING, assert_no_key_on_disk, assert_refuses, repository};
use crate::common::{Done, Sandbox, needs};

/// Runs a script for `sh -e` in a session that has a Secret Service, which is open if `open` says so.
fn in_session(sandbox: &Sandbox, open: bool, script: &str) -> Done {
    needs("dbus-run-session", "dbus-daemon");
    needs("gnome-keyring-daemon", "gnome-keyring");
    let start = match open {
        true => {
            "printf password | gnome-keyring-daemon --unlock --components=secrets > /dev/null 2>&1"
        }
        false => "gnome-keyring-daemon --start --components=secrets > /dev/null 2>&1",
    };
    let mut command = sandbox.command("dbus-run-session", "repo");
    command.args(["--", "sh", "-ec", &format!("{start}\n{script}")]);
    sandbox.run(command)
}

#[test]
fn keys_are_in_the_keychain_and_in_no_file_of_the_clone() {
    let sandbox = repository("keychain");
    let script = "
        git shroud unlock
        test ! -e .git/git-shroud/keyring
        git shroud doctor | grep 'is the keychain (shroud.keyring = keychain)'
        echo canary-more > secrets/more
        git add secrets/more
        git commit -qm more
        git checkout -q -b side
        echo side > secrets/side
        git add secrets/side
        git commit -qm side
        git checkout -q main
        git merge -q side
        git diff HEAD^ | grep '^+side'
        git worktree add -q ../linked
        cat ../linked/secrets/more
        git shroud key rotate -q
        git commit -qam rotated
        git shroud key export -q -o ../rotated.key
        git status --porcelain
    ";
    let done = in_session(&sandbox, true, script).expect(0);
    let done = done.says("moved the keys from the key file to the keychain");
    assert!(done.text().contains("canary-more") && done.text().contains("+side"), "{done:?}");
    assert_no_key_on_disk(&sandbox, "repo");
    assert_no_key_on_disk(&sandbox, "home");
    sandbox.assert_no_object_holds("repo", b"canary");
    // The next session has them too; a lock removes them.
    let script = "
        git checkout -q HEAD^
        git checkout -q -
        cat secrets/more
        git shroud lock
        test ! -e .git/git-shroud/place
        ! git shroud unlock
        git shroud unlock ../rotated.key
        cat secrets/more
        git config shroud.keyring file
        git shroud unlock
    ";
    let done = in_session(&sandbox, true, script).expect(0);
    assert_eq!(done.text(), "canary-more\ncanary-more\n");
    done.says("removed 1 key")
        .says("no key was given, and none is held here")
        .says("moved the keys from the keychain to the key file");
    assert!(sandbox.path("repo").join(KEYRING).exists());
    // Nothing was left in the keychain.
    sandbox.git("repo", ["config", "shroud.keyring", "keychain"]);
    sandbox.sh("repo", "rm .git/git-shroud/keyring");
    let done = in_session(&sandbox, true, "git shroud unlock");
    done.expect(2).says("no key was given, and none is held here");
}

#[test]
fn a_key_is_made_in_the_keychain() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    let script = "
        git config shroud.keyring keychain
        git shroud init -q
        git shroud key new -q prod
        git shroud track -q 'secrets/**'
        mkdir secrets
        echo canary > secrets/a
        git add .
        git commit -qm first
        ! git shroud lock
    ";
    let done = in_session(&sandbox, true, script).expect(0);
    done.says("was made here, never exported");
    assert_no_key_on_disk(&sandbox, ".");
    sandbox.assert_no_object_holds("repo", b"canary");
}

#[test]
fn a_keychain_that_is_locked_is_told_and_opens_nothing() {
    let sandbox = repository("keychain");
    in_session(&sandbox, true, "git shroud unlock -q").expect(0);
    let script = "
        echo canary-new > secrets/new
        ! git add secrets/new
        ! git shroud status
        ! git shroud lock
        ! git shroud unlock
        ! git shroud doctor
        git ls-files secrets/new
    ";
    let done = in_session(&sandbox, false, script).expect(0);
    assert_eq!(done.stderr.matches("error: the keychain is locked").count(), 4, "{done:?}");
    assert!(done.text().contains("problem  the keychain is locked"), "{done:?}");
    assert!(!done.text().contains("secrets/new"), "{done:?}");
    sandbox.assert_no_object_holds("repo", b"canary");
    // It was only locked.
    in_session(&sandbox, true, "git add secrets/new; git status").expect(0);
}

#[test]
fn without_a_keychain_the_clone_is_told_so_and_keeps_its_keys() {
    let sandbox = repository("keychain");
    let done = sandbox.try_shroud("repo", ["unlock"]).expect(2);
    done.says("there is no keychain in this session").says("git config shroud.keyring file");
    assert!(sandbox.path("repo").join(KEYRING).exists(), "nothing is lost");
    in_session(&sandbox, true, "git shroud unlock -q").expect(0);
    assert_refuses(&sandbox, "repo", "there is no keychain in this session");
    // Such an address would start a program, or lead to another machine.
    for address in ["unixexec:path=/bin/false", "tcp:host=localhost,port=1", "autolaunch:"] {
        let with = ("DBUS_SESSION_BUS_ADDRESS", address);
        let done = sandbox.try_shroud_with(with, "repo", &["status"]).expect(2);
        done.says("there is no keychain in this session").says("names no Unix socket");
    }
}

#[test]
fn a_bus_that_hangs_holds_up_no_filter() {
    let sandbox = repository("keychain");
    in_session(&sandbox, true, "git shroud unlock -q").expect(0);
    let path = sandbox.path("bus");
    let _silent = UnixListener::bind(&path).unwrap();
    sandbox.write("repo/secrets/new", "canary-new\n");
    let mut command = sandbox.command("git", "repo");
    command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", path.display()));
    command.args(["add", "secrets/new"]).stdin(Stdio::null());
    sandbox.run(command).expect(128).says("the keychain does not answer");
    sandbox.assert_no_object_holds("repo", b"canary");
}
