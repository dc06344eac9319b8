//! `git shroud check` where objects are not here, or are more than anybody would commit in good faith.

use crate::common::Sandbox;

#[test]
fn what_is_not_here_makes_the_answer_incomplete() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let commit_raw = |path: &str, content: &[u8]| {
        sandbox.stage_raw("repo", path, content);
        sandbox.git("repo", ["commit", "-q", "-m", path]);
    };
    commit_raw("docs/a", b"a");
    let source = format!("file://{}", sandbox.path("repo").display());
    sandbox.git(".", ["clone", "-q", "--depth=1", &source, "shallow"]);
    sandbox.try_shroud("shallow", ["check", "--all"]).expect(3).says("git fetch --unshallow");
    sandbox.git("repo", ["config", "uploadpack.allowFilter", "true"]);
    for filter in ["blob:none", "tree:0"] {
        let dir = &filter[..4];
        let filter = format!("--filter={filter}");
        sandbox.git(".", ["clone", "-q", "--no-checkout", &filter, &source, dir]);
        let done = sandbox.try_shroud(dir, ["check", "--json", "HEAD"]).expect(3);
        assert_eq!(done.json()["complete"], false);
        // Nothing was fetched on the way.
        let missing = ["rev-list", "--objects", "--all", "--missing=print"];
        assert!(sandbox.git(dir, missing).text().contains('?'), "{dir}");
    }
    // A finding outranks what is not known.
    commit_raw("secrets/leak", b"canary");
    sandbox.git("shallow", ["fetch", "-q"]);
    let found = sandbox.try_shroud("shallow", ["check", "origin/main^!"]).expect(1).text();
    assert!(found.ends_with("  secrets/leak  plaintext\n"), "{found}");
}

#[test]
fn trees_without_end_are_refused_and_hang_nothing() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let mktree = |lines: &str| {
        let mut command = sandbox.command("git", "repo");
        command.arg("mktree");
        sandbox.run_with_input(command, lines.as_bytes()).expect(0).text().trim().to_owned()
    };
    let entries =
        |kind: &str, id: &str| (0..10).map(|n| format!("{kind} {id}\t{n}\n")).collect::<String>();
    let blob = sandbox.git("repo", ["rev-parse", "HEAD:README"]).text();
    let mut tree = mktree(&entries("100644 blob", blob.trim()));
    // Ten in ten, and so on: a hundred million files in eight objects.
    for _ in 0..7 {
        tree = mktree(&entries("040000 tree", &tree));
    }
    sandbox.git("repo", ["tag", "wide", &tree]);
    sandbox.try_shroud("repo", ["check", "--all"]).expect(2).says("new files");
    sandbox.git("repo", ["tag", "-d", "wide"]);

    let path = "d/".repeat(4100);
    let commit = format!(
        "commit refs/heads/deep\ncommitter A <a@example.com> 1 +0000\ndata 1\nx\n\
         M 100644 inline {path}f\ndata 1\ny\n"
    );
    let mut command = sandbox.command("git", "repo");
    command.args(["fast-import", "--quiet"]);
    sandbox.run_with_input(command, commit.as_bytes()).expect(0);
    sandbox.try_shroud("repo", ["check", "deep"]).expect(2).says("deeper than 4096 folders");
}

#[test]
fn what_a_partial_clone_lacks_is_brought_as_the_hint_says() {
    if !Sandbox::new().git_knows("fetch --refetch", (2, 36)) {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git("repo", ["commit", "-q", "--allow-empty", "-m", "2"]);
    sandbox.write("repo/secrets/db.env", "canary");
    sandbox.git("repo", ["commit", "-q", "-am", "3"]);
    sandbox.git("repo", ["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", sandbox.path("repo").display());
    sandbox.git(".", ["clone", "-q", "--filter=tree:0", &url, "clone"]);
    let hint = "git fetch --refetch --no-filter";
    sandbox.try_shroud("clone", ["check", "--all"]).expect(3).says(hint);
    sandbox.git("clone", hint.split(' ').skip(1));
    sandbox.shroud("clone", ["check", "--all"]);
}
