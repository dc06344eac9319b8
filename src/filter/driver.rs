//! The filter as git drives it.

use std::io::Read;

use super::{Filter, FilterError, Filtered, Rules, Summary};
use crate::format::KeyId;

/// What git calls a filter driver: a clean and a smudge (gitattributes, "filter").
pub trait Driver<'k> {
    /// From the worktree to the repository: reads the whole of `source` and says what should be stored.
    ///
    /// # Errors
    /// [`FilterError`]; then nothing may be stored.
    fn clean(&mut self, path: &[u8], source: &mut dyn Read) -> Result<Filtered<'k>, FilterError>;

    /// From the repository to the worktree: reads the whole of `source` and says what should be written.
    ///
    /// # Errors
    /// [`FilterError`]; then nothing may be written.
    fn smudge(&mut self, path: &[u8], source: &mut dyn Read) -> Result<Filtered<'k>, FilterError>;

    /// What was met so far.
    fn summary(&self) -> &Summary;

    /// Looks, once git has written all files that it asked for, which of them are those of the worktree.
    fn served(&mut self) {}

    /// Looks, when all files are there, at what can only be judged then.
    fn conclude(&mut self) {}
}

impl<'k, R: Rules> Driver<'k> for Filter<'k, R> {
    fn clean(&mut self, path: &[u8], source: &mut dyn Read) -> Result<Filtered<'k>, FilterError> {
        Self::clean(self, path, source)
    }

    fn smudge(&mut self, path: &[u8], source: &mut dyn Read) -> Result<Filtered<'k>, FilterError> {
        let smudged = Self::smudge(self, path, source);
        if !self.strict {
            self.rules.smudged(path);
        }
        smudged
    }

    fn served(&mut self) {
        self.rules.served();
    }

    fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The attributes and `.shroud/` are those of the new commit by now.
    fn conclude(&mut self) {
        self.summary.to_public.extend(self.rules.warnings());
        for (path, id) in std::mem::take(&mut self.summary.opened) {
            let (Ok(rule), Some(entry)) = (self.rules.rule(&path), self.keyring.by_id(id)) else {
                continue;
            };
            let is_later = |described: KeyId| {
                described != id
                    && self
                        .keyring
                        .by_id(described)
                        .is_none_or(|held| held.generation > entry.generation)
            };
            if self.keyring.of_other_name(id, &rule.key).is_some() {
                self.summary.of_other_key.note(&path);
            } else if rule.key_id.is_some_and(is_later) {
                self.summary.retired.note(&path);
            }
        }
    }
}
