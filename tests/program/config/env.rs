//! `config env`: an environment with its key, its attributes, its name in the schema, its folder and its grants.

use crate::common::{Sandbox, is_sealed_anyhow, text};
use crate::config::place::{configuration, partly_unlocked, try_set};

#[test]
fn one_command_makes_an_environment() {
    let sandbox = configuration();
    let bob = sandbox.age_identity("bob");
    let ann = sandbox.age_identity("ann");
    for (name, recipient) in [("bob", &bob), ("ann", &ann)] {
        sandbox.shroud("repo", ["member", "add", "-q", recipient, "--label", name, "--key", "dev"]);
    }
    sandbox.shroud("repo", ["member", "add", "-q", &ann, "--label", "ann", "--key", "prod"]);
    sandbox.git("repo", ["commit", "-q", "-m", "members"]);
    let add = ["config", "env", "add", "qa", "--like", "dev", "--format", "properties"];
    sandbox.shroud("repo", add).says("made key 'qa'").says("granted key 'qa' to 'bob'");
    sandbox.shroud("repo", ["config", "sync", "-q", "qa"]);
    try_set(&sandbox, "repo", "qa", "db.url", "https://qa.example.com").expect(0);
    try_set(&sandbox, "repo", "qa", "db.password", "canary-qa-value").expect(0);
    sandbox.shroud("repo", ["config", "check"]).says("in 4 environments");
    let schema = text(sandbox.read("repo/config.shroud.toml"));
    assert!(
        schema.starts_with("environments = [\"dev\", \"staging\", \"prod\", \"qa\"]\n"),
        "{schema}"
    );
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "qa"]);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    assert!(is_sealed_anyhow(&sandbox.blob("repo", "HEAD:environments/qa/app.properties")));
    sandbox.assert_no_object_holds("repo", b"canary-qa-value");
    // Bob opens it, as he opens dev, and nothing else.
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.shroud("clone", ["unlock", "-q", "-i", "../bob.age"]);
    sandbox.shroud("clone", ["config", "check", "dev", "qa"]);
    sandbox.try_shroud("clone", ["config", "check", "prod"]).expect(3);
    sandbox.try_shroud("repo", add).expect(2).says("there is an environment of this name already");
}

#[test]
fn the_services_of_an_environment_share_its_key() {
    let sandbox = configuration();
    let add = ["config", "env", "add", "shop/api/prod", "--layer", "environments/prod"];
    sandbox.shroud("repo", add).says("are sealed with the key 'prod'");
    sandbox.shroud("repo", ["config", "env", "add", "shop/api/qa"]).says("made key 'qa'");
    let own = ["config", "env", "add", "shop/web/prod", "--key", "staging"];
    sandbox.shroud("repo", own).says("are sealed with the key 'staging'");
    sandbox.write("repo/environments/shop/api/prod/app.env", "level=debug\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "services"]);
    let get = ["config", "get", "shop/api/prod"];
    assert_eq!(sandbox.shroud("repo", [&get[..], &["db.pool"]].concat()).text(), "50\n");
    assert_eq!(sandbox.shroud("repo", [&get[..], &["level"]].concat()).text(), "debug\n");
    let names = sandbox.shroud("repo", ["config", "list"]).text();
    assert!(names.contains("shop/api/prod") && names.contains("shop/web/prod"), "{names}");
}

#[test]
fn nothing_stays_of_what_could_not_be_made() {
    let sandbox = configuration();
    let before = sandbox.snapshot("repo/.git/git-shroud");
    for (args, status, why) in [
        (&["A"][..], 2, "the name of an environment consists of"),
        (&["qa", "--member", "nobody"], 2, "nobody"),
        (&["qa", "--like", "none"], 2, "there is no key of the environment 'none'"),
        (&["qa", "--format", "xml"], 2, "it must be one of"),
        (&["environments/../x"], 2, "the name of an environment consists of"),
    ] {
        let args = [&["config", "env", "add"], args].concat();
        sandbox.try_shroud("repo", args).expect(status).says(why);
    }
    // A file in the place of the folder.
    sandbox.write("repo/environments/qa", "in the way");
    sandbox.try_shroud("repo", ["config", "env", "add", "qa"]).expect(2);
    std::fs::remove_file(sandbox.path("repo/environments/qa")).unwrap();
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    let keys = sandbox.shroud("repo", ["key", "list"]).text();
    assert!(!keys.contains("qa"), "{keys}");
    let after = sandbox.snapshot("repo/.git/git-shroud");
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    let locked = partly_unlocked(&["dev"]);
    locked
        .try_shroud("clone", ["config", "env", "add", "shop/prod"])
        .expect(1)
        .says("the key 'prod' is not held here");
}

#[test]
fn an_environment_is_removed_with_its_files_and_its_name() {
    let sandbox = configuration();
    sandbox.write("repo/environments/staging/app.properties", "changed=1\n");
    let remove = ["config", "env", "remove", "staging"];
    sandbox.try_shroud("repo", remove).expect(1).says("--force");
    assert!(text(sandbox.read("repo/config.shroud.toml")).contains("staging"));
    sandbox.git("repo", ["checkout", "-q", "."]);
    sandbox.shroud("repo", remove).says("removed staging from the schema, and 1 file");
    assert!(!sandbox.path("repo/environments/staging").exists());
    sandbox.shroud("repo", ["config", "check"]).says("in 2 environments");
    sandbox.git("repo", ["commit", "-q", "-m", "without staging"]);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    sandbox.shroud("repo", ["cat", "HEAD~1:environments/staging/app.properties"]);
    // A name that properties name goes there, too.
    sandbox.shroud("repo", ["config", "env", "remove", "prod"]);
    assert!(text(sandbox.read("repo/config.shroud.toml")).contains("explicit = []"));
    sandbox
        .try_shroud("repo", ["config", "env", "remove", "dev"])
        .expect(2)
        .says("the only environment");
    sandbox.try_shroud("repo", ["config", "env", "remove", "none"]).expect(2);
}

/// The file of another environment is nobody's to take away.
#[test]
fn a_shared_file_stays() {
    let sandbox = Sandbox::new();
    let init = ["init", "-q", "--template", "config", "repo", "--env", "dev", "--env", "prod"];
    sandbox.shroud(".", [&init[..], &["--no-backup"]].concat());
    sandbox.write(
        "repo/config.shroud.toml",
        "base = [\"base.env\"]\nenvironments = [\"dev\", \"prod\"]\n",
    );
    sandbox.write("repo/base.env", "A=1\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "base"]);
    sandbox.shroud("repo", ["config", "env", "remove", "dev"]).says("and 1 file");
    assert!(sandbox.path("repo/base.env").exists());
    assert_eq!(sandbox.shroud("repo", ["config", "get", "prod", "A"]).text(), "1\n");
}
