//! `git shroud hooks`

use super::{Context, top};
use crate::error::Outcome;
use crate::git::hook_change::Change;
use crate::git::hooks::{self, ASIDE, OLDER};

/// Install git hooks that check commits and pushes for plaintext
#[derive(clap::Args)]
pub struct Hooks {
    #[command(subcommand)]
    command: HooksCommand,
}

#[derive(clap::Subcommand)]
enum HooksCommand {
    Install(Install),
    Remove(Remove),
}

/// Install hooks that run 'git shroud check' and 'git shroud scan'
///
/// pre-commit and pre-push run both. pre-merge-commit and pre-applypatch check what a merge and 'git am' would commit. post-commit and
/// post-rewrite report plaintext that a cherry-pick, a revert or a rebase has committed, because git runs no hook before that.
///
/// git 2.54 and newer run the hooks from the configuration (hook.git-shroud-EVENT.command), beside all others; 'git hook list EVENT'
/// names them. For an older git, or with --files, they are files: an existing hook is kept with '.before-git-shroud' after its name, and
/// runs first. Files respect core.hooksPath, unless it leads outside the repository.
///
/// With --global the hooks run in every repository of yours, also where git-shroud seals nothing.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud hooks install
  $ git shroud hooks install --files")]
struct Install {
    /// Write into your own git configuration, for all repositories; needs git 2.54
    #[arg(long)]
    global: bool,
    /// Write files, also if git runs hooks from the configuration: for programs that know only files
    #[arg(long, conflicts_with = "global")]
    files: bool,
}

/// Remove the hooks, and restore the earlier ones
#[derive(clap::Args)]
#[command(
    visible_alias = "uninstall",
    after_help = "Examples:
  $ git shroud hooks remove"
)]
struct Remove {
    /// Remove from your own git configuration
    #[arg(long)]
    global: bool,
}

impl Hooks {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let repository = || -> Outcome<_> {
            let repository = context.repository()?;
            top(&repository)?;
            Ok(repository)
        };
        let changes = match self.command {
            HooksCommand::Install(Install { global: true, .. }) => {
                hooks::install_for_user(&context.dir)
            }
            HooksCommand::Install(Install { files, .. }) => hooks::install(&repository()?, files),
            HooksCommand::Remove(Remove { global: true }) => hooks::remove_for_user(&context.dir),
            HooksCommand::Remove(Remove { global: false }) => hooks::remove(&repository()?),
        };
        for (name, change) in changes? {
            context.ui.status(match change {
                Change::Written => format!("wrote the hook {name}"),
                Change::Chained => {
                    format!("wrote the hook {name}; the earlier one is now {name}{ASIDE} and runs first")
                }
                Change::ChainedAgain => {
                    format!(
                        "wrote the hook {name}; the earlier one is now {name}{ASIDE} and runs first; another with that name is now {name}{ASIDE}{OLDER} and does not run"
                    )
                }
                Change::Configured => format!("set the hook {name} in git's configuration"),
                Change::Renewed => format!("updated the hook {name}"),
                Change::Kept => format!("left the hook {name} as it is"),
                Change::Removed => format!("removed the hook {name}"),
                Change::Restored => format!("removed the hook {name}; the earlier one is back"),
            });
        }
        Ok(())
    }
}
