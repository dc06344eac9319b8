//! JUnit's XML, for the page of tests of a CI system. There is no standard: these are the elements and attributes that Jenkins
//! and GitLab read. A finding is a test that fails, and what does not count is one that was skipped.

use std::io::{self, Write};

use super::{Options, words};
use crate::error::count;
use crate::scan::findings::{Finding, Report};

/// The suite's name.
const SUITE: &str = "git shroud scan";

pub(super) fn write(report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let failures = report.findings.len();
    let errors = usize::from(!report.is_complete());
    let skipped = report.suppressed.len();
    let passed = usize::from(failures + errors == 0);
    let tests = failures + errors + skipped + passed;
    let counts = format!(
        "tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\""
    );
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"{SUITE}\" {counts}>")?;
    writeln!(out, "  <testsuite name=\"{SUITE}\" {counts}>")?;
    if passed == 1 {
        writeln!(out, "    <testcase classname=\"{SUITE}\" name=\"no unencrypted secrets\"/>")?;
    }
    for finding in &report.findings {
        failed(finding, options, out)?;
    }
    for suppressed in &report.suppressed {
        begin(&suppressed.finding, out)?;
        let why = words::markup(&words::reason(&suppressed.reason));
        writeln!(out, "      <skipped message=\"{why}\"/>\n    </testcase>")?;
    }
    if errors == 1 {
        writeln!(out, "    <testcase classname=\"{SUITE}\" name=\"everything could be read\">")?;
        let objects = count(report.unread.len() as u64, "object");
        writeln!(out, "      <error message=\"{objects} could not be read\">")?;
        for unread in &report.unread {
            writeln!(out, "{}: {}", words::markup(&unread.what), words::markup(&unread.reason))?;
        }
        writeln!(out, "      </error>\n    </testcase>")?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")
}

fn begin(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let first = finding.occurrences.first();
    let place = first.map(words::place).unwrap_or_default();
    let name = words::markup(&format!("{} at {place}", finding.description));
    let rule = words::markup(&finding.rule);
    write!(out, "    <testcase classname=\"{SUITE}.{rule}\" name=\"{name}\"")?;
    if let Some(at) = first.filter(|at| at.place.kind.is_path() && !at.place.name.is_empty()) {
        write!(out, " file=\"{}\"", words::markup(&words::name(&at.place.name)))?;
        if let Some(span) = at.place.span {
            write!(out, " line=\"{}\"", span.line)?;
        }
    }
    writeln!(out, ">")
}

fn failed(finding: &Finding, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    begin(finding, out)?;
    let (rank, description) = (finding.rank.name(), words::markup(&finding.description));
    writeln!(out, "      <failure type=\"{rank}\" message=\"{description}\">")?;
    let mut line = |name: &str, text: &str| writeln!(out, "{name}: {}", words::markup(text));
    if let Some(value) = words::value(finding, options) {
        line("value", &value)?;
    }
    for occurrence in &finding.occurrences {
        line("at", &format!("{}, {}", words::place(occurrence), words::life(occurrence)))?;
    }
    for fact in &finding.facts {
        line("note", fact)?;
    }
    if !finding.advice.is_empty() {
        line("what to do", &finding.advice)?;
    }
    if let Some(fingerprint) = &finding.fingerprint {
        line("fingerprint", &fingerprint.to_string())?;
    }
    writeln!(out, "      </failure>\n    </testcase>")
}
