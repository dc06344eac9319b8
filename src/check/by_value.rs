//! What is wrong with a file that is not sealed whole: whether its values are sealed, and with which key.

use gix::ObjectId;

use super::Problem;
use super::judge::{Judge, Verdict};
use crate::git::GitError;
use crate::keyring::KeyName;
use crate::values::{self, Look, Mode};

impl Judge<'_> {
    /// Judges a blob that is not sealed whole, at a path that should be sealed.
    pub(super) fn standing_by_value(
        &mut self,
        path: &[u8],
        id: ObjectId,
        mode: Option<&Mode>,
        wanted: &KeyName,
    ) -> Result<Option<Verdict>, GitError> {
        let settled = |problem| Ok(Some((problem, None)));
        let Some(text) = self.blobs.text(id)? else { return settled(Problem::Plaintext) };
        // Sealed in the other way is sealed all the same, if everything is.
        let looked = match mode {
            Some(mode) => Some(values::look(mode, &text)),
            None => values::look_anyway(path, &text),
        };
        let (keys, to_public) = match looked {
            None | Some(Look::DoesNotRead(_)) => return settled(Problem::Plaintext),
            Some(Look::Plain { plain, values, .. }) => {
                let lines = plain.iter().map(|named| named.line).collect();
                return settled(Problem::PlainValues { lines, values });
            }
            Some(Look::Damaged(named, why)) => {
                return settled(Problem::Damaged(format!("{named}: {why}")));
            }
            Some(Look::Sealed { keys, to_public, .. }) => (keys, to_public),
        };
        if mode.is_none() && keys.is_empty() {
            return settled(Problem::Plaintext);
        }
        let known = self.known()?;
        if let Some((id, values)) =
            to_public.into_iter().find(|(id, _)| known.is_for_holders(*id, wanted.as_str()))
        {
            return settled(Problem::NotWriteOnly(id, values));
        }
        let is_described = |id| known.names_of(id).eq([wanted.as_str()]);
        let mut unknown = keys.into_keys().filter(|id| !is_described(*id));
        let Some(first) = unknown.next() else { return Ok(None) };
        self.more = unknown.map(|id| (id, wanted.clone())).collect();
        Ok(Some((Problem::UnknownKey(first), Some((first, Some(wanted.clone()))))))
    }
}
