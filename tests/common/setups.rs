//! Repositories that many tests begin with.

use super::{Sandbox, sealed};

impl Sandbox {
    /// A second key, `prod`, that seals `prod/**`; what that changes in the worktree is not committed.
    pub fn second_key(&self, dir: &str) {
        self.shroud(dir, ["key", "new", "-q", "prod"]);
        self.shroud(dir, ["track", "-q", "--key", "prod", "prod/**"]);
    }

    /// [`Self::sealed_repository`] in `repo`, with a second key that seals `prod/db.env`, committed.
    pub fn repository_with_two_keys() -> Self {
        let sandbox = sealed();
        sandbox.second_key("repo");
        sandbox.write("repo/prod/db.env", "canary-prod\n");
        sandbox.git("repo", ["add", "."]);
        sandbox.git("repo", ["commit", "-q", "-m", "prod"]);
        sandbox
    }
}
