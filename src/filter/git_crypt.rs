//! What the filters do with a file that git-crypt encrypts (docs/format.md, section 6).
//!
//! git asks one process for each key, so the driver knows its key without looking at attributes.

use std::io::{self, Read, Write};

use super::{Action, Content, Crossing, Driver, FilterError, Filtered, PIECE, Spool, Summary};
use crate::format::Sniff;
use crate::git_crypt::{
    HEADER_LEN, HeldKeys, KeyVersion, Name, Nonce, NonceHasher, is_encrypted, open_stream,
    seal_stream,
};
use crate::secret::WipedVec;
use crate::store::confirmed::KeyOf;

/// What the repository says of a path.
pub trait Paths {
    /// The attribute, with its place, by which git would change the encrypted bytes.
    ///
    /// # Errors
    /// A sentence that says why it cannot be known.
    fn conversion(&mut self, path: &[u8]) -> Result<Option<Conversion>, String>;

    /// The nonce of the blob that the index has at this path, if that is encrypted. Asked for only where it matters.
    fn indexed(&mut self, path: &[u8]) -> Option<Nonce>;

    /// The key that seals what the index has at this path, where it is another than the git-crypt key of this name, and this
    /// clone has not confirmed that the path moves. `plaintext` is what should be stored.
    fn leaves_key(
        &mut self,
        _path: &[u8],
        _name: &Name,
        _plaintext: &mut dyn Read,
    ) -> Option<Crossing> {
        None
    }

    /// Whether the index has these very bytes, `len` of them, at this path. Asked for only where they would be refused.
    fn holds(&mut self, path: &[u8], content: &mut dyn Read, len: u64) -> bool;
}

/// Where no repository has a say: what is filtered is no file of a worktree.
pub struct NoPaths;

impl Paths for NoPaths {
    fn conversion(&mut self, _path: &[u8]) -> Result<Option<Conversion>, String> {
        Ok(None)
    }

    fn indexed(&mut self, _path: &[u8]) -> Option<Nonce> {
        None
    }

    fn holds(&mut self, _path: &[u8], _content: &mut dyn Read, _len: u64) -> bool {
        false
    }
}

/// An attribute by which git changes what it stores.
pub struct Conversion {
    /// The attribute, with its place.
    pub setting: String,
    /// It changes the first of these bytes; `None` where it changes whatever there is.
    pub changes: Option<&'static [u8]>,
}

/// Clean and smudge as git-crypt has them, but plaintext never becomes a blob, and no blob is encrypted twice.
pub struct GitCryptFilter<'k, P> {
    held: &'k HeldKeys,
    name: Name,
    paths: P,
    strict: bool,
    summary: Summary,
    piece: WipedVec,
}

impl<'k, P: Paths> GitCryptFilter<'k, P> {
    /// The filter of the key with this name.
    pub fn new(held: &'k HeldKeys, name: Name, paths: P) -> Self {
        let piece = WipedVec::zeroed(PIECE);
        Self { held, name, paths, strict: false, summary: Summary::default(), piece }
    }

    /// Refuses to hand a damaged file on, for what is no checkout by git.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    fn holds(&mut self, path: &[u8], spool: &mut Spool) -> io::Result<bool> {
        let len = spool.len();
        Ok(self.paths.holds(path, &mut spool.reader()?, len))
    }

    fn refuse_conversion(
        &mut self,
        path: &[u8],
        key: &KeyVersion,
        nonce: &Nonce,
        plaintext: &mut Spool,
    ) -> Result<(), FilterError> {
        let conversion = self.paths.conversion(path).map_err(FilterError::Rule)?;
        let Some(Conversion { setting, changes }) = conversion else { return Ok(()) };
        // git-crypt's users may have lived with it for years: only what would be lost is refused.
        if let Some(changes) = changes {
            let mut search = Search { wanted: changes, end: Vec::new(), found: false };
            seal_stream(key, nonce, plaintext.reader()?, &mut search)?;
            if !search.found {
                return Ok(());
            }
        }
        Err(FilterError::Conversion(setting))
    }
}

/// Whether bytes occur in what is written.
struct Search {
    wanted: &'static [u8],
    /// The end of what came before, in which a match may begin.
    end: Vec<u8>,
    found: bool,
}

impl Write for Search {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.end.extend_from_slice(bytes);
        self.found |= self.end.windows(self.wanted.len()).any(|window| window == self.wanted);
        let kept = self.end.len().min(self.wanted.len() - 1);
        self.end.drain(..self.end.len() - kept);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'k, P: Paths> Driver<'k> for GitCryptFilter<'k, P> {
    fn clean(&mut self, path: &[u8], source: &mut dyn Read) -> Result<Filtered<'k>, FilterError> {
        let mut content = Content::begin(source, &mut self.piece)?;
        let versions = self.held.of(&self.name).map_or(&[][..], |file| file.versions());
        let several = self.held.files().nth(1).is_some();
        let is_sealed = matches!(content.sniff, Sniff::Sealed(_));
        content.finish()?;
        let mut spool = content.spool;
        let start = start(&mut spool)?;
        let looks_encrypted = is_encrypted(&start);
        // A file that did not change stays the same bytes: of an older version of the key or of a key of another name,
        // encrypted twice long ago, or empty and encrypted all the same.
        if several
            || versions.len() > 1
            || (looks_encrypted || start.is_empty()) && !versions.is_empty()
        {
            let indexed = self.paths.indexed(path);
            let tried = self.held.versions_for(Some(&self.name)).filter(|_| indexed.is_some());
            for (_, key) in tried {
                let nonce = nonce_of(key, &mut spool)?;
                if indexed.is_some_and(|indexed| indexed.matches(&nonce)) {
                    if start.is_empty() {
                        spool.append(&nonce.header())?;
                        return Ok(Filtered { action: Action::Same, content: spool });
                    }
                    return Ok(Filtered { action: Action::Encrypt { key, nonce }, content: spool });
                }
            }
        }
        if start.is_empty() {
            return Ok(Filtered { action: Action::Same, content: spool });
        }
        if looks_encrypted {
            match opener(self.held, &self.name, &mut spool) {
                // Encrypted by hand, as 'lock --force' leaves it; anybody who can read it is another matter.
                Ok((name, _)) if *name == self.name => {
                    let crossing = self.paths.leaves_key(path, name, &mut io::empty());
                    if let Some(Crossing::Changed(held)) = crossing {
                        let wanted = KeyOf::GitCrypt(name.clone());
                        return Err(FilterError::Crossing { held, wanted });
                    }
                }
                Ok(_) => {}
                // Without the key nothing can be told: as it is, so that a locked clone can work.
                Err(FilterError::GitCrypt(_)) if versions.is_empty() => {}
                // Damaged, and nobody's doing here: else not even 'git status' and 'git rm' would work.
                Err(error @ FilterError::GitCrypt(_)) if self.holds(path, &mut spool)? => {
                    self.summary.note_damaged(path, &error);
                }
                Err(error) => return Err(error),
            }
            return Ok(Filtered { action: Action::Same, content: spool });
        }
        if is_sealed {
            if self.holds(path, &mut spool)? {
                return Ok(Filtered { action: Action::Same, content: spool });
            }
            return Err(FilterError::SealedForGitCrypt);
        }
        let Some(key) = versions.first() else {
            // Somebody has pushed it as plaintext, and nothing is added to that.
            if self.holds(path, &mut spool)? {
                self.summary.note_in_the_clear(path);
                return Ok(Filtered { action: Action::Same, content: spool });
            }
            return Err(FilterError::GitCryptLocked(self.name.clone()));
        };
        // Attributes are a proposal of anybody who pushed last: they could hand the file to readers of another key.
        match self.paths.leaves_key(path, &self.name, &mut spool.reader()?) {
            None => {}
            Some(Crossing::Unchanged(blob)) => return Filtered::bytes(&blob),
            Some(Crossing::Changed(held)) => {
                let wanted = KeyOf::GitCrypt(self.name.clone());
                return Err(FilterError::Crossing { held, wanted });
            }
        }
        let nonce = nonce_of(key, &mut spool)?;
        self.refuse_conversion(path, key, &nonce, &mut spool)?;
        Ok(Filtered { action: Action::Encrypt { key, nonce }, content: spool })
    }

    fn smudge(&mut self, path: &[u8], source: &mut dyn Read) -> Result<Filtered<'k>, FilterError> {
        let mut content = Content::begin(source, &mut self.piece)?;
        content.finish()?;
        let mut spool = content.spool;
        let start = start(&mut spool)?;
        if start.is_empty() {
            return Ok(Filtered { action: Action::Same, content: spool });
        }
        if !is_encrypted(&start) {
            // git-crypt empties such a file where it has 1 to 22 bytes.
            self.summary.note_in_the_clear(path);
            return Ok(Filtered { action: Action::Same, content: spool });
        }
        match opener(self.held, &self.name, &mut spool) {
            Ok((_, key)) => {
                let nonce = Nonce::read(&start)?;
                Ok(Filtered { action: Action::Decrypt { key, nonce }, content: spool })
            }
            Err(FilterError::GitCrypt(_)) if self.held.of(&self.name).is_none() => {
                self.summary.still_sealed += 1;
                Ok(Filtered { action: Action::Same, content: spool })
            }
            // No plaintext is at stake, and one bad file must not stop a whole checkout.
            Err(error @ FilterError::GitCrypt(_)) if !self.strict => {
                self.summary.note_damaged(path, &error);
                Ok(Filtered { action: Action::Same, content: spool })
            }
            Err(error) => Err(error),
        }
    }

    fn summary(&self) -> &Summary {
        &self.summary
    }
}

/// The first bytes: a header, if there are as many.
fn start(spool: &mut Spool) -> io::Result<WipedVec> {
    let mut start = WipedVec::with_capacity(HEADER_LEN);
    spool.reader()?.take(HEADER_LEN as u64).read_to_end(&mut start)?;
    Ok(start)
}

fn nonce_of(key: &KeyVersion, spool: &mut Spool) -> io::Result<Nonce> {
    let mut hasher = NonceHasher::new(key);
    io::copy(&mut spool.reader()?, &mut hasher)?;
    Ok(hasher.finish())
}

/// The key that opens an encrypted file, of this name if there is one, and the nonce verified: nothing of the plaintext is
/// given away before.
///
/// # Errors
/// [`FilterError::GitCrypt`] where none of the keys opens it.
pub(crate) fn opener<'k>(
    held: &'k HeldKeys,
    name: &Name,
    spool: &mut Spool,
) -> Result<(&'k Name, &'k KeyVersion), FilterError> {
    let nonce = Nonce::read(&start(spool)?)?;
    for (name, key) in held.versions_for(Some(name)) {
        let mut reader = spool.reader()?;
        reader.read_exact(&mut [0; HEADER_LEN])?;
        match open_stream(key, &nonce, reader, io::sink()) {
            Ok(_) => return Ok((name, key)),
            Err(crate::git_crypt::OpenError::Mismatch) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(crate::git_crypt::OpenError::Mismatch.into())
}

#[cfg(test)]
mod tests;
