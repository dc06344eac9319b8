//! Files that are sealed by value: what git's object database holds of them, and what comes back.

mod attacks;
mod commands;
mod comments;
mod config;
mod damaged;
mod doctor;
mod filters;
mod foreign_tokens;
mod gits_own;
mod history;
mod locked;
mod moves;
mod pushed_formats;
mod pushed_lines;
mod shapes;

use crate::common::Sandbox;

/// A file of each format, with a value that must not be in the repository.
pub(crate) const FILES: [(&str, &str); 6] = [
    ("conf/a.env", "# head\nA=value-one\nexport B=\"value-two\"\n\nC=\n"),
    ("conf/a.properties", "a.b = value-one\n! note\nc: value-two \\\n  more\n"),
    ("conf/a.ini", "[s]\na = value-one ; note\n[s]\na = value-two\n"),
    ("conf/a.toml", "[s]\na = \"value-one\" # note\nb = [1, { c = 'value-two' }]\n"),
    ("conf/a.yaml", "---\na:\n  - value-one\n  - b: |\n      value-two\n\nc: 1.10\n"),
    (
        "conf/a.json",
        "{\n  // note\n  \"a\": \"value-one\",\n  \"b\": [true, null, \"value-two\"]\n}\n",
    ),
];

/// A repository, in `repo`, whose folder `conf` is sealed by value; its key is in `team.key`.
pub(crate) fn by_value(options: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.shroud("repo", ["init", "-q"]);
    let track = [&["track", "-q", "--values"], options, &["conf/**"]].concat();
    sandbox.shroud("repo", track);
    for (path, content) in FILES {
        sandbox.write(format!("repo/{path}"), content);
    }
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "files"]);
    let key = sandbox.path("team.key");
    sandbox.shroud("repo", ["key", "export", "-q", "-o", key.to_str().unwrap()]);
    sandbox
}

/// What the index has at a path, as text.
#[track_caller]
pub(crate) fn stored(sandbox: &Sandbox, path: &str) -> String {
    String::from_utf8(sandbox.blob("repo", &format!(":{path}"))).unwrap()
}

/// The text behind `NAME=` on its line.
#[track_caller]
pub(crate) fn token(stored: &str, name: &str) -> String {
    let line = stored.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
    line.unwrap_or_else(|| panic!("no {name}: {stored}")).to_owned()
}
