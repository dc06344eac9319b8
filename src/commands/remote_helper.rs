//! `git shroud remote-helper`, which `git-remote-shroud` starts for git.

use std::io;

use super::Context;
use crate::error::{CommandError, Outcome};
use crate::remote::RemoteError;
use crate::remote::helper::serve;
use crate::ui::prompt;

/// What git expects of a helper that cannot go on.
const FATAL: u8 = 128;

/// Serve git as a remote helper (git-remote-shroud)
#[derive(clap::Args)]
pub struct RemoteHelper {
    /// The name of the remote, or its address where it has none
    #[arg(value_name = "NAME")]
    name: String,
    /// The address, without 'shroud::'
    #[arg(value_name = "ADDRESS")]
    address: Option<String>,
}

impl RemoteHelper {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let report = |error: RemoteError| {
            let error = CommandError::from(error);
            context.ui.error(&error);
        };
        let address = self.address.unwrap_or(self.name);
        let (input, output) = (io::stdin().lock(), io::stdout().lock());
        let served =
            serve(&context.dir, &address, input, output, &context.ui, &report, &mut prompt::ask);
        served.map_err(|error| CommandError::from(error).status_if_wrong(FATAL))
    }
}
