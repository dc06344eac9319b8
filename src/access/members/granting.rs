//! Granting keys to people: what is shown, wrapped, written and staged.

use std::path::Path;
use std::time::SystemTime;

use super::{Candidate, Fresh, MemberError, grant};
use crate::access::policy::against;
use crate::clone::OpenClone;
use crate::clone::roster::stage_shroud_dir;
use crate::git::repository::Repository;
use crate::keyring::{Entry, KeyName};
use crate::progress::Progress;
use crate::recipient::command::Commands;
use crate::recipient::openpgp::Certificate;
use crate::store::shroud_dir::{self, Label, Member, ShroudDirError};

/// Shows to whom a key is about to be granted.
pub fn show_candidate(progress: &dyn Progress, candidate: &Candidate) {
    progress.status(&format!("recipient {}", candidate.recipient));
    let user_ids = candidate.certificate.as_ref().map(Certificate::user_ids);
    let user_ids = user_ids.unwrap_or_else(|| candidate.user_id.iter().cloned().collect());
    for user_id in user_ids {
        progress.status(&format!("  user id {}", crate::sanitise::line(&user_id)));
    }
}

/// A grant that is ready to be written.
pub struct Ready {
    /// The key.
    pub key: KeyName,
    /// The member's file.
    pub member: Member,
}

/// Wraps a key, and writes nothing.
///
/// # Errors
/// The candidate cannot be used.
pub fn wrap(
    commands: &Commands,
    entry: &Entry,
    candidate: &Candidate,
    label: &Label,
) -> Result<Ready, MemberError> {
    let member = grant(commands, entry, candidate, label, SystemTime::now())?;
    Ok(Ready { key: entry.name.clone(), member })
}

/// The candidates with what the user's gpg knows of their certificates by now.
///
/// # Errors
/// gpg holds one to be revoked.
pub fn freshen(
    progress: &dyn Progress,
    repository: &Repository,
    all: &[Candidate],
) -> Result<Vec<Candidate>, MemberError> {
    let fresh = Fresh::ask(repository, all);
    fresh.warning().iter().for_each(|text| progress.warning(text));
    let renew = |candidate: &Candidate| match fresh.renew(candidate) {
        Ok((renewed, _)) => Ok(renewed),
        Err(source) => Err(MemberError::Fresh { recipient: candidate.recipient.clone(), source }),
    };
    all.iter().map(renew).collect()
}

/// A file of another recipient is never overwritten, whatever it is called.
fn refuse_other(top: &Path, Ready { key, member }: &Ready) -> Result<(), MemberError> {
    let file = member.file(key);
    let own = match shroud_dir::read(top, &file) {
        Err(ShroudDirError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(error.into()),
        Ok(bytes) => Member::parse(&bytes, key, member.label.as_str())
            .is_ok_and(|there| there.recipient == member.recipient),
    };
    if own {
        return Ok(());
    }
    Err(MemberError::OtherFile(file.path()))
}

/// A key may ask something of its members.
fn refuse_against_policy(opened: &OpenClone, granted: &Ready) -> Result<(), MemberError> {
    let Some(info) = opened.roster.infos.get(&granted.key) else { return Ok(()) };
    match against(&info.policy, &granted.member, SystemTime::now()) {
        None => Ok(()),
        Some(why) => Err(MemberError::AgainstPolicy {
            name: granted.key.clone(),
            label: granted.member.label.clone(),
            why,
        }),
    }
}

/// Writes and stages what was granted, and commits it where that is wanted.
///
/// # Errors
/// A file cannot be written, or is another member's.
pub fn write(
    progress: &dyn Progress,
    opened: &OpenClone,
    granted: &[Ready],
    commit: bool,
) -> Result<(), MemberError> {
    let top = opened.top()?;
    granted.iter().try_for_each(|granted| refuse_other(top, granted))?;
    granted.iter().try_for_each(|granted| refuse_against_policy(opened, granted))?;
    for Ready { key, member } in granted {
        member.write(top, key)?;
        progress.status(&format!(
            "granted key '{key}' generation {} to '{}'",
            member.generation, member.label
        ));
    }
    stage_shroud_dir(&opened.repository)?;
    let paths: Vec<String> =
        granted.iter().map(|granted| granted.member.file(&granted.key).path()).collect();
    if commit {
        let mut labels: Vec<_> = granted.iter().map(|one| one.member.label.to_string()).collect();
        labels.dedup();
        let message = format!("Grant keys to {}", labels.join(", "));
        let fixed = ["commit", "--quiet", "--only", "-m", &message, "--"];
        opened.repository.git.run(fixed.into_iter().chain(paths.iter().map(String::as_str)))?;
        progress.status("committed; push, and they can unlock the key");
    } else {
        progress.hint(
            "commit and push .shroud, then they can unlock the key: git commit -m 'Grant keys'",
        );
    }
    Ok(())
}
