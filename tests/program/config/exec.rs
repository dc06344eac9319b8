//! `config exec`: the program stands in the place of git-shroud, hears every signal, and gets what it should and no more.

use std::fs;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::common::{Sandbox, needs};
use crate::config::place::{configuration, try_set};

/// A program that says `ready` in a FIFO, writes what it hears to `heard`, and ends with 3 after TERM and with 4 after INT. It
/// blocks the signals and takes them one by one, so that none comes between a look and a wait.
const LISTENER: &str = r#"
import os, signal
wanted = {signal.SIGUSR1, signal.SIGTERM, signal.SIGINT}
signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
def say(word):
    with open("../said", "w") as said:
        said.write(word)
with open("../files", "w") as file:
    file.write(os.environ.get("TLS_KEY", ""))
with open("../pid", "w") as file:
    file.write(str(os.getpid()))
say("ready")
while True:
    number = signal.sigwait(wanted)
    with open("../heard", "a") as heard:
        heard.write(signal.Signals(number).name + "\n")
    if number == signal.SIGUSR1:
        say("usr1")
    else:
        os._exit(3 if number == signal.SIGTERM else 4)
"#;

fn listening() -> Sandbox {
    let sandbox = configuration();
    needs("python3", "python3");
    sandbox.sh(".", "mkfifo said");
    sandbox
}

/// Runs the program so that it hears every signal, also where the tests run under nohup or in the background.
fn hearing(sandbox: &Sandbox) -> Command {
    let mut command = sandbox.command("env", "repo");
    command.args(["--default-signal", env!("CARGO_BIN_EXE_git-shroud")]);
    command
}

fn start(mut command: Command, options: &[&str]) -> Child {
    command.args(["config", "exec", "dev"]).args(options).args(["--", "python3", "-c", LISTENER]);
    command.stdin(Stdio::piped()).spawn().unwrap()
}

fn signal(id: u32, signal: Signal) {
    kill_process(Pid::from_raw(id.try_into().unwrap()).unwrap(), signal).unwrap();
}

/// Waits until the program says something.
fn said(sandbox: &Sandbox) -> String {
    fs::read_to_string(sandbox.path("said")).unwrap()
}

#[test]
fn the_program_is_a_direct_child_and_hears_every_signal() {
    for (last, status) in [(Signal::TERM, 3), (Signal::INT, 4)] {
        let sandbox = listening();
        let mut child = start(hearing(&sandbox), &[]);
        assert_eq!(said(&sandbox), "ready");
        let id = String::from_utf8(sandbox.read("pid")).unwrap();
        assert_eq!(id.trim_end(), child.id().to_string(), "another process is between");
        signal(child.id(), Signal::USR1);
        assert_eq!(said(&sandbox), "usr1");
        signal(child.id(), last);
        assert_eq!(child.wait().unwrap().code(), Some(status));
        let heard = String::from_utf8(sandbox.read("heard")).unwrap();
        assert!(heard.starts_with("SIGUSR1\n") && heard.lines().count() == 2, "{heard}");
    }
}

/// With files in memory the program is a direct child, too; with a folder git-shroud is between and hands on what it hears.
#[test]
fn a_program_with_files_hears_every_signal_and_leaves_no_file() {
    for files in ["--files", "--files=folder"] {
        for (last, status) in [(Signal::TERM, 3), (Signal::INT, 4)] {
            let sandbox = listening();
            let schema = String::from_utf8(sandbox.read("repo/config.shroud.toml")).unwrap();
            let own = "[properties.TLS_KEY]\nfile = \"tls.key\"\n";
            sandbox.write("repo/config.shroud.toml", format!("{schema}{own}"));
            sandbox.write("repo/environments/dev/tls.key", "canary-key");
            sandbox.git("repo", ["add", "."]);
            let mut child = start(hearing(&sandbox), &[files]);
            assert_eq!(said(&sandbox), "ready");
            let path = String::from_utf8(sandbox.read("files")).unwrap();
            let is_folder = files == "--files=folder";
            if is_folder {
                assert_eq!(fs::read(&path).unwrap(), b"canary-key");
            } else {
                assert!(path.starts_with("/proc/self/fd/"), "{path}");
            }
            signal(child.id(), Signal::USR1);
            assert_eq!(said(&sandbox), "usr1");
            signal(child.id(), last);
            assert_eq!(child.wait().unwrap().code(), Some(status), "{files}");
            if is_folder {
                assert!(!std::path::Path::new(&path).parent().unwrap().exists(), "{path}");
            }
            let heard = String::from_utf8(sandbox.read("heard")).unwrap();
            assert!(heard.starts_with("SIGUSR1\n") && heard.lines().count() == 2, "{heard}");
        }
    }
}

/// nohup starts programs with that signal ignored.
#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let sandbox = configuration();
    let script = "trap '' HUP; git-shroud config exec dev --files=folder -- sh -c 'kill -HUP $PPID; kill -HUP $$; echo lives'";
    assert_eq!(sandbox.sh("repo", script).expect(0).text(), "lives\n");
}

#[test]
fn below_git_the_program_hears_what_ends_git() {
    for (last, expected) in [(Signal::TERM, "SIGTERM\n"), (Signal::USR1, "SIGTERM\n")] {
        let sandbox = listening();
        let mut git = sandbox.command("git", "repo");
        git.arg("shroud");
        let mut child = start(git, &[]);
        assert_eq!(said(&sandbox), "ready");
        let id = String::from_utf8(sandbox.read("pid")).unwrap();
        signal(child.id(), last);
        child.wait().unwrap();
        // The program is nobody's child now; it is through as soon as there is no such process.
        sandbox.sh(".", &format!("while kill -0 {} 2>/dev/null; do :; done", id.trim_end()));
        assert_eq!(String::from_utf8(sandbox.read("heard")).unwrap(), expected, "{last:?}");
    }
}

#[test]
fn the_exit_status_is_that_of_the_program() {
    let sandbox = configuration();
    for (script, status) in [("exit 0", 0), ("exit 42", 42), ("exit 255", 255)] {
        let args = ["config", "exec", "dev", "--", "sh", "-c", script];
        sandbox.try_shroud("repo", args).expect(status);
        sandbox.try_git("repo", [&["shroud"], &args[..]].concat()).expect(status);
    }
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo");
    command.args(["config", "exec", "dev", "--", "sh", "-c", "kill -KILL $$"]);
    let status = command.status().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    sandbox.write("repo/plain", "no program\n");
    let exec = |program: &str| sandbox.try_shroud("repo", ["config", "exec", "dev", "--", program]);
    exec("./plain").expect(126).says("'./plain' cannot be started");
    exec("./none").expect(127);
}

#[test]
fn the_program_has_the_path_of_the_user() {
    let sandbox = configuration();
    let exec =
        ["config", "exec", "dev", "--", "sh", "-c", "echo $PATH; echo ${GIT_EXEC_PATH-none}"];
    let path = sandbox.sh("repo", "echo $PATH; echo none").text();
    assert_eq!(sandbox.git("repo", [&["shroud"], &exec[..]].concat()).text(), path);
    assert_eq!(sandbox.shroud("repo", exec).text(), path);
    // Whose git has its programs elsewhere.
    sandbox.sh(".", "ln -s \"$(git --exec-path)\" core");
    let core = sandbox.path("core");
    let option = format!("--exec-path={}", core.display());
    let args = [&[option.as_str(), "shroud"], &exec[..]].concat();
    assert_eq!(sandbox.git("repo", args).text(), path);
    // Nobody but git puts it there: who has it in the PATH on purpose keeps it.
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo");
    command.args(["config", "exec", "dev", "--", "/bin/sh", "-c", "echo $PATH"]);
    command.env("PATH", format!("{}:/usr/bin:/bin", core.display()));
    assert_eq!(
        sandbox.run(command).expect(0).text(),
        format!("{}:/usr/bin:/bin\n", core.display())
    );
}

#[test]
fn only_what_was_named_is_set() {
    let sandbox = configuration();
    let set = |args: &[&str]| {
        let script = "env | grep -E '^(X_)?(DB_|level)' | sort";
        let command = ["--", "sh", "-c", script];
        sandbox.shroud("repo", [&["config", "exec", "dev"], args, &command[..]].concat()).text()
    };
    let all =
        "DB_PASSWORD=canary-dev-value\nDB_POOL=5\nDB_URL=https://dev.example.com\nlevel=info\n";
    assert_eq!(set(&[]), all);
    assert_eq!(set(&["--only", "db.pool,level"]), "DB_POOL=5\nlevel=info\n");
    assert_eq!(set(&["--only", "DB_POOL", "--only", "level"]), "DB_POOL=5\nlevel=info\n");
    assert_eq!(set(&["--only", "level", "--prefix", "X_"]), "X_level=info\n");
    let refused = |args: &[&str]| {
        let args = [&["config", "exec", "dev"], args, &["--", "echo", "ran"]].concat();
        let done = sandbox.try_shroud("repo", args);
        assert!(done.stdout.is_empty());
        done
    };
    refused(&["--only", "db.pol"]).expect(2).says("dev has no value of 'db.pol'");
    refused(&["--only", "old"]).expect(2).says("dev has no value of 'old'");
    refused(&["--prefix", "1"]).expect(2).says("a prefix consists of");
    refused(&["--prefix", "A=B"]).expect(2).says("a prefix consists of");
}

#[test]
fn what_decides_which_code_runs_is_refused_under_any_name() {
    let sandbox = configuration();
    for name in ["PRELOAD", "LD_AUDIT"] {
        sandbox.shroud("repo", ["config", "schema", "add", "-q", name]);
        try_set(&sandbox, "repo", "dev", name, "/x.so").expect(0);
    }
    let exec = |args: &[&str]| {
        let command = ["--", "sh", "-c", "echo ran"];
        sandbox.try_shroud("repo", [&["config", "exec", "dev"], args, &command[..]].concat())
    };
    exec(&[]).expect(1).says("dev sets LD_AUDIT, which decides");
    exec(&["--only", "PRELOAD"]).expect(0);
    exec(&["--only", "PRELOAD", "--prefix", "LD_"]).expect(1).says("dev sets LD_PRELOAD");
    exec(&["--pristine"]).expect(1).says("dev sets LD_AUDIT");
    exec(&["--only", "LD_AUDIT", "--prefix", "X_"]).expect(0);
}

#[test]
fn a_pristine_program_gets_nothing_from_outside() {
    let sandbox = configuration();
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo");
    command.args(["config", "exec", "dev", "--only", "level", "--pristine", "--", "env"]);
    command.env("AROUND", "canary");
    assert_eq!(sandbox.run(command).expect(0).text(), "level=info\n");
    // It is looked for as ever, though it has no PATH itself.
    sandbox.sh(
        ".",
        "mkdir bin && printf '#!/bin/sh\\necho mine $level\\n' >bin/mine && chmod +x bin/mine",
    );
    let script = "PATH=\"$PWD/../bin:$PATH\"; exec git shroud config exec dev --pristine -- mine";
    assert_eq!(sandbox.sh("repo", script).text(), "mine info\n");
    let args = ["config", "exec", "dev", "--pristine", "--", "no-such-program"];
    sandbox.try_shroud("repo", args).expect(127);
}
