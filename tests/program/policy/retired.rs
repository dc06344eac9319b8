//! Write access that outlives a removal: new content sealed with a generation that somebody still knows.

use crate::common::{Sandbox, noise, sealed};
use crate::policy::{commit, key_id, sealed_with, state};

/// `repo`, from which Bob was removed; `alices`, unlocked; `bobs`, which holds the earlier generation alone.
fn removed() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["alice", "bob"]);
    sandbox.unlocked_clone("repo", "bobs", "bob").expect(0);
    sandbox.shroud("repo", ["member", "remove", "bob"]);
    sandbox.git("repo", ["commit", "-q", "-m", "without bob"]);
    sandbox.unlocked_clone("repo", "alices", "alice").expect(0);
    sandbox.git("bobs", ["pull", "-q"]);
    sandbox
}

/// Bob seals what he likes with the generation that he still knows.
fn write_as_bob(sandbox: &Sandbox, path: &str) {
    sandbox.sh(
        "bobs",
        &format!(
            "echo canary-bob {path} > ../plain
             env -C .. GIT_SHROUD_KEYRING=$PWD/.git/git-shroud/keyring git-shroud clean < ../plain > ../sealed
             id=$(git hash-object -w --no-filters ../sealed)
             git update-index --add --cacheinfo 100644,$id,{path}
             git commit -qm 'from bob' --author 'Bob <bob@x>'"
        ),
    );
}

fn problems(sandbox: &Sandbox, dir: &str, args: &[&str]) -> String {
    let found = sandbox.try_shroud(dir, ["check", "--json"].iter().chain(args));
    assert!(found.status <= 1, "{found:?}");
    let json = found.json();
    let all = json["findings"].as_array().unwrap().clone();
    let name = |one: &serde_json::Value| {
        format!("{} {}", one["path"].as_str().unwrap(), one["problem"].as_str().unwrap())
    };
    all.iter().map(name).collect::<Vec<_>>().join("\n")
}

#[test]
fn content_of_a_removed_member_is_counted_and_named() {
    let sandbox = removed();
    write_as_bob(&sandbox, "secrets/db.env");
    let pulled = sandbox.git("alices", ["pull", "-q", "../bobs", "main"]);
    pulled.says("opened 1 file that is sealed with an earlier generation").says("secrets/db.env");
    assert_eq!(state(&sandbox, "alices", "secrets/db.env"), "retired-key");
    // A fresh clone opens it without git's help, and says so too.
    let fresh = sandbox.unlocked_clone("alices", "fresh", "alice").expect(0);
    fresh.says("opened 1 file that is sealed with an earlier generation").says("secrets/db.env");
    sandbox.shroud("repo", ["lock"]);
    let calm = sandbox.shroud("repo", ["unlock", "-i", "../alice.age"]);
    assert!(!calm.stderr.contains("earlier generation of the key"), "{calm:?}");
    let fixed = sandbox.shroud("alices", ["status", "--fix"]);
    fixed.says("by Bob <bob@x> changed 1 file of these, first secrets/db.env");
    let new = key_id(&sandbox, "alices", "default", 2);
    assert_eq!(sealed_with(&sandbox, "alices", ":secrets/db.env"), new);
}

#[test]
fn a_large_file_of_a_removed_member_is_counted_too() {
    let sandbox = removed();
    sandbox.write("large", noise(5 << 20));
    sandbox.sh(
        "bobs",
        "env -C .. GIT_SHROUD_KEYRING=$PWD/.git/git-shroud/keyring git-shroud clean < ../large > ../sealed
         id=$(git hash-object -w --no-filters ../sealed)
         git update-index --add --cacheinfo 100644,$id,secrets/large
         git commit -qm 'from bob' --author 'Bob <bob@x>'",
    );
    let pulled = sandbox.git("alices", ["pull", "-q", "../bobs", "main"]);
    pulled.says("opened 1 file that is sealed with an earlier generation").says("secrets/large");
}

#[test]
fn an_old_commit_and_a_branch_that_never_rotated_are_no_news() {
    let sandbox = removed();
    for args in [["checkout", "-q", "HEAD~1"].as_slice(), &["checkout", "-q", "main"]] {
        let done = sandbox.git("repo", args);
        assert!(!done.stderr.contains("generation"), "{done:?}");
    }
}

#[test]
fn a_file_of_another_key_than_its_attribute_says_is_counted() {
    let sandbox = sealed();
    sandbox.second_key("repo");
    sandbox.write("repo/prod/a", "canary\n");
    commit(&sandbox, "repo", "prod");
    sandbox.git("repo", ["checkout", "-q", "-b", "side"]);
    sandbox.stage_raw("repo", "prod/a", &sandbox.blob("repo", "HEAD:secrets/db.env"));
    sandbox.git("repo", ["checkout", "-q", "--", "prod/a"]);
    sandbox.git("repo", ["commit", "-q", "-m", "of another key"]);
    sandbox.git("repo", ["checkout", "-q", "-f", "main"]);
    let done = sandbox.git("repo", ["checkout", "-q", "side"]);
    done.says("opened 1 file that is sealed with a key of another name").says("prod/a");
}

#[test]
fn new_content_under_a_retired_generation_is_a_finding() {
    let sandbox = removed();
    assert_eq!(problems(&sandbox, "bobs", &["HEAD"]), "");
    for path in ["secrets/db.env", "secrets/new"] {
        write_as_bob(&sandbox, path);
        assert_eq!(problems(&sandbox, "bobs", &["HEAD^!"]), format!("{path} retired-key"));
    }
    // Without a key too, as on a server, and staged.
    sandbox.git(".", ["clone", "-q", "--bare", "bobs", "server"]);
    let all = "secrets/db.env retired-key\nsecrets/new retired-key";
    assert_eq!(problems(&sandbox, "server", &["--all"]), all);
    let sealed = sandbox.blob("bobs", "HEAD:secrets/new");
    sandbox.stage_raw("alices", "secrets/other", &sealed);
    assert_eq!(problems(&sandbox, "alices", &["--staged"]), "secrets/other retired-key");
}

#[test]
fn what_was_there_before_may_move_and_merge() {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["alice"]);
    // Content of before the rotation, which a branch brings in.
    sandbox.git("repo", ["checkout", "-q", "-b", "side"]);
    sandbox.write("repo/secrets/side", "canary-side\n");
    commit(&sandbox, "repo", "side");
    sandbox.git("repo", ["checkout", "-q", "main"]);
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    commit(&sandbox, "repo", "rotate");
    sandbox.git("repo", ["merge", "-q", "--no-edit", "side"]);
    assert_eq!(state(&sandbox, "repo", "secrets/side"), "retired-key");
    sandbox.git("repo", ["mv", "secrets/side", "secrets/moved"]);
    assert_eq!(problems(&sandbox, "repo", &["--staged"]), "");
    sandbox.git("repo", ["commit", "-q", "-m", "moved"]);
    assert_eq!(problems(&sandbox, "repo", &["--all"]), "");
    assert_eq!(problems(&sandbox, "repo", &["HEAD^!"]), "");
    // Put back from an old commit, it is what no parent has.
    sandbox.git("repo", ["checkout", "-q", "HEAD~2", "--", "secrets/db.env"]);
    sandbox.git("repo", ["checkout", "-q", "main~3", "--", "secrets/db.env"]);
    assert_eq!(problems(&sandbox, "repo", &["--staged"]), "secrets/db.env retired-key");
    sandbox.shroud("repo", ["status", "--fix", "-q"]);
    assert_eq!(problems(&sandbox, "repo", &["--staged"]), "");
}
