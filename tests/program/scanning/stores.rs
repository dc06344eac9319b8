//! Every way in which git keeps objects.

use gix::ObjectId;

use git_shroud::scan::Scope;
use git_shroud::scan::walk::seen::{UnreadReason, UnreadThing};

use crate::common::Sandbox;
use crate::scanning::eye::{canaries, objects};

/// A repository with versions of a file, the canary in one of them; made with these options of `git init`.
fn repository(options: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    let init = ["init", "-q", "-b", "main"].iter().chain(options).chain(&["repo"]);
    sandbox.git(".", init);
    let mut text: String = (0..200).map(|at| format!("line {at}\n")).collect();
    for version in 0..6 {
        text.push_str(&format!("canary-{version}\n"));
        sandbox.write("repo/file", &text);
        sandbox.git("repo", ["add", "."]);
        sandbox.git("repo", ["commit", "-q", "-m", "a version"]);
    }
    sandbox
}

/// Hits in all objects together, of versions with one to six canaries each.
const HITS: usize = 1 + 2 + 3 + 4 + 5 + 6;

#[track_caller]
fn assert_all_is_seen(sandbox: &Sandbox, dir: &str) {
    let (seen, walked) = objects(&sandbox.path(dir), b"canary-");
    assert!(walked.unread.is_empty(), "{:?}", walked.unread);
    assert_eq!(seen.values().map(Vec::len).sum::<usize>(), HITS);
}

#[test]
fn loose_objects_packs_and_both() {
    let sandbox = repository(&[]);
    assert_all_is_seen(&sandbox, "repo");
    sandbox.git("repo", ["repack", "-q"]);
    assert_all_is_seen(&sandbox, "repo");
    sandbox.git("repo", ["repack", "-adfq"]);
    assert_all_is_seen(&sandbox, "repo");
}

#[test]
fn objects_of_sha_256() {
    if !Sandbox::new().git_knows("SHA-256", (2, 29)) {
        return;
    }
    let sandbox = repository(&["--object-format=sha256"]);
    assert_all_is_seen(&sandbox, "repo");
    sandbox.git("repo", ["repack", "-adfq"]);
    assert_all_is_seen(&sandbox, "repo");
}

#[test]
fn many_packs_with_the_same_objects_and_an_index_over_all() {
    let sandbox = repository(&[]);
    sandbox.git("repo", ["repack", "-adfq"]);
    let pack =
        "git rev-list --objects --all | git pack-objects -q --depth=0 .git/objects/pack/pack";
    sandbox.sh("repo", pack);
    let some = "git rev-list --objects HEAD~3 | git pack-objects -q .git/objects/pack/pack";
    sandbox.sh("repo", some);
    assert_all_is_seen(&sandbox, "repo");
    sandbox.git("repo", ["multi-pack-index", "write"]);
    assert_all_is_seen(&sandbox, "repo");
}

#[test]
fn deltas_by_id_and_an_index_of_the_first_version() {
    let sandbox = repository(&[]);
    let settings = ["-c", "repack.useDeltaBaseOffset=false", "-c", "pack.indexVersion=1"];
    sandbox.git("repo", settings.iter().chain(&["repack", "-adfq"]));
    assert_all_is_seen(&sandbox, "repo");
}

#[test]
fn a_pack_whose_bases_are_in_an_alternate() {
    let sandbox = repository(&[]);
    sandbox.git("repo", ["repack", "-adfq"]);
    sandbox.git(".", ["clone", "-q", "--shared", "repo", "borrower"]);
    sandbox.write("borrower/file", [sandbox.read("repo/file"), b"canary-6\n".to_vec()].concat());
    sandbox.git("borrower", ["commit", "-q", "-a", "-m", "more"]);
    // git completes a pack before it keeps it; this one is made to name a base that only the alternate has.
    sandbox.sh(
        "borrower",
        "printf '%s\\n' HEAD ^HEAD~1 | git pack-objects -q --revs --thin --stdout > ../thin.pack
         git index-pack --fix-thin --stdin < ../thin.pack",
    );
    let (seen, walked) = objects(&sandbox.path("borrower"), b"canary-");
    assert!(walked.unread.is_empty(), "{:?}", walked.unread);
    assert_eq!(seen.values().map(Vec::len).sum::<usize>(), HITS + 7);
}

#[test]
fn what_no_ref_leads_to() {
    let sandbox = repository(&[]);
    sandbox.git("repo", ["checkout", "-q", "--orphan", "new"]);
    sandbox.git("repo", ["rm", "-rfq", "."]);
    sandbox.git("repo", ["branch", "-D", "-q", "main"]);
    sandbox.git("repo", ["reflog", "expire", "--expire=now", "--all"]);
    assert_all_is_seen(&sandbox, "repo");
    sandbox.git("repo", ["repack", "-adkq"]);
    sandbox.git("repo", ["gc", "-q", "--prune=never"]);
    assert_all_is_seen(&sandbox, "repo");
}

#[test]
fn a_partial_clone_says_what_it_has_not_and_fetches_nothing() {
    let sandbox = repository(&[]);
    sandbox.git("repo", ["config", "uploadpack.allowFilter", "true"]);
    let from = format!("file://{}", sandbox.path("repo").display());
    let clone = ["clone", "-q", "--no-checkout", "--filter=blob:none", &from, "partial"];
    sandbox.git(".", clone);
    let (seen, walked) = canaries(&sandbox.path("partial"), &Scope::All);
    assert!(seen.is_empty(), "{seen:?}");
    let missing = walked.unread.iter().filter(|unread| unread.why == UnreadReason::Missing).count();
    assert_eq!((missing, walked.unread.len()), (6, 6));
    if !sandbox.git_knows("comparisons that fetch nothing", (2, 27)) {
        return;
    }
    let range = git_shroud::scan::walk::scope::Commits::default();
    let (_, walked) = canaries(&sandbox.path("partial"), &Scope::Commits(range));
    assert_eq!(walked.unread.len(), 6);
    let still = sandbox.git("partial", ["rev-list", "--objects", "--all", "--missing=print"]);
    assert_eq!(still.text().matches('?').count(), 6, "something was fetched");
}

#[test]
fn a_shallow_clone_says_where_it_ends() {
    let sandbox = repository(&[]);
    let from = format!("file://{}", sandbox.path("repo").display());
    sandbox.git(".", ["clone", "-q", "--depth=2", &from, "shallow"]);
    let (seen, walked) = objects(&sandbox.path("shallow"), b"canary-");
    assert_eq!(seen.values().map(Vec::len).sum::<usize>(), 5 + 6);
    let edge = sandbox.git("shallow", ["rev-parse", "HEAD~1"]).text();
    let [unread] = &walked.unread[..] else { panic!("{:?}", walked.unread) };
    let edge = ObjectId::from_hex(edge.trim_end().as_bytes()).unwrap();
    assert_eq!((&unread.what, &unread.why), (&UnreadThing::Object(edge), &UnreadReason::Shallow));
}

#[test]
fn a_missing_object_is_reported() {
    let sandbox = repository(&[]);
    let id = sandbox.git("repo", ["rev-parse", "HEAD~2:file"]).text();
    let id = id.trim_end();
    let file = format!("repo/.git/objects/{}/{}", &id[..2], &id[2..]);
    std::fs::remove_file(sandbox.path(file)).unwrap();
    let (_, walked) = objects(&sandbox.path("repo"), b"canary-");
    let [unread] = &walked.unread[..] else { panic!("{:?}", walked.unread) };
    let id = ObjectId::from_hex(id.as_bytes()).unwrap();
    assert_eq!((&unread.what, &unread.why), (&UnreadThing::Object(id), &UnreadReason::Missing));
}
