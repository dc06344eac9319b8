//! What to do about findings, by what was looked at.

use super::super::Context;
use super::look;
use crate::sanitise;
use crate::scan::walk::scope::Pushed;
use crate::scan::{Kind, Report, Scope};

/// Characters of a commit's id.
const SHORT: usize = 12;

/// Says what to do; `may_skip` where git would push without this look.
pub(super) fn advise(context: &Context, report: &Report, scope: &Scope, may_skip: bool) {
    match scope {
        Scope::Staged => {
            for path in look::paths(report) {
                context.ui.hint(format!("seal it: git shroud track {}", argument(&path)));
            }
            no_secret(context, report);
        }
        Scope::Pushed(pushed) => {
            for path in look::paths(report) {
                context.ui.hint(format!(
                    "seal it: git shroud track {}, in the very commit that brought it (git rebase -i)",
                    argument(&path)
                ));
            }
            context.ui.hint(
                "or take it out of the commit that brought it: a later commit does not take it back",
            );
            if let Some(range) = range(pushed) {
                context.ui.hint(format!("to see it again: git shroud scan {range}"));
            }
            no_secret(context, report);
            context.ui.hint("to let it pass: allow its fingerprint in .shroud/scan.toml");
            if may_skip {
                context.ui.hint("git push --no-verify pushes it all the same");
            }
        }
        Scope::All | Scope::Commits(_) => context
            .ui
            .hint("change each secret where it is used; removing it here does not take it back"),
    }
}

/// A path as it can be copied to a shell: whoever named the file must not have a say in what runs there.
fn argument(path: &[u8]) -> String {
    match sanitise::word(path) {
        Some(word) if path.starts_with(b"-") => format!("-- {word}"),
        Some(word) => word,
        None => "PATH".to_owned(),
    }
}

/// A mark allows nothing but patterns.
fn no_secret(context: &Context, report: &Report) {
    if report.findings.iter().any(|found| found.kind == Kind::Pattern) {
        context.ui.hint("if it is no secret, say so with 'shroud:allow' in a comment on its line");
    }
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
