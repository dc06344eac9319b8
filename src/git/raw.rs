//! The lists of changes of `git log --raw -z`, `git diff --raw -z` and their like (git-diff, "Raw output format").
//!
//! A change is one colon for each parent; a mode and an id for each parent and for the result; a letter for each parent. Then comes
//! the path. `--format=%x01…` puts a record before the changes of each commit.

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use super::GitError;

/// Begins what a format says of a commit: no change begins so.
const COMMIT: u8 = 1;
/// The mode of a submodule.
const SUBMODULE: &[u8] = b"160000";

/// One record of such a list.
#[derive(Debug, PartialEq, Eq)]
pub enum Record<'l> {
    /// What the format says of a commit, without the byte 1 that it begins with. The commit's changes follow.
    Commit(&'l [u8]),
    /// What became of a path.
    Change(Change<'l>),
}

/// What became of a path.
#[derive(Debug, PartialEq, Eq)]
pub struct Change<'l> {
    /// The path, from the top of the worktree.
    pub path: &'l [u8],
    /// A letter for each parent, as `M` for a change and `U` for a conflict.
    pub status: &'l [u8],
    /// The path in each parent.
    pub before: Vec<Side<'l>>,
    /// The path in the result.
    pub after: Side<'l>,
}

/// A path on one side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side<'l> {
    /// Its mode, in six octal digits; zeros where it is not there.
    pub mode: &'l [u8],
    id: ObjectId,
}

impl Side<'_> {
    /// The object; `None` where the path is not there, or git has no object of it yet.
    pub fn id(&self) -> Option<ObjectId> {
        // Before 2.28 git names the empty tree where a file is to be added and is not yet ('git add -N').
        (!self.id.is_null() && !self.id.is_empty_tree()).then_some(self.id)
    }

    /// The object, if it is no submodule, whose objects are elsewhere.
    pub fn own_id(&self) -> Option<ObjectId> {
        self.id().filter(|_| self.mode != SUBMODULE)
    }

    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        self.mode.starts_with(b"100")
    }
}

/// The records of a list.
pub fn records(listed: &[u8]) -> impl Iterator<Item = Result<Record<'_>, GitError>> {
    let mut fields = listed.split(|&byte| byte == 0);
    std::iter::from_fn(move || {
        loop {
            // git puts a line end behind what a format says.
            let field = fields.next()?.trim_ascii_start();
            match field.first() {
                None => {}
                Some(&COMMIT) => return Some(Ok(Record::Commit(&field[1..]))),
                Some(_) => {
                    let change = fields.next().and_then(|path| parse(field, path));
                    return Some(change.map(Record::Change).ok_or_else(unknown));
                }
            }
        }
    })
}

/// The changes of a list, without what it says of commits.
pub fn changes(listed: &[u8]) -> impl Iterator<Item = Result<Change<'_>, GitError>> {
    records(listed).filter_map(|record| match record {
        Ok(Record::Commit(_)) => None,
        Ok(Record::Change(change)) => Some(Ok(change)),
        Err(error) => Some(Err(error)),
    })
}

fn unknown() -> GitError {
    GitError::read("git listed a change in an unknown form")
}

fn parse<'l>(change: &'l [u8], path: &'l [u8]) -> Option<Change<'l>> {
    let parents = change.iter().take_while(|&&byte| byte == b':').count();
    let fields: Vec<&[u8]> = change[parents..].fields().collect();
    let sides = parents + 1;
    if parents == 0 || fields.len() != 2 * sides + 1 {
        return None;
    }
    let side = |at: usize| {
        Some(Side { mode: fields[at], id: ObjectId::from_hex(fields[sides + at]).ok()? })
    };
    let before = (0..parents).map(side).collect::<Option<_>>()?;
    Some(Change { path, status: fields[2 * sides], before, after: side(parents)? })
}

#[cfg(test)]
mod tests {
    use gix::hash::Kind;

    use super::*;

    fn id(digit: &str) -> ObjectId {
        ObjectId::from_hex(digit.repeat(40).as_bytes()).unwrap()
    }

    #[test]
    fn commits_and_their_changes_are_read() {
        let (one, two, none) = ("1".repeat(40), "2".repeat(40), "0".repeat(40));
        let listed = format!(
            "\u{1}a commit\0\n:100644 100755 {two} {one} M\0a b\0::100644 100644 160000 {none} {one} {two} MM\0:c\nd\0\u{1}\0"
        );
        let records: Vec<_> = records(listed.as_bytes()).map(Result::unwrap).collect();
        let side = |mode: &'static str, id| Side { mode: mode.as_bytes(), id };
        let expected = [
            Record::Commit(b"a commit"),
            Record::Change(Change {
                path: b"a b",
                status: b"M",
                before: vec![side("100644", id("2"))],
                after: side("100755", id("1")),
            }),
            Record::Change(Change {
                path: b":c\nd",
                status: b"MM",
                before: vec![side("100644", id("0")), side("100644", id("1"))],
                after: side("160000", id("2")),
            }),
            Record::Commit(b""),
        ];
        assert_eq!(records, expected);
        let Record::Change(merge) = &records[2] else { panic!("it is a change") };
        assert_eq!((merge.before[0].id(), merge.before[1].id()), (None, Some(id("1"))));
        assert_eq!((merge.after.id(), merge.after.own_id()), (Some(id("2")), None));
        let to_be_added = Side { mode: b"100644", id: ObjectId::empty_tree(Kind::Sha1) };
        assert_eq!(to_be_added.id(), None);
        assert!(merge.before[1].is_file() && !merge.after.is_file());
        assert_eq!(changes(listed.as_bytes()).count(), 2);
    }

    #[test]
    fn other_forms_are_refused() {
        assert_eq!(records(b"").count(), 0);
        let one = "1".repeat(40);
        for wrong in [
            "x\0a\0".to_owned(),
            ":1 2\0a\0".to_owned(),
            ":100644".to_owned(),
            format!(":100644 100644 {one} {one} M"),
            format!(":100644 100644 {one} {one}\0a\0"),
            format!("100644 100644 {one} {one} M\0a\0"),
            format!("::100644 100644 {one} {one} M\0a\0"),
            format!(":100644 100644 {one} zz M\0a\0"),
        ] {
            assert!(records(wrong.as_bytes()).any(|record| record.is_err()), "{wrong:?}");
        }
    }
}
