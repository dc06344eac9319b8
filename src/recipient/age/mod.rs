//! age files: to `age1…` recipients, to SSH keys, and under a passphrase (age-encryption.org/v1).
//!
//! The cryptography is that of the crate age, whose RSA decryption is blinded. The crate rsa below it is not constant-time
//! all the same (RUSTSEC-2023-0071): `ssh-ed25519` and `age1…` are the better choice, and so the documents say.

mod error;
mod file;
mod identity;
mod passphrase;
mod plugin;
mod post_quantum;
mod recipient;
mod ssh;

pub use error::AgeError;
pub use file::{MAX_FILE_LEN, is_age_file, strength};
pub use identity::{Identity, MAX_IDENTITY_LEN, read_identities};
pub use passphrase::{decrypt_with_passphrase, encrypt_with_passphrase, open_with_passphrase};
pub use recipient::{parse_recipient, wrap};

/// The highest work factor of scrypt: a file that asks for more would take gigabytes of memory before its passphrase could be tried.
const MAX_WORK_FACTOR: u8 = 20;

#[cfg(test)]
mod tests;
