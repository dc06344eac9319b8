//! `git shroud key new`

use super::Context;
use crate::access::set_up::add_key;
use crate::error::Outcome;
use crate::keyring::KeyName;

/// Make another key, for files that only some people may read
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud key new staging
  $ git shroud track --key staging 'environments/staging/**'
  $ git shroud key new staging --write-only")]
pub(super) struct New {
    /// The key's name: a-z, 0-9, '-', '_' and '.'
    name: KeyName,
    /// Let people who do not hold the key set values in files that are sealed by value; they cannot read them
    #[arg(long)]
    write_only: bool,
}

impl New {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let name = &self.name;
        let id = add_key(&context.open()?, name, self.write_only, &context.ui)?;
        context.ui.status(format!("made key '{name}' (id {id})"));
        context.ui.hint(format!("git shroud track --key {name} PATTERN"));
        context.ui.hint(format!(
            "keep a copy in another place: git shroud key export --name {name} -o FILE"
        ));
        Ok(())
    }
}
