//! The keychain of the system: Secret Service (gnome-keyring, KWallet, KeePassXC), the macOS Keychain, the Windows Credential Manager.
//!
//! It is never waited for longer than [`PATIENCE`], and never asked to show a dialog: git calls filters where nobody may be looking.

#[cfg(all(unix, not(target_os = "macos")))]
mod secret_service;
#[cfg(all(unix, not(target_os = "macos")))]
use secret_service as system;

#[cfg(any(windows, target_os = "macos"))]
mod native;
#[cfg(any(windows, target_os = "macos"))]
use native as system;

use std::sync::mpsc::channel;
use std::time::Duration;

use zeroize::Zeroizing;

/// How long the keychain may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Under this name the keychain lists what is this program's.
const SERVICE: &str = "git-shroud";

/// Why the keychain did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum KeychainError {
    /// This session has none.
    #[error("there is no keychain in this session{}", of_reason(.0))]
    Absent(String),
    /// Its user must open it first.
    #[error("the keychain is locked")]
    Locked,
    /// It took too long.
    #[error("the keychain does not answer")]
    Hung,
    /// More bytes than it takes.
    #[error("the keychain takes at most {0} bytes, and these keys are more")]
    TooLong(usize),
    /// It failed, and how.
    #[error("the keychain failed: {0}")]
    Failed(String),
}

fn of_reason(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

/// The keys of the clone with this number; `None` if it has none.
///
/// # Errors
/// It cannot be asked.
pub fn get(clone: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
    let clone = clone.to_owned();
    in_time(move || system::get(&clone))
}

/// Keeps keys for this clone in the place of those that it has; a person sees them under `label`.
///
/// # Errors
/// It cannot be asked, or does not take them.
pub fn put(clone: &str, label: &str, text: &[u8]) -> Result<(), KeychainError> {
    let (clone, label, text) = (clone.to_owned(), label.to_owned(), Zeroizing::new(text.to_vec()));
    in_time(move || system::put(&clone, &label, &text))
}

/// Removes the keys of this clone.
///
/// # Errors
/// It cannot be asked, or keeps them.
pub fn remove(clone: &str) -> Result<(), KeychainError> {
    let clone = clone.to_owned();
    in_time(move || system::remove(&clone))
}

/// Does it in a thread, which is left alone if it does not end.
fn in_time<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KeychainError> + Send + 'static,
) -> Result<T, KeychainError> {
    let (done, ends) = channel();
    let thread = std::thread::Builder::new().spawn(move || done.send(work()));
    thread.map_err(|error| KeychainError::Failed(error.to_string()))?;
    match ends.recv_timeout(PATIENCE) {
        Ok(result) => result,
        Err(_) => Err(KeychainError::Hung),
    }
}
