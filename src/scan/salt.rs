//! The salt of this clone, for fingerprints where no key is held: two reports of one clone name a value alike.

use std::path::Path;

use super::error::ScanError;
use super::fingerprint::SALT_LEN;
use crate::fs::{create_private, create_private_dir, read_bounded};
use crate::store::local;

/// The file, under this program's folder.
const NAME: &str = "scan-salt";

/// The salt of the clone with this common folder, which is made where there is none. A folder that cannot be written gets
/// another one each time.
///
/// # Errors
/// The operating system gives no random bytes.
pub(super) fn of(common_dir: &Path) -> Result<[u8; SALT_LEN], ScanError> {
    let folder = local::dir(common_dir);
    let path = folder.join(NAME);
    let known = || {
        let digits = read_bounded(&path, 2 * SALT_LEN + 1).ok()?;
        crate::hex::read(std::str::from_utf8(digits.trim_ascii()).ok()?)
    };
    if let Some(salt) = known() {
        return Ok(salt);
    }
    let salt = new()?;
    // What another run made meanwhile stays.
    let _ = create_private_dir(&folder);
    match create_private(&path, format!("{}\n", crate::hex::lower(&salt)).as_bytes()) {
        Ok(()) => Ok(salt),
        Err(_) => Ok(known().unwrap_or(salt)),
    }
}

/// A new salt.
///
/// # Errors
/// The operating system gives no random bytes.
pub(super) fn new() -> Result<[u8; SALT_LEN], ScanError> {
    let mut salt = [0; SALT_LEN];
    getrandom::fill(&mut salt).map_err(ScanError::Random)?;
    Ok(salt)
}
