//! From hits to findings: one for each value, with all its places, most exposed first.
//!
//! The result does not depend on the order in which texts come, so that threads may deliver as they like.

mod fold;
mod folder;
mod overlap;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::detect::Rank;
use crate::detect::Secret;
use crate::scan::findings::{Finding, Kind, Occurrence};
use crate::scan::fingerprint::{Fingerprinter, Named, canonical};
use fold::Places;

/// A rule, as far as a finding speaks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundBy {
    /// What told that it is a secret.
    pub kind: Kind,
    /// The rule's id.
    pub rule: String,
    /// What it finds, in a few words.
    pub description: String,
    /// What to do about it.
    pub advice: String,
    /// Of rules that are equally sure, the one with the larger number knows more about the value.
    pub specificity: u8,
}

/// A hit in a text, with every place where that text is.
#[derive(Debug)]
pub struct Sighting {
    /// What found it.
    pub by: Arc<FoundBy>,
    /// How sure it is.
    pub rank: Rank,
    /// What else is known.
    pub facts: Vec<String>,
    /// The value, decoded.
    pub secret: Secret,
    /// The bytes of the text that hold it; `None` where the text is compressed, so that none do.
    pub extent: Option<Range<usize>>,
    /// How the text had to be read, outermost first.
    pub views: Vec<String>,
    /// Where the text is, with the place of this value in it: one for each path of a blob.
    pub occurrences: Vec<Occurrence>,
}

impl Sighting {
    /// Of two at one place the greater one stays.
    fn weight(&self) -> impl Ord + '_ {
        let by = &*self.by;
        let length = self.secret.expose().len();
        (self.rank, by.kind, by.specificity, length, Reverse(self.views.len()), Reverse(&by.rule))
    }
}

/// A value, or a path, on its way to becoming a finding.
struct Draft {
    by: Arc<FoundBy>,
    rank: Rank,
    rules: BTreeSet<String>,
    facts: BTreeSet<String>,
    secret: Option<Secret>,
    places: Places,
}

impl Draft {
    fn new(by: Arc<FoundBy>, rank: Rank, secret: Option<Secret>) -> Self {
        let (rules, facts) = (BTreeSet::new(), BTreeSet::new());
        Self { by, rank, rules, facts, secret, places: Places::default() }
    }

    /// Takes over what is surer, and notes the rule in any case.
    fn also(&mut self, by: &Arc<FoundBy>, rank: Rank) {
        let weight = |by: &FoundBy, rank| (rank, by.kind, by.specificity, Reverse(by.rule.clone()));
        if weight(by, rank) > weight(&self.by, self.rank) {
            self.by = Arc::clone(by);
            self.rank = rank;
        }
        self.rules.insert(by.rule.clone());
    }
}

/// What tells one value from another, in memory only.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Identity {
    Value([u8; 32]),
    Path([u8; 32]),
}

/// Gathers hits.
#[derive(Default)]
pub struct Collector {
    drafts: HashMap<Identity, Draft>,
}

impl Collector {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds all hits of one text. Of those that overlap, the surest and most specific stays; the rules of the others are
    /// noted with it.
    pub fn add_text(&mut self, sightings: Vec<Sighting>) {
        // The same value may be several times in one text: the first, the second ...
        let mut counts: HashMap<(Identity, Vec<String>), usize> = HashMap::new();
        for (sighting, beaten) in overlap::settle(sightings) {
            let identity = identity(&sighting.secret);
            let ordinal = counts.entry((identity, sighting.views.clone())).or_default();
            let draft = self.drafts.entry(identity).or_insert_with(|| {
                Draft::new(Arc::clone(&sighting.by), sighting.rank, Some(sighting.secret))
            });
            draft.also(&sighting.by, sighting.rank);
            draft.rules.extend(beaten);
            draft.facts.extend(sighting.facts);
            for occurrence in sighting.occurrences {
                draft.places.add(occurrence, *ordinal);
            }
            *ordinal += 1;
        }
    }

    /// Adds a path that is found by its name, or should be sealed, and a version of it that is not.
    pub fn add_path(
        &mut self,
        path: &[u8],
        by: &Arc<FoundBy>,
        rank: Rank,
        facts: impl IntoIterator<Item = String>,
        occurrence: Occurrence,
    ) {
        let identity = Identity::Path(Sha256::digest(path).into());
        let new = || Draft::new(Arc::clone(by), rank, None);
        let draft = self.drafts.entry(identity).or_insert_with(new);
        draft.also(by, rank);
        draft.facts.extend(facts);
        draft.places.add(occurrence, 0);
    }

    /// Every value and path, most exposed first.
    pub fn finish(self, fingerprinter: &Fingerprinter) -> Vec<Finding> {
        let finish = |draft| finding(draft, fingerprinter);
        let mut findings: Vec<_> = self.drafts.into_values().filter_map(finish).collect();
        sort(&mut findings);
        findings
    }
}

fn identity(secret: &Secret) -> Identity {
    let value = secret.expose();
    Identity::Value(match canonical(value) {
        Some(value) => Sha256::digest(&*value).into(),
        None => Sha256::digest(value).into(),
    })
}

/// `None` where there is no place at all.
fn finding(draft: Draft, fingerprinter: &Fingerprinter) -> Option<Finding> {
    let Draft { by, mut rank, mut rules, mut facts, secret, places } = draft;
    let occurrences = places.finish();
    rules.remove(&by.rule);
    let named = match &secret {
        Some(secret) => Named::Value(secret.expose()),
        None => Named::Path(&occurrences.first()?.place.name),
    };
    if by.kind == Kind::Pattern
        && rank == Rank::Medium
        && secret.as_ref().is_some_and(|secret| folder::names(secret.expose(), &occurrences))
    {
        rank = Rank::Low;
        facts.insert("its path has the same name".to_owned());
    }
    let mut facts: Vec<String> = facts.into_iter().collect();
    if facts.is_empty() && by.kind == Kind::Pattern {
        facts.push(rank.reason().to_owned());
    }
    Some(Finding {
        kind: by.kind,
        rule: by.rule.clone(),
        description: by.description.clone(),
        also: rules.into_iter().collect(),
        rank,
        fingerprint: fingerprinter.name(named),
        secret,
        advice: by.advice.clone(),
        facts,
        occurrences: (!occurrences.is_empty()).then_some(occurrences)?,
    })
}

/// Most exposed first, then the surest, then the oldest; never by chance.
fn sort(findings: &mut [Finding]) {
    findings.sort_by_cached_key(|finding| {
        let first = finding.occurrences.first();
        let introduced = finding.introduced().map(|origin| (origin.time, origin.commit.clone()));
        (
            Reverse((finding.exposure(), finding.is_at_head(), finding.rank, finding.kind)),
            (introduced.is_none(), introduced),
            finding.rule.clone(),
            first.map(|occurrence| (occurrence.place.clone(), occurrence.object.clone())),
            Sha256::digest(finding.secret.as_ref().map_or(&[][..], Secret::expose)),
        )
    });
}
