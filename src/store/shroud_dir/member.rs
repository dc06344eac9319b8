//! `members/<label>.toml`: one member, and the key wrapped to them.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::canonical::Canonical;
use super::{File, ShroudDirError};
use crate::format::{Key, KeyId};
use crate::keyring::{KeyName, is_name, is_portable};
use crate::newer::Newer;
use crate::recipient::Recipient;

const VERSION: u32 = 1;
const KIND: &str = "member file";

/// What a member is called, and their file: 1 to 64 of `a-z 0-9 - _ .`, as a key's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label(String);

/// The text cannot be a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it cannot be the label of a member: a label is 1 to 64 of a-z, 0-9, '-', '_' and '.', and begins with a letter or digit"
)]
pub struct InvalidLabel;

impl Label {
    /// The label as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether every system can have a file with this name; a new member gets no other.
    pub fn is_portable(&self) -> bool {
        is_portable(&self.0)
    }

    /// The label that is nearest to a free text, such as the part of an e-mail address before the '@'.
    pub fn suggest(text: &str) -> Option<Self> {
        let allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '-' | '_' | '.');
        let text: String = text
            .chars()
            .flat_map(char::to_lowercase)
            .map(|c| if allowed(c) { c } else { '-' })
            .take(60)
            .collect();
        let label: Self = text.trim_matches(['-', '_', '.']).parse().ok()?;
        label.is_portable().then_some(label)
    }
}

impl FromStr for Label {
    type Err = InvalidLabel;

    fn from_str(text: &str) -> Result<Self, InvalidLabel> {
        if is_name(text) { Ok(Self(text.to_owned())) } else { Err(InvalidLabel) }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One member of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What they are called here.
    pub label: Label,
    /// To whom the key is wrapped.
    pub recipient: Recipient,
    /// For people to read: a user id of the certificate, or an SSH key's comment.
    pub user_id: Option<String>,
    /// The armoured OpenPGP certificate, so that anyone can wrap the next key.
    pub certificate: Option<String>,
    /// The key that is wrapped.
    pub key_id: KeyId,
    /// Its generation.
    pub generation: u32,
    /// When it was granted (RFC 3339).
    pub added: String,
    /// The armoured message or age file.
    pub wrapped: String,
    mac: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct MemberToml {
    version: u32,
    label: String,
    recipient: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    key_id: String,
    generation: u32,
    added: String,
    wrapped: String,
    mac: String,
}

impl Member {
    /// Signs with the key that is wrapped.
    #[must_use]
    pub fn signed(mut self, key: &Key) -> Self {
        self.mac = self.canonical().sign(key);
        self
    }

    /// Whether the writer of this held the key that it says is wrapped.
    pub fn is_authentic(&self, key: &Key) -> bool {
        key.id() == self.key_id && self.canonical().verify(key, &self.mac)
    }

    /// A member whose file is not signed yet.
    pub fn unsigned(
        label: Label,
        recipient: Recipient,
        key: (KeyId, u32),
        added: String,
        wrapped: String,
    ) -> Self {
        let (key_id, generation) = key;
        Self {
            label,
            recipient,
            user_id: None,
            certificate: None,
            key_id,
            generation,
            added,
            wrapped,
            mac: String::new(),
        }
    }

    fn canonical(&self) -> Canonical {
        Canonical::new("git-shroud/v1/member")
            .field("version", &VERSION)
            .field("label", &self.label)
            .field("recipient", &self.recipient)
            .optional("user_id", self.user_id.as_deref())
            .optional("certificate", self.certificate.as_deref())
            .field("key_id", &self.key_id)
            .field("generation", &self.generation)
            .field("added", &self.added)
    }

    /// Whether a newer program wrote this file.
    pub fn is_newer(bytes: &[u8]) -> bool {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        Newer::toml(KIND, VERSION.into(), text).is_some()
    }

    /// Reads the file of the member with this stem.
    ///
    /// # Errors
    /// It is not what the format says.
    pub fn parse(bytes: &[u8], key: &KeyName, stem: &str) -> Result<Self, ShroudDirError> {
        let path = File::Member(key.clone(), stem.to_owned()).path();
        let malformed = |message: String| ShroudDirError::malformed(&path, message);
        let text =
            std::str::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8".to_owned()))?;
        Self::parse_text(text, stem).map_err(malformed)
    }

    fn parse_text(text: &str, stem: &str) -> Result<Self, String> {
        if let Some(newer) = Newer::toml(KIND, VERSION.into(), text) {
            return Err(newer.to_string());
        }
        let toml: MemberToml = toml::from_str(text).map_err(|error| {
            format!("it is not a member file: {}", crate::sanitise::line(error.message()))
        })?;
        if toml.version != VERSION {
            return Err(format!("its version is {}; there is no such version", toml.version));
        }
        if toml.label != stem {
            return Err("its label is not the name of the file".to_owned());
        }
        let label = toml.label.parse().map_err(|error| format!("its label: {error}"))?;
        let recipient: Recipient =
            toml.recipient.parse().map_err(|error| format!("its recipient: {error}"))?;
        if recipient.method().kind().needs_certificate() != toml.certificate.is_some() {
            return Err("OpenPGP members, and only they, have a certificate".to_owned());
        }
        let key_id =
            KeyId::from_hex(&toml.key_id).ok_or("its key_id is not 32 hexadecimal digits")?;
        if toml.generation == 0 {
            return Err("its generation is 0; the first is 1".to_owned());
        }
        Ok(Self {
            label,
            recipient,
            user_id: toml.user_id,
            certificate: toml.certificate,
            key_id,
            generation: toml.generation,
            added: toml.added,
            wrapped: toml.wrapped,
            mac: toml.mac,
        })
    }

    /// The text of the file.
    pub fn to_text(&self) -> String {
        let toml = MemberToml {
            version: VERSION,
            label: self.label.to_string(),
            recipient: self.recipient.to_string(),
            user_id: self.user_id.clone(),
            certificate: self.certificate.clone(),
            key_id: self.key_id.to_string(),
            generation: self.generation,
            added: self.added.clone(),
            wrapped: self.wrapped.clone(),
            mac: self.mac.clone(),
        };
        toml::to_string(&toml).expect("strings and numbers can be written")
    }

    /// The file's place, for a key of this name.
    pub fn file(&self, key: &KeyName) -> File {
        File::Member(key.clone(), self.label.to_string())
    }

    /// Writes the file into the worktree.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, top: &Path, key: &KeyName) -> Result<(), ShroudDirError> {
        super::write(top, &self.file(key), &self.to_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        let token = "GIT-SHROUD-KEY-1AKE0EHHTCJG4EAUKGDLARFLAADLWCWH74Z7AEP0R0AQ5LNK68XPSH4Z43A";
        crate::keyring::token::decode(token).unwrap()
    }

    fn member() -> Member {
        let mut member = Member::unsigned(
            "alice".parse().unwrap(),
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA".parse().unwrap(),
            (key().id(), 1),
            "2026-11-21T20:36:00Z".to_owned(),
            "wrapped\n".to_owned(),
        );
        member.user_id = Some("Alice <alice@example.com>".to_owned());
        member.signed(&key())
    }

    fn parse(text: &str) -> Result<Member, ShroudDirError> {
        Member::parse(text.as_bytes(), &KeyName::default(), "alice")
    }

    /// The value was computed by an independent implementation from the format alone.
    #[test]
    fn the_mac_is_the_one_of_the_format() {
        assert_eq!(
            member().mac,
            "ef0bd886f9c74b49fd42a77d6b67575e2ab6b92122df2654b524947b21d10772"
        );
    }

    #[test]
    fn what_is_written_is_read_and_authentic() {
        let read = parse(&member().to_text()).unwrap();
        assert_eq!(read, member());
        assert!(read.is_authentic(&key()));
    }

    #[test]
    fn every_field_but_the_message_is_under_the_mac() {
        let text = member().to_text();
        for (from, to) in [
            ("Alice <", "Mallory <"),
            ("NTE5AAAAIA", "NTE5AAAAIB"),
            ("generation = 1", "generation = 2"),
            ("2026-11-21", "2026-11-22"),
        ] {
            let changed = text.replace(from, to);
            assert_ne!(changed, text);
            assert!(!parse(&changed).unwrap().is_authentic(&key()), "{to}");
        }
        assert!(parse(&text.replace("wrapped\n", "other\n")).unwrap().is_authentic(&key()));
    }

    #[test]
    fn what_is_no_member_file_is_refused_with_its_path() {
        let text = member().to_text();
        for (from, to, expected) in [
            ("version = 1", "version = 0", "version is 0"),
            ("version = 1", "version = 2", "newer git-shroud wrote this member file"),
            ("\"alice\"", "\"bob\"", "name of the file"),
            ("ssh-ed25519 ", "ssh-dss ", "recipient"),
            ("generation = 1", "generation = 0", "generation"),
            ("key_id = \"0", "key_id = \"x", "hexadecimal"),
            ("added", "certificate = \"x\"\nadded", "OpenPGP member"),
            ("added", "extra = 1\nadded", "not a member file"),
        ] {
            let error = parse(&text.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("members/alice.toml"), "{error}");
        }
    }

    #[test]
    fn labels_are_made_of_what_people_are_called() {
        for (text, label) in [
            ("Alice", Some("alice")),
            ("anna maria", Some("anna-maria")),
            ("-x-", Some("x")),
            ("", None),
            ("...", None),
            ("\u{1b}[31m", Some("31m")),
        ] {
            assert_eq!(Label::suggest(text).as_ref().map(Label::as_str), label, "{text:?}");
        }
        assert!(Label::suggest(&"x".repeat(100)).is_some());
    }
}
