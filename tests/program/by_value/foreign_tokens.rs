//! A sealed value binds its name and no format. Somebody without the key can put it where it would be more than one value.

use super::{by_value, stored, token};
use crate::common::{Sandbox, text};

const TAIL: &str = "#SecretTail99";

/// A file of properties whose value `.env` files would end at the `#`, renamed in the history by somebody without the key.
fn renamed() -> Sandbox {
    let sandbox = by_value(&[]);
    sandbox.write("repo/conf/b.properties", format!("pw=Winter {TAIL}\n"));
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "more"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.try_shroud("clone", ["unlock"]).expect(2);
    sandbox.git("clone", ["mv", "conf/b.properties", "conf/b.env"]);
    sandbox.git("clone", ["commit", "-q", "-m", "Harmless"]);
    sandbox.git("repo", ["pull", "-q", "../clone", "main"]);
    sandbox
}

fn is_sealed(sandbox: &Sandbox) {
    sandbox.assert_no_object_holds("repo", TAIL.as_bytes());
    assert!(stored(sandbox, "conf/b.env").starts_with("pw=shroud.v1."));
}

#[test]
fn a_value_of_another_format_is_not_opened_and_stays_sealed() {
    let sandbox = renamed();
    assert!(text(sandbox.read("repo/conf/b.env")).starts_with("pw=shroud.v1."));
    let status = sandbox.try_shroud("repo", ["status"]).expect(1).text();
    let line =
        status.lines().find(|line| line.starts_with("damaged") && line.contains("conf/b.env"));
    assert!(line.is_some_and(|line| line.contains("'pw' on line 1: ")), "{status}");
    sandbox.sh("repo", "touch conf/b.env");
    sandbox.git("repo", ["add", "-A"]);
    is_sealed(&sandbox);
    sandbox.try_shroud("repo", ["key", "rotate"]).expect(1).says("conf/b.env");
    is_sealed(&sandbox);
    sandbox.try_shroud("repo", ["status", "--fix"]).expect(1);
    is_sealed(&sandbox);
    // A lock and an unlock by the program itself, without git.
    sandbox.try_shroud("repo", ["lock"]);
    let key = sandbox.path("team.key");
    sandbox.try_shroud("repo", ["unlock", key.to_str().unwrap()]);
    assert!(text(sandbox.read("repo/conf/b.env")).starts_with("pw=shroud.v1."));
    // Under its old name it is what it was.
    sandbox.git("repo", ["mv", "conf/b.env", "conf/b.properties"]);
    sandbox.git("repo", ["commit", "-q", "-m", "Back"]);
    sandbox.sh("repo", "rm conf/b.properties && git checkout -q conf/b.properties");
    assert_eq!(text(sandbox.read("repo/conf/b.properties")), format!("pw=Winter {TAIL}\n"));
}

#[test]
fn an_edit_beside_such_a_value_is_refused() {
    let sandbox = renamed();
    let token = token(&stored(&sandbox, "conf/b.env"), "pw");
    // Pasted into a file that has other values.
    sandbox.write("repo/conf/a.env", format!("A=value-one\npw={token}\n"));
    sandbox.try_git("repo", ["add", "conf/a.env"]).expect(128).says("'pw' on line 2");
    sandbox.assert_no_object_holds("repo", TAIL.as_bytes());
    // 'edit' opens no other format either.
    let mut edit = sandbox.command("git-shroud", "repo");
    edit.args(["edit", "--on-disk", "conf/b.env"]).env("GIT_EDITOR", "echo B=2 >>");
    sandbox.run(edit).expect(1).says("'pw' on line 1");
    is_sealed(&sandbox);
}

/// A forged value that opens as one of another format brings no variable of its own into a program.
#[test]
fn a_value_that_would_be_two_names_starts_nothing() {
    let sandbox = by_value(&[]);
    sandbox.write("repo/conf/b.ini", "API = zzz\n  EVIL=yes\n");
    sandbox.git("repo", ["add", "conf/b.ini"]);
    let stored_ini = stored(&sandbox, "conf/b.ini");
    let token = stored_ini.trim().strip_prefix("API = ").unwrap();
    std::fs::create_dir_all(sandbox.path("repo/environments/dev")).unwrap();
    sandbox.write(
        "repo/.gitattributes",
        text(sandbox.read("repo/.gitattributes")) + "environments/** shroud-values\n",
    );
    sandbox.stage_raw("repo", "environments/dev/app.env", format!("API={token}\n").as_bytes());
    sandbox.write("repo/environments/dev/app.env", format!("API={token}\n"));
    let done = sandbox.try_shroud("repo", ["config", "exec", "dev", "--", "env"]);
    assert!(!done.text().contains("EVIL"), "{}", done.text());
    assert_ne!(done.status, 0);
}
