//! A clone that another user has unlocked: root, or whoever runs the deployment.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::common::{Done, Sandbox, needs};

/// A script run by a user who may read all of the repository but the keyring, and may write what is not in `.git`.
fn other_user(sandbox: &Sandbox, script: &str) -> Done {
    needs("unshare", "util-linux");
    let mut command = sandbox.command("sh", "repo");
    let is_root = sandbox.sh(".", "id -u").text() == "0\n";
    // Root reads what it likes, unless it gives up that right.
    let drop = "--inh-caps=-all --bounding-set=-all";
    let script = match is_root {
        true => format!(
            "exec setpriv {drop} --reuid=65534 --regid=65534 --clear-groups sh -c '{script}'"
        ),
        false => script.to_owned(),
    };
    command.args(["-c", &script]);
    command.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "safe.directory");
    command.env("GIT_CONFIG_VALUE_0", "*");
    sandbox.run(command)
}

fn unlocked_by_another() -> Sandbox {
    needs("setpriv", "util-linux");
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.sh(".", "chmod -R a+rwX . && chmod 755 . && chmod 700 repo/.git/git-shroud");
    // The owner alone.
    let is_root = sandbox.sh(".", "id -u").text() == "0\n";
    let mode = if is_root { 0o600 } else { 0 };
    let keyring = sandbox.path("repo/.git/git-shroud/keyring");
    fs::set_permissions(&keyring, fs::Permissions::from_mode(mode)).unwrap();
    sandbox
}

#[test]
fn commands_say_whose_the_keyring_is_and_what_to_do() {
    let sandbox = unlocked_by_another();
    for command in [
        "status",
        "doctor",
        "check --staged",
        "key list",
        "cat HEAD:secrets/db.env",
        "unlock",
        "lock",
    ] {
        let done = other_user(&sandbox, &format!("git-shroud {command}"));
        assert!((1..4).contains(&done.status), "{command}: {} {}", done.status, done.stderr);
        let said = format!("{}{}", done.text(), done.stderr);
        assert!(
            said.contains("git-shroud/keyring") || said.contains(".git/git-shroud"),
            "{command}: {said}"
        );
        assert!(said.contains("belongs to user "), "{command}: {said}");
        assert!(said.contains("sudo chown -R"), "{command}: {said}");
    }
}

#[test]
fn the_filter_says_it_too_and_stores_nothing() {
    let sandbox = unlocked_by_another();
    let done = other_user(&sandbox, "echo canary-new >secrets/new && git add secrets/new");
    assert_eq!(done.status, 128, "{}", done.stderr);
    done.says("belongs to user ").says("sudo chown -R");
    sandbox.assert_no_object_holds("repo", b"canary");
}

#[test]
fn a_key_in_the_environment_serves_whoever_cannot_read_the_keyring() {
    let sandbox = unlocked_by_another();
    sandbox.sh(".", "chmod a+r team.key");
    let script = "export GIT_SHROUD_KEYRING=\"$PWD/../team.key\"; git-shroud status && git-shroud cat HEAD:secrets/db.env";
    other_user(&sandbox, script).expect(0);
}
