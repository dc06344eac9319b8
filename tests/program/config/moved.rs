//! Files of environments that somebody who can push has moved to a key that they hold.

use crate::common::attacker::RawKey;
use crate::common::{Done, Sandbox, text};
use crate::config::place::{SCHEMA, configuration, try_set};

const FILE: &str = "environments/prod/app.properties";
const THEIRS: &str = "db.url = https://evil.example.com\ndb.password: theirs\ndb.pool=50\n";
const ALL: [&[&str]; 9] = [
    &["config", "check", "prod"],
    &["config", "get", "prod", "db.password"],
    &["config", "render", "prod", "-o", "json"],
    &["config", "exec", "prod", "--", "echo", "ran"],
    &["config", "diff", "dev", "prod", "--all", "--show"],
    &["config", "reuse"],
    &["config", "sync", "prod"],
    &["config", "schema", "infer"],
    &["config", "check"],
];

/// The environment prod is sealed with a key `live`, so that no key has its name; `work` is a clone that holds `live` and
/// `dev`, and `theirs` one of somebody who holds `dev` alone.
fn live() -> Sandbox {
    let sandbox = configuration();
    sandbox.shroud("repo", ["key", "new", "-q", "live"]);
    sandbox.shroud("repo", ["track", "-q", "--key", "live", "environments/prod/**"]);
    let attributes = text(sandbox.read("repo/.gitattributes"));
    let attributes: Vec<_> = attributes.lines().filter(|line| !line.contains("key=prod")).collect();
    sandbox.write("repo/.gitattributes", attributes.join("\n") + "\n");
    sandbox.shroud("repo", ["status", "--fix", "--rekey", "-q"]);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "live"]);
    sandbox.shroud("repo", ["key", "export", "-q", "--name", "live", "-o", "../live.key"]);
    // One history in which prod was never sealed with another key.
    sandbox.git("repo", ["checkout", "-q", "--orphan", "fresh"]);
    sandbox.git("repo", ["commit", "-q", "-m", "configuration"]);
    sandbox.git("repo", ["branch", "-q", "-M", "main"]);
    sandbox.git(".", ["clone", "-q", "repo", "theirs"]);
    clone(&sandbox, "work", &["dev", "staging", "live"]);
    sandbox
}

fn clone(sandbox: &Sandbox, name: &str, keys: &[&str]) {
    sandbox.git(".", ["clone", "-q", "--no-local", "repo", name]);
    for key in keys {
        sandbox.shroud(name, ["unlock", "-q", &format!("../{key}.key")]);
    }
}

/// `theirs` commits this, and `repo` takes it.
fn push(sandbox: &Sandbox, files: &[(&str, &str)]) {
    for (path, content) in files {
        if content.is_empty() {
            sandbox.git("theirs", ["rm", "-q", "--cached", path]);
        } else if path.starts_with("environments/") && *content == THEIRS {
            let file = text(sandbox.read("dev.key"));
            let sealed = RawKey::from_key_file(&file, "dev", 1).seal(content.as_bytes());
            sandbox.stage_raw("theirs", path, &sealed);
        } else {
            sandbox.stage_raw("theirs", path, content.as_bytes());
        }
    }
    sandbox.git("theirs", ["commit", "-q", "-m", "a small fix"]);
    sandbox.git("repo", ["pull", "-q", "../theirs", "HEAD"]);
}

fn attributes(sandbox: &Sandbox, from: &str, to: &str) -> String {
    let lines = text(sandbox.git("theirs", ["show", "HEAD:.gitattributes"]).stdout);
    assert!(lines.contains(from));
    lines.replace(from, to)
}

/// No command of this clone takes a value of theirs, and each says why and by whom.
#[track_caller]
fn is_refused(sandbox: &Sandbox, dir: &str, why: &[&str]) {
    for args in ALL {
        let done = sandbox.try_shroud(dir, args);
        assert!([0, 1, 3].contains(&done.status), "{args:?}: {}", done.stderr);
        assert!(done.status != 0 || args[1] == "schema", "{args:?}");
        says(&done, args, why);
    }
    let done = try_set(sandbox, dir, "prod", "db.password", "our next password");
    says(&done.expect(1), &["set"], why);
    let done = try_set(sandbox, dir, "prod", "level", "info");
    says(&done.expect(1), &["set"], why);
    sandbox.shroud(dir, ["config", "exec", "staging", "--", "true"]);
}

#[track_caller]
fn says(done: &Done, args: &[&str], why: &[&str]) {
    let said = format!("{}{}", done.text(), done.stderr);
    assert!(
        !said.contains("theirs\n") && !said.contains("evil") && !said.contains("ran\n"),
        "{said}"
    );
    for why in why {
        assert!(said.contains(why), "{args:?}: {why}\n{said}");
    }
}

fn is_taken(sandbox: &Sandbox, dir: &str) {
    sandbox.shroud(dir, ["config", "check", "prod"]);
    let got = sandbox.shroud(dir, ["config", "get", "prod", "db.password"]);
    assert_eq!(got.text(), "theirs\n");
    sandbox.shroud(dir, ["config", "exec", "prod", "--", "true"]);
    try_set(sandbox, dir, "prod", "db.password", "next").expect(0);
    sandbox.git(dir, ["checkout", "-q", "."]);
}

#[test]
fn attribute_and_seal_together_are_refused_until_this_clone_confirms() {
    let sandbox = live();
    sandbox.shroud("work", ["config", "check"]);
    let lines = attributes(&sandbox, "shroud-key=live", "shroud-key=dev");
    push(&sandbox, &[(".gitattributes", &lines), (FILE, THEIRS)]);
    sandbox.git("work", ["pull", "-q"]);
    clone(&sandbox, "fresh", &["dev", "staging", "live"]);
    let who = format!(
        "by commit {}",
        text(sandbox.git("repo", ["log", "-1", "--format=%h"]).stdout).trim()
    );
    let why = [
        FILE,
        "the key 'live' sealed it, and now the key 'dev' does",
        &who,
        "a small fix",
        "git shroud config check --confirm prod",
    ];
    for dir in ["work", "fresh"] {
        is_refused(&sandbox, dir, &why);
    }
    // One that holds that key alone has nothing to lose, and yet remembers.
    clone(&sandbox, "bob", &["dev", "staging"]);
    sandbox.shroud("bob", ["config", "exec", "prod", "--", "true"]);
    let done = sandbox.shroud("work", ["config", "check", "--confirm", "prod"]);
    done.says("confirmed in this clone").says(&who);
    is_taken(&sandbox, "work");
    sandbox.shroud("fresh", ["why", "--confirm", FILE]);
    is_taken(&sandbox, "fresh");
}

#[test]
fn a_clone_that_holds_a_key_of_the_environments_name_takes_what_it_confirmed() {
    let sandbox = configuration();
    sandbox.git(".", ["clone", "-q", "repo", "theirs"]);
    sandbox.git(".", ["clone", "-q", "repo", "work"]);
    for key in ["dev", "staging", "prod"] {
        sandbox.shroud("work", ["unlock", "-q", &format!("../{key}.key")]);
    }
    let lines = attributes(&sandbox, "shroud-key=prod", "shroud-key=dev");
    push(&sandbox, &[(".gitattributes", &lines), (FILE, THEIRS)]);
    sandbox.git("work", ["pull", "-q"]);
    is_refused(&sandbox, "work", &[FILE, "although this clone holds a key 'prod'", "a small fix"]);
    sandbox.shroud("work", ["why", "--confirm", FILE]);
    is_taken(&sandbox, "work");
    // By track as well.
    sandbox.shroud("repo", ["track", "-q", "--key", "dev", "environments/prod/**"]);
    sandbox.shroud("repo", ["config", "check", "--confirm", "prod"]);
    is_taken(&sandbox, "repo");
}

#[test]
fn a_line_that_is_gone_is_no_leave_to_write_in_the_clear() {
    for keys in [&["dev", "staging", "live"][..], &["live", "staging"]] {
        let sandbox = live();
        clone(&sandbox, "other", keys);
        sandbox.shroud("other", ["config", "check", "prod"]);
        let lines = attributes(&sandbox, "environments/prod/**", "none/**");
        sandbox.git("theirs", ["rm", "-q", "--cached", FILE]);
        sandbox.stage_raw("theirs", ".gitattributes", lines.as_bytes());
        sandbox.stage_raw("theirs", FILE, THEIRS.as_bytes());
        sandbox.git("theirs", ["commit", "-q", "-m", "a small fix"]);
        sandbox.git("repo", ["pull", "-q", "../theirs", "HEAD"]);
        sandbox.git("other", ["pull", "-q"]);
        clone(&sandbox, "fresh", keys);
        for dir in ["other", "fresh"] {
            for args in &ALL[..4] {
                let done = sandbox.try_shroud(dir, *args);
                assert_ne!(done.status, 0);
                says(
                    &done,
                    args,
                    &[FILE, "the key 'live' sealed it, and now no key does", "a small fix"],
                );
            }
            let done = try_set(&sandbox, dir, "prod", "db.password", "our next password");
            says(&done.expect(1), &["set"], &["now no key does"]);
            let confirm = ["config", "check", "--confirm", "prod"];
            let done = sandbox.try_shroud(dir, confirm).expect(1).says("confirmed in this clone");
            assert!(done.text().contains("in-the-clear"), "{}", done.text());
            let got = sandbox.shroud(dir, ["config", "get", "prod", "db.password"]);
            assert_eq!(
                got.text(),
                "theirs
"
            );
        }
    }
}

#[test]
fn a_schema_that_leads_elsewhere_is_refused() {
    let sandbox = live();
    sandbox.shroud("work", ["config", "check"]);
    // Confirmed for another reason: it says nothing of prod.
    sandbox.shroud("work", ["why", "--confirm", "environments/dev/app.properties"]);
    let places = "environments = { dev = [\"environments/staging\"], staging = [\"environments/staging\"], prod = [\"environments/dev\"] }";
    let schema = SCHEMA.replace("environments = [\"dev\", \"staging\", \"prod\"]", places);
    push(&sandbox, &[("config.shroud.toml", &schema), ("environments/dev/app.properties", THEIRS)]);
    sandbox.git("work", ["pull", "-q"]);
    clone(&sandbox, "fresh", &["dev", "live"]);
    for dir in ["work", "fresh"] {
        for args in &ALL[..4] {
            let done = sandbox.try_shroud(dir, *args);
            assert_ne!(done.status, 0);
            says(&done, args, &["whose files were sealed with the key 'live'", "--confirm prod"]);
        }
    }
}

#[test]
fn a_file_beside_the_others_is_refused() {
    let sandbox = live();
    sandbox.shroud("work", ["config", "check"]);
    let more = "environments/prod/more.properties";
    let lines = text(sandbox.git("theirs", ["show", "HEAD:.gitattributes"]).stdout);
    let lines = format!("{lines}/{more} filter=shroud shroud-key=dev\n");
    push(&sandbox, &[(".gitattributes", &lines), (more, THEIRS)]);
    sandbox.git("work", ["pull", "-q"]);
    for args in [ALL[0], ALL[2], ALL[3], &["config", "get", "prod", "level"]] {
        let done = sandbox.try_shroud("work", args);
        assert_ne!(done.status, 0);
        says(&done, args, &[more, "it is new in prod", "--confirm prod"]);
    }
    let got = sandbox.shroud("work", ["config", "get", "prod", "db.password"]);
    assert_eq!(got.text(), "canary-prod-value\n");
    // In place of the one that was there.
    push(&sandbox, &[(FILE, "")]);
    sandbox.git("work", ["pull", "-q"]);
    clone(&sandbox, "fresh", &["dev", "staging", "live"]);
    for dir in ["work", "fresh"] {
        is_refused(&sandbox, dir, &[more, "it is new in prod", "'live'", "--confirm prod"]);
    }
}

#[test]
fn a_file_that_is_gone_is_not_written_anew_with_another_key() {
    let sandbox = live();
    sandbox.shroud("work", ["config", "check"]);
    let lines = attributes(&sandbox, "shroud-key=live", "shroud-key=dev");
    push(&sandbox, &[(".gitattributes", &lines), (FILE, "")]);
    sandbox.git("work", ["pull", "-q"]);
    clone(&sandbox, "fresh", &["dev", "staging", "live"]);
    for dir in ["work", "fresh"] {
        let done = try_set(&sandbox, dir, "prod", "db.password", "our next password").expect(1);
        says(&done, &["set"], &["'live' sealed it", "--confirm prod"]);
        let done = sandbox.try_shroud(dir, ["config", "sync", "prod"]).expect(1);
        says(&done, &["sync"], &["'live' sealed it", "--confirm prod"]);
        assert!(!sandbox.path(dir).join(FILE).exists());
    }
}

#[test]
fn what_a_team_does_by_itself_asks_nothing() {
    let sandbox = live();
    sandbox.shroud("work", ["config", "check"]);
    // Another file under the same key, one that was in the clear is sealed, and a key of the environment's own.
    sandbox.write("work/environments/prod/more.properties", "level=info\n");
    sandbox.git("work", ["add", "."]);
    sandbox.git("work", ["commit", "-q", "-m", "more"]);
    sandbox.shroud("work", ["config", "check"]);
    sandbox.shroud("work", ["unlock", "-q", "../prod.key"]);
    let lines = text(sandbox.read("work/.gitattributes"));
    sandbox.write("work/.gitattributes", lines.replace("shroud-key=live", "shroud-key=prod"));
    sandbox.shroud("work", ["track", "-q", "--key", "prod", "environments/prod/**"]);
    sandbox.shroud("work", ["config", "check"]);
    sandbox.shroud("work", ["status", "--fix", "--rekey", "-q"]);
    sandbox.shroud("work", ["config", "check"]);
    sandbox.git("work", ["add", "."]);
    sandbox.git("work", ["commit", "-q", "-m", "prod"]);
    for dir in ["work", "other"] {
        if dir == "other" {
            sandbox.git(".", ["clone", "-q", "work", "other"]);
            for key in ["dev", "staging", "live", "prod"] {
                sandbox.shroud("other", ["unlock", "-q", &format!("../{key}.key")]);
            }
        }
        let done = sandbox.shroud(dir, ["config", "check"]);
        assert!(!done.stderr.contains("confirm"), "{}", done.stderr);
        sandbox.shroud(dir, ["config", "exec", "prod", "--", "true"]);
    }
}
