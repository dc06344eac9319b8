//! `git shroud install` and `git shroud uninstall`

use super::Context;
use crate::error::{Outcome, count};
use crate::git::user_config::{install, uninstall};

/// Set git up once for all your clones
///
/// Writes git-shroud's drivers (filter, diff, merge) into your git configuration. From then on every clone refuses to store plaintext at a
/// tracked path, also before you unlock it. Files stay sealed until 'git shroud unlock', which is all that a clone still needs. An
/// unlocked clone has the drivers in its own configuration too, so 'uninstall' does not change it.
///
/// Files that git-crypt encrypts are not affected.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud install --global")]
pub struct Install {
    /// Write into your own git configuration (git config --global)
    #[arg(long, required = true)]
    global: bool,
}

/// Remove what 'git shroud install' wrote
///
/// Removes the settings that git-shroud wrote, and no others. Clones that were unlocked keep working. In all other clones
/// nothing but the tripwire keeps 'git add' from storing plaintext again.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud uninstall --global")]
pub struct Uninstall {
    /// Remove from your own git configuration (git config --global)
    #[arg(long, required = true)]
    global: bool,
}

impl Install {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let Self { global: _ } = self;
        context.ui.status(match install(&context.dir)?.settings {
            0 => "your git configuration has these settings already".to_owned(),
            n => format!("wrote {} into your git configuration", count(n, "setting")),
        });
        Ok(())
    }
}

impl Uninstall {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let Self { global: _ } = self;
        let changed = uninstall(&context.dir)?;
        for name in &changed.foreign {
            context
                .ui
                .warning(format!("left '{name}' as it is: git-shroud did not write its value"));
        }
        context.ui.status(match changed.settings {
            0 => "your git configuration has no settings of git-shroud's".to_owned(),
            n => format!("removed {} from your git configuration", count(n, "setting")),
        });
        Ok(())
    }
}
