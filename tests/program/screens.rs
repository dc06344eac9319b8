//! Whole screens of the main commands, as people see them. A changed word shows here in its surroundings.
//!
//! `INSTA_UPDATE=always cargo test --locked --test program screens` writes them anew; read what has changed.

use std::path::Path;

use crate::common::{Done, Sandbox};
use crate::config::place::configuration;

/// Compares a command and all that it prints with the snapshot of this name.
#[track_caller]
fn screen(sandbox: &Sandbox, name: &str, dir: &str, args: &[&str]) {
    let done = sandbox.try_shroud(dir, args);
    shown(sandbox, name, &format!("git shroud {}", args.join(" ")), &done);
}

#[track_caller]
fn shown(sandbox: &Sandbox, name: &str, line: &str, done: &Done) {
    let mut screen = format!("$ {line}\n{}", done.text());
    if !done.stderr.is_empty() {
        screen.push_str("--- standard error\n");
        screen.push_str(&done.stderr);
    }
    if done.status != 0 {
        screen.push_str(&format!("--- exit status {}\n", done.status));
    }
    insta::assert_snapshot!(name, filtered(sandbox, &screen));
}

/// The screen without what is another in every run: places, ids, keys of members, dates, numbers of processes. And without
/// sizes: those of objects depend on how long ids are.
fn filtered(sandbox: &Sandbox, screen: &str) -> String {
    let here = sandbox.path("").canonicalize().unwrap();
    let here = here.to_str().unwrap().trim_end_matches('/');
    let programs = Path::new(env!("CARGO_BIN_EXE_git-shroud")).parent().unwrap();
    let screen = screen
        .replace(here, "[here]")
        .replace(programs.to_str().unwrap(), "[programs]")
        .replace(env!("CARGO_PKG_VERSION"), "[version]");
    let mut text = String::with_capacity(screen.len());
    let mut rest = screen.as_str();
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_ascii_alphanumeric();
        let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        if end == 0 {
            text.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (word, after) = rest.split_at(end);
        if let Some(after) = date(rest) {
            text.push_str("[date]");
            rest = after;
            continue;
        }
        text.push_str(replacement(word, &text, after));
        rest = after;
    }
    text
}

/// What is behind a date, and a time of day, with which the text begins.
fn date(text: &str) -> Option<&str> {
    let form = |form: &str| {
        let bytes = text.as_bytes();
        form.len() <= bytes.len()
            && form.bytes().zip(bytes).all(|(form, &byte)| match form {
                b'0' => byte.is_ascii_digit(),
                other => byte == other,
            })
    };
    let forms = ["0000-00-00T00:00:00Z", "0000-00-00 00:00", "0000-00-00"];
    forms.iter().find(|one| form(one)).map(|one| &text[one.len()..])
}

fn replacement<'w>(word: &'w str, before: &str, after: &str) -> &'w str {
    let is_hex = word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    if word.len() >= 7 && is_hex {
        "[id]"
    } else if word.starts_with("age1") && word.len() > 15 {
        "[recipient]"
    } else if before.ends_with("[recipient]\u{2026}") {
        // The end of one that is shown in part.
        ""
    } else if before.ends_with("(process ") || is_number && after.starts_with(" bytes") {
        "[number]"
    } else {
        word
    }
}

/// A repository with two members, in which one has yet to be committed.
fn team() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["alice", "bob"]);
    sandbox
}

#[test]
fn what_is_replaced_in_a_screen() {
    let sandbox = Sandbox::new();
    let screen = format!(
        "{}/x on 2026-11-30T01:02:03Z: 0123456789abcdef, facade (process 12), 2026-01-02; 34 bytes, no bytes.",
        sandbox.path("").canonicalize().unwrap().display()
    );
    let expected =
        "[here]/x on [date]: [id], facade (process [number]), [date]; [number] bytes, no bytes.";
    assert_eq!(filtered(&sandbox, &screen), expected);
}

#[test]
fn setting_up() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    screen(&sandbox, "error_not_set_up", "repo", &["status"]);
    screen(&sandbox, "init", "repo", &["init"]);
    screen(&sandbox, "track", "repo", &["track", "secrets/**"]);
    screen(&sandbox, "lock_refused_without_a_copy", "repo", &["lock"]);
    sandbox.write("empty/file", "");
    screen(&sandbox, "error_no_repository", "empty", &["status"]);
    screen(&sandbox, "error_no_such_command", "repo", &["stauts"]);
}

#[test]
fn looking() {
    let sandbox = team();
    screen(&sandbox, "status", "repo", &["status"]);
    screen(&sandbox, "status_verbose", "repo", &["status", "-v"]);
    screen(&sandbox, "why_sealed", "repo", &["why", "secrets/db.env"]);
    screen(&sandbox, "why_plain", "repo", &["why", "README"]);
    screen(&sandbox, "doctor", "repo", &["doctor"]);
    screen(&sandbox, "check", "repo", &["check"]);
    sandbox.stage_raw("repo", "secrets/leak", b"PASSWORD=canary\n");
    sandbox.git("repo", ["commit", "-q", "--no-verify", "-m", "leak"]);
    screen(&sandbox, "status_with_findings", "repo", &["status"]);
    screen(&sandbox, "check_with_findings", "repo", &["check"]);
    screen(&sandbox, "status_fix", "repo", &["status", "--fix"]);
}

#[test]
fn keys_and_members() {
    let sandbox = team();
    screen(&sandbox, "member_list", "repo", &["member", "list"]);
    screen(&sandbox, "key_list", "repo", &["key", "list"]);
    let carol = sandbox.age_identity("carol");
    screen(&sandbox, "member_add", "repo", &["member", "add", &carol, "--label", "carol"]);
    screen(&sandbox, "member_remove", "repo", &["member", "remove", "bob"]);
    screen(&sandbox, "error_no_such_member", "repo", &["member", "remove", "nobody"]);
}

#[test]
fn opening_and_closing() {
    let sandbox = team();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.foreign_key();
    screen(&sandbox, "unlock_without_a_key", "clone", &["unlock"]);
    screen(&sandbox, "unlock_with_another_key", "clone", &["unlock", "../other.key"]);
    screen(&sandbox, "unlock", "clone", &["unlock", "-i", "../alice.age"]);
    sandbox.write("clone/secrets/db.env", "PASSWORD=changed\n");
    screen(&sandbox, "lock_refused_for_a_change", "clone", &["lock"]);
    sandbox.git("clone", ["checkout", "-q", "."]);
    screen(&sandbox, "lock", "clone", &["lock"]);
    screen(&sandbox, "doctor_locked", "clone", &["doctor"]);
}

#[test]
fn searching_and_rewriting() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.write("repo/app.env", "DB_PASSWORD=kq7vzx-9mLw2pRt5\n");
    sandbox.write("repo/src/main.py", "url = 'postgres://app:Zt4mWq8xLp2v@db.internal/app'\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "first"]);
    sandbox.git("repo", ["rm", "-q", "app.env"]);
    sandbox.git("repo", ["commit", "-q", "-m", "gone"]);
    screen(&sandbox, "scan", "repo", &["scan"]);
    screen(&sandbox, "scan_for_a_plan", "repo", &["scan", "-q", "--plan", "../plan.toml"]);
    screen(&sandbox, "scrub_dry_run", "repo", &["scrub", "../plan.toml", "--dry-run"]);
    screen(&sandbox, "scrub", "repo", &["scrub", "../plan.toml"]);
}

#[test]
fn configuring() {
    let sandbox = configuration();
    screen(&sandbox, "config_check", "repo", &["config", "check"]);
    screen(&sandbox, "config_diff", "repo", &["config", "diff"]);
    sandbox.write("repo/environments/prod/app.properties", "db.url = nowhere\nunknown = 1\n");
    sandbox.git("repo", ["add", "."]);
    screen(&sandbox, "config_check_with_findings", "repo", &["config", "check"]);
}
