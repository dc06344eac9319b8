//! A configuration repository to test in.

use crate::common::Sandbox;

pub(crate) const PASSPHRASE: &str = "correct horse battery staple";

pub(crate) const SCHEMA: &str = r#"environments = ["dev", "staging", "prod"]

[properties."db.url"]
required = true
type = "url"

[properties."db.password"]
required = true
secret = true
distinct = true

[properties."db.pool"]
type = "int"
default = 5
explicit = ["prod"]

[properties.level]
values = ["debug", "info"]
default = "info"

[properties.old]
removed = "2.5"
"#;

/// A repository in `repo` with three environments that pass the check, committed. The keys are in `ENV.key`.
pub(crate) fn configuration() -> Sandbox {
    let sandbox = Sandbox::new();
    let names = ["--env", "dev", "--env", "staging", "--env", "prod"];
    let init =
        ["init", "-q", "--template", "config", "repo", "--no-backup", "--format", "properties"];
    sandbox.shroud(".", [&init[..], &names].concat());
    sandbox.write("repo/config.shroud.toml", SCHEMA);
    for name in ["dev", "staging", "prod"] {
        let pool = if name == "prod" { "db.pool=50\n" } else { "" };
        let text = format!(
            "# {name}\n\ndb.url = https://{name}.example.com\n  db.password: canary-{name}-value\n{pool}"
        );
        sandbox.write(format!("repo/environments/{name}/app.properties"), text);
        sandbox.shroud(
            "repo",
            ["key", "export", "-q", "--name", name, "-o", &format!("../{name}.key")],
        );
    }
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "configuration"]);
    sandbox
}

/// The same in `clone`, which holds the keys of these environments alone.
pub(crate) fn partly_unlocked(keys: &[&str]) -> Sandbox {
    let sandbox = configuration();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    for key in keys {
        sandbox.shroud("clone", ["unlock", "-q", &format!("../{key}.key")]);
    }
    sandbox
}

/// Runs `git shroud config set` with a value on standard input, whatever its exit status.
pub(crate) fn try_set(
    sandbox: &Sandbox,
    dir: &str,
    environment: &str,
    name: &str,
    value: &str,
) -> crate::common::Done {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), dir);
    command.args(["config", "set", environment, name]);
    sandbox.run_with_input(command, value.as_bytes())
}
