//! `diff --masked` for a reviewer who holds no key.

use crate::by_value::by_value;
use crate::common::{Sandbox, contains, text};

/// The words that all values of this file begin with.
const VALUE: &str = "canary";

/// A repository whose folder `conf` is sealed by value, in the commits `old` and `new`; and a clone `review` without a key.
fn reviewed(edit: impl FnOnce(&Sandbox)) -> Sandbox {
    let sandbox = by_value(&["--clear", "log.*"]);
    sandbox.write(
        "repo/conf/app.yaml",
        "db:\n  user: canary-1\n  gone: canary-2\nlog:\n  level: canary-3\n",
    );
    sandbox.write("repo/conf/app.env", "A=canary-1\nB=canary-2\n");
    sandbox.shroud("repo", ["track", "-q", "secrets/**"]);
    sandbox.write("repo/secrets/tls.key", "canary-1\n");
    commit(&sandbox, "old");
    edit(&sandbox);
    commit(&sandbox, "new");
    sandbox.git(".", ["clone", "-q", "repo", "review"]);
    sandbox
}

fn commit(sandbox: &Sandbox, tag: &str) {
    sandbox.git("repo", ["add", "-A", "."]);
    sandbox.git("repo", ["commit", "-q", "--allow-empty", "-m", tag]);
    sandbox.git("repo", ["tag", tag]);
}

/// What is printed, with which status; it holds no value.
#[track_caller]
fn diff(sandbox: &Sandbox, dir: &str, status: i32, args: &[&str]) -> String {
    let done = sandbox.try_shroud(dir, [&["diff", "--masked"], args].concat()).expect(status);
    assert!(!contains(&done.stdout, VALUE.as_bytes()) && !done.stderr.contains(VALUE));
    text(done.stdout)
}

#[test]
fn names_are_compared_by_their_tokens_without_a_key() {
    let sandbox = reviewed(|sandbox| {
        sandbox.write(
            "repo/conf/app.yaml",
            "# note\nlog:\n  level: canary-9\ndb:\n  user: canary-4\n  new: canary-5\n",
        );
        sandbox.write("repo/conf/app.env", "# note\nB=canary-2\nA=canary-1\n");
        sandbox.write("repo/conf/new.env", "X=canary-1\nY=\n");
        std::fs::remove_file(sandbox.path("repo/conf/a.ini")).unwrap();
    });
    let expected = "conf/a.ini
  - s.a
conf/app.env: changed, but no key
conf/app.yaml
  + db.new
  - db.gone
  ~ db.user
  ~ log.level
conf/new.env
  + X
  + Y
";
    for dir in ["review", "repo"] {
        assert_eq!(diff(&sandbox, dir, 0, &["old..new"]), expected);
        assert_eq!(diff(&sandbox, dir, 1, &["--exit-code", "old", "new"]), expected);
    }
    assert_eq!(diff(&sandbox, "review", 0, &["--exit-code", "new", "new"]), "");
    let markdown = diff(&sandbox, "review", 0, &["--format", "markdown", "old", "new"]);
    let expected = "<!-- git-shroud diff --masked -->
### What changed in sealed files

No value is shown.

**`conf/a.ini`**

- removed: `s.a`

**`conf/app.env`**: changed, but no key

**`conf/app.yaml`**

- added: `db.new`
- removed: `db.gone`
- changed: `db.user`
- changed: `log.level`

**`conf/new.env`**

- added: `X`
- added: `Y`
";
    assert_eq!(markdown, expected);
    let nothing = diff(&sandbox, "review", 0, &["--format", "markdown", "new", "new"]);
    assert!(nothing.ends_with("\n\nNothing.\n"), "{nothing}");
}

#[test]
fn what_is_sealed_whole_is_only_known_to_differ() {
    let sandbox = reviewed(|sandbox| {
        sandbox.write("repo/secrets/tls.key", "canary-2\n");
        sandbox.write("repo/secrets/new.env", "A=canary-2\n");
    });
    let expected =
        "secrets/new.env: added (sealed whole)\nsecrets/tls.key: changed (sealed whole)\n";
    assert_eq!(diff(&sandbox, "review", 3, &["old", "new"]), expected);
    assert_eq!(diff(&sandbox, "review", 1, &["--exit-code", "old", "new"]), expected);
    let markdown = diff(&sandbox, "review", 3, &["--format", "markdown", "old", "new"]);
    assert!(markdown.contains("**`secrets/tls.key`**: changed (sealed whole)\n"), "{markdown}");
    let json = diff(&sandbox, "review", 3, &["--format=json", "old", "new"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let expected = serde_json::json!({"files": [
        {"path": "secrets/new.env", "state": "sealed_whole", "file": "added"},
        {"path": "secrets/tls.key", "state": "sealed_whole"},
    ]});
    assert_eq!(json, expected);
    let held = "secrets/new.env\n  + A\nsecrets/tls.key: changed, 1 line added, 1 removed\n";
    assert_eq!(diff(&sandbox, "repo", 0, &["old", "new"]), held);
}

#[test]
fn the_layout_alone_is_no_change() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let content: String = (0..4000).map(|line| format!("canary line {line}\n")).collect();
    sandbox.write("repo/secrets/notes.txt", content);
    commit(&sandbox, "old");
    sandbox.shroud("repo", ["track", "-q", "--delta", "secrets/**"]);
    sandbox.shroud("repo", ["status", "--fix", "-q"]);
    commit(&sandbox, "new");
    assert_ne!(
        sandbox.blob("repo", "old:secrets/notes.txt"),
        sandbox.blob("repo", "new:secrets/notes.txt")
    );
    sandbox.git(".", ["clone", "-q", "repo", "review"]);
    assert_eq!(diff(&sandbox, "review", 0, &["--exit-code", "old", "new"]), "");
}

#[test]
fn after_a_rotation_only_the_keys_tell() {
    let sandbox = reviewed(|sandbox| {
        sandbox.shroud("repo", ["key", "rotate", "-q"]);
        sandbox.write("repo/conf/app.env", "A=canary-1\nB=canary-7\nC=canary-8\n");
    });
    let shown = diff(&sandbox, "review", 3, &["old", "new", "--", "conf/app.env", "secrets"]);
    let expected = "conf/app.env
  + C
  ? 2 values sealed again: only the keys tell whether they changed
secrets/tls.key: sealed whole with another key: only the keys tell whether it changed
";
    assert_eq!(shown, expected);
    // What is certain decides the status.
    let env = ["--exit-code", "old", "new", "--", "conf/app.env"];
    diff(&sandbox, "review", 1, &env);
    diff(&sandbox, "review", 3, &["--exit-code", "old", "new", "--", "secrets", "conf/app.yaml"]);
    let json = diff(&sandbox, "review", 3, &["--json", "old", "new", "--", "conf/app.env"]);
    assert!(json.contains(r#""resealed":["A","B"]"#), "{json}");
    // The old key is carried along.
    let held = "conf/app.env\n  + C\n  ~ B\n";
    assert_eq!(diff(&sandbox, "repo", 0, &["old", "new"]), held);
}

#[test]
fn values_that_lose_their_seal_are_marked() {
    let sandbox = reviewed(|sandbox| {
        // As somebody without the filters commits it.
        sandbox.stage_raw("repo", "conf/app.env", b"A=canary-1\nB=\nC=canary-3\n");
        sandbox.stage_raw("repo", "secrets/tls.key", b"canary-1\n");
        sandbox.stage_raw("repo", "conf/open.env", b"A=canary\n");
        sandbox.git("repo", ["commit", "-q", "-m", "open"]);
        sandbox.git("repo", ["tag", "open"]);
    });
    let expected = "conf/app.env
  + C
  ~ B
  ! A: was sealed, is stored as plaintext now
conf/open.env
  + A
secrets/tls.key: was sealed, is stored as plaintext now; only its key tells whether it changed
";
    assert_eq!(diff(&sandbox, "review", 3, &["old", "open"]), expected);
    let json = diff(&sandbox, "review", 0, &["--json", "old", "open", "--", "conf/app.env"]);
    assert!(json.contains(r#""exposed":["A"]"#), "{json}");
    let held = "secrets/tls.key: was sealed, is stored as plaintext now\n";
    assert_eq!(diff(&sandbox, "repo", 0, &["old", "open", "--", "secrets"]), held);
    let env =
        "conf/app.env\n  + A\n  - C\n  ~ B\n  ? 1 value stored as plaintext before, sealed now\n";
    let back = diff(&sandbox, "review", 0, &["open", "old", "--", "conf/app.env"]);
    assert_eq!(back, env.replace("  + A\n", ""));
}

#[test]
fn a_file_that_changes_between_the_two_ways_is_compared_where_the_key_is_held() {
    let sandbox = reviewed(|sandbox| {
        sandbox.shroud("repo", ["track", "-q", "--whole", "conf/app.env"]);
        sandbox.write("repo/conf/app.env", "A=canary-1\nB=canary-9\n");
    });
    let args = ["old", "new", "--", "conf/app.env"];
    assert_eq!(diff(&sandbox, "repo", 0, &args), "conf/app.env\n  ~ B\n");
    let locked = "conf/app.env: cannot be compared: it is sealed whole on one side, and the key 'default' generation 1 is not held here\n";
    assert_eq!(diff(&sandbox, "review", 3, &args), locked);
}

#[test]
fn a_damaged_value_is_named_and_not_shown() {
    let sandbox = reviewed(|sandbox| {
        let stored = text(sandbox.blob("repo", "old:conf/app.env"));
        let (a, b) = (crate::by_value::token(&stored, "A"), crate::by_value::token(&stored, "B"));
        sandbox.stage_raw("repo", "conf/app.env", format!("A={b}\nB={a}\n").as_bytes());
        sandbox.git("repo", ["commit", "-q", "-m", "moved"]);
        sandbox.git("repo", ["tag", "moved"]);
        sandbox.stage_raw("repo", "conf/app.env", format!("A={a}\nB=shroud.v1.AAAA\n").as_bytes());
        sandbox.git("repo", ["commit", "-q", "-m", "cut"]);
        sandbox.git("repo", ["tag", "cut"]);
    });
    let moved = diff(&sandbox, "repo", 3, &["old", "moved"]);
    assert!(moved.contains("conf/app.env: cannot be compared: 'A' on line 1: "), "{moved}");
    // Nobody without the key can tell.
    assert_eq!(diff(&sandbox, "review", 0, &["old", "moved"]), "conf/app.env\n  ~ A\n  ~ B\n");
    let cut = diff(&sandbox, "review", 3, &["old", "cut"]);
    assert!(cut.contains("conf/app.env: cannot be compared: 'B' on line 2: "), "{cut}");
}

#[test]
fn the_worktree_of_a_locked_clone_is_compared_too() {
    let sandbox = reviewed(|_| {});
    assert_eq!(diff(&sandbox, "review", 0, &["--exit-code"]), "");
    let stored = text(sandbox.read("review/conf/app.env"));
    sandbox.write("review/conf/app.env", format!("# note\n{stored}NEW=canary\n"));
    assert_eq!(diff(&sandbox, "review", 0, &[]), "conf/app.env\n  + NEW\n");
}

#[test]
fn names_cannot_write_markdown() {
    let sandbox = reviewed(|sandbox| {
        let hostile = [
            "`x` <img src=x onerror=alert(1)>",
            "a\n# heading @everyone [x](https://example.com)",
            "b | c ``` d",
            "\u{1b}[31m\u{202e}",
            "",
        ];
        let object: serde_json::Map<_, _> =
            hostile.iter().map(|name| ((*name).to_owned(), "canary".into())).collect();
        sandbox.write("repo/conf/x.json", serde_json::to_string_pretty(&object).unwrap());
        sandbox.write("repo/conf/`<b>.env", "A=canary\n");
    });
    let markdown = diff(&sandbox, "review", 0, &["--format", "markdown", "old", "new"]);
    let expected = r#"
**`` conf/`<b>.env ``**

- added: `A`

**`conf/x.json`**

- added: (a name of blanks)
- added: `"\033[31m\342\200\256"`
- added: `` `x` <img src=x onerror=alert(1)> ``
- added: `"a\n# heading @everyone [x](https://example.com)"`
- added: ```` b | c ``` d ````
"#;
    assert!(markdown.ends_with(expected), "{markdown}");
}

#[test]
fn a_comment_has_room_for_the_markdown() {
    let sandbox = reviewed(|sandbox| {
        for file in 0..30 {
            let long = "N".repeat(150);
            let lines: String = (0..150).map(|n| format!("{long}{n}=canary\n")).collect();
            sandbox.write(format!("repo/conf/many-{file}.env"), lines);
        }
    });
    let markdown = diff(&sandbox, "review", 0, &["--format", "markdown", "old", "new"]);
    assert!(markdown.chars().count() < 62_000, "{}", markdown.chars().count());
    assert!(markdown.contains("- added: 50 more\n"), "{markdown}");
    assert!(markdown.contains(" more files: `git shroud diff --masked` lists all."), "{markdown}");
}
