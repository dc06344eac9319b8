//! What a key asks of its members and backups, and where that is not so.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use crate::clone::{CloneError, RESTORE, Roster, held_keys};
use crate::error::count;
use crate::git::repository::Repository;
use crate::keyring::Keyring;
use crate::recipient::Strength;
use crate::recipient::openpgp::Certificate;
use crate::store::backup;
use crate::store::shroud_dir::{KeyInfo, Member, Policy};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Something that a key asks and that is not so.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Breach {
    /// The key.
    pub key: String,
    /// What is not as it should be, in words.
    pub what: String,
    /// What to do.
    #[serde(skip)]
    pub remedy: String,
}

/// Why this member may not have a key that asks this; `None` where they may.
pub fn against(policy: &Policy, member: &Member, now: SystemTime) -> Option<String> {
    let kind = member.recipient.method();
    if !policy.recipients.is_empty() && !policy.recipients.contains(&kind) {
        return Some(format!("is a recipient of the kind {}", kind.kind().name()));
    }
    if policy.post_quantum && member.recipient.strength(&member.wrapped) != Strength::PostQuantum {
        return Some("has a grant that is not post-quantum".to_owned());
    }
    if policy.certificate_days == 0 {
        return None;
    }
    let certificate = Certificate::parse(member.certificate.as_ref()?.as_bytes()).ok()?;
    if let Err(why) = certificate.check(now) {
        return Some(format!("has a certificate that cannot be used: {why}"));
    }
    let until = now.checked_add(DAY * policy.certificate_days)?;
    let is_soon = certificate.expires(now).is_some_and(|expires| expires < until);
    is_soon.then(|| {
        format!("has a certificate that expires in less than {} days", policy.certificate_days)
    })
}

/// Where keys ask something of their members that is not so. Without a key, what `.shroud/` says is believed.
///
/// # Errors
/// A file cannot be read.
pub fn breaches(
    repository: &Repository,
    roster: &Roster,
    keyring: &Keyring,
) -> Result<Vec<Breach>, CloneError> {
    let now = SystemTime::now();
    let mut breaches = Vec::new();
    for (name, info) in roster.infos.iter().filter(|(_, info)| !info.policy.is_empty()) {
        let mut breach = |what: String, remedy: String| {
            breaches.push(Breach { key: name.to_string(), what, remedy });
        };
        let is_held = keyring.by_id(info.id);
        if is_held.is_some_and(|held| !info.is_authentic(&held.key)) {
            breach("somebody without the key changed what it asks".to_owned(), RESTORE.to_owned());
            continue;
        }
        let files = roster.members(repository, name)?;
        let current = files.iter().filter(|file| {
            file.member.as_ref().is_ok_and(|member| member.key_id == info.id)
                && (is_held.is_none() || file.is_verified(keyring))
        });
        let members: Vec<_> = current.filter_map(|file| file.member.as_ref().ok()).collect();
        let people: BTreeSet<_> = members.iter().map(|member| &member.recipient).collect();
        if people.len() < info.policy.members as usize {
            let (has, wants) = (count(people.len() as u64, "member"), info.policy.members);
            breach(
                format!("it has {has}, and should have at least {wants}"),
                format!("git shroud member add RECIPIENT --key {name}"),
            );
        }
        for member in members {
            if let Some(why) = against(&info.policy, member, now) {
                let label = &member.label;
                breach(
                    format!("the member '{label}' {why}"),
                    format!(
                        "'git shroud member add' with another key of theirs, or: git shroud member remove {label} --key {name}"
                    ),
                );
            }
        }
    }
    Ok(breaches)
}

/// The same of this worktree; nothing where there is none.
///
/// # Errors
/// A file cannot be read.
pub fn breaches_here(repository: &Repository) -> Result<Vec<Breach>, CloneError> {
    let roster = Roster::read(repository)?;
    if roster.infos.values().all(|info| info.policy.is_empty()) {
        return Ok(Vec::new());
    }
    // A check needs no key; one that cannot be read is as none.
    breaches(repository, &roster, &held_keys(repository).unwrap_or_default())
}

/// Where keys ask for backups that were not verified in this clone.
pub fn missing_backups(repository: &Repository, roster: &Roster) -> Vec<Breach> {
    let verified = backup::verified(repository.common_dir()).unwrap_or_default();
    let infos = roster.infos.values().filter(|info| info.policy.backups > 0);
    let breach = |info: &KeyInfo| {
        let kinds: BTreeSet<_> =
            verified.iter().filter(|of| of.id == info.id).map(|of| of.kind.name()).collect();
        (kinds.len() < info.policy.backups as usize).then(|| Breach {
            key: info.name.to_string(),
            what: format!(
                "{} of a backup verified here, and there should be at least {}",
                count(kinds.len() as u64, "kind"),
                info.policy.backups
            ),
            remedy: "a key file, a passphrase file, words and shares are kinds: make one with 'git shroud key export' or 'key split', then 'git shroud key export --verify FILE'".to_owned(),
        })
    };
    infos.filter_map(breach).collect()
}
