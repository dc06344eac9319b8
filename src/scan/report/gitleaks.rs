//! The JSON that gitleaks 8 writes, for programs that read it: an array with one object for each place.

use std::collections::HashMap;
use std::io::{self, Write};

use serde::Serialize;

use super::{Options, json, words};
use crate::scan::findings::{Finding, LocationKind, Occurrence, Report};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Leak<'r> {
    #[serde(rename = "RuleID")]
    rule_id: &'r str,
    description: &'r str,
    start_line: u64,
    end_line: u64,
    start_column: u64,
    end_column: u64,
    #[serde(rename = "Match")]
    matched: String,
    secret: String,
    file: String,
    symlink_file: String,
    commit: &'r str,
    entropy: f32,
    author: &'r str,
    email: &'r str,
    date: String,
    message: &'r str,
    tags: Vec<String>,
    fingerprint: String,
}

pub(super) fn write(report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let places = |finding| places(finding, options);
    let leaks: Vec<_> = report.findings.iter().flat_map(places).collect();
    json::value(&leaks, out)
}

fn places<'r>(finding: &'r Finding, options: Options<'_>) -> Vec<Leak<'r>> {
    let secret = finding.secret.as_ref();
    let shown = secret.map(|secret| words::shown(secret, options)).unwrap_or_default();
    let entropy = secret.map_or(0.0, |secret| entropy(secret.expose()));
    let leak = |occurrence| leak(finding, occurrence, &shown, entropy);
    finding.occurrences.iter().map(leak).collect()
}

fn leak<'r>(finding: &'r Finding, at: &'r Occurrence, shown: &str, entropy: f32) -> Leak<'r> {
    let file = match at.place.kind {
        kind if kind.is_path() && !at.place.name.is_empty() => json::text(&at.place.name),
        LocationKind::CommitMessage | LocationKind::CommitHeader => String::new(),
        // gitleaks has no word for other places.
        _ => words::place_without_span(at),
    };
    let commit = at.introduced.as_ref().map_or("", |origin| &origin.commit);
    let line = at.place.span.map_or(0, |span| span.line);
    let rule = &finding.rule;
    // As gitleaks composes it, so that a .gitleaksignore can be made of it.
    let fingerprint = match commit {
        "" => format!("{file}:{rule}:{line}"),
        commit => format!("{commit}:{file}:{rule}:{line}"),
    };
    Leak {
        rule_id: rule,
        description: &finding.description,
        start_line: line,
        end_line: at.place.span.map_or(0, |span| span.end_line),
        start_column: at.place.span.map_or(0, |span| span.column),
        end_column: at.place.span.map_or(0, |span| span.end_column.saturating_sub(1)),
        matched: shown.to_owned(),
        secret: shown.to_owned(),
        file,
        symlink_file: String::new(),
        commit,
        entropy,
        author: at.introduced.as_ref().map_or("", |origin| &origin.author),
        email: at.introduced.as_ref().map_or("", |origin| &origin.email),
        date: at.introduced.as_ref().map(|origin| words::time(origin.time)).unwrap_or_default(),
        message: at.introduced.as_ref().map_or("", |origin| &origin.subject),
        tags: vec![finding.kind.name().to_owned(), finding.rank.name().to_owned()],
        fingerprint,
    }
}

/// Shannon's entropy, in bits a byte.
fn entropy(value: &[u8]) -> f32 {
    let mut counts: HashMap<u8, f32> = HashMap::new();
    value.iter().for_each(|&byte| *counts.entry(byte).or_default() += 1.0);
    let all: f32 = counts.values().sum();
    let mut parts: Vec<f32> =
        counts.values().map(|count| -count / all * (count / all).log2()).collect();
    // The sum must not depend on the order of a map.
    parts.sort_by(f32::total_cmp);
    parts.iter().sum()
}
