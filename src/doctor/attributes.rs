//! What is wrong, or could be better, in the files with attributes.

use std::path::Path;

use super::{Finding, Patient, advice, ok, problem};
use crate::error::count;
use crate::git::attributes::Attributes;
use crate::git::attributes_file::{AttributesFile, exception_for, lacks_tripwire};
use crate::git::own_files::{folder_of, is_own};
use crate::git::worktree::Entries;
use crate::status::{FileStatus, State};

/// The macro, the tripwire, and lines that name the macro alone.
pub(super) fn examine(patient: &Patient<'_>) -> Vec<Finding> {
    let Some(top) = &patient.repository.worktree else { return Vec::new() };
    let mut findings = Vec::new();
    let path = top.join(".gitattributes");
    let local = AttributesFile::read(&patient.repository.common_dir().join("info/attributes"));
    match AttributesFile::read(&path) {
        Ok(file) => match file.macro_has_tripwire() {
            Some(_) if !file.macro_seals() => findings.push(problem(
                "macro",
                "the line [attr]shroud in .gitattributes lacks filter=shroud, so lines with only 'shroud' seal nothing",
                "'git log -p -- .gitattributes' shows who changed it; 'git shroud track PATTERN' writes it again",
            )),
            Some(tripwire) => {
                let with = if tripwire { ", with the tripwire" } else { "" };
                findings.push(ok("macro", format!(".gitattributes defines the macro 'shroud'{with}")));
                findings.extend(
                    lacks_tripwire(&file).map(|(what, remedy)| advice("tripwire", what, remedy)),
                );
                let disarmed = local.is_ok_and(|file| file.macro_has_tripwire() == Some(false));
                if tripwire && !disarmed {
                    findings.push(problem(
                        "tripwire",
                        "the tripwire is not disarmed here, so git cannot add tracked files",
                        "run 'git shroud unlock'",
                    ));
                }
            }
            None => findings.push(without_macro(&file)),
        },
        Err(error) => findings.push(problem("macro", error.to_string(), remedy(&path))),
    }
    findings.extend(old_lines(patient, top));
    findings
}

fn without_macro(file: &AttributesFile) -> Finding {
    let remedy = "'git shroud track PATTERN' with a tracked pattern writes it again; 'git log -p -- .gitattributes' shows who removed it";
    if !file.tracked().is_empty() && file.not_written_out().is_empty() {
        let message = ".gitattributes does not define the macro 'shroud'; its lines seal without it, but the tripwire is missing";
        return advice("macro", message, remedy);
    }
    let message = ".gitattributes does not define the macro 'shroud', so lines with only 'shroud' seal nothing in other clones";
    problem("macro", message, remedy)
}

/// What to do about a file that cannot be read.
fn remedy(path: &Path) -> String {
    let is_link = path.symlink_metadata().is_ok_and(|there| there.is_symlink());
    if is_link {
        // Anybody who gets the file must see the lines that counted for its author.
        return "replace it by a regular file with the same lines: cp --remove-destination \"$(readlink -f .gitattributes)\" .gitattributes".to_owned();
    }
    if path.is_dir() {
        return "replace it by a regular file".to_owned();
    }
    "make it a regular, readable file in UTF-8".to_owned()
}

/// Lines that say the macro alone mean nothing to programs that know no macros.
fn old_lines(patient: &Patient<'_>, top: &Path) -> Option<Finding> {
    let entries = Entries::read(patient.repository).ok()?.files;
    let name = b".gitattributes";
    let is_file = |path: &[u8]| path.rsplit(|&byte| byte == b'/').next() == Some(name);
    let mut lines = 0;
    for entry in entries.iter().filter(|entry| is_file(&entry.path)) {
        let Some(native) = crate::repo_path::to_native(&entry.path) else { continue };
        let file = AttributesFile::read(&top.join(native));
        lines += file.map_or(0, |file| file.not_written_out().len());
    }
    (lines > 0).then(|| {
        advice(
            "attribute-lines",
            format!(
                "{} of .gitattributes use only the macro 'shroud': programs that ignore macros (dulwich, jj) store plaintext there",
                count(lines as u64, "line")
            ),
            "git shroud track --write-out",
        )
    })
}

/// git reads its own files, and this program `.shroud/`, without any filter.
pub(super) fn own_files(patient: &Patient<'_>) -> Vec<Finding> {
    let looked = Attributes::new(patient.repository).and_then(|mut attributes| {
        let mut findings = Vec::new();
        for entry in Entries::read(patient.repository)?.files {
            let exception = exception_for(&entry.path);
            let of_folder = folder_of(&entry.path);
            if !is_own(&entry.path) || !attributes.of(&entry.path)?.is_encrypted() {
                continue;
            }
            let path = crate::sanitise::path(&entry.path);
            let remedy = match (exception, of_folder) {
                (Some(line), _) => format!("add at the end of .gitattributes: {line}; then git add --renormalize {}", crate::sanitise::word_or(&entry.path, "PATH")),
                (None, folder) => format!(
                    "restore {0}/.gitattributes, which keeps filters off: git checkout HEAD -- {0}/.gitattributes",
                    folder.unwrap_or_default()
                ),
            };
            let message = format!("an attribute seals {path}, but git must read this file");
            findings.push(problem("own-files", message, remedy));
        }
        Ok(findings)
    });
    looked.unwrap_or_else(|error| {
        vec![problem("own-files", error.to_string(), "look at the output of git status")]
    })
}

/// How many paths whose attributes are in doubt are named each by itself.
const NAMED: usize = 10;

/// The finding about a file whose attributes are at odds.
pub(super) fn in_doubt(file: &FileStatus) -> Option<Finding> {
    let State::Conflict(why) = &file.state else { return None };
    Some(problem(
        "attribute-conflict",
        format!("{}: {why}", crate::sanitise::path(&file.path)),
        "'git log -p -- .gitattributes' shows who changed it; restore the line that seals the path, as the last one for it",
    ))
}

/// The first of the findings, and how many there are besides.
pub(super) fn few(mut findings: Vec<Finding>) -> Vec<Finding> {
    let more = findings.len().saturating_sub(NAMED);
    findings.truncate(NAMED);
    if more > 0 {
        let message = format!("{} more are in the same state", count(more as u64, "file"));
        findings.push(problem("attribute-conflict", message, "run 'git shroud status'"));
    }
    findings
}
