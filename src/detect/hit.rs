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

    /// Whether both say the same, apart from where.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let Self { rule, value: _, matched: _, rank, ranks, facts, unless } = self;
        (rule, rank, ranks) == (&other.rule, &other.rank, &other.ranks)
            && (facts, unless) == (&other.facts, &other.unless)
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
    pub(super) fn of(rank: impl FnMut(PathKind) -> Option<Rank>) -> Option<Self> {
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
    let all: Vec<_> = found.iter().map(|hit| (&hit.value, hit)).collect();
    let mut keep = best(&all, weight).into_iter();
    found.retain(|_| keep.next().unwrap_or_default());
    found
}

/// Which of these hits [`keep_best`] keeps, each with the place of its value. Of equal ones the first.
pub(super) fn best(all: &[(&Range<usize>, &Hit)], weight: impl Fn(&Hit) -> u8) -> Vec<bool> {
    let mut keep = vec![true; all.len()];
    let mut order: Vec<usize> = (0..all.len()).collect();
    let key = |at: usize| {
        let (value, hit) = all[at];
        (value.start, value.end, hit.rule)
    };
    order.sort_by_key(|&at| key(at));
    order.dedup_by(|&mut next, &mut first| {
        let same = key(next) == key(first);
        keep[next] &= !same;
        same
    });
    let rank = |(value, hit): (&Range<usize>, &Hit), rank: Rank| {
        let place = (usize::MAX - hit.rule, usize::MAX - value.start);
        (rank, weight(hit), value.len(), place)
    };
    // In files of all kinds in which the other one counts.
    let better = |a: (&Range<usize>, &Hit), b: (&Range<usize>, &Hit)| {
        PathKind::ALL.into_iter().all(|kind| {
            let Some(other) = b.1.rank_in(kind) else { return true };
            a.1.rank_in(kind).is_some_and(|own| rank(a, own) > rank(b, other))
        })
    };
    // The hits that may still overlap the next one.
    let mut open: Vec<usize> = Vec::new();
    for at in order {
        open.retain(|&earlier| all[earlier].0.end > all[at].0.start);
        for &earlier in &open {
            for (best, other) in [(earlier, at), (at, earlier)] {
                // What may not count in the end makes nothing else go.
                let (sure, unless) = (&all[best].1.unless, &all[other].1.unless);
                if (sure.is_none() || sure == unless) && better(all[best], all[other]) {
                    keep[other] = false;
                }
            }
        }
        open.push(at);
    }
    keep
}
