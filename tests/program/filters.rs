//! The filters through the real git: what it stores, what the worktree shows, and what is refused.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::common::{SECRETS, Sandbox, contains, is_sealed};

fn sealed() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox
}

/// [`sealed`], with a key `prod` for `prod/**`; `team.key` lacks it.
fn with_prod() -> Sandbox {
    let sandbox = sealed();
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    sandbox.shroud("repo", ["track", "-q", "--key", "prod", "prod/**"]);
    sandbox.write("repo/prod/db.env", "canary-prod\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "prod"]);
    sandbox
}

fn porcelain(sandbox: &Sandbox, dir: &str) -> String {
    sandbox.git(dir, ["status", "--porcelain"]).text()
}

#[test]
fn one_shot_drivers_store_the_same_bytes_as_the_process() {
    let sandbox = sealed();
    let by_process = sandbox.git("repo", ["ls-tree", "-r", "HEAD", "secrets"]).text();
    sandbox.git("repo", ["config", "--unset", "filter.shroud.process"]);
    sandbox.git("repo", ["rm", "-q", "--cached", "-r", "secrets"]);
    sandbox.git("repo", ["add", "."]);
    let tree = sandbox.git("repo", ["write-tree"]).text();
    assert_eq!(
        sandbox.git("repo", ["ls-tree", "-r", tree.trim_end(), "secrets"]).text(),
        by_process
    );
    fs::remove_dir_all(sandbox.path("repo/secrets")).unwrap();
    sandbox.git("repo", ["checkout", "--", "secrets"]);
    for (path, content) in SECRETS {
        assert_eq!(sandbox.read(format!("repo/{path}")), content.as_bytes(), "{path}");
    }
    sandbox.shroud("repo", ["lock"]);
    sandbox.write("repo/secrets/new", "canary-new");
    sandbox.try_git("repo", ["add", "."]).expect(128).says("the key 'default' is not held here");
    sandbox.assert_no_object_holds("repo", b"canary");
}

#[test]
fn clean_and_smudge_work_by_hand_outside_a_repository() {
    let sandbox = sealed();
    let run = |name: &str, input: &[u8]| {
        let mut command = sandbox.command("git-shroud", "home");
        command.arg(name).env("GIT_SHROUD_KEYRING", sandbox.path("team.key"));
        sandbox.run_with_input(command, input)
    };
    let cleaned = run("clean", SECRETS[0].1.as_bytes()).expect(0).stdout;
    assert_eq!(cleaned, sandbox.blob("repo", "HEAD:secrets/db.env"));
    assert_eq!(run("clean", &cleaned).expect(0).stdout, cleaned, "never sealed twice");
    assert_eq!(run("smudge", &cleaned).expect(0).text(), SECRETS[0].1);
    let cut = &cleaned[..cleaned.len() - 1];
    assert!(run("smudge", cut).expect(1).stdout.len() < cut.len());
    let locked = sandbox.run_with_input(
        {
            let mut command = sandbox.command("git-shroud", "home");
            command.arg("clean");
            command
        },
        b"plaintext",
    );
    assert!(locked.expect(1).says("refusing to store plaintext").stdout.is_empty());
}

#[test]
fn diffs_show_plaintext_when_unlocked_and_one_line_when_locked() {
    let sandbox = sealed();
    sandbox.write("repo/secrets/db.env", "PASSWORD=changed\n");
    let diff = "-PASSWORD=canary-db\n+PASSWORD=changed\n";
    assert!(sandbox.git("repo", ["diff"]).text().contains(diff));
    sandbox.git("repo", ["commit", "-q", "-am", "changed"]);
    assert!(sandbox.git("repo", ["log", "-p", "-1"]).text().contains(diff));
    assert!(
        sandbox
            .git("repo", ["show", "HEAD:secrets/db.env", "--textconv"])
            .text()
            .contains("PASSWORD=changed")
    );
    sandbox.shroud("repo", ["lock"]);
    let log = sandbox.git("repo", ["log", "-p"]).text();
    assert!(log.contains("+sealed with key default, "), "{log}");
    assert!(!log.contains("canary") && !log.contains("PASSWORD"), "{log}");
    let refs = sandbox.git("repo", ["for-each-ref", "refs/notes"]).text();
    assert_eq!(refs, "", "no plaintext was cached");
}

#[test]
fn a_locked_clone_refuses_new_plaintext_and_works_on_other_files() {
    let sandbox = sealed();
    sandbox.shroud("repo", ["lock"]);
    sandbox.write("repo/secrets/new", "canary-new");
    sandbox.write("repo/secrets/db.env", "canary-overwritten");
    sandbox.write("repo/README", "changed\n");
    sandbox.try_git("repo", ["add", "."]).expect(128);
    sandbox.try_git("repo", ["commit", "-q", "-am", "all"]).expect(128);
    sandbox.try_git("repo", ["stash", "-q", "--", "secrets"]).expect(1);
    sandbox.git("repo", ["commit", "-q", "-m", "readme", "README"]);
    sandbox.assert_no_object_holds("repo", b"canary");
    assert_eq!(sandbox.read("repo/secrets/db.env"), b"canary-overwritten");
}

#[test]
fn a_locked_clone_moves_and_merges_sealed_files_as_they_are() {
    let sandbox = sealed();
    let sealed = sandbox.blob("repo", "HEAD:secrets/db.env");
    sandbox.shroud("repo", ["lock"]);
    sandbox.git("repo", ["mv", "secrets/db.env", "secrets/moved.env"]);
    sandbox.git("repo", ["commit", "-q", "-m", "moved"]);
    sandbox.git("repo", ["checkout", "-q", "HEAD~1"]);
    let done = sandbox.git("repo", ["checkout", "-q", "main"]);
    assert_eq!(
        done.stderr.matches("sealed: the key").count(),
        1,
        "one line a run: {}",
        done.stderr
    );
    assert_eq!(sandbox.blob("repo", "HEAD:secrets/moved.env"), sealed);
    assert_eq!(sandbox.read("repo/secrets/moved.env"), sealed);
    assert_eq!(porcelain(&sandbox, "repo"), "");
}

#[test]
fn a_clone_that_was_never_set_up_trips_over_the_tripwire() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.shroud("repo", ["track", "-q", "secrets/**"]);
    sandbox.shroud("repo", ["key", "export", "-q", "-o", "../team.key"]);
    sandbox.write("repo/secrets/db.env", SECRETS[0].1);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "secrets"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let sealed = sandbox.read("clone/secrets/db.env");
    assert!(is_sealed(&sealed));
    sandbox.write("clone/secrets/new", "canary-new");
    sandbox.write("clone/README", "in the clear");
    for attempt in [["add", "."], ["add", "secrets/new"], ["commit", "-am"]] {
        assert_ne!(sandbox.try_git("clone", attempt).status, 0, "{attempt:?}");
    }
    sandbox.git("clone", ["add", "README"]);
    sandbox.git("clone", ["commit", "-q", "-m", "readme"]);
    sandbox.assert_no_object_holds("clone", b"canary");
    sandbox.shroud("clone", ["unlock", "../team.key"]).says("opened 1 file");
    assert_eq!(sandbox.read("clone/secrets/db.env"), SECRETS[0].1.as_bytes());
    assert_eq!(porcelain(&sandbox, "clone"), "?? secrets/new\n");
    sandbox.git("clone", ["add", "."]);
    assert!(is_sealed(&sandbox.blob("clone", ":secrets/new")));
}

#[test]
fn a_partly_unlocked_clone_works_beside_what_it_cannot_open() {
    let sandbox = with_prod();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.shroud("clone", ["unlock", "../team.key"]).says("left 1 file sealed with key 'prod'");
    let sealed = sandbox.read("clone/prod/db.env");
    assert!(is_sealed(&sealed));
    assert_eq!(porcelain(&sandbox, "clone"), "");
    sandbox.write("clone/secrets/db.env", "canary-changed");
    sandbox.write("clone/prod/new.env", "canary-new");
    sandbox.try_git("clone", ["add", "."]).expect(128).says("the key 'prod' is not held here");
    sandbox.write("clone/prod/db.env", "canary-overwritten");
    sandbox.try_git("clone", ["commit", "-qam", "all"]).expect(128);
    sandbox.git("clone", ["commit", "-q", "-m", "mine", "secrets"]);
    sandbox.git("clone", ["checkout", "-q", "prod/db.env"]);
    assert_eq!(sandbox.read("clone/prod/db.env"), sealed);
    sandbox.assert_no_object_holds("clone", b"canary");
    assert_eq!(sandbox.shroud("clone", ["cat", "HEAD:secrets/db.env"]).text(), "canary-changed");
}

#[test]
fn the_attribute_decides_which_key_seals() {
    let sandbox = with_prod();
    let status = sandbox.shroud("repo", ["status", "--json", "prod", "secrets/db.env"]).json();
    assert_eq!(status["files"][0]["key"], "prod");
    assert_eq!(status["files"][1]["key"], "default");
    sandbox.write("repo/prod/same", SECRETS[0].1);
    sandbox.git("repo", ["add", "."]);
    let id = |name: &str| sandbox.blob("repo", name)[8..24].to_vec();
    assert_eq!(id(":prod/same"), id(":prod/db.env"));
    assert_ne!(id(":prod/same"), id(":secrets/db.env"));
    sandbox.write(
        "repo/.gitattributes",
        "[attr]shroud filter=shroud -text\nx shroud shroud-key=Not/AName\n",
    );
    sandbox.write("repo/x", "canary-x");
    sandbox.try_git("repo", ["add", "x"]).expect(128).says("cannot be the name of a key");
    sandbox.write(
        "repo/.gitattributes",
        "[attr]shroud filter=shroud -text\nx shroud shroud-key=dev\n",
    );
    sandbox.try_git("repo", ["add", "x"]).expect(128).says("the key 'dev' is not held here");
    sandbox.assert_no_object_holds("repo", b"canary-x");
}

#[test]
fn names_may_be_any_bytes() {
    let sandbox = sealed();
    let names: [&[u8]; 7] = [
        b"a b",
        b"q\"uote'",
        b"new\nline",
        b"-dash",
        b"\xff\xfe",
        b"back\\slash",
        "né\u{202e}".as_bytes(),
    ];
    let path = |name: &[u8]| Path::new("secrets").join(OsStr::from_bytes(name));
    for name in names {
        sandbox.write(Path::new("repo").join(path(name)), [b"canary-", name].concat());
    }
    // At the top, a leading dash looks like an option to a careless program.
    sandbox.shroud("repo", ["track", "-q", "--", "-top"]);
    sandbox.write("repo/-top", "canary-top");
    for process in [true, false] {
        if !process {
            sandbox.git("repo", ["config", "--unset", "filter.shroud.process"]);
            sandbox.git("repo", ["rm", "-q", "-r", "--cached", "."]);
        }
        sandbox.git("repo", ["add", "."]);
        sandbox.assert_no_object_holds("repo", b"canary");
        sandbox.git("repo", ["checkout-index", "-q", "-a", "-f"]);
        for name in names {
            assert_eq!(
                sandbox.read(Path::new("repo").join(path(name))),
                [b"canary-", name].concat(),
                "{name:?}"
            );
        }
        assert_eq!(sandbox.read("repo/-top"), b"canary-top");
    }
    sandbox.git("repo", ["commit", "-q", "-m", "names"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.shroud("clone", ["unlock", "../team.key"]);
    for name in names {
        assert_eq!(
            sandbox.read(Path::new("clone").join(path(name))),
            [b"canary-", name].concat(),
            "{name:?}"
        );
    }
    sandbox.shroud("clone", ["lock"]);
    assert_eq!(porcelain(&sandbox, "clone"), "");
}

#[test]
fn short_odd_and_large_contents_survive() {
    let sandbox = sealed();
    let mut contents: Vec<Vec<u8>> = (1..=22).map(|len| vec![b'x'; len]).collect();
    contents.push(b"\0GITCRYPT\0 of another tool".to_vec());
    contents.push(b"\0SHROU".to_vec());
    contents.push(b"\r\n\r\n$Id$\r\n".to_vec());
    contents.push(vec![0; 65_536]);
    contents.extend(
        [65_527, 65_528, 65_529, 3 << 20]
            .map(|len| b"abc\0defg".repeat(len / 8 + 1)[..len].to_vec()),
    );
    for (nth, content) in contents.iter().enumerate() {
        sandbox.write(format!("repo/secrets/{nth}"), content);
    }
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "contents"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.shroud("clone", ["unlock", "../team.key"]);
    for (nth, content) in contents.iter().enumerate() {
        assert!(is_sealed(&sandbox.blob("repo", &format!("HEAD:secrets/{nth}"))), "{nth}");
        assert!(sandbox.read(format!("clone/secrets/{nth}")) == *content, "{nth}");
    }
    assert_eq!(porcelain(&sandbox, "clone"), "");
    sandbox.shroud("clone", ["lock"]).says("sealed 32 files");
    assert_eq!(porcelain(&sandbox, "clone"), "");
}

#[test]
fn plaintext_that_begins_with_our_magic_is_refused_and_kept() {
    let sandbox = sealed();
    let header = &sandbox.blob("repo", "HEAD:secrets/db.env")[..56];
    let damaged = [header, &b"canary".repeat(50)].concat();
    let cut = [b"\0SHROUD\x01".as_slice(), &b"canary".repeat(50)].concat();
    for content in
        [b"\0SHROUD".as_slice(), b"\0SHROUD\x01canary", b"\0SHROUD\x02canary", &cut, &damaged]
    {
        sandbox.write("repo/secrets/odd", content);
        sandbox.try_git("repo", ["add", "."]).expect(128).says("secrets/odd: ");
        assert_eq!(sandbox.read("repo/secrets/odd"), content);
        assert_eq!(sandbox.git("repo", ["ls-files", "secrets/odd"]).text(), "");
    }
    sandbox.assert_no_object_holds("repo", b"canary");
}

#[test]
fn the_executable_bit_and_links_are_kept() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let sandbox = sealed();
    sandbox.write("repo/secrets/run", "#!/bin/sh\n");
    fs::set_permissions(sandbox.path("repo/secrets/run"), fs::Permissions::from_mode(0o755))
        .unwrap();
    symlink("db.env", sandbox.path("repo/secrets/link")).unwrap();
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "modes"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let check = |is_open: bool| {
        assert_ne!(is_sealed(&sandbox.read("clone/secrets/run")), is_open);
        assert_eq!(sandbox.mode("clone/secrets/run") & 0o111, 0o111);
        assert_eq!(sandbox.mode("clone/secrets/db.env") & 0o111, 0);
        assert_eq!(fs::read_link(sandbox.path("clone/secrets/link")).unwrap(), Path::new("db.env"));
        assert_eq!(porcelain(&sandbox, "clone"), "");
    };
    check(false);
    sandbox.shroud("clone", ["unlock", "../team.key"]);
    check(true);
    sandbox.shroud("clone", ["lock"]);
    check(false);
}

#[test]
fn linked_worktrees_share_keys_and_are_opened_and_locked_together() {
    let sandbox = sealed();
    let is_open = |dir: &str| !is_sealed(&sandbox.read(format!("{dir}/secrets/db.env")));
    sandbox.git("repo", ["worktree", "add", "-q", "../while-open"]);
    assert!(is_open("while-open"));
    sandbox.write("while-open/secrets/db.env", "changed");
    sandbox.try_shroud("repo", ["lock"]).expect(1).says("nothing was done");
    assert!(is_open("repo") && is_open("while-open"));
    sandbox.git("while-open", ["checkout", "-q", "."]);
    sandbox.shroud("repo", ["lock"]).says("sealed 4 files");
    assert!(!is_open("repo") && !is_open("while-open"));
    sandbox.git("repo", ["worktree", "add", "-q", "../while-locked"]);
    assert!(!is_open("while-locked"));
    sandbox.shroud("while-locked", ["unlock", "../team.key"]).says("opened 6 files");
    for dir in ["repo", "while-open", "while-locked"] {
        assert!(is_open(dir), "{dir}");
        assert_eq!(porcelain(&sandbox, dir), "");
    }
}

#[test]
fn a_bare_repository_holds_only_sealed_bytes_and_needs_no_set_up() {
    let sandbox = sealed();
    sandbox.git(".", ["init", "-q", "--bare", "-b", "main", "bare.git"]);
    sandbox.git("repo", ["push", "-q", "../bare.git", "main"]);
    sandbox.assert_no_object_holds("bare.git", b"canary");
    sandbox.git("bare.git", ["archive", "-o", "../sealed.tar", "main"]);
    assert!(!contains(&sandbox.read("sealed.tar"), b"canary"));
    sandbox.git(".", ["clone", "-q", "bare.git", "clone"]);
    sandbox.shroud("clone", ["unlock", "../team.key"]).says("opened 2 files");
}
