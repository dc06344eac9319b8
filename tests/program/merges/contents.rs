//! What is merged: line ends, empty and binary files, renamed ones.

use crate::common::contains;
use crate::merges::{BASE, FILE, Scene, gits};

#[test]
fn line_ends_stay_as_they_are() {
    for git in gits() {
        let windows = |text: &str| text.replace('\n', "\r\n");
        let scene = Scene::new(git);
        scene.commit(FILE, windows(BASE), "windows");
        scene.branch("topic", &windows(&BASE.replace("six", "SIX")));
        scene.commit(FILE, windows(&BASE.replace("one", "ONE")), "main");
        scene.git(&["merge", "-q", "--no-edit", "topic"]);
        scene.assert_committed(&windows(&Scene::both()));

        let scene = Scene::new(git);
        scene.commit(FILE, BASE.trim_end(), "no line end");
        scene.branch("topic", &BASE.trim_end().replace("six", "SIX"));
        scene.commit(FILE, BASE.trim_end().replace("one", "ONE"), "main");
        scene.git(&["merge", "-q", "--no-edit", "topic"]);
        scene.assert_committed(Scene::both().trim_end());
    }
}

#[test]
fn empty_sides_are_sides() {
    for git in gits() {
        let scene = Scene::diverged(git, "", &BASE.replace("six", "SIX"));
        scene.try_git(&["merge", "-q", "topic"]).expect(1);
        scene.assert_conflict("UU");

        let scene = Scene::new(git);
        scene.commit(FILE, "", "empty");
        scene.branch("topic", BASE);
        scene.commit("README", "more\n", "main");
        scene.git(&["merge", "-q", "--no-edit", "topic"]);
        scene.assert_committed(BASE);

        let scene = Scene::new(git);
        scene.commit(FILE, "", "empty");
        scene.branch("topic", "theirs canary\n");
        scene.commit(FILE, "ours canary\n", "main");
        scene.try_git(&["merge", "-q", "topic"]).expect(1);
        scene.assert_conflict("UU");

        let scene = Scene::diverged(git, "", "");
        scene.git(&["merge", "-q", "--no-edit", "topic"]);
        assert_eq!(scene.text(), "");
        assert_eq!(scene.sandbox.blob("repo", &format!("HEAD:{FILE}")), b"");
    }
}

#[test]
fn a_binary_conflict_leaves_ours_and_says_so() {
    for git in gits() {
        let scene = Scene::diverged(git, "\0ours canary", "\0theirs canary");
        scene.try_git(&["merge", "-q", "topic"]).expect(1).says("it is binary");
        assert_eq!(scene.git(&["status", "--porcelain"]).text(), format!("UU {FILE}\n"));
        assert_eq!(scene.text(), "\0ours canary");
        scene.git(&["checkout", "-q", "--theirs", "--", FILE]);
        assert_eq!(scene.text(), "\0theirs canary");
        scene.assert_sealed();
    }
}

/// git finds a renamed file by its content; of sealed files only equal ones are alike.
#[test]
fn a_file_renamed_as_it_is_takes_the_edits_with_it() {
    for git in gits() {
        let scene = Scene::new(git);
        scene.branch("topic", &BASE.replace("six", "SIX"));
        scene.git(&["mv", FILE, "secrets/moved.txt"]);
        scene.git(&["commit", "-q", "-m", "moved"]);
        scene.git(&["merge", "-q", "--no-edit", "topic"]);
        assert!(!scene.sandbox.path(format!("repo/{FILE}")).exists());
        let moved = scene.sandbox.read("repo/secrets/moved.txt");
        assert_eq!(moved, BASE.replace("six", "SIX").as_bytes());
        scene.assert_sealed();

        let scene = Scene::new(git);
        scene.branch("topic", &BASE.replace("six", "SIX"));
        scene.git(&["mv", FILE, "secrets/moved.txt"]);
        scene.commit("secrets/moved.txt", BASE.replace("one", "ONE"), "moved and changed");
        scene.try_git(&["merge", "-q", "--no-edit", "topic"]).expect(1);
        assert_eq!(scene.git(&["status", "--porcelain"]).text(), format!("DU {FILE}\n"));
        assert!(contains(scene.text().as_bytes(), b"SIX"), "no edit is lost");
        scene.assert_sealed();
    }
}

#[test]
fn many_lines_are_merged() {
    for git in gits() {
        let base: String = (0..20_000).map(|at| format!("line {at} canary\n")).collect();
        let scene = Scene::new(git);
        scene.commit(FILE, &base, "long");
        scene.branch("topic", &base.replace("line 19999 ", "LAST "));
        scene.commit(FILE, base.replace("line 0 ", "FIRST "), "main");
        scene.git(&["merge", "-q", "--no-edit", "topic"]);
        scene.assert_committed(&base.replace("line 0 ", "FIRST ").replace("line 19999 ", "LAST "));
    }
}

/// `-filter` takes the filter of a path away, and leaves it the merge driver of the macro.
#[test]
fn a_file_that_is_in_the_clear_on_purpose_is_merged_in_the_clear() {
    for git in gits() {
        let scene = Scene::new(git);
        let attributes = scene.sandbox.read("repo/.gitattributes");
        let open = [&attributes[..], b"secrets/open.txt -filter\n"].concat();
        scene.commit(".gitattributes", open, "an exception");
        let text = "one\ntwo\nthree\nfour\nfive\nsix\n";
        scene.commit("secrets/open.txt", text, "open");
        scene.git(&["checkout", "-q", "-b", "topic"]);
        scene.commit("secrets/open.txt", text.replace("six", "SIX"), "topic");
        scene.git(&["checkout", "-q", "main"]);
        scene.commit("secrets/open.txt", text.replace("one", "ONE"), "main");
        scene.git(&["merge", "-q", "--no-edit", "topic"]);
        let both = text.replace("one", "ONE").replace("six", "SIX");
        assert_eq!(scene.sandbox.blob("repo", "HEAD:secrets/open.txt"), both.as_bytes());
        assert_eq!(scene.sandbox.read("repo/secrets/open.txt"), both.as_bytes());
    }
}
