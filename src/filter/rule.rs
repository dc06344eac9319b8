//! What a filter asks of the repository around it.

use std::io::{self, Read};

use super::FilterError;
use crate::format::{KeyId, Layout, PublicKey};
use crate::keyring::KeyName;
use crate::store::confirmed::KeyOf;
use crate::store::public_keys::PinError;
use crate::store::received::Received;
use crate::values::{Mode, Place, WriteOnly};

/// What a repository's attributes say of a path that should be sealed.
#[derive(Clone, Default)]
pub struct Rule {
    /// The key that seals the path (attribute `shroud-key`).
    pub key: KeyName,
    /// The id that the repository describes for this key; `None` where it says nothing.
    pub key_id: Option<KeyId>,
    /// To which values are sealed without the key; `None` where the repository does not say so.
    pub public: Option<PublicKey>,
    /// Whether this is a tree that ought to describe the key and does not.
    pub undescribed: bool,
    /// The latest generation that was held here, and its id.
    pub newest: Option<(u32, KeyId)>,
    /// How the path is sealed.
    pub layout: Layout,
    /// How its values are sealed; `None` where it is sealed whole.
    pub values: Option<Mode>,
    /// Why nothing may be sealed with this key.
    pub refusal: Option<String>,
    /// The attribute, with its place, by which git would change the sealed bytes.
    pub conversion: Option<String>,
}

/// The versions of a file that become a new one, as they are stored.
#[derive(Clone, Debug)]
pub struct Merging {
    /// In a merge, from which both sides began.
    pub base: Option<Vec<u8>>,
    /// In a merge ours, then theirs; else the only one.
    pub sides: Vec<Vec<u8>>,
}

/// A path that another key seals in the index than its attribute names.
pub enum Crossing {
    /// The content is the same: these are the bytes that the index has.
    Unchanged(Vec<u8>),
    /// The content is another, so that it would be given to the readers of another key.
    Changed(KeyOf),
}

/// Looks at a blob and says whether it is what was wanted.
pub type See<'s> = dyn FnMut(&mut dyn Read) -> io::Result<bool> + 's;

/// Finds the rule of a path.
pub trait Rules {
    /// The rule of `path`, which is relative to the top of the worktree, with slashes.
    ///
    /// # Errors
    /// A sentence that says why it cannot be known.
    fn rule(&mut self, path: &[u8]) -> Result<Rule, String>;

    /// Shows the blobs that the index has at this path, one or, in a merge conflict, those of both sides, until `see` has
    /// found what it wants. What cannot be read is not shown.
    ///
    /// # Errors
    /// Those of `see`.
    fn indexed(&mut self, _path: &[u8], _see: &mut See<'_>) -> io::Result<()> {
        Ok(())
    }

    /// In a merge conflict, the blob from which both sides began.
    fn base(&mut self, _path: &[u8]) -> Option<Vec<u8>> {
        None
    }

    /// The versions that the content was made from, in the place of those that the index has.
    fn merged(&mut self) -> Option<&Merging> {
        None
    }

    /// Whether the user said that sealed values become plaintext whose names are exempt.
    fn opens_exempt(&self) -> bool {
        false
    }

    /// What this clone remembers of values that were set without the key.
    fn received(&mut self) -> Option<&Received> {
        None
    }

    /// Remembers such values of a blob that is opened at a path. What cannot be written is not remembered.
    fn receive(&mut self, _path: &[u8], _values: &[(Place, String)], _blob: &[u8]) {}

    /// Remembers what was opened last: it may become the file at a path.
    fn smudged(&mut self, _path: &[u8]) {}

    /// Looks which files have become so: git opens a file also to show or to pack it.
    fn served(&mut self) {}

    /// The blob that the file in the worktree was checked out from, where such values were opened at its path.
    fn origin(&mut self, _path: &[u8]) -> Option<Vec<u8>> {
        None
    }

    /// Where such values were opened at a path: the blobs that the last commit has there, and one that is being merged.
    fn heads(&mut self, _path: &[u8]) -> Vec<Vec<u8>> {
        Vec::new()
    }

    /// Files of a configuration that the index has and the worktree has not, with what is stored of them: they may have been moved. Asked for only
    /// where values of a new file are sealed to a public key.
    fn gone(&mut self) -> Vec<(Vec<u8>, Vec<u8>)> {
        Vec::new()
    }

    /// What `make` gives, if the index has one version of this path, and that is these very bytes. Where it has none or
    /// several, `make` is not called.
    fn sole_version(
        &mut self,
        _path: &[u8],
        _make: &mut dyn FnMut() -> Option<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        None
    }

    /// Whether the index has these very bytes, `len` of them, at this path. Asked for only where they would be refused.
    fn holds(&mut self, _path: &[u8], _content: &mut dyn Read, _len: u64) -> bool {
        false
    }

    /// Whether this clone has confirmed that the path moves to this key from one of another name.
    fn is_confirmed(&mut self, _path: &[u8], _key: &KeyName) -> bool {
        false
    }

    /// Whether keys of git-crypt are held here, so that a path could move from one of them to a key of this program.
    fn holds_git_crypt_keys(&mut self) -> bool {
        false
    }

    /// The git-crypt key that seals what the index has at this path, where this clone has not confirmed that it moves to
    /// `key`, and `key` has not taken that one over. `plaintext` is what should be stored. Asked for only where it matters.
    fn leaves_git_crypt(
        &mut self,
        _path: &[u8],
        _key: &KeyName,
        _plaintext: &mut dyn Read,
    ) -> Option<Crossing> {
        None
    }

    /// Whether this clone trusts the public key of a key that it does not hold, as far as it can know: the first one that it sees,
    /// which it remembers. Says what its user should know of that, if anything.
    ///
    /// # Errors
    /// Nothing may be sealed to it.
    fn trust(&mut self, _key: &KeyName, _to: &WriteOnly) -> Result<Option<String>, FilterError> {
        Ok(None)
    }

    /// Why no value may be set of a key that is not held: its public key, which this clone has seen, was taken out of its description.
    fn taken_out(&mut self, _key: &KeyName) -> Option<PinError> {
        None
    }

    /// What a user should know of the keys that the repository describes, once all files are done.
    fn warnings(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// The name of a key that the repository describes.
    fn name_of(&mut self, _id: KeyId) -> Option<KeyName> {
        None
    }

    /// Seals values to a public key: the tokens that were made of them before in this clone, else new ones; and why these could not be
    /// remembered, if so.
    ///
    /// # Errors
    /// There are no random numbers.
    fn seal_to(
        &mut self,
        to: &WriteOnly,
        values: &[(&[u8], &Place)],
        quoted: bool,
    ) -> io::Result<(Vec<String>, Option<String>)> {
        let seal = |(raw, place): &(&[u8], &Place)| to.seal(raw, place, quoted);
        Ok((values.iter().map(seal).collect::<io::Result<_>>()?, None))
    }

    /// A commit of the branch that described one of these ids of a key; see [`sealing_key`].
    ///
    /// # Errors
    /// A sentence that says why it cannot be known.
    fn later(&mut self, _key: &KeyName, _ids: &[KeyId]) -> Result<Option<String>, String> {
        Ok(None)
    }
}
