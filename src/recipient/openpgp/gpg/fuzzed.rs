//! Parsers of this folder for the fuzz targets (`tests/formats/targets`). Nothing else uses them.

use super::{colons, status};

/// What gpg prints: a listing of keys, lines on its status channel, and messages.
pub fn listing(bytes: &[u8]) {
    for listed in colons::read(bytes) {
        listed.primary.is_disabled();
        listed.primary.encrypts();
    }
    let _ = status::decrypted(bytes);
    status::last_message(&String::from_utf8_lossy(bytes));
}
