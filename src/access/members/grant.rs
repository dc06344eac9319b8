//! Granting: wrapping a key to a recipient and writing the member's file.

use std::time::SystemTime;

use crate::clone::roster::{MemberFile, Standing, show, take_away};
use crate::clone::{RESTORE, Roster};
use crate::error::{CommandError, Context as _, Outcome};
use crate::git::repository::Repository;
use crate::keyring::{Entry, KeyName, Keyring, to_text};
use crate::recipient::Recipient;
use crate::recipient::openpgp::Certificate;
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
    pub fn from_member(member: &Member) -> Outcome<Self> {
        let certificate = match &member.certificate {
            None => None,
            Some(text) => {
                let certificate = Certificate::parse(text.as_bytes())
                    .context(|| format!("the certificate of '{}'", member.label))?;
                if member.recipient.fingerprint() != Some(certificate.fingerprint().as_str()) {
                    return Err(CommandError::refused(format!(
                        "the file of '{}' holds another recipient's certificate",
                        member.label
                    )));
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
    entry: &Entry,
    candidate: &Candidate,
    label: &Label,
    now: SystemTime,
) -> Outcome<Member> {
    let text = to_text([entry]);
    let wrapped = candidate
        .recipient
        .wrap(candidate.certificate.as_ref(), text.as_bytes(), now)
        .map_err(|error| {
            let wrong = CommandError::wrong(format!("'{label}': {error}"));
            error.hint().into_iter().fold(wrong, CommandError::hint)
        })?;
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
    /// Its member files, of which no mac fails.
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
) -> Outcome<Verified<'v>> {
    if let Some(why) = roster.malformed.get(name) {
        return Err(CommandError::wrong(why.clone()).hint(RESTORE));
    }
    let Some(info) = roster.infos.get(name) else {
        return Err(CommandError::wrong(format!("there is no key '{name}' here"))
            .hint("git shroud key list"));
    };
    let Some(entry) = keyring.current(name) else {
        return Err(CommandError::refused(format!("the key '{name}' is not held here"))
            .hint("run 'git shroud unlock'; you can grant only keys that you hold"));
    };
    if entry.key.id() != info.id {
        return Err(CommandError::refused(format!(
            "the key '{name}' held here (generation {}, id {}) is not the one in .shroud/{name}/key.toml (generation {}, id {})",
            entry.generation, entry.key.id(), info.generation, info.id
        ))
        .hint("'git shroud unlock' takes that key, if it can be trusted"));
    }
    if !info.is_authentic(&entry.key) {
        return Err(CommandError::refused(format!(
            "somebody without the key changed .shroud/{name}/key.toml; nothing was changed"
        ))
        .hint(RESTORE));
    }
    let members = roster.members(repository, name)?;
    let members: Vec<_> =
        members.into_iter().filter(|file| !except.contains(&file.stem.as_str())).collect();
    for file in &members {
        let path = show(&file.file);
        let failed = match (&file.member, file.standing(Some(info), keyring)) {
            (Err(error), _) => CommandError::refused(format!("{error}; nothing was changed")),
            (Ok(_), Standing::MacFails | Standing::NotVerified) => CommandError::refused(format!(
                "{path}: its mac fails: somebody without the key wrote it; nothing was changed"
            )),
            _ => continue,
        };
        return Err(failed
            .hint(format!("see who wrote it: git log -p -- .shroud/{name}"))
            .hint(format!("restore it with git, or remove it: {}", take_away(&file.file))));
    }
    Ok(Verified { entry, members })
}
