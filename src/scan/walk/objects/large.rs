//! Blobs that are too large for memory: read by git, looked at piece by piece.

use std::io::Read;

use gix::ObjectId;
use gix::objs::Kind;
use memchr::{memchr_iter, memrchr};

use super::{Seen, Sink, Source, Unread, UnreadReason, UnreadThing};
use crate::detect::views::Seer;
use crate::git::GitError;
use crate::git::objects::stream;
use crate::git::repository::Repository;
use crate::parallel::map_runs;
use crate::scan::lines::characters;
use crate::scan::walk::cache::CleanObject;
use crate::secret::WipedVec;

/// Bytes that are looked at at once.
const PIECE: usize = 8 << 20;
/// Bytes that two pieces share. A hit that is longer than half of this may be found in part only.
const SHARED: usize = 256 << 10;

/// What became of one blob.
#[derive(Clone)]
pub(super) struct Large {
    id: ObjectId,
    /// What was not looked at.
    pub(super) unread: Option<Unread>,
    pub(super) bytes: u64,
    has_hits: bool,
}

impl Large {
    /// For the cache, if nothing is in it.
    pub(super) fn clean(&self) -> Option<CleanObject> {
        match self.unread.is_none() && !self.has_hits {
            true => CleanObject::clean(&self.id, Kind::Blob, self.bytes),
            false => None,
        }
    }
}

/// Looks at these blobs.
pub(super) fn look(
    repository: &Repository,
    seer: &Seer<'_>,
    large: &[ObjectId],
    sink: &Sink<'_>,
) -> Vec<Large> {
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
                Ok(looked) => looked,
                Err(error) => {
                    let unread = Some(Unread {
                        what: UnreadThing::Object(id),
                        why: UnreadReason::Damaged(error),
                    });
                    Large { id, unread, bytes: 0, has_hits: false }
                }
            }
        };
        run.iter().map(look).collect::<Vec<_>>()
    });
    runs.concat()
}

/// Looks at all of a blob.
fn pieces(
    id: ObjectId,
    blob: &mut dyn Read,
    seer: &Seer<'_>,
    sink: &Sink<'_>,
) -> Result<Large, GitError> {
    let mut piece = WipedVec::with_capacity(PIECE);
    let (mut start, mut lines, mut columns) = (0_u64, 0_u64, 0_u64);
    let (mut complete, mut has_hits) = (true, false);
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
            has_hits = true;
            let source = Source::Object { id, kind: Kind::Blob };
            sink(&Seen { source, text: &piece, start, lines, columns, found: &found });
        }
        if is_last {
            let unread = Unread { what: UnreadThing::Object(id), why: UnreadReason::Cut };
            let bytes = start + piece.len() as u64;
            return Ok(Large { id, unread: (!complete).then_some(unread), bytes, has_hits });
        }
        let done = PIECE - SHARED;
        lines += memchr_iter(b'\n', &piece[..done]).count() as u64;
        columns = match memrchr(b'\n', &piece[..done]) {
            Some(end) => characters(&piece[end + 1..done]),
            None => columns + characters(&piece[..done]),
        };
        start += done as u64;
        piece.copy_within(done.., 0);
        piece.truncate(SHARED);
    }
}
