//! A command reads arguments, makes one call of a service, and reports. Whether a call is one, only a reader can tell; these rules hold
//! what follows from it: no command runs another, none opens a file or starts a program, and none has much code of its own.

use crate::exceptions::{self, Finding};
use crate::paths::{Crate, Module, of_std};
use crate::{code, texts};

/// What works below a service, and no command calls itself.
const WORK: [&str; 9] = [
    "git::attributes",
    "git::changes",
    "git::command",
    "git::config",
    "git::editor",
    "git::objects",
    "store::backup",
    "store::local",
    "store::public_keys",
];
/// Parts of the standard library with which a command would do a service's work.
const OF_STD: [&str; 4] = ["fs", "net", "process", "thread"];
/// Lines of code in the file of a command, without arguments, imports, comments and empty lines.
const LINES: usize = 140;

fn is_of_commands(module: &Module) -> bool {
    module[0] == "commands" && module.get(1).is_some_and(|name| name != "errors")
}

/// Whether a file runs something, and is not there for the files beside it.
fn is_command(read: &Crate, texts: &[(String, String)], module: &Module) -> bool {
    let name = &read.files[module].name;
    let text = texts.iter().find(|(other, _)| other == name).map_or("", |(_, text)| text);
    is_of_commands(module) && code(text).contains("fn run(")
}

/// Uses of one command by another: a folder's file may run what is in its folder, and what is in it may use what the folder's file has.
fn runs_another(texts: &[(String, String)]) -> Vec<Finding> {
    let read = Crate::read(texts);
    let mut found = Vec::new();
    for user in read.files.keys().filter(|module| is_command(&read, texts, module)) {
        for used in read.used_by(user) {
            let is_kin = used.starts_with(user) || user.starts_with(&used);
            if !is_kin && read.files.contains_key(&used) && is_command(&read, texts, &used) {
                found.push(Finding {
                    line: format!("{} uses {}", read.files[user].name, used.join("::")),
                    why: "is a command that uses another: move what both need into a service"
                        .to_owned(),
                });
            }
        }
    }
    found
}

/// Uses of what only services use.
fn works_itself(texts: &[(String, String)]) -> Vec<Finding> {
    let read = Crate::read(texts);
    let mut found = Vec::new();
    for module in read.files.keys().filter(|module| is_of_commands(module)) {
        let name = &read.files[module].name;
        let used = read.used_by(module).into_iter().map(|used| used.join("::"));
        let mut wrong: Vec<String> =
            used.filter(|used| WORK.iter().any(|work| used.starts_with(work))).collect();
        let text = texts.iter().find(|(other, _)| other == name).map_or("", |(_, text)| text);
        let of_std = of_std(text)
            .into_iter()
            .filter(|path| path.get(1).is_some_and(|part| OF_STD.contains(&part.as_str())));
        wrong.extend(of_std.map(|path| path.join("::")));
        found.extend(wrong.into_iter().map(|used| Finding {
            line: format!("{name} uses {used}"),
            why: "is a command that does the work itself: move it into a service".to_owned(),
        }));
    }
    found
}

/// Lines of code, without imports, comments, empty lines and what declares arguments, types and constants.
fn lines_of_work(text: &str) -> usize {
    let mut lines = text.lines();
    let mut count = 0;
    while let Some(line) = lines.next() {
        let begins = |words: &[&str]| {
            let line = line.trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
            words.iter().any(|word| line.trim_start_matches("pub ").starts_with(word))
        };
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with("//") {
            continue;
        }
        if begins(&["use ", "mod ", "struct ", "enum ", "const ", "type ", "#["]) {
            // To the line that closes what is open: it stands at the beginning, or ends the attribute.
            let is_attribute = line.starts_with("#[");
            let is_whole =
                if is_attribute { line.ends_with(']') } else { line.ends_with([';', '}']) };
            if !is_whole {
                let ends = |line: &str| match is_attribute {
                    true => line.ends_with(")]"),
                    false => line.starts_with(['}', ']', ')']),
                };
                lines.by_ref().find(|line| ends(line));
            }
            continue;
        }
        count += 1;
    }
    count
}

#[test]
fn commands_make_a_call_and_report() {
    let texts = texts("src");
    let mut found = runs_another(&texts);
    found.extend(works_itself(&texts));
    // No line of the list excuses one: it holds circles in one folder alone.
    exceptions::hold(&[], &found);
    for (name, text) in texts.iter().filter(|(name, _)| name.starts_with("src/commands/")) {
        let lines = lines_of_work(text);
        assert!(
            name.starts_with("src/commands/errors") || lines <= LINES,
            "{name} has {lines} lines of code beside its arguments, more than {LINES}: move work into a service"
        );
    }
}

#[test]
fn what_no_command_should_do_is_found() {
    let texts = [
        ("src/git/command.rs", "pub struct Git;"),
        ("src/git/hooks.rs", "pub struct Change;"),
        ("src/commands/mod.rs", "pub mod x; mod errors;"),
        ("src/commands/errors.rs", "use std::fs;"),
        ("src/commands/x/mod.rs", "mod a; mod b; mod shared; fn help() {} fn run() { a::run() }"),
        ("src/commands/x/a.rs", "use super::{b, help, shared}; fn run() { b::run(); help() }"),
        ("src/commands/x/b.rs", "use crate::git::hooks::Change; fn run() {} // super::a"),
        ("src/commands/x/shared.rs", "use std::{env, fs::File}; use crate::git::command::Git;"),
    ];
    let texts = texts.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let lines = |found: Vec<Finding>| found.into_iter().map(|found| found.line).collect::<Vec<_>>();
    assert_eq!(lines(runs_another(&texts)), ["src/commands/x/a.rs uses commands::x::b"]);
    assert_eq!(
        lines(works_itself(&texts)),
        [
            "src/commands/x/shared.rs uses git::command",
            "src/commands/x/shared.rs uses std::fs::File"
        ]
    );
}

#[test]
fn arguments_and_imports_are_no_work() {
    let text = "//! x\n\nuse a::{\n    b,\n};\n\n/// A\n#[derive(clap::Args)]\n#[command(after_help = \"Examples:\n  $ x\")]\n\
                pub struct A {\n    /// B\n    #[arg(long)]\n    b: bool,\n}\nconst C: [&str; 1] = [\n    \"c\",\n];\n\n\
                impl A {\n    fn run() {\n        // d\n        d()\n    }\n}\n";
    assert_eq!(lines_of_work(text), 5);
}
