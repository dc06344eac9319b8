//! Unlock, lock, status and add wherever a repository can stand and however git may keep it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::common::{Done, SECRETS, Sandbox, is_sealed};

/// A repository that was cloned with these arguments and is locked.
fn cloned(arguments: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let url = format!("file://{}", sandbox.path("repo").display());
    sandbox.git(".", [&["clone", "-q"], arguments, &[&url, "clone"]].concat());
    sandbox
}

/// git has nothing to re-read, the filters are not needed for that, and all it keeps is sound.
#[track_caller]
fn assert_settled(sandbox: &Sandbox, dir: &str) {
    assert_settled_with(dir, |args| {
        let mut command = sandbox.command("git", dir);
        command.args(args);
        sandbox.run(command)
    });
}

#[track_caller]
fn assert_settled_with(place: &str, git: impl Fn(&[&str]) -> Done) {
    // Without filters, and without a refresh that would hide what is wrong. An empty file that is as young as the index
    // is read again by git, whoever wrote it.
    let off = ["clean", "smudge", "process"].map(|name| format!("filter.shroud.{name}=false"));
    let off = ["--no-optional-locks", "-c", &off[0], "-c", &off[1], "-c", &off[2]];
    let paths = ["--", ":(top)", ":(top,exclude)secrets/empty"];
    let status = git(&[&off[..], &["status", "--porcelain"], &paths].concat()).expect(0);
    assert_eq!(status.text(), "", "{place}");
    git(&[&off[..], &["diff-files", "--quiet"], &paths].concat()).expect(0);
    assert_eq!(git(&["status", "--porcelain"]).expect(0).text(), "", "{place}");
    git(&["ls-files", "--debug"]).expect(0);
    // Looks at the checksum of the index too.
    git(&["fsck", "--strict", "--no-dangling"]).expect(0);
}

#[track_caller]
fn assert_open(sandbox: &Sandbox, dir: &str) {
    for (path, content) in SECRETS {
        assert_eq!(sandbox.read(format!("{dir}/{path}")), content.as_bytes(), "{dir}/{path}");
    }
}

#[track_caller]
fn assert_locked(sandbox: &Sandbox, dir: &str) {
    for (path, content) in SECRETS {
        assert_eq!(
            is_sealed(&sandbox.read(format!("{dir}/{path}"))),
            !content.is_empty(),
            "{dir}/{path}"
        );
    }
}

/// Everything of every day, in one place.
#[track_caller]
fn live_in(sandbox: &Sandbox, dir: &str) {
    let key = sandbox.path("team.key");
    for _ in 0..2 {
        sandbox.shroud(dir, ["unlock", key.to_str().unwrap()]).says("opened 2 files");
        assert_open(sandbox, dir);
        assert_settled(sandbox, dir);
        assert_eq!(
            sandbox.shroud(dir, ["status", "-z"]).text().matches("sealed secrets/").count(),
            2
        );
        sandbox.shroud(dir, ["lock"]).says("sealed 2 files");
        assert_locked(sandbox, dir);
        assert_settled(sandbox, dir);
    }
    sandbox.write(format!("{dir}/secrets/new"), "canary-new");
    sandbox.try_git(dir, ["add", "secrets"]).expect(128).says("refusing to store plaintext");
    sandbox.shroud(dir, ["unlock", key.to_str().unwrap()]);
    sandbox.git(dir, ["add", "secrets"]);
    assert!(is_sealed(&sandbox.blob(dir, ":secrets/new")));
    sandbox.git(dir, ["commit", "-q", "-m", "new"]);
    assert_eq!(sandbox.git(dir, ["status", "--porcelain"]).text(), "");
    sandbox.git(dir, ["fsck", "--strict", "--no-dangling"]);
    sandbox.assert_no_object_holds(dir, b"canary");
}

#[test]
fn linked_worktrees_share_their_keys_and_are_opened_and_closed_together() {
    let sandbox = cloned(&[]);
    sandbox.git("clone", ["worktree", "add", "-q", "../linked", "-b", "linked"]);
    sandbox.git("clone", ["worktree", "add", "-q", "../gone"]);
    fs::remove_dir_all(sandbox.path("gone")).unwrap();
    sandbox.shroud("linked", ["unlock", "../team.key"]).says("opened 4 files");
    for dir in ["clone", "linked"] {
        assert_open(&sandbox, dir);
        assert_settled(&sandbox, dir);
    }
    sandbox.try_shroud("clone", ["lock"]).expect(1).says("gone is missing");
    sandbox.git("clone", ["worktree", "prune"]);
    sandbox.write("linked/secrets/db.env", "changed");
    sandbox.try_shroud("clone", ["lock"]).expect(1).says("secrets/db.env");
    assert_open(&sandbox, "clone");
    sandbox.git("linked", ["restore", "."]);
    sandbox.shroud("clone", ["lock"]).says("sealed 4 files");
    for dir in ["clone", "linked"] {
        assert_locked(&sandbox, dir);
        assert_settled(&sandbox, dir);
    }
}

#[test]
fn a_bare_repository_with_a_worktree_that_the_environment_names() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git(".", ["clone", "-q", "--bare", "repo", "bare.git"]);
    fs::create_dir_all(sandbox.path("tree/secrets")).unwrap();
    let at = |program: &str, args: &[&str], dir: &str| {
        let mut command = sandbox.command(program, dir);
        command.env("GIT_DIR", sandbox.path("bare.git")).env("GIT_WORK_TREE", sandbox.path("tree"));
        command.args(args);
        sandbox.run(command)
    };
    let shroud = env!("CARGO_BIN_EXE_git-shroud");
    let key = sandbox.path("team.key");
    at("git", &["checkout", "-q", "-f"], "tree").expect(0);
    assert_locked(&sandbox, "tree");
    // From the top, from below, and from elsewhere as git allows it.
    for dir in ["tree", "tree/secrets", "tree"] {
        at(shroud, &["unlock", key.to_str().unwrap()], dir).expect(0).says("opened 2 files");
        assert_open(&sandbox, "tree");
        assert_settled_with(dir, |args| at("git", args, dir));
        at(shroud, &["status"], dir).expect(0);
        at(shroud, &["lock"], dir).expect(0).says("sealed 2 files");
        assert_locked(&sandbox, "tree");
        assert_settled_with(dir, |args| at("git", args, dir));
    }
    at(shroud, &["unlock", key.to_str().unwrap()], "tree").expect(0);
    sandbox.write("tree/secrets/new", "canary-new");
    at("git", &["add", "new"], "tree/secrets").expect(0);
    assert!(is_sealed(&at("git", &["cat-file", "blob", ":secrets/new"], "tree").stdout));
    sandbox.assert_no_object_holds("bare.git", b"canary");
}

#[test]
fn folders_that_the_environment_names_from_the_current_directory() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git(".", ["clone", "-q", "--bare", "repo", "bare.git"]);
    fs::create_dir_all(sandbox.path("tree/sub")).unwrap();
    let at = |dir: &str, up: &str, args: &[&str]| {
        let mut command = sandbox.command("git", dir);
        command.env("GIT_DIR", format!("{up}bare.git")).env("GIT_WORK_TREE", format!("{up}tree"));
        sandbox
            .run({
                command.args(args);
                command
            })
            .expect(0)
    };
    at("tree", "../", &["checkout", "-q", "-f"]);
    for (dir, up) in [("tree", "../"), ("tree/sub", "../../")] {
        at(dir, up, &["shroud", "unlock", &format!("{up}team.key")]).says("opened 2 files");
        at(dir, up, &["shroud", "status"]);
        at(dir, up, &["shroud", "lock"]).says("sealed 2 files");
        assert_settled_with(dir, |args| at(dir, up, args));
    }
}

#[test]
fn from_a_subdirectory_and_with_the_directory_named() {
    let sandbox = cloned(&[]);
    sandbox.shroud("clone/secrets/deep", ["unlock", "../../../team.key"]).says("opened 2 files");
    assert_open(&sandbox, "clone");
    assert_eq!(
        sandbox.shroud("clone/secrets/deep", ["status", "-z", "er"]).text(),
        "sealed secrets/deep/er/tls.key\0"
    );
    assert_eq!(sandbox.shroud("clone/secrets", ["cat", "db.env"]).text(), SECRETS[0].1);
    sandbox.shroud("clone/secrets/deep", ["lock"]).says("sealed 2 files");
    assert_locked(&sandbox, "clone");
    assert_settled(&sandbox, "clone");
    sandbox
        .git(".", ["-C", "clone/secrets", "shroud", "unlock", "../../team.key"])
        .says("opened 2 files");
    sandbox.shroud(".", ["-C", "clone/secrets", "lock"]).says("sealed 2 files");
    assert_settled(&sandbox, "clone");
}

#[test]
fn with_a_directory_named_other_paths_begin_there_as_with_git() {
    let sandbox = cloned(&[]);
    sandbox.shroud(".", ["-C", "clone/secrets", "unlock", "../../team.key"]).says("opened 2 files");
    sandbox.shroud(".", ["-C", "clone", "key", "export", "-o", "../copy.key"]);
    assert_eq!(sandbox.read("copy.key"), sandbox.read("team.key"));
    assert_eq!(sandbox.shroud(".", ["-C", "clone/secrets", "cat", "db.env"]).text(), SECRETS[0].1);
}

#[test]
fn a_sparse_checkout_is_opened_as_far_as_it_goes() {
    let sandbox = cloned(&[]);
    sandbox.git("clone", ["sparse-checkout", "set", "--cone", "secrets/deep"]);
    let present = |path: &str| sandbox.path("clone").join(path).exists();
    // A cone takes the files directly in the folders above with it.
    sandbox.git("clone", ["sparse-checkout", "set", "--cone", "docs"]);
    assert!(!present("secrets"));
    sandbox.shroud("clone", ["unlock", "../team.key"]);
    assert!(!present("secrets"), "nothing is written outside the cone");
    assert_settled(&sandbox, "clone");
    sandbox.git("clone", ["sparse-checkout", "set", "--cone", "secrets/deep"]);
    assert_open(&sandbox, "clone");
    sandbox.git("clone", ["sparse-checkout", "disable"]);
    assert_open(&sandbox, "clone");
}

#[test]
fn a_sparse_index_hides_nothing() {
    let sandbox = cloned(&[]);
    if !sandbox.git_knows("sparse-checkout set --sparse-index", (2, 35)) {
        return;
    }
    sandbox.git("clone", ["sparse-checkout", "set", "--cone", "docs", "--sparse-index"]);
    assert_eq!(sandbox.git("clone", ["ls-files", "--sparse", "secrets/"]).text(), "secrets/\n");
    sandbox.shroud("clone", ["unlock", "../team.key"]);
    assert_settled(&sandbox, "clone");
    assert_eq!(sandbox.shroud("clone", ["status"]).text().matches("sealed").count(), 2);
}

#[test]
fn every_form_of_the_index() {
    let forms: [&[&str]; 7] = [
        &["update-index", "--split-index"],
        &["update-index", "--index-version", "4"],
        &["update-index", "--index-version", "2"],
        &["update-index", "--force-untracked-cache"],
        &["config", "index.skipHash", "true"],
        &["config", "index.threads", "2"],
        &["config", "feature.manyFiles", "true"],
    ];
    for form in forms {
        let sandbox = cloned(&[]);
        sandbox.git("clone", form);
        sandbox.git("clone", ["read-tree", "HEAD"]);
        sandbox.git("clone", ["update-index", "-q", "--refresh"]);
        eprintln!("{form:?}");
        live_in(&sandbox, "clone");
    }
}

#[test]
fn a_repository_with_sha_256() {
    let sandbox = Sandbox::new();
    if !sandbox.git_knows("SHA-256", (2, 29)) {
        return;
    }
    sandbox.git(".", ["init", "-q", "--object-format=sha256", "-b", "main", "repo"]);
    sandbox.sealed_repository("repo");
    assert_eq!(sandbox.git("repo", ["rev-parse", "HEAD"]).text().trim().len(), 64);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    live_in(&sandbox, "clone");
}

#[test]
fn a_repository_with_reftable() {
    let sandbox = Sandbox::new();
    let made = sandbox.try_git(".", ["init", "-q", "--ref-format=reftable", "-b", "main", "repo"]);
    if !sandbox.git_knows("reftable", (2, 45)) {
        made.expect(129).says("unknown option");
        return;
    }
    made.expect(0);
    sandbox.sealed_repository("repo");
    assert_eq!(sandbox.git("repo", ["rev-parse", "--show-ref-format"]).text(), "reftable\n");
    sandbox.git(".", ["clone", "-q", "--ref-format=reftable", "repo", "clone"]);
    live_in(&sandbox, "clone");
}

#[test]
fn a_shallow_clone() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git("repo", ["commit", "-q", "--allow-empty", "-m", "2"]);
    let url = format!("file://{}", sandbox.path("repo").display());
    sandbox.git(".", ["clone", "-q", "--depth=1", &url, "clone"]);
    assert_eq!(sandbox.git("clone", ["rev-parse", "--is-shallow-repository"]).text(), "true\n");
    live_in(&sandbox, "clone");
}

/// A clone that holds commits and trees, and whose index is filled.
fn cloned_without_blobs() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git("repo", ["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", sandbox.path("repo").display());
    sandbox.git(".", ["clone", "-q", "--filter=blob:none", "--no-checkout", &url, "clone"]);
    sandbox.git("clone", ["read-tree", "HEAD"]);
    sandbox
}

#[test]
fn a_partial_clone_that_lacks_the_attributes_is_not_known_and_not_fetched() {
    if !Sandbox::new().git_knows("comparisons that fetch nothing", (2, 27)) {
        return;
    }
    let sandbox = cloned_without_blobs();
    let before = sandbox.git("clone", ["count-objects", "-v"]).text();
    let status = sandbox.try_shroud("clone", ["status"]);
    assert_eq!(sandbox.git("clone", ["count-objects", "-v"]).text(), before);
    status.expect(3).says(".gitattributes").says("hint: ");
}

#[test]
fn a_partial_clone_is_judged_without_fetching() {
    if !Sandbox::new().git_knows("comparisons that fetch nothing", (2, 27)) {
        return;
    }
    let sandbox = cloned_without_blobs();
    sandbox.git("clone", ["checkout", "-q", "HEAD", "--", ".gitattributes", ".shroud"]);
    let count = || sandbox.git("clone", ["count-objects", "-v"]).text();
    let before = count();
    for args in [
        &["status"][..],
        &["status", "--json"],
        &["doctor"],
        &["unlock", "../team.key"],
        &["status"],
    ] {
        let done = sandbox.try_shroud("clone", args);
        assert_eq!(count(), before, "{args:?} fetched something: {}", done.stderr);
        if args[0] == "status" {
            assert_eq!(done.text().matches("missing").count(), 3, "{}{}", done.text(), done.stderr);
            done.expect(3).says("not in this clone");
        }
    }
    sandbox.git("clone", ["checkout", "-q", "-f"]);
    assert_open(&sandbox, "clone");
    sandbox.shroud("clone", ["lock"]).says("sealed 2 files");
    assert_settled(&sandbox, "clone");
}

#[test]
fn a_submodule_has_its_own_keyring() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git(".", ["init", "-q", "super"]);
    sandbox.shroud("super", ["init", "-q"]);
    sandbox.git(
        "super",
        ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../repo", "sub"],
    );
    sandbox.git("super", ["commit", "-q", "-m", "1"]);
    assert_locked(&sandbox, "super/sub");
    sandbox.try_shroud("super/sub", ["unlock"]).expect(2).says("no key was given");
    sandbox.shroud("super", ["unlock"]);
    assert_locked(&sandbox, "super/sub");
    live_in(&sandbox, "super/sub");
    sandbox.shroud("super", ["key", "export", "-q", "-o", "../super.key"]);
    sandbox.shroud("super", ["lock"]);
    assert_open(&sandbox, "super/sub");
}

#[test]
fn modes_are_those_that_git_would_give() {
    for mask in ["022", "077"] {
        for file_mode in ["true", "false"] {
            let sandbox = Sandbox::new();
            sandbox.sealed_repository("repo");
            sandbox.write("repo/secrets/run.sh", "#!/bin/sh\necho canary\n");
            fs::set_permissions(
                sandbox.path("repo/secrets/run.sh"),
                PermissionsExt::from_mode(0o755),
            )
            .unwrap();
            sandbox.git("repo", ["add", "."]);
            sandbox.git("repo", ["commit", "-q", "-m", "2"]);
            let under = |line: &str| {
                let mut shell: Command = sandbox.command("sh", ".");
                shell.arg("-c").arg(format!("umask {mask}; {line}"));
                sandbox.run(shell).expect(0)
            };
            let mode =
                |path: &str| fs::metadata(sandbox.path(path)).unwrap().permissions().mode() & 0o777;
            under(&format!("git clone -q -c core.fileMode={file_mode} repo clone"));
            let both = || (mode("clone/secrets/run.sh"), mode("clone/secrets/db.env"));
            let by_git = both();
            assert_eq!(by_git, if mask == "022" { (0o755, 0o644) } else { (0o700, 0o600) });
            under("cd clone && git shroud unlock ../team.key");
            assert_eq!(both(), by_git);
            assert_settled(&sandbox, "clone");
            assert_eq!(
                (mode("clone/.git/git-shroud"), mode("clone/.git/git-shroud/keyring")),
                (0o700, 0o600)
            );
            under("cd clone && git shroud lock");
            assert_eq!(both(), by_git);
            assert_settled(&sandbox, "clone");
        }
    }
}
