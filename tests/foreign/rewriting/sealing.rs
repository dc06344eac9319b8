//! Files that are sealed from their first day on, with the attributes that say so.

use git_shroud::scrub::rewrite::Options;
use git_shroud::scrub::{Changes, EntryKind, Fate, Folder, PolicyId, ScopeId, ScrubError};

use crate::common::{Sandbox, repository};
use crate::rewriting::apply::apply;
use crate::rewriting::changes::{LINE, Seal, sealed};

fn commit(sandbox: &Sandbox, path: &str, content: &str) -> String {
    sandbox.write(format!("repo/{path}"), content);
    sandbox.git("repo", ["add", "-A"]);
    sandbox.git("repo", ["commit", "-q", "-m", path]);
    sandbox.git("repo", ["rev-parse", "HEAD"]).text().trim_end().to_owned()
}

#[test]
fn attributes_come_with_the_first_rewritten_commit() {
    let sandbox = repository();
    let first = commit(&sandbox, "README", "in the clear\n");
    let second = commit(&sandbox, "secret/deep/a.env", "a=1\n");
    let third = commit(&sandbox, "other", "x\n");
    let fourth = commit(&sandbox, ".gitattributes", "*.md text\n");
    let fifth = commit(&sandbox, ".gitattributes", &format!("*.md text\n{LINE}"));
    sandbox.git("repo", ["branch", "side", &first]);
    let made = apply(&sandbox, "repo", &Seal, &Options::default());
    sandbox.git("repo", ["fsck", "--full", "--strict"]);
    let new = |old: &str| {
        let old = gix::ObjectId::from_hex(old.as_bytes()).unwrap();
        let of = made.commits.iter().find(|(known, _)| *known == old);
        of.unwrap().1.unwrap().to_string()
    };
    assert_eq!(new(&first), first);
    let file = |commit: &str, path: &str| sandbox.blob("repo", &format!("{}:{path}", new(commit)));
    for commit in [&second, &third] {
        assert_eq!(file(commit, ".gitattributes"), LINE.as_bytes());
    }
    for commit in [&fourth, &fifth] {
        assert_eq!(file(commit, ".gitattributes"), format!("*.md text\n{LINE}").as_bytes());
    }
    for commit in [&second, &third, &fourth, &fifth] {
        assert_eq!(file(commit, "secret/deep/a.env"), sealed(b"a=1\n"));
    }
    assert_eq!(file(&fifth, "other"), b"x\n");
    // One sealed file, and one attributes file for each two commits.
    assert_eq!(made.counts.blobs, 3);
}

/// A folder goes, and [`Seal`]'s attributes come.
struct DropAndSeal;
impl Changes for DropAndSeal {
    fn folder(&self, _: ScopeId, path: &[u8]) -> Folder {
        match path {
            b"" => Folder::ByPath,
            b"gone" => Folder::Alike(Fate::Drop),
            _ => Folder::Untouched,
        }
    }

    fn at(&self, _: ScopeId, _: &[u8], _: EntryKind) -> Fate {
        Fate::Keep
    }

    fn pathless(&self) -> Fate {
        Fate::Keep
    }

    fn blob(&self, _: PolicyId, _: gix::ObjectId, _: &[u8]) -> Result<Option<Vec<u8>>, ScrubError> {
        Ok(None)
    }

    fn attributes(&self, text: Option<&[u8]>) -> Option<Vec<u8>> {
        Seal.attributes(text)
    }

    fn has_attributes(&self) -> bool {
        true
    }
}

#[test]
fn commits_that_became_empty_go_though_attributes_would_fill_them() {
    let sandbox = repository();
    let first = commit(&sandbox, "README", "in the clear\n");
    commit(&sandbox, "gone/a", "a\n");
    commit(&sandbox, "other", "x\n");
    let options = Options { prune_empty: true, ..Options::default() };
    let made = apply(&sandbox, "repo", &DropAndSeal, &options);
    assert_eq!(made.counts.pruned, 1);
    let log = sandbox.git("repo", ["log", "--format=%s %P"]).text();
    assert_eq!(log, format!("other {first}\nREADME \n"));
    assert_eq!(sandbox.blob("repo", "HEAD:.gitattributes"), LINE.as_bytes());
}
