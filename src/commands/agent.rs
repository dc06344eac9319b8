//! `git shroud agent`

use super::Context;
use crate::access::agent;
use crate::error::Outcome;

/// Hold opened keys in memory, for a time
///
/// With 'git config shroud.keyring agent' the keys of a clone are in the memory of this program, and not on the disk. 'git shroud unlock'
/// starts it and gives it the keys, for 8 hours or for the time that 'unlock --for' says. Then it wipes them, and the clone is locked: git
/// refuses plaintext until you unlock again. Files that are open stay open; 'git shroud lock' seals them.
///
/// It serves all your clones, and nobody but you, over a socket in a folder of yours alone. It wipes every key when it ends: after --stop, at
/// SIGTERM, or when you log out. It does not work on Windows.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud agent --list
  $ git shroud agent --stop")]
pub struct Agent {
    /// Do not go to the background, for systemd and launchd
    #[arg(long)]
    foreground: bool,
    /// Leave the session of the terminal
    #[arg(long, hide = true, requires = "foreground")]
    detach: bool,
    /// Wipe all keys, and end it
    #[arg(long, conflicts_with = "foreground")]
    stop: bool,
    /// List the clones whose keys it holds, and for how long
    #[arg(long, conflicts_with_all = ["foreground", "stop"])]
    list: bool,
}

impl Agent {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let what = match self {
            Self { foreground: true, detach, .. } => agent::What::Serve { detach },
            Self { stop: true, .. } => agent::What::Stop,
            Self { list: true, .. } => agent::What::List,
            _ => agent::What::Start,
        };
        agent::run(what, &context.ui, &mut |line| context.ui.line(line))?;
        Ok(())
    }
}
