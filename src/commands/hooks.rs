//! `git shroud hooks`

use super::{Context, top};
use crate::error::Outcome;
use crate::git::hooks::{self, ASIDE, Change, OLDER};

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
/// Keeps an existing hook with '.before-git-shroud' after its name, and runs it first. Respects core.hooksPath, unless it leads outside
/// the repository.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud hooks install")]
struct Install {}

/// Remove the hooks, and restore the earlier ones
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud hooks remove")]
struct Remove {}

impl Hooks {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let repository = context.repository()?;
        top(&repository)?;
        let changes = match self.command {
            HooksCommand::Install(Install {}) => hooks::install(&repository),
            HooksCommand::Remove(Remove {}) => hooks::remove(&repository),
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
                Change::Renewed => format!("updated the hook {name}"),
                Change::Kept => format!("left the hook {name} as it is"),
                Change::Removed => format!("removed the hook {name}"),
                Change::Restored => format!("removed the hook {name}; the earlier one is back"),
            });
        }
        Ok(())
    }
}
