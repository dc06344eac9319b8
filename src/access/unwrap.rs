//! From a member file to the key that is wrapped in it, by whatever this machine has.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::identities::Identities;
use super::roster::MemberFile;
use crate::keyring::{Entry, KeyName, Keyring};
use crate::recipient::age::Identity;
use crate::recipient::openpgp::{Gpg, Message, Packing, SecretKey, UnwrapError};
use crate::recipient::{Ask, Method};
use crate::store::shroud_dir::{KeyInfo, Member};

/// A key that was unwrapped.
pub struct Unwrapped {
    /// The key.
    pub entry: Entry,
    /// The label of the member to whom it was wrapped.
    pub label: String,
    /// What opened it.
    pub by: String,
}

/// One thing that was tried in vain.
#[derive(Debug)]
pub struct Attempt {
    /// The member whose file was tried.
    pub label: String,
    /// With what.
    pub by: String,
    /// Why it did not open.
    pub why: String,
    /// What would help.
    pub hint: Option<&'static str>,
}

/// Why a file was not opened, and what would help.
struct Failure {
    why: String,
    hint: Option<&'static str>,
}

impl Failure {
    fn new(why: impl Into<String>, hint: Option<&'static str>) -> Self {
        Self { why: why.into(), hint }
    }
}

/// Unwraps a key: the current generation if that can be had, else the newest.
///
/// What asks nothing is tried first: a key that was given, identities without a passphrase; then gpg, which asks by its
/// agent, and at last identities with a passphrase. Only what a file names is tried, and
/// a message that names nobody, which may be anybody's, after those that do: an agent is not to be asked in vain.
pub fn unwrap_key(
    identities: &Identities,
    info: &KeyInfo,
    members: &[MemberFile],
    ask: Ask<'_>,
    attempts: &mut Vec<Attempt>,
) -> Option<Unwrapped> {
    let mut readable: Vec<&Member> =
        members.iter().filter_map(|file| file.member.as_ref().ok()).collect();
    // A grant of another key that claims to be newer than the current one is nobody's.
    readable.retain(|member| member.key_id == info.id || member.generation < info.generation);
    readable.sort_by_key(|member| {
        let newest_first = std::cmp::Reverse(member.generation);
        (member.key_id != info.id, newest_first, is_hidden(member), member.label.clone())
    });
    let mut generations: Vec<_> =
        readable.iter().map(|member| (member.key_id, member.generation)).collect();
    generations.dedup();
    let all = Means::all(identities);
    let mut tried = vec![0; all.len()];
    let mut earlier = None;
    // All means for the current generation before any for an earlier one.
    for wanted in generations {
        let of_it = |member: &&&Member| (member.key_id, member.generation) == wanted;
        for (means, tried) in all.iter().zip(&mut tried) {
            if means.is_of_plugin() {
                if std::mem::replace(tried, 1) == 0 {
                    earlier = means.open_any(&readable, info, ask, attempts);
                }
                if earlier.as_ref().is_some_and(|found| is_of(found, wanted)) {
                    return earlier;
                }
                continue;
            }
            for member in readable.iter().filter(of_it) {
                if *tried >= MAX_TRIES {
                    break;
                }
                let Some(opened) = means.open(identities, member, ask) else { continue };
                let label = member.label.to_string();
                let by = means.name();
                match opened.and_then(|text| read_key(&text, &info.name, member)) {
                    Ok(entry) => return Some(Unwrapped { entry, label, by }),
                    Err(Failure { why, hint }) => {
                        *tried += 1;
                        attempts.push(Attempt { label, by, why, hint });
                    }
                }
            }
        }
        if earlier.as_ref().is_some_and(|found| is_of(found, wanted)) {
            return earlier;
        }
    }
    earlier
}

fn is_of(found: &Unwrapped, wanted: (crate::format::KeyId, u32)) -> bool {
    (found.entry.key.id(), found.entry.generation) == wanted
}

/// Opens an OpenPGP message by what this machine has; `None` where nothing here fits it, `Err` with the reason where what fits
/// does not open it.
pub fn open_message(
    identities: &Identities,
    message: &[u8],
    ask: Ask<'_>,
) -> Option<Result<Zeroizing<Vec<u8>>, String>> {
    let mut last = None;
    for means in Means::all(identities) {
        match means.open_openpgp(identities, message, Packing::Compressed, ask) {
            None => {}
            Some(Ok(opened)) => return Some(Ok(opened)),
            Some(Err(Failure { why, hint })) => {
                let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
                last = Some(Err(format!("{}: {why}{hint}", means.name())));
            }
        }
    }
    last
}

/// Files that one means opens in vain, after which it is given up: whoever can push can write any number of them.
const MAX_TRIES: usize = 50;
/// Times that a plugin is run where what it opens is no key.
const MAX_RUNS: usize = 3;
/// Members who are named where a plugin opens the file of none.
const NAMED: usize = 5;

/// One thing by which a key may be unwrapped.
enum Means<'i> {
    SecretKey(&'i SecretKey),
    Identity(&'i Identity),
    Gpg(&'i Gpg),
}

impl<'i> Means<'i> {
    /// Everything there is, what asks nothing first.
    fn all(identities: &'i Identities) -> Vec<Self> {
        let (asking, silent): (Vec<&Identity>, Vec<_>) =
            identities.age.iter().partition(|identity| identity.needs_passphrase());
        let secret_keys = identities.secret_keys.iter().map(Self::SecretKey);
        secret_keys
            .chain(silent.into_iter().map(Self::Identity))
            .chain(identities.gpg.iter().map(Self::Gpg))
            .chain(asking.into_iter().map(Self::Identity))
            .collect()
    }

    /// For people.
    fn name(&self) -> String {
        match self {
            Self::SecretKey(key) => format!("the OpenPGP key {}", key.fingerprint()),
            Self::Identity(identity) => format!("the identity {}", identity.place()),
            Self::Gpg(_) => "gpg".to_owned(),
        }
    }

    fn is_of_plugin(&self) -> bool {
        matches!(self, Self::Identity(identity) if identity.is_of_plugin())
    }

    /// Opens the first of all files that a plugin opens: it is asked once, as it may want a touch or a PIN.
    fn open_any(
        &self,
        members: &[&Member],
        info: &KeyInfo,
        ask: Ask<'_>,
        attempts: &mut Vec<Attempt>,
    ) -> Option<Unwrapped> {
        let Self::Identity(identity) = self else { return None };
        let mut members: Vec<&Member> = members
            .iter()
            .copied()
            .filter(|member| member.recipient.method() != Method::OpenPgp)
            .collect();
        let mut failed = |label: String, why: String, hint| {
            attempts.push(Attempt { label, by: self.name(), why, hint });
        };
        for _ in 0..MAX_RUNS {
            let wrapped: Vec<&str> = members.iter().map(|member| &member.wrapped[..]).collect();
            let (at, text) = match identity.unwrap_any(&wrapped, ask) {
                Ok(opened) => opened,
                Err(error) => {
                    let all = members.iter().take(NAMED).map(|member| member.label.to_string());
                    let labels: Vec<_> = all.collect();
                    if !labels.is_empty() {
                        failed(labels.join(", "), error.to_string(), None);
                    }
                    return None;
                }
            };
            let member = members.remove(at);
            match read_key(&text, &info.name, member) {
                Ok(entry) => {
                    return Some(Unwrapped {
                        entry,
                        label: member.label.to_string(),
                        by: self.name(),
                    });
                }
                Err(Failure { why, hint }) => failed(member.label.to_string(), why, hint),
            }
        }
        None
    }

    /// Opens a member's file; `None` where this does not fit the member.
    fn open(
        &self,
        identities: &Identities,
        member: &Member,
        ask: Ask<'_>,
    ) -> Option<Result<Zeroizing<Vec<u8>>, Failure>> {
        if member.recipient.method() == Method::OpenPgp {
            let message = member.wrapped.as_bytes();
            return self.open_openpgp(identities, message, Packing::None, ask);
        }
        let Self::Identity(identity) = self else { return None };
        if identity.has_failed() {
            return None;
        }
        let own = identity.recipient();
        own.is_none_or(|own| own == member.recipient.as_str()).then(|| {
            identity
                .unwrap(&member.wrapped, ask)
                .map_err(|error| Failure::new(error.to_string(), None))
        })
    }

    /// Opens an OpenPGP message; `None` where this is none of those that it is for.
    fn open_openpgp(
        &self,
        identities: &Identities,
        wrapped: &[u8],
        packing: Packing,
        ask: Ask<'_>,
    ) -> Option<Result<Zeroizing<Vec<u8>>, Failure>> {
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
                    opened.map_err(|error| Failure::new(error.to_string(), error.hint()))
                }))
            }
            Self::Identity(_) => None,
            Self::Gpg(gpg) => {
                let own = match identities.gpg_keys() {
                    Ok(own) => own,
                    Err(error) => return Some(Err(Failure::new(error, None))),
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
                        Failure::new(error.to_string(), error.hint())
                    })
                }))
            }
        }
    }
}

/// A message, if it is for one of these keys or for a hidden one; or why it cannot be one.
fn message(wrapped: &[u8], is_own: impl Fn(&str) -> bool) -> Option<Result<Message, Failure>> {
    match Message::parse(wrapped) {
        Err(error) => Some(Err(Failure::new(error.to_string(), None))),
        Ok(message) => {
            let fits = |id: &Option<String>| id.as_deref().is_none_or(&is_own);
            message.recipients().iter().any(fits).then_some(Ok(message))
        }
    }
}

/// Whether a message does not say whom it is for.
fn is_hidden(member: &Member) -> bool {
    member.recipient.method() == Method::OpenPgp
        && Message::parse(member.wrapped.as_bytes())
            .is_ok_and(|message| message.recipients().iter().any(Option::is_none))
}

/// The one key that the file says it holds, and no other.
fn read_key(text: &[u8], name: &KeyName, member: &Member) -> Result<Entry, Failure> {
    let keyring = Keyring::parse(text)
        .map_err(|error| Failure::new(format!("what it holds: {error}"), None))?;
    let mut entries = keyring.into_entries();
    match (entries.pop(), entries.is_empty()) {
        (Some(entry), true)
            if entry.name == *name
                && entry.generation == member.generation
                && entry.key.id() == member.key_id =>
        {
            Ok(entry)
        }
        _ => Err(Failure::new("it holds another key than it says", None)),
    }
}
