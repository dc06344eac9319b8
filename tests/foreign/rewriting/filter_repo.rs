//! The same repository, rewritten here and by git-filter-repo: the same commits are left, with the same trees.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use git_shroud::scrub::Changes;
use git_shroud::scrub::rewrite::Options;

use crate::common::{Sandbox, needs};
use crate::rewriting::apply::apply;
use crate::rewriting::changes::{Drop, Replace};

/// Numbers that only look random.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

/// The files of a commit: mode and content.
type Files = BTreeMap<&'static str, (&'static str, String)>;

/// What a commit changes: half of it in what is to go.
fn edit(random: &mut Random, files: &mut Files) {
    for _ in 0..random.below(3) {
        let path = match random.below(6) {
            0 => "keep/a.txt",
            1 => "keep/deep/er/b.txt",
            2 => "c.txt",
            3 => "secret/d.txt",
            4 => "secret/deep/e.txt",
            _ => "keep/gone.txt",
        };
        let kind = random.below(7);
        if kind == 0 {
            files.remove(path);
            continue;
        }
        let secret = if kind < 3 { "password = canary-value\n" } else { "" };
        let mode = if kind == 6 { "100755" } else { "100644" };
        files.insert(path, (mode, format!("{}\n{secret}end", random.below(4))));
    }
}

/// A history with branches, merges of two and three, several roots, empty commits, and commits that change nothing but a file
/// that is to go; the value stands in some files.
///
/// A merge of two has the files of the second, or one of its own; a merge of three has one of its own. git-filter-repo compares
/// a merge whose first side is gone by what it changes there alone, so it would leave out others with all that they decided.
fn history(seed: u64, commits: usize) -> String {
    let mut random = Random(seed);
    let mut stream = String::new();
    let mut heads: Vec<usize> = Vec::new();
    let mut states: Vec<Files> = vec![Files::new()];
    for number in 1..=commits {
        let root = heads.is_empty() || random.below(40) == 0;
        let at = (!root).then(|| random.below(heads.len()));
        let branch = if root || random.below(5) == 0 { heads.len() } else { at.unwrap() };
        let mut parents: Vec<usize> = at.map(|at| heads[at]).into_iter().collect();
        if !root && random.below(3) == 0 {
            for _ in 0..=random.below(2) {
                let other = heads[random.below(heads.len())];
                if !parents.contains(&other) {
                    parents.push(other);
                }
            }
        }
        let mut files = states[parents.last().copied().unwrap_or(0)].clone();
        if parents.len() < 2 {
            edit(&mut random, &mut files);
        } else if parents.len() > 2 || random.below(2) == 0 {
            files.insert("keep/merged.txt", ("100644", number.to_string()));
        }
        let text = format!("commit {number}\n");
        writeln!(stream, "commit refs/heads/b{branch}\nmark :{number}").unwrap();
        writeln!(stream, "committer Ann <ann@example.com> {} +0130", 1_700_000_000 + number)
            .unwrap();
        writeln!(stream, "data {}\n{text}", text.len()).unwrap();
        for (place, parent) in parents.iter().enumerate() {
            writeln!(stream, "{} :{parent}", if place == 0 { "from" } else { "merge" }).unwrap();
        }
        writeln!(stream, "deleteall").unwrap();
        for (path, (mode, content)) in &files {
            writeln!(stream, "M {mode} inline {path}\ndata {}\n{content}", content.len()).unwrap();
        }
        stream.push('\n');
        if branch == heads.len() {
            heads.push(number);
        } else {
            heads[branch] = number;
        }
        states.push(files);
    }
    stream
}

/// Two repositories with the same history.
fn twins(seed: u64) -> Sandbox {
    needs("git-filter-repo", "git-filter-repo");
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "--bare", "-b", "main", "ours"]);
    let mut import = sandbox.command("git", "ours");
    import.args(["fast-import", "--quiet"]);
    sandbox.run_with_input(import, history(seed, 250).as_bytes()).expect(0);
    sandbox.git(".", ["clone", "-q", "--mirror", "ours", "theirs"]);
    sandbox
}

/// Every commit with what it has become in `theirs`.
fn their_map(sandbox: &Sandbox) -> HashMap<String, Option<String>> {
    let map = String::from_utf8(sandbox.read("theirs/filter-repo/commit-map")).unwrap();
    let line = |line: &str| {
        let (old, new) = line.split_once(' ').unwrap();
        let gone = new.bytes().all(|digit| digit == b'0');
        (old.trim().to_owned(), (!gone).then(|| new.to_owned()))
    };
    map.lines().skip(1).map(line).collect()
}

/// The tree of every commit of a repository.
fn trees(sandbox: &Sandbox, dir: &str) -> HashMap<String, String> {
    let listed = sandbox.git(dir, ["log", "--all", "--format=%H %T"]).text();
    let line = |line: &str| {
        let (commit, tree) = line.split_once(' ').unwrap();
        (commit.to_owned(), tree.to_owned())
    };
    listed.lines().map(line).collect()
}

#[track_caller]
fn assert_same(sandbox: &Sandbox, changes: &dyn Changes, prune_empty: bool, theirs: &[&str]) {
    let done = apply(sandbox, "ours", changes, &Options { prune_empty, ..Options::default() });
    let mut filter = sandbox.command("git", "theirs");
    filter
        .args(["filter-repo", "--force", "--quiet", "--replace-refs", "delete-no-add"])
        .args(theirs);
    sandbox.run(filter).expect(0);
    sandbox.git("ours", ["fsck", "--full", "--strict"]);
    let (their_map, our_trees, their_trees) =
        (their_map(sandbox), trees(sandbox, "ours"), trees(sandbox, "theirs"));
    assert_eq!(done.commits.len(), their_map.len());
    for (old, new) in &done.commits {
        let theirs = &their_map[&old.to_string()];
        let ours = new.map(|new| our_trees[&new.to_string()].as_str());
        let theirs = theirs.as_ref().map(|theirs| their_trees[theirs].as_str());
        assert_eq!(ours, theirs, "{old}");
    }
    let refs = |dir: &str| sandbox.git(dir, ["for-each-ref"]).text();
    // The names and dates are the same, so the ids are.
    assert_eq!(refs("ours"), refs("theirs"));
}

#[test]
fn a_value_that_is_replaced() {
    for seed in [3, 41] {
        let sandbox = twins(seed);
        sandbox.write("values", "canary-value==>***REMOVED***\n");
        let values = sandbox.path("values");
        let changes = Replace { old: "canary-value", new: "***REMOVED***", everywhere: false };
        let never = ["--prune-empty", "never", "--prune-degenerate", "never"];
        let arguments = [&["--replace-text", values.to_str().unwrap()][..], &never].concat();
        assert_same(&sandbox, &changes, false, &arguments);
    }
}

#[test]
fn paths_that_go() {
    for (seed, prune_empty) in [(5, false), (5, true), (77, true), (1234, true)] {
        let sandbox = twins(seed);
        let changes = Drop { paths: &["secret", "keep/gone.txt"] };
        let paths = ["--invert-paths", "--path", "secret", "--path", "keep/gone.txt"];
        let how = if prune_empty { "auto" } else { "never" };
        let arguments = [&paths[..], &["--prune-empty", how, "--prune-degenerate", how]].concat();
        assert_same(&sandbox, &changes, prune_empty, &arguments);
    }
}
