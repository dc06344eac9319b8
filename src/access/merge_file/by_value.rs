//! Versions that are sealed by value.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::error::MergeError;
use crate::error::Context as _;
use crate::filter::Merging;
use crate::format::KeyId;
use crate::keyring::Keyring;
use crate::values::{self, Ciphers, MAX_SEALED, OpenValuesError, Opened};

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(MAX_SEALED as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The versions, as they are stored: what was set without the key keeps its token where it did not change.
pub(super) fn merging(sides: [&PathBuf; 3]) -> Result<Option<Merging>, MergeError> {
    let read = |side: &PathBuf| read(side).context(|| crate::sanitise::native(side));
    let [base, ours, theirs] = sides;
    let (base, sides) = (Some(read(base)?), vec![read(ours)?, read(theirs)?]);
    let holds_tokens = sides.iter().any(|side| values::may_hold_tokens(side));
    Ok(holds_tokens.then_some(Merging { base, sides }))
}

/// A key that sealed a value of the file, as much of its id as is known.
pub(super) fn id_of(file: &Path) -> Option<KeyId> {
    values::named_keys(&read(file).ok()?).into_iter().next_back()
}

/// Why versions are not opened where none is sealed whole: then the stored bytes are merged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// They open.
    No,
    /// A key that sealed values is not held.
    Locked,
    /// A sealed value does not open.
    Damaged,
}

/// Whether the versions open here.
pub(super) fn closed(
    keyring: &Keyring,
    path: &[u8],
    sides: [&PathBuf; 3],
) -> Result<Closed, MergeError> {
    let mut closed = Closed::No;
    for side in sides {
        let bytes = read(side).context(|| crate::sanitise::native(side))?;
        if bytes.contains(&0) {
            return Ok(Closed::No);
        }
        match values::open(values::format_of_path(path), &bytes, &mut Ciphers::new(keyring)) {
            Ok(Opened::Locked(_)) => closed = Closed::Locked,
            Err(OpenValuesError::Token(..)) if closed == Closed::No => closed = Closed::Damaged,
            _ => {}
        }
    }
    Ok(closed)
}
