//! One commit: what it names, and its bytes with other names in them.

use gix::ObjectId;

use super::headers::{self, split, unfolded};
use super::{Signed, Stripped};
use crate::scrub::{Changes, ScrubError, TextKind};

/// A commit as it is stored.
pub(super) struct Commit {
    pub(super) id: ObjectId,
    pub(super) tree: ObjectId,
    pub(super) parents: Vec<ObjectId>,
    /// All behind the parents: author, committer, other headers, message.
    pub(super) text: Box<[u8]>,
}

impl Commit {
    pub(super) fn parse(id: ObjectId, bytes: &[u8]) -> Result<Self, ScrubError> {
        let digits = id.kind().len_in_hex();
        let (tree, mut rest) = line(bytes, b"tree ", digits).ok_or(ScrubError::Damaged(id))?;
        let mut parents = Vec::new();
        while let Some((parent, after)) = line(rest, b"parent ", digits) {
            parents.push(parent);
            rest = after;
        }
        Ok(Self { id, tree, parents, text: rest.into() })
    }

    /// Whether the text holds what goes when anything changes.
    pub(super) fn message(text: &[u8]) -> &[u8] {
        let (_, rest) = split(text);
        rest.get(1..).unwrap_or_default()
    }
}

/// Reads a line `NAME ID`.
fn line<'t>(bytes: &'t [u8], name: &[u8], digits: usize) -> Option<(ObjectId, &'t [u8])> {
    let rest = bytes.strip_prefix(name)?;
    let (id, rest) = rest.split_at_checked(digits)?;
    Some((ObjectId::from_hex(id).ok()?, rest.strip_prefix(b"\n")?))
}

/// The bytes of a commit.
pub(super) fn assemble(tree: ObjectId, parents: &[ObjectId], text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() + (parents.len() + 1) * 80);
    bytes.extend_from_slice(format!("tree {tree}\n").as_bytes());
    for parent in parents {
        bytes.extend_from_slice(format!("parent {parent}\n").as_bytes());
    }
    bytes.extend_from_slice(text);
    bytes
}

/// The text without the signatures that do not hold any more. `stays` says whether an object keeps its id.
pub(super) fn unsigned(
    id: ObjectId,
    text: &[u8],
    changes: &dyn Changes,
    stays: impl Fn(ObjectId) -> bool,
    stripped: &mut Vec<Stripped>,
) -> Vec<u8> {
    let (headers, rest) = split(text);
    let mut kept = Vec::with_capacity(text.len());
    let mut signed = false;
    for header in headers {
        match header.name {
            b"gpgsig" | b"gpgsig-sha256" => signed = true,
            b"mergetag" if !tag_stays(header.value, changes, &stays) => {
                stripped.push(Stripped { signed: Signed::Mergetag, id });
            }
            _ => kept.extend_from_slice(header.whole),
        }
    }
    if signed {
        stripped.push(Stripped { signed: Signed::Commit, id });
    }
    kept.extend_from_slice(rest);
    kept
}

/// Whether a merged tag still says what was signed: it is a whole tag object, and names the commit that was merged.
fn tag_stays(value: &[u8], changes: &dyn Changes, stays: &impl Fn(ObjectId) -> bool) -> bool {
    let tag = unfolded(value);
    let (headers, _) = split(&tag);
    let object = headers.iter().find(|header| header.name == b"object");
    let object = object.and_then(|header| ObjectId::from_hex(header.value).ok());
    object.is_some_and(stays)
        && matches!(headers::changed(&tag, changes), Ok(None))
        && changes.text(TextKind::Message, &tag).is_none_or(|changed| changed == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_put_together_again_as_it_was() {
        let id = |digit: &str| ObjectId::from_hex(digit.repeat(40).as_bytes()).unwrap();
        let text = b"author \xff <> 0 +0000\ncommitter  <> 0 -1330\nx-odd  a\n b\n\nnot \xfe utf-8";
        let bytes = assemble(id("a"), &[id("b"), id("b"), id("c")], text);
        let commit = Commit::parse(id("d"), &bytes).unwrap();
        assert_eq!(commit.tree, id("a"));
        assert_eq!(commit.parents, [id("b"), id("b"), id("c")]);
        assert_eq!(&*commit.text, text);
        assert_eq!(Commit::message(&commit.text), b"not \xfe utf-8");
        for wrong in [&b""[..], b"tree ", b"tree x\n", &bytes[..44]] {
            assert!(Commit::parse(id("d"), wrong).is_err());
        }
    }
}
