//! `git shroud member renew`

use super::{find_member, last_change, show_candidate, wrap, write};
use crate::access::{Candidate, Standing, verify};
use crate::commands::{Context, exclusive, refuse_rotation};
use crate::error::{CommandError, Outcome};
use crate::keyring::KeyName;

/// Grant the current key again to members whose grant is out of date
///
/// A merge of a branch that adds a member with one that rotates the key leaves a member who can open the earlier
/// generation only. Whoever knew that earlier key can have written such a file, so look at who added it before you renew
/// it: the command shows the fingerprint, the user ids and the commit.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud member renew alice")]
pub(super) struct Renew {
    /// Members, by label, fingerprint, recipient or e-mail address
    #[arg(required = true, value_name = "MEMBER")]
    members: Vec<String>,
    /// Only for this key
    #[arg(long = "key", value_name = "NAME")]
    keys: Vec<KeyName>,
    /// Commit the members' files, and nothing else
    #[arg(long)]
    commit: bool,
}

impl Renew {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let opened = context.open()?;
        opened.top()?;
        refuse_rotation(&opened.repository)?;
        let _exclusive = exclusive(&opened.repository)?;
        let names: Vec<KeyName> = if self.keys.is_empty() {
            opened.roster.infos.keys().cloned().collect()
        } else {
            self.keys
        };
        let mut granted = Vec::new();
        for meant in &self.members {
            let mut found = false;
            for name in &names {
                let files = opened.roster.members(&opened.repository, name)?;
                if let Some(file) = find_member(&files, meant, name)? {
                    found = true;
                    let info = opened.roster.infos.get(name);
                    if file.standing(info, &opened.keyring) == Standing::Current {
                        context.ui.status(format!(
                            "'{}' has the current key '{name}' already",
                            file.stem
                        ));
                        continue;
                    }
                    // Every mac of this key, this member's under the earlier key among them.
                    let verified =
                        verify(&opened.repository, &opened.roster, &opened.keyring, name, &[])?;
                    let member = file.member.as_ref().expect("it was verified");
                    let candidate = Candidate::from_member(member)?;
                    show_candidate(context, &candidate);
                    let path = file.file.path();
                    if let Some(by) = last_change(&opened.repository, &path)? {
                        context.ui.status(format!("  added by {by}"));
                    }
                    granted.push(wrap(verified.entry, &candidate, &member.label)?);
                }
            }
            if !found {
                return Err(no_such_member(meant));
            }
        }
        if granted.is_empty() {
            return Ok(());
        }
        write(context, &opened, &granted, self.commit)
    }
}

pub(super) fn no_such_member(meant: &str) -> CommandError {
    CommandError::wrong(format!("there is no member '{}'", crate::sanitise::line(meant)))
        .hint("git shroud member list")
}
