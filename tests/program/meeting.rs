//! Two runs at once in one repository.

use std::fs;
use std::process::Stdio;

use crate::common::Sandbox;
use crate::common::killing::git;
use crate::faults::{SHROUD, assert_no_plaintext, two_branches, write_all};

/// Waits, where it is run first, until the test has seen that and says that it may go on.
fn wait_once(sandbox: &Sandbox) -> String {
    let here = sandbox.path(".").display().to_string();
    format!("mkdir {here}/held 2>/dev/null && {{ echo >{here}/reached; read _ <{here}/go; }}\n")
}

/// What is under way when something else is started.
#[derive(Clone, Copy, Debug)]
enum First {
    /// git, whose filter has just been started.
    Git(&'static [&'static str]),
    /// git-shroud, whose git has just been started for this.
    Shroud(&'static [&'static str], &'static str),
}

/// Nobody but git waits: whoever comes second says whose lock it is, and can do it again.
#[test]
fn two_at_once_and_one_of_them_says_why_not() {
    const ADD: First = First::Git(&["add", "secrets/001"]);
    const ROTATE: First = First::Shroud(&["key", "rotate"], "update-index");
    const LOCK_OF_GIT: &str = ".git/index.lock': File exists";
    const LOCK_OF_INDEX: &str = "index.lock' exists";
    const BUSY: &str = "another git-shroud (process ";
    let pairs: [(First, &[&str], i32, &str); 6] = [
        (ADD, &["git", "add", "secrets/002"], 128, LOCK_OF_GIT),
        (First::Git(&["commit", "-qam", "a"]), &["git", "stash"], 1, "could not write index"),
        (ADD, &[SHROUD, "lock", "--force"], 2, LOCK_OF_INDEX),
        (ADD, &[SHROUD, "key", "rotate"], 2, LOCK_OF_GIT),
        (ROTATE, &[SHROUD, "key", "rotate"], 2, BUSY),
        (ROTATE, &[SHROUD, "lock", "--force"], 2, "a key rotation is in progress"),
    ];
    for (first, second, status, reason) in pairs {
        let sandbox = two_branches();
        write_all(&sandbox, "changed");
        sandbox.sh(".", "mkfifo reached go");
        let mut command = match first {
            First::Git(args) => {
                let script =
                    format!("#!/bin/sh\n{}exec git-shroud filter-process\n", wait_once(&sandbox));
                let filter = sandbox.program("filter", &script);
                let mut command = sandbox.command("git", "repo");
                command.args(["-c", &format!("filter.shroud.process={filter}")]).args(args);
                command
            }
            First::Shroud(args, call) => {
                let script = format!(
                    "#!/bin/sh\ncase \"$*\" in *' {call}'*) {} ;; esac\nexec {} \"$@\"\n",
                    wait_once(&sandbox),
                    git().display()
                );
                sandbox.program("git", &script);
                let mut command = sandbox.command(SHROUD, "repo");
                sandbox.with_own_programs(&mut command);
                command.args(args);
                command
            }
        };
        let under_way = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        fs::read(sandbox.path("reached")).unwrap();
        let mut command = sandbox.command(second[0], "repo");
        command.args(&second[1..]);
        sandbox.run(command).expect(status).says(reason);
        fs::write(sandbox.path("go"), "\n").unwrap();
        let output = under_way.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{first:?}, {second:?}: {said}");
        // A rotation that has met git halfway goes on.
        if sandbox.path("repo/.git/git-shroud/rotation").exists() {
            assert_eq!((second[0], second[1]), (SHROUD, "key"), "{first:?}");
            sandbox.shroud("repo", ["key", "rotate", "--continue"]);
        }
        sandbox.git("repo", ["add", "secrets"]);
        sandbox.git("repo", ["commit", "-q", "--allow-empty", "-m", "after"]);
        sandbox.git("repo", ["fsck", "--strict", "--no-dangling"]);
        assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "", "{first:?}");
        assert_no_plaintext(&sandbox, &format!("{first:?}, {second:?}"));
        // Now it can be done.
        if second[1] != "stash" {
            sandbox.shroud("repo", ["key", "export", "-q", "-o", "../again.key"]);
            let mut command = sandbox.command(second[0], "repo");
            command.args(&second[1..]);
            sandbox.run(command).expect(0);
        }
    }
}
