//! Opening a clone and closing it again: from where keys come, and what is never touched.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::common::{SECRETS, Sandbox, contains, is_sealed};

fn cloned() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    sandbox
}

#[track_caller]
fn assert_open(sandbox: &Sandbox, dir: &str) {
    for (path, content) in SECRETS {
        assert_eq!(sandbox.read(format!("{dir}/{path}")), content.as_bytes(), "{path}");
    }
    assert_eq!(sandbox.git(dir, ["status", "--porcelain"]).text(), "");
}

/// Every file of the clone with its content, but for what says that git is to use this program.
fn but_for_drivers(sandbox: &Sandbox) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = sandbox.snapshot("clone");
    for file in ["config", "info/attributes", "info/exclude"] {
        files.remove(&sandbox.path("clone/.git").join(file));
    }
    files
}

#[test]
fn keys_come_from_a_file_standard_input_or_the_environment() {
    let sandbox = cloned();
    let file = String::from_utf8(sandbox.read("team.key")).unwrap();
    let token = file.split_whitespace().last().unwrap();
    let variables = [
        ("GIT_SHROUD_KEYRING", "../team.key"),
        ("GIT_SHROUD_KEY", &file),
        ("GIT_SHROUD_KEY", token),
    ];
    for (nth, variable) in variables.into_iter().enumerate() {
        let dir = format!("clone{nth}");
        sandbox.git(".", ["clone", "-q", "repo", &dir]);
        sandbox.try_shroud_with(variable, &dir, &["unlock"]).expect(0).says("opened 2 files");
        assert_open(&sandbox, &dir);
        assert_eq!(sandbox.read(format!("{dir}/.git/git-shroud/keyring")), file.as_bytes());
    }
    let mut stdin = sandbox.command("git-shroud", "clone");
    stdin.args(["unlock", "-"]);
    sandbox
        .run_with_input(stdin, file.as_bytes())
        .expect(0)
        .says("took key 'default' generation 1");
    assert_open(&sandbox, "clone");
}

#[test]
fn without_a_key_unlock_says_where_to_get_one_and_changes_nothing() {
    let sandbox = cloned();
    let before = but_for_drivers(&sandbox);
    sandbox
        .try_shroud("clone", ["unlock"])
        .expect(2)
        .says("keys of this repository: default")
        .says("git shroud key export");
    sandbox.try_shroud("clone", ["unlock", "../none.key"]).expect(2).says("none.key");
    sandbox
        .try_shroud_with(("GIT_SHROUD_KEYRING", "../none.key"), "clone", &["unlock"])
        .expect(2)
        .says("none.key");
    assert_eq!(but_for_drivers(&sandbox), before);
}

#[test]
fn the_key_of_another_repository_is_refused_and_nothing_is_changed() {
    let sandbox = cloned();
    sandbox.foreign_key();
    let before = but_for_drivers(&sandbox);
    for command in [["unlock", "../other.key"].as_slice(), &["key", "import", "../other.key"]] {
        sandbox
            .try_shroud("clone", command)
            .expect(2)
            .says("does not belong here")
            .says("nothing was changed");
    }
    assert_eq!(but_for_drivers(&sandbox), before);
}

#[test]
fn a_different_key_under_the_same_name_is_never_overwritten() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.foreign_key();
    let before = sandbox.snapshot("repo");
    for command in [["unlock", "../other.key"].as_slice(), &["key", "import", "../other.key"]] {
        sandbox
            .try_shroud("repo", command)
            .expect(2)
            .says("another key is held as 'default' generation 1");
    }
    assert_eq!(sandbox.snapshot("repo"), before);
}

#[test]
fn a_damaged_key_file_is_named_by_line_and_never_shown() {
    let sandbox = cloned();
    let good = String::from_utf8(sandbox.read("team.key")).unwrap();
    let token = good.split_whitespace().last().unwrap();
    let last = if token.ends_with('Q') { "P" } else { "Q" };
    let broken = format!("{}{last}", &token[..token.len() - 1]);
    let before = but_for_drivers(&sandbox);
    for (text, line) in [
        (format!("# mine\ngit-shroud-keyring v1\ndefault 1 {broken}\n"), "line 3"),
        (format!("git-shroud-keyring v1\n{token}\n"), "line 2"),
        (format!("git-shroud-keyring v1\ndefault 1 {token}\ndefault 1 {token}\n"), "line 3"),
        (format!("git-shroud-keyring v9\ndefault 1 {token}\n"), "version 9"),
        (broken.clone(), "line 1"),
    ] {
        sandbox.write("bad.key", &text);
        let done = sandbox
            .try_shroud("clone", ["unlock", "../bad.key"])
            .expect(2)
            .says("bad.key")
            .says(line);
        assert!(!done.stderr.contains(&token[20..40]), "{}", done.stderr);
        sandbox
            .try_shroud_with(("GIT_SHROUD_KEY", &text), "clone", &["unlock"])
            .expect(2)
            .says("GIT_SHROUD_KEY")
            .says(line);
    }
    sandbox.write("bad.key", "");
    sandbox.try_shroud("clone", ["unlock", "../bad.key"]).expect(2).says("holds no key");
    assert_eq!(but_for_drivers(&sandbox), before);
}

#[test]
fn local_changes_stay_as_they_are() {
    let sandbox = cloned();
    sandbox.write("clone/secrets/db.env", "my edit");
    sandbox.write("clone/README", "my readme");
    sandbox.write("clone/untracked", "mine");
    std::fs::remove_file(sandbox.path("clone/secrets/empty")).unwrap();
    sandbox
        .shroud("clone", ["unlock", "../team.key"])
        .says("opened 1 file")
        .says("left 1 file with local changes");
    assert_eq!(sandbox.read("clone/secrets/db.env"), b"my edit");
    assert_eq!(sandbox.read("clone/README"), b"my readme");
    assert_eq!(sandbox.read("clone/secrets/deep/er/tls.key"), SECRETS[1].1.as_bytes());
    assert_eq!(
        sandbox.git("clone", ["status", "--porcelain"]).text(),
        " M README\n M secrets/db.env\n D secrets/empty\n?? untracked\n"
    );
}

#[test]
fn a_second_unlock_finishes_one_that_was_cut_off() {
    let sandbox = cloned();
    sandbox.shroud("clone", ["key", "import", "-q", "../team.key"]);
    // One file came through, another was being written, and the index knows of neither.
    sandbox.write("clone/secrets/db.env", SECRETS[0].1);
    sandbox.write("clone/.git-shroud-tmp-0123456789abcdef", "canary-tls\r\nsec");
    sandbox.shroud("clone", ["unlock"]).says("opened 1 file");
    assert!(!sandbox.path("clone/.git-shroud-tmp-0123456789abcdef").exists());
    assert_open(&sandbox, "clone");
}

#[test]
fn unlock_twice_is_harmless_and_says_so() {
    let sandbox = cloned();
    sandbox.shroud("clone", ["unlock", "../team.key"]);
    sandbox.shroud("clone", ["unlock", "../team.key"]).says("held already");
    assert_open(&sandbox, "clone");
}

#[test]
fn unlock_waits_for_no_other_git_and_changes_nothing_meanwhile() {
    let sandbox = cloned();
    sandbox.write("clone/.git/index.lock", "");
    sandbox.try_shroud("clone", ["unlock", "../team.key"]).expect(2).says("index.lock");
    assert!(is_sealed(&sandbox.read("clone/secrets/db.env")));
    std::fs::remove_file(sandbox.path("clone/.git/index.lock")).unwrap();
    sandbox.shroud("clone", ["unlock"]);
    assert_open(&sandbox, "clone");
}

#[test]
fn a_damaged_file_is_left_named_and_counted_as_incomplete() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let mut sealed = sandbox.blob("repo", "HEAD:secrets/db.env");
    sealed[100] ^= 1;
    sandbox.stage_raw("repo", "secrets/db.env", &sealed);
    sandbox.git("repo", ["commit", "-q", "-m", "damaged"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.try_shroud("clone", ["unlock", "../team.key"]).expect(3).says("secrets/db.env: ");
    assert_eq!(sandbox.read("clone/secrets/db.env"), sealed);
    assert_eq!(sandbox.read("clone/secrets/deep/er/tls.key"), SECRETS[1].1.as_bytes());
}

#[test]
fn lock_refuses_changed_files_and_does_nothing() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.write("repo/secrets/db.env", "not added");
    let before = sandbox.snapshot("repo");
    sandbox
        .try_shroud("repo", ["lock"])
        .expect(1)
        .says("secrets/db.env; nothing was done")
        .says("--force");
    assert_eq!(sandbox.snapshot("repo"), before);
}

#[test]
fn lock_by_force_seals_changes_and_unlock_brings_them_back() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.write("repo/secrets/db.env", "canary, not added");
    sandbox.shroud("repo", ["lock", "--force"]).says("removed 1 key");
    let sealed = sandbox.read("repo/secrets/db.env");
    assert!(is_sealed(&sealed) && !contains(&sealed, b"canary"));
    assert!(!sandbox.path("repo/.git/git-shroud/keyring").exists());
    sandbox.shroud("repo", ["unlock", "../team.key"]).says("opened 2 files");
    assert_eq!(sandbox.read("repo/secrets/db.env"), b"canary, not added");
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), " M secrets/db.env\n");
}

#[test]
fn lock_keeps_what_is_staged() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.write("repo/secrets/db.env", "staged");
    sandbox.git("repo", ["add", "."]);
    sandbox.shroud("repo", ["lock"]);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "M  secrets/db.env\n");
    sandbox.shroud("repo", ["unlock", "../team.key"]);
    assert_eq!(sandbox.read("repo/secrets/db.env"), b"staged");
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "M  secrets/db.env\n");
}

#[test]
fn lock_gives_up_one_key_and_keeps_the_others() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    sandbox.shroud("repo", ["track", "-q", "--key", "prod", "prod/**"]);
    sandbox.write("repo/prod/db.env", "canary-prod");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "prod"]);
    sandbox.shroud("repo", ["key", "export", "-q", "-o", "../both.key"]);
    sandbox.try_shroud("repo", ["lock", "--key", "dev"]).expect(2).says("keys held: default, prod");
    sandbox
        .shroud("repo", ["lock", "--key", "prod"])
        .says("sealed 1 file")
        .says("removed 1 key from this clone: prod");
    assert!(is_sealed(&sandbox.read("repo/prod/db.env")));
    assert_open(&sandbox, "repo");
    sandbox.write("repo/prod/new.env", "canary-prod-new");
    sandbox.try_git("repo", ["add", "."]).expect(128).says("the key 'prod' is not held here");
    sandbox.assert_no_object_holds("repo", b"canary-prod");
    std::fs::remove_file(sandbox.path("repo/prod/new.env")).unwrap();
    sandbox.shroud("repo", ["unlock", "../both.key"]).says("took key 'prod'").says("opened 1 file");
    assert_eq!(sandbox.read("repo/prod/db.env"), b"canary-prod");
}

#[test]
fn lock_clears_what_git_keeps_in_the_clear() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.write("repo/.git/rr-cache/0123/preimage", "canary");
    sandbox.git("repo", ["update-ref", "refs/notes/textconv/shroud", "HEAD"]);
    sandbox.git("repo", ["update-ref", "refs/notes/commits", "HEAD"]);
    sandbox.shroud("repo", ["lock"]).says("plaintext in notes");
    assert!(!sandbox.path("repo/.git/rr-cache").exists());
    let notes = sandbox.git("repo", ["for-each-ref", "--format=%(refname)", "refs/notes"]).text();
    assert_eq!(notes, "refs/notes/commits\n");
}

#[test]
fn lock_warns_of_files_that_were_never_added() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.write("repo/secrets/new", "mine");
    sandbox.write("repo/other", "mine");
    let done = sandbox
        .shroud("repo", ["lock"])
        .says("secrets/new is not tracked by git and stays plaintext");
    assert!(!done.stderr.contains("other"), "{}", done.stderr);
    assert_eq!(sandbox.read("repo/secrets/new"), b"mine");
    sandbox.shroud("repo", ["lock"]).says("locked already");
}

#[test]
fn lock_refuses_a_conflict_in_a_sealed_file() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let commit = |text: &str| {
        sandbox.write("repo/secrets/db.env", text);
        sandbox.git("repo", ["commit", "-q", "-am", text]);
    };
    sandbox.git("repo", ["checkout", "-q", "-b", "topic"]);
    commit("theirs");
    sandbox.git("repo", ["checkout", "-q", "main"]);
    commit("ours");
    sandbox.try_git("repo", ["merge", "-q", "topic"]).expect(1);
    let before = sandbox.snapshot("repo");
    sandbox.try_shroud("repo", ["lock"]).expect(1).says("secrets/db.env");
    assert_eq!(sandbox.snapshot("repo"), before);
}

#[test]
fn lock_tells_of_a_file_that_is_only_intended_to_be_added() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.write("repo/secrets/new", "mine");
    sandbox.git("repo", ["add", "-N", "secrets/new"]);
    assert!(sandbox.try_shroud("repo", ["lock"]).stderr.contains("secrets/new"));
}

#[test]
fn lock_tells_of_a_file_that_is_sealed_and_no_longer_tracked() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.shroud("repo", ["untrack", "-q", "secrets/**"]);
    let done = sandbox.try_shroud("repo", ["lock"]);
    let is_told = done.stderr.contains("secrets/db.env");
    assert!(is_told || is_sealed(&sandbox.read("repo/secrets/db.env")), "{}", done.stderr);
}

#[test]
fn lock_closes_what_a_key_of_the_environment_opened() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.shroud("repo", ["lock", "-q"]);
    std::fs::remove_file(sandbox.path("repo/secrets/db.env")).unwrap();
    let key = sandbox.path("team.key");
    let mut checkout = sandbox.command("git", "repo");
    checkout.args(["checkout", "-q", "."]).env("GIT_SHROUD_KEYRING", &key);
    sandbox.run(checkout).expect(0);
    assert_eq!(sandbox.read("repo/secrets/db.env"), SECRETS[0].1.as_bytes());
    sandbox
        .try_shroud_with(("GIT_SHROUD_KEYRING", key.to_str().unwrap()), "repo", &["lock"])
        .expect(0);
    assert!(is_sealed(&sandbox.read("repo/secrets/db.env")));
}

#[test]
fn a_lone_token_gets_the_name_that_the_repository_knows_it_by() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    sandbox.git("repo", ["commit", "-q", "-m", "prod"]);
    let exported = sandbox.shroud("repo", ["key", "export", "--name", "prod"]).text();
    let token = exported.split_whitespace().last().unwrap();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox
        .try_shroud_with(("GIT_SHROUD_KEY", token), "clone", &["unlock"])
        .expect(0)
        .says("took key 'prod' generation 1");
}

/// It is empty in the repository too, whether git has looked at it since or not.
#[test]
fn an_empty_file_that_was_touched_is_no_plaintext() {
    let sandbox = cloned();
    sandbox.shroud("clone", ["unlock", "-q", "../team.key"]);
    sandbox.write("clone/secrets/nothing", "");
    sandbox.git("clone", ["add", "secrets/nothing"]);
    sandbox.git("clone", ["commit", "-q", "-m", "empty"]);
    sandbox.sh("clone", "touch -d 2001-01-01 secrets/nothing");
    let done = sandbox.shroud("clone", ["unlock", "../team.key"]);
    assert!(!done.stderr.contains("plaintext"), "{}", done.stderr);
}
