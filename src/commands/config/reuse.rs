//! `git shroud config reuse`

use serde_json::json;

use super::super::Context;
use super::{EnvironmentsArguments, load, locked, show};
use crate::environments::check::reuse::{Use, secrets};
use crate::environments::files::{Age, ages};
use crate::error::{CommandError, Outcome};
use crate::ui::count;

/// Find secrets that two environments share, or that are old
///
/// Compares values by a keyed hash, and never shows them. Checks the age only with --days: the age of a value is that of the commit that
/// brought it to this branch. Exit status 1 if anything was found, 3 if an environment is locked.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config reuse
  $ git shroud config reuse --days 36500")]
pub(super) struct Reuse {
    #[command(flatten)]
    of: EnvironmentsArguments,
    /// Also find secrets that have not changed for this many days
    #[arg(long, value_name = "N")]
    days: Option<u32>,
    /// Check every property, not only secrets (by the schema, or else by name)
    #[arg(short, long)]
    all: bool,
    /// Print JSON: {"reused": [[{"environment", "property"}]], "old": [{"environment", "property", "days", "at_least"}]}
    #[arg(long)]
    json: bool,
}

impl Reuse {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let loaded = load(context, &self.of.schema, &self.of.environments)?;
        let key = loaded.scan_key()?;
        let uses = secrets(loaded.schema.as_ref(), &loaded.environments, self.all, &key);
        let reused: Vec<&Vec<Use>> = uses.values().filter(|uses| uses.len() > 1).collect();
        let mut old = Vec::new();
        if let Some(days) = self.days {
            for environment in &loaded.environments {
                old.extend(ages(&loaded, environment, &key, self.all)?);
            }
            old.retain(|old| old.days >= i64::from(days));
            old.sort_by_key(|old| (-old.days, old.one.clone()));
        }
        if self.json {
            let use_json =
                |one: &Use| json!({"environment": one.environment, "property": one.property});
            let groups = reused.iter().map(|uses| uses.iter().map(use_json).collect::<Vec<_>>());
            let old = old.iter().map(|old| {
                let mut value = use_json(&old.one);
                value["days"] = old.days.into();
                value["at_least"] = old.at_least.into();
                value
            });
            let json =
                json!({"reused": groups.collect::<Vec<_>>(), "old": old.collect::<Vec<_>>()});
            context.ui.json(&json);
        } else {
            for uses in &reused {
                let uses: Vec<_> = uses
                    .iter()
                    .map(|one| format!("{} {}", one.environment, show(&one.property)))
                    .collect();
                context.ui.line(format!("the same value: {}", uses.join(", ")));
            }
            for Age { one, days, at_least } in &old {
                let least = if *at_least { "at least " } else { "" };
                context.ui.line(format!(
                    "{} {}: unchanged for {least}{days} days",
                    one.environment,
                    show(&one.property)
                ));
            }
        }
        let unread = super::warn_unread(context, &loaded, |_| true);
        if !reused.is_empty() || !old.is_empty() {
            let found = count((reused.len() + old.len()) as u64, "finding");
            context.ui.status(format!(
                "{found}; change the secret where it is used, then: git shroud config set ENV NAME"
            ));
            return Err(CommandError::found());
        }
        if !unread.is_empty() {
            return Err(super::unread(&unread));
        }
        let names = loaded.locked();
        if !names.is_empty() {
            return Err(locked(&names));
        }
        context.ui.status("found no secret that is used twice or is too old");
        Ok(())
    }
}
