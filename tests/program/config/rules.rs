//! What the schema asks of values: numbers, ports, lists, ranges, lengths, forbidden values, rules of single environments; and
//! schemas of others that are taken over.

use crate::common::{Sandbox, contains, text};
use crate::config::place::try_set;

/// A repository with a schema and these files of two environments.
fn with(schema: &str, dev: &str, prod: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let init = ["init", "-q", "--template", "config", "repo", "--env", "dev", "--env", "prod"];
    sandbox.shroud(".", [&init[..], &["--no-backup"]].concat());
    sandbox
        .write("repo/config.shroud.toml", format!("environments = [\"dev\", \"prod\"]\n{schema}"));
    sandbox.write("repo/environments/dev/app.env", dev);
    sandbox.write("repo/environments/prod/app.env", prod);
    sandbox
}

#[test]
fn values_that_break_a_rule_are_found_and_not_shown() {
    for (rules, good, bad, why) in [
        ("type = \"number\"", "1.5", "canary", "is not a number"),
        ("type = \"port\"", "8080", "99999", "is not a port, 1 to 65535"),
        ("type = \"list\"", "a,b", "a,,canary", "is not a list"),
        ("type = \"json\"", "{}", "{canary", "is not JSON"),
        ("type = \"int\"\nmin = 2\nmax = 50", "2", "51", "is more than 50"),
        ("type = \"number\"\nmin = \"-0.5\"", "-0.5", "-0.51", "is less than -0.5"),
        ("type = \"duration\"\nmax = \"1h\"", "60m", "61m", "is more than 1h"),
        ("type = \"size\"\nmin = \"1MiB\"", "2MB", "1MB", "is less than 1MiB"),
        ("min_length = 8", "12345678", "canary7", "is shorter than 8 characters"),
        ("max_length = 3", "äöü", "canary", "is longer than 3 characters"),
        ("forbidden = [\"changeme\"]", "changed", "ChangeMe", "is one of the forbidden values"),
    ] {
        let schema = format!("[properties.X]\n{rules}\n");
        let sandbox = with(&schema, &format!("X={good}\n"), &format!("X={bad}\n"));
        let done = sandbox.try_shroud("repo", ["config", "check"]).expect(1);
        let line = format!("environments/prod/app.env:1: prod X: the value {why}");
        assert!(done.text().contains(&line), "{rules}: {}", done.text());
        assert!(!done.text().contains("dev X") && !contains(&done.stdout, b"canary"), "{rules}");
        let before = sandbox.read("repo/environments/dev/app.env");
        try_set(&sandbox, "repo", "dev", "X", bad).expect(1).says(why);
        assert_eq!(sandbox.read("repo/environments/dev/app.env"), before);
    }
}

#[test]
fn an_environment_may_have_rules_of_its_own() {
    let schema = "\
forbidden = [\"changeme\"]
[properties.LEVEL]
values = [\"debug\", \"info\"]
default = \"debug\"
[properties.LEVEL.environments.prod]
values = [\"info\"]
required = true
[properties.TOKEN]
required = true
secret = true
[properties.TOKEN.environments.dev]
required = false
[properties.TOKEN.environments.\"pr*\"]
min_length = 20
";
    let sandbox = with(schema, "LEVEL=debug\n", "LEVEL=debug\nTOKEN=canary-short\n");
    let done = sandbox.try_shroud("repo", ["config", "check"]).expect(1).text();
    assert!(done.contains("prod LEVEL: the value is not one of info"), "{done}");
    assert!(done.contains("prod TOKEN: the value is shorter than 20 characters"), "{done}");
    assert!(!done.contains(": dev "), "{done}");
    sandbox.write("repo/environments/prod/app.env", "TOKEN=changeme\n");
    sandbox.write("repo/environments/dev/app.env", "");
    let done = sandbox.try_shroud("repo", ["config", "check"]).expect(1).text();
    assert!(done.contains("prod LEVEL: it is required, but not set"), "{done}");
    assert!(done.contains("prod TOKEN: the value is one of the forbidden values"), "{done}");
    assert!(!done.contains(": dev "), "{done}");
    assert_eq!(sandbox.shroud("repo", ["config", "get", "dev", "LEVEL"]).text(), "debug\n");
    sandbox.try_shroud("repo", ["config", "get", "prod", "LEVEL"]).expect(1);
    for (rules, why) in [
        ("[properties.X]\nmin = 1\n", "'min' and 'max' belong to a number"),
        ("[properties.X]\ntype = \"int\"\nmin = 2\nmax = 1\n", "the least is more than the most"),
        ("[properties.X]\nmin_length = \"x\"\n", "expected a number of characters"),
        ("[properties.X]\ntype = \"int\"\nmax = 5\ndefault = 6\n", "the default is more than 5"),
        (
            "[properties.X.environments.dev]\ntype = \"int\"\n",
            "'type' is unknown; known are: default",
        ),
        ("[properties.X.environments]\ndev = 1\n", "the rules for an environment must be a table"),
    ] {
        sandbox.write(
            "repo/config.shroud.toml",
            format!("environments = [\"dev\", \"prod\"]\n{rules}"),
        );
        sandbox.try_shroud("repo", ["config", "check"]).expect(2).says(why);
    }
}

#[test]
fn what_others_say_of_their_properties_is_taken_over() {
    let sandbox = with("", "", "");
    sandbox
        .write(".env.example", "# The port.\nPORT=8080\nAPI_TOKEN=canary-example\nDATABASE_URL=\n");
    let done = sandbox.shroud("repo", ["config", "schema", "import", "../.env.example"]);
    assert!(!contains(&done.stdout, b"canary"), "{}", done.text());
    sandbox
        .shroud("repo", ["config", "schema", "import", "../.env.example", "--write"])
        .says("added 3 properties");
    sandbox
        .shroud("repo", ["config", "schema", "import", "../.env.example", "--write"])
        .says("3 properties of these already");
    let done = sandbox.try_shroud("repo", ["config", "check", "dev"]).expect(1).text();
    assert!(
        done.contains("dev DATABASE_URL: it is required") && done.contains("dev API_TOKEN"),
        "{done}"
    );
    sandbox.write("spring.json", r#"{"properties": [{"name": "server.port", "type": "java.lang.Integer", "defaultValue": 8080}]}"#);
    sandbox.write(
        "schema.json",
        r#"{"properties": {"mail": {"properties": {"host": {"type": "string"}}}}}"#,
    );
    for file in ["spring.json", "schema.json"] {
        sandbox.shroud("repo", ["config", "schema", "import", &format!("../{file}"), "--write"]);
    }
    let schema = text(sandbox.read("repo/config.shroud.toml"));
    assert!(
        schema.contains("[properties.\"server.port\"]\ntype = \"port\"\ndefault = \"8080\"\n"),
        "{schema}"
    );
    assert!(schema.contains("[properties.\"mail.host\"]\n"), "{schema}");
    sandbox.write("bad.json", "{\n");
    sandbox
        .try_shroud("repo", ["config", "schema", "import", "../bad.json"])
        .expect(2)
        .says("line 2: this is not JSON");
    sandbox.try_shroud("repo", ["config", "schema", "import", "../none"]).expect(2);
    // What it exports it reads.
    let json = sandbox.shroud("repo", ["config", "schema", "json", "--nested"]).text();
    sandbox.write("own.json", json);
    sandbox.shroud("repo", ["config", "schema", "import", "../own.json"]).says("of these already");
}
