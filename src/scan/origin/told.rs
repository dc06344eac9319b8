//! Origins as bytes, for the file of [`super::memory`]. Numbers have four bytes, the highest first; texts and commits are told once,
//! and then by their numbers.

use std::collections::HashMap;
use std::sync::Arc;

use gix::ObjectId;

use super::{Commit, Origin, Reach, Standing};

/// No commit.
const NONE: u32 = u32::MAX;

/// Numbers things in the order in which they come.
struct Numbers<T> {
    of: HashMap<T, u32>,
    all: Vec<T>,
}

impl<T: Clone + Eq + std::hash::Hash> Numbers<T> {
    fn new() -> Self {
        Self { of: HashMap::new(), all: Vec::new() }
    }

    fn of(&mut self, thing: &T) -> u32 {
        if let Some(&number) = self.of.get(thing) {
            return number;
        }
        let number = number(self.all.len());
        self.of.insert(thing.clone(), number);
        self.all.push(thing.clone());
        number
    }
}

fn number(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

struct Writer {
    texts: Numbers<Vec<u8>>,
    commits: Numbers<Commit>,
    sets: Numbers<Arc<Vec<Vec<u8>>>>,
    bytes: Vec<u8>,
}

impl Writer {
    fn number(&mut self, number: u32) {
        self.bytes.extend_from_slice(&number.to_be_bytes());
    }

    fn text(&mut self, text: &[u8]) {
        let number = self.texts.of(&text.to_vec());
        self.number(number);
    }

    fn id(&mut self, id: &gix::oid) {
        self.bytes.extend_from_slice(id.as_bytes());
    }

    fn commit(&mut self, commit: Option<&Commit>) {
        let Some(commit) = commit else { return self.number(NONE) };
        let number = self.commits.of(&Commit { path: Vec::new(), ..commit.clone() });
        self.number(number);
        self.text(&commit.path);
    }

    fn reach(&mut self, reach: &Reach) {
        let bits =
            flags(reach).map(u32::from).into_iter().rev().fold(0, |bits, bit| bits << 1 | bit);
        self.number(bits);
        let number = self.sets.of(&reach.refs);
        self.number(number);
    }

    fn origin(&mut self, id: &gix::oid, origin: &Origin) {
        self.id(id);
        self.commit(origin.introduced.as_ref());
        self.commit(origin.last.as_ref());
        self.number(u32::from(origin.is_link) | u32::from(origin.at_head) << 1);
        self.reach(&origin.reach);
        self.number(number(origin.paths.len()));
        for Standing { path, introduced, last, at_head, reach } in &origin.paths {
            self.text(path);
            self.commit(introduced.as_ref());
            self.commit(last.as_ref());
            self.number(u32::from(*at_head));
            self.reach(reach);
        }
    }

    /// The tables, and then what refers to them.
    fn finish(mut self, to: &mut Vec<u8>) {
        let origins = std::mem::take(&mut self.bytes);
        let commits = std::mem::take(&mut self.commits.all);
        self.number(number(commits.len()));
        for commit in &commits {
            self.id(&commit.id);
            self.bytes.extend_from_slice(&commit.time.to_be_bytes());
            self.text(&commit.author);
            self.text(&commit.mail);
            self.text(commit.subject.as_bytes());
        }
        let sets = std::mem::take(&mut self.sets.all);
        self.number(number(sets.len()));
        for set in &sets {
            self.number(number(set.len()));
            set.iter().for_each(|name| self.text(name));
        }
        let tables = std::mem::take(&mut self.bytes);
        let texts = std::mem::take(&mut self.texts.all);
        self.number(number(texts.len()));
        for text in &texts {
            self.number(number(text.len()));
            self.bytes.extend_from_slice(text);
        }
        to.extend(self.bytes);
        to.extend(tables);
        to.extend(origins);
    }
}

/// The kinds of what leads somewhere, in the order of their bits.
fn flags(reach: &Reach) -> [bool; 8] {
    let &Reach { refs: _, head, branch, remote, tag, stash, other, reflog, index } = reach;
    [head, branch, remote, tag, stash, other, reflog, index]
}

/// Adds what is known of these objects.
pub(super) fn write(origins: &HashMap<ObjectId, Origin>, to: &mut Vec<u8>) {
    let mut sorted: Vec<_> = origins.iter().collect();
    sorted.sort_unstable_by_key(|(id, _)| **id);
    let mut writer = Writer {
        texts: Numbers::new(),
        commits: Numbers::new(),
        sets: Numbers::new(),
        bytes: Vec::new(),
    };
    to.push(sorted.first().map_or(0, |(id, _)| u8::try_from(id.as_bytes().len()).unwrap_or(0)));
    writer.number(number(sorted.len()));
    sorted.into_iter().for_each(|(id, origin)| writer.origin(id, origin));
    writer.finish(to);
}

struct Reader<'b> {
    rest: &'b [u8],
    id_len: usize,
    texts: Vec<&'b [u8]>,
    commits: Vec<Commit>,
    sets: Vec<Arc<Vec<Vec<u8>>>>,
}

impl<'b> Reader<'b> {
    fn bytes(&mut self, len: usize) -> Option<&'b [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(bytes)
    }

    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(u32::from_be_bytes(*number))
    }

    /// As many as a number says.
    fn many<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()?;
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(one(self)?);
        }
        Some(all)
    }

    fn text(&mut self) -> Option<Vec<u8>> {
        let number = self.number()?;
        self.texts.get(number as usize).map(|text| text.to_vec())
    }

    fn id(&mut self) -> Option<ObjectId> {
        let bytes = self.bytes(self.id_len)?;
        Some(gix::oid::try_from_bytes(bytes).ok()?.to_owned())
    }

    fn told(&mut self) -> Option<Commit> {
        let id = self.id()?;
        let time = i64::from_be_bytes(*self.bytes(size_of::<i64>())?.first_chunk()?);
        let (author, mail) = (self.text()?, self.text()?);
        let subject = String::from_utf8(self.text()?).ok()?;
        Some(Commit { id, author, mail, time, subject, path: Vec::new() })
    }

    fn commit(&mut self) -> Option<Option<Commit>> {
        let number = self.number()?;
        if number == NONE {
            return Some(None);
        }
        let commit = self.commits.get(number as usize)?.clone();
        Some(Some(Commit { path: self.text()?, ..commit }))
    }

    fn flags<const N: usize>(&mut self) -> Option<[bool; N]> {
        let bits = self.number()?;
        (u64::from(bits) < 1 << N).then(|| std::array::from_fn(|at| bits >> at & 1 != 0))
    }

    fn reach(&mut self) -> Option<Reach> {
        let [head, branch, remote, tag, stash, other, reflog, index] = self.flags()?;
        let refs = self.number()?;
        let refs = Arc::clone(self.sets.get(refs as usize)?);
        Some(Reach { refs, head, branch, remote, tag, stash, other, reflog, index })
    }

    fn standing(&mut self) -> Option<Standing> {
        let path = self.text()?;
        let (introduced, last) = (self.commit()?, self.commit()?);
        let [at_head] = self.flags()?;
        Some(Standing { path, introduced, last, at_head, reach: self.reach()? })
    }

    fn origin(&mut self) -> Option<(ObjectId, Origin)> {
        let id = self.id()?;
        let (introduced, last) = (self.commit()?, self.commit()?);
        let [is_link, at_head] = self.flags()?;
        let reach = self.reach()?;
        let paths = self.many(Self::standing)?;
        Some((id, Origin { introduced, last, paths, is_link, at_head, reach }))
    }
}

/// What the bytes say; `None` where they are damaged.
pub(super) fn read(bytes: &[u8]) -> Option<HashMap<ObjectId, Origin>> {
    let (&id_len, rest) = bytes.split_first()?;
    let (texts, commits, sets) = (Vec::new(), Vec::new(), Vec::new());
    let mut reader = Reader { rest, id_len: id_len.into(), texts, commits, sets };
    reader.texts = reader.many(|reader| {
        let len = reader.number()?;
        reader.bytes(len as usize)
    })?;
    reader.commits = reader.many(Reader::told)?;
    reader.sets = reader.many(|reader| reader.many(Reader::text).map(Arc::new))?;
    let origins = reader.many(Reader::origin)?;
    reader.rest.is_empty().then(|| origins.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins() -> HashMap<ObjectId, Origin> {
        let id = |number: u8| ObjectId::from_bytes_or_panic(&[number; 20]);
        let commit = |number: u8, path: &[u8]| {
            let (author, mail) = (b"Ann".to_vec(), vec![b'a', 0xff]);
            let (time, subject) = (-i64::from(number), "fix".to_owned());
            Some(Commit { id: id(number), author, mail, time, subject, path: path.to_vec() })
        };
        let refs = Arc::new(vec![b"refs/heads/main".to_vec(), b"refs/tags/v1".to_vec()]);
        let reach = Reach { refs, branch: true, index: true, ..Reach::default() };
        let standing = |path: &[u8], number| Standing {
            path: path.to_vec(),
            introduced: commit(number, path),
            last: None,
            at_head: number == 1,
            reach: Reach::default(),
        };
        let one = Origin {
            introduced: commit(1, b"a/b"),
            last: commit(2, b""),
            paths: vec![standing(b"a/b", 1), standing(b"c", 2)],
            is_link: true,
            at_head: false,
            reach,
        };
        [(id(7), one), (id(3), Origin { at_head: true, ..Origin::default() })].into()
    }

    #[test]
    fn what_was_written_is_read_and_damage_is_seen() {
        for origins in [origins(), HashMap::new()] {
            let mut bytes = Vec::new();
            write(&origins, &mut bytes);
            assert_eq!(read(&bytes), Some(origins));
            (0..bytes.len()).for_each(|len| assert_eq!(read(&bytes[..len]), None, "{len}"));
            for at in 0..bytes.len() {
                let mut bytes = bytes.clone();
                bytes[at] ^= 0xff;
                // It may say something else, and must not end the program.
                drop(read(&bytes));
            }
            bytes.push(0);
            assert_eq!(read(&bytes), None);
        }
    }
}
