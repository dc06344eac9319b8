//! `key.toml`: the current generation of a key, and the earlier ones, sealed with it.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use super::canonical::Canonical;
use super::policy::{InvalidPolicy, Policy};
use super::{File, ShroudDirError};
use crate::format::{self, Key, KeyId, Layout, OpenError, PublicKey};
use crate::git_crypt::HeldKeys;
use crate::keyring::{Entry, KeyName, Retired, TextError, retired_text};
use crate::newer::Newer;

const VERSION: u32 = 1;
/// Earlier keys are random: they are sealed as they are.
const AS_IT_IS: Layout = Layout { compress: false, delta: false };

/// What `key.toml` says of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// The key's name.
    pub name: KeyName,
    /// Its current generation.
    pub generation: u32,
    /// Its current id.
    pub id: KeyId,
    /// To which everybody may seal values who does not hold the key; `None` where nobody may.
    pub public: Option<PublicKey>,
    /// What the key asks of its members and backups.
    pub policy: Policy,
    /// The key file's text of every earlier key, sealed, in Base64.
    retired: Option<String>,
    mac: String,
}

/// The earlier generations cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum RetiredError {
    /// It is not Base64.
    #[error("its retired keys are not Base64")]
    Base64,
    /// It was not sealed with this key.
    #[error("its retired keys do not open: {0}")]
    Open(#[from] OpenError),
    /// What is sealed is no key file.
    #[error("its retired keys are not a key file: {0}")]
    Text(#[from] TextError),
    /// A key that cannot be an earlier one.
    #[error("its retired keys contain '{0}' generation {1}, which is not an earlier one")]
    NotEarlier(KeyName, u32),
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct KeyToml {
    version: u32,
    name: String,
    generation: u32,
    key_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retired: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    mac: String,
}

impl KeyInfo {
    /// Describes a key, with the keys that it follows.
    pub fn new(entry: &Entry, earlier: &[&Entry]) -> Self {
        Self::succeeding(entry, earlier, &HeldKeys::default())
    }

    /// Describes a key, with those that it follows: earlier ones, and keys that were taken over from git-crypt.
    pub fn succeeding(entry: &Entry, earlier: &[&Entry], git_crypt: &HeldKeys) -> Self {
        let text = || retired_text(earlier.iter().copied(), git_crypt);
        let seal = || BASE64.encode(format::seal(&entry.key, AS_IT_IS, text().as_bytes()));
        let retired = (!earlier.is_empty() || !git_crypt.is_empty()).then(seal);
        let mut info = Self {
            name: entry.name.clone(),
            generation: entry.generation,
            id: entry.key.id(),
            public: None,
            policy: Policy::default(),
            retired,
            mac: String::new(),
        };
        info.mac = info.canonical().sign(&entry.key);
        info
    }

    /// With the public key of this key, so that who does not hold it may set values.
    #[must_use]
    pub fn write_only(mut self, key: &Key) -> Self {
        self.public = Some(key.public());
        self.mac = self.canonical().sign(key);
        self
    }

    /// With what the key asks of its members and backups.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy, key: &Key) -> Self {
        self.policy = policy;
        self.mac = self.canonical().sign(key);
        self
    }

    /// Whether the writer of this held the key, and the public key in it belongs to that.
    pub fn is_authentic(&self, key: &Key) -> bool {
        key.id() == self.id
            && self.canonical().verify(key, &self.mac)
            && self.public.is_none_or(|public| public == key.public())
    }

    /// Whether it is as a holder of the key wrote it, but for the public key, which somebody has taken out.
    pub fn lacks_public_key_of(&self, key: &Key) -> bool {
        let with = Self { public: Some(key.public()), ..self.clone() };
        self.public.is_none() && !self.is_authentic(key) && with.is_authentic(key)
    }

    /// The keys that came before this one.
    ///
    /// # Errors
    /// [`RetiredError`]; never where [`Self::is_authentic`], unless whoever held the key wrote nonsense.
    pub fn retired(&self, key: &Key) -> Result<Retired, RetiredError> {
        let Some(retired) = &self.retired else { return Ok(Retired::default()) };
        let sealed = BASE64.decode(retired).map_err(|_| RetiredError::Base64)?;
        let opened = format::open(|id| (id == key.id()).then_some(key), &sealed)?;
        let retired = Retired::parse(&opened)?;
        // Else anybody who holds one key, or makes one, could slip in a newer one of another name.
        let earlier = |entry: &Entry| {
            let is_of_name = entry.name == self.name && entry.generation < self.generation;
            is_of_name || entry.name.is_aside_of(&self.name)
        };
        match retired.keys.entries().iter().find(|entry| !earlier(entry)) {
            Some(entry) => Err(RetiredError::NotEarlier(entry.name.clone(), entry.generation)),
            None => Ok(retired),
        }
    }

    fn canonical(&self) -> Canonical {
        Canonical::new("git-shroud/v1/key")
            .field("version", &VERSION)
            .field("name", &self.name)
            .field("generation", &self.generation)
            .field("key_id", &self.id)
            .optional("public_key", self.public.map(|public| public.to_string()).as_deref())
            .optional("retired", self.retired.as_deref())
            .optional("policy", self.policy.text().as_deref())
    }

    /// The name that a `key.toml` gives the key, wherever it is.
    pub fn name_in(bytes: &[u8]) -> Option<KeyName> {
        let toml: KeyToml = toml::from_str(std::str::from_utf8(bytes).ok()?).ok()?;
        toml.name.parse().ok()
    }

    /// Whether a newer program wrote this file.
    pub fn is_newer(bytes: &[u8]) -> bool {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        Newer::toml("key.toml", VERSION.into(), text).is_some()
    }

    /// Reads the `key.toml` of the key with this name.
    ///
    /// # Errors
    /// It is not what the format says.
    pub fn parse(bytes: &[u8], key: &KeyName) -> Result<Self, ShroudDirError> {
        let path = File::Key(key.clone()).path();
        let malformed = |message: String| ShroudDirError::malformed(&path, message);
        let text =
            std::str::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8".to_owned()))?;
        Self::parse_text(text, key).map_err(malformed)
    }

    fn parse_text(text: &str, folder: &KeyName) -> Result<Self, String> {
        if let Some(newer) = Newer::toml("key.toml", VERSION.into(), text) {
            return Err(newer.to_string());
        }
        let toml: KeyToml = toml::from_str(text).map_err(|error| {
            format!("it is not a key.toml: {}", crate::sanitise::line(error.message()))
        })?;
        if toml.version != VERSION {
            return Err(format!("its version is {}; there is no such version", toml.version));
        }
        let name: KeyName = toml.name.parse().map_err(|error| format!("{error}"))?;
        if name != *folder {
            return Err(format!("it names the key '{name}', but is in the folder of another"));
        }
        let id = KeyId::from_hex(&toml.key_id).ok_or("its key_id is not 32 hexadecimal digits")?;
        if toml.generation == 0 {
            return Err("its generation is 0; the first is 1".to_owned());
        }
        let public = toml.public_key.as_deref().map(PublicKey::from_hex).transpose();
        let public = public.map_err(|error| format!("its public_key cannot be used: {error}"))?;
        let policy = toml.policy.as_deref().map(str::parse).transpose();
        let policy = policy.map_err(|error: InvalidPolicy| error.to_string())?.unwrap_or_default();
        let (generation, retired, mac) = (toml.generation, toml.retired, toml.mac);
        Ok(Self { name, generation, id, public, policy, retired, mac })
    }

    /// The text of the `key.toml`.
    pub fn to_text(&self) -> String {
        let toml = KeyToml {
            version: VERSION,
            name: self.name.to_string(),
            generation: self.generation,
            key_id: self.id.to_string(),
            public_key: self.public.map(|public| public.to_string()),
            retired: self.retired.clone(),
            policy: self.policy.text(),
            mac: self.mac.clone(),
        };
        toml::to_string(&toml).expect("strings and numbers can be written")
    }

    /// Writes the `key.toml` into the worktree.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, top: &Path) -> Result<(), ShroudDirError> {
        super::write(top, &File::Key(self.name.clone()), &self.to_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretBytes;

    fn entry(generation: u32, byte: u8) -> Entry {
        let key = Key::new(SecretBytes::new([byte; 32]));
        Entry { name: KeyName::default(), generation, key }
    }

    fn parse(text: &str) -> Result<KeyInfo, ShroudDirError> {
        KeyInfo::parse(text.as_bytes(), &KeyName::default())
    }

    #[test]
    fn what_is_written_is_read_and_authentic() {
        let (first, second) = (entry(1, 5), entry(2, 6));
        for earlier in [&[][..], &[&first, &second]] {
            let current = entry(3, 1);
            let info = KeyInfo::new(&current, earlier);
            let read = parse(&info.to_text()).unwrap();
            assert_eq!(read, info);
            assert!(read.is_authentic(&current.key));
            assert!(!read.is_authentic(&entry(3, 2).key));
            let retired = read.retired(&current.key).unwrap().keys;
            assert_eq!(retired.entries().len(), earlier.len());
            assert!(earlier.iter().all(|entry| retired.by_id(entry.key.id()).is_some()));
        }
    }

    #[test]
    fn retired_keys_open_with_the_current_one_alone_and_are_earlier() {
        let info = KeyInfo::new(&entry(2, 1), &[&entry(1, 5)]);
        assert!(matches!(info.retired(&entry(2, 2).key), Err(RetiredError::Open(_))));
        let info = KeyInfo::new(&entry(2, 1), &[&entry(2, 5)]);
        assert!(matches!(info.retired(&entry(2, 1).key), Err(RetiredError::NotEarlier(..))));
        let other = Entry { name: "prod".parse().unwrap(), ..entry(1, 5) };
        let info = KeyInfo::new(&entry(2, 1), &[&other]);
        assert!(matches!(info.retired(&entry(2, 1).key), Err(RetiredError::NotEarlier(..))));
    }

    #[test]
    fn a_public_key_is_under_the_mac_and_that_of_the_key() {
        let key = entry(1, 1).key;
        let plain = KeyInfo::new(&entry(1, 1), &[]);
        assert!(!plain.to_text().contains("public_key"));
        let info = plain.clone().write_only(&key);
        let read = parse(&info.to_text()).unwrap();
        assert_eq!((read.public, read.is_authentic(&key)), (Some(key.public()), true));
        // Whoever can push puts one in, takes it out, or exchanges it; who holds the key signs a wrong one.
        let added = KeyInfo { mac: plain.mac.clone(), ..info.clone() };
        let removed = KeyInfo { public: None, ..info.clone() };
        let exchanged = KeyInfo { public: Some(entry(1, 2).key.public()), ..info.clone() };
        let mut signed = exchanged.clone();
        signed.mac = signed.canonical().sign(&key);
        assert!(removed.lacks_public_key_of(&key));
        for info in [&info, &plain, &added, &exchanged, &signed] {
            assert!(!info.lacks_public_key_of(&key), "{info:?}");
        }
        for info in [added, removed, exchanged, signed] {
            assert!(!info.is_authentic(&key), "{info:?}");
        }
    }

    /// The value was computed by an independent implementation from the format alone.
    #[test]
    fn the_mac_is_the_one_of_the_format() {
        let token = "GIT-SHROUD-KEY-1AKE0EHHTCJG4EAUKGDLARFLAADLWCWH74Z7AEP0R0AQ5LNK68XPSH4Z43A";
        let key = crate::keyring::token::decode(token).unwrap();
        let entry = Entry { name: KeyName::default(), generation: 1, key };
        let info = KeyInfo::new(&entry, &[]);
        assert_eq!(info.mac, "98149556b9942504f2d309d69ee54fe8f287789388a81193082586e7b93dde35");
        let policy = "members=2 recipients=openpgp,age".parse().unwrap();
        let asking = info.clone().with_policy(policy, &entry.key);
        assert_eq!(asking.mac, "a87ec8c0a8b016005dd14de7b2e841453552f2c3dc05f074441e1800cdbfbace");
        let info = info.write_only(&entry.key);
        let public = "14b68c3b09165366929899c157103f248da5d01d16ff844c3b38290544112c20";
        assert_eq!(info.public.unwrap().to_string(), public);
        assert_eq!(info.mac, "14955cd224299c1117341681ea96ddadbaf1340c43c70a90aed06a4d4bdd2709");
    }

    #[test]
    fn a_policy_is_under_the_mac() {
        let key = entry(1, 1).key;
        let policy: Policy = "members=2 recipients=openpgp,age".parse().unwrap();
        let info = KeyInfo::new(&entry(1, 1), &[]).with_policy(policy.clone(), &key);
        let read = parse(&info.to_text()).unwrap();
        assert_eq!((&read.policy, read.is_authentic(&key)), (&policy, true));
        let without = KeyInfo { policy: Policy::default(), ..info.clone() };
        let other = KeyInfo { policy: "members=1".parse().unwrap(), ..info };
        assert!(!without.is_authentic(&key) && !other.is_authentic(&key));
    }

    #[test]
    fn a_changed_field_is_noticed() {
        let key = entry(1, 1).key;
        let mut info = KeyInfo::new(&entry(1, 1), &[]);
        info.generation = 2;
        assert!(!info.is_authentic(&key));
        info.generation = 1;
        info.retired = Some("AAAA".to_owned());
        assert!(!info.is_authentic(&key));
        info.retired = None;
        assert!(info.is_authentic(&key));
        info.mac = "zz".to_owned();
        assert!(!info.is_authentic(&key));
    }

    #[test]
    fn what_is_not_a_key_file_is_refused_with_its_path() {
        let good = "version = 1\nname = \"default\"\ngeneration = 1\nkey_id = \"00000000000000000000000000000000\"\nmac = \"\"\n";
        assert!(parse(good).is_ok());
        let cases = [
            ("", "not a key.toml"),
            ("\u{1b}[31m = 1", "not a key.toml"),
            (&good.replace("version = 1", "version = 0"), "version is 0"),
            (&good.replace("version = 1", "version = 2"), "newer git-shroud wrote this key.toml"),
            (&good.replace("\"default\"", "\"other\""), "folder of another"),
            (&good.replace("\"default\"", "\"..\""), "cannot be the name of a key"),
            (&good.replace("generation = 1", "generation = 0"), "generation"),
            (&good.replace("00000000000000000000000000000000", "xy"), "hexadecimal"),
            (&good.replace("mac =", "other = 1\nmac ="), "not a key.toml"),
            (&good.replace("mac =", "public_key = 1\nmac ="), "not a key.toml"),
            (&good.replace("mac =", "policy = \"members=0\"\nmac ="), "policy is not one"),
            (&good.replace("mac =", "public_key = \"\"\nmac ="), "not 64 hexadecimal digits"),
            (&good.replace("mac =", &format!("public_key = \"{:064}\"\nmac =", 0)), "low order"),
        ];
        for (text, expected) in cases {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("key.toml"), "{error}");
            assert!(!error.contains('\u{1b}'), "{error:?}");
        }
    }
}
