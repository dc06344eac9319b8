//! What a later version wrote: this one says so in one sentence, and changes nothing of it.

use crate::common::{Done, Sandbox, contains};

const SENTENCE: &str = "a newer git-shroud wrote this";
const REMEDY: &str = "upgrade git-shroud, from ";

#[track_caller]
fn assert_told(done: &Done, what: &str) {
    let said = format!("{}{}", done.text(), done.stderr);
    assert!(said.contains(SENTENCE) && said.contains(REMEDY), "{what}: {said}");
    assert!(!said.contains("panicked"), "{what}: {said}");
}

/// A repository with a member and a file by value.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["ann"]);
    sandbox.shroud("repo", ["track", "-q", "--values", "/app.env"]);
    sandbox.write("repo/app.env", "PASSWORD=canary-value\nPORT=80\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "by value"]);
    sandbox
}

fn raise(text: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(text.to_vec()).unwrap();
    assert!(text.contains(from), "{from}: {text}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn a_sealed_file() {
    let sandbox = repository();
    let mut blob = sandbox.blob("repo", "HEAD:secrets/db.env");
    blob[7] = 4;
    sandbox.stage_raw("repo", "secrets/db.env", &blob);
    sandbox.git("repo", ["commit", "-q", "-m", "newer"]);
    let staged = sandbox.git("repo", ["ls-files", "--stage", "secrets/db.env"]).text();
    let shroud = |args: &[&str]| sandbox.try_shroud("repo", args);
    for args in [
        &["cat", "HEAD:secrets/db.env"][..],
        &["status", "secrets/db.env"],
        &["status", "--fix"],
        &["check", "--all"],
        &["key", "rotate"],
        &["diff", "--masked", "HEAD~1", "HEAD"],
    ] {
        let done = shroud(args);
        assert_told(&done, &format!("{args:?}"));
        assert_ne!(done.status, 0, "{args:?}");
        assert!(!done.text().contains("damaged"), "{args:?}: {}", done.text());
        assert!(!done.text().contains("canary"), "{args:?}");
    }
    assert!(
        shroud(&["status"]).text().lines().any(|line| line.starts_with("newer ")),
        "it is not damaged"
    );
    sandbox.sh("repo", "rm secrets/db.env");
    let checkout = sandbox.try_git("repo", ["checkout", "--", "secrets/db.env"]);
    assert_told(&checkout, "checkout");
    // Its bytes, in the worktree, are stored as they are or not at all.
    sandbox.write("repo/secrets/db.env", &blob);
    let add = sandbox.try_git("repo", ["add", "secrets/db.env"]);
    if add.status != 0 {
        assert_told(&add, "add");
    }
    assert_eq!(sandbox.git("repo", ["ls-files", "--stage", "secrets/db.env"]).text(), staged);
    let lock = shroud(&["lock"]);
    assert!(!lock.stderr.contains("damaged"), "{}", lock.stderr);
    assert_eq!(sandbox.read("repo/secrets/db.env"), blob);
    assert_told(&shroud(&["unlock", "../team.key"]), "unlock");
}

#[test]
fn a_sealed_value() {
    let sandbox = repository();
    let blob = raise(&sandbox.blob("repo", "HEAD:app.env"), "shroud.v1.", "shroud.v2.");
    sandbox.stage_raw("repo", "app.env", &blob);
    sandbox.git("repo", ["commit", "-q", "-m", "newer"]);
    let staged = sandbox.git("repo", ["ls-files", "--stage", "app.env"]).text();
    for args in [
        &["cat", "HEAD:app.env"][..],
        &["status", "app.env"],
        &["check", "--all"],
        &["key", "rotate"],
        &["diff", "--masked", "HEAD~1", "HEAD"],
    ] {
        let done = sandbox.try_shroud("repo", args);
        assert_told(&done, &format!("{args:?}"));
        assert_ne!(done.status, 0, "{args:?}");
        assert!(!done.text().contains("damaged"), "{args:?}: {}", done.text());
    }
    assert!(
        sandbox
            .try_shroud("repo", ["status"])
            .text()
            .lines()
            .any(|line| line.starts_with("newer ")),
        "it is not damaged"
    );
    // As it is in the repository it is left, and nobody calls it plaintext.
    sandbox.sh("repo", "rm app.env");
    let checkout = sandbox.try_git("repo", ["checkout", "--", "app.env"]).expect(0);
    assert_told(&checkout, "checkout");
    assert_eq!(sandbox.read("repo/app.env"), blob);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    let unlock = sandbox.try_shroud("repo", ["unlock", "../team.key"]);
    assert_told(&unlock, "unlock");
    assert!(!unlock.stderr.contains("plaintext"), "{}", unlock.stderr);
    sandbox.shroud("repo", ["lock"]);
    sandbox.try_shroud("repo", ["unlock", "../team.key"]);
    assert_eq!(sandbox.read("repo/app.env"), blob);
    // Else the token would be sealed as a value, and what is in it lost to everybody but its writer.
    sandbox.write("repo/app.env", &blob);
    assert_told(&sandbox.try_git("repo", ["add", "app.env"]).expect(0), "add");
    let other = raise(&blob, "PORT=shroud.v1.", "PORT=shroud.v12.");
    sandbox.write("repo/app.env", other);
    assert_told(&sandbox.try_git("repo", ["add", "app.env"]).expect(128), "add of others");
    assert_eq!(sandbox.git("repo", ["ls-files", "--stage", "app.env"]).text(), staged);
    // Only what begins as a token is one.
    sandbox.write("repo/app.env", "PASSWORD=shroud.vx.1\nPORT=shroud.v0.1\n");
    sandbox.git("repo", ["add", "app.env"]);
}

#[test]
fn attributes() {
    let sandbox = repository();
    let lines = sandbox.read("repo/.gitattributes");
    sandbox.write("repo/.gitattributes", [&lines[..], b"app.env shroud-by=later\n"].concat());
    sandbox.write("repo/app.env", "PASSWORD=canary-other\n");
    for done in
        [sandbox.try_git("repo", ["add", "app.env"]), sandbox.try_shroud("repo", ["status"])]
    {
        let said = format!("{}{}", done.text(), done.stderr);
        assert!(said.contains("shroud-by=later") && said.contains(REMEDY), "{said}");
        assert_ne!(done.status, 0);
    }
    sandbox.assert_no_object_holds("repo", b"canary");
}

#[test]
fn descriptions_of_keys_and_members() {
    for file in ["key.toml", "members/ann.toml"] {
        let sandbox = repository();
        let path = format!(".shroud/default/{file}");
        // A later version has more in it.
        let text =
            raise(&sandbox.read(format!("repo/{path}")), "version = 1", "version = 2\nmore = [1]");
        sandbox.write(format!("repo/{path}"), &text);
        sandbox.git("repo", ["commit", "-q", "-a", "-m", "newer"]);
        let identity = sandbox.path("ann.age");
        for args in [
            &["member", "list"][..],
            &["key", "rotate"],
            &["member", "remove", "ann"],
            &["check", "--all"],
            &["doctor"],
        ] {
            let done = sandbox.try_shroud("repo", args);
            assert_told(&done, &format!("{file} {args:?}"));
            let is_check = args[0] == "check";
            assert!(!is_check || done.text().contains("newer "), "{}", done.text());
            assert_ne!(done.status, 0, "{file} {args:?}");
        }
        sandbox.git(".", ["clone", "-q", "repo", "clone"]);
        let unlock = sandbox.try_shroud("clone", ["unlock", "-i", identity.to_str().unwrap()]);
        assert_ne!(unlock.status, 0, "{file}");
        assert_told(&unlock, &format!("{file} unlock"));
        // With the key at hand, sealing goes on as the attributes say.
        sandbox.write("repo/secrets/new.env", "PASSWORD=canary-new\n");
        let add = sandbox.try_git("repo", ["add", "secrets/new.env"]);
        if add.status != 0 {
            assert_told(&add, &format!("{file} add"));
        }
        sandbox.assert_no_object_holds("repo", b"canary");
        assert_eq!(sandbox.read(format!("repo/{path}")), text);
    }
}

#[test]
fn keyrings_and_key_files() {
    let sandbox = repository();
    let keyring = raise(&sandbox.read("repo/.git/git-shroud/keyring"), "keyring v1", "keyring v2");
    sandbox.write("repo/.git/git-shroud/keyring", &keyring);
    let commands: [&[&str]; 7] = [
        &["status"],
        &["key", "list"],
        &["cat", "HEAD:secrets/db.env"],
        &["lock"],
        &["unlock", "../team.key"],
        &["key", "rotate"],
        &["member", "list"],
    ];
    for args in commands {
        let done = sandbox.try_shroud("repo", args);
        assert_told(&done, &format!("{args:?}"));
        assert_ne!(done.status, 0, "{args:?}");
        assert!(!done.text().contains("damaged"), "{args:?}: {}", done.text());
    }
    sandbox.write("repo/secrets/db.env", "PASSWORD=canary-two\n");
    assert_told(&sandbox.try_git("repo", ["add", "secrets/db.env"]).expect(128), "add");
    assert_eq!(sandbox.read("repo/.git/git-shroud/keyring"), keyring);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.write("newer.key", &keyring);
    let mut share = b"git-shroud-share v2\n".to_vec();
    share.extend_from_slice(b"key default\n");
    sandbox.write("newer.share", &share);
    sandbox.write("newer.words", "git-shroud-words v2\nkey default\n\n1. abandon\n");
    for (file, args) in [
        ("newer.key", &["unlock"][..]),
        ("newer.key", &["key", "import"]),
        ("newer.words", &["key", "import"]),
        ("newer.share", &["key", "import"]),
        ("newer.share", &["key", "combine"]),
    ] {
        let path = sandbox.path(file);
        let done = sandbox.try_shroud("clone", [args, &[path.to_str().unwrap()]].concat());
        assert_told(&done, &format!("{args:?} {file}"));
        assert_ne!(done.status, 0, "{file}");
    }
    let text = String::from_utf8(keyring).unwrap();
    let variable = ("GIT_SHROUD_KEY", text.as_str());
    let done = sandbox.try_shroud_with(variable, "clone", &["cat", "HEAD:secrets/db.env"]);
    assert_told(&done, "GIT_SHROUD_KEY");
    assert!(!contains(done.stderr.as_bytes(), b"GIT-SHROUD-KEY-1"));
}

#[test]
fn journals() {
    let sandbox = repository();
    let folder = "repo/.git/git-shroud";
    sandbox.write(format!("{folder}/rotation/journal.toml"), "version = 2\nmore = 1\n");
    for option in ["--continue", "--abort"] {
        let done = sandbox.try_shroud("repo", ["key", "rotate", option]);
        assert_told(&done, option);
        assert_ne!(done.status, 0);
    }
    sandbox.try_shroud("repo", ["key", "rotate"]);
    assert_eq!(sandbox.read(format!("{folder}/rotation/journal.toml")), b"version = 2\nmore = 1\n");
    sandbox.sh("repo", "rm -r .git/git-shroud/rotation");
    let record = b"{\"version\": 2, \"state\": \"later\"}";
    sandbox.write(format!("{folder}/scrub/1/record.json"), record);
    sandbox.write("values", "canary-nowhere-at-all\n");
    for args in [&["--continue"][..], &["--undo"], &["--finish"], &["--value-file", "../values"]] {
        let done = sandbox.try_shroud("repo", [&["scrub"], args].concat());
        assert_told(&done, &format!("scrub {args:?}"));
        assert_ne!(done.status, 0);
    }
    assert_eq!(sandbox.read(format!("{folder}/scrub/1/record.json")), record);
    sandbox.sh("repo", "rm -r .git/git-shroud/scrub");
    sandbox.write(format!("{folder}/migration"), "version = 2\nmore = 1\n");
    for args in [&["migrate", "git-crypt"][..], &["migrate", "git-crypt", "--dry-run"]] {
        let done = sandbox.try_shroud("repo", args);
        assert_told(&done, &format!("{args:?}"));
        assert_ne!(done.status, 0);
    }
    assert_eq!(sandbox.read(format!("{folder}/migration")), b"version = 2\nmore = 1\n");
}

#[test]
fn a_cache_is_made_anew_and_nothing_is_said() {
    let sandbox = repository();
    sandbox.write("repo/leak.txt", "token = \"ghp_abcdefghijklmnopqrstuvwxyz0123456789\"\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "leak"]);
    let scan = || sandbox.try_shroud("repo", ["scan"]);
    let first = scan();
    let path = "repo/.git/git-shroud/scan-cache";
    let cache = sandbox.read(path);
    for number in ["2", "4", "12"] {
        let head = format!("git-shroud scan-cache {number}\n");
        sandbox.write(path, [head.as_bytes(), b"anything"].concat());
        let next = scan();
        assert_eq!(
            (next.text(), next.stderr, next.status),
            (first.text(), first.stderr.clone(), first.status)
        );
        assert_eq!(sandbox.read(path), cache, "{number}");
    }
}
