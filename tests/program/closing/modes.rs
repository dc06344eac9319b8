//! Who may read a file stays as it was, at every moment.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use crate::closing::sealed;
use crate::common::{SECRETS, Sandbox, is_sealed, needs};

fn set_mode(sandbox: &Sandbox, path: &str, mode: u32) {
    fs::set_permissions(sandbox.path(path), Permissions::from_mode(mode)).unwrap();
}

#[test]
fn lock_and_unlock_keep_the_mode() {
    let sandbox = sealed();
    let file = "repo/secrets/db.env";
    for mode in [0o600, 0o640, 0o700, 0o755, 0o444] {
        set_mode(&sandbox, file, mode);
        sandbox.shroud("repo", ["lock", "-q"]);
        assert_eq!((is_sealed(&sandbox.read(file)), sandbox.mode(file)), (true, mode));
        sandbox.shroud("repo", ["unlock", "-q", "../team.key"]);
        assert_eq!((is_sealed(&sandbox.read(file)), sandbox.mode(file)), (false, mode));
    }
}

/// git itself writes what it converts.
#[test]
fn unlock_keeps_the_mode_of_what_git_converts() {
    let sandbox = sealed();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let file = "clone/secrets/db.env";
    set_mode(&sandbox, file, 0o600);
    sandbox.git("clone", ["config", "core.autocrlf", "false"]);
    sandbox.write("clone/.git/info/attributes", "secrets/** ident\n");
    let _ = sandbox.try_shroud("clone", ["unlock", "../team.key"]);
    assert_eq!(sandbox.mode(file), 0o600);
}

/// The system calls of a run show every mode that any file had on the way.
#[test]
fn plaintext_of_a_private_file_is_never_open_to_others() {
    needs("strace", "strace");
    let sandbox = sealed();
    let file = "repo/secrets/db.env";
    for (path, _) in SECRETS {
        set_mode(&sandbox, &format!("repo/{path}"), 0o600);
    }
    for (editor, arguments) in [
        ("echo A=canary-2 >>", &["edit", "--on-disk", "secrets/db.env"][..]),
        ("true", &["lock", "-q", "--force"]),
        ("true", &["unlock", "-q", "../team.key"]),
    ] {
        let mut run = sandbox.command("strace", "repo");
        let trace = sandbox.path("trace");
        let calls = "trace=openat,open,creat,chmod,fchmod,fchmodat";
        run.args(["-f", "-qq", "-e", calls, "-o"])
            .arg(&trace)
            .arg(crate::closing::SHROUD)
            .args(arguments);
        run.env("GIT_EDITOR", editor);
        sandbox.run(run).expect(0);
        let text = fs::read_to_string(&trace).unwrap();
        let made = text.lines().filter(|line| line.contains("O_CREAT") && line.contains("O_EXCL"));
        let beside = made.filter(|line| line.contains("/.git-shroud-"));
        let beside: Vec<_> = beside.collect();
        assert!(!beside.is_empty(), "{text}");
        for line in beside {
            assert!(line.contains(", 0600)"), "{arguments:?}: {line}");
        }
        assert_eq!(sandbox.mode(file), 0o600, "{arguments:?}");
    }
    assert!(SECRETS[0].1.len() < sandbox.read(file).len());
}
