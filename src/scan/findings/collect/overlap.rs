//! Of hits that overlap in one text, the one that says most.

use std::cmp::Reverse;

use super::Sighting;

/// Hits in one compressed view that are compared pair by pair; in larger ones all stay.
const MAX_COMPARED: usize = 256;

/// Hits that stay, in the order of their places, each with the rules of those that it stands for.
pub(super) fn settle(mut sightings: Vec<Sighting>) -> Vec<(Sighting, Vec<String>)> {
    sightings.sort_by(|a, b| {
        let place = |sighting: &Sighting| {
            let extent = sighting.extent.clone();
            extent.map(|extent| (extent.start, Reverse(extent.end)))
        };
        (place(a), &a.views, &a.by.rule, Reverse(a.rank), a.secret.expose()).cmp(&(
            place(b),
            &b.views,
            &b.by.rule,
            Reverse(b.rank),
            b.secret.expose(),
        ))
    });
    let neighbours = neighbours(&sightings);
    let mut best_first: Vec<usize> = (0..sightings.len()).collect();
    best_first.sort_by(|&a, &b| sightings[b].weight().cmp(&sightings[a].weight()));
    // Who stands for whom: itself, or one that is better.
    let mut stands: Vec<Option<usize>> = vec![None; sightings.len()];
    for at in best_first {
        let better = neighbours[at].iter().copied().find(|&other| stands[other] == Some(other));
        stands[at] = Some(better.unwrap_or(at));
    }
    let mut beaten: Vec<Vec<String>> = vec![Vec::new(); sightings.len()];
    let mut facts: Vec<Vec<String>> = vec![Vec::new(); sightings.len()];
    for (at, stands) in stands.iter().enumerate() {
        let Some(winner) = stands.filter(|&winner| winner != at) else { continue };
        beaten[winner].push(sightings[at].by.rule.clone());
        if sightings[at].secret.expose() == sightings[winner].secret.expose() {
            facts[winner].append(&mut sightings[at].facts);
        }
    }
    let mut settled = Vec::with_capacity(sightings.len());
    for (at, mut sighting) in sightings.into_iter().enumerate() {
        if stands[at] == Some(at) {
            sighting.facts.append(&mut facts[at]);
            settled.push((sighting, std::mem::take(&mut beaten[at])));
        }
    }
    settled
}

/// For each hit those that overlap it. They are sorted by place, those without one first.
fn neighbours(sightings: &[Sighting]) -> Vec<Vec<usize>> {
    let mut neighbours = vec![Vec::new(); sightings.len()];
    let mut join = |a: usize, b: usize| {
        neighbours[a].push(b);
        neighbours[b].push(a);
    };
    let without = sightings.partition_point(|sighting| sighting.extent.is_none());
    if without <= MAX_COMPARED {
        for at in 0..without {
            for other in 0..at {
                let (a, b) = (&sightings[at], &sightings[other]);
                if a.views == b.views && contain(a, b) {
                    join(at, other);
                }
            }
        }
    }
    // The hits that may still overlap the next one.
    let mut open: Vec<usize> = Vec::new();
    for at in without..sightings.len() {
        let end = |other: usize| sightings[other].extent.as_ref().map_or(0, |extent| extent.end);
        let start = sightings[at].extent.as_ref().map_or(0, |extent| extent.start);
        open.retain(|&other| end(other) > start);
        for &other in &open {
            if overlap(&sightings[at], &sightings[other]) {
                join(at, other);
            }
        }
        open.push(at);
    }
    neighbours
}

/// Whether two whose bytes meet speak of one thing.
fn overlap(a: &Sighting, b: &Sighting) -> bool {
    if a.views == b.views {
        // Neighbours in an encoding share the bytes at which they meet.
        return a.views.is_empty() || contain(a, b);
    }
    // The encoded text itself looks like a secret, or a part of it does in another way.
    a.views.starts_with(&b.views) || b.views.starts_with(&a.views)
}

/// Whether one value is part of the other.
fn contain(a: &Sighting, b: &Sighting) -> bool {
    let (a, b) = (a.secret.expose(), b.secret.expose());
    let (long, short) = if a.len() < b.len() { (b, a) } else { (a, b) };
    short.is_empty() || long.windows(short.len()).any(|window| window == short)
}
