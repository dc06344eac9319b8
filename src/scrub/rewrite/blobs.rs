//! New contents: each blob is read once for each thing that is done to it, on all cores.

use std::collections::HashMap;

use gix::ObjectId;
use gix::objs::Kind;

use super::context::Treatment;
use super::pack::{Base, Deflater, Writer, id_of};
use super::places::Places;
use super::source::{Source, Store};
use crate::parallel::map_runs;
use crate::scrub::{Changes, ScrubError, TextKind};

/// Blobs from which on a second thread pays.
const WORTH: usize = 32;
/// Bytes of new contents that a thread keeps, for others to be stored as changes of them.
const KEPT: usize = 16 << 20;

/// The new id of each blob, `None` where it stays.
pub(super) fn transform(
    store: &Store,
    changes: &dyn Changes,
    writer: &Writer,
    blobs: &[(ObjectId, Treatment)],
) -> Result<Vec<Option<ObjectId>>, ScrubError> {
    let ids: Vec<ObjectId> = blobs.iter().map(|&(id, _)| id).collect();
    let places = Places::of(store, &ids);
    let done = map_runs(&places.order, WORTH, |_, run| {
        let mut source = store.open()?;
        let mut deflater = Deflater::default();
        let mut new = Vec::new();
        // What git stores as a change of another will be so again.
        let (mut bases, mut kept) = (HashMap::new(), 0);
        for &at in run {
            let (id, treatment) = blobs[at];
            let Some(bytes) = content(&mut source, changes, id, treatment)? else { continue };
            let made = id_of(store.hash, Kind::Blob, &bytes)?;
            let base = places.bases[at].and_then(|base| bases.get(&base));
            let depth = writer.add_known(&mut deflater, Kind::Blob, &bytes, made, base)?;
            new.push((at, made));
            kept += bytes.len();
            if kept > KEPT {
                bases.clear();
                kept = bytes.len();
            }
            bases.insert(at, Base { id: made, bytes, depth });
        }
        Ok::<_, ScrubError>(new)
    });
    let mut outcome = vec![None; blobs.len()];
    for run in done {
        for (at, id) in run? {
            outcome[at] = Some(id);
        }
    }
    Ok(outcome)
}

/// The new content of a blob, `None` where it stays.
pub(super) fn content(
    source: &mut Source,
    changes: &dyn Changes,
    id: ObjectId,
    treatment: Treatment,
) -> Result<Option<Vec<u8>>, ScrubError> {
    let content = match (source.read(id, Kind::Blob), treatment) {
        (Err(ScrubError::TooLarge { len, .. }), Treatment::Policy(policy))
            if changes.large(policy, id, len)? =>
        {
            return Ok(None);
        }
        (content, _) => content?,
    };
    let new = match treatment {
        Treatment::Policy(policy) => changes.blob(policy, id, content)?,
        Treatment::Target => {
            let new = changes.text(TextKind::SymlinkTarget, content);
            if new.as_ref().is_some_and(|new| new.is_empty() || new.contains(&0)) {
                return Err(ScrubError::Name("symbolic link's target"));
            }
            new
        }
    };
    Ok(new.filter(|new| new != content))
}
