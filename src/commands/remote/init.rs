//! `git shroud remote init`

use std::ffi::OsString;

use crate::commands::Context;
use crate::error::Outcome;
use crate::keyring::KeyName;
use crate::remote::init::{Init as Making, Made};

/// Make an encrypted repository at a git host, and a remote for it
///
/// URL is the address of an empty repository, as git takes it. This makes the branch 'shroud' there, with a new key, and adds the remote NAME
/// with the address shroud::URL. Nothing else makes an encrypted repository: a push to an address without one fails. Name everybody who
/// should be able to clone it with --member, yourself too, or make a backup of the key with 'git shroud remote export'.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud remote init vault ../host.git --member \"$(age-keygen -y ../carol.age)\"")]
pub(super) struct Init {
    /// The name of the remote
    name: String,
    /// The address of the host's repository
    url: String,
    /// Somebody who can open it: as for 'git shroud member add'; repeatable
    #[arg(long = "member", value_name = "RECIPIENT")]
    members: Vec<OsString>,
    /// Take a certificate even if gpg does not consider it valid: you have compared the fingerprint yourself
    #[arg(long)]
    trust: bool,
    /// Seal with this key of the clone instead of a new one: whoever holds it, as CI in GIT_SHROUD_KEY, can open the remote
    #[arg(long, value_name = "NAME")]
    key: Option<KeyName>,
    /// Make a new one where this user has seen one before that is gone now
    #[arg(long)]
    again: bool,
}

impl Init {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let repository = context.repository()?;
        let making = Making {
            name: &self.name,
            url: &self.url,
            members: &self.members,
            trust: self.trust,
            again: self.again,
            key: self.key.as_ref(),
        };
        let Made { pin, members } = making.run(&repository, &context.ui)?;
        let ui = &context.ui;
        ui.status(format!("made an encrypted repository (id {}, key {})", pin.repository, pin.key));
        for member in &members.0 {
            ui.status(format!("  '{}' can open it ({})", member.label, member.recipient.brief()));
        }
        let name = crate::sanitise::word_or(self.name.as_bytes(), "NAME");
        if members.0.is_empty() && self.key.is_none() {
            ui.warning(
                "only this clone can open it: if the clone is lost, so is all that you push",
            );
            ui.hint(format!("git shroud remote export {name} -o FILE, and keep FILE elsewhere"));
        }
        ui.hint(format!("push to it as to any other remote: git push {name} main"));
        Ok(())
    }
}
