//! Services return typed errors: what is said to a person, with a hint and an exit status, is the matter of `commands`.

use crate::{code, texts};

/// Who may name the finished message.
const SPEAKERS: [&str; 4] = ["src/error.rs", "src/ui/", "src/commands/", "src/cli.rs"];

fn names_the_message(code: &str) -> bool {
    let imported =
        |from: &str| from.split(['}', ';']).next().unwrap_or_default().contains("Outcome");
    code.contains("CommandError") || code.split("crate::error::").skip(1).any(imported)
}

#[test]
fn services_return_typed_errors() {
    for (file, text) in texts("src") {
        let may_speak = SPEAKERS.iter().any(|speaker| file.starts_with(speaker));
        assert!(
            may_speak || !names_the_message(&code(&text)),
            "{file}: return a typed error, and give it words in src/commands/errors"
        );
    }
}
