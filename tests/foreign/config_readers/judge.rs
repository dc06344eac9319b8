//! The programs and libraries that files are for, as judges of how this program reads and writes them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::{Sandbox, needs};
use serde_json::{Value, json};

/// Who reads a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judge {
    /// PyYAML: each value as it is written.
    PyYaml,
    /// `yaml` of npm: each value with its type.
    NodeYaml,
    /// `tomllib` of Python.
    Tomllib,
    /// `json` of Python.
    PythonJson,
    /// `configparser` of Python.
    Configparser,
    /// `parse_ini_string` of PHP.
    PhpIni,
    /// `my_print_defaults` of MariaDB.
    Mysql,
    /// `java.util.Properties`.
    Properties,
    /// `/bin/sh`, which is dash on Debian.
    Sh,
    Bash,
    /// `dotenv` of npm.
    NodeDotenv,
    PythonDotenv,
    /// The same, with what references stand for.
    PythonDotenvExpand,
    /// `vlucas/phpdotenv`.
    PhpDotenv,
}

/// What a file holds: the steps that lead to each value, the document's number first.
pub(super) type Values = BTreeMap<Vec<String>, Value>;

const DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/foreign/config_readers/judges");

impl Judge {
    /// How it reads each of these files; `None` where it refuses one. Shells and MariaDB are asked for these variables.
    pub(super) fn read(self, texts: &[Vec<u8>], variables: &[String]) -> Vec<Option<Values>> {
        let script = |program: &str, file: &str, reader: &str| {
            let texts: Vec<_> = texts.iter().map(|text| String::from_utf8_lossy(text)).collect();
            let asked = json!({"reader": reader, "texts": texts});
            let mut command = Command::new(program);
            command.arg(format!("{DIR}/{file}"));
            let told = run(command, asked.to_string().as_bytes());
            let told: Value = serde_json::from_slice(&told).expect("a judge answers in JSON");
            told.as_array().expect("a list").iter().map(values).collect()
        };
        match self {
            Self::PyYaml => script(python("yaml", "python3-yaml"), "judge.py", "yaml"),
            Self::Tomllib => script(python("tomllib", "python3"), "judge.py", "toml"),
            Self::PythonJson => script(python("json", "python3"), "judge.py", "json"),
            Self::Configparser => script(python("configparser", "python3"), "judge.py", "ini"),
            Self::PythonDotenv => script(python("dotenv", "python3-dotenv"), "judge.py", "dotenv"),
            Self::PythonDotenvExpand => {
                script(python("dotenv", "python3-dotenv"), "judge.py", "dotenv-expand")
            }
            Self::NodeYaml => script(node(), "judge.js", "yaml"),
            Self::NodeDotenv => script(node(), "judge.js", "dotenv"),
            Self::PhpIni => script(php(), "judge.php", "ini"),
            Self::PhpDotenv => script(php(), "judge.php", "dotenv"),
            Self::Sh => shell("sh", texts, variables),
            Self::Bash => shell("bash", texts, variables),
            Self::Properties => properties(texts),
            Self::Mysql => texts.iter().map(|text| mysql(text, variables)).collect(),
        }
    }
}

/// The values as a script tells them.
fn values(told: &Value) -> Option<Values> {
    let step = |step: &Value| step.as_str().map_or_else(|| step.to_string(), str::to_owned);
    let value = |pair: &Value| {
        let path = pair[0].as_array().expect("a path").iter().map(step).collect();
        (path, pair[1].clone())
    };
    Some(told.as_array()?.iter().map(value).collect())
}

fn run(mut command: Command, input: &[u8]) -> Vec<u8> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("no panic").expect("it reads all");
    assert!(output.status.success(), "{command:?}");
    output.stdout
}

/// A Python that has a module: the first on the path, or that of the system.
fn python(module: &str, package: &str) -> &'static str {
    needs("python3", "python3");
    let has = |python: &&str| {
        let output = Command::new(python).args(["-c", &format!("import {module}")]).output();
        output.is_ok_and(|output| output.status.success())
    };
    let found = ["python3", "/usr/bin/python3"].into_iter().find(has);
    found.unwrap_or_else(|| {
        panic!("Python's {module} is missing: install it with 'apt-get install {package}'")
    })
}

fn node() -> &'static str {
    needs("node", "nodejs");
    let library = Path::new("/usr/share/nodejs/yaml");
    assert!(
        library.exists(),
        "yaml of npm is missing: install it with 'apt-get install node-yaml'"
    );
    "node"
}

fn php() -> &'static str {
    needs("php", "php-cli");
    let library = Path::new("/usr/share/php/Dotenv/autoload.php");
    let missing = "phpdotenv is missing: install it with 'apt-get install php-vlucas-phpdotenv'";
    assert!(library.exists(), "{missing}");
    "php"
}

/// Puts each text into a file, gives a command their names, and takes what it prints of each: 'ok' and what it read, part by part.
fn told(mut command: Command, sandbox: &Sandbox, texts: &[Vec<u8>]) -> Vec<Option<Vec<String>>> {
    for (at, text) in texts.iter().enumerate() {
        sandbox.write(format!("{at}"), text);
        command.arg(sandbox.path(format!("{at}")));
    }
    let done = sandbox.run(command).expect(0);
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let mut parts = text.split('\0');
    let mut all = Vec::new();
    while let (Some(word), Some(told)) = (parts.next(), parts.next()) {
        let read = || told.split_terminator('\x01').map(str::to_owned).collect();
        all.push((word == "ok").then(read));
    }
    assert_eq!(all.len(), texts.len(), "{}", done.stderr);
    all
}

fn named(name: &str, value: &str) -> (Vec<String>, Value) {
    (vec!["0".to_owned(), name.to_owned()], value.into())
}

fn shell(shell: &str, texts: &[Vec<u8>], variables: &[String]) -> Vec<Option<Values>> {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(shell, ".");
    command.arg(format!("{DIR}/judge.sh")).env("VARIABLES", variables.join(" "));
    let values = |told: Vec<String>| told.chunks(2).map(|pair| named(&pair[0], &pair[1])).collect();
    told(command, &sandbox, texts).into_iter().map(|told| told.map(values)).collect()
}

fn properties(texts: &[Vec<u8>]) -> Vec<Option<Values>> {
    needs("javac", "default-jdk-headless");
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("java", ".");
    command.arg(format!("{DIR}/Judge.java"));
    let values = |told: Vec<String>| told.chunks(2).map(|pair| named(&pair[0], &pair[1])).collect();
    told(command, &sandbox, texts).into_iter().map(|told| told.map(values)).collect()
}

/// Each group is asked for.
fn mysql(text: &[u8], variables: &[String]) -> Option<Values> {
    needs("my_print_defaults", "mariadb-client-core");
    let sandbox = Sandbox::new();
    sandbox.write("my.cnf", text);
    let text = String::from_utf8_lossy(text);
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix('[')?.split(']').next());
    let mut all = Values::new();
    for group in lines {
        let mut command = sandbox.command("my_print_defaults", ".");
        command.arg("--defaults-file=my.cnf").arg(group);
        let done = sandbox.run(command);
        if done.status != 0 {
            return None;
        }
        let printed = done.text();
        let mut rest = printed.strip_suffix('\n').unwrap_or(&printed);
        // A value may have several lines.
        let next = |option: &str| {
            let begins = |name: &String| option.find(&format!("\n--{name}="));
            variables.iter().filter_map(begins).min().unwrap_or(option.len())
        };
        while let Some(option) = rest.strip_prefix("--") {
            let len = next(option);
            let (name, value) = option[..len].split_once('=').unwrap_or((&option[..len], ""));
            let path = ["0", group, name].map(str::to_owned).to_vec();
            all.insert(path, value.into());
            rest = option.get(len + 1..).unwrap_or_default();
        }
    }
    Some(all)
}
