//! Encrypted remotes, with real git and a real bare repository as the host.

mod attacks;
mod compacting;
#[cfg(unix)]
mod hosts;
mod pushing;
#[cfg(unix)]
mod surviving;

use crate::common::{Done, Sandbox};

/// What no host may see.
const CANARY: &str = "canary-of-the-remote";

/// The address of the host's repository.
fn url(sandbox: &Sandbox) -> String {
    let path = sandbox.path("host.git").to_str().unwrap().replace('\\', "/");
    format!("shroud::{path}")
}

/// An empty host, the clone `ann` with one commit, and an age identity that this user's programs find.
fn team() -> Sandbox {
    let sandbox = Sandbox::new();
    let recipient = sandbox.age_identity("ann");
    sandbox.write("home/.config/age/keys.txt", sandbox.read("ann.age"));
    sandbox.git(".", ["init", "-q", "--bare", "host.git"]);
    sandbox.git(".", ["init", "-q", "-b", "main", "ann"]);
    commit(&sandbox, "ann", "first");
    sandbox.shroud("ann", ["remote", "init", "-q", "vault", "../host.git", "--member", &recipient]);
    sandbox.git("ann", ["push", "-q", "-u", "vault", "main"]);
    sandbox
}

/// [`team`], with the clone `bob`.
fn two() -> Sandbox {
    let sandbox = team();
    clone(&sandbox, "bob");
    sandbox
}

fn clone(sandbox: &Sandbox, to: &str) {
    sandbox.git(".", ["clone", "-q", &url(sandbox), to]);
}

fn commit(sandbox: &Sandbox, dir: &str, name: &str) {
    sandbox.write(format!("{dir}/{CANARY}-{name}"), format!("{CANARY} {name}\n"));
    sandbox.git(dir, ["add", "."]);
    sandbox.git(dir, ["commit", "-q", "-m", &format!("{CANARY} {name}")]);
}

fn id(sandbox: &Sandbox, dir: &str, name: &str) -> String {
    sandbox.git(dir, ["rev-parse", name]).text().trim().to_owned()
}

/// A hook of the host that lets `bob` push the refs in the file `to` once, while it looks at somebody else's push.
#[cfg(unix)]
fn let_bob_push_between(sandbox: &Sandbox) {
    use std::os::unix::fs::PermissionsExt as _;

    let root = sandbox.path(".");
    let root = root.to_str().unwrap();
    let hook = format!(
        "#!/bin/sh\n[ -e {root}/once ] || exit 0\nrm {root}/once\n\
         exec env -u GIT_DIR -u GIT_QUARANTINE_PATH -u GIT_OBJECT_DIRECTORY -u GIT_ALTERNATE_OBJECT_DIRECTORIES \
         git -C {root}/bob push -q origin HEAD:$(cat {root}/to) >&2\n"
    );
    sandbox.write("host.git/hooks/pre-receive", hook);
    let hook = sandbox.path("host.git/hooks/pre-receive");
    std::fs::set_permissions(hook, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Makes one mirror of another, as a host does that serves what it likes.
fn copy(sandbox: &Sandbox, from: &str, to: &str) {
    let _ = std::fs::remove_dir_all(sandbox.path(to));
    sandbox.git(".", ["clone", "-q", "--mirror", sandbox.path(from).to_str().unwrap(), to]);
}

/// Fetches, which must fail, and change nothing.
#[track_caller]
fn refused(sandbox: &Sandbox, dir: &str, says: &str) {
    let refs = sandbox.git(dir, ["for-each-ref"]).text();
    let host = sandbox.git("host.git", ["for-each-ref"]).text();
    let remote = if dir == "ann" { "vault" } else { "origin" };
    let fetch = sandbox.try_git(dir, ["fetch", remote]);
    assert_eq!(fetch.status, 128, "{}", fetch.stderr);
    fetch.says(says);
    let push = sandbox.try_git(dir, ["push", remote, "HEAD:refs/heads/attacked"]);
    assert_ne!(push.status, 0, "{}", push.stderr);
    assert_eq!(sandbox.git(dir, ["for-each-ref"]).text(), refs);
    assert_eq!(sandbox.git("host.git", ["for-each-ref"]).text(), host);
}

/// Puts this in the place of a file of the host's branch, as one would who has the host but no key.
fn put(sandbox: &Sandbox, path: &str, content: Option<&[u8]>) {
    let host = |args: &[&str], input: &[u8]| -> Done {
        let mut command = sandbox.command("git", "host.git");
        command.args(args).env("GIT_INDEX_FILE", sandbox.path("host.index"));
        sandbox.run_with_input(command, input).expect(0)
    };
    let word = |done: Done| done.text().trim().to_owned();
    host(&["read-tree", "shroud"], b"");
    match content {
        Some(content) => {
            let blob = word(host(&["hash-object", "-w", "--stdin"], content));
            host(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{path}")], b"");
        }
        None => drop(host(
            &["update-index", "--index-info"],
            format!("0 {}\t{path}\n", "0".repeat(id(sandbox, "host.git", "shroud").len()))
                .as_bytes(),
        )),
    }
    let tree = word(host(&["write-tree"], b""));
    let made = word(host(&["commit-tree", &tree, "-p", "shroud", "-m", "x"], b""));
    host(&["update-ref", "refs/heads/shroud", &made], b"");
}

/// The files below a folder of the host's branch.
fn files(sandbox: &Sandbox, folder: &str) -> Vec<String> {
    let listed = sandbox.git("host.git", ["ls-tree", "-r", "--name-only", "shroud"]).text();
    listed.lines().filter(|path| path.starts_with(folder)).map(str::to_owned).collect()
}

/// Forgets what this user has seen, as on another machine; what a clone has seen stays.
fn on_another_machine(sandbox: &Sandbox) {
    let seen = sandbox.path("home/.local/state/git-shroud");
    if seen.exists() {
        std::fs::remove_dir_all(seen).unwrap();
    }
}
