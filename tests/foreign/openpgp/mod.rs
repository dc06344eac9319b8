//! OpenPGP with the real gpg and sq: certificates of every kind, messages both ways, and hostile ones.

mod certificates;
mod hostile;
mod keyring;
mod messages;
mod post_quantum;
