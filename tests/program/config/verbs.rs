//! `config set --generate`, `copy`, `unset` and `rename`: values that nobody sees, in their places.

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

#[test]
fn a_property_is_removed_and_every_other_byte_stays() {
    let sandbox = configuration();
    let path = "repo/environments/prod/app.properties";
    let before = text(sandbox.read(path));
    let unset = |args: &[&str]| sandbox.try_shroud("repo", [&["config", "unset"], args].concat());
    unset(&["prod", "db.pool"]).expect(0).says("prod must set db.pool");
    assert_eq!(text(sandbox.read(path)), before.replace("db.pool=50\n", ""));
    unset(&["prod", "db.pool"]).expect(1).says("prod does not set db.pool");
    unset(&["none", "db.pool"]).expect(2).says("there is no environment 'none'");
    sandbox.sh("repo", "git add . && git commit -q -m less");
    sandbox.assert_no_object_holds("repo", b"canary-prod-value");
    let locked = partly_unlocked(&["dev"]);
    let args = ["config", "unset", "prod", "db.pool"];
    locked.try_shroud("clone", args).expect(1).says("is not held here");
    for (name, content, left) in [
        (
            "x.yaml",
            "a: 1\nb:\n  c: 2 # c\n  d: |\n    e\n  f: 3\n",
            "a: 1\nb:\n  c: 2 # c\n  f: 3\n",
        ),
        ("x.json", "{\"a\": 1, \"b\": {\"c\": 2, \"d\": 3}}", "{\"a\": 1, \"b\": {\"c\": 2}}"),
        ("x.toml", "a = 1\n[b]\nc = 2\nd = \"\"\"\ne\"\"\"\n", "a = 1\n[b]\nc = 2\n"),
        ("x.ini", "a = 1\n[b]\nc = 2\nd = 3\n", "a = 1\n[b]\nc = 2\n"),
    ] {
        let sandbox = crate::common::Sandbox::new();
        let init = ["init", "-q", "--template", "config", "repo", "--env", "dev", "--no-backup"];
        sandbox.shroud(".", init);
        sandbox.git("repo", ["rm", "-q", "-f", "environments/dev/app.env"]);
        sandbox.write(format!("repo/environments/dev/{name}"), content);
        sandbox.shroud("repo", ["config", "unset", "dev", "b.d"]);
        assert_eq!(text(sandbox.read(format!("repo/environments/dev/{name}"))), left, "{name}");
    }
}

#[test]
fn a_property_is_renamed_everywhere_or_nowhere() {
    let sandbox = configuration();
    let rename = |args: &[&str]| sandbox.try_shroud("repo", [&["config", "rename"], args].concat());
    let before = text(sandbox.read("repo/environments/prod/app.properties"));
    let done = rename(&["db.password", "db.secret"]).expect(0);
    assert!(!contains(&done.stdout, b"canary") && !done.stderr.contains("canary"));
    let after = text(sandbox.read("repo/environments/prod/app.properties"));
    assert_eq!(after, before.replace("db.password:", "db.secret:"));
    sandbox.shroud("repo", ["config", "check"]);
    let schema = text(sandbox.read("repo/config.shroud.toml"));
    assert!(schema.contains("[properties.\"db.secret\"]\n") && !schema.contains("db.password"));
    let snapshot = sandbox.snapshot("repo/environments");
    for (args, status, why) in [
        (&["db.secret", "db.url"][..], 1, "sets db.url already"),
        (&["none", "x"], 1, "nothing sets none"),
        (&["prod", "none", "x"], 1, "nothing sets none"),
        (&["nowhere", "db.url", "x"], 2, "there is no environment 'nowhere'"),
        (&["db.url"], 2, "Usage:"),
    ] {
        rename(args).expect(status).says(why);
        assert_eq!(sandbox.snapshot("repo/environments"), snapshot);
    }
    // One environment alone, and not the schema.
    rename(&["prod", "db.pool", "pool"]).expect(0);
    assert_eq!(sandbox.shroud("repo", ["config", "get", "prod", "pool"]).text(), "50\n");
    assert!(text(sandbox.read("repo/config.shroud.toml")).contains("[properties.\"db.pool\"]"));
    let locked = partly_unlocked(&["dev"]);
    let before = locked.snapshot("clone/environments");
    locked
        .try_shroud("clone", ["config", "rename", "db.url", "x"])
        .expect(1)
        .says("nothing was changed");
    assert_eq!(locked.snapshot("clone/environments"), before);
    for (name, content, after) in [
        ("x.yaml", "a: 1\nb:\n  c: 2 # c\n", "a: 1\nb:\n  new: 2 # c\n"),
        ("x.json", "{\"a\": 1, \"b\": {\"c\": 2}}", "{\"a\": 1, \"b\": {\"new\": 2}}"),
        ("x.toml", "a = 1\n[b]\nc = 2 # c\n", "a = 1\n[b]\nnew = 2 # c\n"),
        ("x.ini", "a = 1\n[b]\nc = 2\n", "a = 1\n[b]\nnew = 2\n"),
    ] {
        let sandbox = crate::common::Sandbox::new();
        let init = ["init", "-q", "--template", "config", "repo", "--env", "dev", "--no-backup"];
        sandbox.shroud(".", init);
        sandbox.git("repo", ["rm", "-q", "-f", "environments/dev/app.env"]);
        sandbox.write(format!("repo/environments/dev/{name}"), content);
        sandbox.shroud("repo", ["config", "rename", "dev", "b.c", "b.new"]);
        assert_eq!(text(sandbox.read(format!("repo/environments/dev/{name}"))), after, "{name}");
    }
}
