//! Encrypted remotes, with real git and a real bare repository as the host.

mod attacks;
mod pushing;
#[cfg(unix)]
mod surviving;

use crate::common::Sandbox;

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

/// Forgets what this user has seen, as on another machine; what a clone has seen stays.
fn on_another_machine(sandbox: &Sandbox) {
    let seen = sandbox.path("home/.local/state/git-shroud");
    if seen.exists() {
        std::fs::remove_dir_all(seen).unwrap();
    }
}
