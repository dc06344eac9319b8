//! git-shroud in repositories that git-crypt encrypts, beside the real git-crypt.

mod findings;
mod interop;
mod merging;
mod moving;
mod new_keys;
mod openpgp;
mod scanning;
mod unlocking;

use std::path::{Path, PathBuf};

use crate::common::{Done, Sandbox, needs};

const MAGIC: &[u8] = b"\0GITCRYPT\0";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/git-crypt").join(name)
}

/// `git-crypt ARGS` in `dir`, which must succeed.
#[track_caller]
fn git_crypt(sandbox: &Sandbox, dir: &str, args: &[&str]) -> Done {
    try_git_crypt(sandbox, dir, args).expect(0)
}

fn try_git_crypt(sandbox: &Sandbox, dir: &str, args: &[&str]) -> Done {
    needs("git-crypt", "git-crypt");
    let mut command = sandbox.command("git-crypt", dir);
    command.args(args);
    sandbox.run(command)
}

/// A repository `r` that git-crypt has made, with the key in `key`, and a clone of it in `c` that git-shroud has unlocked.
fn shared(files: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "r"]);
    git_crypt(&sandbox, "r", &["init"]);
    git_crypt(&sandbox, "r", &["export-key", "../key"]);
    sandbox.write("r/.gitattributes", "*.secret filter=git-crypt diff=git-crypt\n");
    for (name, content) in files {
        sandbox.write(Path::new("r").join(name), content);
    }
    sandbox.git("r", ["add", "."]);
    sandbox.git("r", ["commit", "-qm", "git-crypt's"]);
    sandbox.git(".", ["clone", "-q", "r", "c"]);
    sandbox.shroud("c", ["unlock", "../key"]);
    sandbox
}

/// Panics unless git sees no change, also after every file was touched.
#[track_caller]
fn assert_unchanged(sandbox: &Sandbox, dir: &str) {
    sandbox.sh(dir, "find . -name .git -prune -o -type f -exec touch {} +").expect(0);
    assert_eq!(sandbox.git(dir, ["status", "--porcelain"]).text(), "");
}
