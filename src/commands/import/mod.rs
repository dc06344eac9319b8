//! `git shroud import`

mod ansible_vault;
mod blackbox;
mod dotenvx;
mod git_agecrypt;
mod git_secret;
mod sops;
mod transcrypt;

use std::path::PathBuf;
use std::time::Duration;

use super::Context;
use crate::access::unlock::missing::IdentityArguments;
use crate::error::Outcome;
use crate::import::repository::{RepositoryRequest, RepositoryTool};
use crate::import::{Request, Tool};
use crate::keyring::KeyName;
use crate::migrate::Rename;
use crate::ui::prompt::ask;

/// Take encrypted files, or a whole repository, over from another tool
///
/// From sops, dotenvx and ansible-vault it takes the files that you name, and stages them. From transcrypt, git-secret, git-agecrypt and
/// blackbox it takes all that they have encrypted in this repository, makes members of their people, and commits; 'git shroud migrate
/// git-crypt' does that for git-crypt.
///
/// For files: decrypts the files with the tool's own program, which must be installed and have its keys, and seals them: by value where a file
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
    Transcrypt(transcrypt::Transcrypt),
    GitSecret(git_secret::GitSecret),
    GitAgecrypt(git_agecrypt::GitAgecrypt),
    Blackbox(blackbox::Blackbox),
}

impl Import {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        match self.command {
            ImportCommand::Sops(sops) => sops.run(context),
            ImportCommand::Dotenvx(dotenvx) => dotenvx.run(context),
            ImportCommand::AnsibleVault(vault) => vault.run(context),
            ImportCommand::Transcrypt(transcrypt) => transcrypt.run(context),
            ImportCommand::GitSecret(git_secret) => git_secret.run(context),
            ImportCommand::GitAgecrypt(git_agecrypt) => git_agecrypt.run(context),
            ImportCommand::Blackbox(blackbox) => blackbox.run(context),
        }
    }
}

/// What every import of a repository has.
#[derive(clap::Args)]
struct Whole {
    /// Print what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Stage everything, and leave the commit to you
    #[arg(long)]
    no_commit: bool,
    /// Give a key another name than that of the tool's; it is 'default' where the tool has no names
    #[arg(long = "rename", value_name = "OLD=NEW")]
    renames: Vec<Rename>,
}

/// What an import of a repository with people has.
#[derive(clap::Args)]
struct Members {
    /// Grant also to public keys that only the repository vouches for: you have compared them with their owners
    #[arg(long)]
    trust: bool,
    /// Continue even if people whose public key is missing or unusable lose access
    #[arg(long)]
    without_those: bool,
}

impl Whole {
    fn run(
        self,
        context: &Context,
        tool: &dyn RepositoryTool,
        members: Option<Members>,
        identities: IdentityArguments,
    ) -> Outcome {
        let repository = context.discover()?;
        let Self { dry_run, no_commit, renames } = self;
        let Members { trust, without_those } =
            members.unwrap_or(Members { trust: false, without_those: false });
        let dir = &context.dir;
        let limit = None;
        let request = RepositoryRequest {
            tool,
            dir,
            identities,
            limit,
            dry_run,
            no_commit,
            trust,
            without_those,
            renames,
        };
        Ok(request.run(&repository, &mut ask, &context.ui)?)
    }
}

/// What every import of files has.
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
