//! Somebody who can push, or holds a lesser key, and wants the deploy of another environment to take their values.

use crate::common::attacker::RawKey;
use crate::common::{Sandbox, text};
use crate::config::place::{configuration, try_set};

const FILE: &str = "environments/prod/app.properties";
const THEIRS: &str = "db.url = https://evil.example.com\ndb.password: theirs\ndb.pool=50\n";

/// `repo` pulls what `theirs` committed with these bytes at the file of prod.
fn pushed(bytes: impl FnOnce(&Sandbox) -> Vec<u8>) -> Sandbox {
    let sandbox = configuration();
    sandbox.git(".", ["clone", "-q", "repo", "theirs"]);
    let bytes = bytes(&sandbox);
    sandbox.stage_raw("theirs", FILE, &bytes);
    sandbox.git("theirs", ["commit", "-q", "-m", "a small fix"]);
    sandbox
}

/// A sealed blob under the raw key of another environment.
fn sealed_as(sandbox: &Sandbox, name: &str) -> Vec<u8> {
    let file = text(sandbox.read(format!("{name}.key")));
    RawKey::from_key_file(&file, name, 1).seal(THEIRS.as_bytes())
}

/// Nothing of the pushed values is taken, in a clone with all keys and in one that gets them from the environment.
#[track_caller]
fn is_refused(sandbox: &Sandbox, why: &str) {
    sandbox.git(".", ["clone", "-q", "theirs", "deploy"]);
    let keys = ["dev", "staging", "prod"].map(|name| text(sandbox.read(format!("{name}.key"))));
    sandbox.git("repo", ["pull", "-q", "../theirs", "HEAD"]);
    sandbox.write("all.key", keys.concat().replace("git-shroud-keyring v1\n", "").as_bytes());
    let all = format!("git-shroud-keyring v1\n{}", text(sandbox.read("all.key")));
    sandbox.write("all.key", all);
    let keyring = sandbox.path("all.key");
    for dir in ["repo", "deploy"] {
        for (args, status) in [
            (&["config", "exec", "prod", "--", "echo", "ran"][..], 1),
            (&["config", "render", "prod", "-o", "json"], 1),
            (&["config", "get", "prod", "db.password"], 3),
            (&["config", "check", "prod"], 1),
        ] {
            let with = ("GIT_SHROUD_KEYRING", keyring.to_str().unwrap());
            let done = sandbox.try_shroud_with(with, dir, args).expect(status);
            let said = format!("{}{}", done.text(), done.stderr);
            assert!(!said.contains("theirs\n") && !done.text().contains("ran"), "{said}");
            assert!(said.contains(FILE) && said.contains(why), "{args:?}: {said}");
        }
        // Nobody else's environment suffers.
        let with = ("GIT_SHROUD_KEYRING", keyring.to_str().unwrap());
        sandbox.try_shroud_with(with, dir, &["config", "exec", "dev", "--", "true"]).expect(0);
    }
}

#[test]
fn plaintext_at_a_sealed_path_is_not_deployed() {
    let sandbox = pushed(|_| THEIRS.as_bytes().to_vec());
    is_refused(&sandbox, "git stores its plaintext");
}

#[test]
fn what_another_key_sealed_is_not_deployed() {
    let sandbox = pushed(|sandbox| sealed_as(sandbox, "dev"));
    is_refused(&sandbox, "git stores it sealed with the key 'dev'");
}

#[test]
fn a_path_that_was_moved_under_a_lesser_key_is_not_deployed() {
    let sandbox = pushed(|sandbox| sealed_as(sandbox, "dev"));
    let lines = text(sandbox.read("theirs/.gitattributes"));
    sandbox.write("theirs/.gitattributes", lines.replace("shroud-key=prod", "shroud-key=dev"));
    sandbox.git("theirs", ["add", ".gitattributes"]);
    sandbox.git("theirs", ["commit", "-q", "--amend", "-m", "a small fix"]);
    is_refused(&sandbox, "the key 'dev' seals it, although this clone holds a key 'prod'");
}

#[test]
fn a_retired_generation_is_not_deployed() {
    let sandbox = configuration();
    sandbox.shroud("repo", ["key", "rotate", "-q", "prod"]);
    sandbox.git("repo", ["commit", "-q", "-m", "rotated"]);
    sandbox.shroud("repo", ["config", "exec", "prod", "--", "true"]);
    let old = sealed_as(&sandbox, "prod");
    sandbox.stage_raw("repo", FILE, &old);
    sandbox
        .try_shroud("repo", ["config", "exec", "prod", "--", "true"])
        .expect(1)
        .says("generation 1 of the key 'prod', but the key was rotated to 2");
}

#[test]
fn a_variable_that_decides_which_code_runs_is_not_set() {
    let sandbox = configuration();
    sandbox.write("evil.sh", "echo evil ran\n");
    let evil = sandbox.path("evil.sh");
    for name in ["BASH_ENV", "LD_PRELOAD", "git.ssh.command", "node-options", "PATH"] {
        sandbox.shroud("repo", ["config", "schema", "add", "-q", name]);
        let set = try_set(&sandbox, "repo", "dev", name, evil.to_str().unwrap());
        set.expect(0);
        let variable = name.replace(['.', '-'], "_").to_uppercase();
        let done =
            sandbox.try_shroud("repo", ["config", "exec", "dev", "--", "bash", "-c", "echo"]);
        let done = done.expect(1).says(&format!("dev sets {variable}, which decides"));
        assert_eq!(done.text(), "");
        // A default of the schema, which is in the clear, is no better.
        sandbox.git("repo", ["checkout", "-q", "."]);
        let schema = text(sandbox.read("repo/config.shroud.toml"));
        let default = format!("{schema}\n[properties.\"{name}\"]\ndefault = \"/x\"\n");
        sandbox.write("repo/config.shroud.toml", default);
        sandbox
            .try_shroud("repo", ["config", "exec", "dev", "--", "true"])
            .expect(1)
            .says(&format!("--allow {variable}"));
        sandbox.git("repo", ["checkout", "-q", "."]);
    }
    sandbox.shroud("repo", ["config", "schema", "add", "-q", "BASH_ENV"]);
    sandbox.shroud("repo", ["config", "schema", "add", "-q", "HTTP_PROXY"]);
    try_set(&sandbox, "repo", "dev", "BASH_ENV", evil.to_str().unwrap()).expect(0);
    try_set(&sandbox, "repo", "dev", "HTTP_PROXY", "http://proxy:3128").expect(0);
    let exec =
        ["config", "exec", "dev", "--allow", "BASH_ENV", "--", "bash", "-c", "echo $HTTP_PROXY"];
    assert_eq!(sandbox.shroud("repo", exec).text(), "evil ran\nhttp://proxy:3128\n");
    sandbox.shroud("repo", ["config", "render", "dev", "-o", "env"]).says("BASH_ENV decides");
}
