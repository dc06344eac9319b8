//! Who can open a store: the sealed list, and the envelopes that are made from it (docs/format.md, section 9.4).

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::RemoteError;
use super::envelope;
use crate::access::members::{Candidate, Fresh};
use crate::keyring::Entry;
use crate::newer::Newer;
use crate::recipient::Recipient;
use crate::recipient::openpgp::Certificate;
use crate::store::shroud_dir::Label;

const VERSION: u32 = 1;
/// Bytes of the longest sealed list of members that is read.
pub const MAX_SEALED: u64 = 32 << 20;

/// One member of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreMember {
    /// What they are called.
    pub label: Label,
    /// To whom the key is wrapped.
    pub recipient: Recipient,
    /// For people to read.
    pub user_id: Option<String>,
    /// The armoured OpenPGP certificate, so that the next key can be wrapped.
    pub certificate: Option<String>,
    /// When they became a member (RFC 3339).
    pub added: String,
}

/// All members of a store, sorted by label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreMembers(pub Vec<StoreMember>);

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct MembersToml {
    version: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    members: Vec<MemberToml>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct MemberToml {
    label: String,
    recipient: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    added: String,
}

impl StoreMember {
    /// A new member.
    pub fn new(label: Label, candidate: &Candidate, now: SystemTime) -> Self {
        Self {
            label,
            recipient: candidate.recipient.clone(),
            user_id: candidate.user_id.clone(),
            certificate: candidate.certificate.as_ref().map(Certificate::to_armored),
            added: crate::clock::rfc3339(now),
        }
    }

    /// The key, wrapped to this member.
    ///
    /// # Errors
    /// The recipient or the certificate cannot be used.
    pub fn envelope(&self, entry: &Entry, now: SystemTime) -> Result<String, RemoteError> {
        let Candidate { recipient, certificate, .. } = self.candidate()?;
        envelope::wrap(entry, &recipient, certificate.as_ref(), now)
            .map_err(|error| self.failed(&error.to_string()))
    }

    fn failed(&self, why: &str) -> RemoteError {
        RemoteError::Member(format!("'{}': {why}", self.label))
    }

    /// To whom a key would be wrapped.
    ///
    /// # Errors
    /// The certificate is none, or another recipient's.
    pub fn candidate(&self) -> Result<Candidate, RemoteError> {
        let certificate = match &self.certificate {
            None => None,
            Some(text) => {
                let certificate = Certificate::parse(text.as_bytes());
                let certificate = certificate.map_err(|error| self.failed(&error.to_string()))?;
                if self.recipient.fingerprint() != Some(certificate.fingerprint().as_str()) {
                    return Err(self.failed("the certificate is another recipient's"));
                }
                Some(certificate)
            }
        };
        let (recipient, user_id) = (self.recipient.clone(), self.user_id.clone());
        Ok(Candidate { recipient, user_id, certificate })
    }

    /// Takes the newest form of the certificate that gpg knows.
    ///
    /// # Errors
    /// gpg holds it to be revoked or disabled, or a certificate cannot be used.
    pub fn renew(&mut self, fresh: &Fresh) -> Result<(), RemoteError> {
        let (renewed, newer) =
            fresh.renew(&self.candidate()?).map_err(|error| self.failed(&error.to_string()))?;
        if newer {
            self.certificate = renewed.certificate.as_ref().map(Certificate::to_armored);
        }
        Ok(())
    }
}

impl StoreMembers {
    /// The text that is sealed.
    pub fn to_text(&self) -> String {
        let member = |member: &StoreMember| MemberToml {
            label: member.label.to_string(),
            recipient: member.recipient.to_string(),
            user_id: member.user_id.clone(),
            certificate: member.certificate.clone(),
            added: member.added.clone(),
        };
        let toml = MembersToml { version: VERSION, members: self.0.iter().map(member).collect() };
        toml::to_string(&toml).expect("strings and numbers can be written")
    }

    /// Reads the text that was sealed.
    ///
    /// # Errors
    /// It is of a later version, or is no list of members.
    pub fn parse(bytes: &[u8]) -> Result<Self, RemoteError> {
        let wrong =
            |why: &str| RemoteError::Damaged(format!("the list of its members is wrong: {why}"));
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8"))?;
        if let Some(newer) = Newer::toml("encrypted repository", VERSION.into(), text) {
            return Err(RemoteError::Newer(newer));
        }
        let toml: MembersToml =
            toml::from_str(text).map_err(|error| wrong(&crate::sanitise::line(error.message())))?;
        if toml.version != VERSION {
            return Err(wrong("there is no such version"));
        }
        let mut members = Vec::new();
        for MemberToml { label, recipient, user_id, certificate, added } in toml.members {
            let label: Label = label.parse().map_err(|_| wrong("a label is none"))?;
            let recipient: Recipient =
                recipient.parse().map_err(|_| wrong("a recipient is none"))?;
            if recipient.method().kind().needs_certificate() != certificate.is_some() {
                return Err(wrong("OpenPGP members, and only they, have a certificate"));
            }
            members.push(StoreMember { label, recipient, user_id, certificate, added });
        }
        let is_sorted = members.windows(2).all(|pair| pair[0].label < pair[1].label);
        if is_sorted { Ok(Self(members)) } else { Err(wrong("they are not sorted by label")) }
    }

    /// Adds a member, whose label is free.
    pub fn insert(&mut self, member: StoreMember) {
        self.0.push(member);
        self.0.sort_by(|one, other| one.label.cmp(&other.label));
    }

    /// The member with this recipient.
    pub fn of(&self, recipient: &Recipient) -> Option<&StoreMember> {
        self.0.iter().find(|member| member.recipient == *recipient)
    }

    /// A label for a new member that nobody has.
    pub fn free_label(&self, called: &str, recipient: &Recipient) -> Label {
        let prefix = recipient.method().kind().label_prefix();
        let text = recipient.as_str();
        let end: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        let end = end.get(end.len().saturating_sub(8)..).unwrap_or_default().to_owned();
        let base = Label::suggest(called)
            .or_else(|| Label::suggest(&format!("{prefix}-{end}")))
            .expect("letters and digits are a label");
        let is_free = |label: &Label| !self.0.iter().any(|member| member.label == *label);
        if is_free(&base) {
            return base;
        }
        let numbered = (2..).find_map(|n: u32| {
            format!("{base}-{n}").parse::<Label>().ok().filter(|label| is_free(label))
        });
        numbered.expect("some number is free")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_as_they_were_written_and_sorted() {
        let mut members = StoreMembers::default();
        for (label, key) in [("bob", "BBBB"), ("alice", "CCCC")] {
            members.insert(StoreMember {
                label: label.parse().unwrap(),
                recipient: format!("ssh-ed25519 AAAA{key}").parse().unwrap(),
                user_id: None,
                certificate: None,
                added: "2026-11-21T20:36:00Z".to_owned(),
            });
        }
        let text = members.to_text();
        assert_eq!(StoreMembers::parse(text.as_bytes()).unwrap(), members);
        assert_eq!(members.0[0].label.as_str(), "alice");
        for (from, to) in [
            ("alice", "carol"),
            ("version = 1", "version = 2"),
            ("version = 1", "version = 0"),
            ("ssh-ed25519", "ssh-dss"),
            ("added", "certificate = \"x\"\nadded"),
            ("added", "other = 1\nadded"),
        ] {
            assert!(StoreMembers::parse(text.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
        }
        let label = members.free_label("Bob", &members.0[0].recipient);
        assert_eq!(label.as_str(), "bob-2");
    }
}
