//! What a conflict looks like, and what git offers to settle it.

use crate::common::{contains, is_sealed};
use crate::merges::{BASE, FILE, Scene, gits};

#[test]
fn the_style_is_the_users() {
    for git in gits() {
        for (style, base) in [("merge", false), ("diff3", true), ("zdiff3", true)] {
            for option in [true, false] {
                let scene = Scene::clashing(git);
                let setting = format!("merge.conflictStyle={style}");
                if option {
                    scene.try_git(&["-c", &setting, "merge", "-q", "topic"]).expect(1);
                } else {
                    scene.git(&["config", "merge.conflictStyle", style]);
                    scene.try_git(&["merge", "-q", "topic"]).expect(1);
                }
                let text = scene.assert_conflict("UU");
                assert_eq!(text.contains("\n||||||| "), base, "{setting}\n{text}");
                assert!(text.ends_with("two\nthree\nfour\nfive\nsix\n"), "{text}");
            }
        }
    }
}

#[test]
fn markers_are_as_long_as_the_attribute_says() {
    for git in gits() {
        let scene = Scene::clashing(git);
        let attributes =
            String::from_utf8(scene.sandbox.read("repo/.git/info/attributes")).unwrap();
        let size = "*.txt conflict-marker-size=12\n";
        scene.sandbox.write("repo/.git/info/attributes", format!("{attributes}{size}"));
        scene.try_git(&["merge", "-q", "topic"]).expect(1);
        let text = scene.text();
        assert!(text.starts_with("<<<<<<<<<<<< "), "{text}");
        assert!(text.contains("\n============\n") && text.contains("\n>>>>>>>>>>>> "), "{text}");
        scene.assert_sealed();
    }
}

/// git tells a driver what the sides are called from 2.44 on; before, neutral names stand there.
#[test]
fn the_sides_are_called_as_git_calls_them() {
    for git in gits() {
        let scene = Scene::clashing(git);
        scene.try_git(&["merge", "-q", "topic"]).expect(1);
        let version = scene.git(&["version"]).text();
        let minor = version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok()).unwrap();
        let (ours, theirs) = if minor >= 44 { ("HEAD", "topic") } else { ("ours", "theirs") };
        let expected =
            format!("<<<<<<< {ours}\nours canary\n=======\ntheirs canary\n>>>>>>> {theirs}\ntwo\n");
        assert!(scene.text().starts_with(&expected), "{version}{}", scene.text());
    }
}

#[test]
fn a_conflict_can_be_made_anew_or_settled_by_one_side() {
    for git in gits() {
        let scene = Scene::clashing(git);
        scene.try_git(&["merge", "-q", "topic"]).expect(1);
        scene.sandbox.write(format!("repo/{FILE}"), "spoilt\n");
        scene.git(&["-c", "merge.conflictStyle=diff3", "checkout", "-q", "-m", "--", FILE]);
        assert!(scene.assert_conflict("UU").contains("\n||||||| "));
        // The option reaches no driver; the conflict is there all the same.
        scene.git(&["checkout", "-q", "--conflict=diff3", "--", FILE]);
        scene.assert_conflict("UU");
        for (side, word) in [("--ours", "ours"), ("--theirs", "theirs")] {
            scene.git(&["checkout", "-q", side, "--", FILE]);
            assert_eq!(scene.text(), BASE.replace("one", word));
        }
        for stage in ["1", "2", "3"] {
            assert!(is_sealed(&scene.sandbox.blob("repo", &format!(":{stage}:{FILE}"))));
        }
    }
}

#[test]
fn a_merge_tool_is_given_plaintext_and_its_result_is_sealed() {
    for git in gits() {
        let scene = Scene::clashing(git);
        scene.try_git(&["merge", "-q", "topic"]).expect(1);
        let tool = "mergetool.t.cmd=cat \"$LOCAL\" \"$REMOTE\" >\"$MERGED\"";
        let trusted = "mergetool.t.trustExitCode=true";
        scene.git(&["-c", tool, "-c", trusted, "mergetool", "-y", "--tool=t", FILE]);
        let both = format!("{}{}", BASE.replace("one", "ours"), BASE.replace("one", "theirs"));
        assert_eq!(scene.text(), both);
        std::fs::remove_file(scene.sandbox.path(format!("repo/{FILE}.orig"))).unwrap();
        scene.git(&["commit", "-q", "-m", "by tool"]);
        scene.assert_committed(&both);
    }
}

/// Its records stand in `rr-cache`, in the clear, until `lock` clears it; no object has them. What it replays by the merge
/// driver stands in the worktree as the driver wrote it, sealed, until `unlock` opens it.
#[test]
fn recorded_resolutions_are_replayed_and_put_no_plaintext_into_objects() {
    for git in gits() {
        let scene = Scene::clashing(git);
        scene.git(&["config", "rerere.enabled", "true"]);
        scene.try_git(&["merge", "-q", "topic"]).expect(1);
        scene.assert_conflict("UU");
        scene.sandbox.write(format!("repo/{FILE}"), BASE.replace("one", "settled"));
        scene.git(&["commit", "-q", "-am", "settled"]);
        scene.git(&["reset", "-q", "--hard", "HEAD~1"]);
        // The same conflict in a file that is another by now.
        let meanwhile = BASE.replace("one", "ours").replace("six", "SIX");
        scene.commit(FILE, meanwhile, "meanwhile");
        scene.try_git(&["merge", "-q", "topic"]).expect(1);
        let settled = BASE.replace("one", "settled").replace("six", "SIX");
        scene.git(&["commit", "-q", "-am", "again"]);
        scene.sandbox.shroud("repo", ["unlock", "-q"]);
        scene.assert_committed(&settled);
    }
}

#[test]
fn a_file_that_one_side_deleted_or_both_added_is_a_conflict() {
    for git in gits() {
        let scene = Scene::new(git);
        scene.branch("topic", &BASE.replace("one", "theirs"));
        scene.git(&["rm", "-q", FILE]);
        scene.git(&["commit", "-q", "-m", "gone"]);
        scene.try_git(&["merge", "-q", "topic"]).expect(1);
        assert_eq!(scene.git(&["status", "--porcelain"]).text(), format!("DU {FILE}\n"));
        assert_eq!(scene.text(), BASE.replace("one", "theirs"));
        scene.assert_sealed();

        let scene = Scene::new(git);
        scene.git(&["rm", "-q", FILE]);
        scene.git(&["commit", "-q", "-m", "gone"]);
        scene.branch("topic", "theirs canary\nsame\n");
        scene.commit(FILE, "ours canary\nsame\n", "ours");
        scene.try_git(&["merge", "-q", "topic"]).expect(1);
        let text = scene.assert_conflict("AA");
        assert!(text.contains("ours canary") && text.contains("theirs canary"), "{text}");
        assert!(contains(text.as_bytes(), b"\nsame\n"), "what both have is no part of it: {text}");
    }
}
