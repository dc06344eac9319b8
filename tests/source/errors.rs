//! Services return typed errors: what is said to a person, with a hint and an exit status, is the matter of `commands`.

use crate::{code, texts};

/// Who may name the finished message.
const SPEAKERS: [&str; 4] = ["src/error.rs", "src/ui/", "src/commands/", "src/cli.rs"];
/// Services that still return it. The list only shrinks.
const UNTYPED: [&str; 12] = [
    "src/access/backup/",
    "src/access/index/",
    "src/access/merge_file/",
    "src/access/sealed_file.rs",
    "src/access/set_up.rs",
    "src/access/show/",
    "src/access/track/",
    "src/access/why/",
    "src/environments/files/",
    "src/migrate/",
    "src/scrub/banned.rs",
    "src/scrub/error.rs",
];

fn names_the_message(code: &str) -> bool {
    let imported =
        |from: &str| from.split(['}', ';']).next().unwrap_or_default().contains("Outcome");
    code.contains("CommandError") || code.split("crate::error::").skip(1).any(imported)
}

#[test]
fn services_return_typed_errors() {
    let mut found = Vec::new();
    for (file, text) in texts("src") {
        if names_the_message(&code(&text))
            && !SPEAKERS.iter().any(|speaker| file.starts_with(speaker))
        {
            found.push(file);
        }
    }
    for file in &found {
        assert!(
            UNTYPED.iter().any(|listed| file.starts_with(listed)),
            "{file}: return a typed error, and give it words in src/commands/errors"
        );
    }
    for listed in UNTYPED {
        let is_needed = found.iter().any(|file| file.starts_with(listed));
        assert!(is_needed, "tests/source/errors.rs: delete '{listed}', which is no longer needed");
    }
}
