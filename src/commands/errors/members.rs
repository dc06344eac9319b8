//! The errors of members: granting keys to them, and taking them away.

use crate::access::members::{FreshError, MemberError, MovedName};
use crate::access::removal::run::RemovalError;
use crate::clone::RESTORE;
use crate::clone::roster::FETCH;
use crate::error::CommandError;
use crate::keyring::KeyName;
use crate::store::shroud_dir::File;

impl From<MemberError> for CommandError {
    fn from(error: MemberError) -> Self {
        let text = error.to_string();
        let refused = |hint: &str| Self::refused(text.clone()).hint(hint);
        let wrong = |hint: &str| Self::wrong(text.clone()).hint(hint);
        let wrong_or = |hint: Option<&str>| hint.map_or_else(|| Self::wrong(text.clone()), wrong);
        match error {
            MemberError::Clone(error) => error.into(),
            MemberError::OtherCertificate(_) => Self::refused(text),
            MemberError::Wrap { source, .. } => wrong_or(source.hint()),
            MemberError::Malformed(_) => wrong(RESTORE),
            MemberError::NoKey(_) => wrong("git shroud key list"),
            MemberError::NotHeld(_) => {
                refused("run 'git shroud unlock'; you can grant only keys that you hold")
            }
            MemberError::OtherKey { earlier: Some(earlier), .. } if earlier.is_dropped => {
                refused(&earlier.step_back())
            }
            MemberError::OtherKey { earlier: Some(_), name, .. } => refused(&format!(
                "another branch has the newer key: merge it first; 'git log --all -- .shroud/{name}/key.toml' shows it"
            )),
            MemberError::OtherKey { .. } => {
                refused("'git shroud unlock' takes that key, if it can be trusted")
            }
            MemberError::NotHere(_) => Self::incomplete(text).hint(FETCH),
            MemberError::Forged(_) => refused(RESTORE),
            MemberError::BadFile { name, file, .. } | MemberError::MacFails { name, file } => {
                Self::refused(text).with_way_out(Some(&name), &file)
            }
            MemberError::Fresh { source, .. } => wrong_or(source.hint()),
            MemberError::OtherFile(_) => refused("choose another --label"),
            MemberError::Labelled(_) => wrong("omit --label, or remove the member first"),
            MemberError::TakenLabel(_) => wrong("choose another --label"),
            MemberError::NoGpg => {
                wrong("give a certificate file, an age1… recipient or an SSH key; or install gnupg")
            }
            MemberError::Gpg(source) => wrong_or(source.hint()),
            // Such a certificate gets no key, whoever trusts it.
            MemberError::NotValid(_) if !error.is_for_the_user_to_trust() => {
                refused("ask its owner for the new certificate")
            }
            MemberError::NotValid(_) => refused(
                "compare the fingerprint with its owner, then sign it (gpg --lsign-key FINGERPRINT), or pass --trust",
            ),
            MemberError::PrivateKey(_) => {
                refused("name the public one: the .pub file, or the age1… recipient")
            }
            MemberError::SeveralRecipients { .. } => wrong("give one at a time"),
            MemberError::Certificate { source, .. } => wrong_or(source.hint()),
            MemberError::Problems => Self::found(),
            MemberError::AgainstPolicy { name, .. } => {
                refused(&format!("'git shroud key policy {name}' shows it, and changes it"))
            }
            MemberError::TooFew { name, .. } => refused(&format!(
                "add somebody first, or ask for fewer: git shroud key policy {name} --members N"
            )),
            MemberError::InTheWay { others, file, .. } => {
                others.into_iter().fold(Self::refused(text), Self::hint).with_way_out(None, &file)
            }
            MemberError::SharedKey { removed, other } => {
                refused(&format!("remove both: git shroud member remove {removed} {other}"))
                    .hint(format!("to keep '{other}': git shroud member remove {removed} --no-rotate, then git shroud key rotate"))
            }
            MemberError::MovedName(moved) => {
                let MovedName { meant, today, .. } = *moved;
                refused("see who changed that: git log -p -- .shroud")
                    .hint(format!("name the recipient that you mean; today '{meant}' is {today}"))
            }
        }
    }
}

impl From<RemovalError> for CommandError {
    fn from(error: RemovalError) -> Self {
        let refused = Self::refused(error.to_string());
        match error {
            RemovalError::Clone(error) => error.into(),
            RemovalError::Git(error) => error.into(),
            RemovalError::Member(error) => error.into(),
            RemovalError::Rotate(error) => error.into(),
            RemovalError::NotHeld { held, .. } if held.is_empty() => {
                refused.hint("ask a member who holds it")
            }
            RemovalError::NotHeld { held, .. } => {
                let held: Vec<_> = held.iter().map(|name| format!("--key {name}")).collect();
                refused
                    .hint(format!("ask a member who holds it; for the others: {}", held.join(" ")))
            }
        }
    }
}

impl From<FreshError> for CommandError {
    fn from(error: FreshError) -> Self {
        let wrong = Self::wrong(error.to_string());
        error.hint().into_iter().fold(wrong, Self::hint)
    }
}

impl CommandError {
    /// Who wrote a member's file of a key, or of any, and how to get rid of it.
    fn with_way_out(self, name: Option<&KeyName>, file: &File) -> Self {
        let folder = name.map(|name| format!("/{name}")).unwrap_or_default();
        self.hint(format!("see who wrote it: git log -p -- .shroud{folder}"))
            .hint(format!("restore it with git, or remove it: {}", MemberError::take_away(file)))
    }
}
