//! `config render`: each output is read back by the program that it is for, or by its rules.

use std::collections::BTreeMap;

use crate::common::{Done, Sandbox, needs, text};
use crate::config::place::try_set;

/// Values that are hard for one reader or another.
const HARD: [(&str, &str); 12] = [
    ("PLAIN", "a-b_c.d/e:f@g%h+i,j"),
    ("QUOTES", "it's \"$HOME\" `id` \\ #x"),
    ("BRACES", "${HOME} $${A} %{if} $(id)"),
    ("BLANKS", "  two  blanks\t"),
    ("SIGNS", "!*?~&|;<>()[]{}"),
    ("WORD", "true"),
    ("NUMBER", "007"),
    ("EMPTY", ""),
    ("HASH", "a #b"),
    ("EQUALS", "=a=b="),
    ("UNICODE", "ä😀"),
    ("BACKSLASH", "C:\\dir\\"),
];
const LINES: &str = "-----BEGIN X-----\nYQ==\n-----END X-----\n";

/// A Python that has PyYAML: the first on the path, or that of the system.
fn python_with_yaml() -> &'static str {
    needs("python3", "python3");
    let has_yaml = |python: &&str| {
        let output = std::process::Command::new(python).args(["-c", "import yaml"]).output();
        output.is_ok_and(|output| output.status.success())
    };
    let found = ["python3", "/usr/bin/python3"].into_iter().find(has_yaml);
    found.expect("PyYAML is missing: install it with 'apt-get install python3-yaml'")
}

/// One environment with the hard values, and one of several lines if that is asked for.
fn hard(lines: bool) -> Sandbox {
    let sandbox = Sandbox::new();
    let init = ["init", "-q", "--template", "config", "repo", "--env", "dev", "--no-backup"];
    sandbox.shroud(".", [&init[..], &["--format", "json"]].concat());
    let mut schema = "environments = [\"dev\"]\n".to_owned();
    for (name, _) in HARD {
        schema.push_str(&format!("[properties.{name}]\n"));
    }
    schema.push_str("[properties.LINES]\nsecret = true\n[properties.PORT]\ntype = \"int\"\n");
    sandbox.write("repo/config.shroud.toml", schema);
    for (name, value) in HARD {
        try_set(&sandbox, "repo", "dev", name, value).expect(0);
    }
    try_set(&sandbox, "repo", "dev", "PORT", "8080").expect(0);
    if lines {
        try_set(&sandbox, "repo", "dev", "LINES", LINES).expect(0);
    }
    sandbox
}

fn expected(lines: bool) -> BTreeMap<String, String> {
    let all = HARD.into_iter().chain([("PORT", "8080")]);
    let all = all.chain(lines.then_some(("LINES", LINES)));
    all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn render(sandbox: &Sandbox, form: &[&str]) -> Done {
    sandbox.try_shroud("repo", [&["config", "render", "dev", "-o"], form].concat())
}

#[test]
fn a_shell_reads_what_is_for_shells() {
    let sandbox = hard(true);
    let out = render(&sandbox, &["env"]).expect(0);
    sandbox.write("out", &out.stdout);
    for shell in ["sh", "bash"] {
        for (name, value) in expected(true) {
            let mut command = sandbox.command(shell, ".");
            command.args(["-c", &format!("set -eu; . ./out; printf %s \"${name}\"")]);
            assert_eq!(sandbox.run(command).expect(0).text(), value, "{shell} {name}");
        }
    }
}

/// The rules of docker (`cli/opts/file.go`) and kubectl (`env_file.go`).
fn docker(file: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for line in file.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line).trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=').unwrap();
        assert!(!name.contains(char::is_whitespace), "{line}");
        all.insert(name.to_owned(), value.to_owned());
    }
    all
}

#[test]
fn docker_and_kubectl_get_values_without_quotes() {
    let sandbox = hard(false);
    let out = render(&sandbox, &["docker"]).expect(0).text();
    assert_eq!(docker(&out), expected(false));
    let sandbox = hard(true);
    let done = render(&sandbox, &["docker"]).expect(2);
    assert!(done.stdout.is_empty());
    done.says("the value of 'LINES' has several lines, and this format cannot hold it");
    render(&sandbox, &["docker", "--only", "PORT,WORD"]).expect(0);
}

/// The rules of systemd's `EnvironmentFile=` (`basic/env-file.c`), for values in double quotes.
fn systemd(file: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut rest = file;
    while !rest.is_empty() {
        let (name, behind) = rest.split_once("=\"").unwrap();
        let mut value = String::new();
        let mut signs = behind.char_indices();
        let end = loop {
            match signs.next().unwrap() {
                (at, '"') => break at,
                (_, '\\') => match signs.next().unwrap().1 {
                    '\n' => {}
                    c if "\"\\`$".contains(c) => value.push(c),
                    c => value.extend(['\\', c]),
                },
                (_, c) => value.push(c),
            }
        };
        all.insert(name.to_owned(), value);
        rest = behind[end + 1..].strip_prefix('\n').unwrap();
    }
    all
}

#[test]
fn systemd_reads_its_environment_file() {
    let sandbox = hard(true);
    let out = render(&sandbox, &["systemd"]).expect(0).text();
    assert_eq!(systemd(&out), expected(true));
    sandbox.shroud("repo", ["config", "schema", "add", "-q", "BELL"]);
    try_set(&sandbox, "repo", "dev", "BELL", "a\u{7}b").expect(0);
    render(&sandbox, &["systemd"]).expect(2).says("'BELL' contains a control character");
}

/// The rules of GitHub's runner (`FileCommandManager.cs`).
fn github(file: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut lines = file.split_inclusive('\n');
    while let Some(line) = lines.next() {
        let (name, end) = line.trim_end_matches('\n').split_once("<<").unwrap();
        let mut value = String::new();
        for line in lines.by_ref().take_while(|line| line.trim_end_matches('\n') != end) {
            value.push_str(line);
        }
        let value = value.strip_suffix('\n').unwrap_or(&value);
        all.insert(name.to_owned(), value.to_owned());
    }
    all
}

#[test]
fn github_gets_variables_and_masks() {
    let sandbox = hard(true);
    let mask = "::add-mask::-----BEGIN X-----%0AYQ==%0A-----END X-----%0A\n";
    // Without its file, both are printed, and apart.
    let done = render(&sandbox, &["github"]).expect(0);
    assert_eq!(github(&done.text()), expected(true));
    assert_eq!(done.stderr, mask);
    let again = render(&sandbox, &["github"]).expect(0).text();
    assert_ne!(again, done.text(), "the word can be guessed");
    // With it, only the masks are printed.
    let file = sandbox.path("github-env");
    let args = ["config", "render", "dev", "-o", "github"];
    sandbox.write("github-env", "BEFORE<<x\ny\nx");
    let done =
        sandbox.try_shroud_with(("GITHUB_ENV", file.to_str().unwrap()), "repo", &args).expect(0);
    assert_eq!(done.text(), mask);
    let mut all = expected(true);
    all.insert("BEFORE".to_owned(), "y".to_owned());
    assert_eq!(github(&text(sandbox.read("github-env"))), all);
    // As the documentation of GitHub shows it.
    sandbox.write("github-env", "");
    let mut command = sandbox.command("sh", "repo");
    command.args(["-c", "git shroud config render dev -o github >>\"$GITHUB_ENV\""]);
    command.env("GITHUB_ENV", &file);
    assert_eq!(sandbox.run(command).expect(0).stderr, mask);
    assert_eq!(github(&text(sandbox.read("github-env"))), expected(true));
}

#[test]
fn python_reads_toml_and_yaml_as_they_are_meant() {
    needs("python3", "python3");
    let sandbox = hard(true);
    sandbox.write("toml", render(&sandbox, &["toml"]).expect(0).stdout);
    let script =
        "import json, sys, tomllib; json.dump(tomllib.load(open('toml', 'rb')), sys.stdout)";
    let mut command = sandbox.command("python3", ".");
    command.args(["-c", script]);
    let json = sandbox.run(command).expect(0).json();
    for (name, value) in expected(true) {
        if name == "PORT" {
            assert_eq!(json[&name], 8080);
        } else {
            assert_eq!(json[&name], value, "{name}");
        }
    }
}

#[test]
fn kubernetes_gets_secrets_apart_from_the_rest() {
    let python = python_with_yaml();
    let sandbox = hard(true);
    let options = ["--name", "shop", "--namespace", "live", "--label", "app=shop", "--hash"];
    let read = |form: &[&str]| {
        let out = render(&sandbox, &[form, &options].concat()).expect(0);
        sandbox.write("yaml", out.stdout);
        let script =
            "import json, sys, yaml; json.dump(list(yaml.safe_load_all(open('yaml'))), sys.stdout)";
        let mut command = sandbox.command(python, ".");
        command.args(["-c", script]);
        sandbox.run(command).expect(0).json()
    };
    let all = read(&["k8s", "--string-data"]);
    let (map, secret) = (&all[0], &all[1]);
    assert_eq!((&map["kind"], &secret["kind"]), (&"ConfigMap".into(), &"Secret".into()));
    for (name, value) in expected(true) {
        let (has, lacks) = if name == "LINES" {
            (&secret["stringData"], &map["data"])
        } else {
            (&map["data"], &secret["stringData"])
        };
        assert_eq!(has[&name], value, "{name}");
        assert!(lacks[&name].is_null(), "{name}");
    }
    for object in [map, secret] {
        assert_eq!(object["metadata"]["namespace"], "live");
        assert_eq!(object["metadata"]["labels"]["app"], "shop");
    }
    let name = secret["metadata"]["name"].as_str().unwrap().to_owned();
    assert!(
        name.starts_with("shop-") && name.len() == 15 && map["metadata"]["name"] == *name,
        "{name}"
    );
    assert_eq!(
        read(&["k8s"])[1]["data"]["LINES"],
        "LS0tLS1CRUdJTiBYLS0tLS0KWVE9PQotLS0tLUVORCBYLS0tLS0K"
    );
    assert_eq!(read(&["k8s-secret"])[0]["metadata"]["name"], *name);
    try_set(&sandbox, "repo", "dev", "WORD", "false").expect(0);
    assert_ne!(read(&["k8s"])[0]["metadata"]["name"], *name);
    for bad in
        [&["--label", "a b=c"][..], &["--name", "Shop"], &["--namespace", "a_b"], &["--label", "x"]]
    {
        let done = render(&sandbox, &[&["k8s"], bad].concat()).expect(2);
        assert!(done.stdout.is_empty());
    }
}

#[test]
fn what_decides_which_code_runs_is_no_output() {
    let sandbox = hard(false);
    sandbox.shroud("repo", ["config", "schema", "add", "-q", "LD_PRELOAD"]);
    try_set(&sandbox, "repo", "dev", "LD_PRELOAD", "/x.so").expect(0);
    for form in ["docker", "systemd", "github", "k8s"] {
        let done = render(&sandbox, &[form]).expect(1);
        assert!(done.stdout.is_empty());
        done.says("dev sets LD_PRELOAD, which decides which code a program runs")
            .says("--allow LD_PRELOAD");
        render(&sandbox, &[form, "--allow", "LD_PRELOAD"]).expect(0);
        render(&sandbox, &[form, "--only", "PORT"]).expect(0);
    }
    render(&sandbox, &["env"]).expect(0).says("'config exec' refuses it");
}
