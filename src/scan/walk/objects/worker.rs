//! What one thread has in hand, and what is known of the objects that it has looked at.

use std::collections::{HashMap, HashSet};

use gix::ObjectId;

use super::changed_tree::Starts;
use super::linked::{Linked, LinkedTree};
use super::names::Names;
use super::{Shared, Unread, UnreadReason, UnreadThing, Walked};
use crate::detect::change::Run;
use crate::detect::views::Looked;
use crate::scan::walk::cache::CleanObject;
use crate::secret::WipedVec;

/// What is known of an object.
pub(super) enum Judged {
    /// Nothing: it is not wanted, or reaches too far, or is of a kind that is looked at otherwise.
    No,
    /// What was found in it, and where was looked.
    Text(Looked),
    /// Where the entries of a tree begin, and whether nothing should be said of it: no name has hits, and all that it names
    /// is here.
    Tree(Starts, bool),
    /// What a tree names of that which is asked for.
    Linked(LinkedTree),
}

/// A thread's memory.
pub(super) struct Worker<'a> {
    pub(super) shared: &'a Shared<'a>,
    pub(super) walked: Walked,
    pub(super) names: Names,
    /// Blobs that are too large for memory, or built on one.
    pub(super) large: Vec<ObjectId>,
    /// Files of attributes, by the names that trees give them.
    pub(super) attributes: HashSet<ObjectId>,
    /// Objects in which nothing is, for the cache.
    pub(super) clean: Vec<CleanObject>,
    /// What trees name of that which is asked for.
    pub(super) linked: Linked,
    pub(super) inflate: gix::zlib::Inflate,
    /// An inflated delta.
    pub(super) delta: WipedVec,
    pub(super) runs: Vec<Run>,
    pub(super) spare: Vec<WipedVec>,
}

impl<'a> Worker<'a> {
    pub(super) fn new(shared: &'a Shared<'a>) -> Self {
        Self {
            shared,
            walked: Walked::default(),
            names: HashMap::new(),
            large: Vec::new(),
            attributes: HashSet::new(),
            clean: Vec::new(),
            linked: Linked::default(),
            inflate: gix::zlib::Inflate::default(),
            delta: WipedVec::default(),
            runs: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Takes over what another thread has done.
    pub(super) fn merge(&mut self, other: Self) {
        self.walked.add(other.walked);
        self.large.extend(other.large);
        self.attributes.extend(other.attributes);
        self.clean.extend(other.clean);
        self.linked.merge(other.linked);
        for (name, of) in other.names {
            let known =
                self.names.entry(name).and_modify(|known| known.tree = of.tree.min(known.tree));
            known.or_insert(of);
        }
    }

    /// Entries that nothing leads to.
    pub(super) fn lost(&mut self) {
        for pack in &self.shared.stores.packs {
            for &entry in &pack.lost {
                self.unread(
                    pack.id(entry),
                    UnreadReason::Damaged("its base cannot be found".to_owned()),
                );
            }
        }
    }

    pub(super) fn unread(&mut self, id: ObjectId, why: UnreadReason) {
        self.walked.unread.push(Unread { what: UnreadThing::Object(id), why });
    }
}
