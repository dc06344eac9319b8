//! What the filters do with a path that is sealed by value (docs/format.md, section 8).

use std::io::{self, Read as _};

use super::filtered::{Action, Filtered};
use super::fit::sealing_key;
use super::left_readable;
use super::opened::read;
use super::{Crossing, Filter, FilterError, Rule, Rules, Sealed, Spool, hand_on, holds};
use crate::config_format::Format;
use crate::format::{Key, KeyId};
use crate::keyring::Entry;
use crate::store::confirmed::KeyOf;
use crate::values::{
    self, Ciphers, Index, Look, MAX_SEALED, Mode, OpenValuesError, Opened, SealError, Sealer,
    Token, WriteOnly,
};

/// What the index has at a path.
#[derive(Default)]
pub(super) struct Versions {
    /// The blobs that are not sealed whole.
    pub(super) blobs: Vec<Vec<u8>>,
    /// The keys of those that are sealed whole.
    pub(super) ids: Vec<KeyId>,
    /// A blob that is sealed whole and opens to the content.
    same: Option<Vec<u8>>,
}

impl Versions {
    /// Reads them; what is too long to be sealed by value is left out.
    fn read(
        rules: &mut impl Rules,
        path: &[u8],
        ciphers: &Ciphers<'_>,
        content: &[u8],
    ) -> io::Result<Self> {
        let mut versions = Self::default();
        rules.indexed(path, &mut |blob| {
            let mut bytes = Vec::new();
            blob.take(MAX_SEALED as u64 + 1).read_to_end(&mut bytes)?;
            if bytes.len() > MAX_SEALED {
                return Ok(false);
            }
            let siv = |key: &Key| {
                let mut siv = key.siv();
                siv.update(content);
                Ok((siv.finish(), content))
            };
            match Sealed::read(ciphers.keyring(), &mut &bytes[..], siv)? {
                None => versions.blobs.push(bytes),
                Some(sealed) => {
                    versions.ids.push(sealed.key_id);
                    versions.same = sealed.opener.is_some().then_some(bytes);
                }
            }
            Ok(versions.same.is_some())
        })?;
        Ok(versions)
    }

    /// The keys of all of them that are held.
    fn held<'k>(&self, ciphers: &Ciphers<'k>) -> Vec<&'k Entry> {
        let tokens = self.blobs.iter().flat_map(|blob| values::named_keys(blob));
        let whole = self.ids.iter().filter_map(|id| ciphers.keyring().by_id(*id));
        tokens.filter_map(|id| ciphers.held(id)).chain(whole).collect()
    }

    /// A blob whose values open to the content, though a key other than this one sealed some of them, or somebody who does not hold it.
    fn same_of_others(
        &self,
        format: Option<Format>,
        content: &[u8],
        current: Option<&Entry>,
        ciphers: &mut Ciphers<'_>,
    ) -> Option<&[u8]> {
        let is_other = |id: &KeyId| current.is_none_or(|entry| !id.names(entry.key.id()));
        let opens = |blob: &&Vec<u8>| {
            values::tokens(blob).any(|token| token.is_to_public() || is_other(&token.key()))
                && matches!(
                    values::open(format, blob, ciphers),
                    Ok(Opened::Plaintext { bytes, .. }) if **bytes == *content
                )
        };
        let mut opens = opens;
        self.blobs.iter().find(|blob| opens(blob)).map(Vec::as_slice)
    }
}

impl<'k, R: Rules> Filter<'k, R> {
    /// From the worktree to the repository, of a file that was read as a whole.
    pub(super) fn clean_by_value(
        &mut self,
        path: &[u8],
        rule: &Rule,
        mut spool: Spool,
    ) -> Result<Filtered<'k>, FilterError> {
        let mode = rule.values.clone().unwrap_or_default();
        if spool.len() > MAX_SEALED as u64 {
            return Err(SealError::TooLarge.into());
        }
        let content = read(&mut spool)?;
        let rules = &mut self.rules;
        let fit = sealing_key(self.keyring, rule, |ids| rules.later(&rule.key, ids));
        // As nearly always. The blob need not be read for that.
        if let Some(same) = self.sole_version(path, &mode, &content, fit.as_ref().ok().copied()) {
            return Filtered::bytes(&same);
        }
        let versions = Versions::read(&mut self.rules, path, &self.ciphers, &content)?;
        // As for whole files: what did not change stays the same bytes, whichever key sealed it, and in whichever way.
        if let Some(same) = &versions.same {
            return Filtered::bytes(same);
        }
        let current = fit.as_ref().ok().copied();
        let same = versions.same_of_others(mode.format, &content, current, &mut self.ciphers);
        if let Some(same) = same {
            return Filtered::bytes(same);
        }
        let entry = match fit {
            Ok(entry) => entry,
            Err(error) => {
                return self.clean_locked(path, &mode, rule, &versions, (spool, &content), error);
            }
        };
        if let Some(filtered) = self.refuse_moves(path, rule, &versions, &mut spool)? {
            return Ok(filtered);
        }
        let sealed = self.seal_by_value(&mode, &content, entry, &versions);
        match sealed {
            Ok(sealed) => {
                self.note_readable(path, &mode, &content, &sealed, &versions.blobs);
                Filtered::bytes(&sealed)
            }
            Err(SealError::DoesNotRead(doubt)) => {
                // A file of another kind, as a certificate, is where it should be; 'status' says that it is whole.
                if let Some(format) = mode.format {
                    self.summary.note_sealed_whole(path, values::does_not_read(format, &doubt));
                }
                let mut siv = entry.key.siv();
                siv.update(&content);
                let (key, siv, layout) = (&entry.key, siv.finish(), rule.layout);
                Ok(Filtered { action: Action::Seal { key, siv, layout }, content: spool })
            }
            // Nobody's doing here: else not even 'git status' and 'git rm' would work.
            Err(error @ SealError::Token(..)) if holds(&mut self.rules, path, &mut spool)? => {
                self.summary.note_damaged(path, &error.into());
                Ok(Filtered { action: Action::Same, content: spool })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What this key seals the content to, if the index has just that. Where it has more, as in a conflict, the guards
    /// against moves to another key look at all of it.
    fn sole_version(
        &mut self,
        path: &[u8],
        mode: &Mode,
        content: &[u8],
        current: Option<&Entry>,
    ) -> Option<Vec<u8>> {
        let (mode, key) = ((mode.format?, &mode.clear), &current?.key);
        let (rules, ciphers) = (&mut self.rules, &mut self.ciphers);
        rules.sole_version(path, &mut || values::unproved(mode, content, key, ciphers))
    }

    /// Says of a secret that would be stored as plaintext; what did not change was said before.
    pub(super) fn note_readable(
        &mut self,
        path: &[u8],
        mode: &Mode,
        content: &[u8],
        stored: &[u8],
        known: &[Vec<u8>],
    ) {
        let Some(format) = mode.format.filter(|_| !known.iter().any(|blob| blob == stored)) else {
            return;
        };
        let found = left_readable::find(path, (format, &mode.clear), content, stored, known);
        if let Some(found) = found {
            self.summary.note_readable(path, found);
        }
    }

    fn seal_by_value(
        &mut self,
        mode: &Mode,
        content: &[u8],
        entry: &Entry,
        versions: &Versions,
    ) -> Result<Vec<u8>, SealError> {
        let format = mode.format.ok_or_else(values::no_format)?;
        let (clear, ciphers) = (&mode.clear, &mut self.ciphers);
        // In a conflict: one of the sides as it is.
        if versions.blobs.len() > 1 {
            let known = values::unproved((format, clear), content, &entry.key, ciphers);
            if let Some(side) = known.filter(|known| versions.blobs.contains(known)) {
                return Ok(side);
            }
        }
        let index = Index::read(format, &versions.blobs);
        let keyring = self.keyring;
        // A token of somebody who does not hold the key stays as it is, as long as its value does.
        let keeps = |token: &Token| {
            let mut line = keyring.line(&entry.name);
            let is_other = token.is_to_public() || !token.key().names(entry.key.id());
            is_other && line.any(|held| token.key().names(held.key.id()))
        };
        let sealed =
            values::seal((format, clear), content, Sealer::Key(&entry.key), ciphers, &index, keeps);
        match sealed {
            // With its tokens a file may be longer than a plaintext.
            Err(SealError::TooLarge) if values::may_hold_tokens(content) => {
                values::only_tokens(mode, content, ciphers)?;
                Ok(content.to_vec())
            }
            sealed => sealed.map(|sealed| sealed.bytes),
        }
    }

    /// As for whole files: attributes are a proposal of anybody who pushed last.
    pub(super) fn refuse_moves(
        &mut self,
        path: &[u8],
        rule: &Rule,
        versions: &Versions,
        spool: &mut Spool,
    ) -> Result<Option<Filtered<'k>>, FilterError> {
        let is_other = |held: &&Entry| held.name != rule.key && !held.name.is_aside_of(&rule.key);
        let other = versions.held(&self.ciphers).into_iter().find(is_other);
        if let Some(other) = other
            && !self.rules.is_confirmed(path, &rule.key)
        {
            let (held, wanted) = (other.name.clone(), rule.key.clone());
            return Err(FilterError::OtherName { held, wanted });
        }
        if !self.rules.holds_git_crypt_keys() {
            return Ok(None);
        }
        match self.rules.leaves_git_crypt(path, &rule.key, &mut spool.reader()?) {
            None => Ok(None),
            Some(Crossing::Unchanged(blob)) => Filtered::bytes(&blob).map(Some),
            Some(Crossing::Changed(held)) => {
                let wanted = KeyOf::Own(rule.key.clone());
                Err(FilterError::Crossing { held, wanted })
            }
        }
    }

    /// Nothing can be sealed here: what is sealed already may change its order and its comments.
    fn clean_locked(
        &mut self,
        path: &[u8],
        mode: &Mode,
        rule: &Rule,
        versions: &Versions,
        (mut spool, content): (Spool, &[u8]),
        error: FilterError,
    ) -> Result<Filtered<'k>, FilterError> {
        let refused = match values::only_tokens(mode, content, &mut self.ciphers) {
            Ok(_) => return Ok(Filtered { action: Action::Same, content: spool }),
            Err(refused) => refused,
        };
        // Somebody has pushed it so, and nothing is added to that.
        if holds(&mut self.rules, path, &mut spool)? {
            match refused {
                SealError::Token(..) => self.summary.note_damaged(path, &refused.into()),
                _ => self.summary.note_in_the_clear(path),
            }
            return Ok(Filtered { action: Action::Same, content: spool });
        }
        // The key is not held at all, and others may set values.
        if let (FilterError::Locked(_), SealError::Locked(_), Some(id), Some(public)) =
            (&error, &refused, rule.key_id, rule.public)
        {
            let to = WriteOnly { id, public };
            return self.clean_to_public(path, mode, rule, versions, (spool, content), to);
        }
        Err(match (error, refused) {
            (_, refused @ (SealError::Token(..) | SealError::TooLarge)) => refused.into(),
            // It may be that values could be set, if the description of the key could be read.
            (FilterError::Locked(_), SealError::Locked(_)) if rule.refusal.is_some() => {
                FilterError::Rule(rule.refusal.clone().unwrap_or_default())
            }
            (FilterError::Locked(key), SealError::Locked(named)) => {
                FilterError::ValueLocked(named, key)
            }
            (FilterError::Locked(_), SealError::DoesNotRead(doubt)) => {
                FilterError::Unread { doubt, key: rule.key.clone() }
            }
            (error, _) => error,
        })
    }

    /// From the repository to the worktree, of bytes that are not sealed whole.
    pub(super) fn smudge_by_value(
        &mut self,
        path: &[u8],
        mut spool: Spool,
    ) -> Result<Filtered<'k>, FilterError> {
        let same = |content| Ok(Filtered { action: Action::Same, content });
        if spool.len() > MAX_SEALED as u64 {
            self.summary.note_in_the_clear(path);
            return same(spool);
        }
        let bytes = read(&mut spool)?;
        if !values::may_hold_tokens(&bytes) {
            if !self.is_all_clear(path, &bytes) {
                self.summary.note_in_the_clear(path);
            }
            return same(spool);
        }
        let (mode, by_name) = (self.mode(path), values::format_of_path(path));
        match values::open_in(
            mode.as_ref().and_then(|mode| mode.format),
            by_name,
            &bytes,
            &mut self.ciphers,
        ) {
            Ok(Opened::Plaintext { bytes, keys, .. }) => {
                for held in keys.into_iter().filter_map(|id| self.ciphers.held(id)) {
                    let current = self.keyring.current(&held.name);
                    if self.several || current.is_some_and(|it| it.key.id() != held.key.id()) {
                        self.summary.note_opened(path, held.key.id());
                    }
                }
                let mut opened = Spool::default();
                opened.append(&bytes)?;
                return same(opened);
            }
            Ok(Opened::Locked(_)) => self.summary.still_sealed += 1,
            Ok(Opened::NoTokens) => self.summary.note_in_the_clear(path),
            Err(error) => {
                let is_meant = matches!(error, OpenValuesError::Token(..)) || mode.is_some();
                if is_meant {
                    let (rules, summary) = (&mut self.rules, &mut self.summary);
                    hand_on(rules, summary, self.strict, path, error.into())?;
                } else {
                    self.summary.note_in_the_clear(path);
                }
            }
        }
        same(spool)
    }

    fn mode(&mut self, path: &[u8]) -> Option<Mode> {
        self.rules.rule(path).ok()?.values
    }

    /// Whether nothing in a file without sealed values is to be sealed: all its names are exempt, or its values empty.
    fn is_all_clear(&mut self, path: &[u8], bytes: &[u8]) -> bool {
        let looked = |mode: Mode| matches!(values::look(&mode, bytes), Look::Sealed { .. });
        self.mode(path).is_some_and(looked)
    }
}
