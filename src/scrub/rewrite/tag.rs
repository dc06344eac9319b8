//! Annotated tags.

use gix::ObjectId;
use gix::objs::Kind;

use super::headers::{self, split};
use super::mentions::{Ids, replaced};
use super::{Signed, Stripped};
use crate::scrub::{Changes, ScrubError};

/// An annotated tag as it is stored.
pub(super) struct Tag {
    pub(super) id: ObjectId,
    pub(super) target: ObjectId,
    bytes: Box<[u8]>,
}

impl Tag {
    pub(super) fn parse(id: ObjectId, bytes: &[u8]) -> Result<Self, ScrubError> {
        let (headers, _) = split(bytes);
        let value = |at: usize, name: &[u8]| {
            let header = headers.get(at).filter(|header| header.name == name)?;
            Some(header.value)
        };
        let target = value(0, b"object").and_then(|id| ObjectId::from_hex(id).ok());
        let kind = value(1, b"type").and_then(|kind| Kind::from_bytes(kind).ok());
        match (target, kind) {
            (Some(target), Some(_)) if target.kind() == id.kind() => {
                Ok(Self { id, target, bytes: bytes.into() })
            }
            _ => Err(ScrubError::Damaged(id)),
        }
    }

    /// The tag of another object; `None` where it stays as it is. A signature does not survive a change.
    pub(super) fn rewritten(
        &self,
        target: ObjectId,
        changes: &dyn Changes,
        ids: &Ids,
        new: impl Fn(u32) -> Option<ObjectId>,
        stripped: &mut Vec<Stripped>,
    ) -> Result<Option<Vec<u8>>, ScrubError> {
        let signed_at = |text: &[u8]| {
            let (_, rest) = split(text);
            headers::signature(rest).map(|at| text.len() - rest.len() + at)
        };
        // A signature is no text, so it is not shown to the changes.
        let end = signed_at(&self.bytes).unwrap_or(self.bytes.len());
        let (text, signature) = self.bytes.split_at(end);
        let changed = headers::changed(text, changes)?;
        let text = changed.as_deref().unwrap_or(text);
        let (_, rest) = split(text);
        let mentioned = ids.mentioned(rest);
        let message = replaced(rest, &mentioned, new);
        if changed.is_none() && message == rest && target == self.target {
            return Ok(None);
        }
        let mut signed = !signature.is_empty();
        let mut bytes = Vec::with_capacity(text.len());
        for header in split(text).0 {
            match header.name {
                b"gpgsig" | b"gpgsig-sha256" => signed = true,
                b"object" => bytes.extend_from_slice(format!("object {target}\n").as_bytes()),
                _ => bytes.extend_from_slice(header.whole),
            }
        }
        bytes.extend_from_slice(&message);
        if signed {
            stripped.push(Stripped { signed: Signed::Tag, id: self.id });
        }
        Ok(Some(bytes))
    }
}
