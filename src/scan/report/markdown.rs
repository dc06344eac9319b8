//! GitHub's Markdown (GFM). What comes from a repository is in code spans only: in them nothing is a link, a tag, a
//! mention or a heading.

use std::io::{self, Write};

use super::{Options, words};
use crate::error::count;
use crate::sanitise::code_span;
use crate::scan::findings::{Finding, Report};

/// Findings in the table; a comment on GitHub holds 65,536 characters.
const MAX_FINDINGS: usize = 200;
/// Places of a finding that are listed.
const MAX_PLACES: usize = 3;
/// Lines of each list behind the table.
const MAX_LISTED: usize = 50;

pub(super) fn write(report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## Unencrypted secrets: {}\n", words::tally(report))?;
    if !report.is_complete() {
        let objects = count(report.unread.len() as u64, "object");
        writeln!(out, "**The answer is incomplete: {objects} could not be read.**\n")?;
    }
    if !report.findings.is_empty() {
        writeln!(out, "| Rank | Exposure | What | Value | Where | What to do |")?;
        writeln!(out, "|---|---|---|---|---|---|")?;
    }
    for finding in report.findings.iter().take(MAX_FINDINGS) {
        row(finding, options, out)?;
    }
    if report.findings.len() > MAX_FINDINGS {
        writeln!(out, "\nand {} more", report.findings.len() - MAX_FINDINGS)?;
    }
    let suppressed = report.suppressed.iter().map(|suppressed| {
        let place = suppressed.finding.occurrences.first().map(words::place).unwrap_or_default();
        format!(
            "{} at {}: {}",
            code(&suppressed.finding.rule),
            code(&place),
            code(&words::reason(&suppressed.reason))
        )
    });
    list("Allowed", suppressed, out)?;
    let unread = report.unread.iter();
    let unread = unread.map(|unread| format!("{}: {}", code(&unread.what), code(&unread.reason)));
    list("Could not be read", unread, out)?;
    list("Notes", words::remarks(report).into_iter().map(|remark| code(&remark)), out)?;
    writeln!(out, "\nLooked at {}.", words::looked_at(&report.looked_at))
}

fn row(finding: &Finding, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut places: Vec<_> = finding
        .occurrences
        .iter()
        .take(MAX_PLACES)
        .map(|occurrence| {
            format!("{} {}", code(&words::place(occurrence)), code(&words::life(occurrence)))
        })
        .collect();
    let more = finding.occurrences.len() - places.len();
    if more > 0 {
        places.push(format!("and {more} more"));
    }
    let mut what = format!("{} {}", code(&finding.description), code(&finding.rule));
    for fact in &finding.facts {
        what = format!("{what}<br>{}", code(fact));
    }
    writeln!(
        out,
        "| {} | {} | {what} | {} | {} | {} |",
        finding.rank.name(),
        words::exposure(finding),
        words::value(finding, options).map(|value| code(&value)).unwrap_or_default(),
        places.join("<br>"),
        code(&finding.advice),
    )
}

fn list(
    title: &str,
    lines: impl ExactSizeIterator<Item = String>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let all = lines.len();
    if all == 0 {
        return Ok(());
    }
    writeln!(out, "\n### {title}\n")?;
    for line in lines.take(MAX_LISTED) {
        writeln!(out, "- {line}")?;
    }
    if all > MAX_LISTED {
        writeln!(out, "- and {} more", all - MAX_LISTED)?;
    }
    Ok(())
}

/// A code span of any text within a table; nothing for none.
fn code(text: &str) -> String {
    // In a table a pipe ends the cell, in code too, unless it is escaped. Behind a backslash renderers do not agree.
    code_span(&words::line(text).replace("\\|", "\\¦").replace('|', "\\|"))
}
