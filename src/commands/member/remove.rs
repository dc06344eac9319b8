//! `git shroud member remove`

use std::collections::BTreeSet;

use crate::access::removal::exposure::find_exposed;
use crate::access::removal::report::{Format, print_report, summarise};
use crate::access::removal::{Removal, plan_removal};
use crate::access::rotate::{Plan, run};
use crate::commands::{Context, OpenClone, exclusive, refuse_rotation};
use crate::error::{CommandError, Outcome};
use crate::format::KeyId;
use crate::keyring::KeyName;
use crate::store::shroud_dir::File;

/// How many malformed files are named.
const NAMED: usize = 10;

/// Remove members, and rotate their keys
///
/// Removes all grants of these recipients, for every key and under every label. Replaces every key that they had by a new one, seals all
/// files with it, and stages them. They can still open everything that was sealed before, in every clone that they keep: --report lists
/// the files, and which of these secrets you must change first.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud member remove alice
  $ git shroud member remove bob --report=markdown > ../checklist.md
  $ git shroud member remove carol --no-rotate")]
pub(super) struct Remove {
    /// Members, by label, fingerprint, recipient or e-mail address
    #[arg(required = true, value_name = "MEMBER")]
    members: Vec<String>,
    /// Remove only their grant of this key
    #[arg(long = "key", value_name = "NAME")]
    keys: Vec<KeyName>,
    /// Skip another member with an unusable certificate; their grant stays at the earlier generation
    #[arg(long, value_name = "MEMBER", conflicts_with = "no_rotate")]
    without: Vec<String>,
    /// Only remove the members' files; they can still open new files
    #[arg(long)]
    no_rotate: bool,
    /// Print a checklist of what the members can still open
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, require_equals = true, default_missing_value = "text")]
    report: Option<Format>,
    /// Print what would be done, and do nothing; with --report also what they could still open
    #[arg(long)]
    dry_run: bool,
}

impl Remove {
    pub(super) fn run(self, context: &Context) -> Outcome {
        // A description that cannot be read stops nothing but the rotation of its key.
        let opened = context.open_anyway()?;
        opened.top()?;
        refuse_rotation(&opened.repository)?;
        let OpenClone { repository, roster, keyring, .. } = &opened;
        let mut removal = plan_removal(repository, roster, keyring, &self.members, &self.keys)?;
        removal.plan.without = run::find_without(&opened, &removal.plan.names, &self.without)?;
        let exposed = exposed_ids(&opened, &removal.plan);
        if self.no_rotate || removal.plan.names.is_empty() {
            self.remove_files(context, &opened, &removal)?;
        } else {
            removal.refuse_unfit()?;
            let plan = &removal.plan;
            refuse_not_held(&opened, plan)?;
            run::rotate(&context.ui, &opened, plan, self.dry_run)?;
            for (name, stems) in &plan.removed {
                let stems: Vec<_> = stems.iter().map(|stem| crate::sanitise::line(stem)).collect();
                let done = if self.dry_run { "would remove" } else { "removed" };
                context.ui.status(format!("{done} from key '{name}': {}", stems.join(", ")));
            }
        }
        let plan = &removal.plan;
        for recipient in &plan.recipients {
            context.ui.status(format!("  recipient {recipient}"));
        }
        // With the keys as they are now, which open the old files too.
        let opened = context.open_anyway()?;
        let exposure = find_exposed(&opened.repository, &opened.keyring, &exposed)?;
        summarise(&context.ui, &exposure, self.no_rotate);
        if let Some(format) = self.report {
            print_report(&context.ui, &self.members, plan, &exposure, format);
        } else if !exposure.paths.is_empty() {
            context.ui.hint("--report, with --dry-run, lists them as a checklist");
        }
        Ok(())
    }

    fn remove_files(&self, context: &Context, opened: &OpenClone, removal: &Removal) -> Outcome {
        let _exclusive = exclusive(&opened.repository)?;
        let plan = &removal.plan;
        let files: Vec<File> = plan
            .removed
            .iter()
            .flat_map(|(name, stems)| {
                stems.iter().map(|stem| File::Member(name.clone(), stem.clone()))
            })
            .collect();
        for file in removal.bad.iter().take(NAMED) {
            let path = crate::sanitise::path(file.path().as_bytes());
            context.ui.warning(format!("{path} is malformed or forged: its owner is unknown"));
        }
        for file in &files {
            if self.dry_run {
                context.ui.line(format!("would remove {}", crate::sanitise::line(&file.path())));
            }
        }
        if self.dry_run {
            return Ok(());
        }
        crate::clone::roster::remove_from_shroud_dir(&opened.repository, &files)?;
        let all: Vec<_> = plan.removed.keys().map(KeyName::as_str).collect();
        context.ui.status(format!("removed the grant of {}", all.join(", ")));
        let names: Vec<_> = plan.names.iter().map(KeyName::as_str).collect();
        if names.is_empty() {
            return Ok(());
        }
        context.ui.warning(
            "the key was not rotated: removed members can still open new files that it seals",
        );
        context.ui.hint(format!("git shroud key rotate {}", names.join(" ")));
        Ok(())
    }
}

/// The keys that the members know: of each name every generation that there is before the rotation.
fn exposed_ids(opened: &OpenClone, plan: &Plan) -> BTreeSet<KeyId> {
    let held = plan.names.iter().flat_map(|name| opened.keyring.line(name));
    held.map(|entry| entry.key.id()).collect()
}

fn refuse_not_held(opened: &OpenClone, plan: &Plan) -> Outcome {
    let locked: Vec<_> =
        plan.names.iter().filter(|name| opened.keyring.current(name).is_none()).collect();
    let Some(first) = locked.first() else { return Ok(()) };
    let held = plan.names.iter().filter(|name| !locked.contains(name));
    let held: Vec<_> = held.map(|name| format!("--key {name}")).collect();
    let refused = CommandError::refused(format!(
        "they also have the key '{first}', which is not held here, so it cannot be rotated; nothing was changed"
    ));
    Err(match held.is_empty() {
        true => refused.hint("ask a member who holds it"),
        false => {
            refused.hint(format!("ask a member who holds it; for the others: {}", held.join(" ")))
        }
    })
}
