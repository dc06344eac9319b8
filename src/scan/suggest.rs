//! Attribute lines that would seal files with findings.

use std::collections::{BTreeMap, BTreeSet};

use gix::bstr::ByteSlice as _;

use super::findings::Report;
use crate::detect::is_sealed_seldom;
use crate::git::GitError;
use crate::git::attributes_file::line_for;
use crate::git::repository::Repository;
use crate::progress::Progress;
use crate::sanitise;

/// Files of one line that are named.
const MAX_NAMED: usize = 8;

/// Writes the lines that would seal the files with findings, each below the files that it would seal: in a form that can be
/// put into `.gitattributes`.
///
/// # Errors
/// git cannot list the tracked files.
pub fn suggest(
    repository: &Repository,
    report: &Report,
    progress: &dyn Progress,
) -> Result<(), GitError> {
    let files = report.files_by_age();
    let listed = repository.git.run(["ls-files", "-z"])?;
    let tracked = listed.split_str(b"\0").filter(|path| !path.is_empty()).map(<[u8]>::to_vec);
    let tracked: BTreeSet<_> = tracked.collect();
    let named = |wanted: &dyn Fn(&[u8], bool) -> bool| -> BTreeSet<Vec<u8>> {
        let files = files.iter().filter(|(path, is_now)| wanted(path, **is_now));
        files.map(|(path, _)| path.clone()).collect()
    };
    let found = named(&|path, is_now| is_now && !is_sealed_seldom(path));
    let suggestions = suggestions(&found, &tracked);
    if suggestions.is_empty() {
        progress.status("there is no file that an attribute line could seal");
    }
    for suggestion in suggestions {
        let Some(line) = suggestion.line else {
            let name = sanitise::path(&suggestion.files[0]);
            progress.warning(&format!("no attribute line can name {name}"));
            continue;
        };
        progress.line(&format!("# seals {}", list(suggestion.files.iter())));
        progress.line(&String::from_utf8_lossy(&line));
    }
    let programs =
        named(&|path, is_now| is_now && is_sealed_seldom(path) && tracked.contains(path));
    if !programs.is_empty() {
        progress.status(&format!(
            "programs, documentation, lock files and other people's code are not proposed: {}",
            list(programs.iter())
        ));
        progress.hint("move their secrets to a file that is sealed");
    }
    let old = named(&|path, is_now| !is_now || !tracked.contains(path));
    if !old.is_empty() {
        progress.status(&format!("only old versions have a secret: {}", list(old.iter())));
        progress.hint("attributes do not change what is in history: see git shroud scrub");
    }
    Ok(())
}

/// The first of these paths, and how many more there are.
fn list<'p>(paths: impl ExactSizeIterator<Item = &'p Vec<u8>>) -> String {
    let more = paths.len().saturating_sub(MAX_NAMED);
    let mut named: Vec<_> = paths.take(MAX_NAMED).map(|path| sanitise::path(path)).collect();
    if more > 0 {
        named.push(format!("{more} more"));
    }
    named.join(", ")
}

/// An attribute line, and the files that it would seal.
#[derive(Debug, PartialEq, Eq)]
struct Suggestion {
    /// The line (gitattributes), without its end; `None` where no pattern can name the file.
    line: Option<Vec<u8>>,
    /// The tracked files that the line matches.
    files: Vec<Vec<u8>>,
}

/// Lines for the files of `found` that are tracked. One line serves for all files of a folder, or all that end alike in it,
/// where every such file has findings; so no line seals a file without any.
fn suggestions(found: &BTreeSet<Vec<u8>>, tracked: &BTreeSet<Vec<u8>>) -> Vec<Suggestion> {
    let mut left: BTreeSet<&Vec<u8>> = found.intersection(tracked).collect();
    let mut suggestions = Vec::new();
    for whole in [folder_group as fn(&[u8]) -> Option<Group>, ending_group] {
        let mut groups: BTreeMap<Group, Vec<&Vec<u8>>> = BTreeMap::new();
        for path in tracked {
            if let Some(group) = whole(path) {
                groups.entry(group).or_default().push(path);
            }
        }
        for (group, files) in groups {
            if files.len() > 1 && files.iter().all(|file| left.contains(file)) {
                left.retain(|path| !files.contains(path));
                let files = files.into_iter().cloned().collect();
                suggestions.push(Suggestion { line: line_for(&group.folder, &group.glob), files });
            }
        }
    }
    let one = |path: &Vec<u8>| Suggestion { line: line_for(path, b""), files: vec![path.clone()] };
    suggestions.extend(left.into_iter().map(one));
    suggestions.sort_by(|a, b| a.files.cmp(&b.files));
    suggestions
}

/// Files that one pattern matches.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    /// With its slash.
    folder: Vec<u8>,
    glob: Vec<u8>,
}

/// All files that are in the same folder, unless that is the top.
fn folder_group(path: &[u8]) -> Option<Group> {
    let folder = path[..=path.rfind_byte(b'/')?].to_vec();
    // The pattern matches no file of a folder below.
    Some(Group { folder, glob: b"*".to_vec() })
}

/// All files of the same folder whose names end alike.
fn ending_group(path: &[u8]) -> Option<Group> {
    let start = path.rfind_byte(b'/').map_or(0, |slash| slash + 1);
    let dot = path[start..].rfind_byte(b'.').filter(|&dot| dot > 0)?;
    let ending = &path[start + dot..];
    let is_plain = ending.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'.');
    is_plain.then(|| Group { folder: path[..start].to_vec(), glob: [b"*", ending].concat() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::attributes_file::sealing;

    fn lines(found: &[&str], others: &[&str]) -> Vec<(String, usize)> {
        let set = |paths: &[&str]| paths.iter().map(|path| path.as_bytes().to_vec()).collect();
        let found: BTreeSet<_> = set(found);
        let tracked: BTreeSet<_> = found.union(&set(others)).cloned().collect();
        let told =
            |one: Suggestion| (String::from_utf8(one.line.unwrap()).unwrap(), one.files.len());
        suggestions(&found, &tracked).into_iter().map(told).collect()
    }

    #[test]
    fn one_line_serves_where_it_takes_in_nothing_else() {
        let is = |line: &str, files| {
            vec![(format!("{line} {}", sealing(None, crate::format::Layout::default())), files)]
        };
        assert_eq!(lines(&["a/x.env", "a/y.env"], &["b"]), is("/a/*", 2));
        assert_eq!(lines(&["a/x.env", "a/y.env"], &["a/z"]), is("/a/*.env", 2));
        assert_eq!(lines(&["x.env", "y.env"], &["z"]), is("/*.env", 2));
        assert_eq!(lines(&["a/x.env", "a/y.env"], &["a/z.env"]).len(), 2);
        assert_eq!(lines(&["a/x"], &["b"]), is("/a/x", 1));
        assert_eq!(lines(&["a*/x.k", "a*/y.k"], &["a*/z"]), is("/a\\*/*.k", 2));
    }

    #[test]
    fn only_tracked_files_are_named() {
        let gone = BTreeSet::from([b"gone".to_vec()]);
        assert!(suggestions(&gone, &BTreeSet::new()).is_empty());
    }
}
