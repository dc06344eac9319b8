//! `git shroud config log`

use serde_json::json;

use super::super::Context;
use super::{PropertyArguments, load, show};
use crate::environments::files::{Action, Change, changes};
use crate::error::{CommandError, Outcome};

/// Digits of a commit's id that are shown.
const ID_DIGITS: usize = 10;

/// Show who changed a property in an environment, and when
///
/// Shows no value: equal values have the same letter, and 'a' is the oldest. Reads the commits of this branch, the newest first. Of a
/// file that is sealed by value it says without the key when the property was set, changed or removed, and no letter. Exit status 3 if a
/// version of a file is locked or cannot be read.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config log dev PORT
  $ git shroud config log dev PORT --json")]
pub(super) struct Log {
    #[command(flatten)]
    property: PropertyArguments,
    /// Print JSON: [{"commit", "date", "author", "subject", "path", "action", "group"}], where action is set, changed, removed or
    /// unknown, and group null where the value is locked
    #[arg(long)]
    json: bool,
}

impl Log {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let PropertyArguments { environment, name, schema } = &self.property;
        let loaded = load(context, schema, std::slice::from_ref(environment))?;
        let changes = changes(&loaded, environment, name)?;
        if self.json {
            let all = changes.iter().map(|change| {
                let (action, group) = described(change.action);
                json!({
                    "commit": change.commit,
                    "date": change.date,
                    "author": change.author,
                    "subject": change.subject,
                    "path": change.path,
                    "action": action,
                    "group": group,
                })
            });
            context.ui.json(&all.collect::<Vec<_>>());
        } else {
            context.ui.table(&changes.iter().map(row).collect::<Vec<_>>());
        }
        if changes.iter().any(|change| change.action == Action::Unknown) {
            return Err(CommandError::incomplete(format!(
                "a version of a file of {environment} is locked or cannot be read"
            )));
        }
        if changes.is_empty() {
            let name = show(name);
            let why = format!("no commit of this branch sets {name} in {environment}");
            return Err(CommandError::refused(why));
        }
        Ok(())
    }
}

fn row(change: &Change) -> Vec<(String, Option<crate::ui::Style>)> {
    let (action, group) = described(change.action);
    let letter = group.map(super::letter).unwrap_or_default();
    let id = change.commit.get(..ID_DIGITS).unwrap_or(&change.commit);
    let cells = [
        change.date.as_str(),
        id,
        &change.author,
        action,
        &letter,
        &show(&change.path),
        &change.subject,
    ]
    .map(|text| (text.to_owned(), None));
    cells.into()
}

/// The word for an action, and which of the values is since.
fn described(action: Action) -> (&'static str, Option<usize>) {
    match action {
        Action::Set(value) => ("set", value),
        Action::Changed(value) => ("changed", value),
        Action::Removed => ("removed", None),
        Action::Unknown => ("unknown", None),
    }
}
