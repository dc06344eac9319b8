//! The Secret Service of a Linux or BSD desktop, over the session's D-Bus (freedesktop.org, "Secret Service API").
//!
//! Secrets cross the bus unencrypted: it is a socket of this user alone, and whoever can listen there can ask for the secret as well. The
//! encryption that the service offers would take longer than everything else together.

use std::collections::HashMap;
use std::env;

use secret_service::blocking::{Item, SecretService};
use secret_service::{EncryptionType, Error};
use zeroize::Zeroizing;

use super::{KeychainError, SERVICE};

pub(super) fn get(clone: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
    let service = connect()?;
    let found = service.search_items(attributes(clone)).map_err(explain)?;
    match (found.unlocked.first(), found.locked.first()) {
        (Some(item), _) => {
            item.get_secret().map(|text| Some(Zeroizing::new(text))).map_err(explain)
        }
        (None, Some(_)) => Err(KeychainError::Locked),
        (None, None) => Ok(None),
    }
}

pub(super) fn put(clone: &str, label: &str, text: &[u8]) -> Result<(), KeychainError> {
    let service = connect()?;
    let collection = service.get_default_collection().map_err(|error| match error {
        Error::NoResult => KeychainError::Absent("it has no default collection".to_owned()),
        error => explain(error),
    })?;
    // It would ask, and wait for an answer.
    if collection.is_locked().map_err(explain)? {
        return Err(KeychainError::Locked);
    }
    let made = collection.create_item(label, attributes(clone), text, true, "text/plain");
    made.map(drop).map_err(explain)
}

pub(super) fn remove(clone: &str) -> Result<(), KeychainError> {
    let service = connect()?;
    let found = service.search_items(attributes(clone)).map_err(explain)?;
    if !found.locked.is_empty() {
        return Err(KeychainError::Locked);
    }
    found.unlocked.iter().try_for_each(Item::delete).map_err(explain)
}

fn attributes(clone: &str) -> HashMap<&str, &str> {
    HashMap::from([("application", SERVICE), ("clone", clone)])
}

fn connect() -> Result<SecretService<'static>, KeychainError> {
    // Addresses of other kinds start programs, or lead to other machines.
    let address = env::var_os("DBUS_SESSION_BUS_ADDRESS").unwrap_or_default();
    if !address.is_empty() && !address.to_string_lossy().starts_with("unix:") {
        let why = "DBUS_SESSION_BUS_ADDRESS names no Unix socket";
        return Err(KeychainError::Absent(why.to_owned()));
    }
    SecretService::connect(EncryptionType::Plain).map_err(|error| match explain(error) {
        KeychainError::Failed(why) => KeychainError::Absent(why),
        error => error,
    })
}

fn explain(error: Error) -> KeychainError {
    match error {
        Error::Locked | Error::Prompt | Error::PromptDisconnected => KeychainError::Locked,
        Error::Unavailable => KeychainError::Absent(String::new()),
        error => {
            let text = crate::sanitise::line(&error.to_string());
            match text.contains("org.freedesktop.Secret.Error.IsLocked") {
                true => KeychainError::Locked,
                false => KeychainError::Failed(text),
            }
        }
    }
}
