//! Why something was not wrapped or unwrapped.

use super::MAX_WORK_FACTOR;

/// Why something was not wrapped or unwrapped. Never holds what was read, which may be a secret key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgeError {
    /// Neither an age recipient nor an SSH public key.
    #[error("it is neither an age recipient (age1…) nor an ssh-ed25519 or ssh-rsa public key")]
    NotARecipient,
    /// A secret key where a public one belongs.
    #[error("it is a SECRET key (not shown); give the public key")]
    SecretKey,
    /// An SSH key of another kind.
    #[error("{}", unsupported(.0))]
    UnsupportedSsh(String),
    /// An RSA modulus under 2048 bits.
    #[error("the RSA key has {0} bits; under 2048 it is too weak")]
    WeakRsa(usize),
    /// An RSA modulus over 4096 bits.
    #[error("the RSA key has more than 4096 bits, which age cannot use")]
    LargeRsa,
    /// A plugin is not on PATH.
    #[error("the age plugin '{0}' is not installed")]
    MissingPlugin(String),
    /// A plugin failed.
    #[error("the age plugin failed: {0}")]
    Plugin(String),
    /// A line of an identity file is none.
    #[error("line {0} is not an age identity")]
    NotAnIdentity(usize),
    /// The file holds no identity.
    #[error("it holds neither an age identity nor an SSH private key")]
    NoIdentity,
    /// A private key in a form that cannot be read, with what to do.
    #[error("{0}")]
    UnsupportedIdentity(&'static str),
    /// More bytes than any such file has.
    #[error("it is larger than {0} KiB, too large for one")]
    TooLarge(usize),
    /// The armour is not that of an age file.
    #[error("it is not an armoured age file, or is truncated")]
    Armour,
    /// The file was changed or cut off.
    #[error("the age file is damaged, or has an unsupported version")]
    Damaged,
    /// The file is not for this identity.
    #[error("the age file is not for this identity")]
    NoMatch,
    /// The passphrase is another one.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// Nobody gave a passphrase.
    #[error("no passphrase was given")]
    Cancelled,
    /// The file is for recipients, not under a passphrase.
    #[error("the age file is for recipients, not under a passphrase")]
    NotPassphrase,
    /// The passphrase's work factor would take too long and too much memory.
    #[error("opening it would take 2^{0} steps of scrypt; the limit is 2^{max}", max = MAX_WORK_FACTOR)]
    ExcessiveWork(u32),
}

/// What an SSH key of this type cannot do, and what could be taken instead.
fn unsupported(kind: &str) -> String {
    if kind.starts_with("sk-") {
        return format!(
            "'{kind}' is on a security key, which signs and cannot decrypt: use an age plugin for it (age1…), or an ssh-ed25519 key that is a file"
        );
    }
    if kind.starts_with("ecdsa-") {
        return format!(
            "'{kind}' is an ECDSA key, which age does not support: use an ssh-ed25519 or ssh-rsa key, or an age recipient"
        );
    }
    format!(
        "SSH keys of the type '{kind}' cannot be used for encryption: ssh-ed25519 and ssh-rsa can"
    )
}
