//! What changed in sealed files, without what they hold: by the names of values, also without a key where it can be told.

mod json;
mod markdown;
mod names;
mod side;
mod text;
mod words;

pub use json::{JsonDiff, json};
pub use markdown::markdown;
pub use names::Names;
pub use text::text;

use std::ffi::OsString;
use std::path::Path;

use super::ShowError;
use crate::clone::{CloneError, OpenClone};
use crate::config_format::{self, Difference};
use crate::error::Context as _;
use crate::git::attributes::{Attributes, PathAttributes};
use crate::git::changes::{Change, Side, changes};
use crate::git::command::Git;
use crate::values::{self, Ciphers, Look, Mode, Opened};
use side::Opening;

/// A file that differs.
pub struct FileDifference {
    /// The path, from the top of the worktree.
    pub path: Vec<u8>,
    /// Whether it came, went or changed.
    pub life: Life,
    /// What became of its sealing as a whole.
    pub turn: Option<Turn>,
    /// What can be said of it.
    pub what: What,
}

/// Whether a file came, went or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Only the new version is there.
    Added,
    /// Only the old version is there.
    Removed,
    /// Both are there.
    Changed,
}

/// What became of the sealing of a whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It was sealed, and is stored as plaintext now.
    Exposed,
    /// It was stored as plaintext, and is sealed now.
    Sealed,
}

/// What can be said of a file.
pub enum What {
    /// Which names differ; none where only comments, blank lines or the layout do.
    Names(Names),
    /// It is none that is read by names.
    Lines {
        /// Lines that only the new version has.
        added: usize,
        /// Lines that only the old version has.
        removed: usize,
    },
    /// It is not text.
    Binary,
    /// It is sealed whole with a key that is not held: nothing but that it differs.
    Whole,
    /// It is sealed whole with another key that is not held: not even whether it differs.
    Resealed,
    /// It is in a merge conflict.
    Unmerged,
    /// It cannot be compared, and why.
    Unknown(String),
}

impl FileDifference {
    /// Whether a key is missing that would tell more.
    pub fn is_incomplete(&self) -> bool {
        match &self.what {
            What::Whole | What::Resealed | What::Unknown(_) => true,
            What::Names(names) => !names.resealed.is_empty(),
            What::Lines { .. } | What::Binary | What::Unmerged => false,
        }
    }

    /// Whether it is certain that the file differs in what it holds, or in whether it is sealed.
    pub fn is_certain(&self) -> bool {
        match &self.what {
            What::Resealed | What::Unknown(_) => self.life != Life::Changed || self.turn.is_some(),
            What::Names(names) => {
                let Names { added, removed, changed, exposed, sealed, resealed, .. } = names;
                let lists = [added, removed, changed, exposed, sealed];
                resealed.is_empty() || lists.iter().any(|names| !names.is_empty())
            }
            What::Lines { .. } | What::Binary | What::Whole | What::Unmerged => true,
        }
    }
}

/// What git compares, as `git diff` takes it in `dir`.
pub struct Sides<'s> {
    /// Where paths begin.
    pub dir: &'s Path,
    /// Whether one side is the index.
    pub staged: bool,
    /// Up to two revisions.
    pub revisions: &'s [OsString],
    /// Paths; all where there are none.
    pub paths: &'s [OsString],
}

/// Compares what differs between two sides.
///
/// # Errors
/// A revision names nothing; or as [`compare`].
pub fn compare_sides(
    opened: &OpenClone,
    sides: &Sides<'_>,
) -> Result<Vec<FileDifference>, ShowError> {
    let git = Git::new(sides.dir).with_users_pathspecs();
    let changed = changes(&git, sides.staged, sides.revisions, sides.paths);
    Ok(compare(opened, changed.map_err(ShowError::Revisions)?)?)
}

/// Compares files that are sealed, or should be, on either side of a change; others, and those that do not differ, are left out.
///
/// # Errors
/// A file or the attributes cannot be read. What cannot be opened is a difference of its own.
pub fn compare(
    opened: &OpenClone,
    changed: impl IntoIterator<Item = (Vec<u8>, Change)>,
) -> Result<Vec<FileDifference>, CloneError> {
    let mut attributes = Attributes::new(&opened.repository)?;
    let mut differences = Vec::new();
    for (path, change) in changed {
        let attributes = attributes.of(&path)?;
        differences.extend(judge(opened, path, &change, &attributes)?);
    }
    Ok(differences)
}

/// Compares the two sides; `None` where the file is none that should be sealed, or does not differ.
fn judge(
    opened: &OpenClone,
    path: Vec<u8>,
    change: &Change,
    attributes: &PathAttributes,
) -> Result<Option<FileDifference>, CloneError> {
    let (old, new) = match change {
        Change::Unmerged => {
            let (life, turn, what) = (Life::Changed, None, What::Unmerged);
            let difference = FileDifference { path, life, turn, what };
            return Ok(attributes.is_encrypted().then_some(difference));
        }
        Change::Between(old, new) => (*old, *new),
    };
    let life = match (old, new) {
        (Side::Absent, _) => Life::Added,
        (_, Side::Absent) => Life::Removed,
        _ => Life::Changed,
    };
    let mode = Mode::of(attributes, &path).ok().flatten();
    let format = mode.as_ref().and_then(|mode| mode.format).or(values::format_of_path(&path));
    let old = Opening::read(opened, (&path, format), old)?;
    let new = Opening::read(opened, (&path, format), new)?;
    if !old.is_sealed() && !new.is_sealed() && !attributes.is_encrypted() {
        return Ok(None);
    }
    let turn = turn(&old, &new, mode.as_ref());
    let what = differ(opened, &path, old, new)?;
    // What is told by names is not told again.
    let turn = turn.filter(
        |_| !matches!(&what, Some(What::Names(names)) if !names.exposed.is_empty() || !names.sealed.is_empty()),
    );
    let what = what.or_else(|| turn.map(|_| What::Names(Names::default())));
    Ok(what.map(|what| FileDifference { path, life, turn, what }))
}

/// What became of the sealing of the file as a whole.
fn turn(old: &Opening, new: &Opening, mode: Option<&Mode>) -> Option<Turn> {
    // Names may be exempt, and values empty.
    let is_meant = |bytes: &[u8]| {
        bytes.is_empty()
            || mode.is_some_and(|mode| matches!(values::look(mode, bytes), Look::Sealed { .. }))
    };
    match (old, new) {
        (old, Opening::Plain { bytes, stored: true }) if old.is_sealed() => {
            (!is_meant(bytes)).then_some(Turn::Exposed)
        }
        (Opening::Plain { bytes, stored: true }, new) if new.is_sealed() => {
            (!is_meant(bytes)).then_some(Turn::Sealed)
        }
        _ => None,
    }
}

/// How two sides differ; `None` where they do not.
fn differ(
    opened: &OpenClone,
    path: &[u8],
    old: Opening,
    new: Opening,
) -> Result<Option<What>, CloneError> {
    use Opening::{Absent, ByValue, Locked, Plain, Unknown, Whole};
    Ok(match (old, new) {
        (Unknown { why, .. }, _) | (_, Unknown { why, .. }) => Some(What::Unknown(why)),
        (Locked { why, .. }, ByValue(..)) | (ByValue(..), Locked { why, .. }) => {
            Some(What::Unknown(format!("it is sealed whole on one side, and {why}")))
        }
        (Locked { seal: Some(old), .. }, Locked { seal: Some(new), .. }) => {
            match old.is_same(new) {
                Some(true) => None,
                Some(false) => Some(What::Whole),
                None => Some(What::Resealed),
            }
        }
        // git-crypt encrypts equal contents to equal bytes, and names no key.
        (Locked { seal: None, .. }, Locked { seal: None, .. }) => Some(What::Whole),
        (Locked { .. }, Whole(_) | Locked { .. }) | (Whole(_), Locked { .. }) => {
            Some(What::Resealed)
        }
        (Locked { .. }, Absent | Plain { .. }) | (Absent | Plain { .. }, Locked { .. }) => {
            Some(What::Whole)
        }
        (old @ ByValue(format, _), new) | (old, new @ ByValue(format, _)) => {
            by_name(opened, path, format, (&old, &new))?
        }
        (old, new) => by_content(path, content(&old), content(&new))?,
    })
}

/// The plaintext of a side that is not locked, and as it is stored where it is sealed by value.
fn content(side: &Opening) -> &[u8] {
    match side {
        Opening::Plain { bytes, .. } | Opening::Whole(bytes) | Opening::ByValue(_, bytes) => bytes,
        Opening::Absent | Opening::Locked { .. } | Opening::Unknown { .. } => b"",
    }
}

fn by_content(path: &[u8], old: &[u8], new: &[u8]) -> Result<Option<What>, CloneError> {
    if old == new {
        return Ok(None);
    }
    let difference =
        config_format::difference(path, old, new).context(|| crate::sanitise::path(path))?;
    Ok(Some(match difference {
        Difference::Binary => What::Binary,
        Difference::Lines { added, removed } => What::Lines { added, removed },
        Difference::Keys { added, removed, changed } => {
            What::Names(Names { added, removed, changed, ..Names::default() })
        }
    }))
}

fn by_name(
    opened: &OpenClone,
    path: &[u8],
    format: config_format::Format,
    (old, new): (&Opening, &Opening),
) -> Result<Option<What>, CloneError> {
    let ciphers = &mut Ciphers::new(&opened.keyring);
    let mut told = |side: &Opening| {
        let told = names::told(format, content(side), ciphers)?;
        Ok(if matches!(side, Opening::Whole(_)) { names::as_sealed(told) } else { told })
    };
    let both = told(old).and_then(|old| Ok((old, told(new)?)));
    let plaintext = |side: &Opening| match side {
        Opening::ByValue(_, bytes) => {
            match values::open(Some(format), bytes, &mut Ciphers::new(&opened.keyring)) {
                Ok(Opened::Plaintext { bytes, .. }) => Some(bytes),
                _ => None,
            }
        }
        side => {
            let mut bytes = crate::secret::WipedVec::with_capacity(content(side).len());
            bytes.extend_from_slice(content(side));
            Some(bytes)
        }
    };
    let plaintexts = plaintext(old).zip(plaintext(new));
    match (both, plaintexts) {
        (Ok((before, after)), plaintexts) => {
            let stored = |side: &Opening| !matches!(side, Opening::Plain { stored: false, .. });
            let names = names::compare(&before, &after, (stored(old), stored(new)));
            let is_same = plaintexts.is_some_and(|(old, new)| *old == *new);
            Ok((!names.is_empty() || !is_same).then_some(What::Names(names)))
        }
        (Err(values::OpenValuesError::DoesNotRead(_)), Some((old, new))) => {
            by_content(path, &old, &new)
        }
        (Err(error), _) => Ok(Some(What::Unknown(error.to_string()))),
    }
}
