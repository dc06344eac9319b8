//! The list of what breaks a rule today (`tests/source/exceptions`). It only shrinks, and holds circles inside one folder alone, each
//! with its reason: `src/a/b.rs uses a::c # why`.
//!
//! `SHRINK_EXCEPTIONS=1` before the test deletes the lines that are no longer needed, sorts the rest, and adds none.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

/// A break of a rule.
pub(crate) struct Finding {
    /// As the list writes it.
    pub(crate) line: String,
    /// What is wrong with it, as the end of a sentence.
    pub(crate) why: String,
}

/// One test at a time has the file.
static FILE: Mutex<()> = Mutex::new(());

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/source/exceptions")
}

/// The whole list, one exception a line, sorted. ` # ` and a reason may follow.
fn list() -> Vec<String> {
    fs::read_to_string(path()).unwrap().lines().map(str::to_owned).collect()
}

/// The lines of the list that have a word in them: each rule has a word of its own.
pub(crate) fn listed(word: &str) -> Vec<String> {
    let _one = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    list().into_iter().filter(|line| claim(line).contains(word)).collect()
}

/// A line without its reason.
pub(crate) fn claim(line: &str) -> &str {
    line.split(" # ").next().unwrap_or_default()
}

/// Fails on what is found and not listed, and on what is listed and no longer found.
pub(crate) fn hold(listed: &[String], found: &[Finding]) {
    let lines: BTreeSet<&str> = listed.iter().map(|line| claim(line)).collect();
    let found_lines: BTreeSet<&str> = found.iter().map(|found| found.line.as_str()).collect();
    let mut wrong: BTreeSet<String> = found
        .iter()
        .filter(|found| !lines.contains(found.line.as_str()))
        .map(|found| format!("{} {}", found.line, found.why))
        .collect();
    let stale: Vec<_> =
        lines.difference(&found_lines).map(|line| ((*line).to_owned(), None)).collect();
    wrong.extend(settle(&stale));
    let wrong: Vec<String> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// What is to be done with lines that are no longer needed, or need another in their place; with `SHRINK_EXCEPTIONS` it is done.
pub(crate) fn settle(stale: &[(String, Option<String>)]) -> Vec<String> {
    if env::var_os("SHRINK_EXCEPTIONS").is_none() {
        let say = |(line, instead): &(String, Option<String>)| match instead {
            None => format!(
                "{line}: this is no longer so; delete the line from tests/source/exceptions (SHRINK_EXCEPTIONS=1 does)"
            ),
            Some(instead) => format!(
                "{line}: write '{instead}' into tests/source/exceptions (SHRINK_EXCEPTIONS=1 does)"
            ),
        };
        return stale.iter().map(say).collect();
    }
    let _one = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = list().into_iter().filter_map(|line| {
        match stale.iter().find(|(stale, _)| stale == claim(&line)) {
            Some((_, instead)) => instead.clone(),
            None => Some(line),
        }
    });
    let kept: BTreeSet<String> = kept.collect();
    fs::write(path(), kept.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    Vec::new()
}

/// Circles that the list may hold.
const MOST: usize = 5;

/// Whether a line excuses a use of one file by another in the same folder, and gives a reason.
fn is_circle_with_reason(line: &str) -> bool {
    let Some((claim, reason)) = line.split_once(" # ") else { return false };
    let Some((user, used)) = claim.split_once(" uses ") else { return false };
    let folder = used.rsplit_once("::").map(|(folder, _)| folder.replace("::", "/"));
    let user = user.strip_prefix("src/").and_then(|user| user.rsplit_once('/'));
    !reason.trim().is_empty() && user.map(|(folder, _)| folder.to_owned()) == folder
}

#[test]
fn the_list_holds_few_circles_inside_one_folder_each_with_its_reason() {
    let _one = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let list = list();
    assert!(list.len() <= MOST, "tests/source/exceptions has more than {MOST} lines");
    for line in list {
        assert!(is_circle_with_reason(&line), "tests/source/exceptions: '{line}'");
    }
    assert!(is_circle_with_reason("src/a/b/c.rs uses a::b::d # why"));
    for line in [
        "src/a/b.rs uses a::c",
        "src/a/b.rs uses a::c # ",
        "src/a/b.rs uses d::c # why",
        "src/commands/x.rs has at most 300 lines # why",
    ] {
        assert!(!is_circle_with_reason(line), "{line}");
    }
}

#[test]
fn the_list_is_sorted() {
    let _one = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    for pair in list().windows(2) {
        assert!(
            pair[0] < pair[1],
            "tests/source/exceptions: '{}' belongs behind '{}'",
            pair[0],
            pair[1]
        );
    }
}
