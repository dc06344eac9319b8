//! What the filters do with a path that is sealed by value (docs/format.md, section 8).

use super::filtered::{Action, Filtered};
use super::fit::sealing_key;
use super::left_readable;
use super::opened::read;
use super::versions::{Versions, shows_values};
use super::{Crossing, Filter, FilterError, Merging, Rule, Rules, Spool, hand_on, holds};
use crate::keyring::Entry;
use crate::store::confirmed::KeyOf;
use crate::values::{
    self, Clear, Look, MAX_SEALED, Mode, Named, OpenValuesError, Opened, Past, SealError, Sealer,
    Token, TokenError, WriteOnly,
};

impl<'k, R: Rules> Filter<'k, R> {
    /// From the worktree to the repository, of a file that was read as a whole.
    pub(super) fn clean_by_value(
        &mut self,
        path: &[u8],
        rule: &Rule,
        mut spool: Spool,
    ) -> Result<Filtered<'k>, FilterError> {
        let mut mode = rule.values.clone().unwrap_or_default();
        if spool.len() > MAX_SEALED as u64 {
            return Err(SealError::TooLarge.into());
        }
        let content = read(&mut spool)?;
        let rules = &mut self.rules;
        let fit = sealing_key(self.keyring, rule, |ids| rules.later(&rule.key, ids));
        let origin = self.rules.origin(path);
        let heads = if origin.is_none() { self.rules.heads(path) } else { Vec::new() };
        // As nearly always. The blob need not be read for that.
        let is_of_index = origin.is_none() && heads.is_empty();
        let current = fit.as_ref().ok().copied().filter(|_| is_of_index);
        if let Some(same) = self.sole_version(path, &mode, &content, current) {
            return Filtered::bytes(&same);
        }
        let versions = Versions::read(&mut self.rules, path, &self.ciphers, &content)?;
        // As for whole files: what did not change stays the same bytes, whichever key sealed it, and in whichever way.
        if let Some(same) = &versions.same {
            return Filtered::bytes(same);
        }
        // Attributes are a proposal of anybody who pushed last. What was sealed whole has no name that is exempt, until 'track' says so.
        if !versions.ids.is_empty() {
            mode.clear = Clear::default();
        }
        let current = fit.as_ref().ok().copied();
        // The file may come from another version than the index has, and of two sides each value has its own origin.
        let is_other = |blob: &Vec<u8>| versions.blobs != std::slice::from_ref(blob);
        let origin = origin.filter(is_other);
        let heads: Vec<_> = heads.into_iter().filter(is_other).collect();
        let is_of_index = origin.is_none() && heads.is_empty();
        if versions.blobs.len() < 2 && is_of_index || current.is_none() {
            let same = versions.same_of_others(mode.format, &content, current, &mut self.ciphers);
            if let Some(same) = same {
                return Filtered::bytes(same);
            }
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
        let past = Past { origin: origin.as_deref(), heads: &heads, path, ..Past::default() };
        let (sealed, is_set) = self.seal_by_value(past, &mode, &content, entry, &versions);
        // Where the tokens of the index are those of now, it is of this format.
        let is_alike = matches!(sealed, Ok((_, true))) && versions.blobs.len() == 1;
        let otherwise = mode.format.filter(|_| !is_alike).and_then(|format| {
            let mut blobs = versions.blobs.iter();
            blobs.find_map(|blob| {
                let opened = values::opened_otherwise(format, blob, &mut self.ciphers)?;
                Some((blob, opened))
            })
        });
        if let Some((blob, (_, plaintext))) = &otherwise
            && **plaintext == *content
        {
            return Filtered::bytes(blob);
        }
        match sealed {
            Ok((sealed, _)) => {
                if let Some((blob, (format, _))) = otherwise
                    && shows_values(format, blob, &sealed, &mut self.ciphers)
                {
                    return Err(SealError::OtherFormat.into());
                }
                self.note_readable(path, &mode, &content, &sealed, &versions.blobs);
                Filtered::bytes(&sealed)
            }
            Err(error @ SealError::DoesNotRead(_)) if is_set => Err(FilterError::Comparable(error)),
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

    /// Says of a value that does not open, and was not touched.
    pub(super) fn note_left(&mut self, path: &[u8], left: Option<(Named, TokenError)>) {
        if let Some(left) = left {
            self.summary.note_damaged(path, &SealError::from(left).into());
        }
    }

    /// What is stored, and whether the index surely has the same format. And whether its past has values that people without the key have set, and it
    /// would go into the repository if it were sealed whole.
    fn seal_by_value(
        &mut self,
        past: Past<'_>,
        mode: &Mode,
        content: &[u8],
        entry: &Entry,
        versions: &Versions,
    ) -> (Result<(Vec<u8>, bool), SealError>, bool) {
        let Some(format) = mode.format else {
            let is_set = versions.blobs.iter().any(|blob| is_set(blob));
            return (Err(values::no_format()), is_set);
        };
        let (clear, ciphers, path) = (&mode.clear, &mut self.ciphers, past.path);
        let blobs = &versions.blobs;
        let is_conflict = blobs.len() > 1;
        // In a conflict: one of the sides as it is.
        if is_conflict && !blobs.iter().any(|blob| is_set(blob)) {
            let known = values::unproved((format, clear), content, &entry.key, ciphers);
            if let Some(side) = known.filter(|known| blobs.contains(known)) {
                return (Ok((side, false)), false);
            }
        }
        let keyring = self.keyring;
        let merging = self.rules.merged().cloned();
        let base = if is_conflict { self.rules.base(path) } else { None };
        let opens_exempt = self.rules.opens_exempt();
        let received = self.rules.received();
        let past = Past { sides: blobs, base: base.as_deref(), received, opens_exempt, ..past };
        let past = match &merging {
            Some(Merging { base, sides }) => Past { sides, base: base.as_deref(), ..past },
            None => past,
        };
        let keeps = |token: &Token| {
            let is_current = token.key().names(entry.key.id());
            // It is a new file.
            if merging.is_some() {
                return token.is_to_public() && is_current;
            }
            let mut line = keyring.line(&entry.name);
            let is_other = token.is_to_public() || !is_current;
            is_other && line.any(|held| token.key().names(held.key.id()))
        };
        let is_set = past.sides.iter().map(Vec::as_slice).chain(past.origin).any(is_set);
        let sealer = Sealer::Key(&entry.key);
        let mut sealed = values::seal((format, clear), content, sealer, ciphers, past, keeps);
        if is_set && matches!(sealed, Err(SealError::DoesNotRead(_))) {
            let mode = (format, clear);
            let by_sides = values::seal_conflicts(mode, content, &entry.key, ciphers, past, keeps);
            sealed = by_sides.or(sealed);
        }
        let sealed = match sealed {
            // With its tokens a file may be longer than a plaintext.
            Err(SealError::TooLarge) if values::may_hold_tokens(content) => {
                values::only_tokens(mode, content, ciphers).map(|_| (content.to_vec(), false))
            }
            Ok(sealed) => {
                self.note_left(path, sealed.left);
                Ok((sealed.bytes, sealed.is_alike && merging.is_none()))
            }
            Err(error) => Err(error),
        };
        // What a merge leaves in conflict goes into no index.
        let is_stored = merging.as_ref().is_none_or(|merging| merging.base.is_none());
        (sealed, is_set && is_stored)
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
        let over = &versions.blobs;
        let refused = match values::only_tokens_over(mode, content, over, &mut self.ciphers) {
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
        if let (FilterError::Locked(_), SealError::Locked(named)) = (&error, &refused)
            && rule.public.is_some()
            && values::has_conflicts(content)
        {
            return Err(FilterError::InConflict(named.clone()));
        }
        // The key is not held at all, and others may set values.
        if let (FilterError::Locked(_), SealError::Locked(_), Some(id), Some(public)) =
            (&error, &refused, rule.key_id, rule.public)
        {
            let to = WriteOnly { id, public };
            return self.clean_to_public(path, mode, rule, versions, (spool, content), to);
        }
        Err(match (error, refused) {
            (_, refused @ (SealError::Token(..) | SealError::TooLarge | SealError::Exempt(_))) => {
                refused.into()
            }
            // It may be that values could be set, if the description of the key could be read.
            (FilterError::Locked(_), SealError::Locked(_)) if rule.refusal.is_some() => {
                FilterError::Rule(rule.refusal.clone().unwrap_or_default())
            }
            (FilterError::Locked(key), SealError::Locked(named)) => {
                if let Some(taken_out) = self.rules.taken_out(&key) {
                    return Err(taken_out.into());
                }
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
            Ok(Opened::Plaintext { bytes: plaintext, keys, received, .. }) => {
                self.rules.receive(path, &received, &bytes);
                for held in keys.into_iter().filter_map(|id| self.ciphers.held(id)) {
                    let current = self.keyring.current(&held.name);
                    if self.several || current.is_some_and(|it| it.key.id() != held.key.id()) {
                        self.summary.note_opened(path, held.key.id());
                    }
                }
                let mut opened = Spool::default();
                opened.append(&plaintext)?;
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

/// Whether people without the key have set values in a stored file.
fn is_set(blob: &[u8]) -> bool {
    values::has_public(blob)
}
