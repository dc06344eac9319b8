//! The key file: version 2, since git-crypt 0.4, and the legacy one of 96 bytes (docs/format.md, section 6).

use std::fmt;

use aes::Aes256;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::Name;
use crate::format::KeyId;
use crate::secret::SecretBytes;

/// Bytes of the AES-256 key.
pub const AES_KEY_LEN: usize = 32;
/// Bytes of the HMAC-SHA1 key.
pub const HMAC_KEY_LEN: usize = 64;
/// Bytes of a legacy key file: the AES key, then the HMAC key.
pub const LEGACY_LEN: usize = AES_KEY_LEN + HMAC_KEY_LEN;
/// Bytes of the longest key file that is read. An entry takes 128; git-crypt makes one of them.
pub const MAX_KEY_FILE_LEN: usize = 2 << 20;

const MAGIC: &[u8; 12] = b"\0GITCRYPTKEY";
const FORMAT_VERSION: u32 = 2;
/// Ends a list of fields.
const END: u32 = 0;
const HEADER_NAME: u32 = 1;
const ENTRY_VERSION: u32 = 1;
const ENTRY_AES: u32 = 3;
const ENTRY_HMAC: u32 = 5;
/// Bytes of the longest field that is passed over.
const MAX_FIELD_LEN: usize = 1 << 20;

/// Why bytes are not a key file, or keys cannot be joined. Never holds what was read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// Neither the magic, nor as long as a legacy file.
    #[error("it is not a git-crypt key file")]
    NotAKeyFile,
    /// More than [`MAX_KEY_FILE_LEN`] bytes.
    #[error("it is larger than 2 MiB, too large for a git-crypt key file")]
    TooLong,
    /// A version of the format that is not known.
    #[error("it has version {0} of git-crypt's key file format; only version 2 is supported")]
    Version(u32),
    /// It ends before it is whole.
    #[error("it is truncated")]
    Truncated,
    /// Behind the last key there is more.
    #[error("there are extra bytes after its last key")]
    TrailingBytes,
    /// A field that is not known, and that says that it must be.
    #[error("its field {0} is unknown and must not be ignored")]
    UnknownField(u32),
    /// A field has a length that it cannot have.
    #[error("its field {0} has a wrong length")]
    FieldLength(u32),
    /// The name is none.
    #[error("its name cannot be the name of a git-crypt key")]
    Name,
    /// A key without its AES or HMAC part.
    #[error("a key in it lacks its AES or its HMAC part")]
    Incomplete,
    /// No key at all.
    #[error("it holds no key")]
    NoKeys,
    /// Another key is held under this name and version.
    #[error("another git-crypt key is held as '{name}' version {version}")]
    OtherKey {
        /// The name both have.
        name: Name,
        /// The version both have.
        version: u32,
    },
}

/// One version of a key, ready for use.
pub struct KeyVersion {
    version: u32,
    aes_key: SecretBytes<AES_KEY_LEN>,
    hmac_key: SecretBytes<HMAC_KEY_LEN>,
    /// The key schedule, made once.
    pub(super) cipher: Aes256,
    pub(super) hmac: Hmac<Sha1>,
}

impl KeyVersion {
    /// Takes the two keys of a version.
    pub fn new(
        version: u32,
        aes_key: SecretBytes<AES_KEY_LEN>,
        hmac_key: SecretBytes<HMAC_KEY_LEN>,
    ) -> Self {
        let cipher = Aes256::new(aes_key.expose().into());
        let hmac = Hmac::new_from_slice(hmac_key.expose()).expect("HMAC takes any key length");
        Self { version, aes_key, hmac_key, cipher, hmac }
    }

    /// 0 for the first; git-crypt itself has made no other yet.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The AES-256 key, for writing it elsewhere.
    pub fn aes_key(&self) -> &[u8; AES_KEY_LEN] {
        self.aes_key.expose()
    }

    /// The HMAC-SHA1 key, for writing it elsewhere.
    pub fn hmac_key(&self) -> &[u8; HMAC_KEY_LEN] {
        self.hmac_key.expose()
    }

    /// A public name of the key, by which a clone remembers it: 16 bytes from which nothing of it can be computed.
    ///
    /// HMAC-SHA256 under the HMAC key, of a text that git-crypt never computes a MAC of; git-crypt itself has no such id.
    pub fn id(&self) -> KeyId {
        let mut mac = <Hmac<Sha256>>::new_from_slice(self.hmac_key.expose())
            .expect("HMAC takes any key length");
        mac.update(b"git-shroud/v1/git-crypt-key-id");
        mac.update(self.aes_key.expose());
        let mac: [u8; 32] = mac.finalize().into_bytes().into();
        KeyId(*mac.first_chunk().expect("16 bytes of 32"))
    }

    /// Whether both keys are the same, in constant time.
    pub fn same_as(&self, other: &Self) -> bool {
        let aes = self.aes_key.expose().ct_eq(other.aes_key.expose());
        (aes & self.hmac_key.expose().ct_eq(other.hmac_key.expose())).into()
    }
}

impl fmt::Debug for KeyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyVersion").field("version", &self.version).finish_non_exhaustive()
    }
}

/// A key with its name and all its versions: the newest encrypts, all decrypt.
#[derive(Debug)]
pub struct KeyFile {
    name: Name,
    /// At least one; the newest first.
    versions: Vec<KeyVersion>,
}

impl KeyFile {
    /// A key file of one version.
    pub fn new(name: Name, version: KeyVersion) -> Self {
        Self { name, versions: vec![version] }
    }

    /// The key's name.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// All versions, the newest first.
    pub fn versions(&self) -> &[KeyVersion] {
        &self.versions
    }

    /// The version that encrypts.
    pub fn newest(&self) -> &KeyVersion {
        self.versions.first().expect("a key file has at least one version")
    }

    /// The same keys under another name. A legacy file has none, and a named key keeps its name in git-crypt's folders.
    #[must_use]
    pub fn renamed(self, name: Name) -> Self {
        Self { name, ..self }
    }

    /// Reads a key file of either kind.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyFileError> {
        if bytes.len() == LEGACY_LEN && !Self::is_meant(bytes) {
            return Self::parse_legacy(bytes);
        }
        Self::parse_current(bytes)
    }

    /// Whether the bytes begin as a key file of version 2 and later does.
    pub fn is_meant(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }

    /// Reads a key file of git-crypt 0.4 and later.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn parse_current(bytes: &[u8]) -> Result<Self, KeyFileError> {
        if bytes.len() > MAX_KEY_FILE_LEN {
            return Err(KeyFileError::TooLong);
        }
        let rest = bytes.strip_prefix(MAGIC).ok_or(KeyFileError::NotAKeyFile)?;
        let mut fields = Fields { rest };
        let version = fields.number()?;
        if version != FORMAT_VERSION {
            return Err(KeyFileError::Version(version));
        }
        let name = parse_header(&mut fields)?;
        let mut file = Self { name, versions: Vec::new() };
        while !fields.rest.is_empty() {
            // As git-crypt does: where a version is twice, the later one counts.
            let entry = parse_entry(&mut fields, !file.versions.is_empty())?;
            file.versions.retain(|version| version.version != entry.version);
            file.add(entry);
        }
        if file.versions.is_empty() { Err(KeyFileError::NoKeys) } else { Ok(file) }
    }

    /// Reads a key file of git-crypt 0.3 and earlier: [`LEGACY_LEN`] bytes, without a name.
    ///
    /// # Errors
    /// [`KeyFileError::NotAKeyFile`] for any other length.
    pub fn parse_legacy(bytes: &[u8]) -> Result<Self, KeyFileError> {
        let (aes, hmac) = bytes.split_at_checked(AES_KEY_LEN).ok_or(KeyFileError::NotAKeyFile)?;
        let aes = secret(aes).ok_or(KeyFileError::NotAKeyFile)?;
        let hmac = secret(hmac).ok_or(KeyFileError::NotAKeyFile)?;
        Ok(Self::new(Name::default(), KeyVersion::new(0, aes, hmac)))
    }

    /// Writes the file as git-crypt does: newest version first, a name only where it is not the default key.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // Large enough from the start: a reallocation would leave keys behind.
        let capacity = 256 + self.versions.len() * 160;
        let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FORMAT_VERSION.to_be_bytes());
        if !self.name.is_default() {
            write_field(&mut bytes, HEADER_NAME, self.name.as_str().as_bytes());
        }
        bytes.extend_from_slice(&END.to_be_bytes());
        for key in &self.versions {
            write_field(&mut bytes, ENTRY_VERSION, &key.version.to_be_bytes());
            write_field(&mut bytes, ENTRY_AES, key.aes_key());
            write_field(&mut bytes, ENTRY_HMAC, key.hmac_key());
            bytes.extend_from_slice(&END.to_be_bytes());
        }
        bytes
    }

    /// This file and another of the same name as one.
    ///
    /// # Errors
    /// [`KeyFileError::OtherKey`]: they hold different keys of one version.
    pub fn joined(mut self, other: Self) -> Result<Self, KeyFileError> {
        self.merge(other).map(|_| self)
    }

    fn add(&mut self, key: KeyVersion) {
        let at = self.versions.partition_point(|held| held.version > key.version);
        self.versions.insert(at, key);
    }

    /// Joins the versions of a file of the same name; `false` where all were here already.
    pub(super) fn merge(&mut self, other: Self) -> Result<bool, KeyFileError> {
        let held = |key: &KeyVersion| self.versions.iter().find(|held| held.version == key.version);
        if let Some(key) =
            other.versions.iter().find(|key| held(key).is_some_and(|held| !held.same_as(key)))
        {
            let (name, version) = (self.name.clone(), key.version);
            return Err(KeyFileError::OtherKey { name, version });
        }
        let before = self.versions.len();
        for key in other.versions {
            if !self.versions.iter().any(|held| held.version == key.version) {
                self.add(key);
            }
        }
        Ok(self.versions.len() > before)
    }
}

fn parse_header(fields: &mut Fields<'_>) -> Result<Name, KeyFileError> {
    let mut name = Name::default();
    loop {
        match fields.number()? {
            END => return Ok(name),
            HEADER_NAME => {
                let text = fields.bytes(HEADER_NAME)?;
                name = Name::named(text).map_err(|_| KeyFileError::Name)?;
            }
            other => fields.pass_over(other)?,
        }
    }
}

/// Bytes behind an earlier key that make no whole key themselves are called what they most likely are: rubbish.
fn parse_entry(fields: &mut Fields<'_>, is_further: bool) -> Result<KeyVersion, KeyFileError> {
    let begin = fields.rest.len();
    let read = read_entry(fields);
    match read {
        Err(KeyFileError::Truncated) if is_further && begin < LEGACY_LEN => {
            Err(KeyFileError::TrailingBytes)
        }
        read => read,
    }
}

fn read_entry(fields: &mut Fields<'_>) -> Result<KeyVersion, KeyFileError> {
    let (mut version, mut aes, mut hmac) = (0, None, None);
    loop {
        match fields.number()? {
            END => break,
            ENTRY_VERSION => {
                let bytes = fields.bytes(ENTRY_VERSION)?;
                let wrong = KeyFileError::FieldLength(ENTRY_VERSION);
                version = u32::from_be_bytes(bytes.try_into().map_err(|_| wrong)?);
            }
            ENTRY_AES => {
                let wrong = KeyFileError::FieldLength(ENTRY_AES);
                aes = Some(secret(fields.bytes(ENTRY_AES)?).ok_or(wrong)?);
            }
            ENTRY_HMAC => {
                let wrong = KeyFileError::FieldLength(ENTRY_HMAC);
                hmac = Some(secret(fields.bytes(ENTRY_HMAC)?).ok_or(wrong)?);
            }
            other => fields.pass_over(other)?,
        }
    }
    match (aes, hmac) {
        (Some(aes), Some(hmac)) => Ok(KeyVersion::new(version, aes, hmac)),
        // git-crypt would take zeros for what is absent.
        _ => Err(KeyFileError::Incomplete),
    }
}

fn secret<const N: usize>(bytes: &[u8]) -> Option<SecretBytes<N>> {
    let bytes: &[u8; N] = bytes.try_into().ok()?;
    Some(SecretBytes::filled(|secret| *secret = *bytes))
}

fn write_field(to: &mut Vec<u8>, id: u32, content: &[u8]) {
    to.extend_from_slice(&id.to_be_bytes());
    let len = u32::try_from(content.len()).expect("a field is at most 128 bytes");
    to.extend_from_slice(&len.to_be_bytes());
    to.extend_from_slice(content);
}

/// What is still to be read.
struct Fields<'b> {
    rest: &'b [u8],
}

impl<'b> Fields<'b> {
    fn take(&mut self, len: usize) -> Result<&'b [u8], KeyFileError> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(KeyFileError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, KeyFileError> {
        let bytes = self.take(4)?;
        Ok(u32::from_be_bytes(bytes.try_into().expect("4 bytes were taken")))
    }

    /// The content of the field whose id was read.
    fn bytes(&mut self, id: u32) -> Result<&'b [u8], KeyFileError> {
        let len = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        if len > MAX_FIELD_LEN {
            return Err(KeyFileError::FieldLength(id));
        }
        self.take(len)
    }

    /// An even id may be passed over; an odd one is critical.
    fn pass_over(&mut self, id: u32) -> Result<(), KeyFileError> {
        if id % 2 == 1 {
            return Err(KeyFileError::UnknownField(id));
        }
        self.bytes(id).map(drop)
    }
}
