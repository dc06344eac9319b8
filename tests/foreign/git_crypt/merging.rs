//! Merging through `merge.default`: encrypted files in the clear, all others as git merges them.

use super::{MAGIC, assert_unchanged, git_crypt, shared};
use crate::common::Sandbox;

const LINES: &str = "a\nb\nc\nd\ne\nf\ng\n";

fn edit(sandbox: &Sandbox, file: &str, from: &str, to: &str) {
    sandbox.write(format!("c/{file}"), LINES.replace(from, to));
}

/// Two branches, each with one edit of each file.
fn diverged(ours: (&str, &str), theirs: (&str, &str)) -> Sandbox {
    let sandbox = shared(&[("a.secret", LINES), ("plain.txt", LINES)]);
    sandbox.git("c", ["checkout", "-q", "-b", "topic"]);
    for (branch, (from, to)) in [("topic", theirs), ("main", ours)] {
        sandbox.git("c", ["checkout", "-q", branch]);
        for file in ["a.secret", "plain.txt"] {
            edit(&sandbox, file, from, to);
        }
        sandbox.git("c", ["commit", "-qam", branch]);
    }
    sandbox
}

#[test]
fn edits_apart_merge_in_the_clear_and_git_crypt_reads_the_result() {
    let sandbox = diverged(("a\n", "A\n"), ("g\n", "G\n"));
    sandbox.git("c", ["merge", "-q", "topic"]);
    let merged = LINES.replace('a', "A").replace('g', "G");
    for file in ["c/a.secret", "c/plain.txt"] {
        assert_eq!(sandbox.read(file), merged.as_bytes());
    }
    assert!(sandbox.blob("c", "HEAD:a.secret").starts_with(MAGIC));
    assert_unchanged(&sandbox, "c");
    sandbox.git("r", ["pull", "-q", "../c", "main"]);
    assert_eq!(sandbox.read("r/a.secret"), merged.as_bytes());
    git_crypt(&sandbox, "r", &["status"]);
    assert_unchanged(&sandbox, "r");
}

#[test]
fn conflicts_look_as_git_alone_shows_them() {
    for style in ["merge", "diff3", "zdiff3"] {
        let sandbox = diverged(("d\n", "ours\n"), ("d\n", "theirs\n"));
        let style = format!("merge.conflictStyle={style}");
        sandbox
            .try_git("c", ["-c", "merge.default=text", "-c", &style, "merge", "topic"])
            .expect(1);
        let expected = sandbox.read("c/plain.txt");
        sandbox.git("c", ["merge", "--abort"]);
        sandbox.try_git("c", ["-c", &style, "merge", "topic"]).expect(1);
        assert_eq!(sandbox.read("c/plain.txt"), expected, "{style}");
        assert_eq!(sandbox.read("c/a.secret"), expected, "{style}");
        sandbox.write("c/a.secret", "resolved\n");
        sandbox.git("c", ["add", "."]);
        sandbox.git("c", ["commit", "-qm", "resolved"]);
        assert!(sandbox.blob("c", "HEAD:a.secret").starts_with(MAGIC));
    }
}

#[test]
fn other_ways_of_merging_work_too() {
    let sandbox = diverged(("a\n", "A\n"), ("g\n", "G\n"));
    sandbox.git("c", ["checkout", "-q", "-b", "picked", "main"]);
    sandbox.git("c", ["cherry-pick", "topic"]);
    sandbox.git("c", ["checkout", "-q", "-b", "rebased", "topic"]);
    sandbox.git("c", ["rebase", "-q", "main"]);
    assert_eq!(sandbox.blob("c", "picked:a.secret"), sandbox.blob("c", "rebased:a.secret"));
    sandbox.git("c", ["revert", "--no-edit", "HEAD"]);
    assert_eq!(sandbox.read("c/a.secret"), LINES.replace('a', "A").as_bytes());
    sandbox.write("c/a.secret", LINES.replace("a\n", "A\n").replace("d\n", "D\n"));
    sandbox.git("c", ["stash", "-q"]);
    sandbox.git("c", ["checkout", "-q", "topic"]);
    sandbox.git("c", ["stash", "pop", "-q"]);
    assert_unmerged_text(&sandbox);
}

#[track_caller]
fn assert_unmerged_text(sandbox: &Sandbox) {
    let text = String::from_utf8(sandbox.read("c/a.secret")).unwrap();
    assert!(text.contains("D\n") && text.contains("G\n"), "{text}");
}

#[test]
fn binary_files_stay_ours_and_conflict() {
    let sandbox = shared(&[("a.secret", "\u{0}base"), ("b.bin", "\u{0}base")]);
    sandbox.git("c", ["checkout", "-q", "-b", "topic"]);
    for branch in ["topic", "main"] {
        sandbox.git("c", ["checkout", "-q", branch]);
        for file in ["c/a.secret", "c/b.bin"] {
            sandbox.write(file, format!("\0{branch}"));
        }
        sandbox.git("c", ["commit", "-qam", branch]);
    }
    sandbox.try_git("c", ["merge", "topic"]).expect(1);
    for file in ["c/a.secret", "c/b.bin"] {
        assert_eq!(sandbox.read(file), b"\0main", "{file}");
    }
    let status = sandbox.git("c", ["status", "--porcelain"]).text();
    assert_eq!(status, "UU a.secret\nUU b.bin\n");
}

#[test]
fn a_merge_driver_of_the_user_stays() {
    let sandbox = shared(&[("a.secret", LINES)]);
    sandbox.git(".", ["clone", "-q", "r", "d"]);
    sandbox.git("d", ["config", "merge.default", "union"]);
    sandbox.shroud("d", ["unlock", "../key"]);
    assert_eq!(sandbox.git("d", ["config", "merge.default"]).text(), "union\n");
    let doctor = sandbox.shroud("d", ["doctor"]).text();
    assert!(doctor.contains("merge.default names another merge driver"), "{doctor}");
}

#[test]
fn large_files_do_not_end_the_whole_merge() {
    let sandbox = shared(&[]);
    // Larger than what is merged in memory here; git itself merges files of up to 1 GiB.
    let large = |first: &str, last: &str| format!("{first}{}{last}", "middle\n".repeat(5 << 20));
    let commit = |first: &str, last: &str| {
        for file in ["large.txt", "large.secret"] {
            sandbox.write(format!("c/{file}"), large(first, last));
        }
        sandbox.git("c", ["add", "."]);
        sandbox.git("c", ["commit", "-qm", "large"]);
    };
    commit("a\n", "g\n");
    sandbox.git("c", ["checkout", "-q", "-b", "topic"]);
    commit("a\n", "G\n");
    sandbox.git("c", ["checkout", "-q", "main"]);
    commit("A\n", "g\n");
    let merged = sandbox.try_git("c", ["merge", "topic"]);
    merged.expect(1).says("large.secret: it is too large to be merged by lines");
    assert!(sandbox.read("c/large.txt") == large("A\n", "G\n").as_bytes());
    assert!(sandbox.read("c/large.secret") == large("A\n", "g\n").as_bytes());
    let unmerged = sandbox.git("c", ["diff", "--name-only", "--diff-filter=U"]).text();
    assert_eq!(unmerged, "large.secret\n");
}
