//! `config get`, `set` and `sync`: a value is changed, and every other byte of the file stays.

use crate::common::{Sandbox, is_sealed_anyhow, text};
use crate::config::place::{configuration, partly_unlocked, try_set};

/// Files with comments, odd spacing and no end of the last line, and what they are with one value changed.
const FILES: [(&str, &str, &str); 6] = [
    ("x.env", "# c\n\nexport A='old' # why\nB=2", "# c\n\nexport A='n ew' # why\nB=2"),
    ("x.properties", "! c\nA : old\\\n   more\n\nB=2", "! c\nA : n ew\n\nB=2"),
    ("x.ini", "; c\nA = old\n[s]\nB=2", "; c\nA = n ew\n[s]\nB=2"),
    ("x.toml", "A   = \"old\" # why\n[s]\nB = 2", "A   = \"n ew\" # why\n[s]\nB = 2"),
    ("x.yaml", "# c\nA:   'old'  # why\ns:\n    B: 2", "# c\nA:   \"n ew\"  # why\ns:\n    B: 2"),
    (
        "x.json",
        "{\n\t\"A\":  \"old\",\n\n\t\"s\": {\n\t\t\"B\": 2\n\t}\n}",
        "{\n\t\"A\":  \"n ew\",\n\n\t\"s\": {\n\t\t\"B\": 2\n\t}\n}",
    ),
];

/// A repository whose one environment has this one file.
fn with_file(name: &str, content: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox
        .shroud(".", ["init", "-q", "--template", "config", "repo", "--env", "dev", "--no-backup"]);
    sandbox.git("repo", ["rm", "-q", "-f", "environments/dev/app.env"]);
    sandbox.write(format!("repo/environments/dev/{name}"), content);
    sandbox
}

#[test]
fn one_value_is_changed_and_every_other_byte_stays() {
    for (name, before, after) in FILES {
        for crlf in [false, true] {
            let ends = |text: &str| if crlf { text.replace('\n', "\r\n") } else { text.to_owned() };
            let sandbox = with_file(name, &ends(before));
            let path = format!("repo/environments/dev/{name}");
            try_set(&sandbox, "repo", "dev", "A", "n ew\n").expect(0).says("wrote A to");
            assert_eq!(text(sandbox.read(&path)), ends(after), "{name}");
            assert_eq!(sandbox.shroud("repo", ["config", "get", "dev", "A"]).text(), "n ew\n");
            try_set(&sandbox, "repo", "dev", "A", "n ew")
                .expect(0)
                .says("already has this value of A");
            let b = if matches!(name, "x.env" | "x.properties") { "B" } else { "s.B" };
            assert_eq!(sandbox.shroud("repo", ["config", "get", "dev", b]).text(), "2\n");
        }
    }
}

#[test]
fn a_value_may_hold_anything() {
    let hard = [
        "",
        "it's",
        "a # b",
        "$HOME `id` \"x\"",
        "\\",
        "true",
        "007",
        "ä😀",
        "-----BEGIN X-----\nYQ==\n-----END X-----\n",
    ];
    for (name, before, _) in FILES {
        let sandbox = with_file(name, before);
        for value in hard {
            let done = try_set(&sandbox, "repo", "dev", "A", value);
            // Readers of these formats would take them for different values.
            if name == "x.ini" && value.contains(['\n', '#']) {
                done.expect(1).says("readers of INI differ");
                continue;
            }
            if name == "x.env" && value.ends_with(['\\', '\n']) {
                done.expect(1).says("would read the value differently");
                continue;
            }
            done.expect(0);
            let read = sandbox.shroud("repo", ["config", "get", "dev", "A"]).text();
            let expected =
                if value.ends_with('\n') { value.to_owned() } else { format!("{value}\n") };
            assert_eq!(read, expected, "{name}");
        }
    }
}

#[test]
fn the_schema_is_kept_to() {
    let sandbox = configuration();
    let before = sandbox.snapshot("repo/environments");
    try_set(&sandbox, "repo", "dev", "db.pool", "canary")
        .expect(1)
        .says("the value of db.pool is not a whole number");
    try_set(&sandbox, "repo", "dev", "level", "canary").expect(1).says("is not one of debug, info");
    try_set(&sandbox, "repo", "prd", "level", "info")
        .expect(2)
        .says("there is no environment 'prd'");
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo");
    command.args(["config", "set", "dev", "level", "canary-argument"]);
    let done = sandbox.run(command).expect(2).says("a value was passed as an argument");
    assert!(!done.stderr.contains("canary"));
    assert_eq!(sandbox.snapshot("repo/environments"), before);
    try_set(&sandbox, "repo", "dev", "extra", "x").expect(0).says("the schema does not know extra");
    sandbox
        .try_shroud("repo", ["config", "get", "dev", "nothing"])
        .expect(1)
        .says("does not set nothing");
    let done =
        sandbox.shroud("repo", ["config", "get", "dev", "level"]).says("this is the default");
    assert_eq!(done.text(), "info\n");
}

#[test]
fn a_value_is_asked_for_on_the_terminal_and_not_shown() {
    let sandbox = configuration();
    let done = sandbox
        .on_terminal("repo", "git shroud config set dev db.password", "canary-typed\n")
        .expect(0);
    // What is typed before the program asks is shown by the terminal, and what is typed after is not.
    let printed = done.text();
    let (_, after) =
        printed.split_once("Value of dev db.password:").unwrap_or_else(|| panic!("{printed}"));
    assert!(!after.contains("canary"), "{printed}");
    assert_eq!(
        sandbox.shroud("repo", ["config", "get", "dev", "db.password"]).text(),
        "canary-typed\n"
    );
}

#[test]
fn a_file_that_is_sealed_in_the_worktree_stays_sealed() {
    let sandbox = configuration();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let key = text(sandbox.read("dev.key"));
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "clone");
    command.args(["config", "set", "dev", "level"]).env("GIT_SHROUD_KEY", &key);
    sandbox.run_with_input(command, b"debug").expect(0);
    assert!(is_sealed_anyhow(&sandbox.read("clone/environments/dev/app.properties")));
    let done = sandbox.try_shroud_with(
        ("GIT_SHROUD_KEY", &key),
        "clone",
        &["config", "get", "dev", "level"],
    );
    assert_eq!(done.expect(0).text(), "debug\n");
    try_set(&sandbox, "clone", "dev", "level", "info").expect(1).says("is not held here");
    let locked = partly_unlocked(&["dev"]);
    let before = locked.read("clone/environments/prod/app.properties");
    try_set(&locked, "clone", "prod", "level", "info").expect(1).says("git shroud unlock");
    // Its names are known, so that the default counts.
    let got = locked.try_shroud("clone", ["config", "get", "prod", "level"]).expect(0);
    assert_eq!(got.says("this is the default").text(), "info\n");
    assert_eq!(locked.read("clone/environments/prod/app.properties"), before);
}

#[test]
fn a_secret_is_never_written_to_a_file_that_is_not_to_be_sealed() {
    let sandbox = configuration();
    let attributes = text(sandbox.read("repo/.gitattributes"));
    sandbox.write(
        "repo/.gitattributes",
        format!("{attributes}environments/dev/** !filter !diff !merge\n"),
    );
    let before = sandbox.read("repo/environments/dev/app.properties");
    try_set(&sandbox, "repo", "dev", "db.password", "x-y-z")
        .expect(1)
        .says("db.password is a secret");
    assert_eq!(sandbox.read("repo/environments/dev/app.properties"), before);
}

#[test]
fn sync_writes_what_is_missing_once() {
    let sandbox = configuration();
    let add = |args: &[&str]| {
        drop(sandbox.shroud("repo", [&["config", "schema", "add", "-q"], args].concat()));
    };
    add(&["mail.host", "--required"]);
    add(&["mail.port", "--default", "25", "--type", "int"]);
    let before = text(sandbox.read("repo/environments/dev/app.properties"));
    let listed = "\
environments/dev/app.properties: db.pool (default 5)
environments/dev/app.properties: level (default info)
environments/dev/app.properties: mail.host (__SET_ME__, set it)
environments/dev/app.properties: mail.port (default 25)
";
    let done =
        sandbox.shroud("repo", ["config", "sync", "dev", "--dry-run"]).says("nothing was written");
    assert_eq!(done.text(), listed);
    assert_eq!(text(sandbox.read("repo/environments/dev/app.properties")), before);
    assert_eq!(sandbox.shroud("repo", ["config", "sync", "dev"]).text(), listed);
    let after = text(sandbox.read("repo/environments/dev/app.properties"));
    let added = "# db.pool: 5\n# level: info\nmail.host: __SET_ME__\n# mail.port: 25\n";
    assert_eq!(after, format!("{before}{added}"));
    let done = sandbox.shroud("repo", ["config", "sync", "dev"]).says("nothing is missing");
    assert_eq!(done.text(), "");
    let done = sandbox.try_shroud("repo", ["config", "check", "dev"]).expect(1);
    assert!(done.text().contains("dev mail.host: __SET_ME__ must be replaced"), "{}", done.text());
    try_set(&sandbox, "repo", "dev", "mail.host", "mail.example.com").expect(0);
    sandbox.shroud("repo", ["config", "check", "dev"]);
}

#[test]
fn sync_places_properties_in_their_sections() {
    for (name, before, after) in [
        (
            "x.yaml",
            "mail:\n  host: a\nz: 1\n",
            "mail:\n  host: a\n  user: __SET_ME__\n  # port: 25\nz: 1\n",
        ),
        (
            "x.toml",
            "[mail]\nhost = \"a\"\n\n[z]\n",
            "[mail]\nhost = \"a\"\nuser = \"__SET_ME__\"\n# port = 25\n\n[z]\n",
        ),
        (
            "x.json",
            "{\n  \"mail\": {\n    \"host\": \"a\"\n  }\n}\n",
            "{\n  \"mail\": {\n    \"host\": \"a\",\n    \"user\": \"__SET_ME__\"\n  }\n}\n",
        ),
    ] {
        let sandbox = with_file(name, before);
        let schema = "environments = [\"dev\"]\n[properties.\"mail.user\"]\nrequired = true\n[properties.\"mail.port\"]\ntype = \"int\"\ndefault = 25\n";
        sandbox.write("repo/config.shroud.toml", schema);
        sandbox.shroud("repo", ["config", "sync", "-q"]);
        let now = text(sandbox.read(format!("repo/environments/dev/{name}")));
        let reordered = after
            .replace("user: __SET_ME__\n  # port: 25", "# port: 25\n  user: __SET_ME__")
            .replace("user = \"__SET_ME__\"\n# port = 25", "# port = 25\nuser = \"__SET_ME__\"");
        assert!(now == after || now == reordered, "{now}");
        sandbox.shroud("repo", ["config", "sync"]).says("nothing is missing");
    }
}

#[test]
fn a_new_property_goes_where_the_others_have_it_or_where_it_is_told_to() {
    let sandbox = configuration();
    for name in ["dev", "prod"] {
        sandbox.write(format!("repo/environments/{name}/mail.env"), "HOST=x\n");
    }
    try_set(&sandbox, "repo", "dev", "extra", "x").expect(2).says("dev has several files");
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo");
    command.args(["config", "set", "dev", "PORT", "--file", "mail.env"]);
    sandbox.run_with_input(command, b"25").expect(0);
    assert_eq!(text(sandbox.read("repo/environments/dev/mail.env")), "HOST=x\nPORT=25\n");
    try_set(&sandbox, "repo", "prod", "PORT", "26").expect(0);
    assert_eq!(text(sandbox.read("repo/environments/prod/mail.env")), "HOST=x\nPORT=26\n");
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo");
    command.args(["config", "set", "dev", "NEW", "--file", "none.env"]);
    sandbox.run_with_input(command, b"25").expect(2).says("dev has no such file");
}

#[test]
fn an_environment_without_a_file_gets_one_where_the_schema_says() {
    let sandbox = configuration();
    sandbox.git("repo", ["rm", "-q", "-f", "environments/dev/app.properties"]);
    try_set(&sandbox, "repo", "dev", "level", "debug").expect(0);
    assert_eq!(sandbox.read("repo/environments/dev/app.properties"), b"level=debug\n");
    let schema = "[environments]\ndev = [\"environments/dev/special.yaml\"]\n[properties.\"a.b\"]\nrequired = true\n";
    sandbox.write("repo/config.shroud.toml", schema);
    sandbox.shroud("repo", ["config", "sync"]);
    assert_eq!(sandbox.read("repo/environments/dev/special.yaml"), b"a:\n  b: __SET_ME__\n");
}

#[test]
fn sync_says_which_environments_are_locked() {
    let sandbox = partly_unlocked(&["dev"]);
    sandbox.try_shroud("clone", ["config", "sync"]).expect(3).says("staging, prod are locked here");
}

#[test]
fn several_lines_are_set_as_they_are() {
    let sandbox = Sandbox::new();
    let init = ["init", "-q", "--template", "config", "repo", "--env", "dev", "--no-backup"];
    sandbox.shroud(".", [&init[..], &["--format", "yaml"]].concat());
    for (input, value) in [
        ("one\n", "one"),
        ("one\r\n", "one"),
        ("one", "one"),
        ("\n", ""),
        ("a\nb", "a\nb"),
        ("a\nb\n", "a\nb\n"),
        ("a\nb\n\n", "a\nb\n\n"),
        ("a\r\nb\r\n", "a\r\nb\r\n"),
        ("\n\n", "\n\n"),
    ] {
        try_set(&sandbox, "repo", "dev", "A", input).expect(0);
        let got = sandbox.shroud("repo", ["config", "get", "dev", "A", "--json"]).json();
        assert_eq!(got["value"], value, "{input:?}");
    }
}
