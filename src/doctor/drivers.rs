//! Whether git starts this program here, and whether a client that no shell has started can.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::process::{Command, Stdio};

use gix::bstr::ByteSlice as _;

use super::{Finding, Patient, advice, ok, problem};
use crate::git::config::{PROGRAM, TEXTCONV_PROGRAM, drivers, has_own_drivers, missing_drivers};
use crate::git::program_path::{SMALLEST_PATH, find, find_on_path, is_same_command, split};
use crate::git::repository::Repository;

/// Whether the programs are found by name, as 'git shroud' itself needs.
pub(super) fn program() -> Vec<Finding> {
    [PROGRAM, TEXTCONV_PROGRAM]
        .map(|name| match find_on_path(name) {
            Some(path) => ok("program", format!("{name} is {}", crate::sanitise::native(&path))),
            None => advice(
                "program",
                format!("{name} is not on PATH, so 'git shroud' does not find it"),
                "add its folder to PATH and run 'git shroud unlock' again",
            ),
        })
        .into()
}

pub(super) fn examine(patient: &Patient<'_>) -> Finding {
    let missing = missing_drivers(patient.repository);
    if missing.is_empty() {
        return ok(
            "drivers",
            match has_own_drivers(patient.repository) {
                true => "git uses git-shroud here",
                false => "git uses git-shroud here, by your own git configuration",
            },
        );
    }
    let names: Vec<_> = missing.iter().map(|(name, _)| *name).collect();
    problem(
        "drivers",
        format!("these git settings are missing or wrong: {}", names.join(", ")),
        "run 'git shroud unlock', which sets them",
    )
}

/// Programs that git does not start where `PATH` is as small as a graphical client may have it.
///
/// Only what is this very program is tried: a setting may name any.
pub(super) fn start_elsewhere(repository: &Repository) -> Option<Finding> {
    if cfg!(windows) {
        return None;
    }
    let config = repository.gix.config_snapshot();
    let mut words = BTreeSet::new();
    for (name, wanted) in drivers() {
        let set = config.string(name);
        let Some(set) = set.as_ref().and_then(|set| set.to_str().ok()) else { continue };
        if is_same_command(set, &wanted) && set != "true" && !name.ends_with(".name") {
            words.extend(split(set).map(|(word, _)| word));
        }
    }
    let failed: Vec<_> = words.into_iter().filter(|word| !starts(word)).collect();
    if failed.is_empty() {
        return None;
    }
    Some(advice(
        "drivers",
        format!(
            "with PATH={SMALLEST_PATH}, as graphical clients may have it, git cannot start {}",
            failed.iter().map(|word| crate::sanitise::line(word)).collect::<Vec<_>>().join(", ")
        ),
        "run 'git shroud unlock', which sets a full path",
    ))
}

fn starts(word: &str) -> bool {
    let Some(file) = find(word, OsStr::new(SMALLEST_PATH)) else { return false };
    let mut command = Command::new(file);
    // The helper has no options; without a file it says how it is used.
    if !word.ends_with(TEXTCONV_PROGRAM) && !word.ends_with(&format!("{TEXTCONV_PROGRAM}.exe")) {
        command.arg("--version");
    }
    command.env("PATH", SMALLEST_PATH);
    let done = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    done.is_ok_and(|done| matches!(done.code(), Some(0 | 2)))
}
