//! Unencrypted secrets, in any corner of a repository.
//!
//! [`walk`] shows every text of a repository to [`crate::detect`]: the object database, and all else that a repository
//! holds. [`origin`] says where an object came from. [`findings`] makes a [`Finding`] of each value, takes out what somebody
//! has looked at, and [`report`] writes down what is left (`docs/scan.md`). [`look`] is the whole of it.

pub mod error;
pub mod findings;
pub mod fingerprint;
mod ids;
pub mod lines;
pub mod lists;
pub mod look;
pub mod origin;
pub mod policy;
pub mod report;
pub mod run;
mod salt;
pub mod suggest;
pub mod walk;

pub use findings::{Finding, Kind, Occurrence, Report};
pub use fingerprint::{Fingerprint, Fingerprinter};
pub use walk::cache::Cache;
pub use walk::scope::Scope;
