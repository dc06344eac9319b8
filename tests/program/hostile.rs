//! What somebody with push rights, or bad luck, could do.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;

use crate::common::{SECRETS, Sandbox, contains, is_sealed};

#[test]
fn swapped_key_descriptions_rename_no_key() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    sandbox.shroud("repo", ["key", "export", "-q", "-o", "../both.key"]);
    sandbox.git("repo", ["commit", "-q", "-m", "prod"]);
    // By somebody who holds no key and never set git-shroud up.
    sandbox.git(".", ["clone", "-q", "repo", "theirs"]);
    let toml = |name: &str| {
        String::from_utf8(sandbox.read(format!("theirs/.shroud/{name}/key.toml"))).unwrap()
    };
    let (default, prod) = (toml("default"), toml("prod"));
    let id = |toml: &str| toml.lines().find(|line| line.starts_with("key_id")).unwrap().to_owned();
    let (default_id, prod_id) = (id(&default), id(&prod));
    sandbox.write("theirs/.shroud/default/key.toml", default.replace(&default_id, &prod_id));
    sandbox.write("theirs/.shroud/prod/key.toml", prod.replace(&prod_id, &default_id));
    sandbox.git("theirs", ["commit", "-q", "-m", "swapped", "--", ".shroud"]);
    sandbox.git(".", ["clone", "-q", "theirs", "clone"]);
    sandbox
        .try_shroud("clone", ["unlock", "../both.key"])
        .expect(1)
        .says("somebody without the key changed");
    assert!(!sandbox.path("clone/.git/git-shroud/keyring").exists());
}

#[test]
fn an_export_that_nobody_read_is_no_copy() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "repo"]);
    sandbox.shroud("repo", ["init", "-q"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut export = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo");
    export.args(["key", "export"]).stdout(writer).stderr(std::process::Stdio::null());
    assert!(!export.status().unwrap().success());
    sandbox.try_shroud("repo", ["lock"]).expect(1).says("never exported");
}

#[test]
fn an_attributes_file_that_is_a_link_is_not_followed() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.write("private", "canary-private");
    fs::create_dir(sandbox.path("repo/sub")).unwrap();
    symlink("../../private", sandbox.path("repo/sub/.gitattributes")).unwrap();
    sandbox
        .try_shroud("repo", ["-C", "sub", "track", "*.pem"])
        .expect(2)
        .says("it is a symbolic link, and git does not follow it here");
    assert_eq!(sandbox.read("private"), b"canary-private");
    sandbox.assert_no_object_holds("repo", b"canary-private");
}

#[test]
fn what_git_crypt_encrypted_is_not_sealed_by_fix() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.stage_raw("repo", "secrets/old", b"\0GITCRYPT\0ciphertext");
    let fixed = sandbox.try_shroud("repo", ["status", "--fix"]).expect(1).text();
    assert!(fixed.contains("git-crypt  secrets/old"), "{fixed}");
    assert_eq!(sandbox.blob("repo", ":secrets/old"), b"\0GITCRYPT\0ciphertext");
}

#[test]
fn fix_leaves_files_outside_a_sparse_checkout_there() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.stage_raw("repo", "secrets/leak", b"in the clear");
    sandbox.git("repo", ["commit", "-q", "-m", "leak"]);
    for arguments in [&["set", "--cone", "docs"][..], &["set", "--cone", "--sparse-index", "docs"]]
    {
        let clone = format!("clone{}", arguments.len());
        sandbox.git(".", ["clone", "-q", "repo", &clone]);
        sandbox.git(&clone, [&["sparse-checkout"], arguments].concat());
        sandbox.shroud(&clone, ["unlock", "-q", "../team.key"]);
        sandbox.shroud(&clone, ["status", "--fix"]).says("sealed and staged 1 file");
        assert!(is_sealed(&sandbox.blob(&clone, ":secrets/leak")));
        let status = sandbox.git(&clone, ["status", "--porcelain"]).text();
        assert_eq!(status, "M  secrets/leak\n", "{arguments:?}");
    }
}

#[test]
fn names_like_those_of_temporary_files_hinder_nothing() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.write("repo/.git-shroud-tmp-0/file", "theirs");
    sandbox.write("repo/.git-shroud-tmp-3", "mine");
    sandbox.write("repo/.git-shroud-tmp-aaaaaaaaaaaaaaaa", "tracked");
    sandbox.git("repo", ["add", "-f", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "odd names"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.shroud("clone", ["unlock", "../team.key"]).says("opened 2 files");
    sandbox.shroud("clone", ["lock"]).says("sealed 2 files");
    sandbox.shroud("clone", ["unlock", "../team.key"]);
    assert_eq!(sandbox.read("clone/secrets/db.env"), SECRETS[0].1.as_bytes());
    assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "");
}

#[test]
fn a_token_in_the_place_of_a_file_is_not_repeated() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let text = String::from_utf8(sandbox.read("team.key")).unwrap();
    let token = text.split_whitespace().last().unwrap();
    for arguments in [&["unlock", token][..], &["track", "--key", token, "x"]] {
        let done = sandbox.try_shroud("repo", arguments).expect(2);
        assert!(!contains(done.stderr.as_bytes(), &token.as_bytes()[20..40]), "{}", done.stderr);
    }
    let done =
        sandbox.try_shroud_with(("GIT_SHROUD_KEYRING", token), "repo", &["status"]).expect(2);
    assert!(!contains(done.stderr.as_bytes(), &token.as_bytes()[20..40]), "{}", done.stderr);
}

/// Escapes, bidirectional marks, what nobody sees, and a line that looks like one of the program's own.
const EVIL: &str =
    "e\x1b]0;t\x07\u{9b}31m\u{202e}\u{206a}\u{ad}\u{180e}\u{e0041}\ngit-shroud: all is well";

/// Panics where output would act on a terminal, or holds a line that a file's name wrote.
#[track_caller]
fn assert_harmless(what: &str, output: &[u8]) {
    let text = String::from_utf8_lossy(output);
    let acts = |c: char| git_shroud::sanitise::acts(c) && c != '\n' && c != '\t';
    assert!(!text.contains(acts), "{what}: {text:?}");
    assert!(
        !text.lines().any(|line| line.starts_with("git-shroud: all is well")),
        "{what}: {text}"
    );
}

#[test]
fn nothing_that_a_repository_names_reaches_the_terminal_raw() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let evil = format!("secrets/{EVIL}");
    sandbox.write(format!("repo/{evil}/x.env"), "PASSWORD=hunter2hunter2\n");
    sandbox.write(format!("repo/{evil}/plain"), "aws_secret = \"Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6\"\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.stage_raw("repo", &format!("{evil}/raw"), b"in the clear");
    fs::create_dir_all(sandbox.path(format!("repo/{EVIL}"))).unwrap();
    symlink("../README", sandbox.path(format!("repo/{EVIL}/.gitattributes"))).unwrap();
    symlink(EVIL, sandbox.path("repo/link")).unwrap();
    sandbox.git("repo", ["add", "link"]);
    sandbox.git("repo", ["commit", "-q", "--no-verify", "-m", EVIL]);
    sandbox.git("repo", ["tag", "-m", EVIL, "v1"]);
    let toml = String::from_utf8(sandbox.read("repo/.shroud/default/key.toml")).unwrap();
    sandbox.write("repo/.shroud/other/key.toml", format!("{toml}\"\\u001b[31m\\nx\\u202e\" = 1\n"));
    sandbox.write("repo/.shroud/scan.toml", "[[\"\\u001b[31m\\nx\\u202e\"]]\na = 1\n");
    sandbox.write(format!("repo/.shroud/default/members/{EVIL}.toml"), "x");
    sandbox.write(format!("{EVIL}.key"), "no key");
    let (key, raw) = (format!("../{EVIL}.key"), format!("{evil}/raw"));
    let no_such = format!("no-such-{EVIL}");
    let lines: [&[&str]; 41] = [
        &["-C", EVIL, "track", "*.pem"],
        &["-C", &no_such, "status"],
        &["track"],
        &["track", &evil],
        &["track", &no_such],
        &["untrack", &no_such],
        &["status"],
        &["status", "-v"],
        &["status", "--json"],
        &["status", &no_such],
        &["check"],
        &["check", "--json"],
        &["check", "--all"],
        &["why", &raw],
        &["why", &no_such],
        &["doctor"],
        &["doctor", "--json"],
        &["cat", &raw],
        &["cat", &no_such],
        &["edit", &raw],
        &["edit", &no_such],
        &["diff", "--masked", &raw],
        &["unlock", &key],
        &["unlock", &no_such],
        &["unlock", "-i", &key],
        &["key", "export", "-o", &key],
        &["key", "export", "--verify", &key],
        &["key", "combine", &key, "-o", &no_such],
        &["key", "list"],
        &["member", "list"],
        &["member", "add", &no_such],
        &["member", "add", &key],
        &["member", "remove", EVIL],
        &["scan"],
        &["scan", "--worktree"],
        &["scan", "--json"],
        &["scan", &no_such],
        &["config", "check", &no_such],
        &[EVIL],
        &["status", "--color", EVIL],
        &["lock", &no_such],
    ];
    for toml in ["keep", "without"] {
        for line in lines {
            let done = sandbox.try_shroud("repo", line);
            assert_harmless(&format!("{line:?}"), &done.stdout);
            assert_harmless(&format!("{line:?}"), done.stderr.as_bytes());
            assert_ne!(done.status, 101, "{line:?}: {}", done.stderr);
        }
        // What stops every command has been shown; now what they say without it.
        if toml == "keep" {
            fs::remove_dir_all(sandbox.path("repo/.shroud/other")).unwrap();
            fs::remove_file(sandbox.path("repo/.shroud/scan.toml")).unwrap();
        }
    }
    let textconv = std::path::Path::new(env!("CARGO_BIN_EXE_git-shroud-textconv"));
    let mut command = sandbox.command(textconv, "repo");
    command.arg(&no_such);
    assert_harmless("textconv", sandbox.run(command).expect(2).stderr.as_bytes());
}

#[test]
fn json_with_odd_names_stays_json() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let name = "secrets/a\u{202e}\u{e0041}\u{7f}b";
    sandbox.write(format!("repo/{name}"), "x");
    sandbox.git("repo", ["add", "."]);
    let json = sandbox.shroud("repo", ["status", "--json"]).json();
    let files = json["files"].as_array().unwrap();
    assert!(files.iter().any(|file| file["path"] == name), "{json}");
}

/// Windows takes such a folder for git's own, and git checks the path out nowhere.
#[test]
fn a_path_that_windows_takes_for_gits_own_is_not_written_to() {
    let sandbox = crate::common::sealed();
    let id = sandbox.git("repo", ["rev-parse", "HEAD:secrets/db.env"]).text();
    let blob = sandbox.blob("repo", "HEAD:secrets/db.env");
    sandbox.shroud("repo", ["lock"]);
    for path in ["secrets/git~1/x", "secrets/.git./x", "secrets/.git::$INDEX_ALLOCATION/x"] {
        let entry = format!("100644,{},{path}", id.trim_end());
        let unprotected = ["-c", "core.protectNTFS=false", "-c", "core.protectHFS=false"];
        let update = ["update-index", "--add", "--cacheinfo", &entry];
        sandbox.git("repo", unprotected.iter().chain(&update));
        sandbox.write(format!("repo/{path}"), &blob);
    }
    sandbox.try_shroud("repo", ["unlock", "../team.key"]);
    assert_eq!(sandbox.read("repo/secrets/db.env"), b"PASSWORD=canary-db\n");
    assert_eq!(sandbox.read("repo/secrets/git~1/x"), blob);
    assert_eq!(sandbox.read("repo/secrets/.git./x"), blob);
}
