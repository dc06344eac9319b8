//! Tokens to a public key that this process has made. git may ask for one file twice, and must get the same bytes.

use std::collections::HashMap;
use std::io;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::index::Past;
use super::token::Place;
use super::write_only::WriteOnly;

const LEN: usize = 32;

/// What was made, by salted digests of the values. No other process makes the same tokens: they could be compared.
#[derive(Default)]
pub(super) struct Fresh {
    salt: Option<[u8; LEN]>,
    made: HashMap<[u8; LEN], String>,
}

impl Fresh {
    /// The token of the value with this number in a file with this past.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub(super) fn token(
        &mut self,
        past: &Past<'_>,
        number: usize,
        to: &WriteOnly,
        (raw, place): (&[u8], &Place),
        quoted: bool,
    ) -> io::Result<String> {
        let salt = match self.salt {
            Some(salt) => salt,
            None => {
                let mut salt = [0; LEN];
                getrandom::fill(&mut salt).map_err(io::Error::other)?;
                *self.salt.insert(salt)
            }
        };
        let mac = Hmac::<Sha256>::new_from_slice(&salt);
        let mut mac = mac.expect("HMAC takes any key length");
        let identity = to.identity(raw, place, quoted);
        let stored = past.sides.iter().map(Vec::as_slice);
        let number = number.to_be_bytes();
        for part in [past.path, &number, &identity].into_iter().chain(stored) {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        let digest = mac.finalize().into_bytes().into();
        if let Some(made) = self.made.get(&digest) {
            return Ok(made.clone());
        }
        let token = to.seal(raw, place, quoted)?;
        self.made.insert(digest, token.clone());
        Ok(token)
    }
}
