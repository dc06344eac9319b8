//! Keys that two sides have added at different places: by lines that is no conflict, and the key is there twice.
//!
//! What both sides say alike is kept where ours has it. Where they differ, a person must decide: the conflict is at ours, with
//! the lines of both.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::{Labels, Merged, text};
use crate::config_format::{Format, LineGroup, Lines, Part, Path};

/// A merge by lines in which keys were twice.
pub struct Undoubled {
    /// What it is instead.
    pub merged: Merged,
    /// The keys that a person must decide about.
    pub keys: Vec<String>,
}

/// Looks for keys that are twice in a merge by lines and once in each of its sides; `None` where there are none.
///
/// # Errors
/// libgit2's, for want of memory.
pub fn undouble(
    format: Format,
    [base, ours, theirs]: [&[u8]; 3],
    merged: &[u8],
    labels: &Labels,
    marker_size: u16,
) -> Result<Option<Undoubled>, git2::Error> {
    let read = |bytes| format.parse(bytes).ok().map(|document| document.keys());
    let (Some(b), Some(o), Some(t)) = (read(base), read(ours), read(theirs)) else {
        return Ok(None);
    };
    let mut doubled: Vec<(usize, Path)> = match read(merged) {
        Some(count) => {
            let most = |key: &(usize, Path)| {
                [&b, &o, &t].iter().filter_map(|keys| keys.get(key)).max().copied()
            };
            let is_doubled =
                |(key, count): &(&(usize, Path), &usize)| **count > 1 && most(key) == Some(1);
            let doubled: Vec<_> =
                count.iter().filter(is_doubled).map(|(key, _)| key.clone()).collect();
            if doubled.is_empty() {
                return Ok(None);
            }
            doubled
        }
        // A format that takes no key twice.
        None => o.into_keys().filter(|key| t.contains_key(key) && !b.contains_key(key)).collect(),
    };
    doubled.sort();
    let sides = [base, ours, theirs].map(|side| format.lines(side));
    if let [Some(b), Some(o), Some(t)] = sides
        && doubled.iter().all(|(document, _)| *document == 0)
    {
        let doubled = doubled.iter().map(|(_, path)| path).collect();
        let sides = Sides { format, base: &b, ours: &o, theirs: &t, doubled };
        if let Some(undoubled) = sides.undouble([base, ours], labels, marker_size)? {
            return Ok(Some(undoubled));
        }
    }
    let keys = doubled.iter().map(|(_, path)| path.to_string()).collect();
    // The whole file.
    let merged = match text(b"", ours, theirs, labels, marker_size, None)? {
        Merged::Clean(_) => {
            let end = format.parse(ours).map_or(&b"\n"[..], |document| document.ending().bytes());
            let parts = [ours, theirs].map(|side| side.strip_suffix(end).unwrap_or(side));
            let mut out = Conflict { labels, marker_size, end, out: Zeroizing::default() };
            out.put(ours.len() + theirs.len(), parts);
            Merged::Conflict(out.out)
        }
        merged => merged,
    };
    Ok(Some(Undoubled { merged, keys }))
}

/// A text with conflicts in it.
struct Conflict<'c> {
    labels: &'c Labels,
    marker_size: u16,
    end: &'c [u8],
    out: Zeroizing<Vec<u8>>,
}

impl Conflict<'_> {
    /// Adds lines; `room` is for all that follows, so that no copy is left behind.
    fn add(&mut self, room: usize, parts: &[&[u8]]) {
        if self.out.capacity() == 0 {
            self.out.reserve_exact(2 * room + 4096);
        }
        for part in parts {
            let len = self.out.len() + part.len();
            if len > self.out.capacity() {
                let mut larger = Zeroizing::new(Vec::with_capacity(2 * len));
                larger.extend_from_slice(&self.out);
                self.out = larger;
            }
            self.out.extend_from_slice(part);
        }
    }

    /// Adds a conflict between the lines of two sides, which are without their last line end.
    fn put(&mut self, room: usize, [ours, theirs]: [&[u8]; 2]) {
        let marker = |sign: &str| sign.repeat(self.marker_size.into()).into_bytes();
        let [below, between, above] = ["<", "=", ">"].map(marker);
        let (labels, end) = (self.labels, self.end);
        self.add(room, &[&below, b" ", labels.ours.as_bytes(), end, ours, end, &between, end]);
        self.add(room, &[theirs, end, &above, b" ", labels.theirs.as_bytes(), end]);
    }
}

/// What some lines belong to, by what the programs that read the format take for the same.
type Same = (Path, Part);

struct Sides<'s, 't> {
    format: Format,
    base: &'s Lines<'t>,
    ours: &'s Lines<'t>,
    theirs: &'s Lines<'t>,
    doubled: Vec<&'s Path>,
}

impl<'t> Sides<'_, 't> {
    /// Merges again, without what theirs has of the doubled keys; `None` where that is no merge of all that was said.
    fn undouble(
        &self,
        [base, ours]: [&[u8]; 2],
        labels: &Labels,
        marker_size: u16,
    ) -> Result<Option<Undoubled>, git2::Error> {
        let format = self.format;
        let theirs = Zeroizing::new(format.join(&self.without(), self.theirs.tail));
        let Merged::Clean(merged) = text(base, ours, &theirs, labels, marker_size, None)? else {
            return Ok(None);
        };
        let Some(lines) = format.lines(&merged).filter(|lines| self.is_whole(lines)) else {
            return Ok(None);
        };
        let of_theirs = self.contents(self.theirs);
        let end = lines.tail.ending.map_or(&b"\n"[..], |ending| ending.bytes());
        let mut out = Conflict { labels, marker_size, end, out: Zeroizing::default() };
        let mut keys = Vec::new();
        let mut place = 0;
        for entry in &lines.entries {
            let from = place + entry.content.len();
            let len = merged[from..].windows(end.len()).position(|part| part == end);
            let stop = len.map_or(merged.len(), |len| from + len + end.len());
            let whole = &merged[place..stop];
            place = stop;
            let same = self.same(entry).filter(|(path, _)| self.doubled.contains(&path));
            let other = same.as_ref().and_then(|same| of_theirs.get(same));
            match other.filter(|other| **other != entry.content) {
                None => out.add(merged.len(), &[whole]),
                Some(other) => {
                    // With the comma of JSON.
                    let comma = &whole[entry.content.len()..];
                    let comma = comma.strip_suffix(end).unwrap_or(comma);
                    let theirs = Zeroizing::new([other, comma].concat());
                    let ours = Zeroizing::new([entry.content, comma].concat());
                    out.put(merged.len(), [&ours, &theirs]);
                    keys.extend(same.map(|(path, _)| path.to_string()));
                }
            }
        }
        let clean = keys.is_empty();
        let merged = if clean { Merged::Clean(merged) } else { Merged::Conflict(out.out) };
        Ok(Some(Undoubled { merged, keys }))
    }

    /// Theirs without the doubled keys, and without the comments above them that ours has too.
    fn without(&self) -> Vec<LineGroup<'t>> {
        let places: HashMap<Same, usize> = self
            .ours
            .entries
            .iter()
            .enumerate()
            .filter_map(|(at, entry)| Some((self.same(entry)?, at)))
            .collect();
        let mut kept: Vec<LineGroup<'t>> = Vec::new();
        for entry in &self.theirs.entries {
            let same = self.same(entry).filter(|(path, _)| self.doubled.contains(&path));
            let Some(same) = same else {
                kept.push(entry.clone());
                continue;
            };
            let own = places.get(&same).copied().unwrap_or(0);
            let mut above = self.ours.entries[..own].iter().rev();
            while kept.last().is_some_and(LineGroup::is_comment) && above.next() == kept.last() {
                kept.pop();
            }
        }
        kept
    }

    /// Whether a merge says of each key, once, what the side says that changed it; of the doubled ones, what ours says.
    fn is_whole(&self, merged: &Lines<'_>) -> bool {
        let [b, o, t] = [self.base, self.ours, self.theirs].map(|lines| self.contents(lines));
        let now = self.contents(merged);
        let keys = merged.entries.iter().filter(|entry| entry.key.is_some()).count();
        keys == now.len()
            && now.keys().chain(b.keys()).chain(o.keys()).chain(t.keys()).all(|key| {
                let theirs_counts = t.get(key) != b.get(key) && !self.doubled.contains(&&key.0);
                now.get(key) == if theirs_counts { t.get(key) } else { o.get(key) }
            })
    }

    fn contents<'l>(&self, lines: &Lines<'l>) -> HashMap<Same, &'l [u8]> {
        lines.entries.iter().filter_map(|entry| Some((self.same(entry)?, entry.content))).collect()
    }

    fn same(&self, entry: &LineGroup<'_>) -> Option<Same> {
        entry.key.as_ref().map(|key| (self.format.same_name(&key.path), key.part))
    }
}
