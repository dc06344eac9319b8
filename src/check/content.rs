//! What blobs are, told by their first bytes and their length.

use std::collections::{BTreeSet, HashMap};

use gix::ObjectId;

use crate::format::{self, KeyId, OpenError, Sniff};
use crate::git::GitError;
use crate::git::database::Database;
use crate::git_crypt::{HeldKeys, is_encrypted, is_encrypted_twice};

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
    /// With its length.
    Sealed(KeyId, u64),
}

/// Blobs, each looked at once.
pub(super) struct Blobs<'r> {
    pub(super) database: &'r Database<'r>,
    git_crypt: &'r HeldKeys,
    contents: HashMap<ObjectId, Content>,
    lens: HashMap<ObjectId, u64>,
    /// What is not here.
    pub(super) missing: BTreeSet<ObjectId>,
}

impl<'r> Blobs<'r> {
    pub(super) fn new(database: &'r Database<'r>, git_crypt: &'r HeldKeys) -> Self {
        let missing = BTreeSet::new();
        Self { database, git_crypt, contents: HashMap::new(), lens: HashMap::new(), missing }
    }

    /// Forgets what was looked at, if it is much.
    pub(super) fn shrink(&mut self) {
        if self.contents.len() > REMEMBERED || self.lens.len() > REMEMBERED {
            self.contents.clear();
            self.lens.clear();
        }
    }

    /// Whether the blob was looked at and is encrypted.
    pub(super) fn is_known_encrypted(&self, id: ObjectId) -> bool {
        matches!(self.contents.get(&id), Some(Content::Sealed(..) | Content::GitCrypt { .. }))
    }

    /// Whether the blob holds something that is not sealed, also if it begins as what is encrypted: that is easily forged.
    pub(super) fn is_unsealed(&mut self, id: ObjectId) -> Result<bool, GitError> {
        let content = self.content(id)?;
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
                let damaged = |error: OpenError| Content::Damaged(error.to_string());
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
