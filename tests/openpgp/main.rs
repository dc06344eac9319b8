//! OpenPGP with the real gpg and sq: certificates of every kind, messages both ways, and hostile ones.

mod certificates;
#[path = "../common/gpg.rs"]
mod home;
mod hostile;
mod keyring;
mod messages;
