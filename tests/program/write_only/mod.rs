//! Values that people set who do not hold the key: what git stores of them, and who can read it.

mod attacks;
mod comparable;
mod config;
mod conflicts;
mod guesses;
mod history;
mod holders;
mod kept;
mod opting;
mod origins;
mod review;
mod typing;

use crate::common::{Sandbox, text};

/// What a contributor sets, in tests.
const VALUE: &str = "contributed-value";

/// A repository, in `repo`, whose folder `conf` is sealed by value with a key that is write-only, and a clone of it that never held the
/// key, in `clone`. The key is in `team.key`.
fn contributed() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.shroud("repo", ["key", "rotate", "-q", "--write-only"]);
    sandbox.shroud("repo", ["track", "-q", "--values", "--clear", "LOG", "conf/**"]);
    sandbox.write("repo/conf/a.env", "A=one\nB=two\n# note\nLOG=info\n");
    sandbox.write("repo/conf/a.json", "{\n  \"a\": \"one\",\n  \"b\": [\"two\", \"two\"]\n}\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "files"]);
    export(&sandbox);
    contributor(&sandbox, "clone");
    sandbox.git("repo", ["config", "receive.denyCurrentBranch", "updateInstead"]);
    sandbox
}

fn export(sandbox: &Sandbox) {
    let key = sandbox.path("team.key");
    let _ = std::fs::remove_file(&key);
    sandbox.shroud("repo", ["key", "export", "-q", "-o", key.to_str().unwrap()]);
}

/// A clone without the key.
fn contributor(sandbox: &Sandbox, name: &str) {
    sandbox.git(".", ["clone", "-q", "repo", name]);
    let refused = sandbox.try_shroud(name, ["unlock"]).expect(2);
    refused.says("this clone can set values without the key");
}

/// Puts another value of a name into the file of a clone, as an editor does.
#[track_caller]
fn type_in(sandbox: &Sandbox, dir: &str, name: &str, value: &str) {
    let path = format!("{dir}/conf/a.env");
    let file = text(sandbox.read(&path));
    let old = file.lines().find(|line| line.starts_with(&format!("{name}="))).unwrap();
    sandbox.write(&path, file.replace(old, &format!("{name}={value}")));
}

/// The bytes of a token behind `NAME=` in what the index of a clone has.
#[track_caller]
fn token(sandbox: &Sandbox, dir: &str, name: &str) -> Vec<u8> {
    token_in(sandbox, dir, "conf/a.env", name)
}

/// The same of another file.
#[track_caller]
fn token_in(sandbox: &Sandbox, dir: &str, path: &str, name: &str) -> Vec<u8> {
    use base64::Engine as _;
    let stored = text(sandbox.blob(dir, &format!(":{path}")));
    let token = crate::by_value::token(&stored, name);
    let encoded = token.strip_prefix("shroud.v1.").unwrap_or_else(|| panic!("no token: {token}"));
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(encoded).unwrap()
}

/// The flags of that token: 2 where it was sealed to the public key.
#[track_caller]
fn flags(sandbox: &Sandbox, dir: &str, name: &str) -> u8 {
    token(sandbox, dir, name)[8]
}

/// The contributor sets the last element of a list to the value of the one before it.
fn set_second_element(sandbox: &Sandbox) {
    let file = text(sandbox.read("clone/conf/a.json"));
    let second = file.rfind("\"shroud.v1.").unwrap();
    let end = second + 1 + file[second + 1..].find('"').unwrap() + 1;
    sandbox.write("clone/conf/a.json", format!("{}\"two\"{}", &file[..second], &file[end..]));
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "The same value"]);
    sandbox.git("clone", ["push", "-q"]);
}
