//! Looks with matchers that are simple enough to say what must be found.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;

use git_shroud::detect::{Hit, Rank};
use git_shroud::detect::{LocatedHit, Matcher, Seer, View};
use git_shroud::git::repository::Repository;
use git_shroud::progress::Meter;
use git_shroud::scan::Scope;
use git_shroud::scan::walk::seen::{Seen, Source, Walked};

/// Finds words behind a prefix: letters, digits and `-`, with a window of a few bytes.
pub(crate) struct Words(pub(crate) &'static [u8]);

impl Matcher for Words {
    fn window(&self) -> usize {
        2
    }

    fn scan(&self, text: &[u8], within: &[Range<usize>], hits: &mut Vec<Hit>) {
        let mut at = 0;
        while let Some(found) = find(&text[at..], self.0) {
            let start = at + found;
            at = start + self.0.len();
            let is_letter = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'-';
            let end = at + text[at..].iter().take_while(is_letter).count();
            let touches = |part: &Range<usize>| start < part.end && part.start < end;
            if end > at && within.iter().any(touches) {
                let (value, matched) = (at..end, start..end);
                hits.push(Hit::sure(value, matched, Rank::High));
            }
        }
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// A hit as it can be compared: place, surroundings, views and value.
pub(crate) type Plain = (Range<usize>, Range<usize>, Vec<View>, Vec<u8>);

pub(crate) fn plain(found: &[LocatedHit]) -> Vec<Plain> {
    let plain = |hit: &LocatedHit| {
        let what = &hit.what;
        let value = what.value.expose().to_vec();
        (hit.place.clone(), hit.around.clone(), what.views.clone(), value)
    };
    found.iter().map(plain).collect()
}

/// All hits of each object, by id.
pub(crate) fn objects(
    repository: &Path,
    prefix: &'static [u8],
) -> (BTreeMap<String, Vec<Plain>>, Walked) {
    objects_with(repository, &Words(prefix))
}

/// All hits of each object with another matcher.
pub(crate) fn objects_with(
    repository: &Path,
    matcher: &dyn Matcher,
) -> (BTreeMap<String, Vec<Plain>>, Walked) {
    let seen = Mutex::new(BTreeMap::new());
    let repository = Repository::discover(repository).unwrap();
    let sink = |text: &Seen<'_>| {
        if let Source::Object { id, .. } = text.source {
            let before = seen.lock().unwrap().insert(id.to_string(), plain(text.found));
            assert!(before.is_none(), "{id} was seen twice");
        }
    };
    let seer = Seer::new(vec![matcher]);
    let (walked, _) = git_shroud::scan::walk::objects::walk(
        &repository,
        &seer,
        None,
        None,
        &sink,
        &Meter::silent(),
    )
    .unwrap();
    (seen.into_inner().unwrap(), walked)
}

/// Every canary that is found in a scope, without its prefix.
pub(crate) fn canaries(repository: &Path, scope: &Scope) -> (BTreeSet<String>, Walked) {
    let seen = Mutex::new(BTreeSet::new());
    let repository = Repository::discover(repository).unwrap();
    let words = Words(b"canary-");
    let sink = |text: &Seen<'_>| {
        for hit in text.found {
            let value = String::from_utf8_lossy(hit.what.value.expose()).into_owned();
            seen.lock().unwrap().insert(value);
        }
    };
    let seer = Seer::new(vec![&words]);
    let (walked, _) =
        git_shroud::scan::walk::look(&repository, &seer, scope, None, &sink, &Meter::silent())
            .unwrap();
    (seen.into_inner().unwrap(), walked)
}
