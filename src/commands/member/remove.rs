//! `git shroud member remove`

use crate::access::removal::report::{Format, print_report, summarise};
use crate::access::removal::run::{Removed, Request};
use crate::commands::Context;
use crate::error::Outcome;
use crate::keyring::KeyName;

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
        let request = Request {
            members: &self.members,
            keys: &self.keys,
            without: &self.without,
            rotates: !self.no_rotate,
            dry_run: self.dry_run,
        };
        // A description that cannot be read stops nothing but the rotation of its key.
        let Removed { plan, exposure } = request.run(context.open_anyway()?, &context.ui)?;
        summarise(&context.ui, &exposure, self.no_rotate);
        if let Some(format) = self.report {
            print_report(&context.ui, &self.members, &plan, &exposure, format);
        } else if !exposure.paths.is_empty() {
            context.ui.hint("--report, with --dry-run, lists them as a checklist");
        }
        Ok(())
    }
}
