//! Files that move, and git's ways to bring them into a worktree.

use super::{FILES, by_value, stored};
use crate::common::{Sandbox, is_sealed, needs, text};

/// As [`by_value`], with `whole/**` sealed whole and the folder `plain` not sealed.
fn three_ways() -> Sandbox {
    let sandbox = by_value(&[]);
    sandbox.shroud("repo", ["track", "-q", "whole/**"]);
    sandbox.write("repo/plain/x", "x");
    sandbox.write("repo/whole/x", "x");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "three ways"]);
    sandbox
}

#[test]
fn a_file_that_git_moves_is_sealed_as_its_new_place_says() {
    let sandbox = three_ways();
    let content = FILES[0].1;
    let status = |path: &str| sandbox.shroud("repo", ["status", path]).text();
    sandbox.git("repo", ["mv", "conf/a.env", "whole/a.env"]);
    assert!(status("whole/a.env").contains("sealed by value"));
    sandbox.shroud("repo", ["status", "-q", "--fix"]);
    assert!(is_sealed(&sandbox.blob("repo", ":whole/a.env")));
    assert_eq!(text(sandbox.read("repo/whole/a.env")), content);
    sandbox.git("repo", ["mv", "whole/a.env", "conf/b.env"]);
    assert!(status("conf/b.env").contains("sealed whole"));
    sandbox.shroud("repo", ["status", "-q", "--fix"]);
    assert!(stored(&sandbox, "conf/b.env").contains("\nA=shroud.v1."));
    // A place that nothing seals: what is sealed stays so until it is added again.
    sandbox.git("repo", ["mv", "conf/b.env", "plain/b.env"]);
    let moved = sandbox.try_shroud("repo", ["status", "plain/b.env"]).expect(1);
    assert!(moved.text().contains("not-tracked"), "{}", moved.text());
    assert!(stored(&sandbox, "plain/b.env").contains("\nA=shroud.v1."));
    sandbox.git("repo", ["mv", "plain/b.env", "conf/a.env"]);
    sandbox.shroud("repo", ["status"]);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    assert_eq!(text(sandbox.read("repo/conf/a.env")), content);
}

/// Without git's `mv`: the file is read again where it is.
#[test]
fn a_file_that_is_moved_and_added_is_sealed_as_its_new_place_says() {
    let sandbox = three_ways();
    let content = FILES[4].1;
    for (from, to) in [
        ("conf/a.yaml", "whole/a.yaml"),
        ("whole/a.yaml", "plain/a.yaml"),
        ("plain/a.yaml", "conf/a.yaml"),
    ] {
        sandbox.sh("repo", &format!("mv {from} {to}"));
        sandbox.git("repo", ["add", "-A"]);
        let blob = sandbox.blob("repo", &format!(":{to}"));
        match to {
            "whole/a.yaml" => assert!(is_sealed(&blob)),
            "plain/a.yaml" => assert_eq!(text(blob), content),
            _ => assert!(text(blob).contains("- shroud.v1.")),
        }
        assert_eq!(text(sandbox.read(format!("repo/{to}"))), content);
    }
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}

#[test]
fn a_file_that_gets_a_name_without_a_format_is_not_called_plaintext() {
    let sandbox = by_value(&[]);
    sandbox.git("repo", ["mv", "conf/a.env", "conf/notes"]);
    let status = sandbox.shroud("repo", ["status", "conf/notes"]);
    assert!(status.text().starts_with("sealed by value"), "{}", status.text());
    status.says("git shroud status --fix");
    sandbox.shroud("repo", ["check"]);
    sandbox.shroud("repo", ["status", "-q", "--fix"]);
    assert!(is_sealed(&sandbox.blob("repo", ":conf/notes")));
    assert_eq!(text(sandbox.read("repo/conf/notes")), FILES[0].1);
    assert_eq!(sandbox.git("repo", ["diff", "--name-only"]).text(), "");
    // One without any sealed value is plaintext.
    sandbox.stage_raw("repo", "conf/other", b"A=secret\n");
    sandbox.try_shroud("repo", ["status", "conf/other"]).expect(1);
    sandbox.try_shroud("repo", ["check"]).expect(1);
}

/// Not its tokens are encrypted then.
#[test]
fn a_file_that_moves_to_a_path_of_git_crypt_is_opened_first() {
    needs("git-crypt", "git-crypt");
    let sandbox = by_value(&[]);
    sandbox.sh("repo", "git-crypt init && git-crypt export-key ../gc.key").expect(0);
    let attributes = text(sandbox.read("repo/.gitattributes"));
    let line = "gc/** filter=git-crypt diff=git-crypt\n";
    sandbox.write("repo/.gitattributes", format!("{attributes}{line}"));
    sandbox.shroud("repo", ["unlock", "-q", "../gc.key"]);
    sandbox.write("repo/gc/x", "x");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["mv", "conf/a.env", "gc/a.env"]);
    sandbox.shroud("repo", ["status", "-q", "--fix"]);
    assert!(sandbox.blob("repo", ":gc/a.env").starts_with(b"\0GITCRYPT\0"));
    assert_eq!(sandbox.git("repo", ["diff", "--name-only"]).text(), "");
    sandbox.sh("repo", "rm gc/a.env; git checkout -q -- gc/a.env");
    assert_eq!(text(sandbox.read("repo/gc/a.env")), FILES[0].1);
}

#[test]
fn a_path_moves_to_another_key_and_back_when_told() {
    let sandbox = by_value(&[]);
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    let before: Vec<String> = FILES.iter().map(|(path, _)| stored(&sandbox, path)).collect();
    let head = |of: &str| of.split("shroud.v1.").nth(1).unwrap()[..10].to_owned();
    for (key, is_back) in [("prod", false), ("default", true)] {
        let track = ["track", "-q", "--values", "--key", key, "conf/**"];
        sandbox.shroud("repo", track);
        sandbox.try_shroud("repo", ["status"]).expect(1).says("status --fix --rekey");
        sandbox.shroud("repo", ["status", "-q", "--fix", "--rekey"]);
        for ((path, _), before) in FILES.iter().zip(&before) {
            let now = stored(&sandbox, path);
            assert_eq!(head(&now) == head(before), is_back, "{path}: {now}");
            assert_eq!(now == *before, is_back, "{path}: {now}");
        }
        assert_eq!(sandbox.git("repo", ["diff", "--name-only"]).text(), "");
        sandbox.git("repo", ["commit", "-q", "-a", "-m", key]);
        sandbox.shroud("repo", ["status"]);
        sandbox.shroud("repo", ["check", "HEAD"]);
    }
}

/// What is not said stays: a new exemption moves nothing to another key.
#[test]
fn a_pattern_that_is_tracked_again_keeps_its_key() {
    let sandbox = by_value(&[]);
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    for content in ["A=value-one\nLOG=info\n", "A=value-two\n"] {
        sandbox.write("repo/prod/a.env", content);
        for options in
            [&["--values", "--key", "prod"][..], &["--values", "--clear", "LOG"], &["--whole"], &[]]
        {
            sandbox.shroud("repo", [&["track", "-q"], options, &["prod/**"]].concat());
            sandbox.git("repo", ["add", "."]);
            let attributes = text(sandbox.read("repo/.gitattributes"));
            let line = attributes.lines().find(|line| line.starts_with("prod/**")).unwrap();
            assert!(line.contains(" shroud-key=prod "), "{options:?}: {line}");
            let status = sandbox.shroud("repo", ["status", "prod/a.env"]).text();
            assert!(status.contains("(key prod, "), "{options:?}: {status}");
        }
    }
    // The default key is named below another one, and then it counts.
    sandbox.write("repo/prod/open/b.env", "B=value\n");
    sandbox.shroud("repo", ["track", "-q", "--values", "--key", "default", "prod/open/**"]);
    sandbox.git("repo", ["add", "."]);
    let status = sandbox.shroud("repo", ["status", "prod/open/b.env"]).text();
    assert!(status.contains("(key default, "), "{status}");
    sandbox.shroud("repo", ["track", "-q", "--values", "--clear", "LOG", "prod/open/**"]);
    let status = sandbox.shroud("repo", ["status", "prod/open/b.env"]).text();
    assert!(status.contains("(key default, "), "{status}");
    let attributes = sandbox.read("repo/.gitattributes");
    sandbox.shroud("repo", ["track", "-q", "--key", "default", "prod/open/**"]);
    assert_eq!(sandbox.read("repo/.gitattributes"), attributes);
}

#[test]
fn untracked_files_are_plaintext_when_they_are_added_again() {
    let sandbox = by_value(&[]);
    sandbox.shroud("repo", ["untrack", "-q", "conf/**"]);
    sandbox.try_shroud("repo", ["status"]).expect(1);
    sandbox.git("repo", ["add", "--renormalize", "."]);
    for (path, content) in FILES {
        assert_eq!(stored(&sandbox, path), content);
        assert_eq!(text(sandbox.read(format!("repo/{path}"))), content);
    }
}

#[test]
fn a_linked_worktree_and_a_sparse_one_are_open() {
    let sandbox = by_value(&[]);
    sandbox.git("repo", ["worktree", "add", "-q", "../linked", "-b", "linked"]);
    for (path, content) in FILES {
        assert_eq!(text(sandbox.read(format!("linked/{path}"))), content);
    }
    sandbox.shroud("linked", ["lock", "-q"]);
    assert!(text(sandbox.read("linked/conf/a.env")).contains("A=shroud.v1."));
    assert!(text(sandbox.read("repo/conf/a.env")).contains("A=shroud.v1."));
    let key = sandbox.path("team.key");
    sandbox.shroud("repo", ["unlock", "-q", key.to_str().unwrap()]);
    assert_eq!(text(sandbox.read("linked/conf/a.env")), FILES[0].1);
    sandbox.write("repo/other/x", "x");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "other"]);
    sandbox.git("repo", ["sparse-checkout", "set", "other"]);
    assert!(!sandbox.path("repo/conf/a.env").exists());
    sandbox.shroud("repo", ["status"]);
    sandbox.shroud("repo", ["key", "rotate", "-q"]);
    sandbox.git("repo", ["commit", "-q", "-m", "rotated"]);
    sandbox.git("repo", ["sparse-checkout", "disable"]);
    for (path, content) in FILES {
        assert_eq!(text(sandbox.read(format!("repo/{path}"))), content);
        assert!(stored(&sandbox, path).contains("shroud.v1."));
    }
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}

#[test]
fn parts_are_checked_out_and_reset_by_hunks() {
    let sandbox = by_value(&[]);
    let lines: String = (0..30).map(|n| format!("N{n}=value-{n}\n")).collect();
    sandbox.write("repo/conf/long.env", &lines);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "long"]);
    let both = lines.replace("=value-1\n", "=new-1\n").replace("=value-28\n", "=new-28\n");
    sandbox.write("repo/conf/long.env", &both);
    let mut checkout = sandbox.command("git", "repo");
    checkout.args(["checkout", "-p", "--", "conf/long.env"]);
    sandbox.run_with_input(checkout, b"y\nn\n").expect(0);
    let one = lines.replace("=value-28\n", "=new-28\n");
    assert_eq!(text(sandbox.read("repo/conf/long.env")), one);
    sandbox.write("repo/conf/long.env", &both);
    sandbox.git("repo", ["add", "."]);
    let mut reset = sandbox.command("git", "repo");
    reset.args(["reset", "-q", "-p", "--", "conf/long.env"]);
    sandbox.run_with_input(reset, b"n\ny\n").expect(0);
    let staged = sandbox.shroud("repo", ["cat", ":conf/long.env"]).text();
    assert_eq!(staged, lines.replace("=value-1\n", "=new-1\n"));
    assert_eq!(text(sandbox.read("repo/conf/long.env")), both);
    let mut stash = sandbox.command("git", "repo");
    stash.args(["stash", "push", "-q", "-p", "--", "conf/long.env"]);
    sandbox.run_with_input(stash, b"n\ny\n").expect(0);
    sandbox.assert_no_object_holds("repo", b"new-28");
    sandbox.git("repo", ["stash", "pop", "-q"]);
    assert_eq!(text(sandbox.read("repo/conf/long.env")), both);
}

/// A server merges by lines; in a bare repository with the key, too.
#[test]
fn bare_repositories_merge_tokens_by_lines() {
    let sandbox = by_value(&[]);
    let file = |one: &str, two: &str| format!("A={one}\nx=1\n\nB={two}\n");
    let commit = |branch: &str, content: String| {
        sandbox.git("repo", ["switch", "-q", "-C", branch, "main"]);
        sandbox.write("repo/conf/m.env", content);
        sandbox.git("repo", ["add", "."]);
        sandbox.git("repo", ["commit", "-q", "-m", branch]);
    };
    commit("base", file("1", "1"));
    sandbox.git("repo", ["branch", "-q", "-f", "main"]).expect(0);
    commit("one", file("2", "1"));
    commit("two", file("1", "2"));
    commit("three", file("3", "1"));
    if !sandbox.git_knows("merge-tree --write-tree", (2, 38)) {
        return;
    }
    sandbox.git(".", ["clone", "-q", "--bare", "repo", "bare"]);
    let key = sandbox.path("team.key");
    for is_open in [false, true] {
        if is_open {
            sandbox.shroud("bare", ["unlock", "-q", key.to_str().unwrap()]);
        }
        let tree = sandbox.git("bare", ["merge-tree", "--write-tree", "one", "two"]).text();
        let name = format!("{}:conf/m.env", tree.trim());
        let merged = text(sandbox.blob("bare", &name));
        assert_eq!(merged.matches("=shroud.v1.").count(), 3, "{merged}");
        if is_open {
            assert_eq!(sandbox.shroud("bare", ["cat", &name]).text(), file("2", "2"));
        }
        sandbox.try_git("bare", ["merge-tree", "--write-tree", "one", "three"]).expect(1);
    }
    sandbox.shroud("bare", ["check", "--all"]);
    // With a worktree the driver merges; a conflict is sealed whole, and 'status' says so.
    let tree = sandbox.git("repo", ["merge-tree", "--write-tree", "one", "two"]).text();
    let merged = text(sandbox.blob("repo", &format!("{}:conf/m.env", tree.trim())));
    assert_eq!(merged.matches("=shroud.v1.").count(), 3, "{merged}");
    let done = sandbox.try_git("repo", ["merge-tree", "--write-tree", "one", "three"]).expect(1);
    let tree = done.text().lines().next().unwrap().to_owned();
    assert!(is_sealed(&sandbox.blob("repo", &format!("{tree}:conf/m.env"))));
    let commit = sandbox.git("repo", ["commit-tree", "-p", "one", "-p", "three", "-m", "m", &tree]);
    sandbox.git("repo", ["switch", "-q", "--detach", commit.text().trim()]);
    let status = sandbox.shroud("repo", ["status", "conf/m.env"]).text();
    assert!(status.contains("sealed whole (does not read as .env: line 1"), "{status}");
    assert!(text(sandbox.read("repo/conf/m.env")).starts_with("<<<<<<<"));
}
