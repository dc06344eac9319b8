//! What a run of the filter met that its user should know.

use std::collections::BTreeMap;

use super::FilterError;
use crate::format::KeyId;
use crate::values::{SealError, TokenError};

/// Files whose keys are looked at when all are there, at most.
const MAX_OPENED: usize = 100_000;

/// Files of one kind that are named, at most.
pub(super) const MAX_NAMED: usize = 5;

/// A number of files, and the first of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// How many.
    pub count: u64,
    /// The first; `None` where there is none.
    pub first: Option<Vec<u8>>,
}

impl Files {
    /// Counts one more.
    pub fn note(&mut self, path: &[u8]) {
        self.count += 1;
        self.first.get_or_insert_with(|| path.to_vec());
    }

    /// Counts those as well; the first of all is the first in the order of paths.
    pub fn absorb(&mut self, other: Self) {
        self.count += other.count;
        self.first = match (self.first.take(), other.first) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

/// Says for people, with a hint, which opened files another key should have sealed.
pub fn describe_suspects(retired: &Files, of_other_key: &Files) -> Vec<(String, &'static str)> {
    let sentence = |files: &Files, with: &str| {
        let first = files.first.as_deref()?;
        let (count, first) =
            (crate::error::count(files.count, "file"), crate::sanitise::path(first));
        let is = if files.count == 1 { "is" } else { "are" };
        Some(format!("opened {count} that {is} sealed with {with}, first {first}"))
    };
    let retired = sentence(retired, "an earlier generation of the key");
    let other = sentence(of_other_key, "a key of another name than the attribute says");
    let who = "a removed member can write such a file: 'git log -- PATH' shows who did; 'git shroud status' names all of them";
    let why = "'git shroud why PATH' shows who changed it";
    retired.map(|said| (said, who)).into_iter().chain(other.map(|said| (said, why))).collect()
}

/// What a run of the filter met that its user should know.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files that stay sealed, as their key is not held.
    pub still_sealed: u64,
    /// Files that the repository holds as plaintext.
    pub in_the_clear: u64,
    /// The first of those.
    pub first_in_the_clear: Option<Vec<u8>>,
    /// Files that are sealed, do not open, and were handed on as they are.
    pub damaged: u64,
    /// The first of those, what is wrong with it, and what to do if it is sound in the repository.
    pub first_damaged: Option<(Vec<u8>, String, Option<&'static str>)>,
    /// Files that were opened, and are sealed with an earlier generation than `.shroud/` describes.
    pub retired: Files,
    /// Files that were opened, and are sealed with a key of another name than their attribute says.
    pub of_other_key: Files,
    /// Files that should be sealed by value and were sealed whole, as they do not read, with why.
    pub sealed_whole: BTreeMap<Vec<u8>, String>,
    /// Files that were sealed by value and in which a secret stays readable: the line of the first, and what is there.
    pub readable: BTreeMap<Vec<u8>, (usize, String)>,
    /// What is to be known of values that were sealed to a public key.
    pub to_public: Vec<String>,
    /// Files that were opened with a key that may be another than it ought to be.
    pub(super) opened: Vec<(Vec<u8>, KeyId)>,
}

impl Summary {
    pub(super) fn note_in_the_clear(&mut self, path: &[u8]) {
        self.in_the_clear += 1;
        self.first_in_the_clear.get_or_insert_with(|| path.to_vec());
    }

    /// git may ask twice for one file.
    pub(super) fn note_sealed_whole(&mut self, path: &[u8], why: String) {
        self.sealed_whole.entry(path.to_vec()).or_insert(why);
    }

    /// As for what is sealed whole.
    pub(super) fn note_readable(&mut self, path: &[u8], found: (usize, String)) {
        self.readable.entry(path.to_vec()).or_insert(found);
    }

    pub(super) fn note_damaged(&mut self, path: &[u8], error: &FilterError) {
        self.damaged += 1;
        let is_sound = match error {
            FilterError::Conversion(_) => true,
            FilterError::Open(error) => error.is_newer(),
            FilterError::OpenValues(error) => error.is_newer(),
            FilterError::SealValues(SealError::Token(_, TokenError::Newer(_))) => true,
            _ => false,
        };
        let hint = is_sound.then(|| error.hint()).flatten();
        self.first_damaged.get_or_insert_with(|| (path.to_vec(), error.to_string(), hint));
    }

    pub(super) fn note_opened(&mut self, path: &[u8], key: KeyId) {
        if !path.is_empty() && self.opened.len() < MAX_OPENED {
            self.opened.push((path.to_vec(), key));
        }
    }

    /// Lets damaged bytes pass as they are: no plaintext is at stake, and one bad file must not stop a whole checkout.
    pub(super) fn hand_on(
        &mut self,
        path: &[u8],
        error: FilterError,
        strict: bool,
    ) -> Result<(), FilterError> {
        if strict || !matches!(error, FilterError::Open(_) | FilterError::OpenValues(_)) {
            return Err(error);
        }
        self.note_damaged(path, &error);
        Ok(())
    }
}
