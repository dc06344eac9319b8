//! With what an age file is opened: identity files of age, and SSH private keys.

use std::cell::OnceCell;

use ::age::secrecy::SecretString;
use ::age::{plugin, ssh, x25519};
use zeroize::Zeroizing;

use super::AgeError;
use super::file::{dearmour, decrypt, is_age_file, is_armoured, stanzas};
use super::passphrase::{open_with_passphrase, with_passphrase};
use super::post_quantum;
use super::ssh::{PublicKey, check_private_key};
use crate::recipient::Ask;

/// Bytes of the longest identity file that is read.
pub const MAX_IDENTITY_LEN: usize = 256 << 10;
/// Bytes of the longest wrapped key that is opened: the member file that it is in is no longer.
const MAX_WRAPPED_LEN: usize = 64 << 10;

/// What is asked for once in a run: its answer, or why there is none.
type Once<T> = OnceCell<Result<T, AgeError>>;

/// One identity, with the file it came from.
pub struct Identity {
    place: String,
    secret: Secret,
}

enum Secret {
    X25519(x25519::Identity),
    PostQuantum(post_quantum::Identity),
    Plugin(plugin::Identity),
    /// With what its passphrase has opened, if that was asked for.
    Ssh(Box<ssh::Identity>, PublicKey, Once<ssh::Identity>),
    /// An identity file under a passphrase, as it is, and what the passphrase has opened.
    Locked(Zeroizing<Vec<u8>>, Once<Vec<Identity>>),
}

/// Reads the identities of a file: an identity file of age, one under a passphrase, or an SSH private key.
///
/// `place` names the file in questions and answers; it is sanitised.
///
/// # Errors
/// [`AgeError::NotAnIdentity`] with the line's number, [`AgeError::NoIdentity`], [`AgeError::UnsupportedIdentity`] with
/// what to do, [`AgeError::UnsupportedSsh`], [`AgeError::WeakRsa`], [`AgeError::TooLarge`] over 256 KiB.
pub fn read_identities(bytes: &[u8], place: &str) -> Result<Vec<Identity>, AgeError> {
    let place = crate::sanitise::line(place);
    if bytes.len() > MAX_IDENTITY_LEN {
        return Err(AgeError::TooLarge(MAX_IDENTITY_LEN / 1024));
    }
    let one = |secret| Ok(vec![Identity { place: place.clone(), secret }]);
    if is_age_file(bytes) {
        return one(Secret::Locked(Zeroizing::new(bytes.to_vec()), Once::new()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| AgeError::NoIdentity)?;
    if text.trim_start().starts_with("-----BEGIN ") {
        return one(read_ssh(text.trim_start())?);
    }
    let mut identities = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let secret = if let Ok(identity) = line.parse() {
            Secret::X25519(identity)
        } else if let Some(identity) = post_quantum::Identity::parse(line) {
            Secret::PostQuantum(identity)
        } else if let Ok(identity) = line.parse() {
            Secret::Plugin(identity)
        } else {
            return Err(AgeError::NotAnIdentity(at + 1));
        };
        identities.push(Identity { place: place.clone(), secret });
    }
    if identities.is_empty() { Err(AgeError::NoIdentity) } else { Ok(identities) }
}

fn read_ssh(text: &str) -> Result<Secret, AgeError> {
    let of_openssh = text.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----");
    let public = if of_openssh {
        Some(check_private_key(text)?)
    } else if text.starts_with("-----BEGIN RSA PRIVATE KEY-----") {
        None
    } else {
        return Err(AgeError::UnsupportedIdentity(
            "this form of private key is not supported: 'ssh-keygen -p -f FILE' converts it to OpenSSH's form",
        ));
    };
    let identity =
        ssh::Identity::from_buffer(text.as_bytes(), None).map_err(|_| AgeError::NoIdentity)?;
    if let ssh::Identity::Unsupported(reason) = identity {
        return Err(AgeError::UnsupportedIdentity(match reason {
            ssh::UnsupportedKey::EncryptedPem => {
                "its passphrase protection is weak: 'ssh-keygen -p -f FILE' converts it to OpenSSH's form"
            }
            ssh::UnsupportedKey::EncryptedSsh(_) => {
                "its passphrase uses an unsupported cipher: 'ssh-keygen -p -f FILE' changes that"
            }
            ssh::UnsupportedKey::Hardware(_) | ssh::UnsupportedKey::Type(_) => {
                "SSH keys of this type cannot decrypt: ssh-ed25519 and ssh-rsa can"
            }
        }));
    }
    let public = match public {
        Some(public) => public,
        None => {
            let recipient = ssh::Recipient::try_from(identity.clone());
            let line = recipient.map_err(|_| AgeError::NoIdentity)?.to_string();
            PublicKey::parse_line(&line).map_err(|error| match error {
                AgeError::NotARecipient => AgeError::NoIdentity,
                other => other,
            })?
        }
    };
    Ok(Secret::Ssh(Box::new(identity), public, Once::new()))
}

impl Identity {
    /// The recipient that this identity opens for, as a member file names it; `None` where a passphrase or a plugin would
    /// have to be asked.
    pub fn recipient(&self) -> Option<String> {
        match &self.secret {
            Secret::X25519(identity) => Some(identity.to_public().to_string()),
            Secret::PostQuantum(identity) => Some(identity.recipient().text()),
            Secret::Ssh(_, public, _) => Some(public.to_line()),
            Secret::Plugin(_) | Secret::Locked(..) => None,
        }
    }

    /// The file it came from, safe to print.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether a passphrase is asked for.
    pub fn needs_passphrase(&self) -> bool {
        match &self.secret {
            Secret::X25519(_) | Secret::PostQuantum(_) | Secret::Plugin(_) => false,
            Secret::Ssh(identity, ..) => matches!(**identity, ssh::Identity::Encrypted(_)),
            Secret::Locked(..) => true,
        }
    }

    /// Whether its passphrase was asked for without success, so that nothing should be tried with it any more.
    pub fn has_failed(&self) -> bool {
        match &self.secret {
            Secret::X25519(_) | Secret::PostQuantum(_) | Secret::Plugin(_) => false,
            Secret::Ssh(.., once) => once.get().is_some_and(Result::is_err),
            Secret::Locked(_, once) => once.get().is_some_and(Result::is_err),
        }
    }

    /// Whether a plugin, a program of its own, holds it.
    pub fn is_of_plugin(&self) -> bool {
        matches!(self.secret, Secret::Plugin(_))
    }

    /// The name of the plugin, a program of its own, that holds it.
    pub fn plugin(&self) -> Option<&str> {
        match &self.secret {
            Secret::Plugin(identity) => Some(identity.plugin()),
            _ => None,
        }
    }

    /// Opens of each group of armoured age files the first that a plugin's identity opens: its place in the group, and the
    /// payload. The plugin is run once for all; what is no age file of at most 64 KiB is left out.
    ///
    /// # Errors
    /// [`AgeError::NoMatch`] where it is no plugin's; and what a plugin says.
    #[allow(clippy::type_complexity)]
    pub fn unwrap_groups(
        &self,
        groups: &[Vec<&str>],
        ask: Ask<'_>,
    ) -> Result<Vec<Option<(usize, Zeroizing<Vec<u8>>)>>, AgeError> {
        let Secret::Plugin(identity) = &self.secret else { return Err(AgeError::NoMatch) };
        let binary = |text: &&str| {
            let fits = text.len() <= MAX_WRAPPED_LEN && is_armoured(text.as_bytes());
            if fits { dearmour(text.as_bytes()).ok() } else { None }
        };
        let files = |group: &Vec<&str>| -> Vec<Vec<u8>> {
            group.iter().map(|text| binary(text).unwrap_or_default()).collect()
        };
        let groups: Vec<Vec<Vec<u8>>> = groups.iter().map(files).collect();
        super::plugin::unwrap_groups(identity, &groups, ask)
    }

    /// As [`Self::unwrap_groups`], of one group.
    ///
    /// # Errors
    /// [`AgeError::NoMatch`] where none is for it, or it is no plugin's; and what a plugin says.
    pub fn unwrap_any(
        &self,
        wrapped: &[&str],
        ask: Ask<'_>,
    ) -> Result<(usize, Zeroizing<Vec<u8>>), AgeError> {
        self.unwrap_groups(&[wrapped.to_vec()], ask)?.remove(0).ok_or(AgeError::NoMatch)
    }

    /// Opens an armoured age file of at most 64 KiB; all of its payload, or none.
    ///
    /// # Errors
    /// [`AgeError::NoMatch`] where it is not for this identity, [`AgeError::WrongPassphrase`] after three tries,
    /// [`AgeError::Cancelled`], [`AgeError::Armour`], [`AgeError::Damaged`], [`AgeError::TooLarge`], and what a plugin says.
    pub fn unwrap(&self, wrapped: &str, ask: Ask<'_>) -> Result<Zeroizing<Vec<u8>>, AgeError> {
        if wrapped.len() > MAX_WRAPPED_LEN {
            return Err(AgeError::TooLarge(MAX_WRAPPED_LEN / 1024));
        }
        if !is_armoured(wrapped.as_bytes()) {
            return Err(AgeError::Armour);
        }
        self.open(&dearmour(wrapped.as_bytes())?, ask)
    }

    /// Opens an age file, armoured or not; all of its payload, or none.
    ///
    /// # Errors
    /// As [`Self::unwrap`].
    pub fn open_file(&self, file: &[u8], ask: Ask<'_>) -> Result<Zeroizing<Vec<u8>>, AgeError> {
        self.open(&dearmour(file)?, ask)
    }

    fn open(&self, binary: &[u8], ask: Ask<'_>) -> Result<Zeroizing<Vec<u8>>, AgeError> {
        match &self.secret {
            Secret::X25519(identity) => decrypt(binary, identity),
            Secret::PostQuantum(identity) => decrypt(binary, identity),
            Secret::Plugin(identity) => super::plugin::unwrap(identity, binary, ask),
            Secret::Ssh(identity, public, once) => {
                // Nobody is asked for the passphrase of a key that the file is not for.
                if !stanzas(binary).iter().any(|stanza| public.is_named_by(stanza)) {
                    return Err(AgeError::NoMatch);
                }
                let ssh::Identity::Encrypted(locked) = &**identity else {
                    return decrypt(binary, &**identity);
                };
                let unlocked = once.get_or_init(|| {
                    let question = format!("Passphrase of {}", self.place);
                    let unlocked = with_passphrase(&question, ask, |passphrase| {
                        let passphrase = SecretString::from(passphrase);
                        locked.decrypt(passphrase).map_err(|_| AgeError::WrongPassphrase)
                    });
                    unlocked.map(ssh::Identity::from)
                });
                decrypt(binary, unlocked.as_ref().map_err(Clone::clone)?)
            }
            Secret::Locked(file, once) => {
                let identities = once.get_or_init(|| {
                    let question = format!("Passphrase of {}", self.place);
                    let text = open_with_passphrase(file, &question, ask)?;
                    let identities = read_identities(&text, &self.place)?;
                    // Two passphrases for one identity would be a riddle.
                    if identities.iter().any(Self::needs_passphrase) {
                        return Err(AgeError::NoIdentity);
                    }
                    Ok(identities)
                });
                for identity in identities.as_ref().map_err(Clone::clone)? {
                    match identity.open(binary, ask) {
                        Err(AgeError::NoMatch) => {}
                        opened => return opened,
                    }
                }
                Err(AgeError::NoMatch)
            }
        }
    }
}
