//! SSH keys on the wire (RFC 4251, 4253, 8709) and OpenSSH's private key file (PROTOCOL.key), as far as they are checked here.
//!
//! The crate age reads them itself. But it panics at an integer that is only zeros, and takes any number of rounds for a
//! passphrase. So what is not known to be sound does not come to it.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::AgeError;

const MIN_RSA_BITS: usize = 2048;
const MAX_RSA_BITS: usize = 4096;
/// `ssh-keygen -a`; the default is 16, and each round takes some milliseconds.
const MAX_ROUNDS: u32 = 1 << 14;

/// A public key that age can encrypt to.
pub(super) struct PublicKey {
    kind: &'static str,
    blob: Vec<u8>,
}

impl PublicKey {
    /// Reads `TYPE BASE64`.
    pub(super) fn parse_line(line: &str) -> Result<Self, AgeError> {
        let (kind, base64) = line.split_once(' ').ok_or(AgeError::NotARecipient)?;
        // A type that no age file is written to has its own sentence, whatever follows.
        if !["ssh-ed25519", "ssh-rsa"].contains(&kind) {
            return Err(unsupported(kind.as_bytes()));
        }
        let blob = BASE64_STANDARD.decode(base64).map_err(|_| AgeError::NotARecipient)?;
        let mut wire = Wire(&blob);
        if wire.string() != Some(kind.as_bytes()) {
            return Err(AgeError::NotARecipient);
        }
        Self::parse(&blob)
    }

    /// Reads the bytes of a public key.
    fn parse(blob: &[u8]) -> Result<Self, AgeError> {
        let mut wire = Wire(blob);
        let kind = match wire.string().ok_or(AgeError::NotARecipient)? {
            b"ssh-ed25519" => {
                wire.string().filter(|key| key.len() == 32).ok_or(AgeError::NotARecipient)?;
                "ssh-ed25519"
            }
            b"ssh-rsa" => {
                wire.integer().ok_or(AgeError::NotARecipient)?;
                match bits(wire.integer().ok_or(AgeError::NotARecipient)?) {
                    bits @ ..MIN_RSA_BITS => return Err(AgeError::WeakRsa(bits)),
                    MIN_RSA_BITS..=MAX_RSA_BITS => "ssh-rsa",
                    _ => return Err(AgeError::LargeRsa),
                }
            }
            other => return Err(unsupported(other)),
        };
        if wire.0.is_empty() {
            Ok(Self { kind, blob: blob.to_vec() })
        } else {
            Err(AgeError::NotARecipient)
        }
    }

    /// The canonical line, without a comment.
    pub(super) fn to_line(&self) -> String {
        format!("{} {}", self.kind, BASE64_STANDARD.encode(&self.blob))
    }

    /// The first bytes of its hash, by which a stanza names it (age-encryption.org/v1, ssh-rsa and ssh-ed25519).
    pub(super) fn tag(&self) -> String {
        BASE64_STANDARD_NO_PAD.encode(&Sha256::digest(&self.blob)[..4])
    }

    /// Whether a stanza is for this key.
    pub(super) fn is_named_by(&self, stanza: &[String]) -> bool {
        stanza.first().is_some_and(|kind| kind == self.kind) && stanza.get(1) == Some(&self.tag())
    }
}

/// A name that nobody uses is garbage rather than a type of key.
fn unsupported(kind: &[u8]) -> AgeError {
    let name = std::str::from_utf8(kind).unwrap_or_default();
    let known = ["ssh-", "ecdsa-", "sk-"].iter().any(|begin| name.starts_with(begin));
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-@._".contains(&byte));
    if known && plain && name.len() <= 64 {
        AgeError::UnsupportedSsh(name.to_owned())
    } else {
        AgeError::NotARecipient
    }
}

/// Checks an OpenSSH private key file and returns its public key, which is there as plaintext.
pub(super) fn check_private_key(text: &str) -> Result<PublicKey, AgeError> {
    let mut base64 = Zeroizing::new(String::with_capacity(text.len()));
    let lines = text.lines().map(str::trim_end).skip(1);
    lines.take_while(|line| !line.starts_with('-')).for_each(|line| base64.push_str(line));
    let bytes = BASE64_STANDARD.decode(base64.as_bytes()).map_err(|_| AgeError::NoIdentity)?;
    let bytes = Zeroizing::new(bytes);
    check_sections(&bytes).ok_or(AgeError::NoIdentity)?
}

/// `None` where the file is malformed.
fn check_sections(bytes: &[u8]) -> Option<Result<PublicKey, AgeError>> {
    let mut wire = Wire(bytes.strip_prefix(b"openssh-key-v1\0")?);
    let encrypted = wire.string()? != b"none";
    wire.string()?;
    let mut kdf = Wire(wire.string()?);
    if encrypted {
        kdf.string()?;
        if kdf.number()? > MAX_ROUNDS {
            let message = "its passphrase takes too many rounds: change it with 'ssh-keygen -p -a 100 -f FILE'";
            return Some(Err(AgeError::UnsupportedIdentity(message)));
        }
    }
    if wire.number()? != 1 {
        return None;
    }
    let public = match PublicKey::parse(wire.string()?) {
        Err(AgeError::NotARecipient) => return None,
        parsed => parsed,
    };
    if !encrypted {
        let mut private = Wire(wire.string()?);
        private.number()?;
        private.number()?;
        if private.string()? == b"ssh-rsa" {
            for _ in 0..6 {
                private.integer()?;
            }
        }
    }
    Some(public)
}

/// The bits of a number in big-endian bytes; the first byte is zero only to keep it positive.
fn bits(number: &[u8]) -> usize {
    let number = number.strip_prefix(&[0]).unwrap_or(number);
    let unused = number.first().map_or(0, |byte| byte.leading_zeros() as usize);
    8 * number.len() - unused
}

/// What is left to read.
struct Wire<'b>(&'b [u8]);

impl<'b> Wire<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        self.take(4).map(|bytes| u32::from_be_bytes(bytes.try_into().expect("these are 4 bytes")))
    }

    fn string(&mut self) -> Option<&'b [u8]> {
        let length = self.number()?;
        self.take(usize::try_from(length).ok()?)
    }

    /// An integer over zero in its shortest form (RFC 4251, section 5).
    fn integer(&mut self) -> Option<&'b [u8]> {
        let bytes = self.string()?;
        let shortest = match bytes {
            [] => false,
            [0, next, ..] => next & 0x80 != 0,
            [first, ..] => *first != 0 && first & 0x80 == 0,
        };
        shortest.then_some(bytes)
    }
}
