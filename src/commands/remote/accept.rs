//! `git shroud remote accept`

use crate::commands::Context;
use crate::error::Outcome;
use crate::remote::status::accept;
use crate::ui::prompt;

/// Believe the state that the host of an encrypted remote serves, although it does not follow from the last one that you saw
///
/// The host may have lost pushes, or somebody may be attacking you. STATE is the number that the error named: no other state is taken. Ask a
/// colleague what they see ('git shroud remote status') before you accept it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud remote accept vault \"$(cat ../state-that-bob-sees)\"")]
pub(super) struct Accept {
    /// The name of the remote
    name: String,
    /// The state: 64 hexadecimal digits
    state: String,
}

impl Accept {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let push = accept(&context.repository()?, &self.name, &self.state, &mut prompt::ask)?;
        context.ui.status(format!("accepted push {push}; git fetch takes it"));
        Ok(())
    }
}
