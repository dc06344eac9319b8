//! Reading in the clear where stock git cannot: log, blame.

use crate::common::{SECRETS, Sandbox, sealed};

fn with_history() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.write("repo/secrets/db.env", format!("{}USER=second\n", SECRETS[0].1));
    sandbox.git("repo", ["commit", "-qam", "second"]);
    sandbox.git("repo", ["mv", "secrets/db.env", "secrets/moved.env"]);
    sandbox.git("repo", ["commit", "-qam", "moved"]);
    sandbox
}

#[test]
fn log_is_in_the_clear_across_renames() {
    let sandbox = with_history();
    let log = sandbox.shroud("repo", ["log", "secrets/moved.env"]).text();
    assert!(log.contains("+PASSWORD=canary-db") && log.contains("+USER=second"), "{log}");
    assert!(log.contains("rename from secrets/db.env"), "{log}");
    let options =
        sandbox.shroud("repo", ["log", "-1", "--format=%s", "--no-patch", "secrets/moved.env"]);
    assert_eq!(options.text(), "moved\n");
    sandbox
        .try_shroud("repo", ["log", "--no-such-option", "secrets/moved.env"])
        .expect(2)
        .says("no-such-option");
}

#[test]
fn log_is_in_the_clear_where_git_shows_noise() {
    let sandbox = with_history();
    sandbox.git(".", ["clone", "-q", "--bare", "repo", "bare"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let key = sandbox.path("team.key");
    let variable = ("GIT_SHROUD_KEYRING", key.to_str().unwrap());
    for dir in ["bare", "clone"] {
        let log =
            sandbox.try_shroud_with(variable, dir, &["log", "main", "--", "secrets/moved.env"]);
        let log = log.expect(0).text();
        assert!(log.contains("+USER=second"), "{dir}: {log}");
        let locked = sandbox.shroud(dir, ["log", "main", "--", "secrets/moved.env"]).text();
        assert!(locked.contains("+sealed with key"), "{dir}: {locked}");
    }
}

#[test]
fn blame_is_in_the_clear_with_what_is_not_committed() {
    let sandbox = with_history();
    sandbox.write("repo/secrets/moved.env", format!("{}USER=second\nNEW=1\n", SECRETS[0].1));
    let blame = sandbox.shroud("repo", ["blame", "-s", "secrets/moved.env"]).text();
    let lines: Vec<_> = blame.lines().collect();
    assert_eq!(lines.len(), 3, "{blame}");
    assert!(lines[0].ends_with("1) PASSWORD=canary-db") && lines[1].ends_with("2) USER=second"));
    assert!(lines[2].starts_with("00000000") && lines[2].ends_with("3) NEW=1"), "{blame}");
    let old = sandbox.shroud("repo", ["blame", "-s", "HEAD~2", "--", "secrets/db.env"]).text();
    assert!(old.ends_with("1) PASSWORD=canary-db\n"), "{old}");
    assert!(sandbox.git("repo", ["status", "--porcelain"]).text().starts_with(" M"));
}

#[test]
fn log_and_blame_take_paths_behind_two_dashes() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.write("repo/secrets/-p", "canary-p\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "a name like an option"]);
    for command in ["log", "blame"] {
        let shown = sandbox.shroud("repo/secrets", [command, "--", "-p"]).text();
        assert!(shown.contains("canary-p"), "{shown}");
    }
    sandbox.git("repo", ["rm", "-q", "secrets/db.env"]);
    sandbox.git("repo", ["commit", "-q", "-m", "gone"]);
    let shown = sandbox.shroud("repo", ["log", "--", "secrets/db.env"]).text();
    assert!(shown.contains("-PASSWORD=canary-db"), "{shown}");
}

#[test]
fn log_and_blame_put_no_plaintext_into_notes() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git("repo", ["config", "diff.shroud.cachetextconv", "true"]);
    for command in ["log", "blame"] {
        let shown = sandbox.shroud("repo", [command, "secrets/db.env"]).text();
        assert!(shown.contains("canary"), "{shown}");
    }
    assert_eq!(sandbox.git("repo", ["for-each-ref", "refs/notes"]).text(), "");
}

#[test]
fn a_log_behind_dashes_works_in_a_bare_repository_and_for_a_file_that_is_gone() {
    let sandbox = sealed();
    sandbox.git("repo", ["rm", "-q", "secrets/db.env"]);
    sandbox.git("repo", ["commit", "-q", "-m", "gone"]);
    let name = SECRETS[0].0;
    assert!(sandbox.shroud("repo", ["log", "--", name]).text().contains("canary"));
    sandbox.git(".", ["clone", "-q", "--bare", "repo", "bare.git"]);
    let key = sandbox.path("team.key").display().to_string();
    let log = ["log", "--", name];
    let done = sandbox.try_shroud_with(("GIT_SHROUD_KEYRING", &key), "bare.git", &log);
    assert!(done.expect(0).text().contains("canary"));
}
