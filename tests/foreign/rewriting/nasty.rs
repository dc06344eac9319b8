//! A repository with one of everything: what should stay is the same to the byte, all else is what it should be.

use std::collections::HashMap;

use git_shroud::scrub::rewrite::{Options, Rewritten, Signed, Stripped};

use crate::common::{Done, Sandbox, contains, needs};
use crate::rewriting::apply::{apply, made};
use crate::rewriting::changes::{Replace, replaced};
use crate::rewriting::oracle::{Objects, Oracle};

const OLD: &str = "hunter2-canary";
const NEW: &str = "REMOVED";
const CHANGES: Replace = Replace { old: OLD, new: NEW, everywhere: true };

/// The repository that `nasty.sh` makes.
fn nasty(format: &str, storage: &str) -> Sandbox {
    needs("ssh-keygen", "openssh-client");
    let sandbox = Sandbox::new();
    sandbox.write("nasty.sh", include_str!("nasty.sh"));
    let mut keygen = sandbox.command("ssh-keygen", ".");
    keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", "signing"]);
    sandbox.run(keygen).expect(0);
    let mut script = sandbox.command("sh", ".");
    script.args(["nasty.sh", format, storage]).env("SECRET", OLD);
    sandbox.run(script).expect(0);
    sandbox
}

/// `git ARGS` without replacements.
#[track_caller]
fn git(sandbox: &Sandbox, arguments: &[&str]) -> Done {
    sandbox.git("repo", ["--no-replace-objects"].iter().chain(arguments))
}

#[track_caller]
fn id(sandbox: &Sandbox, name: &str) -> String {
    git(sandbox, &["rev-parse", "--verify", name]).text().trim_end().to_owned()
}

/// Every ref with what it names.
fn refs(sandbox: &Sandbox) -> HashMap<String, String> {
    let listed = git(sandbox, &["for-each-ref", "--format=%(refname) %(objectname)"]).text();
    let line = |line: &str| line.split_once(' ').map(|(name, id)| (name.to_owned(), id.to_owned()));
    listed.lines().filter_map(line).collect()
}

/// The notes of a ref, by what they are of.
fn notes(sandbox: &Sandbox, name: &str) -> HashMap<String, String> {
    let listed = git(sandbox, &["notes", "--ref", name, "list"]).text();
    let line = |line: &str| {
        let (note, of) = line.split_once(' ').unwrap();
        (of.to_owned(), note.to_owned())
    };
    listed.lines().map(line).collect()
}

struct Before {
    refs: HashMap<String, String>,
    notes: Vec<HashMap<String, String>>,
    stashes: String,
    early: String,
    came: String,
}

const NOTES: [&str; 3] = ["commits", "review", "fanned"];

impl Before {
    fn of(sandbox: &Sandbox) -> Self {
        Self {
            refs: refs(sandbox),
            notes: NOTES.iter().map(|name| notes(sandbox, name)).collect(),
            stashes: git(sandbox, &["log", "-g", "--format=%H", "refs/stash"]).text(),
            early: id(sandbox, "before"),
            came: git(sandbox, &["log", "--format=%H", "--grep=^a value, signed", "main"])
                .text()
                .trim_end()
                .to_owned(),
        }
    }
}

fn map(made: &Rewritten) -> HashMap<String, String> {
    let all = made.commits.iter().chain(&made.tags);
    all.map(|(old, new)| (old.to_string(), new.expect("none is left out").to_string())).collect()
}

fn assert_everything_is_as_it_should_be(format: &str, storage: &str) {
    let sandbox = nasty(format, storage);
    let before = Before::of(&sandbox);
    let made = apply(&sandbox, "repo", &CHANGES, &Options::default());
    git(&sandbox, &["fsck", "--full", "--strict"]);
    let objects = Objects::of(&sandbox, "repo");
    let oracle = Oracle::new(&objects, &made, (OLD, NEW));
    let map = map(&made);

    // Commits and tags, to the byte; trees by their files.
    let notes_tips: Vec<_> =
        NOTES.iter().map(|name| before.refs[&format!("refs/notes/{name}")].clone()).collect();
    let of_notes = git(
        &sandbox,
        &[&["rev-list"][..], &notes_tips.iter().map(String::as_str).collect::<Vec<_>>()].concat(),
    )
    .text();
    for (old, new) in &map {
        oracle.check(old, new);
        oracle.check_target(old, new);
        let is_commit = objects.bytes(old).starts_with(b"tree ");
        if is_commit && !of_notes.contains(old.as_str()) {
            let (was, is) = (objects.tree(old), objects.tree(new));
            assert_eq!(oracle.files(&was), objects.files(&is), "{old} as {new}");
        }
    }

    // What was before the value has its ids, with signatures.
    for name in [
        "refs/heads/before",
        "refs/tags/before-signed",
        "refs/heads/tagged-before",
        "refs/tags/merged-before",
    ] {
        let change = made.refs.iter().find(|change| change.name == name.as_bytes()).unwrap();
        assert!(!change.is_changed(), "{name}");
        assert!(change.first_changed.is_empty(), "{name}");
    }
    let main = made.refs.iter().find(|change| change.name == b"refs/heads/main").unwrap();
    let first: Vec<_> = main.first_changed.iter().map(ToString::to_string).collect();
    assert_eq!(first, std::slice::from_ref(&before.came));

    // Refs.
    let after = refs(&sandbox);
    assert_eq!(after.len(), before.refs.len());
    for (name, old) in &before.refs {
        let new_name = String::from_utf8(replaced(name.as_bytes(), OLD, NEW)).unwrap();
        let new_name = match name.strip_prefix("refs/replace/") {
            Some(replaced) => format!("refs/replace/{}", map[replaced]),
            None => new_name,
        };
        let is = &after[&new_name];
        match map.get(old) {
            Some(new) => assert_eq!(new, is, "{name}"),
            None if name.ends_with("light-tree") => {
                assert_eq!(oracle.files(old), objects.files(is));
            }
            None => assert_eq!(replaced(objects.bytes(old), OLD, NEW), objects.bytes(is)),
        }
    }

    // Notes, each at the new commit, and what is none in its place.
    for (name, before) in NOTES.iter().zip(&before.notes) {
        let after = notes(&sandbox, name);
        assert_eq!(after.len(), before.len(), "{name}");
        for (of, note) in before {
            let new = &after[map.get(of).unwrap_or(of)];
            assert_eq!(replaced(objects.bytes(note), OLD, NEW), objects.bytes(new), "{name}");
        }
    }
    let rest = git(&sandbox, &["ls-tree", "-r", "--name-only", "refs/notes/fanned"]).text();
    assert!(rest.lines().any(|line| line == "readme.txt"));
    assert!(rest.lines().filter(|line| line.as_bytes().get(2) == Some(&b'/')).count() == 3);

    // Stashes.
    let stashes = git(&sandbox, &["log", "-g", "--format=%H", "refs/stash"]).text();
    let expected: Vec<_> = before.stashes.lines().map(|old| map[old].as_str()).collect();
    assert_eq!(stashes.lines().collect::<Vec<_>>(), expected);
    assert_eq!(expected.len(), 3);

    // Signatures.
    let of = |name: &str| gix::ObjectId::from_hex(before.refs[name].as_bytes()).unwrap();
    let merge =
        git(&sandbox, &["rev-list", "-1", "--grep=merged-after", &before.refs["refs/heads/main"]])
            .text();
    let hex = |id: &str| gix::ObjectId::from_hex(id.trim_end().as_bytes()).unwrap();
    let mut stripped = vec![
        Stripped { signed: Signed::Commit, id: hex(&before.came) },
        Stripped { signed: Signed::Tag, id: of("refs/tags/signed") },
        Stripped { signed: Signed::Tag, id: of("refs/tags/merged-after") },
        Stripped { signed: Signed::Mergetag, id: hex(&merge) },
    ];
    stripped.sort_unstable();
    assert_eq!(made.stripped, stripped);
    assert!(contains(objects.bytes(&before.early), b"author"));
    assert_nothing_is_left(&sandbox, &objects, &stashes);

    // A second time there is nothing to do.
    let again = made_again(&sandbox);
    assert!(again.refs.iter().all(|change| !change.is_changed()));
    assert_eq!((again.counts, again.stash_log), (Default::default(), None));
    assert!(again.pack.is_none());
}

fn made_again(sandbox: &Sandbox) -> Rewritten {
    made(&sandbox.path("repo"), &CHANGES, &Options::default())
}

/// No object that a ref or stash leads to holds the value, nor does a name.
fn assert_nothing_is_left(sandbox: &Sandbox, objects: &Objects, stashes: &str) {
    let mut arguments = vec!["rev-list", "--objects", "--all"];
    arguments.extend(stashes.lines());
    let listed = git(sandbox, &arguments).text();
    assert!(!listed.contains(OLD));
    for line in listed.lines() {
        let id = line.split(' ').next().unwrap();
        assert!(!contains(objects.bytes(id), OLD.as_bytes()), "{id}");
    }
    assert!(!refs(sandbox).keys().any(|name| name.contains(OLD)));
    assert!(!contains(&sandbox.read("repo/.git/logs/refs/stash"), OLD.as_bytes()));
}

#[test]
fn sha_1_in_a_pack() {
    assert_everything_is_as_it_should_be("sha1", "packed");
}

#[test]
fn sha_256_in_loose_objects() {
    assert_everything_is_as_it_should_be("sha256", "loose");
}

#[test]
fn a_dry_run_counts_the_same_and_writes_nothing_and_every_run_makes_the_same() {
    let sandbox = nasty("sha1", "packed");
    let before = sandbox.snapshot("repo/.git");
    let path = sandbox.path("repo");
    let dry = made(&path, &CHANGES, &Options { dry_run: true, ..Options::default() });
    assert!(dry.pack.is_none());
    assert!(before == sandbox.snapshot("repo/.git"), "a dry run wrote something");
    let real = made(&path, &CHANGES, &Options::default());
    assert_eq!((dry.counts, &dry.refs, &dry.stripped), (real.counts, &real.refs, &real.stripped));
    let pack = real.pack.as_ref().unwrap();
    assert_eq!(real.counts.bytes, std::fs::metadata(pack.path()).unwrap().len());
    let index = std::fs::read(pack.index_path()).unwrap();
    // git makes the very same index, and finds nothing wrong with the pack.
    let mut indexer = sandbox.command("git", "repo");
    indexer.args(["index-pack", "--strict", "--fsck-objects", "-o"]);
    indexer.arg(sandbox.path("theirs.idx")).arg(pack.path());
    sandbox.run(indexer).expect(0);
    assert!(index == sandbox.read("theirs.idx"), "git makes another index");
    let again = made(&path, &CHANGES, &Options::default());
    assert_eq!(again.refs, real.refs);
    drop((real, again));
    assert!(before == sandbox.snapshot("repo/.git"), "a pack that is not installed is left behind");
}

#[test]
fn a_stash_can_still_be_applied() {
    let sandbox = nasty("sha1", "packed");
    apply(&sandbox, "repo", &CHANGES, &Options::default());
    sandbox.git("repo", ["reset", "-q", "--hard"]);
    sandbox.git("repo", ["stash", "apply", "-q", "stash@{1}"]);
    assert!(contains(&sandbox.read("repo/untracked.txt"), b"not tracked REMOVED"));
    assert!(contains(&sandbox.read("repo/arm2.txt"), b"changed REMOVED"));
}
