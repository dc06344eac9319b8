//! `git shroud config check`

use super::super::Context;
use super::{EnvironmentsArguments, ReleaseOption, count_properties, load_as, locked, show};
use crate::environments::check::{Cell, Report, check, told};
use crate::environments::environment::{Content, Environment, State};
use crate::error::{CommandError, Outcome};
use crate::ui::{Style, count};

/// Check every environment against the schema: what is missing, wrong, empty, unknown, or unencrypted
///
/// Prints a table of properties and environments with the problems, and then their places. Never shows values. Opens sealed files in
/// memory, also with a key from GIT_SHROUD_KEY. Takes no value from a file that somebody moved to another key, until --confirm
/// confirms the move in this clone. An environment whose key is not held here is 'locked' and lacks nothing; where it is sealed by value, its names are known. Exit status 1 if there is
/// more than a warning, 3 if an environment is locked.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config check
  $ git shroud config check dev prod --all
  $ git shroud config check --format sarif > ../config.sarif

With a new, empty schema nothing is unknown.

Cells: set, 'default VALUE' (not set; the program takes VALUE), - (not set, which is fine), sealed (set, and its key is not held here), locked, unread (a file cannot be
read), and problems: missing, undecided (has a default, but this environment must set it), unset (still the marker of
'config sync'), empty, invalid (type or pattern), not-a-value (a section or list), repeated (in two files of one layer),
in-the-clear (a secret in a file that is not sealed), weaker (a file that is not sealed overrides a sealed one), expires (a certificate), reference (to what is not set), same (environments that must differ), removed, unknown (not in the schema). A file that
looks like configuration and is not read is a warning: passed-over.")]
pub(super) struct Check {
    #[command(flatten)]
    of: EnvironmentsArguments,
    #[command(flatten)]
    release: ReleaseOption,
    /// Also print properties without problems
    #[arg(short, long)]
    all: bool,
    /// Accept locked environments, unless all are locked
    #[arg(long)]
    allow_locked: bool,
    /// Confirm in this clone that files of these environments moved to other keys
    #[arg(long, requires = "environments")]
    confirm: bool,
    /// How to print the findings
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Print JSON: the same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A table, and a line for each problem.
    Text,
    /// {"environments": [{"name", "locked", "files"}], "properties": [{"name", "cells": {ENV: CELL}}], "findings", "complete"}
    Json,
    /// SARIF 2.1.0, for code hosts and editors.
    Sarif,
    /// Commands of GitHub's workflows, which it shows beside the code.
    Github,
}

impl Check {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let loaded = load_as(context, &self.of.schema, &self.of.environments, self.confirm)?;
        let schema = loaded.schema()?;
        let report = check(schema, &loaded.environments, self.release.release.as_ref());
        let format = if self.json { Format::Json } else { self.format };
        print(context, &report, &loaded.environments, format, self.all);
        for environment in &loaded.environments {
            for source in &environment.sources {
                if let State::Locked(key) = &source.state {
                    context.ui.status(format!(
                        "{}: locked: the key {key} is not held here",
                        show(&source.path)
                    ));
                }
            }
        }
        for file in loaded.environments.iter().flat_map(|environment| &environment.files) {
            if let Content::Locked(key) | Content::LockedValues(key, _) = &file.content {
                let path = show(&file.path);
                context.ui.status(format!("{path}: locked: the key {key} is not held here"));
            }
        }
        let errors = report.findings.iter().filter(|finding| !finding.warning).count() as u64;
        let warnings = report.findings.len() as u64 - errors;
        if errors > 0 {
            context.ui.status(format!("found {}", count(errors, "problem")));
        }
        hint(context, &report.findings);
        if errors > 0 {
            return Err(CommandError::found());
        }
        let names = loaded.locked();
        if !names.is_empty() && !self.allow_locked {
            return Err(locked(&names).hint("--allow-locked accepts them"));
        }
        if loaded.is_nothing_open() {
            let why = format!("no environment could be opened: {}", names.join(", "));
            let has_names = loaded.environments.iter().all(Environment::has_all_names);
            let but = if has_names { " but names" } else { "" };
            return Err(CommandError::incomplete(format!("{why}; nothing was checked{but}"))
                .hint("in CI: is the secret with the key set, and handed to this step?")
                .hint("git shroud unlock, or GIT_SHROUD_KEY or GIT_SHROUD_KEYRING"));
        }
        if schema.properties.is_empty() {
            context.ui.warning("the schema has no property yet, so nothing can be missing");
            context.ui.hint("'git shroud config schema infer --write' makes one from the files");
        }
        let properties = count_properties(report.rows.len());
        let environments = count((loaded.environments.len() - names.len()) as u64, "environment");
        let but =
            if warnings > 0 { format!("; {}", count(warnings, "warning")) } else { String::new() };
        context
            .ui
            .status(format!("checked {properties} in {environments} and found nothing wrong{but}"));
        Ok(())
    }
}

fn hint(context: &Context, findings: &[crate::environments::check::Finding]) {
    use crate::environments::check::Problem;
    let has =
        |problems: &[Problem]| findings.iter().any(|finding| problems.contains(&finding.problem));
    if has(&[Problem::Missing, Problem::Undecided]) {
        context.ui.hint("'git shroud config sync' adds what is missing, for you to fill in; 'git shroud config set ENV NAME' sets it");
    } else if has(&[Problem::Unset]) {
        context.ui.hint("'git shroud config set ENV NAME' asks for the value");
    }
    if has(&[Problem::PassedOver]) {
        context.ui.hint("in config.shroud.toml, files = {\"NAME\" = \"ini\"} says how a file is read, and ignore = [\"NAME\"] that it holds no properties");
    }
    if has(&[Problem::Unknown]) {
        context.ui.hint("'git shroud config schema add NAME' adds a property");
    }
    if has(&[Problem::InTheClear]) {
        context.ui.hint("'git shroud track PATTERN --key NAME' seals the file; change the secret if it was committed");
    }
}

fn print(
    context: &Context,
    report: &Report,
    environments: &[Environment],
    format: Format,
    all: bool,
) {
    match format {
        Format::Text => text(context, report, environments, all),
        Format::Json => context.ui.json(&told::to_json(report, environments)),
        Format::Sarif => context.ui.json(&told::to_sarif(report)),
        Format::Github => {
            report.findings.iter().for_each(|finding| context.ui.line(told::to_github(finding)));
        }
    }
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
            cells.extend(row.cells.iter().map(|cell| (told::word(cell), style(cell))));
            cells
        });
        let rows: Vec<_> = std::iter::once(head).chain(body).collect();
        context.ui.table(&rows);
    }
    if !rows.is_empty() && !report.findings.is_empty() {
        context.ui.line("");
    }
    for finding in &report.findings {
        let warning = if finding.warning { "warning: " } else { "" };
        context.ui.line(format!("{warning}{}", told::sentence(finding)));
    }
}

fn style(cell: &Cell) -> Option<Style> {
    match cell {
        Cell::Set => Some(Style::Good),
        Cell::Wrong(_) => Some(Style::Bad),
        Cell::Warned(_) | Cell::Sealed | Cell::Locked | Cell::Unread => Some(Style::Warning),
        Cell::Absent | Cell::Default(_) => None,
    }
}
