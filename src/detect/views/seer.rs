//! Shows texts to all matchers, in every view.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::located::{LocatedHit, MAX_MATCHED, Matched};
use super::{Budget, Decoded, MAX_DECODED, MAX_DEPTH, MAX_RATIO, MIN_DECODED, View};
use super::{archives, escapes, runs, utf16};
use crate::detect::change::Change;
use crate::detect::hit::Hit;
use crate::detect::matcher::{Found, Matcher};
use crate::detect::note::Note;
use crate::detect::secret::Secret;

/// Shows texts to all matchers, in every view.
pub struct Seer<'m> {
    matchers: Vec<&'m dyn Matcher>,
}

/// What is known of a text that was looked at, so that a change of it can be looked at as a change.
#[derive(Default)]
pub struct Looked {
    /// Every hit, also those that another one makes go; in their order.
    hits: Vec<LocatedHit>,
    /// Of each matcher.
    notes: Vec<Vec<Note>>,
    /// Whether all of it was looked at: no part that is nested deeper, decodes to more, or is damaged.
    pub complete: bool,
}

impl<'m> Seer<'m> {
    /// With these matchers; [`Matched::matcher`] counts them.
    pub fn new(matchers: Vec<&'m dyn Matcher>) -> Self {
        Self { matchers }
    }

    /// Whether a change of this text must be matched as a whole.
    pub(crate) fn reaches_far(&self, text: &[u8]) -> bool {
        archives::is_archive(text) || self.matchers.iter().any(|matcher| matcher.reaches_far())
    }

    /// Adds everything that is found in a text, in a fixed order. False where something was left out: a part that
    /// is nested deeper, decodes to more, or is damaged.
    pub fn look(&self, text: &[u8], found: &mut Vec<LocatedHit>) -> bool {
        let looked = self.look_whole(text);
        found.extend(self.kept(&looked).iter().cloned());
        looked.complete
    }

    /// Looks at all of a text.
    pub(crate) fn look_whole(&self, text: &[u8]) -> Looked {
        let mut looked = Looked::default();
        for (number, matcher) in self.matchers.iter().enumerate() {
            let mut notes = Vec::new();
            let found = matcher.look(text, &mut notes);
            let views = Vec::new();
            looked.hits.extend(found.into_iter().map(|found| locate(number, text, found, &views)));
            looked.notes.push(notes);
        }
        let whole = 0..text.len();
        looked.complete = self.see(text, std::slice::from_ref(&whole), &mut looked.hits);
        looked.hits.sort_by(|a, b| a.order().cmp(&b.order()));
        looked
    }

    /// Looks at a text that was stored as a change of another; finds what [`Self::look_whole`] does.
    pub(crate) fn look_at_change(&self, text: &[u8], change: &Change<'_>, base: &Looked) -> Looked {
        let mut looked = Looked::default();
        // What touches the edge of a view's part decides on it, too.
        let fresh = change.fresh(runs::REACH);
        looked.complete = self.see(text, &fresh, &mut looked.hits);
        looked.hits.retain(|hit| change.is_fresh(&hit.extent));
        for (number, matcher) in self.matchers.iter().enumerate() {
            let mut notes = Vec::new();
            let known = base.notes.get(number).map_or(&[][..], |notes| notes);
            let found = matcher.look_again(text, change, known, &mut notes);
            let views = Vec::new();
            looked.hits.extend(found.into_iter().map(|found| locate(number, text, found, &views)));
            looked.notes.push(notes);
        }
        let hits = &mut looked.hits;
        change.copied(&base.hits, |hit| &hit.extent, |hit, by| hits.push(hit.moved(by)));
        looked.hits.sort_by(|a, b| a.order().cmp(&b.order()));
        looked
    }

    /// The hits in a text that count, in their order.
    pub(crate) fn kept<'l>(&self, looked: &'l Looked) -> Cow<'l, [LocatedHit]> {
        let mut keep = vec![true; looked.hits.len()];
        for (number, matcher) in self.matchers.iter().enumerate() {
            let own = |hit: &LocatedHit| hit.what.matcher == number && hit.what.views.is_empty();
            let own: Vec<_> = (0..keep.len()).filter(|&at| own(&looked.hits[at])).collect();
            let hits: Vec<_> = own.iter().map(|&at| &looked.hits[at]).collect();
            let hits: Vec<(&Range<usize>, &Hit)> =
                hits.iter().map(|hit| (&hit.place, &hit.what.hit)).collect();
            let Some(stay) = matcher.keep(&hits) else { continue };
            own.into_iter().zip(stay).for_each(|(at, stays)| keep[at] = stays);
        }
        if keep.iter().all(|&keep| keep) {
            return Cow::Borrowed(&looked.hits);
        }
        let kept = looked.hits.iter().zip(keep).filter(|(_, keep)| *keep);
        Cow::Owned(kept.map(|(hit, _)| hit.clone()).collect())
    }

    /// Adds what is found in the parts of a text that may be read in another way and touch any of these ranges; more may be
    /// added. False where something was left out.
    fn see(&self, text: &[u8], within: &[Range<usize>], found: &mut Vec<LocatedHit>) -> bool {
        let bytes = text.len().saturating_mul(MAX_RATIO).clamp(MIN_DECODED, MAX_DECODED);
        let mut budget = Budget { bytes, cut: false };
        self.see_inside(text, within, &mut Vec::new(), &mut budget, found);
        !budget.cut
    }

    fn see_inside(
        &self,
        text: &[u8],
        within: &[Range<usize>],
        views: &mut Vec<View>,
        budget: &mut Budget,
        found: &mut Vec<LocatedHit>,
    ) {
        if views.len() == MAX_DEPTH {
            budget.cut |= archives::is_archive(text);
            return;
        }
        let mut inside = |decoded: Decoded, budget: &mut Budget| {
            views.push(decoded.view);
            let first = found.len();
            let all = 0..decoded.bytes.len();
            let mut hits = Vec::new();
            for (number, matcher) in self.matchers.iter().enumerate() {
                matcher.scan(&decoded.bytes, std::slice::from_ref(&all), &mut hits);
                let hits = hits.drain(..).map(|hit| Found { hit, extent: 0..0 });
                found.extend(hits.map(|hit| locate(number, &decoded.bytes, hit, views)));
            }
            self.see_inside(&decoded.bytes, &[all], views, budget, found);
            views.pop();
            let mut at = first;
            while at < found.len() {
                let hit = &mut found[at];
                let plain = |part: &Range<usize>| {
                    part.start <= hit.around.start && hit.around.end <= part.end
                };
                let last = decoded.plain.partition_point(|part| part.start <= hit.around.start);
                // What is inside another view in turn may be shorter there than here.
                let known = hit.what.views.len() == views.len() + 1
                    && last.checked_sub(1).is_some_and(|last| plain(&decoded.plain[last]));
                if known {
                    found.swap_remove(at);
                    continue;
                }
                hit.place = decoded.map.outer(&hit.place);
                hit.around = decoded.map.outer(&hit.around);
                hit.extent = decoded.extent.clone();
                at += 1;
            }
        };
        if archives::is_archive(text) {
            archives::members(text, budget, &mut inside);
        }
        utf16::parts(text, within, budget, &mut inside);
        runs::parts(text, within, budget, &mut inside);
        escapes::parts(text, within, budget, &mut inside);
    }
}

/// A hit of this matcher in its text, with a copy of the value.
fn locate(matcher: usize, text: &[u8], found: Found, views: &[View]) -> LocatedHit {
    let Found { hit, extent } = found;
    let (place, around) = (hit.value.clone(), hit.matched.clone());
    let shown = around.start..around.end.min(around.start + MAX_MATCHED);
    LocatedHit {
        extent,
        what: Arc::new(Matched {
            matcher,
            value: Secret::new(&text[place.clone()]),
            matched: Secret::new(&text[shown]),
            hit,
            views: views.to_vec(),
        }),
        place,
        around,
    }
}
