//! Parsers of this folder for the fuzz targets (`tests/formats/targets`). Nothing else uses them.

use gix::ObjectId;

use super::commit::{Commit, assemble, unsigned};
use super::headers::{changed, signature, split};
use super::mentions::Ids;
use super::tag::Tag;
use crate::scrub::{Changes, EntryKind, Fate, Folder, PolicyId, ScopeId, ScrubError, TextKind};

/// Puts `x` before each text.
struct Prefix;

impl Changes for Prefix {
    fn folder(&self, _: ScopeId, _: &[u8]) -> Folder {
        Folder::Untouched
    }

    fn at(&self, _: ScopeId, _: &[u8], _: EntryKind) -> Fate {
        Fate::Keep
    }

    fn pathless(&self) -> Fate {
        Fate::Keep
    }

    fn blob(&self, _: PolicyId, _: ObjectId, _: &[u8]) -> Result<Option<Vec<u8>>, ScrubError> {
        Ok(None)
    }

    fn text(&self, _: TextKind, text: &[u8]) -> Option<Vec<u8>> {
        Some([b"x", text].concat())
    }
}

fn id() -> ObjectId {
    ObjectId::null(gix::hash::Kind::Sha1)
}

/// A commit, which is put together again and changed.
pub fn commit(bytes: &[u8]) {
    let Ok(commit) = Commit::parse(id(), bytes) else { return };
    let again = assemble(commit.tree, &commit.parents, &commit.text);
    assert!(again.eq_ignore_ascii_case(bytes), "it is another commit");
    Commit::message(&commit.text);
    headers(&commit.text);
    unsigned(id(), &commit.text, &Prefix, |_| true, &mut Vec::new());
    let without = unsigned(id(), &commit.text, &Prefix, |_| false, &mut Vec::new());
    let signed = |name: &[u8]| matches!(name, b"gpgsig" | b"gpgsig-sha256" | b"mergetag");
    assert!(!split(&without).0.iter().any(|header| signed(header.name)), "a signature is left");
}

/// A tag, which is changed.
pub fn tag(bytes: &[u8]) {
    headers(bytes);
    signature(bytes);
    let Ok(tag) = Tag::parse(id(), bytes) else { return };
    let other = ObjectId::from_hex(&[b'1'; 40]).expect("it is an id");
    let ids = Ids::new(std::iter::once(tag.target), gix::hash::Kind::Sha1);
    let made = tag.rewritten(other, &Prefix, &ids, |_| Some(other), &mut Vec::new());
    if let Ok(Some(made)) = made {
        assert_eq!(Tag::parse(id(), &made).expect("it is a tag").target, other);
    }
}

fn headers(text: &[u8]) {
    let (headers, rest) = split(text);
    let whole: Vec<u8> = headers.iter().flat_map(|header| header.whole.to_vec()).collect();
    assert!([&whole, rest].concat() == text, "a byte is lost");
    let _ = changed(text, &Prefix);
}

/// The entries of a tree: how many, and `None` where it is damaged.
pub fn tree(bytes: &[u8]) -> Option<usize> {
    super::decide::entries(id(), bytes).ok().map(|entries| entries.len())
}

/// The delta that makes `new` of `base`, where there is a short one.
pub fn delta(base: &[u8], new: &[u8]) -> Option<Vec<u8>> {
    super::delta::Differ::default().delta(base, new, new.len()).map(<[u8]>::to_vec)
}
