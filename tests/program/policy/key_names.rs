//! Attributes and merges that would move a file to a key of another name: a proposal, until this clone has confirmed it.

use crate::common::{Sandbox, sealed};
use crate::policy::{commit, key_id, sealed_with, state};

const PROD: &str = "one canary\ntwo\nthree\nfour\nfive\nsix\n";

/// `repo` with the keys `default` and `prod`, and `clone`, which holds both.
fn two_keys() -> Sandbox {
    let sandbox = sealed();
    sandbox.second_key("repo");
    sandbox.write("repo/prod/db.txt", PROD);
    sandbox.write("repo/prod/other.txt", "canary-other\n");
    commit(&sandbox, "repo", "prod");
    for name in ["default", "prod"] {
        let file = sandbox.path(format!("{name}.key"));
        sandbox
            .shroud("repo", ["key", "export", "-q", "--name", name, "-o", file.to_str().unwrap()]);
    }
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.shroud("clone", ["unlock", "-q", "../default.key", "../prod.key"]);
    // Who holds the lesser key alone.
    sandbox.git(".", ["clone", "-q", "repo", "attacker"]);
    sandbox.shroud("attacker", ["unlock", "-q", "../default.key"]);
    sandbox
}

/// One dropped word in `.gitattributes`, pushed.
fn drop_key(sandbox: &Sandbox) {
    sandbox.sh(
        "attacker",
        "sed -i 's/ shroud-key=prod//' .gitattributes; git add .gitattributes
         git -c user.name=Mallory -c user.email=m@x commit -qm 'tidy up' --author 'Mallory <m@x>'",
    );
}

#[track_caller]
fn edit(sandbox: &Sandbox, path: &str) -> crate::common::Done {
    let mut edit = sandbox.command("git-shroud", "clone");
    edit.args(["edit", "--on-disk", path]).env("GIT_EDITOR", "echo canary-edited >");
    sandbox.run(edit)
}

#[test]
fn a_dropped_key_name_moves_nothing_before_it_is_confirmed() {
    let sandbox = two_keys();
    drop_key(&sandbox);
    sandbox.git("clone", ["pull", "-q", "../attacker", "main"]);
    let prod = key_id(&sandbox, "clone", "prod", 1);
    // What nobody changes is in nobody's way.
    sandbox.sh("clone", "touch prod/db.txt prod/other.txt");
    assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "");
    assert_eq!(state(&sandbox, "clone", "prod/db.txt"), "other-key");
    // No command seals today's secret with the lesser key.
    sandbox.write("clone/prod/db.txt", "canary-today\n");
    for args in [["add", "."].as_slice(), &["commit", "-qam", "today"], &["stash", "-q"]] {
        let refused = sandbox.try_git("clone", args);
        assert_ne!(refused.status, 0, "{args:?}");
        refused.says("sealed with the key 'prod'").says("names the key 'default'");
    }
    let fixed = sandbox.try_shroud("clone", ["status", "--fix"]).expect(1);
    assert!(fixed.text().contains("other-key"), "{fixed:?}");
    edit(&sandbox, "prod/other.txt").expect(1).says("git shroud why --confirm");
    sandbox
        .shroud("clone", ["key", "rotate", "-q", "default"])
        .says("left 2 files as they are")
        .says("prod/db.txt");
    for path in ["prod/db.txt", "prod/other.txt"] {
        assert_eq!(sealed_with(&sandbox, "clone", &format!(":{path}")), prod);
    }
    sandbox.assert_no_object_holds("clone", b"canary");
    // Who it was.
    let why = sandbox.shroud("clone", ["why", "prod/db.txt"]).text();
    assert!(
        why.contains("sealed with prod, changed to default by commit ")
            && why.contains("Mallory <m@x>: tidy up"),
        "{why}"
    );
    // Agreed for one file, in this clone alone.
    sandbox.shroud("clone", ["why", "--confirm", "prod/db.txt"]).says("confirmed in this clone");
    sandbox.git("clone", ["add", "prod/db.txt"]);
    let default = key_id(&sandbox, "clone", "default", 2);
    assert_eq!(sealed_with(&sandbox, "clone", ":prod/db.txt"), default);
    sandbox.write("clone/prod/other.txt", "canary-today\n");
    sandbox.try_git("clone", ["add", "prod/other.txt"]).expect(128);
    let tree = sandbox.git("clone", ["ls-files"]).text();
    assert!(!tree.contains("confirmed"), "{tree}");
    sandbox.assert_mode("clone/.git/git-shroud/confirmed", 0o600);
}

#[test]
fn fix_moves_files_to_another_key_only_when_it_is_told_to() {
    let sandbox = two_keys();
    drop_key(&sandbox);
    sandbox.git("clone", ["pull", "-q", "../attacker", "main"]);
    sandbox.try_shroud("clone", ["status", "--fix"]).expect(1).says("--rekey");
    sandbox
        .shroud("clone", ["status", "--fix", "--rekey"])
        .says("sealed and staged 2 files")
        .says("commit ");
    assert_eq!(
        sealed_with(&sandbox, "clone", ":prod/db.txt"),
        key_id(&sandbox, "clone", "default", 1)
    );
}

#[test]
fn track_confirms_what_its_pattern_matches_and_nothing_else() {
    let sandbox = two_keys();
    drop_key(&sandbox);
    sandbox.git("clone", ["pull", "-q", "../attacker", "main"]);
    sandbox.sh("clone", "git mv prod/other.txt 'prod/a b.txt'; git commit -qm moved");
    sandbox.shroud("clone", ["track", "prod/a b.txt"]).says("1 file may move");
    for path in ["prod/a b.txt", "prod/db.txt"] {
        sandbox.write(format!("clone/{path}"), "canary-today\n");
    }
    sandbox.git("clone", ["add", "prod/a b.txt"]);
    sandbox.try_git("clone", ["add", "prod/db.txt"]).expect(128);
    sandbox.assert_no_object_holds("clone", b"canary");
}

/// `clone` has a new password in the file; the attacker has changed another line, sealed with the lesser key.
fn clashing(sandbox: &Sandbox) {
    sandbox.write("clone/prod/db.txt", PROD.replace("one", "ONE"));
    commit(sandbox, "clone", "new password");
    sandbox.write("theirs", PROD.replace("six", "SIX"));
    sandbox.sh(
        "attacker",
        "git-shroud clean --key default prod/db.txt < ../theirs > ../sealed
         id=$(git hash-object -w --no-filters ../sealed)
         git update-index --cacheinfo 100644,$id,prod/db.txt; git commit -qm theirs; git checkout -q -f .",
    );
    sandbox.git("clone", ["fetch", "-q", "../attacker", "main:theirs"]);
}

#[test]
fn the_key_of_theirs_does_not_count_where_their_attributes_do_not_name_it() {
    for how in [
        ["merge", "-q", "--no-edit", "theirs"].as_slice(),
        &["rebase", "-q", "theirs"],
        &["cherry-pick", "theirs"],
    ] {
        let sandbox = two_keys();
        clashing(&sandbox);
        let done = sandbox.try_git("clone", how);
        if done.status == 0 {
            let prod = key_id(&sandbox, "clone", "prod", 1);
            assert_eq!(sealed_with(&sandbox, "clone", "HEAD:prod/db.txt"), prod, "{how:?}");
        } else {
            done.says("prod/db.txt");
        }
        let json = sandbox.try_shroud("clone", ["status", "--json"]).text();
        assert!(json.contains("prod/db.txt"), "{json}");
        sandbox.assert_no_object_holds("clone", b"canary");
    }
}

#[test]
fn a_merge_with_changed_attributes_moves_nothing_before_it_is_confirmed() {
    for how in [
        ["merge", "-q", "--no-edit", "theirs"].as_slice(),
        &["rebase", "-q", "theirs"],
        &["cherry-pick", "theirs~1", "theirs"],
    ] {
        let sandbox = two_keys();
        drop_key(&sandbox);
        clashing(&sandbox);
        let done = sandbox.try_git("clone", how);
        assert_ne!(done.status, 0, "{how:?}");
        done.says("git shroud why --confirm");
        let ours = sandbox.git("clone", ["ls-files", "-u", "prod/db.txt"]).text();
        assert!(!ours.is_empty(), "{how:?}: a conflict");
        sandbox.write("clone/prod/db.txt", "canary-settled\n");
        sandbox.try_git("clone", ["add", "prod/db.txt"]).expect(128);
        sandbox.shroud("clone", ["why", "--confirm", "prod/db.txt"]).says("confirmed");
        sandbox.git("clone", ["checkout", "-q", "-m", "--", "prod/db.txt"]);
        let merged = String::from_utf8(sandbox.read("clone/prod/db.txt")).unwrap();
        assert!(merged.contains("ONE") && merged.contains("SIX"), "{how:?}: {merged}");
        sandbox.git("clone", ["add", "prod/db.txt"]);
        let default = key_id(&sandbox, "clone", "default", 1);
        assert_eq!(sealed_with(&sandbox, "clone", ":prod/db.txt"), default);
        sandbox.assert_no_object_holds("clone", b"canary");
    }
}

#[test]
fn who_wrote_a_line_is_named_and_not_who_merged_it() {
    let sandbox = Sandbox::repository_with_two_keys();
    sandbox.git(".", ["clone", "-q", "repo", "mallory"]);
    let text = String::from_utf8(sandbox.read("mallory/.gitattributes")).unwrap();
    sandbox.write("mallory/.gitattributes", format!("{text}secrets/db.env shroud-key=prod\n"));
    let by = ["commit", "-q", "--author=Mallory <m@example.com>", "-m"];
    sandbox.git("mallory", ["add", ".gitattributes"]);
    sandbox.git("mallory", [&by[..], &["harmless"]].concat());
    sandbox.write("repo/other", "mine\n");
    sandbox.git("repo", ["add", "other"]);
    sandbox.git("repo", ["commit", "-q", "-m", "mine"]);
    sandbox.git("repo", ["pull", "-q", "--no-rebase", "--no-edit", "../mallory", "HEAD"]);
    let why = sandbox.shroud("repo", ["why", "secrets/db.env"]).text();
    assert!(why.contains("by Mallory") && why.contains("harmless"), "{why}");
    assert!(!why.contains("Merge"), "{why}");

    // The same of a line that is gone.
    let without: String = text.lines().filter(|line| line.starts_with('[')).collect();
    sandbox.write("mallory/.gitattributes", format!("{without}\n"));
    sandbox.git("mallory", ["add", ".gitattributes"]);
    sandbox.git("mallory", [&by[..], &["dropped"]].concat());
    sandbox.write("repo/other", "mine too\n");
    sandbox.git("repo", ["commit", "-q", "-m", "mine too", "other"]);
    sandbox.git("repo", ["pull", "-q", "--no-rebase", "--no-edit", "../mallory", "HEAD"]);
    let why = sandbox.shroud("repo", ["why", "secrets/db.env"]).text();
    let dropped = why.lines().find(|line| line.starts_with("dropped")).unwrap();
    assert!(dropped.contains("by Mallory"), "{why}");
}
