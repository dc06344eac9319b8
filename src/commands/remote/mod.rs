//! `git shroud remote`

mod accept;
mod compact;
mod export;
mod init;
mod status;
mod verify;

use super::Context;
use crate::error::Outcome;

/// Set up and look after encrypted remotes, whose host sees neither names nor history
///
/// An encrypted remote holds a whole repository, sealed, on a branch of an ordinary git host. After 'init', use it as any other remote: git
/// push, git fetch, git clone shroud::ADDRESS.
#[derive(clap::Args)]
pub struct Remote {
    #[command(subcommand)]
    command: RemoteCommand,
}

#[derive(clap::Subcommand)]
enum RemoteCommand {
    Init(init::Init),
    Status(status::Status),
    Verify(verify::Verify),
    Accept(accept::Accept),
    Export(export::Export),
    Compact(compact::Compact),
}

impl Remote {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        match self.command {
            RemoteCommand::Init(init) => init.run(context),
            RemoteCommand::Status(status) => status.run(context),
            RemoteCommand::Verify(verify) => verify.run(context),
            RemoteCommand::Accept(accept) => accept.run(context),
            RemoteCommand::Export(export) => export.run(context),
            RemoteCommand::Compact(compact) => compact.run(context),
        }
    }
}
