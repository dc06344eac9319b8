//! For reading in a terminal.

use std::io::{self, Write};

use super::{Options, summary, words};
use crate::error::count;
use crate::scan::findings::{Finding, Report};

/// Places of a finding that are listed.
const MAX_PLACES: usize = 5;
/// Lines of what is listed at the end.
const MAX_LISTED: usize = 50;

pub(super) fn write(report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let shown = options.limit.unwrap_or(usize::MAX);
    summary::write(report, shown, out)?;
    for finding in report.findings.iter().take(shown) {
        one(finding, options, out)?;
    }
    let more = report.findings.len().saturating_sub(shown);
    if more > 0 && shown > 0 {
        writeln!(
            out,
            "{} not shown: --limit all shows them\n",
            count(more as u64, "more finding")
        )?;
    }
    let suppressed = report.suppressed.iter().map(|suppressed| {
        let finding = &suppressed.finding;
        let place = finding.occurrences.first().map(words::place).unwrap_or_default();
        format!("{} at {place}: {}", words::line(&finding.rule), words::reason(&suppressed.reason))
    });
    list("allowed", &suppressed.collect::<Vec<_>>(), out)?;
    let unread = report.unread.iter();
    let unread = unread
        .map(|unread| format!("{}: {}", words::line(&unread.what), words::line(&unread.reason)));
    list("could not be read", &unread.collect::<Vec<_>>(), out)?;
    for remark in words::remarks(report) {
        writeln!(out, "{remark}")?;
    }
    writeln!(out, "{}", words::tally(report))?;
    writeln!(out, "looked at {}", words::looked_at(&report.looked_at))?;
    if !report.is_complete() {
        writeln!(
            out,
            "the answer is incomplete: {} could not be read",
            count(report.unread.len() as u64, "object")
        )?;
    }
    Ok(())
}

fn one(finding: &Finding, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rank = finding.rank.name();
    let rank = options.paint.map_or_else(|| rank.to_owned(), |paint| paint(finding.rank, rank));
    let description = words::line(&finding.description);
    let rule = words::line(&finding.rule);
    writeln!(out, "{rank}  {description} ({rule}), {}", words::exposure(finding))?;
    let mut field = |name: &str, text: &str| writeln!(out, "    {name:<12}{text}");
    if let Some(value) = words::value(finding, options) {
        field("value", &value)?;
    }
    for (at, occurrence) in finding.occurrences.iter().take(MAX_PLACES).enumerate() {
        field(if at == 0 { "at" } else { "" }, &words::place(occurrence))?;
        field("", &format!("  {}", words::life(occurrence)))?;
    }
    if let Some(more) = finding.occurrences.len().checked_sub(MAX_PLACES).filter(|&more| more > 0) {
        field("", &format!("and {} (other formats list all)", count(more as u64, "more place")))?;
    }
    if let Some(refs) = words::refs(finding) {
        field("refs", &refs)?;
    }
    for fact in &finding.facts {
        field("note", &words::line(fact))?;
    }
    if !finding.also.is_empty() {
        field("also", &words::line(&finding.also.join(", ")))?;
    }
    if !finding.advice.is_empty() {
        field("what to do", &words::line(&finding.advice))?;
    }
    if let Some(fingerprint) = &finding.fingerprint {
        field("fingerprint", &fingerprint.to_string())?;
    }
    writeln!(out)
}

fn list(title: &str, lines: &[String], out: &mut dyn Write) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "{title}:")?;
    for line in lines.iter().take(MAX_LISTED) {
        writeln!(out, "    {line}")?;
    }
    if lines.len() > MAX_LISTED {
        writeln!(out, "    and {} more (other formats list all)", lines.len() - MAX_LISTED)?;
    }
    writeln!(out)
}
