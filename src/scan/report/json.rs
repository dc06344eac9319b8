//! JSON, whole or by lines. The shape is documented in docs/scan.md; fields may be added, never renamed.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;

use super::{Options, words};
use crate::detect::Secret;
use crate::sanitise;
use crate::scan::findings::{CommitSummary, Finding, Occurrence, Report, Suppressed};

/// The version of the shape.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Whole<'r> {
    version: u32,
    findings: Vec<One<'r>>,
    #[serde(flatten)]
    summary: Summary<'r>,
}

#[derive(Serialize)]
struct Summary<'r> {
    complete: bool,
    scope: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    made: Option<String>,
    suppressed: Vec<Left<'r>>,
    notes: &'r [String],
    looked_at: LookedAt,
    unread: Vec<Unread<'r>>,
    trivial_values: u64,
    below_rank: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
}

#[derive(Serialize)]
struct One<'r> {
    kind: &'static str,
    rule: &'r str,
    description: &'r str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    also: &'r [String],
    rank: &'static str,
    exposure: &'static str,
    at_head: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    redacted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    what_to_do: &'r str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    facts: &'r [String],
    occurrences: Vec<JsonPlace<'r>>,
}

#[derive(Serialize)]
struct JsonPlace<'r> {
    place: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    span: Option<Span>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    views: &'r [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<&'r str>,
    versions: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    introduced: Option<Commit<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen: Option<Commit<'r>>,
    exposure: &'static str,
    at_head: bool,
    pushed: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refs: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mark: Option<&'static str>,
}

#[derive(Serialize)]
struct Span {
    line: u64,
    column: u64,
    end_line: u64,
    end_column: u64,
}

#[derive(Serialize)]
struct Commit<'r> {
    commit: &'r str,
    date: String,
    author: &'r str,
    email: &'r str,
    subject: &'r str,
}

#[derive(Serialize)]
struct Left<'r> {
    reason: String,
    finding: One<'r>,
}

#[derive(Serialize)]
struct LookedAt {
    blobs: u64,
    commits: u64,
    tags: u64,
    others: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct Unread<'r> {
    what: &'r str,
    reason: &'r str,
}

pub(super) fn write(report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let findings = report.findings.iter().map(|finding| one(finding, options)).collect();
    let whole = Whole { version: VERSION, findings, summary: summary(report, options) };
    value(&whole, out)
}

pub(super) fn write_lines(
    report: &Report,
    options: Options<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    for finding in &report.findings {
        value(&one(finding, options), out)?;
    }
    value(&summary(report, options), out)
}

/// Writes a value on a line of its own.
pub(super) fn value(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", sanitise::json(&serde_json::to_string(value)?))
}

fn summary<'r>(report: &'r Report, options: Options<'_>) -> Summary<'r> {
    let looked_at = &report.looked_at;
    Summary {
        complete: report.is_complete(),
        scope: &report.scope,
        made: report.made.map(words::time),
        suppressed: report.suppressed.iter().map(|suppressed| left(suppressed, options)).collect(),
        notes: &report.notes,
        looked_at: LookedAt {
            blobs: looked_at.blobs,
            commits: looked_at.commits,
            tags: looked_at.tags,
            others: looked_at.others,
            bytes: looked_at.bytes,
        },
        unread: report
            .unread
            .iter()
            .map(|unread| Unread { what: &unread.what, reason: &unread.reason })
            .collect(),
        trivial_values: report.trivial,
        below_rank: report.below_rank,
        salt: options.salt.map(|salt| crate::hex::lower(salt)),
    }
}

fn left<'r>(suppressed: &'r Suppressed, options: Options<'_>) -> Left<'r> {
    Left { reason: words::reason(&suppressed.reason), finding: one(&suppressed.finding, options) }
}

fn one<'r>(finding: &'r Finding, options: Options<'_>) -> One<'r> {
    let revealed = finding.secret.as_ref().filter(|_| options.reveal);
    let bytes = revealed.map(Secret::expose);
    let text = bytes.map(std::str::from_utf8);
    One {
        kind: finding.kind.name(),
        rule: &finding.rule,
        description: &finding.description,
        also: &finding.also,
        rank: finding.rank.name(),
        exposure: finding.exposure().name(),
        at_head: finding.is_at_head(),
        redacted: finding.secret.as_ref().map(Secret::redacted),
        secret: text.and_then(Result::ok),
        secret_base64: bytes
            .filter(|_| text.is_some_and(|text| text.is_err()))
            .map(|bytes| BASE64.encode(bytes)),
        fingerprint: finding.fingerprint.as_ref().map(ToString::to_string),
        what_to_do: &finding.advice,
        facts: &finding.facts,
        occurrences: finding.occurrences.iter().map(place).collect(),
    }
}

fn place(occurrence: &Occurrence) -> JsonPlace<'_> {
    let place = &occurrence.place;
    JsonPlace {
        place: place.kind.name(),
        name: text(&place.name),
        span: place.span.map(|span| Span {
            line: span.line,
            column: span.column,
            end_line: span.end_line,
            end_column: span.end_column,
        }),
        views: &place.views,
        object: occurrence.object.as_deref(),
        versions: occurrence.versions,
        introduced: occurrence.introduced.as_ref().map(commit),
        last_seen: occurrence.last_seen.as_ref().map(commit),
        exposure: occurrence.exposure().name(),
        at_head: occurrence.at_head,
        pushed: occurrence.pushed,
        refs: occurrence.refs.iter().map(|name| text(name)).collect(),
        mark: occurrence.mark.as_ref().map(|mark| mark.name),
    }
}

fn commit(origin: &CommitSummary) -> Commit<'_> {
    Commit {
        commit: &origin.commit,
        date: words::time(origin.time),
        author: &origin.author,
        email: &origin.email,
        subject: &origin.subject,
    }
}

/// A name; JSON knows only Unicode, so others are as git quotes them.
pub(super) fn text(name: &[u8]) -> String {
    String::from_utf8(name.to_vec()).unwrap_or_else(|_| sanitise::path(name))
}
