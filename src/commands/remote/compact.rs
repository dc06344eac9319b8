//! `git shroud remote compact`

use crate::commands::Context;
use crate::error::Outcome;
use crate::remote::compact::{Compacted, Consent, compact};
use crate::ui::prompt;

/// Begin the host's branch of an encrypted remote anew, in one commit with one pack
///
/// The host keeps every pack that was ever pushed, because its branch keeps its history. This puts one commit in the place of that history: the
/// refs and all that they lead to, and nothing that was deleted or replaced since. It opens and checks everything before. Colleagues go on as
/// before, and take the new pack from the host once. The host decides when it really removes what is old.
///
/// You must be allowed to force a push to the branch 'shroud'. If somebody pushes meanwhile, nothing of theirs is lost.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud remote compact vault --yes")]
pub(super) struct Compact {
    /// The name of the remote
    name: String,
    /// Agree to the cost beforehand, and do not ask
    #[arg(long)]
    yes: bool,
}

impl Compact {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let ui = &context.ui;
        let consent = Consent { given: self.yes, confirm: prompt::confirm };
        let Compacted { before, after } =
            compact(&context.repository()?, &self.name, consent, ui, &mut prompt::ask)?;
        ui.status(format!(
            "the host's branch is one commit now; packs have {after} bytes and had {before}"
        ));
        Ok(())
    }
}
