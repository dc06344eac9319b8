//! The macOS Keychain and the Windows Credential Manager.

use keyring::v1::{Entry, Error};
use zeroize::Zeroizing;

use super::{KeychainError, SERVICE};

/// Bytes that one credential of Windows holds (wincred.h, `CRED_MAX_CREDENTIAL_BLOB_SIZE`).
const MAX_LEN: Option<usize> = if cfg!(windows) { Some(2560) } else { None };

pub(super) fn get(clone: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
    match entry(clone)?.get_secret() {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(explain(&error)),
    }
}

pub(super) fn put(clone: &str, _label: &str, text: &[u8]) -> Result<(), KeychainError> {
    if let Some(max) = MAX_LEN.filter(|max| text.len() > *max) {
        return Err(KeychainError::TooLong(max));
    }
    entry(clone)?.set_secret(text).map_err(|error| explain(&error))
}

pub(super) fn remove(clone: &str) -> Result<(), KeychainError> {
    match entry(clone)?.delete_credential() {
        Ok(()) | Err(Error::NoEntry) => Ok(()),
        Err(error) => Err(explain(&error)),
    }
}

fn entry(clone: &str) -> Result<Entry, KeychainError> {
    Entry::new(SERVICE, clone).map_err(|error| explain(&error))
}

/// An error of the crate can hold the secret, so only its kind is told.
fn explain(error: &Error) -> KeychainError {
    match error {
        Error::NoDefaultStore => KeychainError::Absent(String::new()),
        Error::NoStorageAccess(_) => KeychainError::Locked,
        Error::PlatformFailure(error) => {
            KeychainError::Failed(crate::sanitise::line(&error.to_string()))
        }
        _ => KeychainError::Failed("it gave no reason".to_owned()),
    }
}
