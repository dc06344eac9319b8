//! Members: finding the public key that a user names, granting keys to it, and what is wrong with grants.

pub mod adding;
mod error;
pub mod expiry;
pub mod fresh;
pub mod grant;
pub mod granting;
pub mod labels;
pub mod policy;
pub mod problems;
pub mod renewing;
pub mod resolve;

pub use error::{FreshError, MemberError, MovedName};
pub use fresh::Fresh;
pub use grant::{Candidate, grant};
