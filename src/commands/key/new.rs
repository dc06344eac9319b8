//! `git shroud key new`

use super::super::{Context, exclusive, refuse_rotation};
use crate::access::set_up::create_key;
use crate::clone::roster::stage_shroud_dir;
use crate::error::{CommandError, Outcome};
use crate::git::config::install_drivers;
use crate::keyring::KeyName;
use crate::store::local;
use crate::store::shroud_dir::KeyInfo;

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
        let opened = context.open()?;
        let top = opened.top()?;
        refuse_rotation(&opened.repository)?;
        if opened.roster.infos.is_empty() {
            return Err(CommandError::wrong("this repository is not set up")
                .hint(format!("git shroud init --key {}", self.name)));
        }
        if opened.roster.infos.contains_key(&self.name) {
            return Err(CommandError::wrong(format!("there is a key '{}' already", self.name))
                .hint("git shroud key list"));
        }
        let _exclusive = exclusive(&opened.repository)?;
        // Into the local keyring, whatever the environment gives.
        let mut keyring = local::load(opened.repository.common_dir())?;
        create_key(&mut keyring, self.name.clone())?;
        local::save(opened.repository.common_dir(), &keyring)?;
        let entry = keyring.current(&self.name).expect("it was made above");
        let info = KeyInfo::new(entry, &[]);
        let info = if self.write_only { info.write_only(&entry.key) } else { info };
        info.write(top)?;
        stage_shroud_dir(&opened.repository)?;
        install_drivers(&opened.repository)?;
        context.ui.status(format!("made key '{}' (id {})", entry.name, entry.key.id()));
        context.ui.hint(format!("git shroud track --key {} PATTERN", entry.name));
        context.ui.hint(format!(
            "keep a copy in another place: git shroud key export --name {} -o FILE",
            entry.name
        ));
        Ok(())
    }
}
