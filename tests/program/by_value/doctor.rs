//! `doctor` on files that are sealed by value.

use super::by_value;
use crate::common::{Sandbox, text};

fn findings(sandbox: &Sandbox) -> String {
    let done = sandbox.try_shroud("repo", ["doctor"]);
    let lines = done.text();
    let of = |line: &&str| !line.contains("hook") && !line.contains("backup");
    lines.lines().filter(of).collect::<Vec<_>>().join("\n")
}

#[test]
fn doctor_names_the_patterns_and_what_is_sealed_whole() {
    let sandbox = by_value(&[]);
    sandbox.write("repo/conf/.gitattributes", "deep/*.env shroud-values\n");
    sandbox.write("repo/conf/notes.txt", "a note\n");
    sandbox.git("repo", ["add", "."]);
    let found = findings(&sandbox);
    let line = "ok       conf/**, conf/deep/*.env: 6 files are sealed by value, with 16 values; 1 file more whole, with names that tell no format";
    assert!(found.contains(line), "{found}");
    assert!(found.contains("ok       nothing is wrong with"), "{found}");
    sandbox.write("repo/conf/bad.yaml", "a: 1\nb: [\n");
    sandbox.git("repo", ["add", "."]);
    let found = findings(&sandbox);
    let line = "advice   conf/bad.yaml is sealed whole: does not read as YAML: line ";
    assert!(found.contains(line), "{found}");
    assert!(found.contains("correct the file and 'git add' it"), "{found}");
    // Where nothing is by value nothing is said of it.
    let plain = crate::common::sealed();
    assert!(!findings(&plain).contains("by value"));
}

#[test]
fn doctor_finds_lines_and_settings_that_break_the_mode() {
    let sandbox = by_value(&[]);
    let sound = text(sandbox.read("repo/.gitattributes"));
    let macros: String =
        sound.lines().filter(|line| line.contains("[attr]shroud-values")).collect();
    for (attributes, said) in [
        (sound.replace(&format!("{macros}\n"), ""), "does not define the macro 'shroud-values'"),
        (sound.replace(&macros, &macros.replace("shroud-by=value", "")), "is not as it should be"),
        (sound.replace(&macros, &macros.replace("-text", "text")), "is not as it should be"),
        (sound.replace("diff=shroud-values", "diff=shroud"), "lack diff=shroud-values"),
        (format!("{sound}conf/*.env text\n"), "conf/a.env: "),
    ] {
        assert_ne!(attributes, sound);
        sandbox.write("repo/.gitattributes", &attributes);
        let found = findings(&sandbox);
        assert!(found.contains(said), "{said}: {found}");
    }
    sandbox.write("repo/.gitattributes", &sound);
    let found = findings(&sandbox);
    assert!(!found.contains("problem"), "{found}");
    sandbox.git("repo", ["config", "diff.shroud-values.textconv", "cat"]);
    let found = findings(&sandbox);
    assert!(found.contains("problem  diff.shroud-values.textconv is set"), "{found}");
}

#[test]
fn doctor_names_values_of_a_key_that_nobody_knows() {
    let sandbox = by_value(&[]);
    let other = by_value(&[]);
    sandbox.stage_raw("repo", "conf/a.env", &other.blob("repo", ":conf/a.env"));
    let found = findings(&sandbox);
    let line =
        "problem  conf/a.env holds values sealed with a key that .shroud/ does not describe (id ";
    assert!(found.contains(line), "{found}");
}

#[test]
fn doctor_names_what_cannot_be_read_of_public_keys() {
    let sandbox = by_value(&[]);
    assert!(!findings(&sandbox).contains("public keys that this clone"));
    sandbox.write("repo/.git/git-shroud/public-keys", "no list\n");
    assert!(findings(&sandbox).contains("the list of public keys that this clone has seen cannot"));
    std::fs::create_dir(sandbox.path("repo/.git/git-shroud/received")).unwrap();
    assert!(findings(&sandbox).contains("does not remember all values"));
}
