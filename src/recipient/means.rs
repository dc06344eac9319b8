//! By what a key is unwrapped: a secret key that was given, an identity, the user's gpg.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::age::Identity;
use super::command::Commands;
use super::identities::Identities;
use super::openpgp::{Gpg, Message, Packing, SecretKey, UnwrapError};
use super::{Ask, Recipient};

/// Why a file was not opened, and what would help.
#[derive(Debug)]
pub struct OpenFailure {
    /// A clause.
    pub why: String,
    /// What to do next.
    pub hint: Option<&'static str>,
}

impl OpenFailure {
    /// With what would help.
    pub fn new(why: impl Into<String>, hint: Option<&'static str>) -> Self {
        Self { why: why.into(), hint }
    }
}

/// One thing by which a key may be unwrapped.
pub enum Means<'i> {
    /// An OpenPGP secret key that was given.
    SecretKey(&'i SecretKey),
    /// An age identity or an SSH key.
    Identity(&'i Identity),
    /// The user's gpg.
    Gpg(&'i Gpg),
    /// The commands that the user has configured.
    Commands(&'i Commands),
}

impl<'i> Means<'i> {
    /// Everything there is, what asks nothing first.
    pub fn all(identities: &'i Identities) -> Vec<Self> {
        // Each field by its name: what somebody adds to them is not forgotten here.
        let Identities {
            secret_keys,
            age,
            gpg,
            commands,
            allow_rsa: _,
            gpg_keys: _,
            asked_in_vain: _,
            passphrases: _,
            looked: _,
        } = identities;
        let (asking, mut silent): (Vec<&Identity>, Vec<_>) =
            age.iter().partition(|identity| identity.needs_passphrase());
        silent.sort_by_key(|identity| identity.plugin().is_some());
        let secret_keys = secret_keys.iter().map(Self::SecretKey);
        secret_keys
            .chain(silent.into_iter().map(Self::Identity))
            .chain(gpg.iter().map(Self::Gpg))
            .chain(commands.iter().map(Self::Commands))
            .chain(asking.into_iter().map(Self::Identity))
            .collect()
    }

    /// For people.
    pub fn name(&self) -> String {
        match self {
            Self::SecretKey(key) => format!("the OpenPGP key {}", key.fingerprint()),
            Self::Identity(identity) => format!("the identity {}", identity.place()),
            Self::Gpg(_) => "gpg".to_owned(),
            Self::Commands(_) => "its command".to_owned(),
        }
    }

    /// The identity that a plugin holds.
    pub fn plugin(&self) -> Option<&'i Identity> {
        match self {
            Self::Identity(identity) if identity.plugin().is_some() => Some(identity),
            _ => None,
        }
    }

    /// Opens what was wrapped to a recipient; `None` where this does not fit.
    pub fn open(
        &self,
        identities: &Identities,
        recipient: &Recipient,
        wrapped: &str,
        ask: Ask<'_>,
    ) -> Option<Result<Zeroizing<Vec<u8>>, OpenFailure>> {
        recipient.method().kind().open(self, identities, recipient.as_str(), wrapped, ask)
    }

    /// Opens an age file; `None` where this is not for the recipient with this text.
    pub fn open_age(
        &self,
        recipient: &str,
        wrapped: &str,
        ask: Ask<'_>,
    ) -> Option<Result<Zeroizing<Vec<u8>>, OpenFailure>> {
        let identity = match self {
            Self::Identity(identity) if !identity.has_failed() => identity,
            Self::Identity(_) | Self::SecretKey(_) | Self::Gpg(_) | Self::Commands(_) => {
                return None;
            }
        };
        let own = identity.recipient();
        own.is_none_or(|own| own == recipient).then(|| {
            identity.unwrap(wrapped, ask).map_err(|error| OpenFailure::new(error.to_string(), None))
        })
    }

    /// Opens what the command of this name has wrapped; `None` where this is not the user's commands.
    pub fn open_command(
        &self,
        name: &str,
        wrapped: &str,
    ) -> Option<Result<Zeroizing<Vec<u8>>, OpenFailure>> {
        let Self::Commands(commands) = self else { return None };
        let opened = commands.unwrap(name, wrapped);
        Some(opened.map_err(|error| OpenFailure::new(error.to_string(), None)))
    }

    /// Opens an OpenPGP message; `None` where this is none of those that it is for.
    pub fn open_openpgp(
        &self,
        identities: &Identities,
        wrapped: &[u8],
        packing: Packing,
        ask: Ask<'_>,
    ) -> Option<Result<Zeroizing<Vec<u8>>, OpenFailure>> {
        match self {
            Self::SecretKey(key) => {
                let own = key.key_ids();
                let message = message(wrapped, |id| own.iter().any(|own| own == id))?;
                let allow_rsa = identities.allow_rsa;
                let known = identities.passphrases.borrow().get(&key.fingerprint()).cloned();
                if known == Some(None) {
                    return None;
                }
                Some(message.and_then(|message| {
                    let (mut known, mut given) = (known.flatten(), None);
                    let mut ask_once = |question: &str| {
                        let answer = known.take().or_else(|| ask(question));
                        given.clone_from(&answer);
                        answer
                    };
                    let opened = key.unwrap_packed(&message, packing, allow_rsa, &mut ask_once);
                    let in_vain =
                        matches!(opened, Err(UnwrapError::Passphrase | UnwrapError::NoPassphrase));
                    if in_vain || given.is_some() {
                        let given = given.filter(|_| !in_vain);
                        identities.passphrases.borrow_mut().insert(key.fingerprint(), given);
                    }
                    opened.map_err(|error| OpenFailure::new(error.to_string(), error.hint()))
                }))
            }
            Self::Identity(_) | Self::Commands(_) => None,
            Self::Gpg(gpg) => {
                let own = match identities.gpg_keys() {
                    Ok(own) => own,
                    Err(error) => return Some(Err(OpenFailure::new(error, None))),
                };
                let message = message(wrapped, |id| own.contains(id))?;
                let ids = |message: &Message| -> BTreeSet<String> {
                    let all = message.recipients().iter().map(|id| id.clone().unwrap_or_default());
                    all.filter(|id| id.is_empty() || own.contains(id)).collect()
                };
                let in_vain = &identities.asked_in_vain;
                if message.as_ref().is_ok_and(|message| ids(message).is_subset(&in_vain.borrow())) {
                    return None;
                }
                Some(message.and_then(|message| {
                    gpg.decrypt(&message).map_err(|error| {
                        if error.is_of_user() {
                            in_vain.borrow_mut().extend(ids(&message));
                        }
                        OpenFailure::new(error.to_string(), error.hint())
                    })
                }))
            }
        }
    }
}

/// A message, if it is for one of these keys or for a hidden one; or why it cannot be one.
fn message(wrapped: &[u8], is_own: impl Fn(&str) -> bool) -> Option<Result<Message, OpenFailure>> {
    match Message::parse(wrapped) {
        Err(error) => Some(Err(OpenFailure::new(error.to_string(), None))),
        Ok(message) => {
            let fits = |id: &Option<String>| id.as_deref().is_none_or(&is_own);
            message.recipients().iter().any(fits).then_some(Ok(message))
        }
    }
}
