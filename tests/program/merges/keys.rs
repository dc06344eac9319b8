//! Sides that are sealed with different keys or generations, not at all, or with a key that is not held.

use crate::common::is_sealed;
use crate::merges::{BASE, FILE, Scene, gits};

/// The key id in a blob's header.
fn sealed_with(scene: &Scene, name: &str) -> String {
    let blob = scene.sandbox.blob("repo", name);
    assert!(is_sealed(&blob), "{name}");
    blob[8..24].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The id of a key's newest generation.
fn key_id(scene: &Scene, name: &str) -> String {
    let keys = scene.sandbox.shroud("repo", ["key", "list", "--json"]).json();
    let keys = keys["keys"].as_array().unwrap().clone();
    let newest = keys
        .iter()
        .filter(|key| key["name"] == name)
        .max_by_key(|key| key["generation"].as_u64().unwrap());
    newest.unwrap()["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_rotation_on_one_branch_merges_with_edits_on_the_other() {
    for git in gits() {
        for rotated in ["main", "topic"] {
            let scene = Scene::apart(git);
            scene.git(&["checkout", "-q", rotated]);
            scene.sandbox.shroud("repo", ["key", "rotate", "-q"]);
            scene.git(&["commit", "-q", "-m", "rotated"]);
            scene.git(&["checkout", "-q", "main"]);
            scene.git(&["merge", "-q", "--no-edit", "topic"]);
            scene.assert_committed(&Scene::both());
            assert_eq!(sealed_with(&scene, &format!("HEAD:{FILE}")), key_id(&scene, "default"));
        }
    }
}

#[test]
fn a_rotation_and_an_edit_are_rebased_and_picked_too() {
    for git in gits() {
        for how in [["rebase", "-q", "topic"].as_slice(), &["cherry-pick", "topic~1", "topic"]] {
            let scene = Scene::apart(git);
            scene.git(&["checkout", "-q", "topic"]);
            scene.sandbox.shroud("repo", ["key", "rotate", "-q"]);
            scene.git(&["commit", "-q", "-m", "rotated"]);
            scene.git(&["checkout", "-q", "main"]);
            scene.git(how);
            scene.assert_committed(&Scene::both());
            assert_eq!(sealed_with(&scene, &format!("HEAD:{FILE}")), key_id(&scene, "default"));
        }
    }
}

/// A rotation seals every file anew, so to git it has changed them all: a file that the other side deleted is a conflict,
/// unless git is told to compare what the files hold.
#[test]
fn a_rotation_and_a_deletion_are_merged_by_renormalizing() {
    for git in gits() {
        let scene = Scene::new(git);
        scene.git(&["checkout", "-q", "-b", "topic"]);
        scene.git(&["rm", "-q", FILE]);
        scene.git(&["commit", "-q", "-m", "gone"]);
        scene.git(&["checkout", "-q", "main"]);
        scene.sandbox.shroud("repo", ["key", "rotate", "-q"]);
        scene.git(&["commit", "-q", "-m", "rotated"]);
        scene.try_git(&["merge", "-q", "--no-edit", "topic"]).expect(1);
        assert_eq!(scene.git(&["status", "--porcelain"]).text(), format!("UD {FILE}\n"));
        scene.git(&["merge", "--abort"]);
        scene.git(&["merge", "-q", "--no-edit", "-X", "renormalize", "topic"]);
        assert!(!scene.sandbox.path(format!("repo/{FILE}")).exists());
        assert_eq!(scene.git(&["status", "--porcelain"]).text(), "");
        scene.assert_sealed();
    }
}

/// Whichever side moved it: until the merge is done git has the attributes of ours, and sealed by those what theirs has moved
/// to another key would be opened by people from whom it was taken.
#[test]
fn an_edit_of_a_file_that_moved_to_another_key_is_sealed_with_that() {
    for git in gits() {
        for (here, there) in [("main", "topic"), ("topic", "main")] {
            for how in ["merge", "rebase"] {
                let scene = Scene::apart(git);
                scene.sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
                scene.sandbox.shroud("repo", ["track", "-q", "--key", "prod", FILE]);
                scene.sandbox.shroud("repo", ["status", "--fix", "--rekey", "-q"]);
                scene.git(&["add", "."]);
                scene.git(&["commit", "-q", "-m", "another key"]);
                assert_eq!(sealed_with(&scene, &format!("HEAD:{FILE}")), key_id(&scene, "prod"));
                scene.git(&["checkout", "-q", here]);
                scene.git(&[how, "-q", there]);
                scene.assert_committed(&Scene::both());
                let sealed = sealed_with(&scene, &format!("HEAD:{FILE}"));
                assert_eq!(sealed, key_id(&scene, "prod"), "{how} {here}");
                scene.sandbox.shroud("repo", ["check", &format!("{there}..HEAD")]);
            }
        }
    }
}

#[test]
fn a_side_in_the_clear_is_merged_and_the_result_sealed() {
    for git in gits() {
        let scene = Scene::new(git);
        scene.git(&["checkout", "-q", "-b", "topic"]);
        let theirs = BASE.replace("canary", "known").replace("six", "SIX");
        scene.sandbox.stage_raw("repo", FILE, theirs.as_bytes());
        scene.git(&["commit", "-q", "-m", "in the clear"]);
        scene.git(&["checkout", "-q", "-f", "main"]);
        scene.commit(FILE, BASE.replace("two", "TWO canary"), "main");
        scene.try_git(&["merge", "-q", "--no-edit", "topic"]).expect(1);
        let settled = BASE.replace("canary", "known").replace("two", "TWO canary");
        scene.assert_conflict("UU");
        scene.sandbox.write(format!("repo/{FILE}"), &settled);
        scene.git(&["commit", "-q", "-am", "settled"]);
        scene.assert_committed(&settled);

        let scene = Scene::new(git);
        scene.git(&["checkout", "-q", "-b", "topic"]);
        let theirs = BASE.replace("six", "SIX");
        scene.sandbox.stage_raw("repo", FILE, theirs.as_bytes());
        scene.git(&["commit", "-q", "-m", "in the clear"]);
        scene.git(&["checkout", "-q", "-f", "main"]);
        scene.commit(FILE, BASE.replace("one", "ONE"), "main");
        scene.git(&["merge", "-q", "--no-edit", "topic"]);
        assert_eq!(scene.text(), Scene::both());
        assert!(is_sealed(&scene.sandbox.blob("repo", &format!("HEAD:{FILE}"))));
        scene.sandbox.assert_no_object_holds("repo", b"ONE");
    }
}

#[test]
fn without_the_key_nothing_is_merged_and_nothing_lost() {
    for git in gits() {
        let scene = Scene::apart(git);
        let sealed = |name: &str| scene.sandbox.blob("repo", &format!("{name}:{FILE}"));
        let (ours, theirs) = (sealed("main"), sealed("topic"));
        scene.sandbox.shroud("repo", ["lock", "-q"]);
        for how in ["merge", "rebase", "cherry-pick"] {
            let done =
                scene.try_git(&[how, "topic"]).says("without its key, which is not held here");
            assert_ne!(done.says("git shroud unlock").status, 0);
            let read = |stage| scene.sandbox.blob("repo", &format!(":{stage}:{FILE}"));
            let (mut kept, mut expected) = ([read(2), read(3)], [&ours[..], &theirs]);
            kept.sort();
            expected.sort_unstable();
            assert_eq!(kept, expected, "{how}");
            scene.git(&[how, "--abort"]);
        }
        scene.sandbox.shroud("repo", ["unlock", "-q", "../team.key"]);
        scene.git(&["merge", "-q", "--no-edit", "topic"]);
        scene.assert_committed(&Scene::both());
    }
}

/// Two clones that rotate at the same time have two keys of one generation; with both held their files merge.
#[test]
fn rotations_on_both_branches_merge_once_both_keys_are_held() {
    for git in gits() {
        let scene = Scene::new(git);
        let sandbox = &scene.sandbox;
        let me = sandbox.age_identity("me");
        sandbox.shroud("repo", ["member", "add", "-q", &me, "--label", "me", "--commit"]);
        sandbox.unlocked_clone("repo", "other", "me").expect(0);
        for (dir, from, to) in [("repo", "one", "ONE"), ("other", "six", "SIX")] {
            sandbox.shroud(dir, ["key", "rotate", "-q"]);
            sandbox.write(format!("{dir}/{FILE}"), BASE.replace(from, to));
            sandbox.git(dir, ["add", "."]);
            sandbox.git(dir, ["commit", "-q", "-m", "rotated"]);
        }
        scene.git(&["fetch", "-q", "../other", "main:theirs"]);
        let done = scene.try_git(&["merge", "-q", "--no-edit", "theirs"]);
        assert_ne!(done.says("without its key, which is not held here").status, 0);
        scene.git(&["merge", "--abort"]);

        let theirs =
            sandbox.shroud("other", ["key", "list", "--json"]).json()["keys"][0]["id"].clone();
        let theirs = theirs.as_str().unwrap().to_owned();
        scene.try_git(&["merge", "-q", "--no-edit", "-X", "theirs", "theirs"]);
        sandbox.shroud("repo", ["unlock", "-q", "-i", "../me.age", "--trust-key", &theirs]);
        scene.git(&["merge", "--abort"]);
        scene.try_git(&["merge", "-q", "--no-edit", "-X", "theirs", "theirs"]);
        assert_eq!(scene.text(), Scene::both());
        assert_eq!(sealed_with(&scene, &format!(":0:{FILE}")), theirs);
        // The conflict in '.shroud/', which is public, is stored with its markers.
        sandbox.assert_no_object_holds("repo", b"canary");
    }
}
