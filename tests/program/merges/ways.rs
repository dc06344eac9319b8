//! The commands by which git merges.

use crate::common::{contains, is_sealed};
use crate::merges::{BASE, FILE, Scene, gits};

#[test]
fn merge_rebase_and_cherry_pick_join_edits_that_do_not_touch() {
    for git in gits() {
        for how in [
            ["merge", "-q", "--no-edit", "topic"].as_slice(),
            &["merge", "-q", "--no-edit", "-X", "patience", "topic"],
            &["merge", "-q", "--squash", "topic"],
            &["rebase", "-q", "topic"],
            &["rebase", "-q", "--merge", "topic"],
            &["rebase", "-q", "--apply", "topic"],
            &["cherry-pick", "topic"],
            &["cherry-pick", "-x", "main..topic"],
            &["pull", "-q", "--no-rebase", "--no-edit", ".", "topic"],
            &["pull", "-q", "--rebase", ".", "topic"],
        ] {
            let scene = Scene::apart(git);
            scene.git(how);
            if how.contains(&"--squash") {
                scene.git(&["commit", "-q", "-m", "squashed"]);
            }
            scene.assert_committed(&Scene::both());
        }
    }
}

#[test]
fn a_conflict_stops_each_of_them_and_goes_on_when_it_is_settled() {
    for git in gits() {
        for (how, go_on) in [
            (["merge", "-q", "--no-edit"].as_slice(), ["merge", "--continue"].as_slice()),
            (&["rebase", "-q"], &["rebase", "--continue"]),
            (&["rebase", "-q", "--apply"], &["rebase", "--continue"]),
            (&["cherry-pick"], &["cherry-pick", "--continue"]),
        ] {
            let scene = Scene::clashing(git);
            assert_ne!(scene.try_git(&[how, &["topic"]].concat()).status, 0);
            let text = scene.assert_conflict("UU");
            assert!(text.contains("ours canary\n") && text.contains("theirs canary\n"), "{text}");
            let settled = BASE.replace("one", "settled");
            scene.sandbox.write(format!("repo/{FILE}"), &settled);
            scene.git(&["add", "."]);
            scene.git(&[&["-c", "core.editor=true"], go_on].concat());
            scene.assert_committed(&settled);
        }
        for how in ["merge", "rebase", "cherry-pick"] {
            let scene = Scene::clashing(git);
            scene.try_git(&[how, "topic"]);
            scene.git(&[how, "--abort"]);
            scene.assert_committed(&BASE.replace("one", "ours"));
        }
    }
}

#[test]
fn revert_takes_one_edit_back() {
    for git in gits() {
        let scene = Scene::apart(git);
        scene.git(&["merge", "-q", "--no-edit", "topic"]);
        scene.git(&["revert", "--no-edit", "topic"]);
        scene.assert_committed(&BASE.replace("one", "ONE"));
        scene.git(&["revert", "--no-edit", "HEAD"]);
        scene.assert_committed(&Scene::both());
        scene.git(&["revert", "--no-edit", "-m", "1", "HEAD~2"]);
        scene.assert_committed(&BASE.replace("one", "ONE"));
    }
}

#[test]
fn mailed_patches_are_merged() {
    for git in gits() {
        let scene = Scene::apart(git);
        let form = ["format-patch", "-1", "--stdout", "--no-textconv", "--full-index", "topic"];
        let patch = scene.git(&form).stdout;
        assert!(!contains(&patch, b"canary"));
        scene.sandbox.write("topic.patch", &patch);
        scene.git(&["am", "-q", "-3", "../topic.patch"]);
        scene.assert_committed(&Scene::both());
    }
}

#[test]
fn a_stash_comes_back_onto_other_edits() {
    for git in gits() {
        for back in ["pop", "apply"] {
            let scene = Scene::new(git);
            scene.sandbox.write(format!("repo/{FILE}"), BASE.replace("six", "SIX"));
            scene.git(&["stash", "-q"]);
            scene.commit(FILE, BASE.replace("one", "ONE"), "meanwhile");
            scene.git(&["stash", back, "-q"]);
            assert_eq!(scene.text(), Scene::both());
            scene.git(&["commit", "-q", "-am", "both"]);
            scene.assert_committed(&Scene::both());
        }
        let scene = Scene::new(git);
        scene.sandbox.write(format!("repo/{FILE}"), BASE.replace("one", "stashed"));
        scene.git(&["stash", "-q"]);
        scene.commit(FILE, BASE.replace("one", "ONE"), "meanwhile");
        assert_ne!(scene.try_git(&["stash", "pop", "-q"]).status, 0);
        scene.assert_conflict("UU");
        assert!(scene.git(&["stash", "list"]).text().contains("stash@{0}"), "it is still kept");
    }
}

#[test]
fn a_merge_without_worktree_writes_sealed_blobs_alone() {
    for git in gits() {
        for (scene, status, part) in
            [(Scene::apart(git), 0, "SIX"), (Scene::clashing(git), 1, "<<<<<<< ")]
        {
            let tree = ["merge-tree", "--write-tree", "main", "topic"];
            if !scene.sandbox.git_knows("merge-tree --write-tree", (2, 38)) {
                continue;
            }
            let done = scene.try_git(&tree);
            let tree = done.expect(status).text().lines().next().unwrap().to_owned();
            let name = format!("{tree}:{FILE}");
            assert!(is_sealed(&scene.sandbox.blob("repo", &name)));
            let text = scene.sandbox.shroud("repo", ["cat", &name]).text();
            assert!(text.contains(part), "{text}");
            scene.assert_sealed();
        }
    }
}

/// These strategies merge a file by `git merge-one-file`, which asks no merge driver: it takes sealed files for binary.
#[test]
fn octopus_and_resolve_refuse_a_file_that_both_sides_changed() {
    for git in gits() {
        let scene = Scene::apart(git);
        scene.branch("third", &BASE.replace("three", "THREE"));
        for how in [["topic", "third"], ["--strategy=resolve", "topic"]] {
            let merge = [["merge", "--no-edit"], how].concat();
            let done = scene.try_git(&merge).says("Cannot merge binary files");
            assert_ne!(done.status, 0);
            scene.assert_sealed();
            scene.git(&["reset", "-q", "--hard"]);
            scene.assert_committed(&BASE.replace("one", "ONE"));
        }
        // One after the other they merge.
        scene.git(&["merge", "-q", "--no-edit", "topic"]);
        scene.assert_committed(&Scene::both());
    }
}

#[test]
fn an_octopus_joins_branches_that_changed_different_files() {
    for git in gits() {
        let scene = Scene::new(git);
        for (branch, path) in [("topic", "secrets/t.txt"), ("third", "secrets/u.txt")] {
            scene.git(&["checkout", "-q", "-b", branch, "main"]);
            scene.commit(path, format!("canary {branch}\n"), branch);
        }
        scene.git(&["checkout", "-q", "main"]);
        scene.commit(FILE, BASE.replace("one", "ONE"), "main");
        scene.git(&["merge", "-q", "--no-edit", "topic", "third"]);
        assert_eq!(scene.sandbox.read("repo/secrets/t.txt"), b"canary topic\n");
        assert_eq!(scene.sandbox.read("repo/secrets/u.txt"), b"canary third\n");
        scene.assert_committed(&BASE.replace("one", "ONE"));
    }
}

#[test]
fn strategies_that_take_one_side_whole_take_it() {
    for git in gits() {
        let scene = Scene::clashing(git);
        scene.git(&["merge", "-q", "--no-edit", "-s", "ours", "topic"]);
        scene.assert_committed(&BASE.replace("one", "ours"));
    }
}

/// git tells a merge driver nothing of `-X ours` (gitattributes, "Defining a custom merge driver"), so the conflict
/// stands, and one command settles it.
#[test]
fn a_preferred_side_is_taken_by_hand() {
    for git in gits() {
        for side in ["ours", "theirs"] {
            let scene = Scene::clashing(git);
            scene.try_git(&["merge", "-q", "--no-edit", "-X", side, "topic"]).expect(1);
            scene.assert_conflict("UU");
            scene.git(&["checkout", "-q", &format!("--{side}"), "--", FILE]);
            scene.git(&["commit", "-q", "-am", side]);
            scene.assert_committed(&BASE.replace("one", side));
        }
    }
}

#[test]
fn a_criss_cross_merges_its_bases_first() {
    for git in gits() {
        // Each side merges the other's first commit and settles the conflict in its own way.
        let scene = Scene::clashing(git);
        for (branch, other) in [("main", "topic"), ("topic", "main~1")] {
            scene.git(&["checkout", "-q", branch]);
            scene.try_git(&["merge", "-q", "--no-edit", other]).expect(1);
            let settled = BASE.replace("one", &format!("settled on {branch}"));
            scene.sandbox.write(format!("repo/{FILE}"), settled);
            scene.git(&["commit", "-q", "-am", "settled"]);
        }
        let bases = scene.git(&["merge-base", "--all", "main", "topic"]).text();
        assert_eq!(bases.lines().count(), 2);
        scene.git(&["checkout", "-q", "main"]);
        scene.git(&["config", "merge.conflictStyle", "diff3"]);
        scene.try_git(&["merge", "-q", "--no-edit", "topic"]).expect(1);
        let text = scene.assert_conflict("UU");
        // The base is itself a conflict, with longer markers.
        assert!(text.contains("\n<<<<<<<<< ") && text.contains("\n>>>>>>>>> "), "{text}");
        assert!(text.contains("settled on main") && text.contains("settled on topic"), "{text}");
    }
}
