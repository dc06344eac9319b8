//! `git shroud member remove`

use crate::access::removal::report::{Format, print_report, summarise};
use crate::access::removal::run::{Removed, Request};
use crate::commands::Context;
use crate::error::Outcome;
use crate::keyring::KeyName;
use crate::remote::compact::Consent;
use crate::remote::membership;
use crate::ui::prompt;

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
    /// Take them, by label, from this encrypted remote, which gets a new key
    #[arg(long, value_name = "NAME", conflicts_with_all = ["keys", "without", "no_rotate", "report", "dry_run"])]
    remote: Option<String>,
    /// Seal again all that was pushed before, and begin the host's branch anew, so that the removed members' keys open nothing there
    #[arg(long, requires = "remote")]
    repack: bool,
    /// Agree to the cost of --repack beforehand, and do not ask
    #[arg(long, requires = "repack")]
    yes: bool,
}

impl Remove {
    pub(super) fn run(self, context: &Context) -> Outcome {
        if let Some(remote) = &self.remote {
            return self.run_on_remote(context, remote);
        }
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

    fn run_on_remote(&self, context: &Context, remote: &str) -> Outcome {
        let repository = context.repository()?;
        let ui = &context.ui;
        let consent = Consent { given: self.yes, confirm: prompt::confirm };
        let repack = self.repack.then_some(consent);
        let left =
            membership::remove(&repository, remote, &self.members, repack, ui, &mut prompt::ask)?;
        if self.repack {
            ui.status("made a new key and sealed everything with it: the host's branch is closed to those who were removed");
            ui.warning(
                "they can still open what was there before, in copies that they or the host keep",
            );
        } else {
            ui.status(
                "made a new key: what is pushed from now on is closed to those who were removed",
            );
            ui.warning("they can still open what was pushed before; --repack seals it anew");
        }
        if left.0.is_empty() {
            ui.warning("only clones that hold the key can open it: nobody is a member");
        }
        Ok(())
    }
}
