//! What one thread does: follows what is built on a base, from object to object.

use gix::ObjectId;
use gix::objs::Kind;
use gix::odb::loose::Store;

use super::delta::Delta;
use super::pack::Pack;
use super::worker::{Judged, Worker};
use super::{IN_MEMORY, LOOSE_RUN, Task, UnreadReason};
use crate::detect::change::{Change, Run};
use crate::git::delta::DeltaError;
use crate::secret::WipedVec;

/// Bytes of objects that wait for the next one that is built on them, at most; past that they are read again.
const HELD: usize = 64 << 20;

/// An object that others are built on.
struct Base {
    entry: u32,
    kind: Kind,
    /// `None` where it should be read again.
    bytes: Option<WipedVec>,
    judged: Judged,
    /// How many of its children have been looked at.
    seen: usize,
}

impl Worker<'_> {
    pub(super) fn run(&mut self, task: Task) {
        let stores = self.shared.stores;
        match task {
            Task::Family(pack, root) => self.family(&stores.packs[pack], root),
            Task::Loose(first) => {
                for &(folder, id) in stores.loose[first..].iter().take(LOOSE_RUN) {
                    self.loose(&stores.folders[folder], id);
                    self.shared.meter.add(1);
                }
            }
        }
    }

    fn loose(&mut self, folder: &Store, id: ObjectId) {
        let damaged =
            |error: gix::Error| UnreadReason::Damaged(crate::sanitise::line(&error.to_string()));
        let mut bytes = self.spare();
        let read = match folder.try_header(&id) {
            Ok(Some((len, kind))) if len > IN_MEMORY => return self.too_large(id, kind),
            Ok(Some(_)) => match folder.try_find(&id, &mut bytes) {
                Ok(Some(object)) => Ok(object.kind),
                Ok(None) => Err(UnreadReason::Missing),
                Err(error) => Err(damaged(error)),
            },
            Ok(None) => Err(UnreadReason::Missing),
            Err(error) => Err(damaged(error)),
        };
        match read {
            Ok(kind) => drop(self.judge(id, kind, &bytes, None)),
            Err(why) => self.unread(id, why),
        }
        self.spare.push(bytes);
    }

    fn too_large(&mut self, id: ObjectId, kind: Kind) {
        match kind {
            Kind::Blob => self.large.push(id),
            Kind::Tree | Kind::Commit | Kind::Tag => self.unread(id, UnreadReason::TooLarge),
        }
    }

    /// Looks at an entry and all that is built on it, each object after its base. Of several that are built on the same
    /// one, that with most upon it comes last, when the base is no longer needed: so few objects are in memory at once.
    fn family(&mut self, pack: &Pack, root: u32) {
        let mut bases: Vec<Base> = Vec::new();
        match self.root(pack, root) {
            Ok(base) => bases.push(base),
            Err((kind, why)) => self.fail(pack, root, kind, why),
        }
        self.shared.meter.add(1);
        while let Some(base) = bases.last_mut() {
            let children = pack.children(base.entry);
            let Some(&child) = children.get(base.seen) else {
                let done = bases.pop();
                self.spare.extend(done.and_then(|base| base.bytes));
                continue;
            };
            base.seen += 1;
            let is_last = base.seen == children.len();
            let kind = base.kind;
            let made = self.child(pack, base, child);
            self.shared.meter.add(1);
            if is_last {
                let done = bases.pop();
                self.spare.extend(done.and_then(|base| base.bytes));
            }
            match made {
                Ok(base) => bases.push(base),
                Err(why) => self.fail(pack, child, Some(kind), why),
            }
            let len = |base: &Base| base.bytes.as_ref().map_or(0, |bytes| bytes.len());
            let mut held: usize = bases.iter().map(len).sum();
            let last = bases.len().saturating_sub(1);
            for base in &mut bases[..last] {
                if held > HELD {
                    held -= len(base);
                    base.bytes = None;
                }
            }
        }
    }

    /// Notes that an entry could not be read, and so nothing that is built on it. A damaged object may be there a second time,
    /// but whoever damaged one of them is not to decide which.
    fn fail(&mut self, pack: &Pack, entry: u32, kind: Option<Kind>, why: UnreadReason) {
        let mut below = vec![(entry, why)];
        while let Some((entry, why)) = below.pop() {
            let id = pack.id(entry);
            if pack.is_wanted(entry) {
                match (&why, kind) {
                    (UnreadReason::TooLarge, Some(kind)) => self.too_large(id, kind),
                    _ => self.unread(id, why.clone()),
                }
            }
            let inherited = match why {
                UnreadReason::TooLarge => UnreadReason::TooLarge,
                _ => UnreadReason::Damaged(format!("it is built on {id}, which cannot be read")),
            };
            below.extend(pack.children(entry).iter().map(|&child| (child, inherited.clone())));
        }
    }

    /// Reads and judges an entry that is built on no other one of its pack.
    fn root(&mut self, pack: &Pack, entry: u32) -> Result<Base, (Option<Kind>, UnreadReason)> {
        let (kind, bytes) = self.read_root(pack, entry)?;
        let judged = match pack.is_wanted(entry) {
            true => self.judge_entry(pack, entry, kind, &bytes, None),
            false => Judged::No,
        };
        Ok(Base { entry, kind, bytes: Some(bytes), judged, seen: 0 })
    }

    fn judge_entry(
        &mut self,
        pack: &Pack,
        entry: u32,
        kind: Kind,
        bytes: &[u8],
        base: Option<(&Judged, &Change<'_>)>,
    ) -> Judged {
        match self.shared.asked {
            Some(targets) => self.link(targets, (pack, entry), bytes, base),
            None => self.judge(pack.id(entry), kind, bytes, base),
        }
    }

    fn read_root(
        &mut self,
        pack: &Pack,
        entry: u32,
    ) -> Result<(Kind, WipedVec), (Option<Kind>, UnreadReason)> {
        let header = header(pack, entry).map_err(|why| (None, why))?;
        let mut bytes = self.spare();
        if let Some(kind) = header.header.as_kind() {
            self.inflate(pack, &header, &mut bytes).map_err(|why| (Some(kind), why))?;
            return Ok((kind, bytes));
        }
        let gix::odb::pack::data::entry::Header::RefDelta { base_id } = header.header else {
            return Err((None, UnreadReason::Damaged("its base cannot be found".to_owned())));
        };
        let (kind, base) = self.elsewhere(base_id)?;
        let mut delta = std::mem::take(&mut self.delta);
        let made = self
            .inflate(pack, &header, &mut delta)
            .and_then(|()| apply(&base, &delta, &mut bytes, &mut self.runs));
        self.delta = delta;
        made.map_err(|why| (Some(kind), why))?;
        Ok((kind, bytes))
    }

    /// The object that an entry is built on, where its own pack has it not.
    fn elsewhere(&self, id: ObjectId) -> Result<(Kind, WipedVec), (Option<Kind>, UnreadReason)> {
        use gix::objs::{Find as _, FindHeader as _};
        for folder in &self.shared.stores.folders {
            let damaged = |error: &dyn std::fmt::Display| {
                (None, UnreadReason::Damaged(crate::sanitise::line(&error.to_string())))
            };
            let store = gix::odb::at(folder.path(), id.kind()).map_err(|error| damaged(&error))?;
            let Some(header) = store.try_header(&id).map_err(|error| damaged(&error))? else {
                continue;
            };
            if header.size > IN_MEMORY {
                return Err((Some(header.kind), UnreadReason::TooLarge));
            }
            let mut bytes = WipedVec::default();
            if let Some(found) = store.try_find(&id, &mut bytes).map_err(|error| damaged(&error))? {
                return Ok((found.kind, bytes));
            }
        }
        Err((None, UnreadReason::Damaged(format!("it is built on {id}, which is not here"))))
    }

    /// Reads and judges an entry that is built on another.
    fn child(&mut self, pack: &Pack, base: &mut Base, entry: u32) -> Result<Base, UnreadReason> {
        let header = header(pack, entry)?;
        if base.bytes.is_none() {
            base.bytes = Some(self.again(pack, base.entry)?);
        }
        let from = base.bytes.as_ref().expect("it was just read");
        let mut bytes = self.spare();
        let mut delta = std::mem::take(&mut self.delta);
        let mut runs = std::mem::take(&mut self.runs);
        let made = self
            .inflate(pack, &header, &mut delta)
            .and_then(|()| apply(from, &delta, &mut bytes, &mut runs));
        self.delta = delta;
        let judged = made.map(|()| match pack.is_wanted(entry) {
            true => {
                let change = Change::new(&runs, from.len(), bytes.len());
                self.judge_entry(pack, entry, base.kind, &bytes, Some((&base.judged, &change)))
            }
            false => Judged::No,
        });
        self.runs = runs;
        Ok(Base { entry, kind: base.kind, bytes: Some(bytes), judged: judged?, seen: 0 })
    }

    /// Reads an object again with all that it is built on.
    fn again(&mut self, pack: &Pack, entry: u32) -> Result<WipedVec, UnreadReason> {
        let chain = pack.chain(entry);
        let (&root, above) = chain.split_last().expect("it holds the entry itself");
        let (_, mut bytes) = self.read_root(pack, root).map_err(|(_, why)| why)?;
        let (mut delta, mut next) = (WipedVec::default(), self.spare());
        for &entry in above.iter().rev() {
            self.inflate(pack, &header(pack, entry)?, &mut delta)?;
            apply(&bytes, &delta, &mut next, &mut self.runs)?;
            std::mem::swap(&mut bytes, &mut next);
        }
        self.spare.push(next);
        Ok(bytes)
    }

    fn spare(&mut self) -> WipedVec {
        self.spare.pop().unwrap_or_default()
    }

    fn inflate(
        &mut self,
        pack: &Pack,
        header: &gix::odb::pack::data::Entry,
        bytes: &mut WipedVec,
    ) -> Result<(), UnreadReason> {
        if header.decompressed_size > IN_MEMORY {
            return Err(UnreadReason::TooLarge);
        }
        let len = usize::try_from(header.decompressed_size).map_err(|_| UnreadReason::TooLarge)?;
        if bytes.capacity() < len {
            *bytes = WipedVec::with_capacity(len);
        }
        bytes.resize(len, 0);
        let done = pack.data.decompress_entry(header, &mut self.inflate, bytes);
        done.map(drop)
            .map_err(|error| UnreadReason::Damaged(crate::sanitise::line(&error.to_string())))
    }
}

/// The header of an entry whose bytes are as its pack's index has them.
fn header(pack: &Pack, entry: u32) -> Result<gix::odb::pack::data::Entry, UnreadReason> {
    let header = pack.header(entry).filter(|_| pack.is_sound(entry));
    header.ok_or_else(|| {
        UnreadReason::Damaged("its entry in the pack was changed since it was written".to_owned())
    })
}

fn apply(
    base: &[u8],
    delta: &[u8],
    bytes: &mut WipedVec,
    runs: &mut Vec<Run>,
) -> Result<(), UnreadReason> {
    let damaged = |error: DeltaError| UnreadReason::Damaged(error.to_string());
    let delta = Delta::parse(delta).map_err(damaged)?;
    if delta.len > IN_MEMORY {
        return Err(UnreadReason::TooLarge);
    }
    let len = usize::try_from(delta.len).map_err(|_| UnreadReason::TooLarge)?;
    if bytes.capacity() < len {
        *bytes = WipedVec::with_capacity(len + len / 8);
    }
    delta.apply(base, bytes, runs).map_err(damaged)
}
