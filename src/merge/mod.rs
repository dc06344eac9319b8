//! Merging three versions of a text as `git merge-file` does, in memory alone; and configuration files by their keys.

mod align;
mod by_key;
mod doubled;

use std::ffi::OsString;

pub use by_key::by_key;
pub use doubled::{Undoubled, undouble};
use git2::{IndexEntry, IndexTime, MergeFileOptions, Odb, Oid, Repository};
use zeroize::Zeroizing;

/// Bytes in which git looks for a zero byte, which makes a file binary.
const BINARY_CHECK: usize = 8000;

/// What to call the three versions in conflict markers.
#[derive(Debug, PartialEq, Eq)]
pub struct Labels {
    base: String,
    ours: String,
    theirs: String,
}

impl Labels {
    /// Takes git's `%S %X %Y`; a git that does not know them gives them as they are.
    pub fn new(given: &[OsString]) -> Self {
        let label = |at: usize, default: &str| {
            let given = given.get(at).map(|label| label.to_string_lossy().into_owned());
            given.filter(|label| !label.starts_with('%')).unwrap_or_else(|| default.to_owned())
        };
        Self { base: label(0, "base"), ours: label(1, "ours"), theirs: label(2, "theirs") }
    }
}

impl Labels {
    /// The labels of base, ours and theirs.
    pub fn into_parts(self) -> [String; 3] {
        [self.base, self.ours, self.theirs]
    }
}

/// The outcome of a merge.
#[derive(Debug)]
pub enum Merged {
    /// Without conflict.
    Clean(Zeroizing<Vec<u8>>),
    /// With conflict markers.
    Conflict(Zeroizing<Vec<u8>>),
    /// Not text, so not merged.
    Binary,
}

/// Merges by lines. `style` is `merge.conflictStyle`: merge, diff3 or zdiff3.
///
/// # Errors
/// libgit2's, for want of memory.
pub fn text(
    base: &[u8],
    ours: &[u8],
    theirs: &[u8],
    labels: &Labels,
    marker_size: u16,
    style: Option<&str>,
) -> Result<Merged, git2::Error> {
    if ours == theirs || theirs == base {
        return Ok(Merged::Clean(Zeroizing::new(ours.to_vec())));
    }
    if ours == base {
        return Ok(Merged::Clean(Zeroizing::new(theirs.to_vec())));
    }
    let is_binary = |text: &[u8]| text[..text.len().min(BINARY_CHECK)].contains(&0);
    if [base, ours, theirs].into_iter().any(is_binary) {
        return Ok(Merged::Binary);
    }
    // A repository that exists in memory alone.
    let odb = Odb::new()?;
    odb.add_new_mempack_backend(1)?;
    let repository = Repository::from_odb(odb)?;
    let entry = |text: &[u8]| repository.blob(text).map(index_entry);
    let mut options = MergeFileOptions::new();
    options
        .ancestor_label(labels.base.as_str())
        .our_label(labels.ours.as_str())
        .their_label(labels.theirs.as_str())
        .marker_size(marker_size);
    match style {
        Some("diff3") => options.style_diff3(true),
        Some("zdiff3") => options.style_zdiff3(true),
        _ => options.style_standard(true),
    };
    let merged = repository.merge_file_from_index(
        &entry(base)?,
        &entry(ours)?,
        &entry(theirs)?,
        Some(&mut options),
    )?;
    let mut content = Zeroizing::new(merged.content().to_vec());
    if !merged.is_automergeable() {
        name_empty_sides(&mut content, ours.is_empty(), theirs.is_empty(), labels, marker_size);
        if base.is_empty() {
            name_empty_base(&mut content, labels, marker_size);
        }
    }
    Ok(if merged.is_automergeable() { Merged::Clean(content) } else { Merged::Conflict(content) })
}

/// Adds the label of an empty side, which libgit2 leaves out. Such a conflict is one, from the first line to the last.
fn name_empty_sides(
    content: &mut Zeroizing<Vec<u8>>,
    ours: bool,
    theirs: bool,
    labels: &Labels,
    marker_size: u16,
) {
    let (place, sign, label) = match (ours, theirs) {
        (true, false) => (0, b'<', &labels.ours),
        (false, true) => {
            let text = content.trim_ascii_end().len();
            (text.saturating_sub(marker_size.into()), b'>', &labels.theirs)
        }
        _ => return,
    };
    let end = place + usize::from(marker_size);
    let bare =
        content.get(place..end).is_some_and(|marker| marker.iter().all(|byte| *byte == sign))
            && matches!(content.get(end), Some(b'\r' | b'\n'));
    if bare {
        name_marker(content, end, label);
    }
}

/// The same for the base, whose marker is right before the one between the sides, as there is nothing of it.
fn name_empty_base(content: &mut Zeroizing<Vec<u8>>, labels: &Labels, marker_size: u16) {
    let is_marker = |line: &[u8], sign: u8| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.len() == usize::from(marker_size) && line.iter().all(|byte| *byte == sign)
    };
    let mut lines = content.split(|&byte| byte == b'\n').peekable();
    let mut place = 0;
    while let Some(line) = lines.next() {
        if is_marker(line, b'|') && lines.peek().is_some_and(|next| is_marker(next, b'=')) {
            return name_marker(content, place + usize::from(marker_size), &labels.base);
        }
        place += line.len() + 1;
    }
}

/// Puts a label behind the marker that ends at this place.
fn name_marker(content: &mut Zeroizing<Vec<u8>>, end: usize, label: &str) {
    // Made again, so that growing leaves no copy behind.
    let (before, after) = content.split_at(end);
    let named = [before, b" ", label.as_bytes(), after].concat();
    *content = Zeroizing::new(named);
}

fn index_entry(id: Oid) -> IndexEntry {
    let time = IndexTime::new(0, 0);
    IndexEntry {
        ctime: time,
        mtime: time,
        dev: 0,
        ino: 0,
        mode: 0o100_644,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: b"file".to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Labels {
        Labels::new(&["base", "HEAD", "topic"].map(OsString::from))
    }

    fn merge(base: &str, ours: &str, theirs: &str, style: Option<&str>) -> (String, bool) {
        let merged =
            text(base.as_bytes(), ours.as_bytes(), theirs.as_bytes(), &labels(), 7, style).unwrap();
        match merged {
            Merged::Clean(content) => (String::from_utf8(content.to_vec()).unwrap(), true),
            Merged::Conflict(content) => (String::from_utf8(content.to_vec()).unwrap(), false),
            Merged::Binary => panic!("text is not binary"),
        }
    }

    #[test]
    fn edits_apart_are_merged() {
        let base = "a\nb\nc\nd\ne\nf\ng\n";
        let (merged, clean) =
            merge(base, &base.replace("a\n", "A\n"), &base.replace("g\n", "G\n"), None);
        assert!(clean);
        assert_eq!(merged, "A\nb\nc\nd\ne\nf\nG\n");
    }

    #[test]
    fn a_conflict_has_the_markers_of_git() {
        let (merged, clean) = merge("a\n", "b\n", "c\n", None);
        assert!(!clean);
        assert_eq!(merged, "<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> topic\n");
        let (merged, _) = merge("a\n", "b\n", "c\n", Some("diff3"));
        assert_eq!(merged, "<<<<<<< HEAD\nb\n||||||| base\na\n=======\nc\n>>>>>>> topic\n");
    }

    #[test]
    fn an_empty_side_is_named_too() {
        let (merged, _) = merge("a\nb\n", "", "a\nc\n", None);
        assert_eq!(merged, "<<<<<<< HEAD\n=======\na\nc\n>>>>>>> topic\n");
        let (merged, _) = merge("a\nb\n", "a\nc", "", None);
        assert_eq!(merged, "<<<<<<< HEAD\na\nc\n=======\n>>>>>>> topic\n");
        let (merged, _) = merge("a\r\nb\r\n", "a\r\nc\r\n", "", None);
        assert_eq!(merged, "<<<<<<< HEAD\r\na\r\nc\r\n=======\r\n>>>>>>> topic\r\n");
    }

    #[test]
    fn an_empty_base_is_named_too() {
        let both = "<<<<<<< HEAD\nb\n||||||| base\n=======\nc\n>>>>>>> topic\n";
        for style in ["diff3", "zdiff3"] {
            assert_eq!(merge("", "b\n", "c\n", Some(style)).0, both);
            // git goes by the base for the line ends of its markers, and there is none.
            let windows = both.replace("b\n", "b\r\n").replace("c\n>", "c\r\n>");
            assert_eq!(merge("", "b\r\n", "c\r\n", Some(style)).0, windows);
        }
    }

    #[test]
    fn one_sided_edits_need_no_merge_even_of_binary_files() {
        let binary = |merged: Merged| matches!(merged, Merged::Binary);
        let merge = |b: &[u8], o: &[u8], t: &[u8]| text(b, o, t, &labels(), 7, None).unwrap();
        assert!(matches!(merge(b"\0a", b"\0b", b"\0a"), Merged::Clean(c) if *c == b"\0b"));
        assert!(matches!(merge(b"\0a", b"\0a", b"\0c"), Merged::Clean(c) if *c == b"\0c"));
        assert!(matches!(merge(b"\0a", b"\0d", b"\0d"), Merged::Clean(c) if *c == b"\0d"));
        assert!(binary(merge(b"\0a", b"\0b", b"\0c")));
    }

    #[test]
    fn an_older_git_gives_no_labels() {
        let given = ["%S", "%X", "%Y"].map(OsString::from);
        assert_eq!(Labels::new(&given), Labels::new(&[]));
    }
}
