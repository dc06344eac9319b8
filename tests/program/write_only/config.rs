//! `git shroud config set` in a clone that does not hold the key.

use super::VALUE;
use crate::common::{Sandbox, text};
use crate::config::place::{configuration, try_set};

/// The configuration of those tests, with `prod` open to contributors, and a clone without any key in `clone`.
fn contributed() -> Sandbox {
    let sandbox = configuration();
    sandbox.shroud("repo", ["key", "rotate", "-q", "prod", "--write-only"]);
    sandbox.git("repo", ["commit", "-q", "-m", "Rotate keys"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.git("repo", ["config", "receive.denyCurrentBranch", "updateInstead"]);
    sandbox
}

const FILE: &str = "environments/prod/app.properties";

#[test]
fn a_value_is_set_and_stays_sealed_on_disk() {
    let sandbox = contributed();
    let before = text(sandbox.read(format!("clone/{FILE}")));
    try_set(&sandbox, "clone", "prod", "db.password", VALUE).expect(0).says("first time");
    let after = text(sandbox.read(format!("clone/{FILE}")));
    assert!(!after.contains(VALUE) && after != before, "{after}");
    let changed = before.lines().zip(after.lines()).filter(|(a, b)| a != b).count();
    assert_eq!((changed, before.lines().count()), (1, after.lines().count()));
    // The same again is the same token: nothing for git to see.
    try_set(&sandbox, "clone", "prod", "db.password", VALUE).expect(0);
    assert_eq!(text(sandbox.read(format!("clone/{FILE}"))), after);
    // A new name, and one that the schema wants to be a number.
    try_set(&sandbox, "clone", "prod", "level", "info").expect(0);
    let refused = try_set(&sandbox, "clone", "prod", "db.pool", "many");
    assert_ne!(refused.status, 0, "{}", refused.stderr);
    try_set(&sandbox, "clone", "prod", "db.pool", "60").expect(0);
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Set values"]);
    assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "");
    sandbox.shroud("clone", ["check", "HEAD^!"]);
    sandbox.git("clone", ["push", "-q"]);
    let read = text(sandbox.read(format!("repo/{FILE}")));
    assert!(read.contains(&format!("db.password: {VALUE}\n")), "{read}");
    assert!(read.contains("db.pool=60\n") && read.contains("level"), "{read}");
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    let got = sandbox.shroud("repo", ["config", "get", "prod", "db.password"]).text();
    assert_eq!(got.trim_end(), VALUE);
    sandbox.shroud("repo", ["config", "check"]);
    sandbox.assert_no_object_holds("clone", VALUE.as_bytes());
}

#[test]
fn a_generated_value_and_names_are_all_that_is_known() {
    let sandbox = contributed();
    sandbox.shroud("clone", ["config", "set", "prod", "db.password", "--generate"]);
    // Nobody here reads it, takes it out or gives it another name, under which nobody could open it.
    sandbox.try_shroud("clone", ["config", "get", "prod", "db.password"]).expect(3);
    let before = sandbox.read(format!("clone/{FILE}"));
    for args in [
        &["config", "unset", "prod", "db.password"][..],
        &["config", "rename", "db.password", "db.secret"],
    ] {
        assert_ne!(sandbox.try_shroud("clone", args).status, 0, "{args:?}");
        assert_eq!(sandbox.read(format!("clone/{FILE}")), before);
    }
}

#[test]
fn keys_that_are_for_holders_alone_are_refused_as_ever() {
    let sandbox = contributed();
    let refused = try_set(&sandbox, "clone", "dev", "db.password", VALUE).expect(1);
    refused.says("the key 'dev'").says("not held here");
    let file = text(sandbox.read("clone/environments/dev/app.properties"));
    assert!(!file.contains(VALUE));
}

#[test]
fn a_value_goes_from_an_environment_that_is_held() {
    let sandbox = contributed();
    sandbox.shroud("clone", ["unlock", "-q", "../dev.key"]);
    sandbox.shroud("clone", ["config", "copy", "dev", "prod", "db.url"]);
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Copy"]);
    sandbox.git("clone", ["push", "-q"]);
    let read = text(sandbox.read(format!("repo/{FILE}")));
    assert!(read.contains("db.url = https://dev.example.com\n"), "{read}");
}

#[test]
fn an_exchanged_public_key_stops_it_too() {
    let sandbox = contributed();
    try_set(&sandbox, "clone", "prod", "db.password", "first").expect(0);
    let path = "clone/.shroud/prod/key.toml";
    let file = text(sandbox.read(path));
    let line = file.lines().find(|line| line.starts_with("public_key")).unwrap();
    let mine = crate::common::attacker::RawKey([0x66; 32]).public();
    sandbox.write(path, file.replace(line, &format!("public_key = \"{mine}\"")));
    let before = sandbox.read(format!("clone/{FILE}"));
    let refused = try_set(&sandbox, "clone", "prod", "db.password", VALUE).expect(1);
    refused.says("somebody may have exchanged it");
    assert_eq!(sandbox.read(format!("clone/{FILE}")), before);
}
