//! What trees name, without the rest: folders, and the objects that somebody asks for. Read from packs as they are stored: what a
//! tree has of its base is not read again.

use std::collections::HashSet;
use std::sync::atomic::AtomicUsize;

use gix::ObjectId;
use gix::objs::Kind;

use super::changed_tree::{Piece, pieces};
use super::folders::Stores;
use super::linked::{ELSEWHERE, Link, LinkedTree, MAX_LINKS, SYMLINK, TARGET, Targets};
use super::outside::Outside;
use super::pack::Pack;
use super::worker::{Judged, Worker};
use super::{Shared, Task, run};
use crate::detect::change::Change;
use crate::detect::views::Seer;
use crate::git::repository::Repository;
use crate::progress::Meter;

/// The packs of a walk, for [`Links::read`].
#[derive(Default)]
pub struct Packs(pub(super) Option<Box<Stores>>);

impl std::fmt::Debug for Packs {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("Packs")
    }
}

/// All trees of all packs.
pub(crate) struct Links {
    stores: Box<Stores>,
    /// Which of `links` are those of a tree, by its number: the first, and how many. Without a first one it was not read.
    trees: Vec<(u32, u32)>,
    links: Vec<Link>,
    /// Names by their numbers.
    pub(crate) names: Vec<Box<[u8]>>,
}

impl Links {
    /// Reads the trees; `None` where they are too many, or none is in a pack.
    pub(crate) fn read(repository: &Repository, packs: Packs, targets: &Targets) -> Option<Self> {
        let mut stores = packs.0?;
        let mut all = 0_u32;
        for pack in &mut stores.packs {
            pack.reopen();
            pack.first = all;
            all = all.checked_add(pack.entries().end)?;
            pack.want(|_| true);
            pack.prune();
        }
        if all >= ELSEWHERE || targets.numbers.len() >= ELSEWHERE as usize {
            return None;
        }
        let mut tasks = Vec::new();
        for (number, pack) in stores.packs.iter().enumerate() {
            let trees =
                pack.roots.iter().filter(|&&root| pack.kind_of_root(root) == Some(Kind::Tree));
            tasks.extend(trees.map(|&root| (pack.weight(root), Task::Family(number, root))));
        }
        tasks.sort_by_key(|&(weight, _)| std::cmp::Reverse(weight));
        let meter = Meter::silent();
        let shared = Shared {
            seer: &Seer::new(Vec::new()),
            sink: &|_| {},
            meter: &meter,
            stores: &stores,
            whole: false,
            shallow: HashSet::new(),
            outside: Outside::of(repository),
            tasks: tasks.into_iter().map(|(_, task)| task).collect(),
            next: AtomicUsize::new(0),
            asked: Some(targets),
        };
        let found = run(&shared).linked;
        if found.is_too_long {
            return None;
        }
        let mut trees = vec![(u32::MAX, 0); all as usize];
        for (tree, start, len) in found.trees {
            trees[tree as usize] = (start, len);
        }
        Some(Self { trees, links: found.links, names: found.names.list, stores })
    }

    /// The number of an object in a pack.
    pub(crate) fn number(&self, id: &gix::oid) -> Option<u32> {
        number(&self.stores, id)
    }

    /// How many numbers there are.
    pub(crate) fn len(&self) -> usize {
        self.trees.len()
    }

    /// The id of the object with this number.
    pub(crate) fn id(&self, number: u32) -> ObjectId {
        let packs = &self.stores.packs;
        let pack = &packs[packs.partition_point(|pack| pack.first <= number) - 1];
        pack.id_at(number - pack.first)
    }

    /// The entries of a tree; `None` where it was not read.
    pub(crate) fn of(&self, tree: u32) -> Option<&[Link]> {
        let (start, len) = self.trees[tree as usize];
        (start != u32::MAX).then(|| &self.links[start as usize..][..len as usize])
    }
}

fn number(stores: &Stores, id: &gix::oid) -> Option<u32> {
    stores.packs.iter().find_map(|pack| Some(pack.first + pack.lookup(id)?))
}

impl Worker<'_> {
    /// Keeps what a tree names.
    pub(super) fn link(
        &mut self,
        targets: &Targets,
        (pack, entry): (&Pack, u32),
        tree: &[u8],
        base: Option<(&Judged, &Change<'_>)>,
    ) -> Judged {
        let stores = self.shared.stores;
        let base = match base {
            Some((Judged::Linked(base), change)) => Some((base, change)),
            _ => None,
        };
        let known = base.map(|(base, change)| (&base.starts[..], change));
        let hash = pack.id(entry).kind();
        let linked = &mut self.linked;
        let mut links: Vec<(u32, Link)> = Vec::new();
        let starts = pieces(tree, hash, known, |piece| match piece {
            Piece::Copied(copied) => {
                let Some((base, _)) = base else { return };
                let (first, end) =
                    (base.starts[copied.entries.start], base.starts[copied.entries.end]);
                let from = base.links.partition_point(|&(start, _)| start < first);
                let within = base.links[from..].iter().take_while(|&&(start, _)| start < end);
                links.extend(within.map(|&(start, link)| (copied.moved(start), link)));
            }
            Piece::New(entry) => {
                let what = if entry.is_tree {
                    number(stores, entry.id).unwrap_or(ELSEWHERE)
                } else if let Some(target) = targets.number(entry.id) {
                    let symlink = if entry.is_link { SYMLINK } else { 0 };
                    u32::try_from(target).unwrap_or(0) | TARGET | symlink
                } else {
                    return;
                };
                let start = u32::try_from(entry.range.start).unwrap_or(u32::MAX);
                links.push((start, Link { name: linked.names.number(entry.name), what }));
            }
        });
        let Some(starts) = starts else { return Judged::No };
        linked.is_too_long |= linked.links.len() + links.len() > MAX_LINKS;
        if !linked.is_too_long && links.iter().all(|(_, link)| link.what != ELSEWHERE) {
            let tree = pack.first + pack.position(entry);
            let at = u32::try_from(linked.links.len()).unwrap_or(u32::MAX);
            linked.trees.push((tree, at, u32::try_from(links.len()).unwrap_or(0)));
            linked.links.extend(links.iter().map(|&(_, link)| link));
        }
        Judged::Linked(LinkedTree { starts, links })
    }
}
