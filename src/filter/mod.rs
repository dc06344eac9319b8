//! What the filters do with a file: policy over bytes (docs/format.md, section 3), wherever the keys come from and however git says
//! which key a path has.

pub mod affinity;
mod by_value;
mod content;
mod driver;
mod error;
mod filtered;
mod fit;
pub mod git_crypt;
mod indexed;
mod left_readable;
mod opened;
pub mod pkt_line;
pub mod process;
mod rule;
mod spool;
pub mod stdio;
mod summary;
mod verify;
mod versions;
pub mod words;
mod write_only;

use std::cell::LazyCell;
use std::io::{self, Read};

use crate::format::{OpenError, Sniff};
use crate::git_crypt::{self as crypt, HeldKeys, KeyVersion, Nonce};
use crate::keyring::Keyring;
use crate::secret::WipedVec;
use crate::store::confirmed::KeyOf;
use crate::values::Ciphers;
use content::Content;
pub use driver::Driver;
pub use error::{FileError, FilterError};
pub use filtered::Filtered;
use filtered::{Action, open_whole};
pub use fit::sealing_key;
pub(crate) use indexed::Sealed;
use indexed::{Indexed, find_indexed};
pub use left_readable::find as find_readable_secret;
pub use rule::{Crossing, Merging, Rule, Rules, See};
pub(crate) use spool::Spool;
pub use summary::{Files, Summary, describe_suspects};
use verify::verify;

/// The keys of git-crypt, which are not read before a file needs them.
pub type LazyHeldKeys = LazyCell<HeldKeys, Box<dyn FnOnce() -> HeldKeys>>;

/// The two filters.
pub struct Filter<'k, R> {
    keyring: &'k Keyring,
    /// They open what is of the time before a repository was taken over from git-crypt.
    git_crypt: Option<&'k LazyHeldKeys>,
    rules: R,
    /// Whether a damaged file is an error also on its way to the worktree.
    strict: bool,
    /// Whether keys of several names are held, so that a path could move from one to another.
    several: bool,
    summary: Summary,
    /// What seals and opens single values.
    ciphers: Ciphers<'k>,
    /// Read into, again and again, as wiping it for each file would cost more than sealing.
    piece: WipedVec,
}

impl<'k, R: Rules> Filter<'k, R> {
    /// Filters with these keys and rules.
    pub fn new(keyring: &'k Keyring, rules: R) -> Self {
        Self {
            keyring,
            git_crypt: None,
            rules,
            strict: false,
            several: !keyring.has_one_name(),
            summary: Summary::default(),
            ciphers: Ciphers::new(keyring),
            piece: WipedVec::zeroed(PIECE),
        }
    }

    /// Opens with these keys what git-crypt has encrypted.
    #[must_use]
    pub fn with_git_crypt(mut self, keys: &'k LazyHeldKeys) -> Self {
        self.git_crypt = Some(keys);
        self
    }

    /// Refuses to hand a damaged file on, for what is no checkout by git.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// The rules, to change them.
    pub fn rules(&mut self) -> &mut R {
        &mut self.rules
    }

    /// What was met so far.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// From the worktree to the repository: reads the whole of `source` and says what should be stored.
    ///
    /// # Errors
    /// [`FilterError`]; then nothing may be stored.
    pub fn clean(
        &mut self,
        path: &[u8],
        mut source: impl Read,
    ) -> Result<Filtered<'k>, FilterError> {
        let mut content = Content::begin(&mut source, &mut self.piece)?;
        match content.sniff {
            Sniff::Empty => Ok(content.into_filtered()),
            Sniff::NotSealed | Sniff::GitCrypt => {
                // As plaintext, if it can be had: else it would be encrypted twice.
                if content.sniff == Sniff::GitCrypt {
                    content.finish()?;
                    if let Some((key, nonce)) = git_crypt_opener(self.git_crypt, &mut content)? {
                        let mut plaintext = Spool::default();
                        let mut reader = content.spool.reader()?;
                        reader.read_exact(&mut [0; crypt::HEADER_LEN])?;
                        crypt::open_stream(key, &nonce, reader, &mut plaintext)?;
                        content.spool = plaintext;
                    }
                }
                let rule = self.rules.rule(path).map_err(FilterError::Rule)?;
                refuse_conversion(rule.conversion.clone())?;
                if rule.values.is_some() {
                    content.finish()?;
                    let spool = content.spool;
                    return self.clean_by_value(path, &rule, spool);
                }
                let rules = &mut self.rules;
                let fit = sealing_key(self.keyring, &rule, |ids| rules.later(&rule.key, ids));
                let sealing = fit.as_ref().ok().map(|entry| &entry.key);
                let mut sivs = content.finish_with_siv(sealing)?;
                // A file that did not change stays the same bytes, whichever key, layout or encoder sealed it: sealed again, or
                // refused, each file of an old branch would be in git's way as soon as its time is another.
                let indexed = find_indexed(
                    &mut self.rules,
                    path,
                    self.keyring,
                    &mut content,
                    &mut sivs,
                    &mut self.ciphers,
                )?;
                let other = match indexed {
                    Indexed::Same(blob) => {
                        return Ok(Filtered { action: Action::Same, content: *blob });
                    }
                    Indexed::Other { by_value: Some(mode), .. } if fit.is_ok() => {
                        let (rule, spool) = (Rule { values: Some(mode), ..rule }, content.spool);
                        return self.clean_by_value(path, &rule, spool);
                    }
                    Indexed::Other { keys, .. } => {
                        keys.into_iter().find_map(|id| self.keyring.of_other_name(id, &rule.key))
                    }
                };
                // Attributes are a proposal of anybody who pushed last: they could hand the file to readers of another key.
                if let Some(other) = other
                    && fit.is_ok()
                    && !self.rules.is_confirmed(path, &rule.key)
                {
                    let (held, wanted) = (other.name.clone(), rule.key);
                    return Err(FilterError::OtherName { held, wanted });
                }
                let entry = match fit {
                    Ok(entry) if self.rules.holds_git_crypt_keys() => {
                        let crossing = self.rules.leaves_git_crypt(
                            path,
                            &rule.key,
                            &mut content.spool.reader()?,
                        );
                        match crossing {
                            None => entry,
                            Some(Crossing::Unchanged(blob)) => return Filtered::bytes(&blob),
                            Some(Crossing::Changed(held)) => {
                                let wanted = KeyOf::Own(rule.key);
                                return Err(FilterError::Crossing { held, wanted });
                            }
                        }
                    }
                    Ok(entry) => entry,
                    // Somebody has pushed it as plaintext, and nothing is added to that.
                    Err(error) => {
                        if !holds(&mut self.rules, path, &mut content.spool)? {
                            return Err(error);
                        }
                        self.summary.note_in_the_clear(path);
                        return Ok(content.into_filtered());
                    }
                };
                let siv = sivs.of(&entry.key, &mut content.spool)?;
                let action = Action::Seal { key: &entry.key, siv, layout: rule.layout };
                Ok(Filtered { action, content: content.spool })
            }
            Sniff::Sealed(_) | Sniff::Truncated | Sniff::UnsupportedVersion(_) => {
                let rule = match content.sniff {
                    Sniff::Sealed(_) => self.rules.rule(path).map_err(FilterError::Rule)?,
                    _ => Rule::default(),
                };
                refuse_conversion(rule.conversion.clone())?;
                content.finish()?;
                if rule.values.is_some()
                    && let Sniff::Sealed(id) = content.sniff
                    && let Some(entry) = self.keyring.by_id(id)
                    && let Ok(Some(plaintext)) = open_whole(&entry.key, &mut content.spool)
                {
                    return self.clean_by_value(path, &rule, plaintext);
                }
                if let Err(error) = verify(self.keyring, &mut content) {
                    // Damaged, and nobody's doing here: else not even 'git status' and 'git rm' would work.
                    if !matches!(error, FilterError::Open(_))
                        || !holds(&mut self.rules, path, &mut content.spool)?
                    {
                        return Err(error);
                    }
                    self.summary.note_damaged(path, &error);
                }
                Ok(content.into_filtered())
            }
        }
    }

    /// From the repository to the worktree: reads the whole of `source` and says what should be written.
    ///
    /// # Errors
    /// [`FilterError`]; then nothing may be written.
    pub fn smudge(
        &mut self,
        path: &[u8],
        mut source: impl Read,
    ) -> Result<Filtered<'k>, FilterError> {
        let mut content = Content::begin(&mut source, &mut self.piece)?;
        content.finish()?;
        match content.sniff {
            Sniff::Empty => {}
            Sniff::GitCrypt if content.spool.len() >= crypt::HEADER_LEN as u64 => {
                if let Some((key, nonce)) = git_crypt_opener(self.git_crypt, &mut content)? {
                    let action = Action::Decrypt { key, nonce };
                    return Ok(Filtered { action, content: content.spool });
                }
                self.summary.still_sealed += 1;
            }
            Sniff::NotSealed => {
                let spool = content.spool;
                return self.smudge_by_value(path, spool);
            }
            Sniff::GitCrypt => self.summary.note_in_the_clear(path),
            Sniff::Sealed(key_id) => match self.keyring.by_id(key_id) {
                Some(entry) => match open_whole(&entry.key, &mut content.spool) {
                    Ok(plaintext) => {
                        let current = self.keyring.current(&entry.name);
                        if self.several || current.is_some_and(|it| it.key.id() != key_id) {
                            self.summary.note_opened(path, key_id);
                        }
                        let Some(plaintext) = plaintext else {
                            let action = Action::Open { key: &entry.key };
                            return Ok(Filtered { action, content: content.spool });
                        };
                        content.spool = plaintext;
                    }
                    Err(error) => hand_on(
                        &mut self.rules,
                        &mut self.summary,
                        self.strict,
                        path,
                        error.into(),
                    )?,
                },
                None => self.summary.still_sealed += 1,
            },
            Sniff::Truncated => {
                hand_on(
                    &mut self.rules,
                    &mut self.summary,
                    self.strict,
                    path,
                    OpenError::Truncated.into(),
                )?;
            }
            Sniff::UnsupportedVersion(version) => {
                let error = OpenError::UnsupportedVersion(version).into();
                hand_on(&mut self.rules, &mut self.summary, self.strict, path, error)?;
            }
        }
        Ok(content.into_filtered())
    }
}

/// Lets bytes that do not open pass. Where git changes them on their way here, they are sound in the repository.
fn hand_on(
    rules: &mut impl Rules,
    summary: &mut Summary,
    strict: bool,
    path: &[u8],
    error: FilterError,
) -> Result<(), FilterError> {
    if !strict
        && matches!(error, FilterError::Open(_) | FilterError::OpenValues(_))
        && let Ok(Rule { conversion: Some(conversion), .. }) = rules.rule(path)
    {
        summary.note_damaged(path, &FilterError::Conversion(conversion));
        return Ok(());
    }
    summary.hand_on(path, error, strict)
}

/// The git-crypt key that opens the whole file, once it was read, with its nonce verified; `None` where none does.
fn git_crypt_opener<'k>(
    keys: Option<&'k LazyHeldKeys>,
    content: &mut Content<'_>,
) -> Result<Option<(&'k KeyVersion, Nonce)>, FilterError> {
    let Some(keys) = keys.filter(|_| content.spool.len() >= crypt::HEADER_LEN as u64) else {
        return Ok(None);
    };
    let mut start = [0; crypt::HEADER_LEN];
    content.spool.reader()?.read_exact(&mut start)?;
    match git_crypt::opener(keys, &crypt::Name::default(), &mut content.spool) {
        Ok((_, key)) => Ok(Some((key, Nonce::read(&start)?))),
        Err(FilterError::GitCrypt(crypt::OpenError::Mismatch)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn refuse_conversion(conversion: Option<String>) -> Result<(), FilterError> {
    conversion.map_or(Ok(()), |conversion| Err(FilterError::Conversion(conversion)))
}

fn holds(rules: &mut impl Rules, path: &[u8], spool: &mut Spool) -> io::Result<bool> {
    let len = spool.len();
    Ok(rules.holds(path, &mut spool.reader()?, len))
}

/// Bytes that are read at once.
const PIECE: usize = 1 << 16;

#[cfg(test)]
mod tests;
