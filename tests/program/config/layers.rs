//! Files that lie upon each other: base, environment, application; the last one in the schema's order counts.

use crate::common::{Sandbox, is_sealed_anyhow, text};
use crate::config::place::try_set;

/// A repository whose environments have a common base and files of their own, with one key.
fn layered() -> Sandbox {
    let sandbox = Sandbox::new();
    let init = ["init", "-q", "--template", "config", "repo", "--env", "dev", "--env", "prod"];
    sandbox.shroud(".", [&init[..], &["--no-backup"]].concat());
    sandbox.write("repo/config.shroud.toml", SCHEMA);
    sandbox.write("repo/z-base.env", "PORT=80\nLEVEL=info\nHOST=localhost\n");
    sandbox.write("repo/environments/dev/app.env", "TOKEN=canary-dev-token\n");
    sandbox.write("repo/environments/prod/app.env", "TOKEN=canary-prod-token\nPORT=8080\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "layers"]);
    sandbox
}

const SCHEMA: &str = "\
base = [\"z-base.env\"]
environments = [\"dev\", \"prod\"]
[properties.PORT]
type = \"int\"
required = true
[properties.TOKEN]
secret = true
required = true
distinct = true
[properties.LEVEL]
[properties.HOST]
[properties.POOL]
default = \"5\"
";

#[test]
fn the_last_layer_counts_whatever_the_files_are_called() {
    let sandbox = layered();
    sandbox.shroud("repo", ["config", "check"]);
    let get = |environment: &str, name: &str| {
        sandbox.shroud("repo", ["config", "get", environment, name]).text()
    };
    assert_eq!(get("dev", "PORT"), "80\n");
    assert_eq!(get("prod", "PORT"), "8080\n");
    assert_eq!(get("prod", "HOST"), "localhost\n");
    // The other way round.
    let other = "[environments]\ndev = [\"z-base.env\"]\nprod = [\"environments/prod/app.env\", \"z-base.env\"]\n";
    let (_, properties) = SCHEMA.split_once("[properties.PORT]").unwrap();
    let properties = format!("[properties.PORT]{properties}");
    let open = properties.replace("secret = true\nrequired = true\ndistinct = true\n", "");
    sandbox.write("repo/config.shroud.toml", format!("{other}{open}"));
    assert_eq!(get("prod", "PORT"), "80\n");
    // Then a file that is not sealed would decide about a value that is.
    let done = sandbox.try_shroud("repo", ["config", "check", "prod"]).expect(1);
    let line = "z-base.env:1: prod PORT: a file that is not sealed overrides the value of environments/prod/app.env:2";
    assert!(done.text().contains(line), "{}", done.text());
    for args in [&["render", "prod", "-o", "env"][..], &["exec", "prod", "--", "echo", "ran"]] {
        let done = sandbox.try_shroud("repo", [&["config"], args].concat()).expect(1);
        assert!(done.stdout.is_empty());
    }
}

#[test]
fn where_a_value_comes_from_is_told() {
    let sandbox = layered();
    let get = |args: &[&str]| sandbox.shroud("repo", [&["config", "get"], args].concat());
    let done = get(&["prod", "PORT", "--origin"]);
    assert_eq!(done.text(), "environments/prod/app.env:2\t8080\n");
    done.says("z-base.env:1 sets PORT too, and is overridden");
    assert_eq!(get(&["dev", "PORT", "--origin"]).text(), "z-base.env:1\t80\n");
    assert_eq!(get(&["dev", "POOL", "--origin"]).text(), "config.shroud.toml:12\t5\n");
    let json = get(&["prod", "PORT", "--json"]).json();
    let expected = serde_json::json!({
        "environment": "prod", "name": "PORT", "value": "8080", "default": false,
        "origin": {"path": "environments/prod/app.env", "line": 2},
        "overridden": [{"path": "z-base.env", "line": 1}],
    });
    assert_eq!(json, expected);
    let json = get(&["dev", "POOL", "--json"]).json();
    assert_eq!((&json["value"], &json["default"]), (&"5".into(), &true.into()));
    assert_eq!(json["origin"], serde_json::Value::Null);
    let listed = sandbox.shroud("repo", ["config", "list", "prod"]).text();
    let lines: Vec<String> =
        listed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        lines,
        [
            "HOST set z-base.env:3",
            "LEVEL set z-base.env:2",
            "POOL default config.shroud.toml:12",
            "PORT set environments/prod/app.env:2",
            "TOKEN set environments/prod/app.env:1",
        ]
    );
    assert!(!listed.contains("canary"));
    let shown = sandbox.shroud("repo", ["config", "list", "prod", "--show"]).text();
    assert!(shown.contains("canary-prod-token"), "{shown}");
    let json = sandbox.shroud("repo", ["config", "list", "prod", "--json"]).json();
    assert_eq!(json["properties"][4]["secret"], true);
    assert!(!json.to_string().contains("canary"));
    let all = sandbox.shroud("repo", ["config", "list"]).text();
    assert_eq!(all, "dev   4 properties  2 files\nprod  4 properties  2 files\n");
}

#[test]
fn one_layer_cannot_say_a_thing_twice() {
    let sandbox = layered();
    sandbox.write("repo/environments/prod/more.env", "PORT=81\nLEVEL=debug\n");
    let done = sandbox.try_shroud("repo", ["config", "check"]).expect(1);
    let line = "environments/prod/more.env:1: prod PORT: environments/prod/app.env:2 sets it too";
    assert!(done.text().contains(line) && !done.text().contains("LEVEL"), "{}", done.text());
}

#[test]
fn a_value_for_one_environment_goes_to_its_own_file() {
    let sandbox = layered();
    let base = sandbox.read("repo/z-base.env");
    try_set(&sandbox, "repo", "prod", "LEVEL", "warn").expect(0);
    assert_eq!(sandbox.read("repo/z-base.env"), base, "it was everybody's");
    let own = text(sandbox.read("repo/environments/prod/app.env"));
    assert!(own.ends_with("LEVEL=warn\n"), "{own}");
    let level =
        |environment: &str| sandbox.shroud("repo", ["config", "get", environment, "LEVEL"]).text();
    assert_eq!((level("prod"), level("dev")), ("warn\n".to_owned(), "info\n".to_owned()));
    try_set(&sandbox, "repo", "prod", "NEW", "x").expect(0);
    assert!(text(sandbox.read("repo/environments/prod/app.env")).contains("NEW=x"));
    // On purpose.
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo");
    command.args(["config", "set", "prod", "LEVEL", "--file", "z-base.env"]);
    sandbox.run_with_input(command, b"error").expect(0).says("overrides this value");
    assert_eq!((level("prod"), level("dev")), ("warn\n".to_owned(), "error\n".to_owned()));
    sandbox.shroud("repo", ["config", "schema", "add", "-q", "EXTRA", "--required"]);
    sandbox.shroud("repo", ["config", "sync", "-q"]);
    for name in ["dev", "prod"] {
        let own = text(sandbox.read(format!("repo/environments/{name}/app.env")));
        assert!(own.contains("EXTRA=__SET_ME__"), "{own}");
    }
    // An environment that has only the base gets a file of its own.
    sandbox.git("repo", ["rm", "-q", "-f", "environments/dev/app.env"]);
    try_set(&sandbox, "repo", "dev", "TOKEN", "canary-new-token").expect(0);
    assert_eq!(sandbox.read("repo/environments/dev/app.env"), b"TOKEN=canary-new-token\n");
}

#[test]
fn services_share_a_repository_and_the_keys_of_their_environments() {
    let sandbox = Sandbox::new();
    let init = ["init", "-q", "--template", "config", "repo", "--env", "dev", "--env", "prod"];
    sandbox.shroud(".", [&init[..], &["--no-backup"]].concat());
    let names = ["shop/api", "shop/web", "mail", "jobs", "billing"];
    for name in names {
        for (environment, port) in [("dev", 80), ("prod", 443)] {
            let pattern = format!("environments/{name}/{environment}/**");
            sandbox.shroud("repo", ["track", "-q", "--key", environment, &pattern]);
            let own = format!("NAME={name}-{environment}\nTOKEN=canary-{environment}-{name}\n");
            sandbox.write(format!("repo/environments/{name}/{environment}/app.env"), own);
            sandbox.write(
                format!("repo/environments/{environment}/app.env"),
                format!("PORT={port}\n"),
            );
        }
    }
    let mut schema =
        "[environments]\ndev = [\"environments/dev\"]\nprod = [\"environments/prod\"]\n".to_owned();
    for name in names {
        for environment in ["dev", "prod"] {
            schema.push_str(&format!(
                "\"{name}/{environment}\" = [\"environments/{environment}\", \"environments/{name}/{environment}\"]\n"
            ));
        }
    }
    schema.push_str(
        "[properties.PORT]\ntype = \"int\"\n[properties.NAME]\n[properties.TOKEN]\nsecret = true\n",
    );
    sandbox.write("repo/config.shroud.toml", &schema);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "five services"]);
    sandbox.shroud("repo", ["config", "check"]).says("in 12 environments and found nothing wrong");
    for name in names {
        let exec =
            ["config", "exec", &format!("{name}/prod"), "--", "sh", "-c", "echo $NAME $PORT"];
        assert_eq!(sandbox.shroud("repo", exec).text(), format!("{name}-prod 443\n"));
        assert!(is_sealed_anyhow(
            &sandbox.blob("repo", &format!("HEAD:environments/{name}/prod/app.env"))
        ));
    }
    sandbox.try_shroud("repo", ["config", "get", "shop", "PORT"]).expect(2).says("shop/api/dev");
    // Who has the key of dev opens every service's dev, and nothing of prod.
    sandbox.shroud("repo", ["key", "export", "-q", "--name", "dev", "-o", "../dev.key"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.shroud("clone", ["unlock", "-q", "../dev.key"]);
    sandbox.shroud("clone", ["config", "check", "shop/api/dev", "mail/dev"]);
    sandbox.try_shroud("clone", ["config", "get", "mail/prod", "TOKEN"]).expect(3);
    // A file of one service that somebody seals with a lesser key is not taken.
    let attributes = text(sandbox.read("repo/.gitattributes")).replace(
        "environments/mail/prod/** shroud shroud-key=prod",
        "environments/mail/prod/** shroud shroud-key=dev",
    );
    sandbox.write("repo/.gitattributes", attributes);
    let done = sandbox.try_shroud("repo", ["config", "get", "mail/prod", "TOKEN"]).expect(3);
    assert!(done.stdout.is_empty());
    done.says("git stores it sealed with the key 'prod', but its attribute names 'dev'");
}

#[test]
fn an_environment_in_the_folder_of_another_is_its_own() {
    let sandbox = layered();
    sandbox.write("repo/environments/prod/eu/app.env", "PORT=1\nTOKEN=canary-eu-token\n");
    let schema = SCHEMA.replace("\"prod\"]", "\"prod\", \"prod/eu\"]");
    sandbox.write("repo/config.shroud.toml", schema);
    sandbox.shroud("repo", ["config", "check"]);
    let port = |name: &str| sandbox.shroud("repo", ["config", "get", name, "PORT"]).text();
    assert_eq!((port("prod"), port("prod/eu")), ("8080\n".to_owned(), "1\n".to_owned()));
    for (name, why) in [("a//b", "consists of"), ("../x", "consists of"), ("A/b", "consists of")] {
        let schema = SCHEMA.replace("\"prod\"]", &format!("\"{name}\"]"));
        sandbox.write("repo/config.shroud.toml", schema);
        sandbox.try_shroud("repo", ["config", "check"]).expect(2).says(why);
    }
}

#[test]
fn what_two_environments_take_from_one_file_is_one_value() {
    let sandbox = layered();
    let add = ["config", "env", "add", "shop/api/prod", "--layer", "environments/prod"];
    sandbox.shroud("repo", add);
    sandbox.git("repo", ["add", "."]);
    sandbox.shroud("repo", ["config", "check"]);
    let reuse = sandbox.try_shroud("repo", ["config", "reuse"]);
    assert_eq!(reuse.status, 0, "{}", reuse.text());
    // The same value in two files still is twice the same.
    sandbox.write("repo/environments/dev/app.env", "TOKEN=canary-prod-token\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.try_shroud("repo", ["config", "check"]).expect(1);
    sandbox.try_shroud("repo", ["config", "reuse"]).expect(1);
}
