//! Repositories of every shape, and an environment that is not as it should be.

use crate::common::{SECRETS, Sandbox, is_sealed};

fn is_open(sandbox: &Sandbox, dir: &str) -> bool {
    !is_sealed(&sandbox.read(format!("{dir}/secrets/db.env")))
}

/// Unlocks and locks; git sees no change either time.
#[track_caller]
fn assert_opens_and_locks(sandbox: &Sandbox, dir: &str, files: &str) {
    let key = sandbox.path("team.key");
    sandbox.shroud(dir, ["unlock", key.to_str().unwrap()]).says(&format!("opened {files}"));
    assert_eq!(sandbox.git(dir, ["status", "--porcelain"]).text(), "");
    assert_eq!(sandbox.read(format!("{dir}/secrets/db.env")), SECRETS[0].1.as_bytes());
    sandbox.shroud(dir, ["lock"]).says(&format!("sealed {files}"));
    assert_eq!(sandbox.git(dir, ["status", "--porcelain"]).text(), "");
    assert!(!is_open(sandbox, dir));
}

#[test]
fn a_submodule_has_its_own_keys() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git(".", ["init", "-q", "-b", "main", "outer"]);
    sandbox.git(
        "outer",
        ["-c", "protocol.file.allow=always", "submodule", "add", "-q", "../repo", "inner"],
    );
    sandbox.git("outer", ["commit", "-q", "-m", "inner"]);
    assert_opens_and_locks(&sandbox, "outer/inner", "2 files");
    assert_eq!(sandbox.git("outer", ["status", "--porcelain"]).text(), "");
}

#[test]
fn a_sparse_checkout_stays_sparse() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    sandbox.git("clone", ["sparse-checkout", "set", "--no-cone", "/*", "!/secrets/deep/"]);
    assert_opens_and_locks(&sandbox, "clone", "1 file");
    assert!(!sandbox.path("clone/secrets/deep").exists());
}

/// A clone without blobs but those of the files at the top; what is below may have attributes of its own.
fn partial_clone(attributes_below: bool) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git("repo", ["config", "uploadpack.allowFilter", "true"]);
    sandbox.shroud("repo", ["track", "-q", "/top.env"]);
    sandbox.write("repo/top.env", "TOP=canary-top\n");
    if attributes_below {
        sandbox.shroud("repo/secrets", ["track", "-q", "more"]);
    }
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "more"]);
    let url = format!("file://{}", sandbox.path("repo").display());
    sandbox.git(".", ["clone", "-q", "--filter=blob:none", "--sparse", &url, "clone"]);
    sandbox
}

/// The answer is incomplete; the files that are here open; nothing is fetched for either.
#[track_caller]
fn assert_fetches_nothing(sandbox: &Sandbox) {
    let count =
        || sandbox.git("clone", ["cat-file", "--batch-all-objects", "--batch-check"]).text();
    let before = count();
    sandbox.try_shroud("clone", ["status"]).expect(3).says("not in this clone");
    sandbox.shroud("clone", ["unlock", "../team.key"]).says("opened 1 file");
    sandbox.shroud("clone", ["lock"]).says("sealed 1 file");
    assert_eq!(count(), before);
}

#[test]
fn a_partial_clone_is_opened_and_surveyed_without_fetching() {
    if !Sandbox::new().git_knows("clone --sparse of a URL", (2, 26)) {
        return;
    }
    let sandbox = partial_clone(false);
    assert_fetches_nothing(&sandbox);
    sandbox.git("clone", ["sparse-checkout", "disable"]);
    assert_opens_and_locks(&sandbox, "clone", "3 files");
}

#[test]
fn a_partial_clone_may_lack_attributes_too() {
    if Sandbox::new().git_knows("clone --sparse of a URL", (2, 26)) {
        assert_fetches_nothing(&partial_clone(true));
    }
}

#[test]
fn a_split_index_is_kept() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    sandbox.git("clone", ["update-index", "--split-index"]);
    assert_opens_and_locks(&sandbox, "clone", "2 files");
}

/// A repository with one sealed file, and its key file; `options` are those of 'git init'.
fn one_secret(options: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", [&["init", "-q", "-b", "main"], options, &["repo"]].concat());
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.shroud("repo", ["track", "-q", "secrets/**"]);
    sandbox.write("repo/secrets/db.env", SECRETS[0].1);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "secrets"]);
    sandbox.shroud("repo", ["key", "export", "-q", "-o", "../team.key"]);
    sandbox
}

#[test]
fn a_repository_with_sha256_objects_works() {
    if !Sandbox::new().git_knows("SHA-256", (2, 29)) {
        return;
    }
    let sandbox = one_secret(&["--object-format=sha256"]);
    sandbox.shroud("repo", ["status"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    assert_opens_and_locks(&sandbox, "clone", "1 file");
}

#[test]
fn the_tripwire_does_not_hinder_unlock_and_lock() {
    let sandbox = one_secret(&[]);
    sandbox.shroud("repo", ["doctor"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    assert_opens_and_locks(&sandbox, "clone", "1 file");
}

#[test]
fn line_end_settings_change_no_sealed_file() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    for (name, value) in
        [("core.autocrlf", "true"), ("core.eol", "crlf"), ("core.safecrlf", "true")]
    {
        sandbox.git("clone", ["config", name, value]);
    }
    assert_opens_and_locks(&sandbox, "clone", "2 files");
}

#[test]
fn git_dir_and_work_tree_may_come_from_the_environment() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    std::fs::rename(sandbox.path("clone/.git"), sandbox.path("elsewhere.git")).unwrap();
    for (arguments, open) in
        [(["unlock", "../team.key"].as_slice(), true), (&["status"], true), (&["lock"], false)]
    {
        let mut command = sandbox.command("git-shroud", "clone");
        command.args(arguments).env("GIT_DIR", "../elsewhere.git").env("GIT_WORK_TREE", ".");
        sandbox.run(command).expect(0);
        assert_eq!(is_open(&sandbox, "clone"), open, "{arguments:?}");
    }
}

#[test]
fn commands_work_from_a_folder_below_the_top() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    sandbox.shroud("clone/secrets/deep", ["unlock", "../../../team.key"]).says("opened 2 files");
    sandbox.shroud("clone/secrets", ["lock"]).says("sealed 2 files");
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_out_of_the_worktree_is_not_followed() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    let sealed = sandbox.read("clone/secrets/db.env");
    std::fs::rename(sandbox.path("clone/secrets"), sandbox.path("outside")).unwrap();
    std::os::unix::fs::symlink("../outside", sandbox.path("clone/secrets")).unwrap();
    sandbox.shroud("clone", ["unlock", "../team.key"]);
    assert_eq!(sandbox.read("outside/db.env"), sealed);
}

#[test]
fn a_git_that_is_missing_or_too_old_is_named() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let with_path = |path: std::path::PathBuf| {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo");
        command.arg("status").env("PATH", path);
        sandbox.run(command).expect(2)
    };
    with_path(sandbox.path("home")).says("'git' was not found").says("hint: ");
    sandbox.write("old/git", "#!/bin/sh\necho git version 2.24.9\n");
    sandbox.sh(".", "chmod +x old/git");
    with_path(sandbox.path("old")).says("2.24.9").says("too old").says("hint: ");
}

#[test]
fn a_damaged_local_keyring_stores_and_loses_nothing() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.write("repo/.git/git-shroud/keyring", "git-shroud-keyring v1\ndefault 1 oops\n");
    sandbox.write("repo/secrets/new", "canary-new");
    sandbox.try_git("repo", ["add", "."]).expect(128).says("line 2");
    sandbox.assert_no_object_holds("repo", b"canary");
    for arguments in
        [["status"].as_slice(), &["unlock", "../team.key"], &["lock"], &["key", "new", "prod"]]
    {
        let done = sandbox.try_shroud("repo", arguments).expect(2).says("line 2").says("hint: ");
        assert!(!done.stderr.contains("oops"), "{}", done.stderr);
    }
    assert!(is_open(&sandbox, "repo"));
}

#[test]
fn a_damaged_description_of_a_key_is_named_and_nothing_is_sealed_with_it() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let toml = String::from_utf8(sandbox.read("repo/.shroud/default/key.toml")).unwrap();
    sandbox
        .write("repo/.shroud/default/key.toml", toml.replace("generation = 1", "generation = 2"));
    let doctor = sandbox.try_shroud("repo", ["doctor"]).expect(1).text();
    assert!(doctor.contains("somebody without the key changed"), "{doctor}");
    sandbox.write("repo/.shroud/default/key.toml", "nonsense");
    sandbox.try_shroud("repo", ["status"]).expect(1).says("key.toml").says("git log -p -- .shroud");
    let doctor = sandbox.try_shroud("repo", ["doctor"]).expect(1).text();
    assert!(doctor.contains("it is not a key.toml"), "{doctor}");
    sandbox.write("repo/secrets/new", "canary-new");
    sandbox.try_git("repo", ["add", "secrets"]).expect(128).says("it is not a key.toml");
    // What is there still opens, and other keys seal.
    sandbox.sh("repo", "rm secrets/db.env secrets/new; git checkout -- secrets/db.env");
    assert!(is_open(&sandbox, "repo"));
    sandbox.git("repo", ["checkout", "--", ".shroud"]);
    sandbox.shroud("repo", ["key", "new", "prod"]);
    sandbox.shroud("repo", ["track", "--key", "prod", "prod/**"]);
    sandbox.write("repo/.shroud/default/key.toml", "nonsense");
    sandbox.write("repo/prod/x", "canary-prod");
    sandbox.git("repo", ["add", "prod"]);
    assert!(is_sealed(&sandbox.blob("repo", ":prod/x")));
}

#[test]
fn what_cannot_be_written_ends_with_one_sentence_and_status_2() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox
        .try_shroud("repo", ["key", "export", "-o", "../no/such/folder/x.key"])
        .expect(2)
        .says("x.key");
    // Where a folder is wanted stands a file: that stops root too, whom no permission stops.
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.write("clone/.git/git-shroud", "");
    sandbox.try_shroud("clone", ["unlock", "../team.key"]).expect(2).says("git-shroud");
    assert!(!is_open(&sandbox, "clone"));
    sandbox.git(".", ["init", "-q", "new"]);
    sandbox.write("new/.git/git-shroud", "");
    let before = sandbox.snapshot("new");
    sandbox.try_shroud("new", ["init"]).expect(2).says("git-shroud");
    assert_eq!(sandbox.snapshot("new"), before);
}

/// A clone that has the folder `app` only, and of all else not even index entries.
fn cone() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.shroud("repo", ["track", "-q", "app/*.env"]);
    sandbox.write("repo/app/x.env", "canary-app");
    sandbox.git("repo", ["add", "."]);
    sandbox.stage_raw("repo", "secrets/leak", b"in the clear");
    sandbox.git("repo", ["commit", "-q", "-m", "app"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    // A git that lacks it says so; then the tests end.
    sandbox.try_git("clone", ["sparse-checkout", "set", "--cone", "--sparse-index", "app"]);
    sandbox
}

#[test]
fn a_sparse_index_is_kept_and_its_files_are_opened() {
    let sandbox = cone();
    if !sandbox.git_knows("sparse-checkout set --sparse-index", (2, 35)) {
        return;
    }
    sandbox.shroud("clone", ["unlock", "../team.key"]).says("opened 1 file");
    assert_eq!(sandbox.read("clone/app/x.env"), b"canary-app");
    assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "");
    assert!(sandbox.git("clone", ["ls-files", "--sparse"]).text().contains("secrets/\n"));
    sandbox.shroud("clone", ["lock"]).says("sealed 1 file");
    assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "");
}

#[test]
fn status_finds_plaintext_below_a_folder_of_a_sparse_index() {
    let sandbox = cone();
    if !sandbox.git_knows("sparse-checkout set --sparse-index", (2, 35)) {
        return;
    }
    sandbox.shroud("clone", ["unlock", "-q", "../team.key"]);
    let listed = sandbox.try_shroud("clone", ["status"]).expect(1).text();
    assert!(listed.contains("plaintext-in-head  secrets/leak"), "{listed}");
}

#[test]
fn the_keys_of_a_repository_are_known_in_a_sparse_checkout() {
    let sandbox = cone();
    if !sandbox.git_knows("sparse-checkout set --sparse-index", (2, 35)) {
        return;
    }
    let keys = sandbox.shroud("clone", ["key", "list", "--json"]).json();
    assert_eq!(keys["keys"][0]["name"], "default", "{keys}");
    let status = sandbox.try_shroud("clone", ["status", "--json", "app"]).json();
    assert_eq!(status["files"][0]["state"], "sealed");
}
