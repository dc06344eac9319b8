//! `git shroud member renew`

use crate::access::members::renewing::Renewal;
use crate::commands::{Context, exclusive, refuse_rotation};
use crate::error::{CommandError, Outcome};
use crate::keyring::KeyName;
use crate::ui::{count, prompt};

/// Grant the current key to members whose grant is out of date
///
/// If one branch adds a member and another rotates the key, the merge leaves a member who can open only the earlier generation. Anybody
/// with that earlier key can have written such a file. So check who added the member before you renew: the command shows the fingerprint,
/// the user ids and the commit, and asks on a terminal.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud member renew alice")]
pub(super) struct Renew {
    /// Members, by label, fingerprint, recipient or e-mail address
    #[arg(required = true, value_name = "MEMBER")]
    members: Vec<String>,
    /// Only for this key
    #[arg(long = "key", value_name = "NAME")]
    keys: Vec<KeyName>,
    /// Do not ask: you have checked who added them
    #[arg(long, short)]
    yes: bool,
    /// Commit the members' files, and nothing else
    #[arg(long)]
    commit: bool,
}

impl Renew {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let opened = context.open()?;
        opened.top()?;
        refuse_rotation(&opened.repository)?;
        let _exclusive = exclusive(&opened.repository)?;
        let renewal = Renewal::find(&opened, &self.members, &self.keys, &context.ui)?;
        if renewal.is_empty() {
            return Ok(());
        }
        let members = count(renewal.len() as u64, "member");
        if !self.yes {
            match prompt::confirm(&format!("Grant the current key to {members}?")) {
                Some(true) => {}
                Some(false) => return Err(CommandError::refused("nothing was granted")),
                None => return Err(nobody_to_ask()),
            }
        }
        Ok(renewal.grant(self.commit, &context.ui)?)
    }
}

fn nobody_to_ask() -> CommandError {
    CommandError::wrong("nobody has confirmed that these grants are right; nothing was granted")
        .hint(
            "there is no terminal to ask on: check who added them, then run this again with --yes",
        )
}
