//! `config render` and `config exec`: what a deploy gets, and that nothing of it reaches a disk.

use crate::common::{contains, text};
use crate::config::place::{configuration, partly_unlocked, try_set};

#[test]
fn each_form_has_the_values_and_the_defaults() {
    let sandbox = configuration();
    let render =
        |form: &str| sandbox.shroud("repo", ["config", "render", "dev", "-o", form]).text();
    assert_eq!(
        render("env"),
        "DB_PASSWORD=canary-dev-value\nDB_POOL=5\nDB_URL=https://dev.example.com\nlevel=info\n"
    );
    assert_eq!(
        render("properties"),
        "db.password=canary-dev-value\ndb.pool=5\ndb.url=https://dev.example.com\nlevel=info\n"
    );
    let json: serde_json::Value = serde_json::from_str(&render("json")).unwrap();
    assert_eq!(json["db.password"], "canary-dev-value");
    assert!(render("yaml").contains("db.pool: \"5\"\n"));
    assert!(render("k8s-secret").contains("  \"db.pool\": NQ==\n"));
    // A shell reads back what was written.
    let hard = "it's \"$HOME\" `id` \\ #x";
    try_set(&sandbox, "repo", "dev", "db.password", hard).expect(0);
    let done = sandbox
        .sh("repo", "eval \"$(git shroud config render dev -o env)\"; printf %s \"$DB_PASSWORD\"");
    assert_eq!(done.text(), hard);
}

#[test]
fn a_program_gets_the_values_and_no_key() {
    let sandbox = configuration();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let before = sandbox.snapshot(".");
    let key = text(sandbox.read("dev.key"));
    let script = "echo $DB_PASSWORD $level ${GIT_SHROUD_KEY-none}; exit 7";
    let args = ["config", "exec", "dev", "--", "sh", "-c", script];
    let done = sandbox.try_shroud_with(("GIT_SHROUD_KEY", &key), "clone", &args).expect(7);
    assert_eq!(done.text(), "canary-dev-value info none\n");
    let after = sandbox.snapshot(".");
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    let clone = sandbox.path("clone");
    for (path, content) in after.iter().filter(|(path, _)| path.starts_with(&clone)) {
        assert!(!contains(content, b"canary"), "{}", path.display());
    }
    sandbox
        .try_shroud("repo", ["config", "exec", "dev", "--", "no-such-program"])
        .expect(127)
        .says("cannot be started");
    sandbox.try_shroud("repo", ["config", "exec", "dev"]).expect(2);
}

#[test]
fn what_does_not_pass_the_check_is_not_deployed() {
    let sandbox = partly_unlocked(&["dev"]);
    sandbox
        .try_shroud("clone", ["config", "exec", "prod", "--", "true"])
        .expect(1)
        .says("prod is locked here");
    sandbox.shroud("clone", ["config", "exec", "dev", "--", "true"]);
    sandbox.write(
        "clone/environments/dev/app.properties",
        "db.url=https://x\ndb.password=__SET_ME__\n",
    );
    for args in [
        &["config", "render", "dev", "-o", "json"][..],
        &["config", "exec", "dev", "--", "echo", "ran"],
    ] {
        let done = sandbox.try_shroud("clone", args).expect(1).says("dev does not pass the check");
        assert!(done.stdout.is_empty());
    }
}

#[test]
fn two_properties_that_would_be_one_variable_are_refused() {
    let sandbox = configuration();
    for name in ["a.b", "a-b"] {
        sandbox.shroud("repo", ["config", "schema", "add", "-q", name]);
        try_set(&sandbox, "repo", "dev", name, "x").expect(0);
    }
    let done = sandbox.try_shroud("repo", ["config", "render", "dev", "-o", "env"]).expect(2);
    done.says("'a-b' and 'a.b' are the same variable");
    sandbox.shroud("repo", ["config", "render", "dev", "-o", "json"]);
}
