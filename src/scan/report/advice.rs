//! What to do about findings, by what was looked at.

use std::collections::BTreeSet;

use crate::git::attributes::Attributes;
use crate::git::pushed::Pushed;
use crate::git::repository::Repository;
use crate::sanitise;
use crate::scan::findings::{Kind, Report};
use crate::scan::walk::scope::Scope;

/// Characters of a commit's id.
const SHORT: usize = 12;

/// Says what to do, a hint each; `may_skip` where git would push without this look.
pub fn advice(
    repository: &Repository,
    report: &Report,
    scope: &Scope,
    may_skip: bool,
) -> Vec<String> {
    let mut hints = Vec::new();
    let by_value = by_value(repository, report);
    match scope {
        Scope::Staged => {
            for path in report.files() {
                hints.push(seal_it(&path, by_value.contains(&path)));
            }
            hints.extend(no_secret(report));
        }
        Scope::Pushed(pushed) => {
            for path in report.files() {
                let how = seal_it(&path, by_value.contains(&path));
                hints.push(format!(
                    "{how}, then 'git commit --amend'; if an earlier commit added it: 'git shroud scrub --seal' after that"
                ));
            }
            hints.push(
                "or remove it from the commit that added it: a later commit does not remove it"
                    .to_owned(),
            );
            if let Some(range) = range(pushed) {
                hints.push(format!("to see the findings again: git shroud scan {range}"));
            }
            hints.extend(no_secret(report));
            hints.push("to allow it: add its fingerprint to .shroud/scan.toml".to_owned());
            if may_skip {
                hints.push("'git push --no-verify' pushes it anyway".to_owned());
            }
        }
        Scope::All | Scope::Commits(_) => hints
            .push("change each secret where it is used; removing it here is not enough".to_owned()),
    }
    hints
}

/// Another line would change nothing for a file that is sealed by value: what is found there stays readable in it.
fn seal_it(path: &[u8], is_by_value: bool) -> String {
    let path = argument(path);
    match is_by_value {
        false => format!("seal it: git shroud track {path}"),
        true => format!(
            "comments, names and exempt values of {path} are not sealed: take it out, or seal the file whole: git shroud track --whole {path}"
        ),
    }
}

/// Those of the files that are sealed by value.
fn by_value(repository: &Repository, report: &Report) -> BTreeSet<Vec<u8>> {
    let Ok(mut attributes) = Attributes::new(repository) else { return BTreeSet::new() };
    let mut is_it =
        |path: &Vec<u8>| attributes.of(path).is_ok_and(|of| of.sealed && of.by.is_value());
    report.files().into_iter().filter(|path| is_it(path)).collect()
}

/// A path as it can be copied to a shell: the person who named the file must not have a say in what runs there.
fn argument(path: &[u8]) -> String {
    match sanitise::word(path) {
        Some(word) if path.starts_with(b"-") => format!("-- {word}"),
        Some(word) => word,
        None => "PATH".to_owned(),
    }
}

/// A mark allows nothing but patterns.
fn no_secret(report: &Report) -> Option<String> {
    let is_pattern = report.findings.iter().any(|found| found.kind == Kind::Pattern);
    is_pattern
        .then(|| "if it is not a secret, add 'shroud:allow' in a comment on its line".to_owned())
}

/// What is pushed, as git log takes it. Only a push of commits has one.
fn range(pushed: &Pushed) -> Option<String> {
    let (first, last) = (pushed.commits.first()?, pushed.commits.last()?);
    let last = last.id.to_hex_with_len(SHORT);
    Some(match first.parents.first() {
        Some(parent) => format!("{}..{last}", parent.to_hex_with_len(SHORT)),
        None => last.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_can_be_copied_to_a_shell() {
        for (path, shown) in [
            (&b"conf/app-1.env"[..], "conf/app-1.env"),
            // No two shells of Windows read it alike.
            (b"$(touch x)", if cfg!(windows) { "PATH" } else { "'$(touch x)'" }),
            (b"-n", "-- -n"),
            (b"new\nline", "PATH"),
            (b"\xff.conf", "PATH"),
        ] {
            assert_eq!(argument(path), shown);
        }
    }
}
