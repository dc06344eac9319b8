//! When the certificate of a member expires.

use std::time::{Duration, SystemTime};

use crate::recipient::openpgp::Certificate;
use crate::store::shroud_dir::Member;

/// How long before a certificate expires this is said.
const WARN_BEFORE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What is known of the end of a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expiry {
    /// When it expires, or has expired; `None` where it never does, or there is no certificate.
    pub at: Option<SystemTime>,
    /// Whether that was, or will be soon.
    pub is_soon: bool,
    /// What is wrong with the certificate already, in words.
    pub problem: Option<String>,
}

impl Expiry {
    /// Of a member, at this time.
    pub fn of(member: &Member, now: SystemTime) -> Self {
        let Some(text) = &member.certificate else { return Self::default() };
        match Certificate::parse(text.as_bytes()) {
            Err(error) => Self { problem: Some(error.to_string()), ..Self::default() },
            Ok(certificate) => {
                let at = certificate.expires(now);
                let problem = certificate.check(now).err().map(|error| error.to_string());
                Self { at, is_soon: at.is_some_and(|at| at < now + WARN_BEFORE), problem }
            }
        }
    }
}
