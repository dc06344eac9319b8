//! Markdown for a comment (GFM). What comes from a repository is in code spans only: in them nothing is a link, a tag, a mention
//! or a heading.

use super::{FileDifference, What, words};
use crate::error::count;
use crate::sanitise::{self, code_span};

/// Characters of all of it; a comment on GitHub holds 65,536.
const MAX_CHARS: usize = 60_000;
/// Names of a list of a file.
const MAX_NAMES: usize = 100;
/// Characters of a name.
const MAX_NAME: usize = 120;
/// By this line a job finds its comment again.
const MARK: &str = "<!-- git-shroud diff --masked -->";

/// The report. What is too much for a comment is counted.
pub fn markdown(differences: &[FileDifference]) -> String {
    let mut report = format!("{MARK}\n### What changed in sealed files\n\n");
    if differences.is_empty() {
        report.push_str("Nothing.\n");
        return report;
    }
    report.push_str("No value is shown.\n");
    let mut chars = report.chars().count();
    for (at, difference) in differences.iter().enumerate() {
        let block = block(difference);
        chars += block.chars().count();
        if chars > MAX_CHARS {
            let left = count((differences.len() - at) as u64, "more file");
            report.push_str(&format!("\nAnd {left}: `git shroud diff --masked` lists all.\n"));
            break;
        }
        report.push_str(&block);
    }
    report
}

fn block(difference: &FileDifference) -> String {
    let path = cut(&sanitise::path(&difference.path));
    let mut block = match words::clause(difference) {
        // A reason may hold names of the file.
        Some(clause) => match &difference.what {
            What::Unknown(_) => format!("\n**{path}**: {}\n", code_span(&clause)),
            _ => format!("\n**{path}**: {clause}\n"),
        },
        None => format!("\n**{path}**\n"),
    };
    let What::Names(names) = &difference.what else { return block };
    let mut lines = Vec::new();
    for (word, names, note) in [
        ("added", &names.added, ""),
        ("removed", &names.removed, ""),
        ("changed", &names.changed, ""),
        ("**plaintext now**", &names.exposed, ": was sealed"),
        ("set without the key", &names.by_public_key, ""),
    ] {
        let shown = names.iter().take(MAX_NAMES);
        lines
            .extend(shown.map(|name| {
                format!("- {word}: {}{note}\n", cut(&sanitise::path(name.as_bytes())))
            }));
        if names.len() > MAX_NAMES {
            lines.push(format!("- {word}: {} more\n", names.len() - MAX_NAMES));
        }
    }
    lines.extend(words::counted(names).map(|clause| format!("- {clause}\n")));
    if !lines.is_empty() {
        block.push('\n');
    }
    block.extend(lines);
    block
}

/// The beginning of a name as a code span.
fn cut(name: &str) -> String {
    let mut chars = name.chars();
    let start: String = chars.by_ref().take(MAX_NAME).collect();
    let rest = if chars.next().is_some() { "…" } else { "" };
    match code_span(&format!("{start}{rest}")) {
        span if span.is_empty() => "(a name of blanks)".to_owned(),
        span => span,
    }
}
