//! What is done with one object: it is matched, alone or as a change of its base, and what it names is looked for.

use gix::ObjectId;
use gix::objs::Kind;

use super::carry::Carry;
use super::names;
use super::walk::Worker;
use super::{Seen, Source, Why};
use crate::scan::matcher::Found;

/// What is known of an object.
pub(super) enum Judged {
    /// Nothing: it is not wanted, or reaches too far, or is of a kind that is looked at otherwise.
    No,
    /// All its hits, in their order.
    Text(Vec<Found>),
    /// Where the entries of a tree begin.
    Tree(Vec<usize>),
}

impl Worker<'_> {
    /// Looks at one object, alone or as a change of its base.
    pub(super) fn judge(
        &mut self,
        id: ObjectId,
        kind: Kind,
        bytes: &[u8],
        base: Option<(&Judged, &Carry<'_>)>,
    ) -> Judged {
        self.walked.objects += 1;
        self.walked.bytes += bytes.len() as u64;
        if kind == Kind::Tree {
            self.walked.trees += 1;
            return self.judge_tree(id, bytes, base);
        }
        self.walked.tags += u64::from(kind == Kind::Tag);
        if kind == Kind::Commit {
            self.walked.commits.push(id);
        }
        if self.shared.whole {
            self.named_by(id, kind, bytes);
        }
        let seer = self.shared.seer;
        let (mut found, mut reaches_far) = (Vec::new(), true);
        let mut complete = true;
        if let Some((Judged::Text(known), carry)) = base {
            carry.fresh(seer.window(), &mut self.fresh);
            reaches_far = seer.reaches_far(bytes, &self.fresh);
            if !reaches_far {
                complete = seer.look_within(bytes, &self.fresh, &mut found);
                found.retain(|hit| carry.is_fresh(hit));
                carry.copied(known, &mut found);
                self.walked.matched += self.fresh.iter().map(|part| part.len() as u64).sum::<u64>();
            }
        }
        if reaches_far {
            let whole = 0..bytes.len();
            reaches_far = seer.reaches_far(bytes, std::slice::from_ref(&whole));
            complete = seer.look_within(bytes, &[whole], &mut found);
            self.walked.matched += bytes.len() as u64;
        }
        if !complete {
            self.unread(id, Why::Cut);
        }
        found.sort_by(|a, b| a.order().cmp(&b.order()));
        if !found.is_empty() {
            let source = Source::Object { id, kind };
            (self.shared.sink)(&Seen { source, text: bytes, start: 0, lines: 0, found: &found });
        }
        if reaches_far { Judged::No } else { Judged::Text(found) }
    }

    /// Takes the names of a tree's entries, and sees that what they name is here. Entries that are copied from the base
    /// were looked at there.
    fn judge_tree(
        &mut self,
        id: ObjectId,
        bytes: &[u8],
        base: Option<(&Judged, &Carry<'_>)>,
    ) -> Judged {
        let mut starts = Vec::new();
        for entry in names::entries(bytes, id.kind()) {
            let Some(entry) = entry else {
                self.unread(id, Why::Damaged("it is no tree".to_owned()));
                return Judged::No;
            };
            starts.push(entry.range.start);
            if let Some((Judged::Tree(known), carry)) = base
                && let Some(start) = carry.origin(&entry.range)
                && known.binary_search(&start).is_ok()
            {
                continue;
            }
            self.walked.matched += entry.range.len() as u64;
            match self.names.get_mut(entry.name) {
                Some(tree) => *tree = id.min(*tree),
                None => drop(self.names.insert(entry.name.to_vec(), id)),
            }
            let missing = self.shared.whole
                && !entry.is_submodule
                && !self.shared.stores.present.has(entry.id);
            if missing {
                self.unread(entry.id.to_owned(), Why::Missing);
            }
        }
        Judged::Tree(starts)
    }

    /// Sees that what a commit or tag names is here.
    fn named_by(&mut self, id: ObjectId, kind: Kind, bytes: &[u8]) {
        for named in names::named(kind, bytes, id.kind()) {
            if !self.shared.stores.present.has(&named) {
                match self.shared.shallow.contains(&id) {
                    true => self.unread(id, Why::Shallow),
                    false => self.unread(named, Why::Missing),
                }
            }
        }
    }
}
