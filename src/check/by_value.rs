//! What is wrong with a file that is not sealed whole: whether its values are sealed, and with which key.

use gix::ObjectId;

use super::Problem;
use super::changed::Changed;
use super::judge::{Judge, Verdict};
use crate::git::GitError;
use crate::git::attributes::PathAttributes;
use crate::keyring::KeyName;
use crate::values::{self, Clear, Look, Mode, OpenValuesError};

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
                let error = OpenValuesError::Token(named, why);
                return settled(Problem::of_unreadable(error.to_string(), error.is_newer()));
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

    /// The values of a file that its commit exempts, and that every parent that has the file has sealed: whoever pushes can exempt any name, and the
    /// next change of such a value would be stored as plaintext.
    pub(super) fn exempted(
        &mut self,
        file: &Changed<'_>,
        attributes: &PathAttributes,
    ) -> Result<Option<Problem>, GitError> {
        let mode = |attributes: &PathAttributes| Mode::of(attributes, file.path).ok().flatten();
        let Some(now) = mode(attributes).filter(|mode| mode.clear != Clear::default()) else {
            return Ok(None);
        };
        let mut lines: Option<Vec<usize>> = None;
        for &(id, chain) in file.parents {
            let Some(id) = id else { continue };
            let before = mode(&self.attributes.of(chain, file.path)?);
            let Some(before) = before.filter(|before| *before != now) else { return Ok(None) };
            let (Some(text), Some(old)) = (self.blobs.text(file.id)?, self.blobs.text(id)?) else {
                return Ok(None);
            };
            let found = values::newly_exempt(&now, &text, (&before, &old));
            let found: Vec<usize> = found.into_iter().map(|named| named.line).collect();
            let both = lines.take().map_or_else(
                || found.clone(),
                |lines| lines.into_iter().filter(|line| found.contains(line)).collect(),
            );
            lines = Some(both);
        }
        let lines = lines.filter(|lines| !lines.is_empty());
        Ok(lines.map(Problem::Exempted))
    }
}
