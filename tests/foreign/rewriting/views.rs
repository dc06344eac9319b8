//! What makes git see another history than the one that is stored is refused; names that clash are told apart or refused.

use git_shroud::git::repository::Repository;
use git_shroud::scrub::ScrubError;
use git_shroud::scrub::rewrite::{Options, rewrite};

use crate::common::{Sandbox, repository};
use crate::rewriting::apply::apply;
use crate::rewriting::changes::Replace;

const CHANGES: Replace = Replace { old: "canary", new: "x", everywhere: true };

fn commit(sandbox: &Sandbox, path: &str, content: &str) {
    sandbox.write(format!("repo/{path}"), content);
    sandbox.git("repo", ["add", "-A"]);
    sandbox.git("repo", ["commit", "-q", "-m", "a change"]);
}

fn refused(sandbox: &Sandbox, dir: &str) -> ScrubError {
    let repository = Repository::discover(&sandbox.path(dir)).unwrap();
    rewrite(&repository, &CHANGES, &Options::default()).unwrap_err()
}

#[test]
fn grafts_and_shallow_clones_are_refused() {
    let sandbox = repository();
    commit(&sandbox, "a", "canary\n");
    commit(&sandbox, "a", "canary canary\n");
    let url = format!("file://{}", sandbox.path("repo").display());
    sandbox.git(".", ["clone", "-q", "--depth=1", &url, "shallow"]);
    assert!(matches!(refused(&sandbox, "shallow"), ScrubError::Shallow));
    let head = sandbox.git("repo", ["rev-parse", "HEAD"]).text();
    sandbox.write("repo/.git/info/grafts", head);
    assert!(matches!(refused(&sandbox, "repo"), ScrubError::Grafts));
}

#[test]
fn a_missing_object_is_named_and_nothing_is_left() {
    let sandbox = repository();
    commit(&sandbox, "a", "canary\n");
    commit(&sandbox, "b", "canary b\n");
    let blob = sandbox.git("repo", ["rev-parse", "HEAD:b"]).text();
    let (folder, name) = blob.trim_end().split_at(2);
    std::fs::remove_file(sandbox.path(format!("repo/.git/objects/{folder}/{name}"))).unwrap();
    let before = sandbox.snapshot("repo");
    match refused(&sandbox, "repo") {
        ScrubError::Missing(id) => assert_eq!(id.to_string(), blob.trim_end()),
        other => panic!("{other}"),
    }
    assert!(before == sandbox.snapshot("repo"), "something is left behind");
}

#[test]
fn files_whose_names_become_the_same_are_all_kept() {
    let sandbox = repository();
    sandbox.write("repo/canary.txt", "1");
    sandbox.write("repo/canarycanary", "2");
    sandbox.write("repo/xx", "3");
    commit(&sandbox, "canary/x.txt", "4");
    apply(&sandbox, "repo", &CHANGES, &Options::default());
    sandbox.git("repo", ["fsck", "--full", "--strict"]);
    let listed = sandbox.git("repo", ["ls-tree", "-r", "--name-only", "HEAD"]).text();
    assert_eq!(listed, "x.txt\nx/x.txt\nxx\nxx-2\n");
    assert_eq!(sandbox.blob("repo", "HEAD:xx"), b"3");
}

#[test]
fn refs_that_would_have_one_name_are_refused() {
    let sandbox = repository();
    commit(&sandbox, "a", "a\n");
    sandbox.git("repo", ["branch", "canary"]);
    sandbox.git("repo", ["branch", "x"]);
    match refused(&sandbox, "repo") {
        ScrubError::SameRef(name) => assert_eq!(name, "refs/heads/x"),
        other => panic!("{other}"),
    }
}

#[test]
fn a_detached_head_and_commits_that_no_ref_names_are_mapped() {
    let sandbox = repository();
    commit(&sandbox, "a", "canary\n");
    sandbox.git("repo", ["checkout", "-q", "--detach"]);
    commit(&sandbox, "a", "canary two\n");
    let lone = sandbox.git("repo", ["commit-tree", "-m", "lone", "HEAD^{tree}"]).text();
    let more = gix::ObjectId::from_hex(lone.trim_end().as_bytes()).unwrap();
    let made =
        apply(&sandbox, "repo", &CHANGES, &Options { more: vec![more], ..Options::default() });
    assert_eq!(sandbox.blob("repo", "HEAD:a"), b"x two\n");
    let (_, new) = made.commits.iter().find(|(old, _)| *old == more).unwrap();
    assert_eq!(sandbox.blob("repo", &format!("{}:a", new.unwrap())), b"x two\n");
}

#[test]
fn commits_that_only_a_reflog_leads_to_are_told() {
    let sandbox = repository();
    commit(&sandbox, "a", "canary\n");
    commit(&sandbox, "a", "canary two\n");
    let lone = sandbox.git("repo", ["rev-parse", "HEAD"]).text();
    sandbox.git("repo", ["reset", "-q", "--hard", "HEAD~1"]);
    let made = apply(&sandbox, "repo", &CHANGES, &Options::default());
    let told: Vec<_> = made.unnamed.iter().map(ToString::to_string).collect();
    assert_eq!(told, [lone.trim_end()]);
}

#[test]
fn a_tag_that_lies_about_what_it_names_follows_it_all_the_same() {
    let sandbox = repository();
    commit(&sandbox, "a", "canary\n");
    let blob = sandbox.git("repo", ["rev-parse", "HEAD:a"]).text();
    let text =
        format!("object {}\ntype commit\ntag t\ntagger A <a> 0 +0000\n\nx\n", blob.trim_end());
    let mut raw = sandbox.command("git", "repo");
    raw.args(["hash-object", "-t", "tag", "-w", "--stdin", "--literally"]);
    let tag = sandbox.run_with_input(raw, text.as_bytes()).expect(0).text();
    sandbox.write("repo/.git/refs/tags/t", tag);
    let made = apply(&sandbox, "repo", &CHANGES, &Options::default());
    let change = made.refs.iter().find(|change| change.name == b"refs/tags/t").unwrap();
    let text = sandbox.git("repo", ["cat-file", "tag", &change.new.unwrap().to_string()]).text();
    let target = text.lines().next().unwrap().strip_prefix("object ").unwrap();
    assert_eq!(sandbox.blob("repo", target), b"x\n");
}

#[cfg(unix)]
#[test]
fn a_pack_is_for_those_who_may_look_into_the_folder() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = repository();
    commit(&sandbox, "a", "canary\n");
    let folder = sandbox.path("repo/.git/objects/pack");
    for (mode, expected) in [(0o755, 0o444), (0o700, 0o400), (0o2770, 0o440)] {
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).unwrap();
        let made =
            crate::rewriting::apply::made(&sandbox.path("repo"), &CHANGES, &Options::default());
        let pack = made.pack.unwrap();
        for path in [pack.path(), pack.index_path()] {
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, expected);
        }
    }
}
