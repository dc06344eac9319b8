//! The reader that the files are for: one that the schema names, or all.

use crate::common::{Sandbox, text};
use crate::config::place::try_set;

fn with(dialect: &str, file: &str, content: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let init = ["init", "-q", "--template", "config", "repo", "--env", "dev", "--no-backup"];
    sandbox.shroud(".", init);
    sandbox.git("repo", ["rm", "-q", "-f", "--ignore-unmatch", "environments/dev/app.env"]);
    sandbox.write(
        "repo/config.shroud.toml",
        format!("environments = [\"dev\"]\n{dialect}\n[properties.A]\n[properties.\"s.A\"]\n"),
    );
    sandbox.write(format!("repo/environments/dev/{file}"), content);
    sandbox
}

#[test]
fn check_warns_of_what_readers_take_for_different_values() {
    for (file, content, readers) in [
        ("app.env", "A=a#b\n", "node"),
        ("app.env", "A='it\\'s'\n", "node"),
        ("app.ini", "[s]\nA = x ; c\n", "python"),
        ("app.ini", "[s]\nA = \"x\"\n", "python"),
    ] {
        let sandbox = with("", file, content);
        let done = sandbox.shroud("repo", ["config", "check"]);
        let told = done.text();
        let line = told.lines().find(|line| line.starts_with("warning: ")).unwrap_or_default();
        assert!(
            line.contains("would read another value") && line.contains(readers),
            "{content}: {told}"
        );
        assert!(line.contains("say 'dialect' in the schema"), "{line}");
        let json = sandbox.shroud("repo", ["config", "check", "--json"]).json();
        assert_eq!(json["findings"][0]["problem"], "differs", "{json}");
    }
    // What one reader takes it for is known.
    for (dialect, file, content, value) in [
        ("dialect = \"node\"", "app.env", "A=a#b\n", "a\n"),
        ("dialect = \"shell\"", "app.env", "A=a#b\n", "a#b\n"),
        ("dialect = {env = \"python\", ini = \"php\"}", "app.env", "A=a#b\n", "a#b\n"),
        ("dialect = {ini = \"python\"}", "app.ini", "[s]\nA = \"x\" ; c\n", "\"x\" ; c\n"),
        ("dialect = {ini = \"mysql\"}", "app.ini", "[s]\nA = \"x\" # c\n", "x\n"),
        ("dialect = {ini = \"php\"}", "app.ini", "[s]\nA = \"x\\\\\" ; c\n", "x\\\n"),
    ] {
        let sandbox = with(dialect, file, content);
        let done = sandbox.shroud("repo", ["config", "check"]);
        assert!(!done.text().contains("another value"), "{}", done.text());
        let name = if file == "app.env" { "A" } else { "s.A" };
        assert_eq!(sandbox.shroud("repo", ["config", "get", "dev", name]).text(), value);
    }
}

#[test]
fn set_writes_what_the_reader_takes_for_the_value() {
    let value = "it's $5 `x` \"q\"";
    let sandbox = with("", "app.env", "A=old # note\n");
    try_set(&sandbox, "repo", "dev", "A", value)
        .expect(1)
        .says("shells, docker compose and the readers of Node, Python and PHP");
    assert_eq!(text(sandbox.read("repo/environments/dev/app.env")), "A=old # note\n");
    for dialect in ["shell", "compose", "python", "php"] {
        let sandbox = with(&format!("dialect = \"{dialect}\""), "app.env", "A=old # note\n");
        try_set(&sandbox, "repo", "dev", "A", value).expect(0);
        assert!(text(sandbox.read("repo/environments/dev/app.env")).ends_with(" # note\n"));
        let got = sandbox.shroud("repo", ["config", "get", "dev", "A"]).text();
        assert_eq!(got, format!("{value}\n"), "{dialect}");
    }
    let sandbox = with("dialect = \"cobol\"", "app.env", "A=1\n");
    sandbox
        .try_shroud("repo", ["config", "check"])
        .expect(2)
        .says("a dialect must be one of shell");
}
