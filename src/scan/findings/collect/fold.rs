//! One occurrence for a value through all versions of a file.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::scan::findings::{CommitSummary, LocationKind, Occurrence};

/// Refs that are named with an occurrence at most.
const MAX_REFS: usize = 16;

/// What makes two occurrences versions of one.
#[derive(PartialEq, Eq, Hash)]
struct Slot {
    kind: LocationKind,
    name: Vec<u8>,
    views: Vec<String>,
    /// How often the value stood in that text before.
    ordinal: usize,
    /// Set where there are no versions, only many that have the same name.
    object: Option<String>,
}

/// The versions of one occurrence.
struct Versions {
    /// The one to be shown.
    shown: Occurrence,
    /// What tells versions apart, as they may be delivered twice.
    objects: HashSet<Option<String>>,
    introduced: Option<CommitSummary>,
    last_seen: Option<CommitSummary>,
    refs: BTreeSet<Vec<u8>>,
    /// What was added last: mostly the same for all versions.
    added: Arc<Vec<Vec<u8>>>,
    at_head: bool,
    pushed: bool,
    reachable: bool,
}

/// The places of one value.
#[derive(Default)]
pub(super) struct Places(HashMap<Slot, Versions>);

impl Places {
    /// Adds the value's place in one version of a file.
    pub(super) fn add(&mut self, mut occurrence: Occurrence, ordinal: usize) {
        let place = &occurrence.place;
        let versioned = matches!(
            place.kind,
            LocationKind::File | LocationKind::Symlink | LocationKind::FileName
        );
        let slot = Slot {
            kind: place.kind,
            name: place.name.clone(),
            views: place.views.clone(),
            ordinal,
            object: if versioned && !place.name.is_empty() {
                None
            } else {
                occurrence.object.clone()
            },
        };
        let refs = std::mem::take(&mut occurrence.refs);
        match self.0.entry(slot) {
            std::collections::hash_map::Entry::Vacant(vacant) => {
                vacant.insert(Versions {
                    objects: [occurrence.object.clone()].into(),
                    introduced: occurrence.introduced.clone(),
                    last_seen: occurrence.last_seen.clone(),
                    refs: refs.iter().cloned().collect(),
                    added: refs,
                    at_head: occurrence.at_head,
                    pushed: occurrence.pushed,
                    reachable: occurrence.reachable,
                    shown: occurrence,
                });
            }
            std::collections::hash_map::Entry::Occupied(mut occupied) => {
                occupied.get_mut().add(occurrence, &refs);
            }
        }
    }

    /// Every occurrence, most exposed first.
    pub(super) fn finish(self) -> Vec<Occurrence> {
        let mut occurrences: Vec<_> = self.0.into_values().map(Versions::finish).collect();
        occurrences.sort_by(|a, b| {
            let order = |occurrence: &Occurrence| {
                (
                    Reverse(occurrence.exposure()),
                    !occurrence.at_head,
                    occurrence.introduced.is_none(),
                )
            };
            order(a)
                .cmp(&order(b))
                .then_with(|| a.introduced.cmp(&b.introduced))
                .then_with(|| a.place.cmp(&b.place))
                .then_with(|| a.object.cmp(&b.object))
        });
        occurrences
    }
}

impl Versions {
    fn add(&mut self, occurrence: Occurrence, refs: &Arc<Vec<Vec<u8>>>) {
        self.objects.insert(occurrence.object.clone());
        if !Arc::ptr_eq(&self.added, refs) {
            self.refs.extend(refs.iter().cloned());
            self.added = Arc::clone(refs);
        }
        let first = occurrence.introduced.clone();
        if first.is_some() && (self.introduced.is_none() || first < self.introduced) {
            self.introduced = first;
        }
        if occurrence.last_seen > self.last_seen {
            self.last_seen = occurrence.last_seen.clone();
        }
        self.at_head |= occurrence.at_head;
        self.pushed |= occurrence.pushed;
        self.reachable |= occurrence.reachable;
        if newer(&occurrence) > newer(&self.shown) {
            self.shown = occurrence;
        }
    }

    fn finish(self) -> Occurrence {
        Occurrence {
            versions: self.objects.len() as u64,
            introduced: self.introduced,
            last_seen: self.last_seen,
            refs: Arc::new(self.refs.into_iter().take(MAX_REFS).collect()),
            at_head: self.at_head,
            pushed: self.pushed,
            reachable: self.reachable,
            ..self.shown
        }
    }
}

/// Of two versions the greater one is shown: the one at HEAD, else the newest.
fn newer(occurrence: &Occurrence) -> impl Ord + '_ {
    let Occurrence { at_head, last_seen, reachable, introduced, place, object, .. } = occurrence;
    (at_head, last_seen, reachable, introduced, place, object)
}
