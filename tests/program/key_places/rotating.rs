//! Rotation where no opened key may be on the disk.

use std::fs;

use super::agent::Own;
use super::{Ends, assert_no_key_on_disk, assert_works};
use crate::common::{Sandbox, is_sealed};

fn team() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["ann", "bob"]);
    sandbox.git("repo", ["config", "shroud.keyring", "agent"]);
    sandbox
}

#[test]
fn a_rotation_keeps_its_keys_in_the_agent() {
    let sandbox = team();
    let _ends = Ends(&sandbox);
    sandbox.shroud("repo", ["unlock", "-q", "--for", "2h"]);
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    sandbox.git("repo", ["commit", "-qm", "rotated"]);
    assert_works(&sandbox, "repo");
    sandbox.shroud("repo", ["member", "remove", "-q", "bob"]);
    sandbox.git("repo", ["commit", "-qm", "without bob"]);
    assert_works(&sandbox, "repo");
    assert_no_key_on_disk(&sandbox, "repo");
    // What is new is held no longer than what was.
    let listed = sandbox.shroud(".", ["agent", "--list"]).text();
    assert!(listed.contains("1 h 59 min"), "{listed}");
    sandbox.shroud(".", ["agent", "--stop"]);
    sandbox.shroud("repo", ["unlock", "-q", "-i", "../ann.age"]);
    assert_works(&sandbox, "repo");
}

#[test]
fn a_rotation_that_nobody_could_follow_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git("repo", ["config", "shroud.keyring", "agent"]);
    let _ends = Ends(&sandbox);
    sandbox.shroud("repo", ["unlock", "-q"]);
    let index = sandbox.git("repo", ["ls-files", "-s"]).text();
    let done = sandbox.try_shroud("repo", ["key", "rotate"]).expect(1);
    done.says("the key 'default' would be in the memory of the agent alone");
    assert!(!sandbox.path("repo/.git/git-shroud/rotation").exists());
    assert_eq!(sandbox.git("repo", ["ls-files", "-s"]).text(), index);
    assert_works(&sandbox, "repo");
}

#[test]
fn one_that_is_cut_off_has_no_opened_key_on_the_disk_and_goes_on_or_back() {
    let sandbox = team();
    let rotate = [env!("CARGO_BIN_EXE_git-shroud"), "key", "rotate", "-q"];
    let agent = Own::start(&sandbox);
    sandbox.shroud("repo", ["unlock", "-q"]);
    let calls = sandbox.count_calls("repo", "/^rename", &rotate);
    sandbox.git("repo", ["commit", "-qam", "rotated"]);
    let mut cut_off = 0;
    let mut agent = Some(agent);
    for n in 1..=calls {
        assert!(sandbox.kill_at_call("repo", "/^rename", n, &rotate), "it ended before {n}");
        let _ = fs::remove_file(sandbox.path("repo/.git/index.lock"));
        assert_no_key_on_disk(&sandbox, "repo");
        let journal = sandbox.path("repo/.git/git-shroud/rotation/keyring");
        if !journal.exists() {
            // Not begun, or ended.
            sandbox.git("repo", ["commit", "-q", "--allow-empty", "-am", "as it is"]);
            continue;
        }
        assert!(is_sealed(&fs::read(&journal).unwrap()));
        let way = ["--continue", "--abort"][cut_off % 2];
        if cut_off / 2 % 2 == 0 {
            // The agent is gone meanwhile, and with it the only opened keys.
            drop(agent.take());
            agent = Some(Own::start(&sandbox));
            let refused = sandbox.try_shroud("repo", ["key", "rotate", way]).expect(2);
            refused.says("is not held any more").says("git shroud unlock");
            sandbox.shroud("repo", ["unlock", "-q", "-i", "../ann.age"]);
        } else {
            sandbox.try_shroud("repo", ["unlock"]).expect(2).says("a key rotation is in progress");
        }
        cut_off += 1;
        sandbox.shroud("repo", ["key", "rotate", "-q", way]);
        // A grant that was half replaced gave an earlier generation.
        sandbox.shroud("repo", ["unlock", "-q", "-i", "../ann.age"]);
        sandbox.git("repo", ["commit", "-q", "--allow-empty", "-am", way]);
        assert!(!sandbox.path("repo/.git/git-shroud/rotation").exists());
        // What the killed run was writing.
        sandbox.git("repo", ["clean", "-fdq"]);
        assert_works(&sandbox, "repo");
        assert_no_key_on_disk(&sandbox, "repo");
    }
    assert!(cut_off >= 4, "only {cut_off} runs were cut off");
}
