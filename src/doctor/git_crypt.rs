//! What is wrong, or could be better, in a repository that git-crypt encrypts.

use std::collections::BTreeSet;

use super::files_of_keys::restrict;
use super::{Finding, Patient, advice, ok, problem};
use crate::error::count;
use crate::git::GitError;
use crate::git::attributes::Attributes;
use crate::git::config::missing_git_crypt_drivers;
use crate::git::worktree::Entries;
use crate::git_crypt::{KeyFile, Name};
use crate::status::{Foreign, find_opening};
use crate::store::git_crypt;

/// How many paths are named.
const NAMED: usize = 3;

pub(super) fn examine(patient: &Patient<'_>) -> Vec<Finding> {
    if patient.git_crypt.is_empty() && patient.git_crypt_names.is_empty() {
        return Vec::new();
    }
    let mut findings = vec![drivers(patient)];
    findings.extend(merge_default(patient));
    findings.extend(keys(patient));
    findings.extend(attributes(patient).unwrap_or_else(|error| {
        vec![problem("git-crypt-attributes", error.to_string(), "look at the output of git status")]
    }));
    findings
}

fn drivers(patient: &Patient<'_>) -> Finding {
    let held = patient.git_crypt.files().map(KeyFile::name);
    let names: BTreeSet<&Name> = held.chain(&patient.git_crypt_names).collect();
    let missing = missing_git_crypt_drivers(patient.repository, names);
    if missing.is_empty() {
        return ok(
            "git-crypt-drivers",
            "git uses git-shroud for the files that git-crypt encrypts",
        );
    }
    let config = patient.repository.gix.config_snapshot();
    let is_git_crypts = |command: &[u8]| {
        let has = |word: &[u8]| command.windows(word.len()).any(|part| part == word);
        has(b"git-crypt") && !has(b"git-shroud")
    };
    let of_git_crypt = missing.iter().any(|(name, _)| {
        name.ends_with(".clean")
            && config.string(name.as_str()).is_some_and(|set| is_git_crypts(&set))
    });
    if of_git_crypt {
        return advice(
            "git-crypt-drivers",
            "git uses git-crypt, not git-shroud, for the files that git-crypt encrypts",
            "'git shroud unlock' replaces it by git-shroud; the keys stay where they are",
        );
    }
    let names: Vec<_> = missing.iter().map(|(name, _)| name.as_str()).collect();
    problem(
        "git-crypt-drivers",
        format!("these git settings are missing or wrong: {}", names.join(", ")),
        "run 'git shroud unlock', which sets them",
    )
}

fn merge_default(patient: &Patient<'_>) -> Option<Finding> {
    let set = patient.repository.gix.config_snapshot().string("merge.default")?;
    (set.as_slice() != b"git-crypt").then(|| {
        advice(
            "git-crypt-merge",
            "merge.default names another merge driver, so git merges the files that git-crypt encrypts as encrypted bytes",
            "git config --unset merge.default, then 'git shroud unlock'",
        )
    })
}

fn keys(patient: &Patient<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in git_crypt::exposed(patient.repository.common_dir()) {
        findings.push(problem(
            "git-crypt-key",
            format!("others on this machine can read {}", crate::sanitise::native(&path)),
            restrict(&path, cfg!(windows)),
        ));
    }
    for file in patient.git_crypt.files() {
        let name = file.name();
        findings.push(match find_opening(patient.repository, file) {
            Ok(Foreign::No) => ok("git-crypt-key", format!("git-crypt key '{name}' is held")),
            Ok(Foreign::Unknown) => {
                ok("git-crypt-key", format!("git-crypt key '{name}' is held, and encrypts no file yet"))
            }
            Ok(Foreign::Yes) => problem(
                "git-crypt-key",
                format!("the held git-crypt key '{name}' opens no file here: it is the wrong key"),
                format!("git shroud lock --key {name} --force, then git shroud unlock with the right key"),
            ),
            Err(error) => problem("git-crypt-key", error.to_string(), "look at the output of git fsck"),
        });
    }
    for name in patient.git_crypt_names.iter().filter(|name| patient.git_crypt.of(name).is_none()) {
        let message = format!("git-crypt key '{name}' is not held: its files stay encrypted");
        findings.push(ok("git-crypt-key", message));
    }
    findings
}

/// Attributes that work against git-crypt.
fn attributes(patient: &Patient<'_>) -> Result<Vec<Finding>, GitError> {
    let mut lookup = Attributes::new(patient.repository)?;
    let (mut without_diff, mut converted, mut unnamed) = (Vec::new(), Vec::new(), Vec::new());
    for entry in Entries::read(patient.repository)?.files {
        let Ok(of) = lookup.of(&entry.path) else { continue };
        match of.git_crypt {
            None => continue,
            Some(Err(_)) => unnamed.push(entry.path.clone()),
            Some(Ok(_)) => {}
        }
        if !of.diff_fits {
            without_diff.push(entry.path.clone());
        }
        if of.conversion.is_some() {
            converted.push(entry.path);
        }
    }
    let mut findings = Vec::new();
    if !without_diff.is_empty() {
        findings.push(advice(
            "git-crypt-diff",
            format!("{} with filter=git-crypt but without diff=git-crypt: git diff shows encrypted bytes", list(&without_diff)),
            "write 'filter=git-crypt diff=git-crypt' in .gitattributes, with the same name in both",
        ));
    }
    if !converted.is_empty() {
        findings.push(advice(
            "git-crypt-conversion",
            format!("{} with an attribute that makes git change encrypted bytes (text, eol, ident, working-tree-encoding)", list(&converted)),
            "end the line with '-text -ident -working-tree-encoding': 'git shroud why PATH' names the attribute",
        ));
    }
    if !unnamed.is_empty() {
        findings.push(problem(
            "git-crypt-name",
            format!(
                "{} with a filter that cannot be the name of a git-crypt key, so git stores plaintext",
                list(&unnamed)
            ),
            "correct the name in .gitattributes: 'git shroud why PATH' shows the line",
        ));
    }
    Ok(findings)
}

fn list(paths: &[Vec<u8>]) -> String {
    let mut named: Vec<_> =
        paths.iter().take(NAMED).map(|path| crate::sanitise::path(path)).collect();
    if paths.len() > NAMED {
        named.push(format!("{} more", paths.len() - NAMED));
    }
    format!("{} ({})", count(paths.len() as u64, "file"), named.join(", "))
}
