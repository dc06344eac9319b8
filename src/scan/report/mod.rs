//! A report, written down in one of several formats (docs/scan.md).
//!
//! Everything in a report comes from a repository: it is escaped for where it goes. Values are redacted unless the options
//! say otherwise.

mod advice;
mod chart;
mod gitleaks;
mod html;
mod json;
mod junit;
mod markdown;
mod sarif;
mod summary;
#[cfg(test)]
mod tests;
mod text;
mod words;

use std::io::{self, Write};
pub(crate) use words::day;

pub use advice::advice;
pub use sarif::{sarif_document, sarif_text, sarif_uri};

use crate::detect::Rank;
use crate::scan::findings::Report;
use crate::scan::fingerprint::SALT_LEN;

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For reading in a terminal
    #[default]
    Text,
    /// One JSON object
    Json,
    /// JSON, a line for each finding, then one with the summary
    Jsonl,
    /// SARIF 2.1.0, for code hosts and editors
    Sarif,
    /// One self-contained page, with filters and a time line
    Html,
    /// GitHub's Markdown, for a comment or a ticket
    Markdown,
    /// The JSON that gitleaks writes, one object for each place
    Gitleaks,
    /// JUnit's XML, for the tests of a CI system: a finding is a test that fails
    Junit,
}

/// Emphasises a word by how sure a finding is.
pub type Paint<'p> = &'p dyn Fn(Rank, &str) -> String;

/// What else decides how it is written.
#[derive(Clone, Copy, Default)]
pub struct Options<'o> {
    /// Whether values are shown in full.
    pub reveal: bool,
    /// What colours [`Format::Text`], if anything does.
    pub paint: Option<Paint<'o>>,
    /// Findings that [`Format::Text`] shows at most, the first ones; `None` for all.
    pub limit: Option<usize>,
    /// With what fingerprints were made where no key is held: [`Format::Json`] and [`Format::Jsonl`] name it, so that they can be
    /// baselines.
    pub salt: Option<&'o [u8; SALT_LEN]>,
}

/// Writes a report.
///
/// # Errors
/// Those of `out`.
pub fn write(
    format: Format,
    report: &Report,
    options: Options<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::write(report, options, out),
        Format::Json => json::write(report, options, out),
        Format::Jsonl => json::write_lines(report, options, out),
        Format::Sarif => sarif::write(report, options, out),
        Format::Html => html::write(report, options, out),
        Format::Markdown => markdown::write(report, options, out),
        Format::Gitleaks => gitleaks::write(report, options, out),
        Format::Junit => junit::write(report, options, out),
    }
}
