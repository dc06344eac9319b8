//! What is known of one object while commits are gone through.

use std::collections::BTreeMap;

use super::MAX_PATHS;
use super::reach::Marks;

/// What is known of an object so far.
#[derive(Default)]
pub(super) struct Trail {
    /// The first commit that has it, and the path.
    pub(super) first: Option<(usize, Vec<u8>)>,
    pub(super) last: Option<(usize, Vec<u8>)>,
    pub(super) paths: BTreeMap<Vec<u8>, Path>,
    /// Whether it is at paths that are not remembered.
    pub(super) has_more: bool,
    pub(super) at_head: bool,
    pub(super) marks: Marks,
}

/// What is known of it at one path.
#[derive(Default)]
pub(super) struct Path {
    pub(super) first: Option<usize>,
    pub(super) last: Option<usize>,
    pub(super) at_head: bool,
    pub(super) marks: Marks,
}

impl Trail {
    /// Notes a path, and the commit that brought the object there.
    pub(super) fn add_path(&mut self, path: &[u8], commit: Option<usize>, marks: Marks) {
        if self.paths.len() >= MAX_PATHS && !self.paths.contains_key(path) {
            self.has_more = true;
            return;
        }
        let known = self.paths.entry(path.to_vec()).or_default();
        known.first = known.first.or(commit);
        known.marks.add(marks);
    }

    /// Notes what leads to the object itself, and so to all of its paths.
    pub(super) fn add_to_all(&mut self, marks: Marks) {
        self.marks.add(marks);
        self.paths.values_mut().for_each(|path| path.marks.add(marks));
    }

    /// Notes that `HEAD` has it.
    pub(super) fn is_at_head(&mut self, path: &[u8]) {
        self.at_head = true;
        if let Some(path) = self.paths.get_mut(path) {
            path.at_head = true;
        }
    }

    /// Notes a commit that has the object, and whose children have it not or are none.
    pub(super) fn is_in(&mut self, at: usize, path: &[u8]) {
        if self.last.as_ref().is_none_or(|&(last, _)| last < at) {
            self.last = Some((at, path.to_vec()));
        }
    }

    /// Notes a commit that has it at this path, and whose children have it not there or are none.
    pub(super) fn is_at(&mut self, at: usize, path: &[u8]) {
        if let Some(path) = self.paths.get_mut(path) {
            path.last = path.last.max(Some(at));
        }
    }
}
