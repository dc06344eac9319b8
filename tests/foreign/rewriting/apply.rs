//! Moves a repository to what was made of it.

use std::path::Path;

use git_shroud::git::repository::Repository;
use git_shroud::scrub::Changes;
use git_shroud::scrub::rewrite::{Options, Rewritten, rewrite};

use crate::common::Sandbox;

/// Makes the new objects.
#[track_caller]
pub(crate) fn made(path: &Path, changes: &dyn Changes, options: &Options<'_>) -> Rewritten {
    let repository = Repository::discover(path).unwrap();
    rewrite(&repository, changes, options).unwrap()
}

/// Makes the new objects, puts them in place and moves all refs in one transaction.
#[track_caller]
pub(crate) fn apply(
    sandbox: &Sandbox,
    dir: &str,
    changes: &dyn Changes,
    options: &Options<'_>,
) -> Rewritten {
    let mut made = made(&sandbox.path(dir), changes, options);
    if let Some(pack) = made.pack.take() {
        pack.install().unwrap();
    }
    let mut lines = Vec::new();
    for change in made.refs.iter().filter(|change| change.symbolic.is_none()) {
        let mut line = |text: &str, name: &[u8], rest: String| {
            lines.extend_from_slice(text.as_bytes());
            lines.extend_from_slice(name);
            lines.extend_from_slice(rest.as_bytes());
        };
        match change.new {
            Some(new) if change.name == change.new_name => {
                line("update ", &change.name, format!(" {new} {}\n", change.old));
            }
            Some(new) => {
                line("delete ", &change.name, format!(" {}\n", change.old));
                line("create ", &change.new_name, format!(" {new}\n"));
            }
            None => line("delete ", &change.name, format!(" {}\n", change.old)),
        }
    }
    let mut git = sandbox.command("git", dir);
    git.args(["update-ref", "--no-deref", "--stdin"]);
    sandbox.run_with_input(git, &lines).expect(0);
    if let Some(log) = &made.stash_log {
        let git_dir = sandbox.git(dir, ["rev-parse", "--absolute-git-dir"]).text();
        std::fs::write(Path::new(git_dir.trim_end()).join("logs/refs/stash"), log).unwrap();
    }
    made
}
