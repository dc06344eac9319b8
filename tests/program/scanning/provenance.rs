//! Where an object came from and what leads to it.

use gix::ObjectId;

use git_shroud::git::repository::Repository;
use git_shroud::scan::origin::{Origin, Standing, trace};
use git_shroud::scan::walk::objects::Packs;

use crate::common::Sandbox;

struct Scene {
    sandbox: Sandbox,
}

impl Scene {
    fn new() -> Self {
        Self { sandbox: crate::common::repository() }
    }

    fn sh(&self, script: &str) {
        self.sandbox.sh("repo", &format!("set -e\n{script}"));
    }

    fn id(&self, name: &str) -> ObjectId {
        let id = self.sandbox.git("repo", ["rev-parse", "--verify", name]).text();
        ObjectId::from_hex(id.trim_end().as_bytes()).unwrap()
    }

    fn of(&self, target: ObjectId) -> Origin {
        let repository = Repository::discover(&self.sandbox.path("repo")).unwrap();
        let all = ["cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)"];
        let all = self.sandbox.git("repo", all).text();
        let commits = all.lines().filter_map(|line| line.strip_prefix("commit "));
        let commits: Vec<_> =
            commits.map(|id| ObjectId::from_hex(id.as_bytes()).unwrap()).collect();
        trace(&repository, &[target], &commits, Packs::default(), None)
            .unwrap()
            .origins
            .remove(&target)
            .unwrap()
    }
}

fn paths(origin: &Origin) -> Vec<&str> {
    origin.paths.iter().map(|at| std::str::from_utf8(&at.path).unwrap()).collect()
}

fn names(origin: &Origin) -> Vec<&str> {
    origin.reach.refs.iter().map(|name| std::str::from_utf8(name).unwrap()).collect()
}

#[test]
fn the_tree_of_a_commit_comes_from_that_commit() {
    let scene = Scene::new();
    scene.sh("echo a > top; git add .; git commit -qm 1
         echo b > more; git add .; git commit -qm 2; git commit -q --allow-empty -m 3
         git update-ref refs/remotes/origin/main HEAD");
    let origin = scene.of(scene.id("HEAD^{tree}"));
    assert_eq!(paths(&origin), [""]);
    assert_eq!(origin.introduced.as_ref().unwrap().id, scene.id("HEAD~1"));
    assert_eq!(origin.last.as_ref().unwrap().id, scene.id("HEAD"));
    assert!(origin.at_head && origin.paths[0].at_head && origin.paths[0].reach.remote);
    let earlier = scene.of(scene.id("HEAD~2^{tree}"));
    for end in [&earlier.introduced, &earlier.last, &earlier.paths[0].last] {
        assert_eq!(end.as_ref().unwrap().id, scene.id("HEAD~2"));
    }
    assert!(!earlier.at_head && earlier.reach.remote);
}

#[test]
fn a_file_that_came_moved_and_went() {
    let scene = Scene::new();
    scene.sh("echo other > other; git add .; git commit -qm 0
         mkdir a; echo secret > a/file; git add .; git commit -qm 1 --author='Bob <bob@example.com>'
         git mv a/file moved; git commit -qm 2
         git rm -q moved; git commit -qm 3; git tag gone
         echo more > more; git add .; git commit -qm 4");
    let origin = scene.of(scene.id("HEAD~3:a/file"));
    let introduced = origin.introduced.as_ref().unwrap();
    assert_eq!(introduced.id, scene.id("HEAD~3"));
    assert_eq!(
        (&introduced.author[..], &introduced.mail[..]),
        (&b"Bob"[..], &b"bob@example.com"[..])
    );
    assert_eq!(introduced.time, 1_767_323_045);
    assert_eq!(introduced.path, b"a/file");
    let last = origin.last.as_ref().unwrap();
    assert_eq!((last.id, &last.path[..]), (scene.id("HEAD~2"), &b"moved"[..]));
    assert_eq!(paths(&origin), ["a/file", "moved"]);
    let [was, moved] = &origin.paths[..] else { unreachable!() };
    let ids = |at: &Standing| (at.introduced.as_ref().unwrap().id, at.last.as_ref().unwrap().id);
    assert_eq!(ids(was), (scene.id("HEAD~3"), scene.id("HEAD~3")));
    assert_eq!(ids(moved), (scene.id("HEAD~2"), scene.id("HEAD~2")));
    assert!(!origin.at_head && !origin.reach.remote && !origin.reach.is_dangling());
    assert_eq!(names(&origin), ["refs/heads/main", "refs/tags/gone"]);
}

#[test]
fn a_file_that_is_still_there_and_was_pushed() {
    let scene = Scene::new();
    scene.sh("echo secret > file; git add .; git commit -qm 1
         git init -q --bare ../origin; git remote add origin ../origin; git push -q origin main
         echo x > x; git add .; git commit -qm 2; echo new > new; git add .; git commit -qm 3");
    let origin = scene.of(scene.id("HEAD:file"));
    assert!(origin.at_head && origin.reach.remote && origin.reach.head && origin.reach.branch);
    assert_eq!(origin.last.unwrap().id, scene.id("HEAD"));
    let origin = scene.of(scene.id("HEAD:new"));
    assert!(origin.at_head && !origin.reach.remote);
}

#[test]
fn what_came_with_a_merge_alone() {
    let scene = Scene::new();
    scene.sh("echo 0 > file; git add .; git commit -qm 0
         git checkout -qb side; echo side > side; git add .; git commit -qm side
         git checkout -q main; echo main > main; git add .; git commit -qm main
         git merge -q --no-commit side; echo secret > file; git add .; git commit -qm merge
         echo 1 > file; git commit -qam after");
    let origin = scene.of(scene.id("HEAD~1:file"));
    assert_eq!(origin.introduced.unwrap().id, scene.id("HEAD~1"));
    assert_eq!(origin.last.unwrap().id, scene.id("HEAD~1"));
    // A merge brings nothing that one of its sides had.
    let origin = scene.of(scene.id("HEAD:side"));
    assert_eq!(origin.introduced.unwrap().id, scene.id("side"));
}

#[test]
fn what_only_a_stash_a_reflog_the_index_or_nothing_leads_to() {
    let scene = Scene::new();
    scene.sh(
        "echo 0 > file; git add .; git commit -qm 0
         echo stashed > file; git stash -q
         echo reset > file; git commit -qam reset; git tag was; git reset -q --hard HEAD~1; git tag -d was
         echo staged > new; git add new
         echo dangling > ../dangling; git hash-object -w ../dangling",
    );
    let stash = scene.of(scene.id("stash:file"));
    assert!(stash.reach.stash && !stash.reach.branch && !stash.reach.reflog);
    let reset = scene.of(scene.id("HEAD@{1}:file"));
    assert!(reset.reach.reflog && !reset.reach.is_dangling());
    assert_eq!(reset.introduced.unwrap().id, scene.id("HEAD@{1}"));
    let staged = scene.of(scene.id(":new"));
    assert!(staged.reach.index && staged.introduced.is_none());
    let blob = scene.sandbox.git("repo", ["hash-object", "../dangling"]).text();
    let dangling = scene.of(ObjectId::from_hex(blob.trim_end().as_bytes()).unwrap());
    assert!(dangling.reach.is_dangling() && dangling.introduced.is_none());
    let reset = scene.id("HEAD@{1}:file");
    let commit = scene.id("HEAD@{1}");
    scene.sh("git reflog expire --expire=now --all");
    let lost = scene.of(reset);
    assert!(lost.reach.is_dangling());
    assert_eq!(lost.introduced.unwrap().id, commit);
}

#[test]
fn commits_tags_folders_and_trees_of_tags() {
    let scene = Scene::new();
    scene.sh("mkdir deep; echo 0 > deep/file; git add .; git commit -qm 0
         git tag -a -m message annotated
         git rm -rq deep; git commit -qm 1 --allow-empty
         git tag tree HEAD~1^{tree}; git update-ref -d refs/tags/annotated; git tag -a -m m again");
    let commit = scene.of(scene.id("HEAD~1"));
    assert_eq!(commit.introduced.unwrap().id, scene.id("HEAD~1"));
    let tag = scene.of(scene.id("again"));
    assert_eq!(*tag.reach.refs, [b"refs/tags/again"]);
    let folder = scene.of(scene.id("HEAD~1:deep"));
    assert_eq!(folder.introduced.as_ref().unwrap().path, b"deep");
    assert_eq!(names(&folder), ["refs/heads/main", "refs/tags/again", "refs/tags/tree"]);
    assert_eq!(paths(&folder), ["deep"]);
}

#[test]
fn a_copy_has_its_own_commit_and_its_own_end() {
    let scene = Scene::new();
    scene.sh("echo secret > first; git add .; git commit -qm 1
         git init -q --bare ../origin; git remote add origin ../origin; git push -q origin main
         mkdir public; cp first public/copy; git add .; git commit -qm 2 --author='Bob <bob@example.com>'
         git rm -q first; git commit -qm 3; echo x > x; git add .; git commit -qm 4");
    let origin = scene.of(scene.id("HEAD:public/copy"));
    assert_eq!(origin.introduced.as_ref().unwrap().id, scene.id("HEAD~3"));
    assert!(origin.at_head && origin.reach.remote);
    assert_eq!(paths(&origin), ["first", "public/copy"]);
    let [first, copy] = &origin.paths[..] else { unreachable!() };
    assert_eq!(first.introduced.as_ref().unwrap().id, scene.id("HEAD~3"));
    assert_eq!(first.last.as_ref().unwrap().id, scene.id("HEAD~2"));
    assert!(!first.at_head && first.reach.remote);
    let brought = copy.introduced.as_ref().unwrap();
    assert_eq!((brought.id, &brought.author[..]), (scene.id("HEAD~2"), &b"Bob"[..]));
    assert_eq!(copy.last.as_ref().unwrap().id, scene.id("HEAD"));
    assert!(copy.at_head && !copy.reach.remote);
}

#[test]
fn more_paths_than_are_remembered_are_told_together() {
    let scene = Scene::new();
    scene.sh("for i in 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do echo secret > $i; done
         git add .; git commit -qm 1; echo secret > last; git add .; git commit -qm 2
         git rm -q 1? 2?; git commit -qm 3");
    let origin = scene.of(scene.id("HEAD:last"));
    assert_eq!(origin.paths.len(), 16);
    assert!(origin.at_head && origin.paths.iter().all(|at| at.at_head));
}

#[test]
fn what_is_checked_out_is_known_in_a_reftable() {
    let scene = Scene { sandbox: Sandbox::new() };
    let options = ["init", "-q", "-b", "main", "--ref-format=reftable", "repo"];
    scene.sandbox.git(".", options);
    scene.sh("echo secret > file; git add .; git commit -qm 1
         git worktree add -q ../linked -b linked
         cd ../linked; echo other > other; git add .; git commit -qm 2; git checkout -q --detach; git branch -D -q linked");
    let origin = scene.of(scene.id("HEAD:file"));
    assert!(origin.at_head && origin.reach.head);
    let other = scene.sandbox.git("linked", ["rev-parse", "HEAD:other"]).text();
    let other = scene.of(ObjectId::from_hex(other.trim_end().as_bytes()).unwrap());
    assert!(!other.at_head && other.reach.head && !other.reach.is_dangling());
}
