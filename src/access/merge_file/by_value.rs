//! Versions that are sealed by value.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::error::MergeError;
use crate::error::Context as _;
use crate::format::KeyId;
use crate::keyring::Keyring;
use crate::values::{self, Ciphers, MAX_SEALED, Opened};

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(MAX_SEALED as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A key that sealed a value of the file, as much of its id as is known.
pub(super) fn id_of(file: &Path) -> Option<KeyId> {
    values::named_keys(&read(file).ok()?).into_iter().next_back()
}

/// Whether no version opens here, as a key that sealed values is not held, and none is sealed whole: what is merged then are the
/// stored bytes.
pub(super) fn locked(
    keyring: &Keyring,
    path: &[u8],
    sides: [&PathBuf; 3],
) -> Result<bool, MergeError> {
    let mut locked = false;
    for side in sides {
        let bytes = read(side).context(|| crate::sanitise::native(side))?;
        if bytes.contains(&0) {
            return Ok(false);
        }
        let opened = values::open(values::format_of_path(path), &bytes, &mut Ciphers::new(keyring));
        locked |= matches!(opened, Ok(Opened::Locked(_)));
    }
    Ok(locked)
}
