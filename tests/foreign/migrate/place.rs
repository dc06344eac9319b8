//! A repository that git-crypt itself has set up.

use crate::common::{Done, Sandbox, needs};

/// Path, content, and the git-crypt key that encrypts it.
pub(crate) const FILES: [(&str, &str, Option<&str>); 7] = [
    ("secrets/db.env", "PASSWORD=canary-db\n", Some("default")),
    ("secrets/deep/er/tls.key", "canary-tls\r\nsecond line", Some("default")),
    ("root.key", "canary-root\n", Some("default")),
    ("ops/prod.yml", "token: canary-ops\n", Some("Ops")),
    ("ops/shared/all.yml", "token: canary-shared\n", Some("default")),
    ("ops/public.txt", "in the clear\n", None),
    ("README", "in the clear\n", None),
];

pub(crate) const ATTRIBUTES: &str = "# what is secret\n*.txt\ttext\n\nsecrets/**   filter=git-crypt diff=git-crypt\n*.key diff=git-crypt  filter=git-crypt\n.gitattributes !filter !diff\n";
/// With the line ends of another system, and none at its end.
pub(crate) const OPS_ATTRIBUTES: &str = "* filter=git-crypt-Ops diff=git-crypt-Ops\r\nshared/** filter=git-crypt diff=git-crypt\r\n.gitattributes !filter !diff\r\npublic.txt !filter !diff";

/// What is in [`FILES`] in the commit before the last one.
pub(crate) const EARLIER: &str = "PASSWORD=canary-old\n";

/// `git-crypt ARGS` in `dir`, which must succeed.
#[track_caller]
pub(crate) fn git_crypt(sandbox: &Sandbox, dir: &str, args: &[&str]) -> Done {
    needs("git-crypt", "git-crypt");
    let mut command = sandbox.command("git-crypt", dir);
    command.args(args);
    sandbox.run(command).expect(0)
}

/// A repository of two commits under two keys of git-crypt, which are in `default.key` and `ops.key`.
pub(crate) fn foreign() -> Sandbox {
    let sandbox = Sandbox::new();
    foreign_in(&sandbox);
    sandbox
}

fn foreign_in(sandbox: &Sandbox) {
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    git_crypt(sandbox, "repo", &["init"]);
    git_crypt(sandbox, "repo", &["init", "-k", "Ops"]);
    git_crypt(sandbox, "repo", &["export-key", "../default.key"]);
    git_crypt(sandbox, "repo", &["export-key", "-k", "Ops", "../ops.key"]);
    sandbox.write("repo/.gitattributes", ATTRIBUTES);
    sandbox.write("repo/ops/.gitattributes", OPS_ATTRIBUTES);
    for (path, content, _) in FILES {
        sandbox.write(format!("repo/{path}"), content);
    }
    sandbox.write("repo/secrets/db.env", EARLIER);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "first"]);
    sandbox.git("repo", ["tag", "old"]);
    sandbox.write("repo/secrets/db.env", FILES[0].1);
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "second"]);
}

/// `git shroud migrate git-crypt ARGS`, whatever its exit status.
pub(crate) fn migrate(sandbox: &Sandbox, dir: &str, args: &[&str]) -> Done {
    sandbox.try_shroud(dir, [&["migrate", "git-crypt"], args].concat())
}

/// [`foreign`], taken over.
pub(crate) fn taken_over() -> Sandbox {
    let sandbox = foreign();
    migrate(&sandbox, "repo", &[]).expect(0);
    sandbox
}

pub(crate) fn is_git_crypt(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0GITCRYPT\0")
}

/// Every file holds its plaintext, and git sees no change.
#[track_caller]
pub(crate) fn assert_open(sandbox: &Sandbox, dir: &str) {
    for (path, content, _) in FILES {
        assert_eq!(sandbox.read(format!("{dir}/{path}")), content.as_bytes(), "{path}");
    }
    assert_eq!(sandbox.git(dir, ["status", "--porcelain"]).text(), "");
}
