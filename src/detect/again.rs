//! Patterns in a text and in its changes: where the keywords are is remembered, and so what was tried there is tried again
//! only where something has changed that decides on it.

use std::ops::Range;

use super::change::Change;
use super::detector::Detector;
use super::hit::{self, Hit};
use super::matcher::{Found, Matcher};
use super::note::Note;
use super::scan::Scan;
use super::window;

impl Matcher for Detector {
    fn window(&self) -> usize {
        // That of a hit that gives way to another does not reach further: the two overlap, and the other one's reach is its own.
        window::REACH
    }

    fn reaches_far(&self) -> bool {
        // What a file of rules says of the project's own rules may look at all of a text, too.
        self.looks_at_texts || self.is_foreign
    }

    fn scan(&self, text: &[u8], within: &[Range<usize>], hits: &mut Vec<Hit>) {
        Self::scan(self, text, None, within, hits);
    }

    fn look(&self, text: &[u8], notes: &mut Vec<Note>) -> Vec<Found> {
        if self.looks_at_texts || self.is_foreign {
            let whole = 0..text.len();
            let mut hits = Vec::new();
            Self::scan(self, text, None, &[whole], &mut hits);
            return hits.into_iter().map(|hit| Found { hit, extent: i64::MIN..i64::MAX }).collect();
        }
        let mut look = Looking::new(self, text);
        self.patterns
            .keywords
            .find(text, 0..text.len(), |number, word| look.at(number, word, notes));
        notes.sort_by_key(Note::at);
        look.found
    }

    fn look_again(
        &self,
        text: &[u8],
        change: &Change<'_>,
        known: &[Note],
        notes: &mut Vec<Note>,
    ) -> Vec<Found> {
        let mut look = Looking::new(self, text);
        let len = |note: &Note| self.patterns.keywords.len(note.what);
        change.notes(known, len, |note, is_same| match is_same {
            true => notes.push(note),
            false => look.at(note.what, note.at()..note.at() + len(&note), notes),
        });
        // Those that begin before what is new may end in it.
        for part in change.fresh_from(self.patterns.keywords.longest().saturating_sub(1), 0) {
            self.patterns.keywords.find(text, part, |number, word| {
                if change.origin(&word).is_none() {
                    look.at(number, word, notes);
                }
            });
        }
        // Two lists in order, one behind the other.
        notes.sort_by_key(Note::at);
        look.found
    }

    fn keep(&self, hits: &[(&Range<usize>, &Hit)]) -> Option<Vec<bool>> {
        (hits.len() > 1).then(|| hit::best(hits, |hit| self.rule(hit.rule).weight()))
    }
}

/// A scan that says of each hit what decides on it.
struct Looking<'a> {
    scan: Scan<'a>,
    found: Vec<Found>,
}

impl<'a> Looking<'a> {
    fn new(detector: &'a Detector, text: &'a [u8]) -> Self {
        Self { scan: Scan::new(&detector.patterns, text, None), found: Vec::new() }
    }

    fn at(&mut self, number: u32, word: Range<usize>, notes: &mut Vec<Note>) {
        let at = word.start;
        let Some(extent) = self.scan.at(number, word) else { return };
        notes.extend(Note::new(at, number, &extent));
        let found = self.scan.found.drain(..).map(|hit| Found { hit, extent: extent.clone() });
        self.found.extend(found);
    }
}
