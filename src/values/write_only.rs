//! Sealing single values to the public key of a key (docs/format.md, 8.4): who does so need not hold the key, and cannot open them.

use std::io;

use super::token::{ID_LEN, Place, TO_PUBLIC, Token, encode, flags, padded_len};
use crate::format::{KEY_LEN, Key, KeyId, PublicKey, SEALED_TO_LEN};
use crate::secret::{SecretBytes, WipedVec};

/// Where values go that somebody sets who does not hold the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteOnly {
    /// The id of the key.
    pub id: KeyId,
    /// Its public key.
    pub public: PublicKey,
}

impl WriteOnly {
    /// Of a key that is held, also where no repository has published its public key.
    pub fn of(key: &Key) -> Self {
        Self { id: key.id(), public: key.public() }
    }

    /// Seals a value as it is written, without the quotes: another token each time.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn seal(&self, raw: &[u8], place: &Place, quoted: bool) -> io::Result<String> {
        let mut outcome = Ok(());
        let ephemeral = SecretBytes::filled(|bytes| outcome = getrandom::fill(bytes));
        outcome.map_err(io::Error::other)?;
        Ok(self.seal_with(ephemeral, raw, place, quoted))
    }

    /// The same with a given secret, which must be random and be used once.
    pub fn seal_with(
        &self,
        ephemeral: SecretBytes<KEY_LEN>,
        raw: &[u8],
        place: &Place,
        quoted: bool,
    ) -> String {
        let flags = flags(quoted) | TO_PUBLIC;
        let len = padded_len(raw.len());
        let mut padded = WipedVec::with_capacity(len);
        padded.extend_from_slice(raw);
        padded.push(0x80);
        padded.resize(len, 0);
        let ad = associated(place, flags);
        let (sent, tag) = self.public.seal(self.id, ephemeral, &ad, &mut padded);
        let mut bytes = Vec::with_capacity(ID_LEN + 1 + len + SEALED_TO_LEN);
        bytes.extend_from_slice(&self.id.0[..ID_LEN]);
        bytes.push(flags);
        [&sent[..], &padded[..], &tag[..]].iter().for_each(|part| bytes.extend_from_slice(part));
        let mut text = Vec::new();
        encode(&bytes, &mut text);
        String::from_utf8(text).expect("base64 is ASCII")
    }

    /// Whether a text can be what [`Self::seal`] gave for such a value.
    pub fn is_token_of(&self, text: &str, raw: &[u8], quoted: bool) -> bool {
        Token::parse(text.as_bytes()).is_ok_and(|token| {
            token.is_to_public()
                && token.is_quoted() == quoted
                && token.key().names(self.id)
                && token.to_public_len() == padded_len(raw.len())
        })
    }

    /// What tells one value at one place from all others, for a clone that remembers which token it made of it. It holds the value.
    pub fn identity(&self, raw: &[u8], place: &Place, quoted: bool) -> WipedVec {
        let ad = associated(place, flags(quoted) | TO_PUBLIC);
        let len = u64::try_from(ad.len()).unwrap_or(u64::MAX).to_be_bytes();
        let parts = [&self.id.0[..], self.public.bytes(), &len, &ad, raw];
        let mut identity = WipedVec::with_capacity(parts.iter().map(|part| part.len()).sum());
        parts.iter().for_each(|part| identity.extend_from_slice(part));
        identity
    }
}

fn associated(place: &Place, flags: u8) -> Vec<u8> {
    let mut associated = Vec::new();
    place.associate(flags, &mut associated);
    associated
}
