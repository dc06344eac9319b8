//! What to do about findings, by what was looked at.

use crate::git::pushed::Pushed;
use crate::sanitise;
use crate::scan::findings::{Kind, Report};
use crate::scan::walk::scope::Scope;

/// Characters of a commit's id.
const SHORT: usize = 12;

/// Says what to do, a hint each; `may_skip` where git would push without this look.
pub fn advice(report: &Report, scope: &Scope, may_skip: bool) -> Vec<String> {
    let mut hints = Vec::new();
    match scope {
        Scope::Staged => {
            for path in report.files() {
                hints.push(format!("seal it: git shroud track {}", argument(&path)));
            }
            hints.extend(no_secret(report));
        }
        Scope::Pushed(pushed) => {
            for path in report.files() {
                hints.push(format!(
                    "seal it: git shroud track {}, in the commit that added it (git rebase -i)",
                    argument(&path)
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
            (b"$(touch x)", "'$(touch x)'"),
            (b"-n", "-- -n"),
            (b"new\nline", "PATH"),
            (b"\xff.conf", "PATH"),
        ] {
            assert_eq!(argument(path), shown);
        }
    }
}
