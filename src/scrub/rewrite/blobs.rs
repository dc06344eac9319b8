//! New contents: each blob is read once for each thing that is done to it, on all cores.

use gix::ObjectId;
use gix::objs::Kind;

use super::LARGEST;
use super::pack::{Deflater, Writer};
use super::source::{Source, Store};
use super::walk::Treatment;
use crate::parallel::map_runs;
use crate::scrub::{Changes, ScrubError, TextKind};

/// Blobs from which on a second thread pays.
const WORTH: usize = 32;

/// The new id of each blob, `None` where it stays.
pub(super) fn transform(
    store: &Store,
    changes: &dyn Changes,
    writer: &Writer,
    blobs: &[(ObjectId, Treatment)],
) -> Result<Vec<Option<ObjectId>>, ScrubError> {
    let mut order: Vec<usize> = (0..blobs.len()).collect();
    super::places::sort(store, &mut order, |at| blobs[at].0);
    let done = map_runs(&order, WORTH, |_, run| {
        let mut source = store.open()?;
        let mut deflater = Deflater::default();
        let mut new = Vec::new();
        for &at in run {
            let (id, treatment) = blobs[at];
            if let Some(content) = content(&mut source, changes, id, treatment)? {
                let made = writer.add(&mut deflater, Kind::Blob, &content)?;
                if made != id {
                    new.push((at, made));
                }
            }
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
    if let Treatment::Policy(policy) = treatment {
        let (_, len) = source.header(id)?;
        if len > LARGEST && changes.large(policy, id, len)? {
            return Ok(None);
        }
    }
    let content = source.read(id, Kind::Blob)?;
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
