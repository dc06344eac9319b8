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

    /// A repository with members gets another, on a branch that is merged beside a rotation: their grant is out of date.
    pub fn grant_beside_a_rotation(&self, name: &str) {
        let recipient = self.age_identity(name);
        self.git("repo", ["checkout", "-q", "-b", "other"]);
        self.shroud("repo", ["member", "add", &recipient, "--label", name, "--commit"]);
        self.git("repo", ["checkout", "-q", "main"]);
        self.shroud("repo", ["key", "rotate"]);
        self.git("repo", ["commit", "-q", "-m", "rotate"]);
        self.git("repo", ["merge", "-q", "-m", "both", "other"]);
    }
}

/// A plugin of age's, as a script: it keeps the file key in its stanza, as it is, and unwraps by these lines.
pub fn plugin(unwrap: &str) -> String {
    let wrap = r"#!/bin/sh
case $1 in
--age-plugin=recipient-v1)
    while IFS= read -r line; do
        case $line in
        '-> wrap-file-key') IFS= read -r key ;;
        '-> done') IFS= read -r _; break ;;
        esac
    done
    printf -- '-> recipient-stanza 0 clear\n%s\n' $key; read -r _; read -r _ ;;
--age-plugin=identity-v1)
";
    format!("{wrap}{unwrap};;\nesac\nprintf -- '-> done\\n\\n'\n")
}
