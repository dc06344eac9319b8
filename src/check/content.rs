//! What blobs are, told by their first bytes and their length.

use std::collections::{BTreeSet, HashMap};

use gix::ObjectId;

use crate::format::{self, KeyId, OpenError, Sniff};
use crate::git::GitError;
use crate::git::database::Database;
use crate::git_crypt::{HeldKeys, is_encrypted, is_encrypted_twice};
use crate::values::{self, MAX_SEALED};

/// Blobs whose length or first bytes are remembered.
const REMEMBERED: usize = 100_000;

/// What the first bytes of a blob say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Missing,
    Empty,
    Plain,
    GitCrypt {
        whole: bool,
        twice: bool,
    },
    Damaged(String),
    /// A newer program sealed it.
    Newer(String),
    /// With its length.
    Sealed(KeyId, u64),
}

/// Blobs, each looked at once.
pub(super) struct Blobs<'r> {
    pub(super) database: &'r Database<'r>,
    git_crypt: &'r HeldKeys,
    contents: HashMap<ObjectId, Content>,
    lens: HashMap<ObjectId, u64>,
    /// The key of the first sealed value, of blobs that were looked at as configuration files.
    values: HashMap<ObjectId, Option<KeyId>>,
    /// What is not here.
    pub(super) missing: BTreeSet<ObjectId>,
}

impl<'r> Blobs<'r> {
    pub(super) fn new(database: &'r Database<'r>, git_crypt: &'r HeldKeys) -> Self {
        let missing = BTreeSet::new();
        Self {
            database,
            git_crypt,
            contents: HashMap::new(),
            lens: HashMap::new(),
            values: HashMap::new(),
            missing,
        }
    }

    /// Forgets what was looked at, if it is much.
    pub(super) fn shrink(&mut self) {
        let lens = [self.contents.len(), self.lens.len(), self.values.len()];
        if lens.into_iter().any(|len| len > REMEMBERED) {
            self.contents.clear();
            self.lens.clear();
            self.values.clear();
        }
    }

    /// Whether the blob was looked at and is encrypted.
    pub(super) fn is_known_encrypted(&self, id: ObjectId) -> bool {
        matches!(self.contents.get(&id), Some(Content::Sealed(..) | Content::GitCrypt { .. }))
            || matches!(self.values.get(&id), Some(Some(_)))
    }

    /// Whether the blob holds something that is not sealed, also if it begins as what is encrypted: that is easily forged.
    pub(super) fn is_unsealed(&mut self, path: &[u8], id: ObjectId) -> Result<bool, GitError> {
        let content = self.content(id)?;
        if content == Content::Plain
            && let Some(text) = self.text(id)?
            && let Some(looked) = values::look_anyway(path, &text)
        {
            return Ok(looked.sealed() == 0);
        }
        Ok(!matches!(content, Content::Sealed(..) | Content::Empty | Content::Missing))
    }

    pub(super) fn len(&mut self, id: ObjectId) -> Result<Option<u64>, GitError> {
        if let Some(&len) = self.lens.get(&id) {
            return Ok(Some(len));
        }
        let Some((_, len)) = self.database.header(id)? else {
            self.missing.insert(id);
            return Ok(None);
        };
        self.lens.insert(id, len);
        Ok(Some(len))
    }

    /// What a blob is, if it has a length that a sealed file can have; others are not read.
    pub(super) fn seemingly_sealed(&mut self, id: ObjectId) -> Result<Option<Content>, GitError> {
        if let Some(content) = self.contents.get(&id) {
            return Ok(Some(content.clone()));
        }
        match self.len(id)? {
            Some(len) if format::may_be_sealed(len) => self.content(id).map(Some),
            _ => Ok(None),
        }
    }

    /// The bytes of a blob that may be sealed by value; `None` where it is not here, or longer than any.
    pub(super) fn text(&mut self, id: ObjectId) -> Result<Option<Vec<u8>>, GitError> {
        match self.len(id)? {
            Some(len) if len <= MAX_SEALED as u64 => self.database.file(id, MAX_SEALED as u64),
            _ => Ok(None),
        }
    }

    /// The key of a value that is sealed in a blob, where the path is that of a configuration file; each blob is read once.
    pub(super) fn value_key(
        &mut self,
        path: &[u8],
        id: ObjectId,
    ) -> Result<Option<KeyId>, GitError> {
        if values::format_of_path(path).is_none() {
            return Ok(None);
        }
        self.sealed_value(path, id)
    }

    /// As [`Self::value_key`], whatever the path.
    pub(super) fn sealed_value(
        &mut self,
        path: &[u8],
        id: ObjectId,
    ) -> Result<Option<KeyId>, GitError> {
        if let Some(&known) = self.values.get(&id) {
            return Ok(known);
        }
        let text = self.text(id)?;
        let looked = text.and_then(|text| values::look_anyway(path, &text));
        let key = looked.and_then(|looked| looked.keys().next());
        self.values.insert(id, key);
        Ok(key)
    }

    pub(super) fn content(&mut self, id: ObjectId) -> Result<Content, GitError> {
        if let Some(content) = self.contents.get(&id) {
            return Ok(content.clone());
        }
        let content = match self.database.start(id, format::HEADER_LEN)? {
            None => {
                self.missing.insert(id);
                return Ok(Content::Missing);
            }
            Some(start) => {
                let damaged = |error: OpenError| match error.is_newer() {
                    true => Content::Newer(error.to_string()),
                    false => Content::Damaged(error.to_string()),
                };
                match format::sniff(&start.bytes) {
                    Sniff::Empty => Content::Empty,
                    Sniff::NotSealed => Content::Plain,
                    Sniff::GitCrypt => {
                        let mut versions = self.git_crypt.versions_for(None);
                        let twice = versions.any(|(_, key)| is_encrypted_twice(key, &start.bytes));
                        Content::GitCrypt { whole: is_encrypted(&start.bytes), twice }
                    }
                    Sniff::Truncated => damaged(OpenError::Truncated),
                    Sniff::UnsupportedVersion(version) => {
                        damaged(OpenError::UnsupportedVersion(version))
                    }
                    Sniff::Sealed(_) if format::is_cut_off(&start.bytes, start.len) => {
                        damaged(OpenError::Truncated)
                    }
                    Sniff::Sealed(key) => Content::Sealed(key, start.len),
                }
            }
        };
        self.contents.insert(id, content.clone());
        Ok(content)
    }
}
