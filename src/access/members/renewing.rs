//! Granting the current key to members whose grant is out of date. Anybody with the earlier key can have written such a
//! grant, so a person has to look at it in between.

use super::grant::verify;
use super::granting::{freshen, show_candidate, wrap, write};
use super::{Candidate, MemberError};
use crate::clone::OpenClone;
use crate::clone::meant::{People, Person};
use crate::clone::roster::Standing;
use crate::git::last_changes::last_change;
use crate::git::user_commands::user_commands;
use crate::keyring::KeyName;
use crate::progress::Progress;
use crate::store::shroud_dir::Label;

/// Grants that are out of date.
pub struct Renewal<'o> {
    opened: &'o OpenClone,
    grants: Vec<(KeyName, Label)>,
    candidates: Vec<Candidate>,
}

impl<'o> Renewal<'o> {
    /// Finds the grants of these members that are out of date, and says whose they are and who added them. Where no key is
    /// named, those of every key.
    ///
    /// # Errors
    /// A name is nobody's or that of several, a file of the key's members is forged, or the history cannot be read.
    pub fn find(
        opened: &'o OpenClone,
        members: &[String],
        keys: &[KeyName],
        progress: &dyn Progress,
    ) -> Result<Self, MemberError> {
        let OpenClone { repository, roster, keyring, .. } = opened;
        let described: Vec<KeyName>;
        let keys = if keys.is_empty() {
            described = roster.infos.keys().cloned().collect();
            &described
        } else {
            keys
        };
        let people = People::of_keys(repository, roster, keyring, keys)?;
        let (mut grants, mut candidates) = (Vec::new(), Vec::new());
        for meant in members {
            let Some(recipient) = people.find(meant)? else {
                // A forged or malformed file is named, with what to do.
                for bad in people.find_bad(meant) {
                    verify(repository, roster, keyring, &bad.key, &[])?;
                }
                return Err(People::nobody(meant).into());
            };
            let of_it = |person: &&Person| person.is_of(&recipient) && !person.is_bad();
            for Person { file, key, standing, .. } in people.files.iter().filter(of_it) {
                if *standing == Standing::Current {
                    progress
                        .status(&format!("'{}' has the current key '{key}' already", file.stem));
                    continue;
                }
                // Every mac of this key, this member's under the earlier key among them.
                verify(repository, roster, keyring, key, &[])?;
                let member = file.member.as_ref().expect("it was verified");
                let candidate = Candidate::from_member(member)?;
                show_candidate(progress, &candidate);
                if let Some(by) = last_change(repository, &file.file.path())? {
                    progress.status(&format!("  added by {by}"));
                }
                grants.push((key.clone(), member.label.clone()));
                candidates.push(candidate);
            }
        }
        let candidates = match candidates.is_empty() {
            true => candidates,
            false => freshen(progress, repository, &candidates)?,
        };
        Ok(Self { opened, grants, candidates })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.grants.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.grants.is_empty()
    }

    /// Grants the current keys, and stages the members' files; commits them if that is wanted.
    ///
    /// # Errors
    /// A key is not held, a certificate cannot be used, or a file cannot be written.
    pub fn grant(&self, commit: bool, progress: &dyn Progress) -> Result<(), MemberError> {
        let OpenClone { repository, roster, keyring, .. } = self.opened;
        let commands = user_commands(repository);
        let mut granted = Vec::new();
        for ((key, label), candidate) in self.grants.iter().zip(&self.candidates) {
            let verified = verify(repository, roster, keyring, key, &[])?;
            granted.push(wrap(&commands, verified.entry, candidate, label)?);
        }
        write(progress, self.opened, &granted, commit)
    }
}
