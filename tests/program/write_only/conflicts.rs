//! Conflicts in files that are sealed by value, with the key and without it.

use crate::common::{Sandbox, text};

const BASE: &str = "A=one\nB=two\nLOG=x\n# note\nC=three\n";

/// A repository with a file that is sealed by value, and two branches that change the same lines; and a clone without the key.
fn diverged() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.shroud("repo", ["track", "-q", "--values", "--clear", "LOG", "conf/**"]);
    sandbox.write("repo/conf/a.env", BASE);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "files"]);
    for branch in ["ours", "theirs"] {
        sandbox.git("repo", ["checkout", "-q", "-b", branch, "main"]);
        let changed = BASE.replace("two", branch).replace("LOG=x", &format!("LOG={branch}"));
        sandbox.write("repo/conf/a.env", changed);
        sandbox.git("repo", ["commit", "-q", "-a", "-m", branch]);
    }
    sandbox.shroud("repo", ["key", "export", "-q", "-o", sandbox.path("k").to_str().unwrap()]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.try_shroud("clone", ["unlock"]).expect(2);
    for branch in ["theirs", "ours"] {
        sandbox.git("clone", ["checkout", "-q", "-B", branch, &format!("origin/{branch}")]);
    }
    sandbox
}

#[test]
fn a_conflict_in_a_locked_clone_is_one_as_git_has_them() {
    let sandbox = diverged();
    let merge = |style: &str| {
        let style = format!("merge.conflictStyle={style}");
        sandbox.try_git("clone", ["-c", &style, "merge", "theirs"]).expect(1);
    };
    for style in ["merge", "diff3"] {
        merge(style);
        let file = text(sandbox.read("clone/conf/a.env"));
        assert!(file.contains("<<<<<<<") && file.contains("shroud.v1."), "{file}");
        for args in [&["diff"][..], &["diff", "--stat"], &["diff", "HEAD"], &["status"]] {
            let said = sandbox.git("clone", args).stderr;
            assert!(!said.contains("damaged"), "{args:?}: {said}");
        }
        sandbox.git("clone", ["checkout", "--ours", "conf/a.env"]);
        sandbox.git("clone", ["checkout", "-m", "--", "conf/a.env"]);
        // git takes the marks, as of any text, and nothing of it is plaintext.
        let said = sandbox.git("clone", ["add", "."]).stderr;
        assert!(!said.contains("damaged"), "{said}");
        sandbox.git("clone", ["commit", "-q", "-m", "With marks"]);
        assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "");
        sandbox.shroud("clone", ["check", "HEAD"]);
        sandbox.shroud("clone", ["status"]);
        sandbox.git("clone", ["stash", "list"]);
        sandbox.git("clone", ["push", "-q", "-f", "origin", "HEAD:refs/heads/marks"]);
        // A holder reads all sides, and git sees no change.
        let said = sandbox.git("repo", ["checkout", "-q", "marks"]).stderr;
        assert!(!said.contains("damaged"), "{said}");
        let read = text(sandbox.read("repo/conf/a.env"));
        for line in ["A=one\n", "B=ours\n", "B=theirs\n", "C=three\n", "<<<<<<< "] {
            assert!(read.contains(line), "{read}");
        }
        sandbox.git("repo", ["add", "--renormalize", "."]);
        assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
        sandbox.git("repo", ["checkout", "-q", "main"]);
        sandbox.git("clone", ["reset", "-q", "--hard", "HEAD^1"]);
    }
}

/// As an attribute asks for.
#[test]
fn longer_marks_are_stored_too() {
    let sandbox = diverged();
    sandbox.sh("clone", "echo 'conf/** conflict-marker-size=20' >> .git/info/attributes");
    sandbox.try_git("clone", ["merge", "theirs"]).expect(1);
    let file = sandbox.read("clone/conf/a.env");
    assert!(text(file.clone()).contains(&format!("{} HEAD\n", "<".repeat(20))));
    sandbox.git("clone", ["add", "."]);
    assert_eq!(sandbox.blob("clone", ":conf/a.env"), file);
}

#[test]
fn plaintext_between_the_marks_is_refused() {
    let sandbox = diverged();
    sandbox.try_git("clone", ["merge", "theirs"]).expect(1);
    let file = text(sandbox.read("clone/conf/a.env"));
    let ours = file.lines().position(|line| line.starts_with("B=")).unwrap();
    for (at, line) in file.lines().enumerate().filter(|(_, line)| line.contains("shroud.v1.")) {
        let name = line.split('=').next().unwrap();
        let plain = file.replacen(line, &format!("{name}=typed-secret"), 1);
        sandbox.write("clone/conf/a.env", plain);
        let said = sandbox.try_git("clone", ["add", "."]).expect(128).stderr;
        assert!(said.contains(&format!("on line {}", at + 1)), "{at} {said}");
        sandbox.assert_no_object_holds("clone", b"typed-secret");
    }
    // A value under a mark that is no mark, and one behind a conflict that does not end.
    for (old, new) in [("=======\n", "=======\nX=typed-secret\n"), (">>>>>>> ", ">>>>>> ")] {
        sandbox.write("clone/conf/a.env", file.replacen(old, new, 1));
        sandbox.try_git("clone", ["add", "."]).expect(128);
        sandbox.assert_no_object_holds("clone", b"typed-secret");
    }
    assert!(ours > 0);
}

#[test]
fn a_locked_clone_works_with_comments_and_exempt_values() {
    let sandbox = diverged();
    let file = text(sandbox.read("clone/conf/a.env"));
    let changed = file.replace("LOG=ours", "LOG=debug").replace("# note", "# another note");
    sandbox.write("clone/conf/a.env", &changed);
    assert!(sandbox.git("clone", ["diff"]).text().contains("+LOG=debug"));
    sandbox.git("clone", ["stash", "-q"]);
    assert_eq!(text(sandbox.read("clone/conf/a.env")), file);
    sandbox.git("clone", ["stash", "pop", "-q"]);
    assert_eq!(text(sandbox.read("clone/conf/a.env")), changed);
    sandbox.git("clone", ["commit", "-q", "-a", "-m", "Comments"]);
    sandbox.shroud("clone", ["check", "HEAD"]);
}

/// With the key a file with marks is sealed whole, as one that does not read, and git goes on as well.
#[test]
fn a_conflict_with_the_key_is_one_as_git_has_them() {
    let sandbox = diverged();
    sandbox.git("repo", ["checkout", "-q", "ours"]);
    sandbox.try_git("repo", ["merge", "theirs"]).expect(1);
    sandbox.git("repo", ["diff"]);
    sandbox.git("repo", ["diff", "HEAD"]);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "With marks"]);
    sandbox.assert_no_object_holds("repo", b"=theirs\nC=");
    sandbox.shroud("repo", ["check", "HEAD"]);
}

/// Somebody who can push makes a comment of a value on one side, so that whoever takes this side would store it as plaintext.
#[test]
fn a_value_that_is_a_comment_on_one_side_does_not_open() {
    let sandbox = diverged();
    sandbox.write("repo/conf/a.json", "{\n  \"a\": \"the-secret\",\n  \"b\": \"x\"\n}\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "JSON"]);
    let stored = text(sandbox.blob("repo", ":conf/a.json"));
    let (a, rest) = stored.strip_prefix("{\n").unwrap().split_once('\n').unwrap();
    let with = |open: &str, close: &str| {
        let hunk = |ours: &str| format!("<<<<<<< a\n{ours}\n=======\n>>>>>>> b\n");
        format!("{{\n{}{a}\n{}{rest}", hunk(open), hunk(close))
    };
    sandbox.stage_raw("repo", "conf/a.json", with("/* x", "x */").as_bytes());
    sandbox.git("repo", ["commit", "-q", "-m", "Marks"]);
    sandbox.git("repo", ["checkout", "-f", "-q", "HEAD", "--", "conf/a.json"]);
    assert!(!text(sandbox.read("repo/conf/a.json")).contains("the-secret"));
    // Where it is a value on both sides it opens.
    sandbox.stage_raw("repo", "conf/a.json", with("// x", "// x").as_bytes());
    sandbox.git("repo", ["commit", "-q", "-m", "Marks"]);
    sandbox.git("repo", ["checkout", "-f", "-q", "HEAD", "--", "conf/a.json"]);
    assert!(text(sandbox.read("repo/conf/a.json")).contains("the-secret"));
}
