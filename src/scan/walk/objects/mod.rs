//! The whole object database, each object once: every pack and every loose object, whether a ref leads to it or not.
//!
//! Most bytes of a history are copies that packs do not hold a second time: an entry says what it takes from its base and
//! what is new. So an object is looked at as a change: what is new of it is matched, with the bytes around, and what was
//! found in the base is carried over ([`crate::detect::change`]). A base stays in memory until all that is built on it was seen.

mod changed_tree;
mod declared;
mod delta;
mod few;
mod folders;
#[doc(hidden)]
pub mod fuzzed;
mod judge;
mod large;
mod linked;
mod links;
mod names;
mod outside;
mod pack;
#[cfg(test)]
mod tests;
mod walk;
mod worker;

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::ObjectId;

use crate::detect::views::Seer;
use crate::git::GitError;
use crate::git::history::shallow_boundary;
use crate::git::repository::Repository;
use crate::progress::Meter;
use crate::scan::walk::cache::Cache;
pub use crate::scan::walk::seen::{
    IN_MEMORY, Seen, Sink, Source, Unread, UnreadReason, UnreadThing, Walked,
};
use folders::{Present, Stores};
use large::Large;
pub(crate) use linked::{Named, Targets};
pub(crate) use links::Links;
pub use links::Packs;
pub(crate) use names::entries;
use names::{Name, Names};
use outside::Outside;
use worker::Worker;

/// Loose objects that a thread takes at once.
const LOOSE_RUN: usize = 64;
/// Objects up to which each is read for itself, with all that it is built on.
const FEW: usize = 2000;
/// Threads at most.
const MAX_THREADS: usize = 16;

impl Walked {
    fn add_large(&mut self, large: &[Large]) {
        for large in large {
            self.unread.extend(large.unread.clone());
            self.objects += 1;
            self.bytes += large.bytes;
            self.matched += large.bytes;
        }
    }
}

/// What all threads share.
struct Shared<'a> {
    seer: &'a Seer<'a>,
    sink: &'a Sink<'a>,
    meter: &'a Meter,
    stores: &'a Stores,
    /// Whether everything is looked at, so that what is named must be here.
    whole: bool,
    /// Commits whose parents are not here for a good reason.
    shallow: HashSet<ObjectId>,
    /// What git keeps elsewhere.
    outside: Outside,
    tasks: Vec<Task>,
    next: AtomicUsize,
    /// Where nothing is looked at: what trees should name.
    asked: Option<&'a Targets>,
}

/// What a thread takes.
#[derive(Clone, Copy)]
enum Task {
    /// A pack, and the root of a delta family: an entry with all that is built on it.
    Family(usize, u32),
    /// Loose objects from this one on.
    Loose(usize),
}

/// Looks at the `wanted` objects; without it at all that are here, also at the names of files, and whether all that is named
/// is here. What the cache knows is passed over; after a look at all, it knows all. With it the packs, for [`Links`].
///
/// # Errors
/// The folders of objects cannot be read.
pub fn walk(
    repository: &Repository,
    seer: &Seer<'_>,
    wanted: Option<&HashSet<ObjectId>>,
    cache: Option<&mut Cache>,
    sink: &Sink<'_>,
    meter: &Meter,
) -> Result<(Walked, Packs), GitError> {
    if let Some(wanted) = wanted.filter(|wanted| wanted.len() <= FEW) {
        return Ok((few::look(repository, seer, wanted, sink)?, Packs::default()));
    }
    let is_wanted = |id: &gix::oid| wanted.is_none_or(|wanted| wanted.contains(id));
    let mut stores = Stores::open(repository, &is_wanted, cache.as_deref())?;
    let passed = std::mem::take(&mut stores.passed);
    let unread = std::mem::take(&mut stores.unread);
    let families = stores.packs.iter().enumerate().flat_map(|(number, pack)| {
        let wanted = pack.roots.iter().filter(|&&root| pack.weight(root) > 0);
        wanted.map(move |&root| (pack.weight(root), Task::Family(number, root)))
    });
    let mut families: Vec<_> = families.collect();
    let packed: u64 = families.iter().map(|&(weight, _)| u64::from(weight)).sum();
    meter.expect(packed + stores.loose.len() as u64);
    // The largest first, so that the threads end together.
    families.sort_by_key(|&(weight, _)| std::cmp::Reverse(weight));
    let loose = (0..stores.loose.len()).step_by(LOOSE_RUN).map(Task::Loose);
    let tasks = families.into_iter().map(|(_, task)| task).chain(loose).collect();
    let shared = Shared {
        seer,
        sink,
        meter,
        stores: &stores,
        whole: wanted.is_none(),
        shallow: shallow_boundary(repository)?,
        outside: Outside::of(repository),
        tasks,
        next: AtomicUsize::new(0),
        asked: None,
    };
    let mut worker = run(&shared);
    worker.lost();
    let Worker { walked: mut done, names, large, attributes, mut clean, .. } = worker;
    if wanted.is_none() && !done.declares_sealing {
        let known = cache.as_ref().is_some_and(|cache| cache.declares_sealing);
        done.declares_sealing = known
            || done.unread.iter().any(|unread| unread.why.may_hide_names())
            || declared::is_in(repository, &attributes, &large)?;
    }
    done.unread.extend(unread);
    done.add(passed.walked);
    if wanted.is_none() {
        look_at_names(seer, names, sink);
    }
    let large = large::look(repository, seer, &large, sink);
    done.add_large(&large);
    if let (Some(cache), None) = (cache, wanted) {
        clean.extend(passed.entries);
        clean.extend(large.iter().filter_map(Large::clean));
        cache.replace(clean, stores.present.keys(), done.declares_sealing);
    }
    let missing = wanted.into_iter().flatten().filter(|id| !stores.present.has(id));
    done.unread.extend(
        missing.map(|id| Unread { what: UnreadThing::Object(*id), why: UnreadReason::Missing }),
    );
    done.unread.sort();
    done.unread.dedup();
    stores.present = Present::default();
    Ok((done, Packs(Some(Box::new(stores)))))
}

/// Does all tasks, on all cores.
fn run<'a>(shared: &'a Shared<'a>) -> Worker<'a> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let all = Mutex::new(Worker::new(shared));
    std::thread::scope(|scope| {
        for _ in 0..cores.min(MAX_THREADS).min(shared.tasks.len()) {
            scope.spawn(|| {
                let mut worker = Worker::new(shared);
                while let Some(&task) =
                    shared.tasks.get(shared.next.fetch_add(1, Ordering::Relaxed))
                    && !worker.linked.is_too_long
                {
                    worker.run(task);
                }
                all.lock().expect("a thread that panicked has said why").merge(worker);
            });
        }
    });
    all.into_inner().expect("a thread that panicked has said why")
}

/// Names of files are texts, too. Those with hits are known, and are now shown.
fn look_at_names(seer: &Seer<'_>, names: Names, sink: &Sink<'_>) {
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let mut found = Vec::new();
    for (name, Name { tree, .. }) in names.iter().filter(|(_, name)| name.has_hits) {
        found.clear();
        // A name decodes to little, so nothing is left out.
        seer.look(name, &mut found);
        if !found.is_empty() {
            let source = Source::Name { tree: *tree };
            sink(&Seen { source, text: name, start: 0, lines: 0, columns: 0, found: &found });
        }
    }
}
