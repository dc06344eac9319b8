//! A report as others read it: in words, as JSON, as SARIF, and as remarks that GitHub shows beside the code.

use serde_json::{Value, json};

use super::{Cell, Finding, Problem, Report};
use crate::environments::SCHEMA_FILE;
use crate::environments::environment::{Environment, State};
use crate::scan::report::{sarif_document, sarif_text, sarif_uri};

/// Characters of a default that are shown in a cell.
const MAX_DEFAULT: usize = 24;

/// What is wrong, in one line.
pub fn sentence(finding: &Finding) -> String {
    let place = match &finding.place {
        Some((path, line)) => format!("{}:{line}: ", show(path)),
        None => String::new(),
    };
    format!("{place}{}", subject(finding))
}

fn subject(finding: &Finding) -> String {
    let name =
        finding.property.as_deref().map(|name| format!(" {}", show(name))).unwrap_or_default();
    // A value of an enumeration is in the schema, whose texts may hold anything.
    format!("{}{name}: {}", finding.environment, show(&finding.message))
}

/// A cell in a word or two.
pub fn word(cell: &Cell) -> String {
    match cell {
        Cell::Set => "set".to_owned(),
        Cell::Absent => "-".to_owned(),
        Cell::Default(value) if value.is_empty() => "default".to_owned(),
        Cell::Default(value) => {
            let mut shown: String = value.chars().take(MAX_DEFAULT).collect();
            if shown.len() < value.len() {
                shown.push('…');
            }
            format!("default {}", show(&shown))
        }
        Cell::Sealed => "sealed".to_owned(),
        Cell::Locked => "locked".to_owned(),
        Cell::Unread => "unread".to_owned(),
        Cell::Wrong(problem) | Cell::Warned(problem) => problem.name().to_owned(),
    }
}

/// `{"environments", "properties", "findings", "complete"}`, as the help of `config check` describes it.
pub fn to_json(report: &Report, environments: &[Environment]) -> Value {
    let cell = |cell: &Cell| match cell {
        Cell::Default(value) => json!({"state": "default", "value": value}),
        Cell::Set => json!({"state": "set"}),
        Cell::Absent => json!({"state": "absent"}),
        other => json!({"state": word(other)}),
    };
    let names = environments.iter().map(|environment| environment.name.clone());
    let rows = report.rows.iter().map(|row| {
        let cells: serde_json::Map<_, _> = names.clone().zip(row.cells.iter().map(cell)).collect();
        json!({"name": row.name, "cells": cells})
    });
    let described = environments.iter().map(|environment| {
        let files = environment.sources.iter().map(|source| {
            let state = match source.state {
                State::Read => "read",
                State::Locked(_) => "locked",
                State::Unreadable(..) => "unreadable",
            };
            json!({"path": source.path, "state": state})
        });
        json!({
            "name": environment.name,
            "locked": environment.is_locked(),
            "files": files.collect::<Vec<_>>(),
        })
    });
    let findings = report.findings.iter().map(|finding| {
        let mut value = json!({
            "environment": finding.environment,
            "property": finding.property,
            "problem": finding.problem.name(),
            "severity": if finding.warning { "warning" } else { "error" },
            "message": finding.message,
        });
        if let Some((path, line)) = &finding.place {
            value["path"] = path.as_str().into();
            value["line"] = (*line).into();
        }
        value
    });
    json!({
        "environments": described.collect::<Vec<_>>(),
        "properties": rows.collect::<Vec<_>>(),
        "findings": findings.collect::<Vec<_>>(),
        "complete": environments.iter().all(Environment::is_complete),
    })
}

/// SARIF 2.1.0.
pub fn to_sarif(report: &Report) -> Value {
    let rules = Problem::ALL.iter().map(
        |problem| json!({"id": problem.name(), "shortDescription": {"text": problem.describe()}}),
    );
    let results = report.findings.iter().map(|finding| {
        let index = Problem::ALL.iter().position(|problem| *problem == finding.problem);
        let mut result = json!({
            "ruleId": finding.problem.name(),
            "ruleIndex": index,
            "level": if finding.warning { "warning" } else { "error" },
            "message": {"text": sarif_text(&subject(finding))},
        });
        let place = finding.place.clone();
        let (path, line) = place.unwrap_or_else(|| (SCHEMA_FILE.to_owned(), 1));
        result["locations"] = json!([{"physicalLocation": {
            "artifactLocation": {"uri": sarif_uri(path.as_bytes()), "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": line},
        }}]);
        result
    });
    sarif_document(&rules.collect::<Vec<_>>(), &results.collect::<Vec<_>>())
}

/// A workflow command (GitHub's documentation, "Workflow commands for GitHub Actions").
pub fn to_github(finding: &Finding) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let command = if finding.warning { "warning" } else { "error" };
    let place = match &finding.place {
        Some((path, line)) => format!("file={},line={line},", property(path)),
        None => String::new(),
    };
    let title = property(&format!("configuration: {}", finding.problem.name()));
    format!("::{command} {place}title={title}::{}", data(&subject(finding)))
}

/// A name in one line, whatever it holds.
fn show(name: &str) -> String {
    crate::sanitise::path(name.as_bytes())
}
