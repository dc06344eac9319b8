//! A few objects, each read for itself: what a hook looks at, without opening all of a repository.

use std::collections::HashSet;

use gix::ObjectId;
use gix::objs::Kind;

use super::{IN_MEMORY, Seen, Sink, Source, Unread, UnreadReason, UnreadThing, Walked, large};
use crate::detect::views::Seer;
use crate::git::GitError;
use crate::git::database::Database;
use crate::git::repository::Repository;

/// As [`super::walk`] does for these objects alone; trees among them are passed over.
pub(super) fn look(
    repository: &Repository,
    seer: &Seer<'_>,
    wanted: &HashSet<ObjectId>,
    sink: &Sink<'_>,
) -> Result<Walked, GitError> {
    let database = Database::open(repository)?;
    let mut walked = Walked::default();
    let (mut found, mut too_large) = (Vec::new(), Vec::new());
    let mut wanted: Vec<_> = wanted.iter().copied().collect();
    wanted.sort_unstable();
    for id in wanted {
        let object = match database.header(id) {
            Ok(Some((Kind::Blob, len))) if len > IN_MEMORY => {
                too_large.push(id);
                continue;
            }
            Ok(Some((_, len))) if len > IN_MEMORY => Err(UnreadReason::TooLarge),
            Ok(Some((kind, _))) => match database.object(id) {
                Ok(Some(bytes)) => Ok((kind, bytes)),
                Ok(None) => Err(UnreadReason::Missing),
                Err(error) => Err(UnreadReason::Damaged(error.to_string())),
            },
            Ok(None) => Err(UnreadReason::Missing),
            Err(error) => Err(UnreadReason::Damaged(error.to_string())),
        };
        let mut unread = |why| walked.unread.push(Unread { what: UnreadThing::Object(id), why });
        match object {
            Err(why) => unread(why),
            Ok((Kind::Tree, _)) => {}
            Ok((kind, text)) => {
                found.clear();
                if !seer.look(&text, &mut found) {
                    unread(UnreadReason::Cut);
                }
                if !found.is_empty() {
                    let source = Source::Object { id, kind };
                    sink(&Seen {
                        source,
                        text: &text,
                        start: 0,
                        lines: 0,
                        columns: 0,
                        found: &found,
                    });
                }
                walked.objects += 1;
                walked.tags += u64::from(kind == Kind::Tag);
                if kind == Kind::Commit {
                    walked.commits.push(id);
                }
                walked.bytes += text.len() as u64;
                walked.matched += text.len() as u64;
            }
        }
    }
    walked.add_large(&large::look(repository, seer, &too_large, sink));
    Ok(walked)
}
