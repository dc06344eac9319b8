//! Which program is run, and what it may do.

use super::mixed;
use crate::common::{Done, Sandbox};

/// `import sops conf/app.yaml` with this `PATH`, before the folders of git and of the program under test.
fn with_path(sandbox: &Sandbox, before: &str, timeout: Option<&str>) -> Done {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo");
    let path = command.get_envs().find(|(name, _)| *name == "PATH").unwrap().1.unwrap();
    let path = format!("{before}:{}", path.to_str().unwrap());
    command.args(["import", "sops", "conf/app.yaml"]).env("PATH", path);
    command.args(timeout.map(|seconds| format!("--timeout={seconds}")));
    command.env("GIT_SHROUD_PASSPHRASE", "canary-passphrase");
    sandbox.run(command)
}

#[test]
fn a_program_that_is_missing_is_named_with_how_to_install_it() {
    let sandbox = mixed();
    std::fs::remove_file(sandbox.path("bin/sops")).unwrap();
    let done = sandbox.try_import("repo", &["sops", "conf/app.yaml"]).expect(2);
    done.says("sops is not installed: no folder of PATH has it").says("https://getsops.io");
}

#[test]
fn nothing_of_the_repository_is_run() {
    let sandbox = mixed();
    for folder in ["repo", "repo/tools"] {
        sandbox.stand_in("evil", "touch \"$HOME/ran\"\n");
        std::fs::create_dir_all(sandbox.path(folder)).unwrap();
        std::fs::rename(sandbox.path("bin/evil"), sandbox.path(folder).join("sops")).unwrap();
    }
    std::fs::rename(sandbox.path("bin"), sandbox.path("elsewhere")).unwrap();
    let inside = sandbox.path("repo/tools").display().to_string();
    let elsewhere = sandbox.path("elsewhere").display().to_string();
    for path in [".", "", "tools", &inside] {
        let done = with_path(&sandbox, path, None).expect(2);
        assert!(done.stderr.contains("sops"), "{}", done.stderr);
        let both = format!("{path}:{elsewhere}");
        with_path(&sandbox, &both, None).expect(0);
        sandbox.git("repo", ["reset", "-q", "--hard"]);
    }
    with_path(&sandbox, &inside, None).expect(2).says("only inside the repository");
    assert!(!sandbox.path("home/ran").exists());
}

#[test]
fn one_that_hangs_is_stopped() {
    let sandbox = mixed();
    sandbox.sh(".", "mkfifo never");
    sandbox.stand_in("sops", "echo $$ >\"$HOME/pid\"\nexec cat \"$HOME/../never\"\n");
    let bin = sandbox.path("bin").display().to_string();
    let done = with_path(&sandbox, &bin, Some("1")).expect(1);
    done.says("sops did not end within 1 second for conf/app.yaml, and was stopped")
        .says("--timeout SECONDS");
    sandbox.sh(".", "! kill -0 $(cat home/pid)");
}

#[test]
fn one_that_writes_without_end_is_stopped() {
    let sandbox = mixed();
    sandbox.stand_in("sops", "exec cat /dev/zero\n");
    let bin = sandbox.path("bin").display().to_string();
    with_path(&sandbox, &bin, None).expect(1).says("sops wrote more than 64 MiB");
}

#[test]
fn it_gets_no_secret_of_this_program_and_its_own_words_are_shown() {
    let sandbox = mixed();
    let script = "env | grep canary && exit 9\necho 'a word of sops' >&2\n";
    sandbox.stand_in("sops", &format!("{script}echo 'a: 1'\n"));
    let bin = sandbox.path("bin").display().to_string();
    with_path(&sandbox, &bin, None).expect(0).says("a word of sops");
}
