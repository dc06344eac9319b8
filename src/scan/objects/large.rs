//! Blobs that are too large for memory: read by git, looked at piece by piece.

use std::io::Read;

use gix::ObjectId;
use gix::objs::Kind;
use memchr::memchr_iter;

use super::{Seen, Sink, Source, Unread, What, Why};
use crate::git::GitError;
use crate::git::objects::stream;
use crate::git::repository::Repository;
use crate::parallel::map_runs;
use crate::scan::views::Seer;
use crate::secret::WipedVec;

/// Bytes that are looked at at once.
const PIECE: usize = 8 << 20;
/// Bytes that two pieces share. A hit that is longer than half of this may be found in part only.
const SHARED: usize = 256 << 10;

/// Looks at these blobs; for each what was not looked at, and its bytes.
pub(super) fn look(
    repository: &Repository,
    seer: &Seer<'_>,
    large: &[ObjectId],
    sink: &Sink<'_>,
) -> Vec<(Option<Unread>, u64)> {
    let (git_dir, top) = (repository.gix.git_dir(), repository.worktree.clone());
    let runs = map_runs(large, 1, |_, run| {
        let repository = Repository::open(git_dir, top.clone());
        let look = |&id: &ObjectId| {
            let read = |repository: &Repository| {
                stream(repository, id, |blob| pieces(id, blob, seer, sink))?
            };
            match repository.as_ref().map_err(ToString::to_string).and_then(|repository| {
                read(repository).map_err(|error: GitError| error.to_string())
            }) {
                Ok((len, true)) => (None, len),
                Ok((len, false)) => (Some(Unread { what: What::Object(id), why: Why::Cut }), len),
                Err(error) => {
                    (Some(Unread { what: What::Object(id), why: Why::Damaged(error) }), 0)
                }
            }
        };
        run.iter().map(look).collect::<Vec<_>>()
    });
    runs.concat()
}

/// Looks at all of a blob; how long it is, and whether nothing was left out.
fn pieces(
    id: ObjectId,
    blob: &mut dyn Read,
    seer: &Seer<'_>,
    sink: &Sink<'_>,
) -> Result<(u64, bool), GitError> {
    let mut piece = WipedVec::with_capacity(PIECE);
    let (mut start, mut lines, mut complete) = (0_u64, 0_u64, true);
    let mut found = Vec::new();
    loop {
        let kept = piece.len();
        blob.take((PIECE - kept) as u64).read_to_end(&mut piece)?;
        let is_last = piece.len() < PIECE;
        found.clear();
        complete &= seer.look(&piece, &mut found);
        // Half of what is shared belongs to each of the two pieces, so that all is seen with what is around it.
        let first = if start == 0 { 0 } else { SHARED / 2 };
        let end = if is_last { piece.len() + 1 } else { PIECE - SHARED / 2 };
        found.retain(|hit| (first..end).contains(&hit.around.start));
        if !found.is_empty() {
            let source = Source::Object { id, kind: Kind::Blob };
            sink(&Seen { source, text: &piece, start, lines, found: &found });
        }
        if is_last {
            return Ok((start + piece.len() as u64, complete));
        }
        let done = PIECE - SHARED;
        lines += memchr_iter(b'\n', &piece[..done]).count() as u64;
        start += done as u64;
        piece.copy_within(done.., 0);
        piece.truncate(SHARED);
    }
}
