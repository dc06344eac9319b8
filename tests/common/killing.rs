//! Ends programs at a moment that the test chooses, by what they do and not by time.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::{Done, Sandbox, needs};

impl Sandbox {
    /// A program in `bin`; the name says where it is.
    pub fn program(&self, name: &str, script: &str) -> String {
        let path = self.path("bin").join(name);
        self.write(&path, script);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Puts `bin` before all else on the path of a command.
    pub fn with_own_programs(&self, command: &mut Command) {
        let mut path = self.path("bin").into_os_string();
        let before = command.get_envs().find(|(name, _)| *name == "PATH");
        let before = before.and_then(|(_, value)| value).map(OsString::from);
        path.push(":");
        path.push(before.expect("a command of the sandbox has a path"));
        command.env("PATH", path);
    }

    /// A `git` in `bin` that kills the program that starts it, at the call whose number is in `cut`, and otherwise is git. It
    /// counts its calls in `calls`, one at a time, as a program may start several at once.
    pub fn deadly_git(&self) {
        needs("flock", "util-linux");
        let git = git().display().to_string();
        let here = self.path(".").display().to_string();
        self.program(
            "git",
            &format!(
                "#!/bin/sh\nexec 9> {here}/counting\nflock 9\nn=$(($(cat {here}/calls) + 1))\n\
                 echo $n > {here}/calls.new\nmv {here}/calls.new {here}/calls\n\
                 if [ $n = $(cat {here}/cut) ]; then kill -9 $PPID; exit 1; fi\n\
                 exec 9>&-\nexec {git} \"$@\"\n"
            ),
        );
    }

    /// Runs a command under strace with these options, on one processor: on several, threads share the work by chance, and
    /// only the first thread is looked at. When this returns, all that it has started has ended too: the last of them closes
    /// file 9.
    fn traced(&self, dir: &str, options: &[&str], args: &[&str]) -> Done {
        needs("strace", "strace");
        needs("taskset", "util-linux");
        let mut command = self.command("sh", dir);
        let script = "one=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
exec taskset -c \"$one\" strace \"$@\" 9>&1 >/dev/null 2>&1";
        command.args(["-c", script, "sh", "-qq"]);
        command.args(options).args(args);
        self.run(command)
    }

    /// How often a command, which must succeed, makes this system call; what it starts does not count.
    #[track_caller]
    pub fn count_calls(&self, dir: &str, call: &str, args: &[&str]) -> usize {
        let log = self.path("calls-made");
        let log = log.to_str().unwrap();
        let trace = format!("trace={call}");
        // Each child that ends is a signal, which would count too.
        self.traced(dir, &["-o", log, "-e", "signal=none", "-e", &trace], args).expect(0);
        fs::read_to_string(log).unwrap().lines().count()
    }

    /// Runs a command, which is killed as by `kill -9` at its `n`th call of this kind; false where it ended before.
    #[must_use]
    pub fn kill_at_call(&self, dir: &str, call: &str, n: usize, args: &[&str]) -> bool {
        let trace = format!("trace={call}");
        let inject = format!("inject={call}:signal=KILL:when={n}");
        self.traced(dir, &["-o", "/dev/null", "-e", &trace, "-e", &inject], args).status == -1
    }
}

/// The git on the path.
pub fn git() -> std::path::PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let git = std::env::split_paths(&path).map(|dir| dir.join("git")).find(|file| file.is_file());
    git.expect("git is missing: install it with 'apt-get install git'")
}
