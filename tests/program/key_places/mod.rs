//! Where the keys of a clone lie: a file, the keychain, or the memory of an agent.

mod agent;
mod agent_attacks;
#[cfg(not(target_os = "macos"))]
mod keychain;
mod rotating;
mod switching;

use crate::common::{SECRETS, Sandbox, contains, is_sealed};

pub(super) const KEYRING: &str = ".git/git-shroud/keyring";

/// Begins the text of every key.
const TOKEN: &[u8] = b"GIT-SHROUD-KEY-";

/// Ends the agent of a sandbox, so that none outlives its test.
pub(super) struct Ends<'s>(pub(super) &'s Sandbox);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        let _ = self.0.try_shroud(".", ["agent", "--stop"]);
    }
}

/// A repository whose key has a copy in `team.key`, and should lie there.
pub(super) fn repository(place: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git("repo", ["config", "shroud.keyring", place]);
    sandbox
}

/// Panics if a file in or under `dir` holds a key.
#[track_caller]
pub(super) fn assert_no_key_on_disk(sandbox: &Sandbox, dir: &str) {
    for (path, bytes) in sandbox.snapshot(dir) {
        assert!(!contains(&bytes, TOKEN), "{} holds a key", path.display());
    }
}

/// Panics unless git refuses new plaintext and says why; the index stays as it was.
#[track_caller]
pub(super) fn assert_refuses(sandbox: &Sandbox, dir: &str, why: &str) {
    let before = sandbox.git(dir, ["ls-files", "-s"]).text();
    sandbox.write(format!("{dir}/secrets/new"), "canary-new\n");
    sandbox.try_git(dir, ["add", "secrets/new"]).expect(128).says(why);
    std::fs::remove_file(sandbox.path(dir).join("secrets/new")).unwrap();
    assert_eq!(sandbox.git(dir, ["ls-files", "-s"]).text(), before);
    sandbox.assert_no_object_holds(dir, b"canary");
}

/// Panics unless the files of the worktree are plaintext, and what git adds is sealed.
#[track_caller]
pub(super) fn assert_works(sandbox: &Sandbox, dir: &str) {
    for (path, content) in SECRETS {
        assert_eq!(sandbox.read(format!("{dir}/{path}")), content.as_bytes(), "{path}");
    }
    sandbox.write(format!("{dir}/secrets/more"), "canary-more\n");
    sandbox.git(dir, ["add", "secrets/more"]);
    assert!(is_sealed(&sandbox.blob(dir, ":secrets/more")));
    sandbox.git(dir, ["reset", "-q", "--hard"]);
    assert_eq!(sandbox.git(dir, ["status", "--porcelain"]).text(), "");
}
