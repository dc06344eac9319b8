//! What was found.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::path::PathKind;
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
    /// How sure it is, as long as no more is known of the file than was at hand.
    pub rank: Rank,
    /// How sure it is in a file of each kind, where that decides.
    pub(super) ranks: Option<Ranks>,
    /// What else is known, such as `passphrase-protected` or `AWS account 123456789012`. Never the value.
    pub facts: Vec<Cow<'static, str>>,
    /// The paths at which it does not count; `None` if it counts at all of them.
    pub unless: Option<Arc<Test>>,
}

impl Hit {
    /// One that the kind of a file decides on; its rule is yet to be named.
    pub(super) fn ranked(value: Range<usize>, matched: Range<usize>, ranks: Ranks) -> Self {
        let (rank, ranks) = (ranks.unknown(), Some(ranks));
        Self { rule: 0, value, matched, rank, ranks, facts: Vec::new(), unless: None }
    }

    fn rank_in(&self, kind: PathKind) -> Option<Rank> {
        self.ranks.as_ref().map_or(Some(self.rank), |ranks| ranks.at(kind))
    }

    /// One that is as sure in a file of any kind; its rule is yet to be named.
    pub fn sure(value: Range<usize>, matched: Range<usize>, rank: Rank) -> Self {
        Self { rule: 0, value, matched, rank, ranks: None, facts: Vec::new(), unless: None }
    }
}

/// How sure a hit is in a file of each kind; `None` where it is no hit there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ranks([Option<Rank>; PathKind::ALL.len()]);

impl Ranks {
    /// What `rank` says of each kind; `None` where it is a hit in none.
    pub(super) fn of(rank: impl Fn(PathKind) -> Option<Rank>) -> Option<Self> {
        let ranks = PathKind::ALL.map(rank);
        ranks.iter().any(Option::is_some).then_some(Self(ranks))
    }

    /// That in a file of this kind.
    pub(super) fn at(&self, kind: PathKind) -> Option<Rank> {
        self.0[kind as usize]
    }

    /// The same, none of them surer than this.
    pub(super) fn at_most(self, most: Rank) -> Self {
        Self(self.0.map(|rank| rank.map(|rank| rank.min(most))))
    }

    /// As long as the file is not known: where it counts in some files only, the surest of them.
    pub(super) fn unknown(&self) -> Rank {
        let surest = || self.0.iter().copied().flatten().max();
        self.at(PathKind::Unknown).or_else(surest).unwrap_or(Rank::Low)
    }
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
    let order = |hit: &Hit, rank: Rank| {
        let place = (usize::MAX - hit.rule, usize::MAX - hit.value.start);
        (rank, weight(hit), hit.value.len(), place)
    };
    // In files of all kinds in which the other one counts.
    let better = |a: &Hit, b: &Hit| {
        PathKind::ALL.into_iter().all(|kind| {
            let Some(other) = b.rank_in(kind) else { return true };
            a.rank_in(kind).is_some_and(|rank| order(a, rank) > order(b, other))
        })
    };
    let mut keep = vec![true; found.len()];
    // The hits that may still overlap the next one.
    let mut open: Vec<usize> = Vec::new();
    for at in 0..found.len() {
        open.retain(|&earlier| found[earlier].value.end > found[at].value.start);
        for &earlier in &open {
            for (best, other) in [(earlier, at), (at, earlier)] {
                // What may not count in the end makes nothing else go.
                let (best, unless) = (&found[best], &found[other].unless);
                if (best.unless.is_none() || best.unless == *unless) && better(best, &found[other])
                {
                    keep[other] = false;
                }
            }
        }
        open.push(at);
    }
    let mut keep = keep.into_iter();
    found.retain(|_| keep.next().unwrap_or_default());
    found
}
