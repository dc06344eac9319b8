//! Every text that a repository holds, shown to the matchers: [`objects`], and [`places`] for all else. [`scope`] narrows it.

pub mod cache;
pub mod objects;
pub mod places;
pub mod scope;
pub mod seen;

use crate::detect::Seer;
use crate::git::GitError;
use crate::git::repository::Repository;
use crate::progress::Meter;
use cache::Cache;
use objects::Packs;
use scope::Scope;
use seen::{Sink, Walked};

/// Shows everything in a scope to the matchers: objects, names and other places. `sink` takes each text with hits; what
/// was not looked at is in [`Walked::unread`], and where there is any, nothing is clean. What the cache knows is passed
/// over, and counted as if it had been looked at; after a look at everything the cache knows all that is here. With it come the packs that were
/// walked through, for [`crate::scan::origin::trace`].
///
/// # Errors
/// A revision names nothing, git fails, or the folders of objects cannot be read.
pub fn look(
    repository: &Repository,
    seer: &Seer<'_>,
    scope: &Scope,
    cache: Option<&mut Cache>,
    sink: &Sink<'_>,
    meter: &Meter,
) -> Result<(Walked, Packs), GitError> {
    let selected = scope.select(repository)?;
    let wanted = selected.as_ref().map(|selected| &selected.objects);
    let (mut walked, packs) = objects::walk(repository, seer, wanted, cache, sink, meter)?;
    walked.unread.extend(places::look(repository, seer, scope, selected.as_ref(), sink)?);
    walked.unread.sort();
    walked.unread.dedup();
    Ok((walked, packs))
}
