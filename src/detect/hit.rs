//! What was found.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::rank::Rank;
use super::rules::gitleaks::Test;

/// Something that looks like a secret. It holds places only: the value stays in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which rule found it: an index for [`super::Detector::rule`].
    pub rule: usize,
    /// Where the secret itself is, in bytes from the beginning of the text.
    pub value: Range<usize>,
    /// Where it is with what makes it recognisable, such as the name it is assigned to.
    pub matched: Range<usize>,
    /// How sure it is.
    pub rank: Rank,
    /// What else is known, such as `passphrase-protected` or `AWS account 123456789012`. Never the value.
    pub facts: Vec<Cow<'static, str>>,
    /// The paths at which it does not count; `None` if it counts at all of them.
    pub unless: Option<Arc<Test>>,
}

/// Of hits whose values overlap keeps the best one; the order of the result is that of the values.
///
/// A hit goes if any other found overlaps it and is better, whether that one stays or not: so what is kept depends on the
/// near surroundings only, and scanning a part of a text finds what scanning all of it finds there.
pub(super) fn keep_best(mut found: Vec<Hit>, weight: impl Fn(&Hit) -> u8) -> Vec<Hit> {
    found.sort_by(|a, b| {
        (a.value.start, a.value.end, a.rule).cmp(&(b.value.start, b.value.end, b.rule))
    });
    found.dedup_by(|a, b| a.value == b.value && a.rule == b.rule);
    let better = |a: &Hit, b: &Hit| {
        let order = |hit: &Hit| {
            (
                hit.rank,
                weight(hit),
                hit.value.len(),
                usize::MAX - hit.rule,
                usize::MAX - hit.value.start,
            )
        };
        order(a) > order(b)
    };
    let mut keep = vec![true; found.len()];
    // The hits that may still overlap the next one.
    let mut open: Vec<usize> = Vec::new();
    for at in 0..found.len() {
        open.retain(|&earlier| found[earlier].value.end > found[at].value.start);
        for &earlier in &open {
            let (best, other) =
                if better(&found[earlier], &found[at]) { (earlier, at) } else { (at, earlier) };
            // What may not count in the end makes nothing else go.
            if found[best].unless.is_none() || found[best].unless == found[other].unless {
                keep[other] = false;
            }
        }
        open.push(at);
    }
    let mut keep = keep.into_iter();
    found.retain(|_| keep.next().unwrap_or_default());
    found
}
