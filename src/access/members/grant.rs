//! Granting: wrapping a key to a recipient and writing the member's file.

use std::time::SystemTime;

use super::MemberError;
use crate::access::given::generations::find_earlier;
use crate::clone::Roster;
use crate::clone::roster::{MemberFile, Standing};
use crate::error::Context as _;
use crate::git::repository::Repository;
use crate::keyring::{Entry, KeyName, Keyring, to_text};
use crate::recipient::command::Commands;
use crate::recipient::openpgp::Certificate;
use crate::recipient::{Recipient, Wrapping};
use crate::store::shroud_dir::{Label, Member};

/// Somebody to whom a key should be wrapped.
pub struct Candidate {
    /// To whom.
    pub recipient: Recipient,
    /// For people to read.
    pub user_id: Option<String>,
    /// The certificate, for OpenPGP.
    pub certificate: Option<Certificate>,
}

impl Candidate {
    /// The candidate that a member was when the key was granted.
    ///
    /// # Errors
    /// The certificate is none, or is another than the recipient says.
    pub fn from_member(member: &Member) -> Result<Self, MemberError> {
        let certificate = match &member.certificate {
            None => None,
            Some(text) => {
                let certificate = Certificate::parse(text.as_bytes())
                    .context(|| format!("the certificate of '{}'", member.label))?;
                if member.recipient.fingerprint() != Some(certificate.fingerprint().as_str()) {
                    return Err(MemberError::OtherCertificate(member.label.clone()));
                }
                Some(certificate)
            }
        };
        Ok(Self {
            recipient: member.recipient.clone(),
            user_id: member.user_id.clone(),
            certificate,
        })
    }
}

/// Wraps the key to the candidate and signs the member's file.
///
/// # Errors
/// The candidate's certificate or recipient cannot be used.
pub fn grant(
    commands: &Commands,
    entry: &Entry,
    candidate: &Candidate,
    label: &Label,
    now: SystemTime,
) -> Result<Member, MemberError> {
    let text = to_text([entry]);
    let wrapped = candidate
        .recipient
        .wrap(candidate.certificate.as_ref(), text.as_bytes(), Wrapping { now, commands })
        .map_err(|source| MemberError::Wrap { label: label.clone(), source })?;
    let key = (entry.key.id(), entry.generation);
    let mut member = Member::unsigned(
        label.clone(),
        candidate.recipient.clone(),
        key,
        crate::clock::rfc3339(now),
        wrapped,
    );
    member.user_id = candidate.user_id.clone();
    member.certificate = candidate.certificate.as_ref().map(Certificate::to_armored);
    Ok(member.signed(&entry.key))
}

/// The key that is held and described, proved to be the one that every member of it was granted.
pub struct Verified<'v> {
    /// The key that seals now.
    pub entry: &'v Entry,
    /// Its member files, all with a right mac.
    pub members: Vec<MemberFile>,
}

/// Verifies everything that is said of a key before it, or the next one, is wrapped to anybody.
///
/// Else anybody who can push could slip a recipient in and wait for the next rotation (docs/format.md, section 5).
///
/// # Errors
/// The key is not held, is not the one that is described, or a mac fails; members in `except` are not looked at.
pub fn verify<'v>(
    repository: &Repository,
    roster: &Roster,
    keyring: &'v Keyring,
    name: &KeyName,
    except: &[&str],
) -> Result<Verified<'v>, MemberError> {
    if let Some(why) = roster.malformed.get(name) {
        return Err(MemberError::Malformed(why.clone()));
    }
    let Some(info) = roster.infos.get(name) else {
        return Err(MemberError::NoKey(name.clone()));
    };
    let Some(entry) = keyring.current(name) else {
        return Err(MemberError::NotHeld(name.clone()));
    };
    if entry.key.id() != info.id {
        return Err(MemberError::OtherKey {
            name: name.clone(),
            generation: entry.generation,
            id: entry.key.id(),
            described_generation: info.generation,
            described: info.id,
            earlier: find_earlier(repository, roster, keyring, name)?.map(Box::new),
        });
    }
    if !info.is_authentic(&entry.key) {
        return Err(MemberError::Forged(name.clone()));
    }
    let members = roster.members(repository, name)?;
    let members: Vec<_> =
        members.into_iter().filter(|file| !except.contains(&file.stem.as_str())).collect();
    let is_bad = |file: &&MemberFile| {
        let standing = file.standing(Some(info), keyring);
        file.member.is_err() || matches!(standing, Standing::MacFails | Standing::NotVerified)
    };
    if let Some(missing) = members.iter().find(|file| file.is_missing) {
        return Err(MemberError::NotHere(missing.file.clone()));
    }
    if let Some(MemberFile { file, member, .. }) = members.iter().find(is_bad) {
        let (name, file) = (name.clone(), file.clone());
        return Err(match member {
            Err(why) => MemberError::BadFile { why: why.clone(), name, file },
            Ok(_) => MemberError::MacFails { name, file },
        });
    }
    Ok(Verified { entry, members })
}
