//! Printing what a check has found: a table for people, JSON, SARIF, and remarks that GitHub shows beside the code.

use serde_json::{Value, json};

use super::super::Context;
use super::show;
use crate::environments::check::{Cell, Finding, Problem, Report};
use crate::environments::environment::{Environment, State};
use crate::scan::report::{SARIF_SCHEMA, sarif_text, sarif_uri};
use crate::ui::Style;

/// Characters of a default that are shown in a cell.
const MAX_DEFAULT: usize = 24;

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// A table, and a line for each problem.
    Text,
    /// {"environments": [{"name", "locked", "files"}], "properties": [{"name", "cells": {ENV: CELL}}], "findings", "complete"}
    Json,
    /// SARIF 2.1.0, for code hosts and editors.
    Sarif,
    /// Commands of GitHub's workflows, which it shows beside the code.
    Github,
}

pub(super) fn print(
    context: &Context,
    report: &Report,
    environments: &[Environment],
    format: Format,
    all: bool,
) {
    match format {
        Format::Text => text(context, report, environments, all),
        Format::Json => context.ui.json(&json_report(report, environments)),
        Format::Sarif => context.ui.json(&sarif(report)),
        Format::Github => {
            report.findings.iter().for_each(|finding| context.ui.line(github(finding)));
        }
    }
}

/// What is wrong, in one line.
pub(super) fn sentence(finding: &Finding) -> String {
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

fn text(context: &Context, report: &Report, environments: &[Environment], all: bool) {
    let is_bad = |cell: &Cell| matches!(cell, Cell::Wrong(_) | Cell::Warned(_));
    let rows: Vec<_> =
        report.rows.iter().filter(|row| all || row.cells.iter().any(is_bad)).collect();
    if !rows.is_empty() {
        let head: Vec<_> = std::iter::once("property")
            .chain(environments.iter().map(|environment| environment.name.as_str()))
            .map(|text| (text.to_owned(), None))
            .collect();
        let body = rows.iter().map(|row| {
            let mut cells = vec![(show(&row.name), None)];
            cells.extend(row.cells.iter().map(|cell| (word(cell), style(cell))));
            cells
        });
        table(context, std::iter::once(head).chain(body).collect());
    }
    if !rows.is_empty() && !report.findings.is_empty() {
        context.ui.line("");
    }
    for finding in &report.findings {
        let warning = if finding.warning { "warning: " } else { "" };
        context.ui.line(format!("{warning}{}", sentence(finding)));
    }
}

/// Prints rows of cells in columns; each cell with how it is emphasised.
pub(super) fn table(context: &Context, rows: Vec<Vec<(String, Option<Style>)>>) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|(text, _)| text.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let mut line = String::new();
        let last = row.len().saturating_sub(1);
        for (column, (text, style)) in row.iter().enumerate() {
            let pad = if column == last { 0 } else { widths[column] - text.chars().count() + 2 };
            match style {
                Some(style) => line.push_str(&context.ui.styled(*style, text)),
                None => line.push_str(text),
            }
            line.push_str(&" ".repeat(pad));
        }
        context.ui.line(line.trim_end());
    }
}

fn word(cell: &Cell) -> String {
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
        Cell::Locked => "locked".to_owned(),
        Cell::Unread => "unread".to_owned(),
        Cell::Wrong(problem) | Cell::Warned(problem) => problem.name().to_owned(),
    }
}

fn style(cell: &Cell) -> Option<Style> {
    match cell {
        Cell::Set => Some(Style::Good),
        Cell::Wrong(_) => Some(Style::Bad),
        Cell::Warned(_) | Cell::Locked | Cell::Unread => Some(Style::Warning),
        Cell::Absent | Cell::Default(_) => None,
    }
}

fn json_report(report: &Report, environments: &[Environment]) -> Value {
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

fn sarif(report: &Report) -> Value {
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
        let (path, line) =
            place.unwrap_or_else(|| (crate::environments::SCHEMA_FILE.to_owned(), 1));
        result["locations"] = json!([{"physicalLocation": {
            "artifactLocation": {"uri": sarif_uri(path.as_bytes()), "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": line},
        }}]);
        result
    });
    json!({
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": env!("CARGO_PKG_NAME"),
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.collect::<Vec<_>>(),
            }},
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

/// A workflow command (GitHub's documentation, "Workflow commands for GitHub Actions").
fn github(finding: &Finding) -> String {
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
