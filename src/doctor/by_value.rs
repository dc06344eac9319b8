//! Files that are sealed by value, and those that should be.

use std::path::Path;

use super::{Finding, Patient, advice, ok, problem};
use crate::error::count;
use crate::git::GitError;
use crate::git::attributes::Attributes;
use crate::git::attributes_file::AttributesFile;
use crate::git::worktree::Entries;
use crate::status::{ByValue, FileStatus, NO_FORMAT, State};
use crate::store::public_keys::Pins;
use crate::store::received::Received;

/// How many files are named, each by itself.
const NAMED: usize = 10;
const BY_VALUE: &str = "by-value";

/// The lines, the macro, git's settings and the files; nothing where no line seals by value.
pub(super) fn examine(patient: &Patient<'_>, files: &[FileStatus]) -> Vec<Finding> {
    let Some(top) = &patient.repository.worktree else { return Vec::new() };
    let patterns = match patterns(patient, top) {
        Ok(patterns) if patterns.is_empty() => return Vec::new(),
        Ok(patterns) => patterns,
        Err(error) => {
            return vec![problem(BY_VALUE, error.to_string(), "look at the output of git fsck")];
        }
    };
    let mut findings = Vec::new();
    findings.extend(the_macro(top));
    findings.extend(textconv(patient));
    findings.extend(diff_drivers(patient, files));
    findings.extend(memory(patient));
    let whole = named(files, |file| match &file.by_value {
        Some(ByValue::Whole(Some(why))) if why != NO_FORMAT => Some((
            format!("is sealed whole: {why}"),
            "correct the file and 'git add' it; or, if it should be sealed whole: git shroud track --whole",
        )),
        Some(ByValue::Whole(None)) if file.can_change_form() => {
            Some(("is sealed whole".to_owned(), "git shroud status --fix"))
        }
        _ => None,
    });
    let unknown = named(files, |file| match (&file.state, &file.by_value) {
        (State::UnknownKey(id), Some(ByValue::Sealed { .. })) => Some((
            format!("holds values sealed with a key that .shroud/ does not describe (id {id})"),
            "'git log -p -- PATH' shows who wrote them",
        )),
        _ => None,
    });
    findings.extend(whole.into_iter().map(|(what, remedy)| advice(BY_VALUE, what, remedy)));
    findings.extend(unknown.into_iter().map(|(what, remedy)| problem(BY_VALUE, what, remedy)));
    findings.push(ok(BY_VALUE, summary(&patterns, files)));
    findings
}

/// What this clone remembers of values that are set without the key.
fn memory(patient: &Patient<'_>) -> Vec<Finding> {
    let common_dir = patient.repository.common_dir();
    let pins = Pins::load(common_dir).err().map(|error| {
        problem(
            BY_VALUE,
            format!("the list of public keys that this clone has seen cannot be read: {error}"),
            "delete the file public-keys in .git/git-shroud, and compare the public key that the next 'git add' names with what 'git shroud key list --json' says to a holder of the key",
        )
    });
    let received = Received::load(common_dir).filter(Received::has_forgotten).map(|_| {
        advice(
            BY_VALUE,
            "this clone does not remember all values that people without the key have set (.git/git-shroud/received): it seals what changes to the public key".to_owned(),
            "make it a file that you can read and write; where it was full, make a new clone",
        )
    });
    pins.into_iter().chain(received).collect()
}

/// `conf/**: 2 files are sealed by value, with 5 values`.
fn summary(patterns: &[String], files: &[FileStatus]) -> String {
    let values = |file: &FileStatus| match file.by_value {
        Some(ByValue::Sealed { values, .. }) => Some(values as u64),
        _ => None,
    };
    let sealed: Vec<u64> = files.iter().filter_map(values).collect();
    let nameless = |file: &&FileStatus| matches!(&file.by_value, Some(ByValue::Whole(Some(why))) if why == NO_FORMAT);
    let more = match files.iter().filter(nameless).count() {
        0 => String::new(),
        more => {
            format!("; {} more whole, with names that tell no format", count(more as u64, "file"))
        }
    };
    let mut named = patterns.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if patterns.len() > NAMED {
        named.push_str(" …");
    }
    let are = if sealed.len() == 1 { "is" } else { "are" };
    format!(
        "{named}: {} {are} sealed by value, with {}{more}",
        count(sealed.len() as u64, "file"),
        count(sealed.iter().sum(), "value"),
    )
}

/// The first of these files, and how many there are besides.
fn named(
    files: &[FileStatus],
    what: impl Fn(&FileStatus) -> Option<(String, &'static str)>,
) -> Vec<(String, &'static str)> {
    let found = files.iter().filter_map(|file| Some((file, what(file)?)));
    let mut all: Vec<(String, &'static str)> = found
        .map(|(file, (what, remedy))| {
            (format!("{} {what}", crate::sanitise::path(&file.path)), remedy)
        })
        .collect();
    let more = all.len().saturating_sub(NAMED);
    all.truncate(NAMED);
    if more > 0 {
        let message = format!("so it is with {}", count(more as u64, "more file"));
        all.push((message, "run 'git shroud status'"));
    }
    all
}

/// The patterns of lines that seal by value, with the folder of their file before them.
fn patterns(patient: &Patient<'_>, top: &Path) -> Result<Vec<String>, GitError> {
    let mut patterns = Vec::new();
    for entry in Entries::read(patient.repository)?.files {
        let Some(folder) = entry.path.strip_suffix(b".gitattributes") else { continue };
        let Some(native) = crate::repo_path::to_native(&entry.path) else { continue };
        let Ok(file) = AttributesFile::read(&top.join(native)) else { continue };
        if !folder.is_empty() && !folder.ends_with(b"/") {
            continue;
        }
        let lines = file.tracked().into_iter().filter(|line| line.values.is_some());
        let shown = |pattern: Vec<u8>| crate::sanitise::path(&[folder, &pattern].concat());
        patterns.extend(lines.map(|line| shown(line.pattern)));
    }
    Ok(patterns)
}

/// The macro brings the tripwire to the lines; all else they say themselves.
fn the_macro(top: &Path) -> Option<Finding> {
    let file = AttributesFile::read(&top.join(".gitattributes")).ok()?;
    let remedy = "'git shroud track --values PATTERN' with a tracked pattern writes it again; 'git log -p -- .gitattributes' shows who changed it";
    match file.values_macro_is_sound() {
        Some(true) => None,
        Some(false) => Some(problem(
            "macro",
            "the line [attr]shroud-values in .gitattributes is not as it should be, so lines with only 'shroud-values' seal otherwise, or nothing",
            remedy,
        )),
        None => Some(advice(
            "macro",
            ".gitattributes does not define the macro 'shroud-values'; its lines seal without it, but without the tripwire",
            remedy,
        )),
    }
}

/// Files by value have no textconv: git compares, blames and stages their lines as they are stored.
fn textconv(patient: &Patient<'_>) -> Option<Finding> {
    let config = patient.repository.gix.config_snapshot();
    config.string("diff.shroud-values.textconv")?;
    Some(problem(
        "textconv",
        "diff.shroud-values.textconv is set: 'git blame' and 'git add -p' do not work on files sealed by value",
        "git config --unset diff.shroud-values.textconv",
    ))
}

fn diff_drivers(patient: &Patient<'_>, files: &[FileStatus]) -> Option<Finding> {
    let mut attributes = Attributes::new(patient.repository).ok()?;
    let mut unlike = Vec::new();
    for file in files.iter().filter(|file| file.by_value.is_some()) {
        let of = attributes.of(&file.path).ok()?;
        if of.by.is_value() && !of.diff_fits {
            unlike.push(crate::sanitise::path(&file.path));
        }
    }
    let first = unlike.first()?;
    Some(advice(
        "attribute-lines",
        format!(
            "{} sealed by value lack diff=shroud-values, first {first}: 'git blame' and 'git add -p' do not work on them",
            count(unlike.len() as u64, "file")
        ),
        "git shroud track --values PATTERN",
    ))
}
