//! Which patterns of a plan match anything: one that matches nothing was mistyped, more often than not.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::scrub::plan::{Pattern, Plan};

/// For each pattern of a plan whether a path in the history has matched.
pub(super) struct Matched {
    drop: Vec<AtomicBool>,
    seal: Vec<AtomicBool>,
}

impl Matched {
    pub(super) fn new(plan: &Plan) -> Self {
        let none = |len: usize| (0..len).map(|_| AtomicBool::default()).collect();
        Self { drop: none(plan.drop.len()), seal: none(plan.seal.len()) }
    }

    /// Notes the patterns that match a path.
    pub(super) fn note(&self, plan: &Plan, path: &[u8], is_file: bool) {
        let note = |known: &AtomicBool, matches: &dyn Fn() -> bool| {
            if !known.load(Ordering::Relaxed) && matches() {
                known.store(true, Ordering::Relaxed);
            }
        };
        for (pattern, known) in plan.drop.iter().zip(&self.drop) {
            note(known, &|| pattern.covers(path));
        }
        if is_file {
            for (seal, known) in plan.seal.iter().zip(&self.seal) {
                note(known, &|| seal.pattern.matches(path));
            }
        }
    }

    /// The patterns that have matched nothing.
    pub(super) fn idle<'p>(&self, plan: &'p Plan) -> Vec<&'p Pattern> {
        let idle = |known: &AtomicBool| !known.load(Ordering::Relaxed);
        let drops = plan.drop.iter().zip(&self.drop);
        let seals = plan.seal.iter().map(|seal| &seal.pattern).zip(&self.seal);
        seals.chain(drops).filter(|(_, known)| idle(known)).map(|(pattern, _)| pattern).collect()
    }
}
