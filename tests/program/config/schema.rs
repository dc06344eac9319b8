//! `config schema`: adding a property, beginning a schema with what the files have, and JSON Schema.

use crate::common::{contains, text};
use crate::config::place::{SCHEMA, configuration};

#[test]
fn a_property_is_added_behind_all_others() {
    let sandbox = configuration();
    let add = [
        "config",
        "schema",
        "add",
        "mail.token",
        "--required",
        "--secret",
        "--distinct",
        "--type",
        "string",
    ];
    sandbox.shroud("repo", add).says("added mail.token");
    let added = "\n[properties.\"mail.token\"]\ntype = \"string\"\nrequired = true\nsecret = true\ndistinct = true\n";
    assert_eq!(text(sandbox.read("repo/config.shroud.toml")), format!("{SCHEMA}{added}"));
    sandbox
        .try_shroud("repo", add)
        .expect(2)
        .says("config.shroud.toml:24: the property already exists");
    for (wrong, why) in [
        (&["x", "--default", "a", "--type", "int"][..], "x: the default is not a whole number"),
        (&["x", "--default", "a", "--explicit", "prd"], "there is no environment 'prd'"),
        (&["x", "--default", "a", "--secret"], "a secret cannot have a default"),
        (&["x", "--type", "text"], "possible values"),
        (&["x", "--pattern", "("], "not a regular expression"),
    ] {
        let done = sandbox.try_shroud("repo", [&["config", "schema", "add"], wrong].concat());
        done.expect(2).says(why);
    }
    assert_eq!(text(sandbox.read("repo/config.shroud.toml")), format!("{SCHEMA}{added}"));
}

#[test]
fn a_schema_begins_with_what_the_files_have() {
    let sandbox = configuration();
    let own = "environments = [\"dev\", \"staging\", \"prod\"]\n";
    sandbox.write("repo/config.shroud.toml", own);
    let printed = sandbox.shroud("repo", ["config", "schema", "infer"]);
    assert!(!contains(&printed.stdout, b"canary"));
    let expected = "\
[properties.\"db.password\"]
required = true
secret = true
distinct = true

[properties.\"db.pool\"]
type = \"int\"

[properties.\"db.url\"]
type = \"url\"
required = true
";
    assert_eq!(printed.text(), expected);
    sandbox.shroud("repo", ["config", "schema", "infer", "--write"]).says("added 3 properties");
    assert_eq!(text(sandbox.read("repo/config.shroud.toml")), format!("{own}\n{expected}"));
    sandbox.shroud("repo", ["config", "check"]);
    sandbox.shroud("repo", ["config", "schema", "infer", "--write"]).says("added 0 properties");
    // Without any schema the folders are the environments.
    std::fs::remove_file(sandbox.path("repo/config.shroud.toml")).unwrap();
    sandbox.shroud("repo", ["config", "schema", "infer", "--write"]);
    sandbox.shroud("repo", ["config", "check"]).says("3 properties in 3 environments");
}

#[test]
fn editors_get_json_schema() {
    let sandbox = configuration();
    let schema = sandbox.shroud("repo", ["config", "schema", "json"]).json();
    assert_eq!(schema["required"], serde_json::json!(["db.password", "db.url"]));
    assert_eq!(schema["properties"]["level"]["enum"], serde_json::json!(["debug", "info"]));
    let nested = sandbox.shroud("repo", ["config", "schema", "json", "--nested"]).json();
    assert_eq!(nested["properties"]["db"]["properties"]["pool"]["default"], "5");
}
