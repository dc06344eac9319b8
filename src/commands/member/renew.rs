//! `git shroud member renew`

use crate::access::members::Candidate;
use crate::access::members::grant::verify;
use crate::access::members::granting::{freshen, show_candidate, wrap, write};
use crate::clone::meant::{People, Person};
use crate::clone::roster::Standing;
use crate::commands::{Context, OpenClone, exclusive, refuse_rotation};
use crate::error::{CommandError, Outcome};
use crate::git::last_changes::last_change;
use crate::keyring::KeyName;
use crate::store::shroud_dir::Label;
use crate::ui::{count, prompt};

/// Grant the current key to members whose grant is out of date
///
/// If one branch adds a member and another rotates the key, the merge leaves a member who can open only the earlier generation. Anybody
/// with that earlier key can have written such a file. So check who added the member before you renew: the command shows the fingerprint,
/// the user ids and the commit, and asks on a terminal.
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
    /// Do not ask: you have checked who added them
    #[arg(long, short)]
    yes: bool,
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
        let OpenClone { repository, roster, keyring, .. } = &opened;
        let people = People::of_keys(repository, roster, keyring, &names)?;
        let mut renewed: Vec<(&KeyName, Label)> = Vec::new();
        let mut candidates = Vec::new();
        for meant in &self.members {
            let Some(recipient) = people.find(meant)? else {
                // A forged or malformed file is named, with what to do.
                let bad = people.find_bad(meant);
                bad.iter().try_for_each(|bad| {
                    verify(repository, roster, keyring, &bad.key, &[]).map(drop)
                })?;
                return Err(People::nobody(meant).into());
            };
            let of_it = |person: &&Person| person.is_of(&recipient) && !person.is_bad();
            for Person { file, key, standing, .. } in people.files.iter().filter(of_it) {
                if *standing == Standing::Current {
                    context
                        .ui
                        .status(format!("'{}' has the current key '{key}' already", file.stem));
                    continue;
                }
                // Every mac of this key, this member's under the earlier key among them.
                verify(repository, roster, keyring, key, &[])?;
                let member = file.member.as_ref().expect("it was verified");
                let candidate = Candidate::from_member(member)?;
                show_candidate(&context.ui, &candidate);
                if let Some(by) = last_change(repository, &file.file.path())? {
                    context.ui.status(format!("  added by {by}"));
                }
                renewed.push((key, member.label.clone()));
                candidates.push(candidate);
            }
        }
        if renewed.is_empty() {
            return Ok(());
        }
        let candidates = freshen(&context.ui, repository, &candidates)?;
        let question =
            format!("Grant the current key to {}?", count(renewed.len() as u64, "member"));
        if !self.yes {
            match prompt::confirm(&question) {
                Some(true) => {}
                Some(false) => return Err(CommandError::refused("nothing was granted")),
                None => return Err(nobody_to_ask()),
            }
        }
        let mut granted = Vec::new();
        for ((key, label), candidate) in renewed.into_iter().zip(&candidates) {
            let verified = verify(repository, roster, keyring, key, &[])?;
            granted.push(wrap(verified.entry, candidate, &label)?);
        }
        Ok(write(&context.ui, &opened, &granted, self.commit)?)
    }
}

fn nobody_to_ask() -> CommandError {
    CommandError::wrong("nobody has confirmed that these grants are right; nothing was granted")
        .hint(
            "there is no terminal to ask on: check who added them, then run this again with --yes",
        )
}
