//! From whom a removal takes what: recipients, out of every key, whatever their files are called.

pub mod exposure;
mod formerly;
pub mod report;
pub mod run;

use std::collections::{BTreeMap, BTreeSet};

use super::members::MemberError;
use super::rotate::Plan;
use crate::clone::Roster;
use crate::clone::meant::{People, Person};
use crate::clone::roster::show;
use crate::git::repository::Repository;
use crate::keyring::{KeyName, Keyring};
use crate::recipient::Recipient;
use crate::recipient::openpgp::Certificate;
use crate::store::shroud_dir::File;
use formerly::refuse_moved_name;

/// How many malformed files a refusal names.
const NAMED: usize = 10;

/// What a removal takes away, and what is in its way.
#[derive(Default)]
pub struct Removal {
    /// The keys to be rotated, and the files that are removed.
    pub plan: Plan,
    /// The malformed and forged files that nobody has named.
    pub bad: Vec<File>,
    /// What is in the way of a rotation: such files, and those that were named by nothing but the name of the file; and why they
    /// were not taken for members.
    unfit: Vec<(File, String)>,
    /// Remaining members who share an encryption key with a removed one: the labels of both.
    shared: Vec<(String, String)>,
}

/// Finds what removing these people takes away: from `keys`, or from all.
///
/// # Errors
/// A name means nobody, or several recipients; a file cannot be read.
pub fn plan_removal(
    repository: &Repository,
    roster: &Roster,
    keyring: &Keyring,
    meant: &[String],
    keys: &[KeyName],
) -> Result<Removal, MemberError> {
    let names: BTreeSet<KeyName> = if keys.is_empty() {
        roster.names().cloned().collect()
    } else {
        keys.iter().cloned().collect()
    };
    let people = People::of_keys(repository, roster, keyring, &names)?;
    if let Some(person) = people.files.iter().find(|person| person.file.is_missing) {
        return Err(MemberError::NotHere(person.file.file.clone()));
    }
    let mut removal = Removal::default();
    for meant in meant {
        if let Some(recipient) = people.find(meant)? {
            refuse_moved_name(repository, keyring, &people, meant, &recipient)?;
            removal.plan.recipients.insert(recipient);
            continue;
        }
        let bad = people.find_bad(meant);
        if bad.is_empty() {
            return Err(People::nobody(meant).into());
        }
        for person in bad {
            removal.take(roster, person);
            // The name of a file that is no grant names nobody: who is called so may well stay.
            if person.file.file.path() != *meant {
                removal.unfit.push((person.file.file.clone(), why_bad(person)));
            }
        }
    }
    let is_removed = |person: &&Person, removal: &Removal| {
        removal.plan.recipients.iter().any(|recipient| person.is_of(recipient))
    };
    for person in &people.files {
        if is_removed(&person, &removal) {
            removal.take(roster, person);
        }
    }
    let stays = |person: &&Person| !removal.takes(person);
    let bad = people.files.iter().filter(stays).filter(|person| person.is_bad());
    let bad: Vec<&Person> = bad.collect();
    for person in bad {
        removal.unfit.push((person.file.file.clone(), why_bad(person)));
        removal.bad.push(person.file.file.clone());
    }
    let shared = find_shared(&people, &removal);
    Ok(Removal { shared, ..removal })
}

fn why_bad(person: &Person) -> String {
    match &person.file.member {
        Err(error) => error.clone(),
        Ok(_) => {
            format!("{}: its mac fails: somebody without the key wrote it", show(&person.file.file))
        }
    }
}

impl Removal {
    fn take(&mut self, roster: &Roster, person: &Person) {
        let Person { file, key, .. } = person;
        // A folder that describes no key has none that could be rotated.
        if roster.infos.contains_key(key) || roster.malformed.contains_key(key) {
            self.plan.names.insert(key.clone());
        }
        self.plan.removed.entry(key.clone()).or_default().insert(file.stem.clone());
    }

    fn takes(&self, person: &Person) -> bool {
        let removed = self.plan.removed.get(&person.key);
        removed.is_some_and(|stems| stems.contains(&person.file.stem))
    }

    /// Refuses a rotation where a file is in the way that nobody has named: nothing tells whose it is.
    ///
    /// # Errors
    /// There is such a file, or a remaining member can open what is wrapped to a removed one.
    pub fn refuse_unfit(&self) -> Result<(), MemberError> {
        if let Some((file, first)) = self.unfit.first() {
            let others = self.unfit.iter().skip(1).take(NAMED).map(|(_, why)| why.clone());
            let mut others: Vec<String> = others.collect();
            if self.unfit.len() > NAMED + 1 {
                others.push(format!("and {} more", self.unfit.len() - NAMED - 1));
            }
            let (why, file) = (first.clone(), file.clone());
            return Err(MemberError::InTheWay { why, others, file });
        }
        if let Some((removed, other)) = self.shared.first() {
            let (removed, other) = (removed.clone(), other.clone());
            return Err(MemberError::SharedKey { removed, other });
        }
        Ok(())
    }
}

/// Another certificate can adopt the encryption subkey of a removed one: nothing proves that it is the owner's.
fn find_shared(people: &People, removal: &Removal) -> Vec<(String, String)> {
    let is_openpgp = |recipient: &Recipient| recipient.fingerprint().is_some();
    if !removal.plan.recipients.iter().any(is_openpgp) {
        return Vec::new();
    }
    let keys = |person: &Person| {
        let member = person.file.member.as_ref().ok()?;
        let certificate = Certificate::parse(member.certificate.as_ref()?.as_bytes()).ok()?;
        Some(certificate.encryption_fingerprints())
    };
    let (gone, staying): (Vec<_>, Vec<_>) =
        people.files.iter().filter(|one| !one.is_bad()).partition(|one| removal.takes(one));
    let mut of_gone: BTreeMap<String, &Person> = BTreeMap::new();
    for person in gone {
        for fingerprint in keys(person).unwrap_or_default() {
            of_gone.insert(fingerprint, person);
        }
    }
    let mut shared = Vec::new();
    for person in staying {
        let own = keys(person).unwrap_or_default();
        if let Some(gone) = own.iter().find_map(|own| of_gone.get(own)) {
            shared.push((gone.file.stem.clone(), person.file.stem.clone()));
        }
    }
    shared
}
