//! Files that are not what the index says: unlock and lock leave them as they are, and harm nothing around them.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::time::{Duration, SystemTime};

use crate::common::{SECRETS, Sandbox, contains, is_sealed};

/// A locked clone.
fn clone() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox
}

#[track_caller]
fn unlock(sandbox: &Sandbox) -> crate::common::Done {
    sandbox.shroud("clone", ["unlock", "../team.key"])
}

const DB: &str = "clone/secrets/db.env";
const TLS: &str = "clone/secrets/deep/er/tls.key";

#[test]
fn deleted_files_stay_deleted() {
    let sandbox = clone();
    fs::remove_file(sandbox.path(DB)).unwrap();
    fs::remove_dir_all(sandbox.path("clone/secrets/deep")).unwrap();
    unlock(&sandbox);
    assert!(!sandbox.path(DB).exists() && !sandbox.path("clone/secrets/deep").exists());
    assert_eq!(
        sandbox.git("clone", ["status", "--porcelain"]).text(),
        " D secrets/db.env\n D secrets/deep/er/tls.key\n"
    );
    sandbox.shroud("clone", ["lock"]);
    assert!(!sandbox.path(DB).exists());
    unlock(&sandbox);
    sandbox.git("clone", ["checkout", "-q", "."]);
    assert_eq!(sandbox.read(DB), SECRETS[0].1.as_bytes());
}

#[test]
fn a_directory_in_place_of_a_file_is_left_and_the_others_are_opened() {
    let sandbox = clone();
    fs::remove_file(sandbox.path(DB)).unwrap();
    sandbox.write("clone/secrets/db.env/inner", "mine");
    fs::remove_dir_all(sandbox.path("clone/secrets/deep")).unwrap();
    sandbox.write("clone/secrets/deep", "a file where a folder was");
    sandbox.git("clone", ["restore", "secrets/empty"]);
    unlock(&sandbox).says("with local changes");
    assert_eq!(sandbox.read("clone/secrets/db.env/inner"), b"mine");
    assert_eq!(sandbox.read("clone/secrets/deep"), b"a file where a folder was");
}

#[test]
fn a_link_in_place_of_a_file_is_not_followed() {
    for target in ["../../outside", "../README", "nowhere"] {
        let sandbox = clone();
        let sealed = sandbox.read(DB);
        sandbox.write("outside", &sealed);
        fs::write(sandbox.path("clone/README"), &sealed).unwrap();
        fs::remove_file(sandbox.path(DB)).unwrap();
        symlink(target, sandbox.path(DB)).unwrap();
        unlock(&sandbox).says("opened 1 file");
        assert!(fs::symlink_metadata(sandbox.path(DB)).unwrap().is_symlink());
        assert_eq!(sandbox.read("outside"), sealed);
        assert_eq!(sandbox.read("clone/README"), sealed);
        sandbox.write("outside", "plaintext");
        sandbox.try_shroud("clone", ["lock", "--force"]);
        assert_eq!(sandbox.read("outside"), b"plaintext");
    }
}

#[test]
fn nothing_is_written_through_a_folder_that_is_a_link() {
    let sandbox = clone();
    fs::rename(sandbox.path("clone/secrets"), sandbox.path("elsewhere")).unwrap();
    symlink("../elsewhere", sandbox.path("clone/secrets")).unwrap();
    let sealed = [sandbox.read("elsewhere/db.env"), sandbox.read("elsewhere/deep/er/tls.key")];
    let done = unlock(&sandbox);
    assert!(!done.stderr.contains("opened"), "{}", done.stderr);
    assert_eq!(
        [sandbox.read("elsewhere/db.env"), sandbox.read("elsewhere/deep/er/tls.key")],
        sealed
    );

    // And so with a link further down, and for lock.
    fs::remove_file(sandbox.path("clone/secrets")).unwrap();
    fs::rename(sandbox.path("elsewhere"), sandbox.path("clone/secrets")).unwrap();
    unlock(&sandbox);
    fs::rename(sandbox.path("clone/secrets/deep/er"), sandbox.path("er")).unwrap();
    symlink("../../../er", sandbox.path("clone/secrets/deep/er")).unwrap();
    sandbox.try_shroud("clone", ["lock", "--force"]);
    assert_eq!(sandbox.read("er/tls.key"), SECRETS[1].1.as_bytes());
    assert!(is_sealed(&sandbox.read(DB)));
    assert_eq!(fs::read_dir(sandbox.path("er")).unwrap().count(), 1);
}

#[test]
fn another_name_of_the_same_file_keeps_its_bytes() {
    let sandbox = clone();
    let sealed = sandbox.read(DB);
    fs::hard_link(sandbox.path(DB), sandbox.path("copy")).unwrap();
    unlock(&sandbox);
    assert_eq!(sandbox.read(DB), SECRETS[0].1.as_bytes());
    assert_eq!(sandbox.read("copy"), sealed);
    assert_eq!(fs::metadata(sandbox.path(DB)).unwrap().nlink(), 1);
}

#[test]
fn a_pipe_in_place_of_a_file_is_not_waited_for() {
    let sandbox = clone();
    fs::remove_file(sandbox.path(DB)).unwrap();
    sandbox
        .run({
            let mut command = sandbox.command("mkfifo", "clone/secrets");
            command.arg("db.env");
            command
        })
        .expect(0);
    unlock(&sandbox).says("opened 1 file");
    sandbox.try_shroud("clone", ["lock", "--force"]);
    assert!(is_sealed(&sandbox.read(TLS)));
}

#[test]
fn local_changes_are_not_touched() {
    let sandbox = clone();
    sandbox.write(DB, "PASSWORD=mine\n");
    unlock(&sandbox).says("left 1 file with local changes").says("opened 1 file");
    assert_eq!(sandbox.read(DB), b"PASSWORD=mine\n");
}

#[test]
fn a_sealed_file_that_was_damaged_in_place_is_named_and_kept() {
    let sandbox = clone();
    let damaged = [sandbox.read(TLS), b"x".to_vec()].concat();
    sandbox.write(TLS, &damaged);
    let done = sandbox.try_shroud("clone", ["unlock", "../team.key"]).expect(3);
    done.says("secrets/deep/er/tls.key").says("damaged").says("opened 1 file");
    assert_eq!(sandbox.read(TLS), damaged);
    assert_eq!(sandbox.read(DB), SECRETS[0].1.as_bytes());
    sandbox.try_git("clone", ["add", "secrets"]).expect(128).says("damaged");
}

/// git compares whole seconds, and so reads a file again that is as young as the index that names it (racy git).
#[test]
fn a_change_in_the_second_in_which_the_index_was_written_is_not_hidden() {
    let sandbox = clone();
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let age = |path: &str| {
        let file = fs::File::options().write(true).open(sandbox.path(path)).unwrap();
        file.set_modified(long_ago).unwrap();
    };
    // The time at which an inode was changed cannot be set.
    sandbox.git("clone", ["config", "core.trustCtime", "false"]);
    sandbox.write("clone/README", "one\n");
    age("clone/README");
    sandbox.git("clone", ["add", "README"]);
    sandbox.git("clone", ["commit", "-q", "-m", "one"]);
    age("clone/.git/index");
    sandbox.write("clone/README", "two\n");
    age("clone/README");
    assert_eq!(
        sandbox.git("clone", ["--no-optional-locks", "status", "--porcelain"]).text(),
        " M README\n"
    );
    unlock(&sandbox).says("opened 2 files");
    assert_eq!(
        sandbox.git("clone", ["--no-optional-locks", "status", "--porcelain"]).text(),
        " M README\n"
    );
    sandbox.git("clone", ["fsck", "--strict"]);
}

/// As in a pre-commit hook of `git commit PATH`.
#[test]
fn status_judges_the_index_that_the_environment_names() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let id = {
        let mut command = sandbox.command("git", "repo");
        command.args(["hash-object", "-w", "--stdin"]);
        sandbox.run_with_input(command, b"in the clear").text().trim().to_owned()
    };
    fs::copy(sandbox.path("repo/.git/index"), sandbox.path("repo/.git/next-index")).unwrap();
    let other = |program: &str, arguments: &[&str]| {
        let mut command = sandbox.command(program, "repo");
        command.env("GIT_INDEX_FILE", sandbox.path("repo/.git/next-index")).args(arguments);
        sandbox.run(command)
    };
    let entry = format!("100644,{id},secrets/bare");
    other("git", &["update-index", "--add", "--cacheinfo", &entry]).expect(0);
    sandbox.shroud("repo", ["status"]);
    let status = other(env!("CARGO_BIN_EXE_git-shroud"), &["status", "-z"]).expect(1);
    assert!(status.text().contains("plaintext-in-index secrets/bare"), "{}", status.text());
}

#[test]
fn a_merge_conflict_is_left_to_git() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git("repo", ["checkout", "-q", "-b", "other"]);
    sandbox.write("repo/secrets/db.env", "PASSWORD=theirs\n");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "theirs"]);
    sandbox.git("repo", ["checkout", "-q", "main"]);
    sandbox.write("repo/secrets/db.env", "PASSWORD=ours\n");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "ours"]);
    sandbox.try_git("repo", ["merge", "-q", "other"]).expect(1);
    let conflict = sandbox.read("repo/secrets/db.env");
    assert!(contains(&conflict, b"<<<<<<<") && contains(&conflict, b"PASSWORD=theirs"));
    let unmerged = sandbox.git("repo", ["ls-files", "--unmerged"]).text();
    assert_eq!(unmerged.lines().count(), 3);

    sandbox.shroud("repo", ["unlock"]).says("merge conflict");
    assert_eq!(sandbox.read("repo/secrets/db.env"), conflict);
    assert_eq!(sandbox.git("repo", ["ls-files", "--unmerged"]).text(), unmerged);
    let status = sandbox.try_shroud("repo", ["status"]).expect(1).text();
    assert!(status.contains("unmerged  secrets/db.env"), "{status}");
}

#[test]
fn lock_refuses_while_a_merge_conflict_is_in_the_clear() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let id = sandbox.git("repo", ["rev-parse", ":secrets/db.env"]).text();
    let id = id.trim();
    let lines = format!("100644 {id} 1\tsecrets/db.env\n100644 {id} 2\tsecrets/db.env\n");
    let mut command = sandbox.command("git", "repo");
    command.args(["update-index", "--index-info"]);
    sandbox
        .run_with_input(command, format!("0 {id} 0\tsecrets/db.env\n{lines}").as_bytes())
        .expect(0);
    sandbox.try_shroud("repo", ["lock"]).expect(1).says("secrets/db.env");
    assert_eq!(sandbox.read("repo/secrets/db.env"), SECRETS[0].1.as_bytes());
    assert!(sandbox.path("repo/.git/git-shroud/keyring").exists());
}

#[test]
fn an_entry_that_is_only_intended_is_neither_opened_nor_lost() {
    let sandbox = clone();
    unlock(&sandbox);
    sandbox.write("clone/secrets/new", "canary-new");
    sandbox.git("clone", ["add", "--intent-to-add", "secrets/new"]);
    sandbox.shroud("clone", ["unlock"]);
    sandbox.shroud("clone", ["status"]);
    assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), " A secrets/new\n");
    // It is in the clear and nowhere else: locking says so, or leaves it.
    let locked = sandbox.try_shroud("clone", ["lock"]);
    assert!(locked.stderr.contains("secrets/new"), "{}", locked.stderr);
    assert_eq!(sandbox.read("clone/secrets/new"), b"canary-new");
}

#[test]
fn entries_that_git_is_told_to_ignore_are_opened_and_closed_with_the_rest() {
    let sandbox = clone();
    sandbox.git("clone", ["update-index", "--assume-unchanged", "secrets/db.env"]);
    sandbox.git("clone", ["update-index", "--skip-worktree", "secrets/deep/er/tls.key"]);
    unlock(&sandbox).says("opened 2 files");
    assert_eq!(sandbox.read(DB), SECRETS[0].1.as_bytes());
    sandbox.shroud("clone", ["lock"]).says("sealed 2 files");
    assert!(is_sealed(&sandbox.read(DB)) && is_sealed(&sandbox.read(TLS)));
    assert_eq!(
        sandbox.git("clone", ["ls-files", "-v", "secrets/deep", "secrets/db.env"]).text(),
        "h secrets/db.env\nS secrets/deep/er/tls.key\n"
    );
    unlock(&sandbox);
    // What git does not look at must not be lost either.
    sandbox.write(DB, "PASSWORD=mine\n");
    sandbox.write(TLS, "mine");
    sandbox
        .try_shroud("clone", ["lock"])
        .expect(1)
        .says("secrets/db.env")
        .says("secrets/deep/er/tls.key");
    assert_eq!(
        (sandbox.read(DB), sandbox.read(TLS)),
        (b"PASSWORD=mine\n".to_vec(), b"mine".to_vec())
    );
}

#[test]
fn while_another_git_holds_the_index_nothing_is_done() {
    let sandbox = clone();
    let sealed = sandbox.read(DB);
    let index = sandbox.read("clone/.git/index");
    sandbox.write("clone/.git/index.lock", "");
    sandbox
        .try_shroud("clone", ["unlock", "../team.key"])
        .expect(2)
        .says("another git process")
        .says("index.lock");
    assert_eq!((sandbox.read(DB), sandbox.read("clone/.git/index")), (sealed, index));
    assert!(sandbox.path("clone/.git/index.lock").exists(), "it is not ours to remove");
    fs::remove_file(sandbox.path("clone/.git/index.lock")).unwrap();
    unlock(&sandbox);
    sandbox.write("clone/.git/index.lock", "");
    sandbox.try_shroud("clone", ["lock"]).expect(2).says("index.lock");
    assert_eq!(sandbox.read(DB), SECRETS[0].1.as_bytes());
    assert!(sandbox.path("clone/.git/git-shroud/keyring").exists(), "the keys are not given up");
    assert!(!sandbox.path("clone/.git-shroud-tmp-0123456789abcdef").exists());
}

#[test]
fn a_file_of_ours_that_a_killed_run_left_is_a_link_to_nowhere_harmful() {
    let sandbox = clone();
    sandbox.write("precious", "precious");
    symlink("../precious", sandbox.path("clone/.git-shroud-tmp-0123456789abcdef")).unwrap();
    unlock(&sandbox).says("opened 2 files");
    assert_eq!(sandbox.read("precious"), b"precious");
    assert!(fs::symlink_metadata(sandbox.path("clone/.git-shroud-tmp-0123456789abcdef")).is_err());
}

#[test]
fn names_of_any_bytes_are_opened_closed_and_listed() {
    use std::os::unix::ffi::OsStrExt as _;
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let names: [&[u8]; 6] =
        [b"a b", b"-rf", b"q\"uote", b"line\nbreak", b"\xff\xfe", "\u{202e}\u{1b}[31m".as_bytes()];
    let path = |dir: &str, name: &[u8]| {
        sandbox.path(dir).join("secrets").join(std::ffi::OsStr::from_bytes(name))
    };
    for name in names {
        fs::write(path("repo", name), [b"canary ", name].concat()).unwrap();
    }
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "names"]);
    sandbox.assert_no_object_holds("repo", b"canary");
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    unlock(&sandbox).says("opened 8 files");
    for name in names {
        assert_eq!(fs::read(path("clone", name)).unwrap(), [b"canary ", name].concat());
    }
    assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "");
    let listed = sandbox.shroud("clone", ["status", "-z"]).stdout;
    for name in names {
        assert!(contains(&listed, &[b"sealed secrets/", name, b"\0"].concat()));
    }
    assert!(!contains(&sandbox.shroud("clone", ["status"]).stdout, b"\x1b"));
    sandbox.shroud("clone", ["lock"]).says("sealed 8 files");
}
