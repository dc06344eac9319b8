//! Whom a person means by a label, a recipient, a fingerprint or an e-mail address: a recipient, and never a file.
//!
//! Anybody who can push can give a file any name. So a name counts where a holder of the key has signed it; where no such file
//! fits, one that cannot be verified here; and a file that is malformed or forged counts for itself alone.

use std::collections::BTreeMap;

use super::roster::{MemberFile, Standing};
use super::{CloneError, Roster};
use crate::git::repository::Repository;
use crate::keyring::{KeyName, Keyring};
use crate::recipient::openpgp::Certificate;
use crate::recipient::{Recipient, read_line};
use crate::store::shroud_dir::Member;

/// The member files of some keys, and how far each should be believed.
pub struct People {
    /// Every file.
    pub files: Vec<Person>,
}

/// One file.
pub struct Person {
    /// What it says.
    pub file: MemberFile,
    /// The key.
    pub key: KeyName,
    /// Whether it is of the key that is described now.
    pub standing: Standing,
    /// Whether a holder of the key has signed it.
    pub verified: bool,
}

impl Person {
    /// Whether it is malformed or forged.
    pub fn is_bad(&self) -> bool {
        matches!(
            self.standing,
            Standing::Malformed | Standing::Newer | Standing::MacFails | Standing::NotHere
        )
    }

    /// Whether it is for this recipient, whoever wrote it.
    pub fn is_of(&self, recipient: &Recipient) -> bool {
        self.member().is_some_and(|member| member.recipient == *recipient)
    }

    fn member(&self) -> Option<&Member> {
        self.file.member.as_ref().ok()
    }
}

impl People {
    /// The members of these keys.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn of_keys<'n>(
        repository: &Repository,
        roster: &Roster,
        keyring: &Keyring,
        names: impl IntoIterator<Item = &'n KeyName>,
    ) -> Result<Self, CloneError> {
        let mut files = Vec::new();
        for key in names {
            for file in roster.members(repository, key)? {
                let standing = file.standing(roster.infos.get(key), keyring);
                let verified = file.is_verified(keyring);
                files.push(Person { file, key: key.clone(), standing, verified });
            }
        }
        Ok(Self { files })
    }

    /// The one recipient that is meant; `None` where nothing fits.
    ///
    /// # Errors
    /// Several recipients fit, as a user id or a label can claim anything.
    pub fn find(&self, meant: &str) -> Result<Option<Recipient>, CloneError> {
        let wanted = Meant::of(meant);
        for verified in [true, false] {
            let mut found: BTreeMap<&Recipient, Vec<&Person>> = BTreeMap::new();
            for person in &self.files {
                if person.verified == verified
                    && !person.is_bad()
                    && let Some(member) = person.member()
                    && wanted.fits(&person.file, member)
                {
                    found.entry(&member.recipient).or_default().push(person);
                }
            }
            match found.len() {
                0 => {}
                1 => return Ok(found.into_keys().next().cloned()),
                _ => return Err(several(meant, &found)),
            }
        }
        Ok(None)
    }

    /// The malformed and forged files that are meant, by the name of the file or by its path.
    pub fn find_bad(&self, meant: &str) -> Vec<&Person> {
        let fits = |person: &&Person| {
            person.is_bad() && (person.file.stem == meant || person.file.file.path() == meant)
        };
        self.files.iter().filter(fits).collect()
    }

    /// That nobody is meant.
    pub fn nobody(meant: &str) -> CloneError {
        CloneError::NoMember(show(meant))
    }
}

fn show(text: &str) -> String {
    crate::sanitise::line(text)
}

fn several(meant: &str, found: &BTreeMap<&Recipient, Vec<&Person>>) -> CloneError {
    let mut labels: Vec<_> = found.values().flatten().map(|one| one.file.stem.as_str()).collect();
    labels.sort_unstable();
    labels.dedup();
    let mut keys: Vec<_> = found.values().flatten().map(|one| &one.key).collect();
    keys.sort_unstable();
    keys.dedup();
    let of_key = match keys.as_slice() {
        [key] => format!(" of key '{key}'"),
        _ => String::new(),
    };
    let place = |(recipient, files): (&&Recipient, &Vec<&Person>)| {
        let places: Vec<_> =
            files.iter().map(|one| format!("'{}' of key '{}'", one.file.stem, one.key)).collect();
        format!("{recipient} is {}", places.join(", "))
    };
    CloneError::SeveralMembers {
        meant: show(meant),
        of_key,
        labels: labels.join(", "),
        places: found.iter().map(place).collect(),
    }
}

/// What somebody wrote.
pub(crate) struct Meant<'m> {
    text: &'m str,
    /// Where it is the very text of a recipient it means nothing else.
    recipient: Option<Recipient>,
    /// The digits of a fingerprint or a long key id, in upper case.
    digits: Option<String>,
    lower: String,
}

impl<'m> Meant<'m> {
    pub(crate) fn of(text: &'m str) -> Self {
        let trimmed = text.trim();
        let recipient = read_line(trimmed).and_then(Result::ok).map(|(recipient, _)| recipient);
        let digits: String = trimmed.chars().filter(|c| !c.is_whitespace()).collect();
        let digits = digits.strip_prefix("0x").unwrap_or(&digits).to_ascii_uppercase();
        let is_key = digits.bytes().all(|byte| byte.is_ascii_hexdigit())
            && matches!(digits.len(), 16 | 40 | 64);
        Self { text, recipient, digits: is_key.then_some(digits), lower: trimmed.to_lowercase() }
    }

    /// Whether it is the text of a recipient, which means nobody else.
    pub(crate) fn is_recipient(&self) -> bool {
        self.recipient.is_some()
    }

    /// Whether it fits what this file says.
    pub(crate) fn fits(&self, file: &MemberFile, member: &Member) -> bool {
        if let Some(recipient) = &self.recipient {
            return member.recipient == *recipient;
        }
        if member.label.as_str() == self.text || file.file.path() == self.text {
            return true;
        }
        let is_address = self.text.contains('@');
        let names = |user_id: &str| is_address && user_id.to_lowercase().contains(&self.lower);
        if member.user_id.as_deref().is_some_and(names) {
            return true;
        }
        let is_own = |fingerprint: &str| {
            let digits = self.digits.as_deref();
            digits.is_some_and(|digits| digits == fingerprint || is_key_id(digits, fingerprint))
        };
        if member.recipient.fingerprint().is_some_and(is_own) {
            return true;
        }
        let Some(text) =
            member.certificate.as_ref().filter(|_| is_address || self.digits.is_some())
        else {
            return false;
        };
        // What the file says besides can be left out by whoever signed it; the certificate cannot lie.
        Certificate::parse(text.as_bytes()).is_ok_and(|certificate| {
            certificate.user_ids().iter().any(|user_id| names(user_id))
                || certificate.key_fingerprints().iter().any(|own| is_own(own))
        })
    }
}

/// Of version 4 the last digits, of version 6 the first ones.
fn is_key_id(digits: &str, fingerprint: &str) -> bool {
    digits.len() == 16
        && if fingerprint.len() == 40 {
            fingerprint.ends_with(digits)
        } else {
            fingerprint.starts_with(digits)
        }
}
