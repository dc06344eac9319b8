//! `edit`: with an editor that is a script, on the memory file system of Linux.

use std::fs;

use crate::common::{SECRETS, Sandbox, is_sealed};

/// Edits with a script for `sh` in which `$1` is the file.
fn edit(
    sandbox: &Sandbox,
    dir: &str,
    script: &str,
    arguments: &[&str],
    key: bool,
) -> crate::common::Done {
    sandbox.write("editor", format!("#!/bin/sh\n{script}\n"));
    sandbox.sh(".", "chmod +x editor");
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), dir);
    command.arg("edit").args(arguments).env("GIT_EDITOR", sandbox.path("editor"));
    if key {
        command.env("GIT_SHROUD_KEYRING", sandbox.path("team.key"));
    }
    sandbox.run(command)
}

#[test]
fn edit_in_a_locked_clone_leaves_only_sealed_bytes() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    let before = sandbox.mode("clone/secrets/db.env");
    let script = "ls -ld \"$(dirname \"$1\")\" > listing; cp \"$1\" seen; echo TOKEN=canary-token >> \"$1\"; touch \"$1~\"; echo \"$1\" > place";
    edit(&sandbox, "clone", script, &["secrets/db.env"], true)
        .expect(0)
        .says("wrote secrets/db.env");
    assert_eq!(sandbox.read("clone/seen"), SECRETS[0].1.as_bytes());
    assert!(crate::common::text(sandbox.read("clone/listing")).starts_with("drwx------"));
    let place = crate::common::text(sandbox.read("clone/place"));
    assert!(
        place.starts_with("/dev/shm/git-shroud-edit-") && place.ends_with("/db.env\n"),
        "{place}"
    );
    assert!(!std::path::Path::new(place.trim()).parent().unwrap().exists());
    assert!(is_sealed(&sandbox.read("clone/secrets/db.env")));
    assert_eq!(sandbox.mode("clone/secrets/db.env"), before);
    // Without the filter the tripwire lets nothing be added; an unlock that finds no key sets it.
    sandbox
        .sh("clone", "rm seen listing place; git shroud unlock; git commit -qam edited")
        .expect(0);
    sandbox.assert_no_object_holds("clone", b"canary-token");
    sandbox.shroud("clone", ["unlock", "../team.key"]);
    let edited = format!("{}TOKEN=canary-token\n", SECRETS[0].1);
    assert_eq!(crate::common::text(sandbox.read("clone/secrets/db.env")), edited);
}

#[test]
fn edit_in_an_open_clone_and_of_new_files() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    edit(&sandbox, "repo", "echo more >> \"$1\"", &["secrets/db.env"], false).expect(0);
    assert_eq!(sandbox.read("repo/secrets/db.env"), format!("{}more\n", SECRETS[0].1).as_bytes());
    edit(&sandbox, "repo", "echo new > \"$1\"", &["secrets/a/new"], false).expect(0);
    assert_eq!(sandbox.read("repo/secrets/a/new"), b"new\n");
    edit(&sandbox, "clone", "echo new > \"$1\"", &["secrets/a/new"], true).expect(0);
    assert!(is_sealed(&sandbox.read("clone/secrets/a/new")));
}

#[test]
fn edit_writes_nothing_where_nothing_was_changed_or_the_editor_failed() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    let before = sandbox.snapshot("clone/secrets");
    edit(&sandbox, "clone", "true", &["secrets/db.env"], true)
        .expect(0)
        .says("nothing was changed");
    edit(&sandbox, "clone", "echo x > \"$1\"; false", &["secrets/db.env"], true)
        .expect(2)
        .says("editor failed");
    edit(&sandbox, "clone", "true", &["secrets/db.env"], false).expect(1).says("not held here");
    edit(&sandbox, "clone", "true", &["README"], true).expect(2).says("use any editor");
    edit(&sandbox, "clone", "true", &["../x"], true).expect(2).says("outside the worktree");
    let file = sandbox.read("clone/secrets/db.env");
    fs::remove_file(sandbox.path("clone/secrets/db.env")).unwrap();
    edit(&sandbox, "clone", "echo x > \"$1\"", &["secrets/db.env"], true)
        .expect(2)
        .says("not in the worktree");
    // A sparse index names folders in the place of what is in them.
    sandbox.git("clone", ["restore", "."]);
    sandbox.git("clone", ["sparse-checkout", "set", "--cone", "--sparse-index", "other"]);
    edit(&sandbox, "clone", "echo x > \"$1\"", &["secrets/db.env"], true)
        .expect(2)
        .says("not in the worktree");
    sandbox.git("clone", ["sparse-checkout", "disable"]);
    sandbox.write("clone/secrets/db.env", file);
    fs::create_dir(sandbox.path("outside")).unwrap();
    std::os::unix::fs::symlink(sandbox.path("outside"), sandbox.path("clone/secrets/link"))
        .unwrap();
    edit(&sandbox, "clone", "echo x > \"$1\"", &["secrets/link/x"], true)
        .expect(2)
        .says("symbolic link");
    assert_eq!(sandbox.snapshot("outside").len(), 0);
    sandbox.git("clone", ["init", "-q", "secrets/inner"]);
    edit(&sandbox, "clone", "echo x > \"$1\"", &["secrets/inner/x"], true)
        .expect(2)
        .says("another repository");
    fs::remove_dir_all(sandbox.path("clone/secrets/inner")).unwrap();
    fs::remove_file(sandbox.path("clone/secrets/link")).unwrap();
    assert_eq!(sandbox.snapshot("clone/secrets"), before);
}

#[test]
fn edit_overwrites_nothing_that_changed_meanwhile_and_loses_nothing() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    let script = "echo mine >> \"$1\"; echo theirs > secrets/db.env";
    let done = edit(&sandbox, "repo", script, &["secrets/db.env"], false)
        .expect(1)
        .says("changed meanwhile");
    assert_eq!(sandbox.read("repo/secrets/db.env"), b"theirs\n");
    let kept = done.stderr.split_whitespace().find(|word| word.starts_with("/dev/shm/")).unwrap();
    let kept = std::path::Path::new(kept.trim_end_matches(','));
    let mine = fs::read_to_string(kept.join("db.env")).unwrap();
    fs::remove_dir_all(kept).unwrap();
    assert_eq!(mine, format!("{}mine\n", SECRETS[0].1));
}

#[test]
fn edit_wipes_no_file_to_which_a_link_in_its_folder_leads() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    sandbox.write("victim", "precious");
    let script = "cd \"$(dirname \"$1\")\" && ln -s \"$OLDPWD/../victim\" link && mkfifo pipe";
    edit(&sandbox, "repo", script, &["secrets/db.env"], false).expect(0);
    assert_eq!(sandbox.read("victim"), b"precious");
}

/// A Ctrl-C reaches everything in the terminal, and is the editor's to answer.
#[test]
fn edit_leaves_interrupts_to_the_editor() {
    let sandbox = Sandbox::new();
    sandbox.fresh_clone();
    let script =
        "trap '' INT QUIT; kill -INT 0; kill -QUIT 0; echo more >> \"$1\"; echo \"$1\" > ../place";
    let edit = |script: &str| {
        sandbox.write("editor", format!("#!/bin/sh\n{script}\n"));
        sandbox.sh(".", "chmod +x editor");
        let mut command = sandbox.command("setsid", "clone");
        command.args(["--wait", env!("CARGO_BIN_EXE_git-shroud"), "edit", "secrets/db.env"]);
        command.env("GIT_SHROUD_KEYRING", sandbox.path("team.key"));
        command.env("GIT_EDITOR", sandbox.path("editor"));
        sandbox.run(command)
    };
    crate::common::needs("setsid", "util-linux");
    edit(script).expect(0).says("wrote secrets/db.env");
    let before = sandbox.read("clone/secrets/db.env");
    assert!(is_sealed(&before));
    // Who ends the program itself finds no plaintext left.
    edit("echo more >> \"$1\"; echo \"$1\" > ../place; kill -TERM $PPID; exec tail --pid=$PPID -f /dev/null").expect(2);
    assert_eq!(sandbox.read("clone/secrets/db.env"), before);
    let place = crate::common::text(sandbox.read("place"));
    assert!(place.starts_with("/dev/shm/git-shroud-edit-"), "{place}");
    assert!(!std::path::Path::new(place.trim()).parent().unwrap().exists());
}
