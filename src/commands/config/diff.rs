//! `git shroud config diff`

use serde_json::json;

use super::super::Context;
use super::{SchemaOption, load};
use super::{locked, show};
use crate::environments::check::compare::{Comparison, Side, compare};
use crate::environments::environment::Environment;
use crate::environments::files::Loaded;
use crate::environments::sealed::Likeness;
use crate::error::{CommandError, Outcome};
use crate::ui::Style;

/// Compare environments: which properties are missing in one, and which differ
///
/// Shows no values, unless you ask with --show: equal values have the same letter. Compares by a keyed hash. Of environments that are
/// locked and sealed by value, compares which names they set, and values that one key sealed under one name. Exit status 3 if this does not
/// say whether a property differs.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config diff
  $ git shroud config diff dev prod --all
  $ git shroud config diff dev prod --exit-code || echo differ

Cells: a letter for each value that is different, 'default a' (not set; the default of the schema counts), - (not set),
sealed (set, and its key is not held here), 'sealed 1' (the same number is the same value), unknown (locked, or a file cannot be read).
The last column says if all known values are the same, or unknown: sealed values cannot be compared.")]
pub(super) struct Diff {
    /// The environments [default: all]
    #[arg(value_name = "ENV")]
    environments: Vec<String>,
    #[command(flatten)]
    schema: SchemaOption,
    /// Also print properties that are the same everywhere
    #[arg(short, long)]
    all: bool,
    /// Print the plaintext values
    #[arg(long)]
    show: bool,
    /// Exit with status 1 if any property differs
    #[arg(long)]
    exit_code: bool,
    /// Print JSON: {"environments", "properties": [{"name", "same", "cells": {ENV: CELL}}]}
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let loaded = load(context, &self.schema, &self.environments)?;
        if loaded.environments.len() < 2 {
            return Err(CommandError::wrong("name at least two environments to compare")
                .hint(format!("there are: {}", loaded.all.join(", "))));
        }
        let key = loaded.scan_key()?;
        let mut compared = compare(loaded.schema.as_ref(), &loaded.environments, &key);
        let differ = compared.iter().any(Comparison::differs);
        let doubts = compared.iter().filter(|one| one.likeness == Likeness::Unknown).count();
        compared.retain(|comparison| self.all || comparison.differs());
        if self.json {
            self.print_json(context, &loaded, &compared);
        } else if compared.is_empty() {
            let known = if loaded.locked().is_empty() { "" } else { " is known to" };
            let differs = if known.is_empty() { " differs" } else { " differ" };
            context.ui.status(format!("no property{known}{differs}"));
        } else {
            self.print(context, &loaded, &compared);
        }
        let unread = super::warn_unread(context, &loaded, |_| true);
        if !unread.is_empty() {
            return Err(super::unread(&unread));
        }
        let mut names = loaded.locked();
        // Where the names are known and no value could be another, nothing is missing.
        let is_answered = |environment: &Environment| environment.has_all_names() && !self.show;
        if doubts == 0 {
            names.retain(|name| {
                !loaded.environments.iter().any(|one| one.name == *name && is_answered(one))
            });
        }
        if !names.is_empty() {
            return Err(locked(&names));
        }
        if differ && self.exit_code { Err(CommandError::found()) } else { Ok(()) }
    }

    fn print(&self, context: &Context, loaded: &Loaded, compared: &[Comparison]) {
        let mut rows = vec![vec![("property".to_owned(), None)]];
        rows[0].extend(loaded.environments.iter().map(|one| (one.name.clone(), None)));
        rows[0].push(("values".to_owned(), None));
        for comparison in compared {
            let mut row = vec![(show(&comparison.name), None)];
            for (at, side) in comparison.sides.iter().enumerate() {
                let style = match side {
                    Side::Absent | Side::Unknown => Some(Style::Warning),
                    Side::Value(_) | Side::Default(_) | Side::Sealed(_) => None,
                };
                let word =
                    if self.show { self.value(loaded, at, comparison, *side) } else { word(*side) };
                row.push((word, style));
            }
            let known = match comparison.likeness {
                Likeness::Same => "same",
                Likeness::Differ => "differ",
                Likeness::Unknown => "unknown",
            };
            row.push((known.to_owned(), None));
            rows.push(row);
        }
        context.ui.table(&rows);
    }

    fn value(&self, loaded: &Loaded, at: usize, comparison: &Comparison, side: Side) -> String {
        let environment = &loaded.environments[at];
        let value = crate::environments::render::effective::effective_value(
            environment,
            loaded.schema.as_ref(),
            &comparison.name,
        );
        match (side, value) {
            (Side::Default(_), Some((text, _))) => format!("default {}", show(text)),
            (Side::Value(_), Some((text, _))) => show(text),
            _ => word(side),
        }
    }

    fn print_json(&self, context: &Context, loaded: &Loaded, compared: &[Comparison]) {
        let names: Vec<_> = loaded.environments.iter().map(|one| one.name.clone()).collect();
        let rows = compared.iter().map(|comparison| {
            let cells = comparison.sides.iter().enumerate().map(|(at, side)| {
                let mut cell = match side {
                    Side::Value(value) => json!({"state": "set", "group": value}),
                    Side::Default(value) => json!({"state": "default", "group": value}),
                    Side::Sealed(None) => json!({"state": "sealed"}),
                    Side::Sealed(Some(value)) => json!({"state": "sealed", "sealed_group": value}),
                    Side::Absent => json!({"state": "absent"}),
                    Side::Unknown => json!({"state": "unknown"}),
                };
                if self.show && matches!(side, Side::Value(_) | Side::Default(_)) {
                    let schema = loaded.schema.as_ref();
                    let environment = &loaded.environments[at];
                    let value = crate::environments::render::effective::effective_value(
                        environment,
                        schema,
                        &comparison.name,
                    );
                    cell["value"] = value.map(|(text, _)| text).into();
                }
                cell
            });
            let cells: serde_json::Map<_, _> = names.iter().cloned().zip(cells).collect();
            let same = match comparison.likeness {
                Likeness::Same => Some(true),
                Likeness::Differ => Some(false),
                Likeness::Unknown => None,
            };
            json!({"name": comparison.name, "same": same, "cells": cells})
        });
        let json = json!({"environments": names, "properties": rows.collect::<Vec<_>>()});
        context.ui.json(&json);
    }
}

/// A letter for each value.
fn word(side: Side) -> String {
    let name = super::letter;
    match side {
        Side::Value(value) => name(value),
        Side::Default(value) => format!("default {}", name(value)),
        Side::Sealed(None) => "sealed".to_owned(),
        Side::Sealed(Some(value)) => format!("sealed {}", value + 1),
        Side::Absent => "-".to_owned(),
        Side::Unknown => "unknown".to_owned(),
    }
}
