//! Members by OpenPGP: the whole program with the real gpg and sq, from granting to opening in a fresh clone.

mod adding;
mod expiry;
mod messages;
mod native;
mod refusals;
mod revoked;
mod teams;
mod unlocking;
mod user;
