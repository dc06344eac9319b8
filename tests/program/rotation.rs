//! Rotating keys and removing members: who can open what afterwards, and runs that are cut off.

use std::fs;

use crate::common::{SECRETS, Sandbox, is_sealed};

fn team() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["alice", "bob"]);
    sandbox
}

fn key_ids(sandbox: &Sandbox, dir: &str) -> Vec<String> {
    let json = sandbox.shroud(dir, ["key", "list", "--json"]).json();
    json["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["id"].as_str().unwrap().to_owned())
        .collect()
}

/// The key id in a blob's header.
fn sealed_with(sandbox: &Sandbox, dir: &str, name: &str) -> String {
    sandbox.blob(dir, name)[8..24].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn rotation_seals_all_and_changes_nothing_in_the_worktree() {
    let sandbox = team();
    sandbox.write("repo/secrets/changed", "as it was\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "more"]);
    sandbox.write("repo/secrets/changed", "changed and not added\n");
    let before = sandbox.snapshot("repo/secrets");
    sandbox.shroud("repo", ["key", "rotate"]).says("now generation 2").says("granted to 2 members");
    assert_eq!(sandbox.snapshot("repo/secrets"), before);
    let status = sandbox.git("repo", ["status", "--porcelain", "--", "secrets"]).text();
    assert_eq!(status, "MM secrets/changed\nM  secrets/db.env\nM  secrets/deep/er/tls.key\n");
    let ids = key_ids(&sandbox, "repo");
    assert_eq!(ids.len(), 2);
    for path in ["secrets/db.env", "secrets/changed"] {
        assert_eq!(sealed_with(&sandbox, "repo", &format!(":{path}")), ids[0]);
        assert_eq!(sealed_with(&sandbox, "repo", &format!("HEAD:{path}")), ids[1]);
    }
    assert_eq!(sandbox.shroud("repo", ["cat", ":secrets/changed"]).text(), "as it was\n");
    sandbox.shroud("repo", ["status"]);
    assert!(!sandbox.path("repo/.git/git-shroud/rotation").exists());
}

#[test]
fn a_removed_member_opens_nothing_new_and_the_others_open_everything() {
    let sandbox = team();
    sandbox.unlocked_clone("repo", "bobs", "bob").expect(0);
    sandbox.shroud("repo", ["member", "remove", "bob"]).says("removed from key 'default': bob");
    sandbox.write("repo/secrets/new", "canary-new");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "without bob"]);

    // A fresh clone at the new head, and the one that was open.
    let fresh = sandbox.unlocked_clone("repo", "fresh", "bob");
    fresh.expect(2).says("key 'default' stays locked; members: alice");
    sandbox.git("bobs", ["pull", "-q"]);
    sandbox.try_shroud("bobs", ["unlock", "-i", "../bob.age"]).expect(3).says("stays locked");
    for dir in ["fresh", "bobs"] {
        for path in ["secrets/db.env", "secrets/deep/er/tls.key", "secrets/new"] {
            assert!(is_sealed(&sandbox.read(format!("{dir}/{path}"))), "{dir}/{path}");
            sandbox.try_shroud(dir, ["cat", path]).expect(1);
        }
    }
    sandbox.shroud("bobs", ["cat", "HEAD~1:secrets/db.env"]);

    sandbox.shroud("repo", ["key", "rotate"]);
    sandbox.git("repo", ["commit", "-q", "-m", "once more"]);
    sandbox.unlocked_clone("repo", "alices", "alice").expect(0);
    for at in ["HEAD", "HEAD~1", "HEAD~2"] {
        let name = format!("{at}:{}", SECRETS[0].0);
        assert_eq!(sandbox.shroud("alices", ["cat", &name]).text(), SECRETS[0].1, "{at}");
    }
    assert_eq!(sandbox.git("alices", ["status", "--porcelain"]).text(), "");
    assert_eq!(key_ids(&sandbox, "alices").len(), 3);
}

#[test]
fn a_removal_without_rotation_says_what_it_is() {
    let sandbox = team();
    let ids = key_ids(&sandbox, "repo");
    let dry = sandbox.shroud("repo", ["member", "remove", "bob", "--no-rotate", "--dry-run"]);
    assert_eq!(dry.text(), "would remove .shroud/default/members/bob.toml\n");
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    sandbox.shroud("repo", ["member", "remove", "bob", "--no-rotate"]).says("was not rotated");
    assert_eq!(key_ids(&sandbox, "repo"), ids);
    assert_eq!(
        sandbox.git("repo", ["status", "--porcelain"]).text(),
        "D  .shroud/default/members/bob.toml\n"
    );
}

#[test]
fn who_is_no_member_cannot_be_removed() {
    let sandbox = team();
    sandbox.try_shroud("repo", ["member", "remove", "eve"]).expect(2).says("no member 'eve'");
    sandbox.try_shroud("repo", ["member", "remove", "../x"]).expect(2);
}

#[test]
fn the_report_tells_what_is_still_secret() {
    let sandbox = team();
    sandbox.write("repo/secrets/db.env", "PASSWORD=second\n");
    sandbox.git("repo", ["commit", "-qam", "second password"]);
    sandbox.git("repo", ["mv", "secrets/deep/er/tls.key", "secrets/moved.key"]);
    sandbox.write("repo/secrets/gone", "gone");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-qm", "move"]);
    sandbox.git("repo", ["rm", "-q", "secrets/gone"]);
    sandbox.git("repo", ["commit", "-qm", "gone"]);
    sandbox.git("repo", ["checkout", "-q", "-b", "side"]);
    sandbox.write("repo/secrets/side", "side");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-qm", "side"]);
    sandbox.git("repo", ["checkout", "-q", "main"]);
    let json =
        sandbox.shroud("repo", ["member", "remove", "bob", "--report=json", "--dry-run"]).json();
    let check = |json: &serde_json::Value| {
        assert_eq!(json["commits"], 4);
        let paths = json["paths"].as_array().unwrap();
        let of = |path: &str| paths.iter().find(|one| one["path"] == path).unwrap();
        assert_eq!(of("secrets/db.env")["versions"], 2);
        assert_eq!(of("secrets/db.env")["unchanged_at"][0], "secrets/db.env");
        assert_eq!(of("secrets/deep/er/tls.key")["unchanged_at"][0], "secrets/moved.key");
        for changed in ["secrets/gone", "secrets/side"] {
            assert_eq!(of(changed)["unchanged_at"].as_array().unwrap().len(), 0);
        }
        assert!(paths.iter().all(|one| one["path"] != "README" && one["path"] != "secrets/empty"));
    };
    check(&json);
    let done = sandbox.shroud("repo", ["member", "remove", "bob", "--report"]);
    let text = done.text();
    assert!(text.starts_with("Change first (the same today):\n[ ] secrets/"), "{text}");
    assert!(
        text.contains("[ ] secrets/deep/er/tls.key: 1 version, ")
            && text.contains("; now at secrets/moved.key"),
        "{text}"
    );
    assert!(
        text.contains("Not here today (changed, removed, or on another branch):\n[ ] secrets/gone"),
        "{text}"
    );
    done.says("they can still open 6 versions of 5 files in 4 commits");
    // The same afterwards, for another member.
    let json =
        sandbox.shroud("repo", ["member", "remove", "alice", "--report=json", "--dry-run"]).json();
    check(&json);
    let markdown =
        sandbox.shroud("repo", ["member", "remove", "alice", "--report=markdown", "--dry-run"]);
    assert!(markdown.text().contains("- [ ] `secrets/db.env`: 2 versions"), "{}", markdown.text());
}

#[test]
fn keys_that_are_not_held_are_not_rotated() {
    let sandbox = team();
    sandbox.shroud("repo", ["key", "new", "prod"]);
    let both = sandbox.age_identity("both");
    let grant = ["member", "add", &both, "--label", "both", "--key", "default", "--key", "prod"];
    sandbox.shroud("repo", grant);
    sandbox.git("repo", ["commit", "-qm", "both"]);
    sandbox.unlocked_clone("repo", "alices", "alice").expect(0);
    let done = sandbox.try_shroud("alices", ["member", "remove", "both"]).expect(1);
    done.says("they also have the key 'prod'").says("for the others: --key default");
    assert_eq!(sandbox.git("alices", ["status", "--porcelain"]).text(), "");
    sandbox.shroud("alices", ["member", "remove", "both", "--key", "default"]);
    sandbox.try_shroud("alices", ["key", "rotate", "prod"]).expect(1).says("'prod' is not held");
    sandbox.try_shroud("alices", ["key", "rotate", "nope"]).expect(2).says("no key 'nope'");
}

#[test]
fn what_cannot_be_sealed_stops_the_rotation_before_it_begins() {
    let sandbox = team();
    let mut damaged = sandbox.blob("repo", "HEAD:secrets/db.env");
    *damaged.last_mut().unwrap() ^= 1;
    sandbox.stage_raw("repo", "secrets/damaged", &damaged);
    let ids = key_ids(&sandbox, "repo");
    sandbox
        .try_shroud("repo", ["key", "rotate"])
        .expect(1)
        .says("secrets/damaged cannot be sealed again (damaged");
    assert_eq!(key_ids(&sandbox, "repo"), ids);
    assert!(!sandbox.path("repo/.git/git-shroud/rotation").exists());
}

#[test]
fn plaintext_at_a_sealed_path_is_sealed_by_a_rotation() {
    let sandbox = team();
    sandbox.stage_raw("repo", "secrets/plain", b"canary-plain");
    sandbox.shroud("repo", ["key", "rotate"]);
    assert!(is_sealed(&sandbox.blob("repo", ":secrets/plain")));
}

#[cfg(unix)]
/// The system calls at which a run is killed, and at how many of each.
const CALLS: [&str; 2] = ["openat", "/^rename"];
#[cfg(unix)]
const MOMENTS: usize = 6;

#[cfg(unix)]
#[test]
fn a_rotation_cut_off_anywhere_is_ended_or_undone() {
    let sandbox = team();
    for n in 0..150 {
        sandbox.write(format!("repo/secrets/{n:03}"), format!("content {n}"));
    }
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-qm", "many"]);
    let rotate = [env!("CARGO_BIN_EXE_git-shroud"), "key", "rotate", "-q"];
    let calls = CALLS.map(|call| sandbox.count_calls("repo", call, &rotate));
    let mut cut_off = 0;
    for round in 0..2 * MOMENTS {
        let ids = key_ids(&sandbox, "repo");
        let index = sandbox.git("repo", ["ls-files", "-s"]).text();
        let (call, calls) = (CALLS[round % 2], calls[round % 2]);
        let n = calls * (round / 2 + 1) / (MOMENTS + 1);
        assert!(sandbox.kill_at_call("repo", call, n, &rotate), "it ended before {n} of {call}");
        let _ = fs::remove_file(sandbox.path("repo/.git/index.lock"));
        if sandbox.path("repo/.git/git-shroud/rotation").exists() {
            cut_off += 1;
            let way = if round / 2 % 2 == 0 { "--continue" } else { "--abort" };
            for command in [["key", "rotate"].as_slice(), &["member", "remove", "bob"], &["lock"]] {
                sandbox.try_shroud("repo", command).expect(2).says("in progress");
            }
            sandbox.try_shroud("repo", ["status", "-q"]).says("a key rotation is in progress");
            sandbox.shroud("repo", ["key", "rotate", way]);
            if way == "--abort" {
                assert_eq!(key_ids(&sandbox, "repo"), ids);
                assert_eq!(sandbox.git("repo", ["ls-files", "-s"]).text(), index);
            } else {
                assert_eq!(key_ids(&sandbox, "repo").len(), ids.len() + 1);
            }
        }
        sandbox.shroud("repo", ["status"]);
        sandbox.shroud("repo", ["member", "list"]);
        for n in (0..150).step_by(37) {
            let path = format!("secrets/{n:03}");
            assert_eq!(
                sandbox.shroud("repo", ["cat", &format!(":{path}")]).text(),
                format!("content {n}")
            );
            assert_eq!(sandbox.read(format!("repo/{path}")), format!("content {n}").as_bytes());
        }
        assert_eq!(sandbox.git("repo", ["diff", "--name-only"]).text(), "");
    }
    assert!(cut_off > 2, "only {cut_off} runs were cut off");
    sandbox.git("repo", ["commit", "-qam", "after all"]);
    sandbox.unlocked_clone("repo", "clone", "alice").expect(0);
    assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "");
}

#[test]
fn an_undone_rotation_keeps_the_key_of_what_was_committed() {
    let sandbox = team();
    // The last step cannot write: a link stands where the removed member's file was.
    let file = sandbox.path("repo/.shroud/default/members/alice.toml");
    let pause = sandbox.path("pause");
    sandbox.write(
        "repo/.git/hooks/post-index-change",
        format!(
            "#!/bin/sh\n[ -e {0} ] || {{ touch {0}; rm {1}; ln -s /dev/null {1}; }}\n",
            pause.display(),
            file.display()
        ),
    );
    sandbox.sh("repo", "chmod +x .git/hooks/post-index-change");
    let done = sandbox.try_shroud("repo", ["key", "rotate"]).expect(2);
    done.says("symbolic link").says("key rotate --continue").says("key rotate --abort");
    fs::remove_file(sandbox.path("repo/.git/hooks/post-index-change")).unwrap();
    let new = key_ids(&sandbox, "repo")[0].clone();
    assert_eq!(sealed_with(&sandbox, "repo", ":secrets/db.env"), new);
    sandbox.git("repo", ["commit", "-qm", "in the middle"]);
    fs::remove_file(&file).unwrap();
    sandbox.git("repo", ["checkout", "--", ".shroud"]);
    sandbox.shroud("repo", ["key", "rotate", "--abort"]).says("so the key was kept");
    assert!(key_ids(&sandbox, "repo").contains(&new));
    assert_eq!(sandbox.shroud("repo", ["cat", "HEAD:secrets/db.env"]).text(), SECRETS[0].1);
    sandbox.shroud("repo", ["cat", ":secrets/db.env"]);
    // The kept key is handed on with the next rotation.
    sandbox.git("repo", ["commit", "-qam", "back"]);
    sandbox.shroud("repo", ["key", "rotate"]);
    sandbox.git("repo", ["commit", "-qam", "again"]);
    sandbox.unlocked_clone("repo", "clone", "bob").expect(0);
    assert_eq!(sandbox.shroud("clone", ["cat", "HEAD~2:secrets/db.env"]).text(), SECRETS[0].1);
}

#[test]
fn two_rotations_on_two_branches_meet_and_nothing_is_lost() {
    let sandbox = team();
    sandbox.unlocked_clone("repo", "alices", "alice").expect(0);
    sandbox.shroud("repo", ["key", "rotate"]);
    sandbox.write("repo/secrets/theirs", "theirs");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-qm", "rotate there"]);
    sandbox.shroud("alices", ["key", "rotate"]);
    sandbox.write("alices/secrets/ours", "ours");
    sandbox.git("alices", ["add", "."]);
    sandbox.git("alices", ["commit", "-qm", "rotate here"]);
    let own = key_ids(&sandbox, "alices")[0].clone();
    sandbox.git("alices", ["fetch", "-q"]);
    let merge = ["merge", "-q", "-X", "theirs", "-m", "both", "origin/main"];
    sandbox
        .try_git("alices", merge)
        .expect(1)
        .says("git shroud unlock now")
        .says("git merge --abort");
    let described = key_ids(&sandbox, "repo")[0].clone();
    let refused = sandbox.try_shroud("alices", ["unlock", "-i", "../alice.age"]).expect(1);
    refused
        .says("does not descend from the one that this clone has held")
        .says(&format!("git shroud unlock --trust-key {described}"));
    sandbox.shroud("alices", ["unlock", "-i", "../alice.age", "--trust-key", &described]);
    assert!(key_ids(&sandbox, "alices").contains(&own), "the own key is kept");
    sandbox.git("alices", ["merge", "--abort"]);
    sandbox.git("alices", merge);
    sandbox.try_shroud("alices", ["status", "--fix"]).expect(0);
    sandbox.git("alices", ["commit", "-qm", "seal with theirs"]);
    assert_eq!(sandbox.shroud("alices", ["cat", "HEAD:secrets/ours"]).text(), "ours");
    assert_eq!(sandbox.shroud("alices", ["cat", "HEAD:secrets/theirs"]).text(), "theirs");
    // The next rotation hands the own key on, so that everybody opens every commit again.
    sandbox.shroud("alices", ["key", "rotate"]);
    sandbox.git("alices", ["commit", "-qm", "one line again"]);
    sandbox.unlocked_clone("alices", "bobs", "bob").expect(0);
    for commit in sandbox.git("bobs", ["rev-list", "HEAD"]).text().lines() {
        let name = format!("{commit}:{}", SECRETS[0].0);
        if sandbox.try_git("bobs", ["cat-file", "-e", &name]).status == 0 {
            assert_eq!(sandbox.shroud("bobs", ["cat", &name]).text(), SECRETS[0].1);
        }
    }
}

#[test]
fn linked_worktrees_share_the_rotation() {
    let sandbox = team();
    sandbox.git("repo", ["worktree", "add", "-q", "../linked"]);
    sandbox.shroud("linked", ["key", "rotate"]);
    sandbox.git("linked", ["commit", "-qm", "rotate"]);
    sandbox.shroud("linked", ["status"]);
    sandbox.git("repo", ["merge", "-q", "linked"]);
    sandbox.shroud("repo", ["status"]);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}

#[test]
fn keys_of_the_environment_are_not_rotated() {
    let sandbox = team();
    let key = sandbox.path("team.key");
    let variable = ("GIT_SHROUD_KEYRING", key.to_str().unwrap());
    sandbox.try_shroud_with(variable, "repo", &["key", "rotate"]).expect(2).says("environment");
}
