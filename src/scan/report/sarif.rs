//! SARIF 2.1.0 (OASIS), as code hosts and editors read it: a result for each finding, its most exposed place first.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Options, json, words};
use crate::detect::Rank;
use crate::scan::findings::{Finding, Occurrence, Reason, Report};

/// The schema that a SARIF document names.
const SARIF_SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Places beside the first that are named with a result; readers show few.
const MAX_RELATED: usize = 100;

pub(super) fn write(report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let suppressed = report.suppressed.iter().map(|suppressed| &suppressed.finding);
    let mut rules: BTreeMap<&str, &Finding> = BTreeMap::new();
    for finding in report.findings.iter().chain(suppressed) {
        let known = rules.entry(&finding.rule).or_insert(finding);
        if finding.rank > known.rank {
            *known = finding;
        }
    }
    let index: BTreeMap<&str, usize> = rules.keys().copied().zip(0..).collect();
    let mut results = Vec::new();
    for finding in &report.findings {
        results.push(result(finding, index[&*finding.rule], None, options));
    }
    for suppressed in &report.suppressed {
        let finding = &suppressed.finding;
        results.push(result(finding, index[&*finding.rule], Some(&suppressed.reason), options));
    }
    let unread = report.unread.iter().map(|unread| {
        let text = format!(
            "{} could not be read: {}",
            words::line(&unread.what),
            words::line(&unread.reason)
        );
        json!({"level": "error", "message": {"text": sarif_text(&text)}})
    });
    let remarks = words::remarks(report).into_iter();
    let remarks =
        remarks.map(|remark| json!({"level": "note", "message": {"text": sarif_text(&remark)}}));
    let rules: Vec<_> = rules.values().map(|finding| rule(finding)).collect();
    let mut document = sarif_document(&rules, &results);
    let run = &mut document["runs"][0];
    run["columnKind"] = "unicodeCodePoints".into();
    run["invocations"] = json!([{
        "executionSuccessful": report.is_complete(),
        "toolExecutionNotifications": unread.chain(remarks).collect::<Vec<_>>(),
    }]);
    json::value(&document, out)
}

/// A document of one run of this program: the rules, and the results that point at them.
pub fn sarif_document(rules: &[Value], results: &[Value]) -> Value {
    json!({
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": env!("CARGO_PKG_NAME"),
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "results": results,
        }],
    })
}

/// What a reader is told of a rule. The severity is the number by which GitHub sorts.
fn rule(finding: &Finding) -> Value {
    let severity = match finding.rank {
        Rank::Certain => "9.5",
        Rank::High => "8.0",
        Rank::Medium => "5.5",
        Rank::Low => "2.0",
    };
    let or_rule = |text: &str| words::line(if text.is_empty() { &finding.rule } else { text });
    json!({
        "id": finding.rule,
        "shortDescription": {"text": sarif_text(&or_rule(&finding.description))},
        "help": {"text": sarif_text(&or_rule(&finding.advice))},
        "defaultConfiguration": {"level": level(finding.rank)},
        "properties": {"tags": ["security", finding.kind.name()], "security-severity": severity},
    })
}

fn level(rank: Rank) -> &'static str {
    match rank {
        Rank::Certain | Rank::High => "error",
        Rank::Medium => "warning",
        Rank::Low => "note",
    }
}

fn result(
    finding: &Finding,
    rule_index: usize,
    reason: Option<&Reason>,
    options: Options<'_>,
) -> Value {
    let first = finding.occurrences.first();
    let mut message = words::line(&finding.description);
    if let Some(value) = words::value(finding, options) {
        write!(message, " {value}").expect("a String takes any text");
    }
    if let Some(first) = first {
        write!(message, " at {}, {}", words::place(first), words::life(first))
            .expect("a String takes any text");
    }
    write!(message, "; {}", words::exposure(finding)).expect("a String takes any text");
    if !finding.advice.is_empty() {
        write!(message, ". What to do: {}", words::line(&finding.advice))
            .expect("a String takes any text");
    }
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": level(finding.rank),
        "message": {"text": sarif_text(&message)},
        "locations": first.map(location).into_iter().collect::<Vec<_>>(),
        "properties": {
            "rank": finding.rank.name(),
            "kind": finding.kind.name(),
            "exposure": finding.exposure().name(),
            "atHead": finding.is_at_head(),
            "facts": finding.facts,
        },
    });
    let related: Vec<_> =
        finding.occurrences.iter().skip(1).take(MAX_RELATED).map(location).collect();
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    if let Some(fingerprint) = &finding.fingerprint {
        result["partialFingerprints"] = json!({"gitShroud/v1": fingerprint.to_string()});
    }
    if let Some(reason) = reason {
        let kind = if matches!(reason, Reason::Mark(_)) { "inSource" } else { "external" };
        result["suppressions"] = json!([{"kind": kind, "justification": words::reason(reason)}]);
    }
    result
}

fn location(occurrence: &Occurrence) -> Value {
    let place = &occurrence.place;
    let text = format!("{}, {}", words::place(occurrence), words::life(occurrence));
    let message = json!({"text": sarif_text(&text)});
    if !place.kind.is_path() || place.name.is_empty() {
        let name = json!({"fullyQualifiedName": words::place(occurrence)});
        return json!({"logicalLocations": [name], "message": message});
    }
    let mut physical =
        json!({"artifactLocation": {"uri": sarif_uri(&place.name), "uriBaseId": "%SRCROOT%"}});
    if let Some(span) = place.span {
        physical["region"] = json!({
            "startLine": span.line,
            "startColumn": span.column,
            "endLine": span.end_line,
            "endColumn": span.end_column,
        });
    }
    json!({"physicalLocation": physical, "message": message})
}

/// A path as a relative reference (RFC 3986, section 4.2). Colons are escaped, so that no part looks like a scheme.
pub fn sarif_uri(path: &[u8]) -> String {
    let mut uri = String::new();
    for &byte in path {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                uri.push(byte.into());
            }
            byte => write!(uri, "%{byte:02X}").expect("a String takes any text"),
        }
    }
    uri
}

/// Text without placeholders and links (sections 3.11.5 and 3.11.6).
pub fn sarif_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '{' | '}' => escaped.extend([c, c]),
            '[' | ']' | '\\' => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    escaped
}
