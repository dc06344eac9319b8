//! `config set --generate` and `config copy`: a value that nobody sees, in its place.

use crate::common::{contains, text};
use crate::config::place::{configuration, partly_unlocked, try_set};

#[test]
fn a_machine_makes_values_that_nobody_sees() {
    let sandbox = configuration();
    let set =
        |args: &[&str]| sandbox.try_shroud("repo", [&["config", "set", "dev"], args].concat());
    let get = |name: &str| sandbox.shroud("repo", ["config", "get", "dev", name]).text();
    let done = set(&["db.password", "--generate"]).expect(0);
    let first = get("db.password");
    assert!(first.len() == 33 && first.trim_end().bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert!(done.stdout.is_empty() && !done.stderr.contains(first.trim_end()));
    set(&["db.password", "--generate=64"]).expect(0);
    assert!(get("db.password").len() == 65 && get("db.password") != first);
    for (args, status, why) in [
        (&["db.password", "--generate=7"][..], 2, "from 8 to 4096"),
        (&["db.pool", "--generate"], 2, "no random value is int"),
        (&["db.url", "--generate"], 2, "no random value is url"),
        (&["db.password", "--generate", "canary"], 2, "a value was passed as an argument"),
    ] {
        let done = set(args).expect(status).says(why);
        assert!(!done.stderr.contains("canary"));
    }
    sandbox.shroud("repo", ["config", "schema", "add", "-q", "KEY", "--type", "base64"]);
    set(&["KEY", "--generate=32"]).expect(0);
    assert_eq!(get("KEY").trim_end().len(), 44);
    sandbox.shroud("repo", ["config", "schema", "add", "-q", "CODE", "--pattern", "[0-9]+"]);
    set(&["CODE", "--generate"]).expect(2).says("does not match the pattern [0-9]+");
}

#[test]
fn a_value_is_copied_and_not_shown() {
    let sandbox = configuration();
    let copy = |args: &[&str]| sandbox.try_shroud("repo", [&["config", "copy"], args].concat());
    for name in ["token", "other"] {
        sandbox.shroud("repo", ["config", "schema", "add", "-q", name, "--secret"]);
        try_set(&sandbox, "repo", "dev", name, "canary-it's \"$x\"\nsecond\n").expect(0);
    }
    let done = copy(&["dev", "prod", "token", "other"]).expect(0);
    assert!(!contains(&done.stdout, b"canary") && !done.stderr.contains("canary"));
    let value =
        |environment: &str| sandbox.shroud("repo", ["config", "get", environment, "token"]).text();
    assert_eq!(value("prod"), value("dev"));
    copy(&["dev", "prod", "token"]).expect(0).says("prod already has this value of token");
    for (args, status, why) in [
        (&["dev", "prod", "db.password"][..], 1, "must differ between environments"),
        (&["dev", "prod", "level"], 1, "dev does not set level"),
        (&["dev", "dev", "token"], 2, "two different environments"),
        (&["dev", "none", "token"], 2, "there is no environment 'none'"),
        (&["none", "dev", "token"], 2, "there is no environment 'none'"),
    ] {
        copy(args).expect(status).says(why);
    }
    // Not into a file that nothing seals.
    let attributes = text(sandbox.read("repo/.gitattributes"));
    sandbox.write(
        "repo/.gitattributes",
        format!("{attributes}environments/staging/** !filter !diff !merge\n"),
    );
    copy(&["dev", "staging", "token"]).expect(1).says("token is a secret, but no attribute seals");
    let locked = partly_unlocked(&["dev"]);
    let args = ["config", "copy", "dev", "prod", "db.url"];
    locked.try_shroud("clone", args).expect(1).says("is not held here");
    let args = ["config", "copy", "prod", "dev", "db.url"];
    locked.try_shroud("clone", args).expect(3).says("locked");
}
