//! Secrets that stand in the clear, in any corner of a repository.
//!
//! [`rules`] says what a secret looks like, [`detect`] finds it in a text (`docs/scan-rules.md`). [`matcher`] is the seam to
//! the rest: patterns and known values are both [`Matcher`]s. [`Seer`] shows them a text and what else that text may be
//! ([`views`]). [`objects`] walks the object database, [`places`] all else that a repository holds, and [`provenance`] says
//! where an object came from. [`scope`] narrows all of it. [`collect`] makes a [`Finding`] of each value, [`allow`] takes out
//! what somebody has looked at, and [`report`] writes down what is left (`docs/scan.md`).

pub mod allow;
pub mod by_path;
pub mod cache;
pub mod collect;
pub mod detect;
pub mod finding;
pub mod fingerprint;
pub mod gather;
pub mod known;
#[cfg(test)]
mod labelled;
pub mod lines;
pub mod marks;
pub mod mask;
pub mod matcher;
pub mod objects;
pub mod places;
pub mod policy;
pub mod provenance;
pub mod report;
pub mod rules;
pub mod scope;
pub mod suggest;
pub mod views;

pub use cache::Cache;
pub use detect::{Detector, Hit, Rank, names_secret};
pub use finding::{Finding, Kind, Occurrence, Report};
pub use fingerprint::{Fingerprint, Fingerprinter};
pub use matcher::{Found, Matched, Matcher};
pub use rules::Rule;
pub use scope::Scope;
pub use views::{Seer, View};

use crate::git::GitError;
use crate::git::repository::Repository;
use objects::{Sink, Walked};

/// Shows everything in a scope to the matchers: objects, names and other places. `sink` takes each text with hits; what
/// was not looked at stands in [`Walked::unread`], and where there is any, nothing is clean. What the cache knows is passed
/// over, and counted as if it had been looked at; after a look at everything the cache knows all that is here.
///
/// # Errors
/// A revision names nothing, git fails, or the folders of objects cannot be read.
pub fn look(
    repository: &Repository,
    seer: &Seer<'_>,
    scope: &Scope,
    cache: Option<&mut Cache>,
    sink: &Sink<'_>,
) -> Result<Walked, GitError> {
    let selected = scope.select(repository)?;
    let wanted = selected.as_ref().map(|selected| &selected.objects);
    let mut walked = objects::walk(repository, seer, wanted, cache, sink)?;
    walked.unread.extend(places::look(repository, seer, scope, selected.as_ref(), sink)?);
    walked.unread.sort();
    walked.unread.dedup();
    Ok(walked)
}
