//! `git shroud remote status`

use crate::commands::Context;
use crate::error::{Outcome, count};
use crate::remote::status::status;
use crate::ui::prompt;

/// Show what an encrypted remote holds, and who can open it
///
/// Asks the host. Prints the id and key (the same for everybody who uses it: compare them with a colleague after the first clone), how
/// often something was pushed, packs, bytes, refs and members. Members' names are those that a member has given them.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud remote status vault
  $ git shroud remote status vault --json")]
pub(super) struct Status {
    /// The name of the remote, or shroud:: and its address
    name: String,
    /// For a program
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let status = status(&context.repository()?, &self.name, &mut prompt::ask)?;
        let ui = &context.ui;
        if self.json {
            ui.json(&status);
            return Ok(());
        }
        ui.line(format!("address     {}", status.address));
        ui.line(format!("id          {}", status.id));
        ui.line(format!("key         {} (generation {})", status.key, status.key_generation));
        ui.line(format!("push        {}", status.push));
        ui.line(format!("state       {}", status.state));
        ui.line(format!("refs        {}", status.refs));
        let packs = count(status.packs as u64, "pack");
        let objects = count(status.objects, "object");
        ui.line(format!("content     {packs}, {objects}, {} bytes", status.bytes));
        for member in &status.members {
            ui.line(format!("member      {} ({}, {})", member.label, member.brief, member.added));
        }
        Ok(())
    }
}
