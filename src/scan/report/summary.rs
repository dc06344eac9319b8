//! How many findings there are of each kind and in each folder: where there are many, it is what one reads first.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

use super::words;
use crate::scan::findings::{Finding, Report};

/// Findings up to which there is nothing to sum up.
const FEW: usize = 1;
/// Lines of each list.
const MAX_LINES: usize = 12;
/// Folders that are told apart are at most so deep.
const DEPTH: usize = 2;

/// Writes it where there are more findings than a reader sees at a glance, or than are shown.
pub(super) fn write(report: &Report, shown: usize, out: &mut dyn Write) -> io::Result<()> {
    let findings = &report.findings;
    if findings.len() <= FEW.min(shown) {
        return Ok(());
    }
    writeln!(out, "{}", words::tally(report))?;
    table("by rule", findings, out, |finding| {
        format!("{} ({})", words::line(&finding.rule), finding.rank.name())
    })?;
    table("by folder", findings, out, folder)?;
    writeln!(out)
}

/// The folder of the first place of a finding.
fn folder(finding: &Finding) -> String {
    let Some(first) = finding.occurrences.first() else { return "nowhere".to_owned() };
    if !first.place.kind.is_path() || first.place.name.is_empty() {
        return first.place.kind.name().replace('-', " ");
    }
    let parts: Vec<_> = first.place.name.split(|&byte| byte == b'/').collect();
    let folders = &parts[..parts.len() - 1];
    match &folders[..folders.len().min(DEPTH)] {
        [] => "the top".to_owned(),
        folders => crate::sanitise::path(&folders.join(&b'/')) + "/",
    }
}

fn table(
    title: &str,
    findings: &[Finding],
    out: &mut dyn Write,
    of: impl Fn(&Finding) -> String,
) -> io::Result<()> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    findings.iter().for_each(|finding| *counts.entry(of(finding)).or_default() += 1);
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    writeln!(out, "{title}:")?;
    for (name, count) in counts.iter().take(MAX_LINES) {
        writeln!(out, "    {count:>6}  {name}")?;
    }
    let rest: usize = counts.iter().skip(MAX_LINES).map(|(_, count)| count).sum();
    if rest > 0 {
        writeln!(out, "    {rest:>6}  elsewhere")?;
    }
    Ok(())
}
