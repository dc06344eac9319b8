//! Content that is not sealed whole: plaintext, and what is sealed by value or should be.

use std::sync::{Mutex, PoisonError};

use gix::ObjectId;

use super::{LOCKED, PLAIN, Planned};
use crate::format;
use crate::git::attributes::PathAttributes;
use crate::keyring::Entry;
use crate::scrub::{PolicyId, ScrubError};
use crate::values::{
    self, Ciphers, Look, Mode, Named, OpenValuesError, Opened, Past, SealError, Sealer, TokenError,
};

/// The ways of sealing by value that were asked for so far; the number 0 stands for whole.
#[derive(Default)]
pub(super) struct Modes(Mutex<Vec<Mode>>);

impl Modes {
    /// The number of the way that attributes ask for; `None` where this version does not know it.
    pub(super) fn number(&self, said: Option<&PathAttributes>, path: &[u8]) -> Option<usize> {
        let Some(mode) = said.map(|said| Mode::of(said, path)).transpose().ok()?.flatten() else {
            return Some(0);
        };
        let mut modes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = modes.iter().position(|known| *known == mode).unwrap_or_else(|| {
            modes.push(mode);
            modes.len() - 1
        });
        Some(at + 1)
    }

    pub(super) fn get(&self, number: usize) -> Option<Mode> {
        let modes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        modes.get(number.checked_sub(1)?).cloned()
    }
}

/// A sealed value that does not open.
fn value(id: ObjectId, named: &Named, why: TokenError) -> ScrubError {
    ScrubError::Value(id, format!("{named}: {why}"))
}

impl Planned<'_> {
    /// What becomes of content that is not sealed whole.
    pub(super) fn not_whole(
        &self,
        policy: PolicyId,
        id: ObjectId,
        content: &[u8],
    ) -> Result<Option<Vec<u8>>, ScrubError> {
        let ciphers = &mut Ciphers::new(self.keyring);
        let holds_tokens = values::may_hold_tokens(content);
        let format = self.mode(policy).and_then(|mode| mode.format);
        let resealed = match self.plan.rekey && holds_tokens {
            true => {
                values::reseal(format, content, ciphers, &self.again, |held| self.successor(held))
                    .map_err(|error| match error {
                    OpenValuesError::Token(named, why) => value(id, &named, why),
                    _ => ScrubError::Damaged(id),
                })?
            }
            false => None,
        };
        let content = resealed.as_deref().unwrap_or(content);
        let is_sealed =
            holds_tokens && matches!(values::look_anyway(b"", content), Some(Look::Sealed { .. }));
        let changed = match policy {
            LOCKED if is_sealed => None,
            LOCKED => return Err(ScrubError::Locked(id)),
            PLAIN => match self.redactor {
                Some(redactor) => redactor.content(content).map_err(|_| ScrubError::NotGone(id))?,
                None => None,
            },
            _ => self.sealed(policy, id, content, is_sealed, ciphers)?,
        };
        Ok(changed.or(resealed))
    }

    /// Content at a path that should be sealed; `None` where it is.
    fn sealed(
        &self,
        policy: PolicyId,
        id: ObjectId,
        content: &[u8],
        is_sealed: bool,
        ciphers: &mut Ciphers<'_>,
    ) -> Result<Option<Vec<u8>>, ScrubError> {
        let (key, layout) = self.sealing(policy).ok_or(ScrubError::Locked(id))?;
        let whole = |content: &[u8]| Ok(Some(format::seal(&key.key, layout, content)));
        let Some(mode) = self.mode(policy) else {
            // Sealed in the other way is sealed all the same.
            if is_sealed {
                return Ok(None);
            }
            return match values::open(None, content, ciphers) {
                Ok(Opened::Plaintext { bytes, .. }) => whole(&bytes),
                Ok(Opened::Locked(_)) => Err(ScrubError::Locked(id)),
                Ok(Opened::NoTokens) | Err(_) => whole(content),
            };
        };
        let Some(format) = mode.format else { return whole(content) };
        // A sealed value that does not open stays as it is: nothing of it can be read.
        let own = [content.to_vec()];
        let past = Past { sides: &own, ..Past::default() };
        let (mode, sealer) = ((format, &mode.clear), Sealer::Key(&key.key));
        match values::seal(mode, content, sealer, ciphers, past, |_| false) {
            Ok(sealed) => Ok(Some(sealed.bytes).filter(|bytes| bytes != content)),
            Err(SealError::Token(named, why)) => Err(value(id, &named, why)),
            Err(_) => whole(content),
        }
    }

    /// The key that seals today under the name of this one.
    fn successor<'k>(&'k self, held: &'k Entry) -> Option<&'k Entry> {
        let of = |name: &&crate::keyring::KeyName| {
            self.keyring.line(name).any(|entry| entry.key.id() == held.key.id())
        };
        self.keys.iter().find(of).and_then(|name| self.keyring.current(name))
    }
}
