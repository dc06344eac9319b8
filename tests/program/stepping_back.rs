//! A rotation that was dropped, and a key that is older than the files.

use crate::common::{Sandbox, is_sealed};

fn team() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["alice", "bob"]);
    sandbox
}

/// The id of the key that `.shroud/` describes.
fn described(sandbox: &Sandbox, dir: &str) -> String {
    let text = String::from_utf8(sandbox.read(format!("{dir}/.shroud/default/key.toml"))).unwrap();
    let line = text.lines().find(|line| line.starts_with("key_id = ")).unwrap();
    line.split('"').nth(1).unwrap().to_owned()
}

#[test]
fn a_dropped_rotation_is_left_by_one_command_and_nothing_is_lost() {
    for commit in [false, true] {
        let sandbox = team();
        let earlier = described(&sandbox, "repo");
        sandbox.shroud("repo", ["key", "rotate"]);
        let blob = sandbox.git("repo", ["rev-parse", ":secrets/db.env"]).text();
        let later = described(&sandbox, "repo");
        if commit {
            sandbox.git("repo", ["commit", "-q", "-m", "rotated"]);
            sandbox.git("repo", ["reset", "-q", "--hard", "HEAD~1"]);
        } else {
            sandbox.git("repo", ["reset", "-q", "--hard"]);
        }
        let way = format!("git shroud unlock --trust-key {earlier}");
        for args in [&["key", "rotate"][..], &["member", "remove", "bob"], &["member", "add", "x"]]
        {
            let done = sandbox.try_shroud("repo", args);
            assert_ne!(done.status, 0, "{args:?}");
            if args[1] != "add" {
                done.says(&way);
            }
        }
        let doctor = sandbox.try_shroud("repo", ["doctor"]).expect(1).text();
        assert!(doctor.contains(&way), "{doctor}");
        sandbox.shroud("repo", ["unlock"]).says(&way);

        sandbox
            .shroud("repo", ["unlock", "--trust-key", &earlier])
            .says("the key 'default' is generation 1 here")
            .says("set generation 2 aside");
        sandbox.shroud("repo", ["doctor"]);
        sandbox.shroud("repo", ["unlock"]);
        // What the dropped one has sealed still opens.
        let name = blob.trim();
        assert!(is_sealed(&sandbox.blob("repo", name)));
        sandbox.write("repo/secrets/moved", sandbox.blob("repo", name));
        assert_eq!(sandbox.shroud("repo", ["cat", "secrets/moved"]).text(), "PASSWORD=canary-db\n");
        std::fs::remove_file(sandbox.path("repo/secrets/moved")).unwrap();
        assert!(sandbox.shroud("repo", ["key", "list"]).text().contains(&later));

        sandbox.shroud("repo", ["member", "remove", "bob"]).says("now generation 2");
        sandbox.git("repo", ["commit", "-q", "-m", "without bob"]);
        sandbox.git("repo", ["fsck"]);
        // The one that was set aside has no copy elsewhere.
        sandbox.try_shroud("repo", ["lock"]).expect(1).says("key export -o FILE");
        sandbox.shroud("repo", ["key", "export", "-o", "../all.key"]);
        sandbox.shroud("repo", ["lock"]);
        sandbox.shroud("repo", ["unlock", "../all.key"]);
        sandbox.shroud("repo", ["unlock", "../all.key"]);
    }
}

#[test]
fn a_dropped_rotation_that_comes_back_is_taken_again() {
    let sandbox = team();
    let earlier = described(&sandbox, "repo");
    sandbox.shroud("repo", ["key", "rotate"]);
    sandbox.git("repo", ["commit", "-q", "-m", "rotated"]);
    sandbox.git("repo", ["reset", "-q", "--hard", "HEAD~1"]);
    sandbox.shroud("repo", ["unlock", "--trust-key", &earlier]);
    sandbox.git("repo", ["reset", "-q", "--hard", "ORIG_HEAD"]);
    sandbox.shroud("repo", ["unlock"]).says("the key 'default' is generation 2 here");
    sandbox.shroud("repo", ["key", "rotate"]).says("now generation 3");
}

#[test]
fn another_branch_with_an_earlier_key_is_no_dropped_rotation() {
    let sandbox = team();
    sandbox.git("repo", ["branch", "topic"]);
    sandbox.shroud("repo", ["key", "rotate"]);
    sandbox.git("repo", ["commit", "-q", "-m", "rotated"]);
    sandbox.git("repo", ["switch", "-q", "topic"]);
    let unlocked = sandbox.shroud("repo", ["unlock"]);
    assert!(!unlocked.stderr.contains("--trust-key"), "{}", unlocked.stderr);
    sandbox.shroud("repo", ["doctor"]);
    let refused = sandbox.try_shroud("repo", ["key", "rotate"]).expect(1);
    assert!(!refused.stderr.contains("--trust-key"), "{}", refused.stderr);
    refused.says("merge it first");
}

#[test]
fn an_unlock_with_a_key_from_before_the_rotation_is_not_complete() {
    let sandbox = team();
    sandbox.shroud("repo", ["key", "export", "-o", "../old.key"]);
    sandbox.shroud("repo", ["key", "rotate"]);
    sandbox.git("repo", ["commit", "-q", "-m", "rotated"]);
    sandbox.git(".", ["clone", "-q", "repo", "ci"]);
    let text = String::from_utf8(sandbox.read("old.key")).unwrap();
    for _ in 0..2 {
        sandbox
            .try_shroud_with(("GIT_SHROUD_KEY", &text), "ci", &["unlock"])
            .expect(3)
            .says("sealed with generation 2 of key 'default'")
            .says("this clone holds generation 1")
            .says("GIT_SHROUD_IDENTITY");
    }
    assert!(is_sealed(&sandbox.read("ci/secrets/db.env")));
    // Who holds one key of two has all that there is for them.
    let two = Sandbox::repository_with_two_keys();
    two.git(".", ["clone", "-q", "repo", "one"]);
    two.shroud("repo", ["key", "export", "-o", "../one.key", "--name", "default"]);
    two.shroud("one", ["unlock", "../one.key"]);
}

#[test]
fn who_pulls_a_rotation_over_own_commits_gets_out_by_what_the_hint_says() {
    let sandbox = team();
    sandbox.unlocked_clone("repo", "bobs", "bob").expect(0);
    sandbox.shroud("repo", ["key", "rotate"]);
    sandbox.git("repo", ["commit", "-q", "-m", "rotated"]);
    sandbox.write("bobs/secrets/db.env", "PASSWORD=canary-bob\n");
    sandbox.git("bobs", ["commit", "-q", "-a", "-m", "own"]);
    let pull = ["pull", "-q", "--no-rebase", "--no-edit"];
    sandbox.try_git("bobs", pull).expect(1).says("git shroud unlock now").says("git merge --abort");
    sandbox.shroud("bobs", ["unlock", "-i", "../bob.age"]).says("took key 'default' generation 2");
    sandbox.git("bobs", ["merge", "--abort"]);
    sandbox.git("bobs", pull);
    assert_eq!(sandbox.read("bobs/secrets/db.env"), b"PASSWORD=canary-bob\n");
}

#[test]
fn a_picture_of_a_key_is_named_as_one() {
    let sandbox = crate::common::sealed();
    sandbox.git(".", ["clone", "-q", "repo", "fresh"]);
    for (option, file) in [("--qr", "../k.png"), ("--qr", "../k.svg"), ("--sheet", "../k.html")] {
        sandbox.shroud("repo", ["key", "export", "--name", "default", option, file]);
        for args in [&["unlock", file][..], &["key", "export", "--verify", file]] {
            sandbox.try_shroud("fresh", args).expect(2).says("zbarimg");
        }
    }
}
