//! Attributes that would move a file from one of git-crypt's keys to another, or between git-crypt and git-shroud.

use super::{MAGIC, assert_unchanged, git_crypt};
use crate::common::{Done, Sandbox};

/// `r` with the git-crypt keys `default` and `prod`; `c`, which holds both; and `attacker`, who holds the default key alone.
fn two_keys() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "r"]);
    for (key, file) in [(&[][..], "default.key"), (&["-k", "prod"], "prod.key")] {
        git_crypt(&sandbox, "r", &[&["init"], key].concat());
        let file = format!("../{file}");
        git_crypt(&sandbox, "r", &[&["export-key"], key, &[file.as_str()]].concat());
    }
    sandbox.write(
        "r/.gitattributes",
        "*.dev filter=git-crypt diff=git-crypt\nprod/** filter=git-crypt-prod diff=git-crypt-prod\n",
    );
    sandbox.write("r/a.dev", "dev\n");
    sandbox.write("r/prod/db", "canary-old\n");
    sandbox.write("r/prod/other", "canary-other\n");
    sandbox.git("r", ["add", "."]);
    sandbox.git("r", ["commit", "-qm", "two keys"]);
    for (clone, keys) in
        [("c", &["../default.key", "../prod.key"][..]), ("attacker", &["../default.key"])]
    {
        sandbox.git(".", ["clone", "-q", "r", clone]);
        sandbox.shroud(clone, [&["unlock", "-q"], keys].concat());
    }
    sandbox
}

/// A line of `.gitattributes` that the attacker has changed, pulled.
fn push(sandbox: &Sandbox, sed: &str) {
    sandbox
        .sh(
            "attacker",
            &format!(
                "sed -i '{sed}' .gitattributes; git add .gitattributes
                 git -c user.name=Mallory -c user.email=m@x commit -qm 'tidy up' --author 'Mallory <m@x>'"
            ),
        )
        .expect(0);
    sandbox.git("c", ["pull", "-q", "../attacker", "main"]);
}

#[track_caller]
fn edit(sandbox: &Sandbox, path: &str) -> Done {
    let mut edit = sandbox.command("git-shroud", "c");
    edit.args(["edit", "--on-disk", path]).env("GIT_EDITOR", "echo canary-edited >");
    sandbox.run(edit)
}

/// No command gives what the path holds to the readers of the other key, until that is confirmed.
#[track_caller]
fn assert_stays(sandbox: &Sandbox, held: &str, wanted: &str) {
    // What nobody changes is in nobody's way.
    assert_unchanged(sandbox, "c");
    sandbox.write("c/prod/db", "canary-today\n");
    for args in [["add", "."].as_slice(), &["commit", "-qam", "today"], &["stash", "-q"]] {
        let refused = sandbox.try_git("c", args);
        assert_ne!(refused.status, 0, "{args:?}");
        refused.says(&format!("sealed with {held}")).says(&format!("now names {wanted}"));
    }
    edit(sandbox, "prod/other").expect(1).says("git shroud why --confirm");
    sandbox.assert_no_object_holds("c", b"canary");
    let why = sandbox.shroud("c", ["why", "prod/db"]).text();
    assert!(why.contains("moved        sealed with"), "{why}");
    assert!(why.contains("by commit ") && why.contains("Mallory <m@x>: tidy up"), "{why}");
    let before = sandbox.blob("c", ":prod/db");
    sandbox.shroud("c", ["why", "--confirm", "prod/db"]).says("confirmed in this clone");
    sandbox.git("c", ["add", "prod/db"]);
    assert_ne!(sandbox.blob("c", ":prod/db"), before);
    sandbox.write("c/prod/other", "canary-today\n");
    sandbox.try_git("c", ["add", "prod/other"]).expect(128);
    assert_eq!(sandbox.mode("c/.git/git-shroud/confirmed"), 0o600);
}

#[test]
fn a_dropped_key_name_moves_nothing_before_it_is_confirmed() {
    let sandbox = two_keys();
    push(&sandbox, "s/git-crypt-prod/git-crypt/g");
    let status = sandbox.try_shroud("c", ["status"]).expect(1).text();
    assert!(status.contains("other-key"), "{status}");
    sandbox.try_shroud("c", ["status", "--fix"]).expect(1);
    assert_stays(&sandbox, "the git-crypt key 'prod'", "the git-crypt key 'default'");
    // Now the attacker, and everybody else with the default key, can open it.
    sandbox.sh("c", "rm prod/other && git checkout -q -- prod/other").expect(0);
    sandbox.git("c", ["commit", "-qm", "agreed"]);
    sandbox.git("attacker", ["pull", "-q", "../c", "main"]);
    assert_eq!(sandbox.read("attacker/prod/db"), b"canary-today\n");
    assert!(sandbox.read("attacker/prod/other").starts_with(MAGIC));
}

#[test]
fn a_merge_moves_nothing_either() {
    let sandbox = two_keys();
    push(&sandbox, "s/git-crypt-prod/git-crypt/g");
    // Theirs changes the file under the key that ours has; so does ours, before the attribute moved.
    sandbox.git("c", ["checkout", "-q", "-b", "side", "main^"]);
    sandbox.write("c/prod/db", "canary-old\nside\n");
    sandbox.git("c", ["commit", "-qam", "side"]);
    sandbox.git("c", ["checkout", "-q", "-b", "ours", "main^"]);
    sandbox.write("c/prod/db", "ours\ncanary-old\n");
    sandbox.git("c", ["commit", "-qam", "ours"]);
    sandbox.git("c", ["merge", "-q", "--no-edit", "main"]);
    let merged = sandbox.try_git("c", ["merge", "-q", "--no-edit", "side"]);
    assert_ne!(merged.status, 0);
    merged.says("nobody has confirmed that in this clone");
    sandbox.assert_no_object_holds("c", b"canary");
}

#[test]
fn between_git_crypt_and_git_shroud_nothing_moves_by_itself() {
    let sandbox = two_keys();
    sandbox.shroud("attacker", ["init", "-q", "--no-tripwire", "--key", "dev"]);
    sandbox.shroud("attacker", ["key", "export", "-q", "-o", "../dev.key"]);
    sandbox.git("attacker", ["add", "."]);
    sandbox.git("attacker", ["commit", "-qm", "a key for dev"]);
    sandbox.git("c", ["pull", "-q", "../attacker", "main"]);
    sandbox.shroud("c", ["unlock", "-q", "../dev.key"]);
    push(&sandbox, "s/filter=git-crypt-prod.*/filter=shroud shroud-key=dev/");
    assert_stays(&sandbox, "the git-crypt key 'prod'", "the key 'dev'");
    // And back again.
    let sandbox = two_keys();
    sandbox.shroud("c", ["init", "-q", "--no-tripwire", "--key", "own"]);
    sandbox
        .sh("c", "sed -i 's/filter=git-crypt-prod.*/filter=shroud shroud-key=own/' .gitattributes")
        .expect(0);
    sandbox.shroud("c", ["why", "--confirm", "prod/db", "prod/other"]);
    sandbox.sh("c", "git rm -q --cached -r prod; git add .; git commit -qm own").expect(0);
    assert!(sandbox.blob("c", "HEAD:prod/db").starts_with(b"\0SHROUD"));
    sandbox.git("attacker", ["pull", "-q", "../c", "main"]);
    push(&sandbox, "s/filter=shroud shroud-key=own/filter=git-crypt/");
    assert_stays(&sandbox, "the key 'own'", "the git-crypt key 'default'");
}
