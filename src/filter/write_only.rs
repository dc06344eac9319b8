//! What clean does with values of somebody who does not hold the key: they are sealed to its public key (docs/format.md, 8.4).

use super::filtered::Filtered;
use super::versions::Versions;
use super::{Filter, FilterError, Rule, Rules, Spool};
use crate::config_format::Format;
use crate::format::KeyId;
use crate::values::{self, Mode, Past, SealError, Sealed, Sealer, WriteOnly};

impl<'k, R: Rules> Filter<'k, R> {
    /// Seals what is plaintext in a file, each value to the public key, and leaves what is sealed.
    pub(super) fn clean_to_public(
        &mut self,
        path: &[u8],
        mode: &Mode,
        rule: &Rule,
        versions: &Versions,
        (mut spool, content): (Spool, &[u8]),
        to: WriteOnly,
    ) -> Result<Filtered<'k>, FilterError> {
        if let Some(filtered) = self.refuse_moves(path, rule, versions, &mut spool)? {
            return Ok(filtered);
        }
        self.refuse_moves_of_others(path, (rule, mode), versions, content, to.id)?;
        if let Some(notice) = self.rules.trust(&rule.key, &to)? {
            self.summary.to_public.push(notice);
        }
        let format = mode.format.ok_or_else(values::no_format)?;
        let sealed = self.seal_to(path, (format, mode), content, versions, &to);
        match sealed {
            Ok(Sealed { bytes, left, .. }) => {
                self.note_left(path, left);
                self.note_readable(path, mode, content, &bytes, &versions.blobs);
                Filtered::bytes(&bytes)
            }
            Err(SealError::DoesNotRead(doubt)) => {
                Err(FilterError::Unread { doubt, key: rule.key.clone() })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// As for keys that are held: attributes are a proposal of anybody who pushed last, who may name a key of their own there.
    /// A file that is new at its path may have been moved there by hand: with its sealed values, or from a path that is gone and had its names.
    fn refuse_moves_of_others(
        &mut self,
        path: &[u8],
        (rule, mode): (&Rule, &Mode),
        versions: &Versions,
        content: &[u8],
        id: KeyId,
    ) -> Result<(), FilterError> {
        let mut before: Vec<&[u8]> = versions.blobs.iter().map(Vec::as_slice).collect();
        let is_new = before.is_empty() && versions.ids.is_empty();
        let gone = if is_new { self.rules.gone() } else { Vec::new() };
        before.push(content);
        let names = mode.format.filter(|_| !gone.is_empty());
        let names = names.map(|format| values::places(format, content)).unwrap_or_default();
        before.extend(
            gone.iter()
                .filter(|(path, blob)| {
                    let format = values::format_of_path(path).or(mode.format);
                    let of_blob =
                        format.map(|format| values::places(format, blob)).unwrap_or_default();
                    !names.is_disjoint(&of_blob)
                })
                .map(|(_, blob)| blob.as_slice()),
        );
        let of_values = before.into_iter().flat_map(values::named_keys);
        let others = of_values.chain(versions.ids.iter().copied()).filter(|other| !other.names(id));
        for other in others.collect::<Vec<_>>() {
            if let Some(held) = self.rules.name_of(other).filter(|name| *name != rule.key)
                && !self.rules.is_confirmed(path, &rule.key)
            {
                return Err(FilterError::OtherName { held, wanted: rule.key.clone() });
            }
        }
        Ok(())
    }

    fn seal_to(
        &mut self,
        path: &[u8],
        (format, mode): (Format, &Mode),
        content: &[u8],
        versions: &Versions,
        to: &WriteOnly,
    ) -> Result<Sealed, SealError> {
        let (rules, mut unremembered) = (&mut self.rules, None);
        let mut make = |values: &[(&[u8], &values::Place)]| {
            let (tokens, why) = rules.seal_to(to, values, values::quotes(format))?;
            unremembered = why;
            Ok(tokens)
        };
        let past = Past { sides: &versions.blobs, path, ..Past::default() };
        let (clear, ciphers) = (&mode.clear, &mut self.ciphers);
        let sealer = Sealer::Public(&mut make);
        let sealed = values::seal((format, clear), content, sealer, ciphers, past, |_| false);
        let notice = |why| {
            format!(
                "what was sealed to a public key cannot be remembered, so git will see a change: {why}"
            )
        };
        let notice = unremembered.map(notice);
        let notice = notice.filter(|notice| !self.summary.to_public.contains(notice));
        self.summary.to_public.extend(notice);
        sealed
    }
}
