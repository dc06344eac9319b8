//! What a tree names of that which somebody asks for: folders and objects.

use std::collections::HashMap;

use gix::ObjectId;

use super::changed_tree::Starts;
use crate::scan::ids::{IdMap, Sieve};

/// Entries of trees that are kept at most, 8 bytes each; the trees of a history with more are read one by one.
pub(super) const MAX_LINKS: usize = 6 << 20;
/// The entry is an object that is asked for; the rest of the number is which.
pub(super) const TARGET: u32 = 1 << 31;
/// And where a symbolic link leads.
pub(super) const SYMLINK: u32 = 1 << 30;
/// The entry is a folder that no pack has.
pub(super) const ELSEWHERE: u32 = SYMLINK - 1;

/// The objects that are asked for.
pub(crate) struct Targets {
    /// With their numbers.
    pub(crate) numbers: IdMap<ObjectId, usize>,
    sieve: Sieve,
}

impl Targets {
    /// These, in their order.
    pub(crate) fn new(targets: &[ObjectId]) -> Self {
        let sieve = Sieve::new(targets.iter().map(AsRef::as_ref));
        Self { numbers: targets.iter().copied().zip(0..).collect(), sieve }
    }

    /// The number of an object, if it is one of them.
    pub(crate) fn number(&self, id: &gix::oid) -> Option<usize> {
        self.sieve.may_have(id).then(|| self.numbers.get(id).copied())?
    }
}

/// One entry of a tree.
#[derive(Clone, Copy)]
pub(crate) struct Link {
    /// The number of its name.
    pub(crate) name: u32,
    pub(super) what: u32,
}

/// What an entry is.
pub(crate) enum Named {
    /// A folder, by its number.
    Folder(u32),
    /// An object that is asked for, and whether a symbolic link leads there.
    Target(usize, bool),
}

impl Link {
    pub(crate) fn named(self) -> Named {
        match self.what & TARGET {
            0 => Named::Folder(self.what),
            _ => Named::Target((self.what & (SYMLINK - 1)) as usize, self.what & SYMLINK != 0),
        }
    }
}

/// Names, each once.
#[derive(Default)]
pub(super) struct Names {
    pub(super) list: Vec<Box<[u8]>>,
    numbers: HashMap<Box<[u8]>, u32>,
}

impl Names {
    pub(super) fn number(&mut self, name: &[u8]) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(name.into());
        self.numbers.insert(name.into(), number);
        number
    }
}

/// What one thread has read.
#[derive(Default)]
pub(super) struct Linked {
    pub(super) names: Names,
    pub(super) links: Vec<Link>,
    pub(super) trees: Vec<(u32, u32, u32)>,
    pub(super) is_too_long: bool,
}

impl Linked {
    /// Takes over what another thread has read.
    pub(super) fn merge(&mut self, mut other: Self) {
        let names: Vec<u32> = other.names.list.iter().map(|name| self.names.number(name)).collect();
        self.is_too_long |= other.is_too_long || self.links.len() + other.links.len() > MAX_LINKS;
        if self.is_too_long {
            return;
        }
        let moved = u32::try_from(self.links.len()).unwrap_or(u32::MAX);
        let renamed = |link: &mut Link| link.name = names[link.name as usize];
        other.links.iter_mut().for_each(renamed);
        self.links.append(&mut other.links);
        self.trees.extend(other.trees.into_iter().map(|(tree, at, len)| (tree, at + moved, len)));
    }
}

/// What is known of a tree that others are built on.
pub(super) struct LinkedTree {
    pub(super) starts: Starts,
    /// The entries that are kept, each with where it begins.
    pub(super) links: Vec<(u32, Link)>,
}
