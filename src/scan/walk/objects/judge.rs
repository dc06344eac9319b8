//! What is done with one object: it is matched, alone or as a change of its base, and what it names is looked for.

use gix::ObjectId;
use gix::objs::Kind;

use super::changed_tree::{Piece, pieces};
use super::names::{self, Name};
use super::worker::{Judged, Worker};
use super::{Seen, Source, UnreadReason};
use crate::detect::change::Change;
use crate::format::{Sniff, sniff};
use crate::git::tree_attributes::FILE_NAME;
use crate::scan::walk::cache::CleanObject;
use crate::store::shroud_dir;

impl Worker<'_> {
    /// Looks at one object, alone or as a change of its base.
    pub(super) fn judge(
        &mut self,
        id: ObjectId,
        kind: Kind,
        bytes: &[u8],
        base: Option<(&Judged, &Change<'_>)>,
    ) -> Judged {
        self.walked.objects += 1;
        self.walked.bytes += bytes.len() as u64;
        if kind == Kind::Tree {
            self.walked.trees += 1;
            return self.judge_tree(id, bytes, base);
        }
        self.walked.tags += u64::from(kind == Kind::Tag);
        self.walked.declares_sealing |= !matches!(sniff(bytes), Sniff::NotSealed | Sniff::Empty);
        if kind == Kind::Commit {
            self.walked.commits.push(id);
        }
        let is_asked = self.shared.whole && kind == Kind::Blob;
        let outside = if is_asked { self.shared.outside.holds(bytes) } else { None };
        if outside == Some(false) {
            self.unread(id, UnreadReason::Outside);
        }
        // What is elsewhere may be gone when the next scan asks.
        let has_all = outside.is_none() && (!self.shared.whole || self.named_by(id, kind, bytes));
        let seer = self.shared.seer;
        let reaches_far = seer.reaches_far(bytes);
        let looked = match base {
            Some((Judged::Text(known), change)) if !reaches_far => {
                self.walked.matched += change.inserted();
                seer.look_at_change(bytes, change, known)
            }
            _ => {
                self.walked.matched += bytes.len() as u64;
                seer.look_whole(bytes)
            }
        };
        if !looked.complete {
            self.unread(id, UnreadReason::Cut);
        }
        let found = seer.kept(&looked);
        if looked.complete && has_all {
            let len = bytes.len() as u64;
            self.clean.extend(match (found.is_empty(), kind) {
                (true, _) => CleanObject::clean(&id, kind, len),
                (false, Kind::Blob) => CleanObject::found(&id, len),
                (false, _) => None,
            });
        }
        if !found.is_empty() {
            let source = Source::Object { id, kind };
            (self.shared.sink)(&Seen {
                source,
                text: bytes,
                start: 0,
                lines: 0,
                columns: 0,
                found: &found,
            });
        }
        if reaches_far { Judged::No } else { Judged::Text(looked) }
    }

    /// Takes the names of a tree's entries, and sees that what they name is here. Entries that are copied from the base
    /// were looked at there.
    fn judge_tree(
        &mut self,
        id: ObjectId,
        bytes: &[u8],
        base: Option<(&Judged, &Change<'_>)>,
    ) -> Judged {
        let mut is_clean = true;
        let (known, is_base_clean) = match base {
            Some((Judged::Tree(known, is_clean), change)) => {
                (Some((&known[..], change)), *is_clean)
            }
            _ => (None, true),
        };
        let starts = pieces(bytes, id.kind(), known, |piece| {
            let entry = match piece {
                Piece::New(entry) => entry,
                Piece::Copied(_) => return is_clean &= is_base_clean,
            };
            self.walked.matched += entry.range.len() as u64;
            match entry.name {
                FILE_NAME => drop(self.attributes.insert(entry.id.to_owned())),
                name if name == shroud_dir::NAME.as_bytes() => self.walked.declares_sealing = true,
                _ => {}
            }
            is_clean &= !self.name(entry.name, id);
            let missing = self.shared.whole && !entry.is_submodule && !self.is_here(entry.id);
            if missing {
                is_clean = false;
                // Nobody knows what is in such a folder, or what such a file says.
                self.walked.declares_sealing |= entry.is_tree || entry.name == FILE_NAME;
                self.unread(entry.id.to_owned(), UnreadReason::Missing);
            }
        });
        let Some(starts) = starts else {
            self.unread(id, UnreadReason::Damaged("it is no tree".to_owned()));
            return Judged::No;
        };
        if is_clean {
            self.clean.extend(CleanObject::clean(&id, Kind::Tree, bytes.len() as u64));
        }
        Judged::Tree(starts, is_clean)
    }

    /// Notes a name of a tree; whether anything is found in it.
    fn name(&mut self, name: &[u8], tree: ObjectId) -> bool {
        if let Some(known) = self.names.get_mut(name) {
            known.tree = tree.min(known.tree);
            return known.has_hits;
        }
        let mut found = Vec::new();
        // A name decodes to little, so nothing is left out.
        self.shared.seer.look(name, &mut found);
        let has_hits = !found.is_empty();
        self.names.insert(name.to_vec(), Name { tree, has_hits });
        has_hits
    }

    /// git knows the empty tree whether it is stored or not.
    fn is_here(&self, id: &gix::oid) -> bool {
        id.is_empty_tree() || self.shared.stores.present.has(id)
    }

    /// Whether all that a commit or tag names is here; notes what is not.
    fn named_by(&mut self, id: ObjectId, kind: Kind, bytes: &[u8]) -> bool {
        let mut has_all = true;
        for named in names::named(kind, bytes, id.kind()) {
            if !self.is_here(&named) {
                has_all = false;
                match self.shared.shallow.contains(&id) {
                    true => self.unread(id, UnreadReason::Shallow),
                    false => {
                        self.walked.declares_sealing = true;
                        self.unread(named, UnreadReason::Missing);
                    }
                }
            }
        }
        has_all
    }
}
