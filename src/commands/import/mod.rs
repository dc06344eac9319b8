//! `git shroud import`

mod ansible_vault;
mod dotenvx;
mod sops;

use std::path::PathBuf;
use std::time::Duration;

use super::Context;
use crate::error::Outcome;
use crate::import::{Request, Tool};
use crate::keyring::KeyName;

/// Take encrypted files over from another tool
///
/// Decrypts the files with the tool's own program, which must be installed and have its keys, and seals them: by value where a file
/// can be read, else whole. The plaintext comes through a pipe, and goes sealed into the index. Then the file in the worktree becomes
/// plaintext, as every sealed file of an unlocked clone. Lines in .gitattributes are added. Commit when you have looked at the result.
#[derive(clap::Args)]
pub struct Import {
    #[command(subcommand)]
    command: ImportCommand,
}

#[derive(clap::Subcommand)]
enum ImportCommand {
    Sops(sops::Sops),
    Dotenvx(dotenvx::Dotenvx),
    AnsibleVault(ansible_vault::AnsibleVault),
}

impl Import {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        match self.command {
            ImportCommand::Sops(sops) => sops.run(context),
            ImportCommand::Dotenvx(dotenvx) => dotenvx.run(context),
            ImportCommand::AnsibleVault(vault) => vault.run(context),
        }
    }
}

/// What every import has.
#[derive(clap::Args)]
struct Files {
    /// Encrypted files of the worktree
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The key that seals them [default: as .gitattributes says]
    #[arg(long, value_name = "NAME")]
    key: Option<KeyName>,
    /// Seal the files whole, not by value
    #[arg(long)]
    whole: bool,
    /// A name whose value is not sealed, as log.level or '*.host'; repeat it, or separate with commas
    #[arg(long, value_name = "NAME", conflicts_with = "whole")]
    clear: Vec<String>,
    /// How long the program may take for a file; 0 for ever [default: 60 without a terminal, else 0]
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
}

impl Files {
    fn run(self, context: &Context, tool: &dyn Tool) -> Outcome {
        let opened = context.open()?;
        let request = Request {
            tool,
            dir: &context.dir,
            files: &self.files,
            key: self.key,
            whole: self.whole,
            clear: self.clear,
            limit: self.timeout.map(Duration::from_secs),
        };
        Ok(request.run(&opened, &context.ui)?)
    }
}
