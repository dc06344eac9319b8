//! `git shroud remote verify`

use crate::commands::Context;
use crate::error::{Outcome, count};
use crate::remote::verify::verify;
use crate::ui::prompt;

/// Check that a newcomer would get everything from an encrypted remote
///
/// Fetches what the host has, opens every pack into an empty repository, checks every object, and that all objects that the refs lead to are
/// there. This repository stays as it is.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud remote verify vault")]
pub(super) struct Verify {
    /// The name of the remote
    name: String,
}

impl Verify {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let repository = context.repository()?;
        let verified = verify(&repository, &self.name, &context.ui, &mut prompt::ask)?;
        let packs = count(verified.packs as u64, "pack");
        let objects = count(verified.objects, "object");
        let refs = count(verified.refs as u64, "ref");
        context.ui.line(format!("sound: {packs} with {objects}; complete: {refs}"));
        Ok(())
    }
}
