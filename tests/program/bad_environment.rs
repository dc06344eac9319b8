//! What is wrong around the program: each gets a clear sentence and the right status, and nothing is lost.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::common::{Done, SECRETS, Sandbox, contains, is_sealed, noise};

const SHROUD: &str = env!("CARGO_BIN_EXE_git-shroud");
const DB: &str = "repo/secrets/db.env";

fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox
}

/// Runs a line of the shell.
fn shell(sandbox: &Sandbox, dir: &str, line: &str) -> Done {
    let mut command = sandbox.command("sh", dir);
    command.arg("-c").arg(line);
    sandbox.run(command)
}

/// One sentence and a hint, and no escape sequence.
#[track_caller]
fn assert_clear(done: Done, status: i32, sentence: &str) {
    assert!(!done.stderr.contains('\u{1b}'), "{:?}", done.stderr);
    assert!(!done.stderr.contains("panicked"), "{}", done.stderr);
    assert_eq!(done.stderr.matches("git-shroud: error: ").count(), 1, "{}", done.stderr);
    done.expect(status).says(sentence);
}

const COMMANDS: [&[&str]; 10] = [
    &["init"],
    &["track", "x"],
    &["untrack", "x"],
    &["unlock"],
    &["lock"],
    &["status"],
    &["key", "list"],
    &["cat", "HEAD:secrets/db.env"],
    &["why", "x"],
    &["doctor"],
];

#[test]
fn outside_of_any_repository() {
    let sandbox = Sandbox::new();
    for arguments in COMMANDS {
        assert_clear(sandbox.try_shroud(".", arguments), 2, "this is not a git repository");
    }
    assert_clear(
        sandbox.try_shroud(".", ["-C", "nowhere", "status"]),
        2,
        "there is no directory 'nowhere'",
    );
}

#[test]
fn without_git_or_with_one_too_old() {
    let sandbox = repository();
    sandbox.write("old/git", "#!/bin/sh\necho git version 2.24.0\n");
    fs::set_permissions(sandbox.path("old/git"), PermissionsExt::from_mode(0o755)).unwrap();
    fs::create_dir(sandbox.path("empty")).unwrap();
    for arguments in COMMANDS {
        for (path, sentence) in [
            ("empty", "the program 'git' was not found"),
            ("old", "'git version 2.24.0' is too old"),
        ] {
            let mut command = sandbox.command(SHROUD, "repo");
            command.env("PATH", sandbox.path(path)).args(arguments);
            let done = sandbox.run(command).says("hint: install");
            assert_clear(done, 2, sentence);
        }
    }
}

#[test]
fn a_folder_of_keys_that_cannot_be_written() {
    let sandbox = repository();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let sealed = sandbox.read("clone/secrets/db.env");
    sandbox.write("clone/.git/git-shroud", "");
    assert_clear(sandbox.try_shroud("clone", ["unlock", "../team.key"]), 2, "git-shroud");
    assert_eq!(sandbox.read("clone/secrets/db.env"), sealed);
    fs::remove_file(sandbox.path("clone/.git/git-shroud")).unwrap();
    // git's own lock on the configuration: the key is taken, and the next run goes on from there.
    sandbox.write("clone/.git/config.lock", "");
    assert_clear(
        sandbox.try_shroud("clone", ["unlock", "../team.key"]),
        2,
        "could not lock config file",
    );
    assert_eq!(sandbox.read("clone/secrets/db.env"), sealed);
    fs::remove_file(sandbox.path("clone/.git/config.lock")).unwrap();
    sandbox.shroud("clone", ["unlock", "../team.key"]).says("opened 2 files");

    sandbox.git(".", ["init", "-q", "new"]);
    sandbox.write("new/.git/git-shroud", "");
    assert_clear(sandbox.try_shroud("new", ["init"]), 2, "git-shroud");
    assert!(!sandbox.path("new/.shroud").exists() && !sandbox.path("new/.gitattributes").exists());
}

#[test]
fn a_full_disk_while_files_are_opened() {
    let sandbox = repository();
    let big = noise(3_300_000);
    sandbox.write("repo/secrets/big", &big);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "big"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let sealed = sandbox.read("clone/secrets/big");
    // 1 MiB, in blocks of 512 bytes; the signal ignored, as a full disk sends none.
    let full =
        shell(&sandbox, "clone", "trap '' XFSZ; ulimit -f 2048; git shroud unlock ../team.key");
    assert_clear(full, 3, "secrets/big");
    assert_eq!(sandbox.read("clone/secrets/big"), sealed);
    assert_eq!(sandbox.read("clone/secrets/db.env"), SECRETS[0].1.as_bytes());
    assert_no_leftovers(&sandbox, "clone");
    sandbox.shroud("clone", ["unlock"]).says("opened 1 file");
    assert!(sandbox.read("clone/secrets/big") == big);

    let full = shell(&sandbox, "clone", "trap '' XFSZ; ulimit -f 2048; git shroud lock");
    assert_clear(full, 3, "secrets/big");
    assert!(sandbox.read("clone/secrets/big") == big);
    assert!(sandbox.path("clone/.git/git-shroud/keyring").exists(), "the key is kept");
    assert_no_leftovers(&sandbox, "clone");
    sandbox.shroud("clone", ["unlock"]);
    assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "");
}

#[test]
fn a_disk_too_full_for_keyring_or_index() {
    let sandbox = repository();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let sealed = sandbox.read("clone/secrets/db.env");
    let index = sandbox.read("clone/.git/index");
    let full = "trap '' XFSZ; ulimit -f 0; git shroud unlock ../team.key";
    // The filter is installed before a key is taken, so the configuration is the first that finds no room.
    assert_clear(shell(&sandbox, "clone", full), 2, "configuration");
    assert!(!sandbox.path("clone/.git/git-shroud/keyring").exists());
    assert_eq!(
        (sandbox.read("clone/secrets/db.env"), sandbox.read("clone/.git/index")),
        (sealed, index)
    );
    assert_no_leftovers(&sandbox, "clone");
    sandbox.shroud("clone", ["unlock", "../team.key"]).says("opened 2 files");
    let keyring = sandbox.read("clone/.git/git-shroud/keyring");
    sandbox.try_shroud("clone", ["key", "new", "prod"]).expect(0);
    sandbox.write("clone/.git/git-shroud/keyring", &keyring);
    shell(&sandbox, "clone", "trap '' XFSZ; ulimit -f 0; git shroud key new dev");
    assert_eq!(sandbox.read("clone/.git/git-shroud/keyring"), keyring);
}

#[test]
fn results_that_cannot_be_written_are_a_failure() {
    let sandbox = repository();
    for line in ["cat HEAD:secrets/db.env", "key export", "status --json"] {
        let done = shell(&sandbox, "repo", &format!("git shroud {line} > /dev/full"));
        assert_ne!(done.status, 0, "{line}: {}", done.stderr);
    }
}

#[track_caller]
fn assert_no_leftovers(sandbox: &Sandbox, dir: &str) {
    let is_ours = |entry: std::io::Result<fs::DirEntry>| {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        (name.starts_with(".git-shroud-") || name.ends_with(".lock")).then_some(name)
    };
    for dir in ["", ".git", ".git/git-shroud", ".git/info"].map(|sub| sandbox.path(dir).join(sub)) {
        let Ok(entries) = fs::read_dir(&dir) else { continue };
        let left: Vec<_> = entries.filter_map(is_ours).collect();
        assert!(left.is_empty(), "{}: {left:?}", dir.display());
    }
}

#[test]
fn a_large_file_without_room_for_its_temporary_file() {
    let sandbox = repository();
    let large = b"canary-large ".repeat(800_000);
    sandbox.write("file", "");
    sandbox.write("repo/secrets/large", &large);
    let run = |temporary: &str, arguments: &[&str]| {
        let mut command = sandbox.command(SHROUD, "repo");
        command.env("TMPDIR", sandbox.path(temporary)).args(arguments);
        sandbox.run_with_input(command, &large)
    };
    for temporary in ["file", "no/such"] {
        let done = run(temporary, &["clean", "secrets/large"]).says("TMPDIR");
        assert_eq!(done.stdout, b"");
        assert_clear(done, 1, "secrets/large");
        let mut add = sandbox.command("git", "repo");
        add.env("TMPDIR", sandbox.path(temporary)).args(["add", "secrets/large"]);
        sandbox.run(add).expect(128).says("TMPDIR");
        let small = [("TMPDIR", sandbox.path(temporary))];
        let mut status = sandbox.command(SHROUD, "repo");
        sandbox
            .run({
                status.envs(small).arg("status");
                status
            })
            .expect(0);
    }
    let full = shell(
        &sandbox,
        "repo",
        "trap '' XFSZ; ulimit -f 2048; git shroud clean secrets/large < secrets/large",
    );
    assert_eq!(full.stdout, b"");
    assert_clear(full, 1, "secrets/large");
    sandbox.assert_no_object_holds("repo", b"canary");
    let sealed = run(".", &["clean", "secrets/large"]).expect(0).stdout;
    assert!(is_sealed(&sealed));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let sandbox = repository();
    sandbox.write("repo/secrets/big", b"line of text\n".repeat(100_000));
    sandbox.git("repo", ["add", "."]);
    for command in ["cat :secrets/big", "status", "--help", "man git-shroud", "completions bash"] {
        let line = format!("(git-shroud {command}; echo status $? >&2) | head -c1");
        let done = shell(&sandbox, "repo", &line).expect(0);
        assert!(
            done.stderr.ends_with(
                "status 0
"
            ),
            "{command}: {}",
            done.stderr
        );
        assert!(
            !done.stderr.contains("error") && !done.stderr.contains("panicked"),
            "{}",
            done.stderr
        );
    }
}

#[test]
fn hostile_descriptions_of_keys_are_refused_without_reaching_the_terminal() {
    let good = repository().read("repo/.shroud/default/key.toml");
    let good = String::from_utf8(good).unwrap();
    let escape = "\\u001b[31m\\u0007";
    let hostile: [Vec<u8>; 7] = [
        vec![b'a'; 5 << 20],
        b"version = 1\nname = \"\xff\xfe\"\n".to_vec(),
        b"\x1b]0;title\x07\x1b[2J = 1\n".to_vec(),
        good.replace("\"default\"", &format!("\"{escape}\"")).into(),
        good.replace("key_id = \"", &format!("key_id = \"{escape}")).into(),
        good.replace("version = 1", &format!("\"{escape}\" = 1\nversion = 1")).into(),
        "[".repeat(100_000).into(),
    ];
    for toml in hostile {
        let sandbox = repository();
        sandbox.write("repo/.shroud/default/key.toml", &toml);
        // It goes on with the keys that can be read, and names this one.
        let status = sandbox.try_shroud("repo", ["status"]).expect(1).says("key.toml");
        assert!(!status.stderr.contains('\u{1b}'), "{:?}", status.stderr);
        for arguments in [&["why", "x"][..], &["key", "list"], &["track", "x"]] {
            assert_clear(sandbox.try_shroud("repo", arguments), 2, "key.toml");
        }
        for (arguments, status) in [(&["unlock", "../team.key"][..], 3), (&["key", "rotate"], 2)] {
            assert_clear(sandbox.try_shroud("repo", arguments), status, "key.toml");
        }
        sandbox.try_shroud("repo", ["member", "list"]).expect(1).says("key.toml");
        // Else a clone could be brought to seal with a key that somebody knows.
        sandbox.write(DB, "canary-changed");
        let path = DB.trim_start_matches("repo/");
        let refused = sandbox.try_git("repo", ["add", path]).expect(128).says("key.toml");
        assert!(!refused.stderr.contains('\u{1b}'), "{:?}", refused.stderr);
    }
}

#[test]
fn key_files_that_are_none() {
    let sandbox = repository();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let token = String::from_utf8(sandbox.read("team.key")).unwrap();
    let token = token.split_whitespace().last().unwrap().to_owned();
    let spoilt = token.replacen(&token[20..21], if &token[20..21] == "Q" { "P" } else { "Q" }, 1);
    let escape = "git-shroud-keyring v1\n\u{1b}[31m 1 x\n".to_owned();
    let cases: [(Vec<u8>, &str); 7] = [
        (vec![b'\n'; (1 << 20) + 1], "bad.key"),
        (b"".to_vec(), "bad.key"),
        (b"\xff\xfe".to_vec(), "bad.key"),
        (format!("git-shroud-keyring v1\n\ndefault 1 {spoilt}\n").into(), "line 3"),
        (b"git-shroud-keyring v2\n".to_vec(), "bad.key"),
        (escape.into(), "line 2"),
        (b"\0GITCRYPTKEY\0".to_vec(), "bad.key"),
    ];
    for (text, sentence) in cases {
        sandbox.write("bad.key", &text);
        let done = sandbox.try_shroud("clone", ["unlock", "../bad.key"]);
        assert!(!done.stderr.contains(&spoilt[15..]), "{}", done.stderr);
        assert_clear(done, 2, sentence);
        assert!(!sandbox.path("clone/.git/git-shroud").exists());
    }
    assert_clear(sandbox.try_shroud("clone", ["unlock", "../absent"]), 2, "../absent");
    assert_clear(sandbox.try_shroud("clone", ["unlock", "."]), 2, "directory");
}

#[test]
fn a_corrupted_keyring_is_never_taken_for_none() {
    for spoil in
        [&b"git-shroud-keyring v1\ndefault 1 GIT-SHROUD-KEY-1QQQQ\n"[..], b"", b"\0\0\0\0", b"\xff"]
    {
        let sandbox = repository();
        sandbox.write("repo/.git/git-shroud/keyring", spoil);
        let index = sandbox.read("repo/.git/index");
        for arguments in [
            &["status"][..],
            &["lock"],
            &["unlock"],
            &["init"],
            &["key", "list"],
            &["cat", "HEAD:secrets/db.env"],
        ] {
            assert_clear(sandbox.try_shroud("repo", arguments), 2, "keyring");
        }
        assert_eq!(sandbox.read("repo/.git/git-shroud/keyring"), spoil);
        sandbox.write("repo/secrets/new", "canary-new");
        sandbox.try_git("repo", ["add", "secrets/new"]).expect(128).says("keyring");
        assert_eq!(sandbox.read("repo/.git/index"), index);
        sandbox.assert_no_object_holds("repo", b"canary");
    }
}

#[test]
fn no_trace_holds_a_key() {
    let sandbox = repository();
    let key = String::from_utf8(sandbox.read("team.key")).unwrap();
    let token = key.split_whitespace().last().unwrap();
    assert!(token.starts_with("GIT-SHROUD-KEY-1"));
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let traced = |arguments: &[&str]| {
        let mut command = sandbox.command("git", "clone");
        for name in
            ["GIT_TRACE", "GIT_TRACE_SETUP", "GIT_TRACE2", "GIT_TRACE2_EVENT", "GIT_TRACE_PACKET"]
        {
            command.env(name, "2");
        }
        command.env("GIT_SHROUD_KEY", &key).env("GIT_TRACE2_ENV_VARS", "PATH");
        let done = sandbox.run({
            command.args(arguments);
            command
        });
        assert!(contains(done.stderr.as_bytes(), b"trace: "), "{arguments:?}");
        for part in [token, &token[16..], &token.to_lowercase()[16..]] {
            assert!(!done.stderr.contains(part), "{arguments:?}: {}", done.stderr);
            assert!(!done.text().contains(part), "{arguments:?}: {}", done.text());
        }
    };
    traced(&["shroud", "-v", "unlock"]);
    assert_eq!(sandbox.read("clone/secrets/db.env"), SECRETS[0].1.as_bytes());
    sandbox.write("clone/secrets/new", "new");
    let each: [&[&str]; 8] = [
        &["add", "."],
        &["shroud", "-v", "status"],
        &["shroud", "-v", "doctor"],
        &["shroud", "key", "list"],
        &["shroud", "why", "secrets/new"],
        &["diff", "HEAD"],
        &["commit", "-q", "-m", "new"],
        &["shroud", "-v", "lock"],
    ];
    each.iter().for_each(|arguments| traced(arguments));
    let config = fs::read_to_string(sandbox.path(Path::new("clone/.git/config"))).unwrap();
    assert!(!config.contains(token));
}
