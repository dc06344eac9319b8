//! What the filters do with a file: policy over bytes (docs/format.md, section 3).
//!
//! Knows neither where the keys come from nor how git says which key a path has.

pub mod affinity;
mod content;
mod error;
pub mod git_crypt;
pub mod pkt_line;
pub mod process;
mod spool;

use std::cell::LazyCell;
use std::io::{self, Read, Write};

use crate::format::{self, Header, Key, KeyId, OpenError, Siv, Sniff};
use crate::git_crypt::{self as crypt, HeldKeys, KeyVersion, Nonce};
use crate::keyring::{Entry, KeyName, Keyring};
use crate::secret::WipedVec;
use content::Content;
pub use error::FilterError;
pub(crate) use spool::Spool;

/// What a repository's attributes say of a path that is to be sealed.
#[derive(Clone, Default)]
pub struct Rule {
    /// The key that seals the path (attribute `shroud-key`).
    pub key: KeyName,
    /// The id that the repository describes for this key; `None` where it says nothing.
    pub key_id: Option<KeyId>,
    /// The generation that was held here at most: none earlier may seal; 0 where none was.
    pub newest: u32,
    /// Why nothing may be sealed with this key.
    pub refusal: Option<String>,
    /// The attribute, with its place, by which git would change the sealed bytes.
    pub conversion: Option<String>,
}

/// Finds the rule of a path.
pub trait Rules {
    /// The rule of `path`, which is relative to the top of the worktree, with slashes.
    ///
    /// # Errors
    /// A sentence that says why it cannot be known.
    fn rule(&mut self, path: &[u8]) -> Result<Rule, String>;

    /// The header of the blob that the index has at this path, if that is sealed. Asked for only where it matters.
    fn indexed(&mut self, _path: &[u8]) -> Option<Header> {
        None
    }
}

/// What a run of the filter met that its user should know.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files that stay sealed, as their key is not held.
    pub still_sealed: u64,
    /// Files that the repository holds in the clear.
    pub in_the_clear: u64,
    /// The first of those.
    pub first_in_the_clear: Option<Vec<u8>>,
}

/// What git calls a filter driver: a clean and a smudge (gitattributes, "filter").
pub trait Driver<'k> {
    /// From the worktree to the repository: reads the whole of `source` and says what is to be stored.
    ///
    /// # Errors
    /// [`FilterError`]; then nothing may be stored.
    fn clean(&mut self, path: &[u8], source: &mut dyn Read) -> Result<Filtered<'k>, FilterError>;

    /// From the repository to the worktree: reads the whole of `source` and says what is to be written.
    ///
    /// # Errors
    /// [`FilterError`]; then nothing may be written.
    fn smudge(&mut self, path: &[u8], source: &mut dyn Read) -> Result<Filtered<'k>, FilterError>;

    /// What was met so far.
    fn summary(&self) -> &Summary;
}

/// The keys of git-crypt, which are not read before a file needs them.
pub type LazyHeldKeys = LazyCell<HeldKeys, Box<dyn FnOnce() -> HeldKeys>>;

/// The two filters.
pub struct Filter<'k, R> {
    keyring: &'k Keyring,
    /// They open what is of the time before a repository was taken over from git-crypt.
    git_crypt: Option<&'k LazyHeldKeys>,
    rules: R,
    summary: Summary,
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
            summary: Summary::default(),
            piece: WipedVec::zeroed(PIECE),
        }
    }

    /// Opens with these keys what git-crypt has encrypted.
    #[must_use]
    pub fn with_git_crypt(mut self, keys: &'k LazyHeldKeys) -> Self {
        self.git_crypt = Some(keys);
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

    /// From the worktree to the repository: reads the whole of `source` and says what is to be stored.
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
                let fit = fit_key(self.keyring, &rule);
                // A file that did not change stays the same bytes, whichever key is held now: sealed anew, or refused, each
                // file of an old branch would be in git's way as soon as its time is another.
                if fit.is_err() || self.keyring.line(&rule.key).nth(1).is_some() {
                    let current = fit.as_ref().ok().map(|entry| entry.key.id());
                    let indexed = self.rules.indexed(path);
                    if let Some(header) = indexed.filter(|header| Some(header.key_id()) != current)
                    {
                        content.finish()?;
                        if let Some((key, siv)) = content.seals_to(self.keyring, &header)? {
                            let action = Action::Seal { key, siv };
                            return Ok(Filtered { action, content: content.spool });
                        }
                    }
                }
                let entry = fit?;
                let siv = content.finish_with_siv(&entry.key)?;
                let action = Action::Seal { key: &entry.key, siv };
                Ok(Filtered { action, content: content.spool })
            }
            Sniff::Sealed(key_id) => {
                let rule = self.rules.rule(path).map_err(FilterError::Rule)?;
                refuse_conversion(rule.conversion)?;
                content.finish()?;
                match self.keyring.by_id(key_id) {
                    Some(entry) => verify(&entry.key, &mut content)?,
                    // Unread, but it can be seen whether bytes are missing.
                    None if !format::is_sealed_len(content.spool.len()) => {
                        return Err(OpenError::Truncated.into());
                    }
                    None => {}
                }
                Ok(content.into_filtered())
            }
            Sniff::Truncated => Err(OpenError::Truncated.into()),
            Sniff::UnsupportedVersion(version) => {
                Err(OpenError::UnsupportedVersion(version).into())
            }
        }
    }

    /// From the repository to the worktree: reads the whole of `source` and says what is to be written.
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
            Sniff::NotSealed | Sniff::GitCrypt => {
                self.summary.in_the_clear += 1;
                self.summary.first_in_the_clear.get_or_insert_with(|| path.to_vec());
            }
            Sniff::Sealed(key_id) => match self.keyring.by_id(key_id) {
                Some(entry) => {
                    let action = Action::Open { key: &entry.key };
                    return Ok(Filtered { action, content: content.spool });
                }
                None => self.summary.still_sealed += 1,
            },
            Sniff::Truncated => return Err(OpenError::Truncated.into()),
            Sniff::UnsupportedVersion(version) => {
                return Err(OpenError::UnsupportedVersion(version).into());
            }
        }
        Ok(content.into_filtered())
    }
}

impl<'k, R: Rules> Driver<'k> for Filter<'k, R> {
    fn clean(&mut self, path: &[u8], source: &mut dyn Read) -> Result<Filtered<'k>, FilterError> {
        Self::clean(self, path, source)
    }

    fn smudge(&mut self, path: &[u8], source: &mut dyn Read) -> Result<Filtered<'k>, FilterError> {
        Self::smudge(self, path, source)
    }

    fn summary(&self) -> &Summary {
        &self.summary
    }
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

/// The key that may seal by this rule.
fn fit_key<'k>(keyring: &'k Keyring, rule: &Rule) -> Result<&'k Entry, FilterError> {
    let held = keyring.current(&rule.key).filter(|held| !held.name.is_aside());
    let Some(entry) = held else { return Err(FilterError::Locked(rule.key.clone())) };
    if let Some(refusal) = &rule.refusal {
        return Err(FilterError::Rule(refusal.clone()));
    }
    refuse_other_key(keyring, entry, rule.key_id)?;
    refuse_older_key(entry, rule.newest)?;
    Ok(entry)
}

fn refuse_conversion(conversion: Option<String>) -> Result<(), FilterError> {
    conversion.map_or(Ok(()), |conversion| Err(FilterError::Conversion(conversion)))
}

/// Refuses to seal with `entry` where the repository describes a key of that name that is not held.
///
/// A held key of another generation is no reason: an old commit describes the key of its time.
///
/// # Errors
/// [`FilterError::OtherKey`].
pub fn refuse_other_key(
    keyring: &Keyring,
    entry: &Entry,
    described: Option<KeyId>,
) -> Result<(), FilterError> {
    let Some(described) = described else { return Ok(()) };
    if keyring.line(&entry.name).any(|held| held.key.id() == described) {
        return Ok(());
    }
    Err(FilterError::OtherKey { name: entry.name.clone(), held: entry.key.id(), described })
}

/// Refuses to seal with `entry` where a newer generation was held: a removed member may know the older one.
///
/// # Errors
/// [`FilterError::Older`].
pub fn refuse_older_key(entry: &Entry, newest: u32) -> Result<(), FilterError> {
    if entry.generation >= newest {
        return Ok(());
    }
    Err(FilterError::Older { name: entry.name.clone(), held: entry.generation, newest })
}

fn verify(key: &Key, content: &mut Content<'_>) -> Result<(), FilterError> {
    let mut reader = content.spool.reader()?;
    let header = read_header(&mut reader)?;
    format::open_stream(key, &header, reader, io::sink())?;
    Ok(())
}

fn read_header(reader: &mut impl Read) -> Result<Header, OpenError> {
    let mut header = [0; format::HEADER_LEN];
    reader.read_exact(&mut header)?;
    Header::parse(&header)
}

/// The outcome of a filter: every byte of it is known, and it is written once.
pub struct Filtered<'k> {
    action: Action<'k>,
    content: Spool,
}

enum Action<'k> {
    Same,
    Seal { key: &'k Key, siv: Siv },
    Open { key: &'k Key },
    Encrypt { key: &'k KeyVersion, nonce: Nonce },
    Decrypt { key: &'k KeyVersion, nonce: Nonce },
}

impl Filtered<'_> {
    /// Writes the outcome. Only `Ok` says that what was written is sound and whole.
    ///
    /// # Errors
    /// Those of opening and of the sink; then what was written must be thrown away.
    pub fn write_to(mut self, mut sink: impl Write) -> Result<(), FilterError> {
        let length = self.content.len();
        let mut reader = self.content.reader()?;
        match self.action {
            Action::Same => {
                io::copy(&mut reader, &mut sink)?;
            }
            Action::Seal { key, siv } => format::seal_stream(key, &siv, length, reader, sink)?,
            Action::Open { key } => {
                let header = read_header(&mut reader)?;
                format::open_stream(key, &header, reader, sink)?;
            }
            Action::Encrypt { key, nonce } => crypt::seal_stream(key, &nonce, reader, sink)?,
            Action::Decrypt { key, nonce } => {
                reader.read_exact(&mut [0; crypt::HEADER_LEN])?;
                crypt::open_stream(key, &nonce, reader, sink)?;
            }
        }
        Ok(())
    }

    /// Whether handing the file over costs more than working on it.
    fn is_small(&self) -> bool {
        self.content.len() < SMALL
    }
}

/// Bytes up to which handing a file over costs more than working on it.
const SMALL: u64 = 1 << 20;
/// Bytes that are read at once.
const PIECE: usize = 1 << 16;

#[cfg(test)]
mod tests;
