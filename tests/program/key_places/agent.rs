//! `git shroud agent`: keys in memory, for a time.

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::{Ends, KEYRING, assert_no_key_on_disk, assert_refuses, assert_works, repository};
use crate::common::{SECRETS, Sandbox, contains, is_sealed};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// An agent that this test may signal.
pub(super) struct Own(Child);

impl Own {
    pub(super) fn start(sandbox: &Sandbox) -> Self {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), ".");
        command.args(["agent", "--foreground"]).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        until(|| sandbox.try_shroud(".", ["agent", "--list"]).stderr.contains("holds no keys"));
        Self(child)
    }

    pub(super) fn signal(&self, signal: &str) {
        let mut kill = std::process::Command::new("sh");
        kill.args(["-c", &format!("kill -{signal} {}", self.0.id())]);
        assert!(kill.status().unwrap().success());
    }

    /// Whether it ends by itself.
    pub(super) fn ends(self) -> bool {
        self.wait().code() == Some(0)
    }

    fn wait(mut self) -> std::process::ExitStatus {
        self.0.wait().unwrap()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for what must come, and looks at it and not at the clock.
#[track_caller]
fn until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "it did not come");
        std::thread::yield_now();
    }
}

#[test]
fn keys_are_in_memory_and_on_no_disk() {
    let sandbox = repository("agent");
    let _ends = Ends(&sandbox);
    sandbox
        .shroud("repo", ["unlock", "--for", "2h"])
        .says("moved the keys from the key file to the agent");
    assert!(!sandbox.path("repo").join(KEYRING).exists());
    assert_works(&sandbox, "repo");
    let listed = sandbox.shroud("repo", ["agent", "--list"]).text();
    assert!(listed.contains("1 h 59 min") && listed.contains("/repo/.git"), "{listed}");
    let told = sandbox.try_shroud("repo", ["doctor"]).text();
    assert!(
        told.contains("is the agent (shroud.keyring = agent), which wipes them in 1 h"),
        "{told}"
    );
    // git's helpers, the merge driver and the commands get them too.
    sandbox.git("repo", ["checkout", "-q", "-b", "side"]);
    sandbox.write("repo/secrets/db.env", "PASSWORD=canary-db\nUSER=side\n");
    sandbox.git("repo", ["commit", "-q", "-am", "side"]);
    let diff = sandbox.git("repo", ["diff", "main"]).text();
    assert!(diff.contains("+USER=side"), "{diff}");
    sandbox.git("repo", ["checkout", "-q", "main"]);
    sandbox.write("repo/secrets/db.env", "HOST=main\nPASSWORD=canary-db\n");
    sandbox.git("repo", ["commit", "-q", "-am", "main"]);
    sandbox.git("repo", ["merge", "-q", "--no-edit", "side"]);
    let merged = sandbox.read("repo/secrets/db.env");
    assert_eq!(merged, b"HOST=main\nPASSWORD=canary-db\nUSER=side\n");
    assert_eq!(sandbox.shroud("repo", ["cat", "secrets/db.env"]).stdout, merged);
    sandbox.shroud("repo", ["check"]);
    // A linked worktree has the keys of its clone; one that is locked by itself has none.
    sandbox.git("repo", ["worktree", "add", "-q", "../linked"]);
    assert_eq!(sandbox.read("linked/secrets/db.env"), merged);
    sandbox.shroud("linked", ["lock", "--worktree"]);
    assert!(is_sealed(&sandbox.read("linked/secrets/db.env")));
    assert_refuses(&sandbox, "linked", "lock");
    sandbox.shroud("linked", ["unlock"]);
    assert_eq!(sandbox.read("linked/secrets/db.env"), merged);
    assert_no_key_on_disk(&sandbox, "repo");
    sandbox.shroud("repo", ["lock"]).says("removed 1 key");
    assert!(sandbox.try_shroud(".", ["agent", "--list"]).stderr.contains("holds no keys"));
    assert!(!sandbox.path("repo/.git/git-shroud/place").exists());
}

#[test]
fn without_its_agent_a_clone_is_locked() {
    let sandbox = repository("agent");
    let _ends = Ends(&sandbox);
    sandbox.shroud("repo", ["unlock", "-q"]);
    sandbox.shroud(".", ["agent", "--stop"]).says("wiped all keys");
    assert_refuses(&sandbox, "repo", "the key 'default' is not held here");
    let told = sandbox.try_shroud("repo", ["doctor"]).text();
    assert!(told.contains("is the agent (shroud.keyring = agent), and it has none now"), "{told}");
    // Sealed files pass, as in any clone that is locked.
    fs::remove_dir_all(sandbox.path("repo/secrets")).unwrap();
    sandbox.git("repo", ["checkout", "-q", "secrets"]);
    assert!(is_sealed(&sandbox.read("repo/secrets/db.env")));
    sandbox.try_shroud("repo", ["unlock"]).expect(2).says("no key was given");
    sandbox.shroud("repo", ["unlock", "../team.key"]);
    assert_works(&sandbox, "repo");
    assert!(!sandbox.path("repo").join(KEYRING).exists());
}

#[test]
fn a_member_unlocks_by_their_own_key() {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["ann"]);
    let _ends = Ends(&sandbox);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.git("clone", ["config", "shroud.keyring", "agent"]);
    sandbox.shroud("clone", ["unlock", "-q", "-i", "../ann.age"]);
    assert_works(&sandbox, "clone");
    assert_no_key_on_disk(&sandbox, "clone");
}

#[test]
fn keys_are_forgotten_after_their_time() {
    let sandbox = repository("agent");
    let _ends = Ends(&sandbox);
    sandbox.shroud("repo", ["unlock", "-q", "--for", "1s"]);
    until(|| sandbox.try_shroud(".", ["agent", "--list"]).stderr.contains("holds no keys"));
    assert_refuses(&sandbox, "repo", "the key 'default' is not held here");
    // The next unlock says another time, and unlocks that are repeated begin it anew.
    sandbox.shroud("repo", ["unlock", "-q", "../team.key"]);
    let listed = || sandbox.shroud(".", ["agent", "--list"]).text();
    assert!(listed().contains("7 h 59 min"), "{}", listed());
    sandbox.shroud("repo", ["unlock", "-q", "--for", "3d"]);
    assert!(listed().contains("2 d 23 h"), "{}", listed());
    for wrong in ["0s", "31d", "8", "soon"] {
        sandbox.try_shroud("repo", ["unlock", "--for", wrong]).expect(2).says("such as 8h");
    }
}

#[test]
fn a_time_without_an_agent_is_refused() {
    let sandbox = repository("file");
    let done = sandbox.try_shroud("repo", ["unlock", "--for", "8h"]).expect(2);
    done.says("only an agent holds keys for a time").says("git config shroud.keyring agent");
    assert!(!sandbox.path("run/git-shroud").exists());
}

#[test]
fn signals_end_it_and_a_killed_one_is_replaced() {
    let sandbox = repository("agent");
    let agent = Own::start(&sandbox);
    sandbox.shroud("repo", ["unlock", "-q"]);
    assert!(sandbox.path("run/git-shroud/agent.sock").exists());
    agent.signal("TERM");
    assert_eq!(agent.wait().code(), Some(0));
    assert!(!sandbox.path("run/git-shroud/agent.sock").exists());
    let agent = Own::start(&sandbox);
    sandbox.shroud("repo", ["unlock", "-q", "../team.key"]);
    agent.signal("KILL");
    assert!(!agent.wait().success());
    assert!(sandbox.path("run/git-shroud/agent.sock").exists(), "nobody removed it");
    assert_refuses(&sandbox, "repo", "the key 'default' is not held here");
    let agent = Own::start(&sandbox);
    sandbox.shroud("repo", ["unlock", "-q", "../team.key"]);
    assert_works(&sandbox, "repo");
    // A second one keeps out of its way.
    let second = sandbox.try_shroud(".", ["agent", "--foreground"]).expect(2);
    second.says("an agent runs already");
    sandbox.shroud(".", ["agent"]).says("the agent runs already");
    sandbox.shroud(".", ["agent", "--stop"]);
    assert_eq!(agent.wait().code(), Some(0));
    sandbox.shroud(".", ["agent", "--stop"]).says("no agent runs");
    sandbox.shroud(".", ["agent", "--list"]).says("no agent runs");
}

#[test]
fn one_agent_serves_many_clones_and_a_lock_takes_its_own_keys() {
    let sandbox = repository("agent");
    let _ends = Ends(&sandbox);
    sandbox.shroud("repo", ["unlock", "-q"]);
    for name in ["one", "two"] {
        sandbox.git(".", ["clone", "-q", "repo", name]);
        sandbox.git(name, ["config", "shroud.keyring", "agent"]);
        sandbox.shroud(name, ["unlock", "-q", "../team.key"]);
    }
    assert_eq!(sandbox.shroud(".", ["agent", "--list"]).text().lines().count(), 3);
    sandbox.shroud("one", ["lock", "-q"]);
    assert_refuses(&sandbox, "one", "the key 'default' is not held here");
    for (path, _) in SECRETS.iter().filter(|(_, content)| !content.is_empty()) {
        assert!(is_sealed(&sandbox.read(format!("one/{path}"))), "{path}");
    }
    assert_works(&sandbox, "two");
    assert_works(&sandbox, "repo");
}

#[test]
fn another_clone_in_the_same_folder_finds_no_key() {
    let sandbox = repository("agent");
    let _ends = Ends(&sandbox);
    sandbox.shroud("repo", ["unlock", "-q"]);
    sandbox.sh(".", "cp -a repo copy; mv repo away; git clone -q away repo");
    sandbox.git("repo", ["config", "shroud.keyring", "agent"]);
    for dir in ["repo", "copy", "away"] {
        let told = sandbox.try_shroud(dir, ["doctor"]).text();
        assert!(told.contains("and it has none now"), "{dir}: {told}");
    }
    sandbox.try_shroud("repo", ["cat", "secrets/db.env"]).expect(1);
    // What was moved has its keys again where it was.
    sandbox.sh(".", "rm -rf repo; mv away repo");
    assert_works(&sandbox, "repo");
}

#[test]
fn the_agent_works_through_a_link_to_the_clone_and_in_a_bare_folder() {
    let sandbox = repository("agent");
    let _ends = Ends(&sandbox);
    sandbox.sh(".", "ln -s repo link");
    sandbox.shroud("link", ["unlock", "-q"]);
    assert_works(&sandbox, "repo");
    assert_works(&sandbox, "link");
    let dir = sandbox.path("repo/.git");
    let mut command = sandbox.command("git", "repo");
    command.env("GIT_DIR", dir).args(["show", "--textconv", "HEAD:secrets/db.env"]);
    assert_eq!(sandbox.run(command).expect(0).text(), SECRETS[0].1);
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo/.git");
    command.args(["cat", "HEAD:secrets/db.env"]);
    assert_eq!(sandbox.run(command).expect(0).text(), SECRETS[0].1);
}

#[test]
fn without_a_home_or_a_runtime_folder_it_has_a_private_folder() {
    let sandbox = repository("agent");
    // Nothing of the user who runs the tests is touched: the folder is that of another name.
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo");
    command.env_remove("HOME").args(["unlock", "-q"]);
    let _ends = Ends(&sandbox);
    sandbox.run(command).expect(0);
    let mut command = sandbox.command("git", "repo");
    command.env_remove("HOME").args(["status", "--porcelain"]);
    assert_eq!(sandbox.run(command).expect(0).text(), "");
    assert_eq!(sandbox.mode("run/git-shroud"), 0o700);
    assert_eq!(sandbox.mode("run/git-shroud/agent.lock"), 0o600);
}

#[test]
fn a_key_in_the_environment_stays_out_of_the_agent() {
    let sandbox = repository("agent");
    let _ends = Ends(&sandbox);
    let key = String::from_utf8(sandbox.read("team.key")).unwrap();
    sandbox.try_shroud_with(("GIT_SHROUD_KEY", &key), "repo", &["agent"]).expect(0);
    if cfg!(target_os = "linux") {
        let found = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let run = sandbox.path("run").into_os_string().into_encoded_bytes();
        let mut seen = 0;
        for process in found {
            let Ok(environment) = fs::read(process.path().join("environ")) else { continue };
            if contains(&environment, &run) {
                seen += 1;
                assert!(!contains(&environment, b"GIT-SHROUD-KEY"), "{}", process.path().display());
            }
        }
        // Only root may look at a process that cannot be dumped.
        let is_root = is_root();
        assert!(seen > 0 || !is_root, "the agent was not found");
    }
    sandbox.try_shroud_with(("GIT_SHROUD_KEY", &key), "repo", &["cat", "secrets/db.env"]).expect(0);
    assert!(sandbox.try_shroud(".", ["agent", "--list"]).stderr.contains("holds no keys"));
}

fn is_root() -> bool {
    let id = std::process::Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}
