//! What clean does with values of somebody who does not hold the key: they are sealed to its public key (docs/format.md, 8.4).

use super::by_value::Versions;
use super::filtered::Filtered;
use super::{Filter, FilterError, Rule, Rules, Spool};
use crate::config_format::Format;
use crate::format::KeyId;
use crate::values::{self, Index, Mode, SealError, Sealer, WriteOnly};

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
        self.refuse_moves_of_others(path, rule, versions, to.id)?;
        if let Some(notice) = self.rules.trust(&rule.key, &to)? {
            self.summary.to_public.push(notice);
        }
        let format = mode.format.ok_or_else(values::no_format)?;
        let sealed = self.seal_to(format, mode, content, versions, &to);
        match sealed {
            Ok(bytes) => {
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
    fn refuse_moves_of_others(
        &mut self,
        path: &[u8],
        rule: &Rule,
        versions: &Versions,
        id: KeyId,
    ) -> Result<(), FilterError> {
        let of_values = versions.blobs.iter().flat_map(|blob| values::named_keys(blob));
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
        format: Format,
        mode: &Mode,
        content: &[u8],
        versions: &Versions,
        to: &WriteOnly,
    ) -> Result<Vec<u8>, SealError> {
        let (rules, mut unremembered) = (&mut self.rules, None);
        let mut make = |values: &[(&[u8], &values::Place)]| {
            let (tokens, why) = rules.seal_to(to, values, values::quotes(format))?;
            unremembered = why;
            Ok(tokens)
        };
        let index = Index::read(format, &versions.blobs);
        let (clear, ciphers) = (&mode.clear, &mut self.ciphers);
        let sealer = Sealer::Public(&mut make);
        let sealed = values::seal((format, clear), content, sealer, ciphers, &index, |_| false);
        let notice = |why| {
            format!(
                "what was sealed to a public key cannot be remembered, so git will see a change: {why}"
            )
        };
        let notice = unremembered.map(notice);
        let notice = notice.filter(|notice| !self.summary.to_public.contains(notice));
        self.summary.to_public.extend(notice);
        sealed.map(|sealed| sealed.bytes)
    }
}
