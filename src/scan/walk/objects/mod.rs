//! The whole object database, each object once: every pack and every loose object, whether a ref leads to it or not.
//!
//! Most bytes of a history are copies that packs do not hold a second time: an entry says what it takes from its base and
//! what is new. So an object is looked at as a change: what is new of it is matched, with the bytes around, and what was
//! found in the base is carried over ([`carry`]). A base stays in memory until all that is built on it was seen.

mod carry;
mod delta;
mod few;
mod folders;
#[doc(hidden)]
pub mod fuzzed;
mod judge;
mod large;
mod names;
mod pack;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::ObjectId;
use gix::objs::Kind;

use crate::detect::matcher::Found;
use crate::detect::views::Seer;
use crate::git::GitError;
use crate::git::history::shallow_boundary;
use crate::git::repository::Repository;
use crate::scan::walk::cache::Cache;
use folders::Stores;
use large::Large;
pub(crate) use names::entries;
use names::{Name, Names};
use walk::Worker;

/// Bytes of an object that is still held in memory as a whole; a larger one is looked at piece by piece.
pub const IN_MEMORY: u64 = 32 << 20;
/// Loose objects that a thread takes at once.
const LOOSE_RUN: usize = 64;
/// Objects up to which each is read for itself, with all that it is built on.
const FEW: usize = 2000;
/// Threads at most.
const MAX_THREADS: usize = 16;

/// What a text with hits is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An object. Of commits and tags the text is all of it, headers too: see [`crate::scan::walk::places::part_of`].
    Object {
        /// Its id.
        id: ObjectId,
        /// Blob, commit or tag.
        kind: Kind,
    },
    /// The name of a file or folder, without those of the folders above it.
    Name {
        /// A tree that has it.
        tree: ObjectId,
    },
    /// Text that is no object.
    Place(crate::scan::walk::places::Place),
}

/// A text with hits, while it is in memory.
pub struct Seen<'t> {
    /// What it is.
    pub source: Source,
    /// The text, or a piece of it where it is large. Places of hits count from its beginning.
    pub text: &'t [u8],
    /// Bytes before the piece.
    pub start: u64,
    /// Ends of lines before the piece.
    pub lines: u64,
    /// Characters before the piece on the line that it begins in.
    pub columns: u64,
    /// What was found in it, at least one; in an order that does not depend on how the object is stored.
    pub found: &'t [Found],
}

/// Takes each text with hits; called from several threads at once, in no order.
pub type Sink<'a> = dyn Fn(&Seen<'_>) + Sync + 'a;

/// Something that was not looked at, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unread {
    /// What.
    pub what: What,
    /// Why.
    pub why: Why,
}

/// What can be left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// An object.
    Object(ObjectId),
    /// A file or folder, a pack for instance; its path is safe for a terminal.
    File(String),
}

/// Why something was not looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Why {
    /// An object names it, and it is not here: a partial clone, or damage.
    #[error("it is not in this clone")]
    Missing,
    /// It cannot be read.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// It is no blob and larger than [`IN_MEMORY`], or a folder in too many others.
    #[error("it is too large to be read")]
    TooLarge,
    /// An archive or encoded part of it could not be read to its end; all else of it was looked at.
    #[error("an archive inside it could not be read to its end")]
    Cut,
    /// The parents of this commit were cut off when the clone was made.
    #[error("the history before it is not in this shallow clone")]
    Shallow,
}

/// What a walk has done.
#[derive(Debug, Default)]
pub struct Walked {
    /// Objects that were looked at.
    pub objects: u64,
    /// As many of them as are trees.
    pub trees: u64,
    /// As many of them as are annotated tags.
    pub tags: u64,
    /// The bytes of all.
    pub bytes: u64,
    /// As many of them as were matched; the rest are copies.
    pub matched: u64,
    /// As many of the objects as an earlier scan had looked at.
    pub passed: u64,
    /// Every commit that is here, also those that nothing leads to; in no order.
    pub commits: Vec<ObjectId>,
    /// What was not looked at, sorted, each once.
    pub unread: Vec<Unread>,
}

impl Walked {
    fn add_large(&mut self, large: &[Large]) {
        for large in large {
            self.unread.extend(large.unread.clone());
            self.objects += 1;
            self.bytes += large.bytes;
            self.matched += large.bytes;
        }
    }

    /// Adds what another part of the walk has done.
    fn add(&mut self, other: Self) {
        self.objects += other.objects;
        self.trees += other.trees;
        self.tags += other.tags;
        self.bytes += other.bytes;
        self.matched += other.matched;
        self.passed += other.passed;
        self.unread.extend(other.unread);
        self.commits.extend(other.commits);
    }
}

/// What all threads share.
struct Shared<'a> {
    seer: &'a Seer<'a>,
    sink: &'a Sink<'a>,
    stores: &'a Stores,
    /// Whether everything is looked at, so that what is named must be here.
    whole: bool,
    /// Commits whose parents are not here for a good reason.
    shallow: HashSet<ObjectId>,
    tasks: Vec<Task>,
    next: AtomicUsize,
}

/// What a thread takes.
#[derive(Clone, Copy)]
enum Task {
    /// A pack, and an entry with all that is built on it.
    Tree(usize, u32),
    /// Loose objects from this one on.
    Loose(usize),
}

/// Looks at the `wanted` objects; without it at all that are here, also at the names of files, and whether all that is named
/// is here. What the cache knows is passed over; after a look at all, it knows all.
///
/// # Errors
/// The folders of objects cannot be read.
pub fn walk(
    repository: &Repository,
    seer: &Seer<'_>,
    wanted: Option<&HashSet<ObjectId>>,
    cache: Option<&mut Cache>,
    sink: &Sink<'_>,
) -> Result<Walked, GitError> {
    if let Some(wanted) = wanted.filter(|wanted| wanted.len() <= FEW) {
        return few::look(repository, seer, wanted, sink);
    }
    let is_wanted = |id: &gix::oid| wanted.is_none_or(|wanted| wanted.contains(id));
    let mut stores = Stores::open(repository, &is_wanted, cache.as_deref())?;
    let passed = std::mem::take(&mut stores.passed);
    let unread = std::mem::take(&mut stores.unread);
    let trees = stores.packs.iter().enumerate().flat_map(|(number, pack)| {
        pack.roots.iter().map(move |&root| (pack.weight(root), Task::Tree(number, root)))
    });
    let mut trees: Vec<_> = trees.collect();
    // The largest first, so that the threads end together.
    trees.sort_by_key(|&(weight, _)| std::cmp::Reverse(weight));
    let loose = (0..stores.loose.len()).step_by(LOOSE_RUN).map(Task::Loose);
    let tasks = trees.into_iter().map(|(_, task)| task).chain(loose).collect();
    let shared = Shared {
        seer,
        sink,
        stores: &stores,
        whole: wanted.is_none(),
        shallow: shallow_boundary(repository)?,
        tasks,
        next: AtomicUsize::new(0),
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let all = Mutex::new(Worker::new(&shared));
    std::thread::scope(|scope| {
        for _ in 0..cores.min(MAX_THREADS).min(shared.tasks.len()) {
            scope.spawn(|| {
                let mut worker = Worker::new(&shared);
                while let Some(&task) =
                    shared.tasks.get(shared.next.fetch_add(1, Ordering::Relaxed))
                {
                    worker.run(task);
                }
                all.lock().expect("a thread that panicked has said why").merge(worker);
            });
        }
    });
    let mut worker = all.into_inner().expect("a thread that panicked has said why");
    worker.lost();
    let Worker { walked: mut done, names, large, mut clean, .. } = worker;
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
        cache.replace(clean, stores.present.keys());
    }
    let missing = wanted.into_iter().flatten().filter(|id| !stores.present.has(id));
    done.unread.extend(missing.map(|id| Unread { what: What::Object(*id), why: Why::Missing }));
    done.unread.sort();
    done.unread.dedup();
    Ok(done)
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
