//! `docs/commands.md` is what the program says of itself. `UPDATE_DOCS=1 cargo test --test program reference` writes it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::common::Sandbox;

const HEAD: &str = "# Commands

Generated from the program's own help; a test holds it to that. `git shroud COMMAND --help` shows the same.

Exit status of every command: 0 done (or nothing found), 1 something was found or refused, 2 the request or the
environment is wrong, 3 the answer is incomplete.
";

/// The names under `Commands:` of a help text.
fn subcommands(help: &str) -> Vec<String> {
    let list = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

fn describe(sandbox: &Sandbox, command: &[String], page: &mut String) {
    let help = sandbox.shroud(".", command.iter().map(String::as_str).chain(["--help"])).text();
    let level = "#".repeat(command.len() + 2);
    let name = command.join(" ");
    writeln!(
        page,
        "\n{level} {}\n\n```text\n{}\n```",
        format!("git shroud {name}").trim(),
        help.trim()
    )
    .unwrap();
    for subcommand in subcommands(&help) {
        describe(sandbox, &[command, &[subcommand]].concat(), page);
    }
}

#[test]
fn the_command_reference_is_what_the_program_says() {
    let sandbox = Sandbox::new();
    let mut page = HEAD.to_owned();
    describe(&sandbox, &[], &mut page);
    assert!(page.contains("### git shroud unlock") && page.contains("#### git shroud key export"));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &page).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == page,
        "docs/commands.md is out of date: UPDATE_DOCS=1 cargo test --test program reference"
    );
}
