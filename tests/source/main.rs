//! The source tree keeps its own rules: imports point downward, files stay short, nothing is left undone.

mod commands;
mod errors;
mod exceptions;
mod layers;
mod paths;
mod portable;
mod readme;
mod sizes;
mod tokens;

use std::fs;
use std::path::Path;

/// Every Rust file below a folder of the package: its name from the package's folder on, with `/`, and its text.
fn texts(folder: &str) -> Vec<(String, String)> {
    let mut folders = vec![folder.to_owned()];
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&folder);
        for entry in fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                folders.push(name);
            } else if name.ends_with(".rs") {
                texts.push((name, fs::read_to_string(entry.path()).unwrap()));
            }
        }
    }
    texts.sort();
    texts
}

/// The text without comments. A `//` in a literal ends its line too, which hides nothing in practice.
fn code(text: &str) -> String {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn formats_and_keyring_know_no_files_environment_processes_or_clock() {
    let pure = ["src/format", "src/git_crypt", "src/keyring"];
    for (name, text) in texts("src") {
        if !pure.iter().any(|module| name.starts_with(module)) {
            continue;
        }
        for path in paths::of_std(&text) {
            let used = path.get(1).map_or("", String::as_str);
            assert!(
                !["fs", "env", "process", "time"].contains(&used),
                "{name}: {}",
                path.join("::")
            );
        }
    }
}

#[test]
fn nothing_is_left_undone() {
    for (file, text) in texts("src").into_iter().chain(texts("tests")) {
        for name in ["todo", "unimplemented", "dbg"] {
            assert!(!text.contains(&format!("{name}!")), "{file}: {name}");
        }
    }
}

#[test]
fn paths_and_messages_are_shown_through_sanitise_and_ui_alone() {
    for (file, text) in texts("src") {
        let code = code(&text);
        assert!(
            !code.contains(".display()"),
            "{file}: show a path by sanitise::native, not by display()"
        );
        for print in ["eprintln!", "eprint!", "println!", "print!"] {
            let own = |at: usize| code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let found = code.match_indices(print).any(|(at, _)| !own(at));
            assert!(!found, "{file}: speak through ui, not by {print}");
        }
    }
}
