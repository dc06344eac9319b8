//! The source tree keeps its own rules: imports point downward, files stay short, nothing is left undone.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules, lowest first; each may use those of its own layer and below.
const LAYERS: [&[&str]; 9] = [
    &["clock", "error", "fs", "parallel", "repo_path", "sanitise", "secret"],
    &["format"],
    &["git_crypt", "keyring"],
    &["recipient"],
    &["git", "store"],
    &[
        "access",
        "check",
        "config_repo",
        "configs",
        "detect",
        "doctor",
        "filter",
        "merge",
        "migrate",
        "scan",
        "status",
    ],
    &["scrub"],
    &["hardening", "ui"],
    &["cli", "commands"],
];
/// What the binaries and the library consist of; they may use everything.
const ROOTS: [&str; 3] = ["lib", "main", "textconv"];
const MAX_LINES: usize = 400;

/// Every Rust file below a folder of the package, with its text.
fn files(folder: &str) -> Vec<(PathBuf, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push((path.clone(), fs::read_to_string(path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// The top-level module that a file of `src` belongs to.
fn module(path: &Path) -> String {
    let relative = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = Path::new(relative.components().next().unwrap().as_os_str());
    first.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// The text without comments. A `//` in a literal ends its line too, which hides no path in practice.
fn code(text: &str) -> String {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// What follows `ROOT::` anywhere in the code: the first name, or those in braces.
fn used(code: &str, root: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, found) in code.match_indices(&format!("{root}::")) {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[at + found.len()..];
        match rest.strip_prefix('{') {
            None => names.extend(first_name(rest)),
            Some(list) => {
                let mut depth = 1;
                let mut begins = true;
                for (at, c) in list.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 1 => begins = true,
                        c if begins && !c.is_whitespace() => {
                            names.extend(first_name(&list[at..]));
                            begins = false;
                        }
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
        }
    }
    names
}

fn first_name(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|&c| c.is_alphanumeric() || c == '_').collect();
    (!name.is_empty()).then_some(name)
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

#[test]
fn paths_are_found_in_every_form() {
    let code = code(
        "use crate::a::b; // crate::no\nuse crate::{c::{d, e}, f,\n g};\nlet x = crate::h::i(mycrate::j, crate :: k);",
    );
    assert_eq!(used(&code, "crate"), ["a", "c", "f", "g", "h"]);
}

#[test]
fn imports_point_downward() {
    let mut wrong = Vec::new();
    for (path, text) in files("src") {
        let module = module(&path);
        if ROOTS.contains(&module.as_str()) {
            continue;
        }
        let own = layer(&module).unwrap_or_else(|| panic!("module '{module}' is in no layer"));
        for used in used(&code(&text), "crate") {
            let below = layer(&used).unwrap_or_else(|| panic!("{}: crate::{used}", path.display()));
            if below > own {
                wrong.push(format!("{}: uses crate::{used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn formats_and_keyring_know_no_files_environment_processes_or_clock() {
    for (path, text) in files("src") {
        if !["format", "git_crypt", "keyring"].contains(&module(&path).as_str()) {
            continue;
        }
        for used in used(&code(&text), "std") {
            assert!(
                !["fs", "env", "process", "time"].contains(&used.as_str()),
                "{}: std::{used}",
                path.display()
            );
        }
    }
}

#[test]
fn no_file_is_long() {
    for (path, text) in files("src").into_iter().chain(files("tests")) {
        let lines = text.lines().count();
        assert!(lines <= MAX_LINES, "{} has {lines} lines", path.display());
    }
}

#[test]
fn nothing_is_left_undone() {
    for (path, text) in files("src").into_iter().chain(files("tests")) {
        for name in ["todo", "unimplemented", "dbg"] {
            assert!(!text.contains(&format!("{name}!")), "{}: {name}", path.display());
        }
    }
}

#[test]
fn paths_and_messages_are_shown_through_sanitise_and_ui_alone() {
    for (path, text) in files("src") {
        let code = code(&text);
        assert!(
            !code.contains(".display()"),
            "{}: show a path by sanitise::native, not by display()",
            path.display()
        );
        for print in ["eprintln!", "eprint!", "println!", "print!"] {
            let own = |at: usize| code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let found = code.match_indices(print).any(|(at, _)| !own(at));
            assert!(!found, "{}: speak through ui, not by {print}", path.display());
        }
    }
}
