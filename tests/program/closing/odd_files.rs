//! A pipe, a socket, a link or a folder at a tracked path or in `.shroud/`: nothing waits for it, and it is named.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use crate::closing::{KEYRING, sealed};
use crate::common::{Done, Sandbox, is_sealed};

/// Every command that looks at files, and none that waits longer than this says.
const COMMANDS: [&[&str]; 12] = [
    &["status"],
    &["lock"],
    &["lock", "--force"],
    &["unlock"],
    &["check"],
    &["doctor"],
    &["scan", "--worktree"],
    &["cat", "secrets/db.env"],
    &["edit", "--on-disk", "secrets/db.env"],
    &["why", "secrets/db.env"],
    &["diff", "--masked"],
    &["member", "list"],
];

#[track_caller]
fn run(sandbox: &Sandbox, arguments: &[&str]) -> Done {
    let mut command = sandbox.command("timeout", "repo");
    command.args(["60", crate::closing::SHROUD]).args(arguments).env("GIT_EDITOR", "true");
    let done = sandbox.run(command);
    assert!(done.status != 124, "{arguments:?} waits");
    done
}

fn put(sandbox: &Sandbox, kind: &str, path: &str) {
    let path = sandbox.path(path);
    let _ = fs::remove_file(&path);
    match kind {
        "pipe" => drop(sandbox.sh(".", &format!("mkfifo '{}'", path.display()))),
        "socket" => drop(UnixListener::bind(&path).unwrap()),
        "link" => symlink("../README", &path).unwrap(),
        _ => fs::create_dir(&path).unwrap(),
    }
}

#[test]
fn nothing_waits_for_what_stands_at_a_tracked_path() {
    for kind in ["pipe", "socket", "link", "folder"] {
        let sandbox = sealed();
        put(&sandbox, kind, "repo/secrets/db.env");
        for arguments in COMMANDS {
            let done = run(&sandbox, arguments);
            // By force all else is closed.
            let by_force = arguments == ["lock", "--force"];
            if arguments[0] == "lock" {
                done.expect(if by_force { 3 } else { 1 }).says("secrets/db.env");
                assert_eq!(sandbox.path("repo").join(KEYRING).exists(), !by_force, "{kind}");
                assert_eq!(is_sealed(&sandbox.read("repo/secrets/deep/er/tls.key")), by_force);
            }
        }
        sandbox.sh("repo", "rm -r secrets/db.env && git checkout -q -- secrets/db.env");
        put(&sandbox, kind, "repo/secrets/db.env");
        run(&sandbox, &["unlock", "../team.key"]);
        assert!(!is_sealed(&sandbox.read("repo/secrets/deep/er/tls.key")), "{kind}");
    }
}

#[test]
fn nothing_waits_for_what_stands_in_the_folder_of_keys() {
    for path in [".shroud/default/key.toml", ".shroud/default/members/x.toml", ".shroud/scan.toml"]
    {
        let sandbox = sealed();
        fs::create_dir_all(sandbox.path("repo/.shroud/default/members")).unwrap();
        put(&sandbox, "pipe", &format!("repo/{path}"));
        for arguments in COMMANDS {
            run(&sandbox, arguments);
        }
    }
}

#[test]
fn nothing_waits_for_pipes_in_the_place_of_attributes_and_locks() {
    for path in
        [".gitattributes", ".shroud/.gitattributes", ".git/info/attributes", ".git/index.lock"]
    {
        let sandbox = sealed();
        put(&sandbox, "pipe", &format!("repo/{path}"));
        for arguments in COMMANDS {
            let done = run(&sandbox, arguments);
            if matches!(arguments[0], "lock" | "unlock") {
                done.expect(2).says(path);
            }
        }
    }
}

#[test]
fn configuration_commands_wait_for_no_pipe() {
    let sandbox = Sandbox::new();
    let init = ["init", "-q", "--template", "config", "repo", "--env", "dev", "--no-backup"];
    sandbox.shroud(".", init);
    for path in ["config.shroud.toml", "environments/dev/app.env"] {
        let kept = sandbox.read(format!("repo/{path}"));
        put(&sandbox, "pipe", &format!("repo/{path}"));
        for arguments in [
            &["config", "check"][..],
            &["config", "get", "dev", "A"],
            &["config", "set", "dev", "A", "--generate"],
            &["config", "schema", "json"],
            &["config", "schema", "add", "X"],
            &["config", "diff"],
        ] {
            run(&sandbox, arguments);
        }
        fs::remove_file(sandbox.path(format!("repo/{path}"))).unwrap();
        sandbox.write(format!("repo/{path}"), kept);
    }
}
