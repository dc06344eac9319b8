//! This program's own commands on such files.

use super::{FILES, by_value, stored, token};
use crate::common::{Sandbox, is_sealed, text};

#[test]
fn track_switches_between_whole_and_by_value() {
    let sandbox = by_value(&[]);
    sandbox.shroud("repo", ["track", "-q", "--whole", "conf/**"]);
    for (path, _) in FILES {
        assert!(is_sealed(&sandbox.blob("repo", &format!(":{path}"))), "{path}");
    }
    assert_eq!(sandbox.git("repo", ["diff", "--name-only"]).text(), "");
    sandbox.shroud("repo", ["status"]);
    sandbox.shroud("repo", ["track", "-q", "--values", "--clear", "A", "conf/**"]);
    for (path, _) in FILES {
        assert!(stored(&sandbox, path).contains("shroud.v1."), "{path}");
    }
    assert!(stored(&sandbox, "conf/a.env").contains("\nA=value-one\n"));
    assert_eq!(sandbox.git("repo", ["diff", "--name-only"]).text(), "");
    let listed = sandbox.shroud("repo", ["track"]).text();
    assert!(listed.contains("by value, but A"), "{listed}");
    // What is exempt no more is sealed again, and said to be in history.
    sandbox.shroud("repo", ["track", "-q", "--values", "--clear", "", "conf/**"]);
    assert!(stored(&sandbox, "conf/a.env").contains("\nA=shroud.v1."));
}

/// Values that were exempt are readable in history; the file was not.
#[test]
fn exempt_values_in_history_are_no_unencrypted_files() {
    let sandbox = by_value(&["--clear", "A"]);
    sandbox.git("repo", ["commit", "-q", "--allow-empty", "-m", "files"]);
    let done = sandbox.shroud("repo", ["track", "--whole", "conf/a.env"]);
    assert!(!done.stderr.contains("hold 1 file unencrypted"), "{}", done.stderr);
    done.says("earlier commits hold some values of 1 file unencrypted");
    let sandbox = by_value(&[]);
    let done = sandbox.shroud("repo", ["track", "--whole", "conf/a.env"]);
    assert!(!done.stderr.contains("earlier commits"), "{}", done.stderr);
}

#[test]
fn a_single_file_may_be_whole_below_a_pattern_by_value() {
    let sandbox = by_value(&[]);
    sandbox.shroud("repo", ["track", "-q", "--whole", "conf/a.env"]);
    assert!(is_sealed(&sandbox.blob("repo", ":conf/a.env")));
    assert!(stored(&sandbox, "conf/a.toml").contains("shroud.v1."));
    sandbox.write("repo/conf/a.env", "A=new\n");
    sandbox.git("repo", ["add", "."]);
    assert!(is_sealed(&sandbox.blob("repo", ":conf/a.env")));
}

#[test]
fn status_and_why_say_the_mode() {
    let sandbox = by_value(&["--clear", "LOG"]);
    let status = sandbox.shroud("repo", ["status", "conf/a.env"]).text();
    assert_eq!(status, "sealed by value  conf/a.env  (key default, 2 values, generation 1)\n");
    let json = sandbox.shroud("repo", ["status", "--json", "conf/a.env"]).json();
    assert_eq!(json["files"][0]["state"], "sealed");
    assert_eq!(json["files"][0]["values"], 2);
    let why = sandbox.shroud("repo", ["why", "conf/a.env"]).text();
    assert!(why.contains("by value, as .env") && why.contains("LOG"), "{why}");
    // Another line may exempt names than the one that says how the file is sealed.
    let lines = text(sandbox.read("repo/.gitattributes"));
    sandbox.write("repo/.gitattributes", format!("{lines}conf/a.env shroud-clear=A\n"));
    let line = lines.lines().count() + 1;
    let why = sandbox.shroud("repo", ["why", "conf/a.env"]).text();
    assert!(why.contains(&format!("not sealed: A (by .gitattributes:{line})")), "{why}");
}

#[test]
fn own_files_are_no_match() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.shroud("repo", ["track", "--values", "*.toml"]).says("matches no file yet");
    sandbox.write("repo/a.toml", "a = 1\n");
    sandbox.shroud("repo", ["track", "--values", "*.toml"]).says("matches 1 file");
    sandbox.shroud("repo", ["track", "**"]).says("matches 1 file");
}

#[test]
fn cat_and_edit_open_and_seal() {
    let sandbox = by_value(&[]);
    assert_eq!(sandbox.shroud("repo", ["cat", "HEAD:conf/a.json"]).text(), FILES[5].1);
    let mut edit = sandbox.command("git-shroud", "repo");
    edit.args(["edit", "conf/a.env"]).env("EDITOR", "sed -i s/value-one/edited-one/");
    sandbox.run(edit).expect(0);
    assert!(text(sandbox.read("repo/conf/a.env")).contains("A=edited-one\n"));
    sandbox.shroud("repo", ["lock", "-q", "--force"]);
    sandbox.try_shroud("repo", ["cat", "HEAD:conf/a.env"]).expect(1);
}

#[test]
fn a_rotation_seals_every_token_again() {
    let sandbox = by_value(&[]);
    let before = stored(&sandbox, "conf/a.env");
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    let after = stored(&sandbox, "conf/a.env");
    assert_ne!(token(&before, "A")[..21], token(&after, "A")[..21]);
    assert_eq!(sandbox.git("repo", ["diff", "--name-only"]).text(), "");
    sandbox.git("repo", ["commit", "-q", "-m", "rotated"]);
    sandbox.shroud("repo", ["check", "HEAD"]);
    let status = sandbox.shroud("repo", ["status"]).text();
    assert_eq!(status.matches("generation 2").count(), FILES.len(), "{status}");
    // An old branch keeps its tokens where values did not change.
    sandbox.git("repo", ["switch", "-q", "-c", "old", "HEAD~1"]);
    sandbox.sh("repo", "touch conf/*");
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}

#[test]
fn the_scanner_finds_a_secret_in_a_comment_and_nothing_in_tokens() {
    let sandbox = by_value(&[]);
    let key = ["AKIA", "Z7Q4XKJ2M5RT3VWN"].concat();
    sandbox.write("repo/conf/s.env", format!("# was {key}\nPASSWORD=kT9vQ2xL7mN4pR8w\n"));
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "comment"]);
    let found = sandbox.try_shroud("repo", ["scan", "--format", "json"]).expect(1);
    sandbox.write("repo/conf/t.env", format!("# once {key}\nPASSWORD=kT9vQ2xL7mN4pR8w\n"));
    sandbox.git("repo", ["add", "."]);
    let staged = sandbox.try_shroud("repo", ["scan", "--staged"]).expect(1);
    staged.says("take it out, or seal the file whole: git shroud track --whole conf/t.env");
    let json = found.json();
    let findings = json["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{json}");
    assert!(findings[0].to_string().contains("conf/s.env"), "{json}");
}

#[test]
fn a_locked_environment_shows_which_names_are_set() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    let init =
        ["init", "-q", "--template", "config", "--no-backup", "--env", "dev", "--env", "prod"];
    sandbox.shroud("repo", init);
    sandbox.write("repo/environments/dev/app.env", "URL=dev-url\nPOOL=5\n");
    sandbox.write("repo/environments/prod/app.env", "URL=prod-url\nOTHER=1\n");
    sandbox.shroud("repo", ["config", "schema", "add", "-q", "URL", "--required"]);
    sandbox.shroud("repo", ["config", "schema", "add", "-q", "POOL", "--required"]);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "configuration"]);
    let key = sandbox.path("dev.key");
    sandbox.shroud("repo", ["key", "export", "-q", "--name", "dev", "-o", key.to_str().unwrap()]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let unlocked = sandbox.shroud("clone", ["unlock", key.to_str().unwrap()]);
    unlocked.says("left 1 file sealed with key 'prod', which is not held here");
    let checked = sandbox.try_shroud("clone", ["config", "check", "--all"]);
    let text = checked.text();
    let row = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row("URL"), ["URL", "set", "sealed"], "{text}");
    assert_eq!(row("POOL"), ["POOL", "set", "missing"], "{text}");
    assert_eq!(row("OTHER"), ["OTHER", "-", "unknown"], "{text}");
    assert!(!text.contains("prod-url"));
    assert_eq!(checked.status, 1);
}
