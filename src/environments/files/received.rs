//! Values that somebody set without the key, on their way from one environment to another.

use super::Loaded;
use crate::clone::OpenClone;
use crate::fs::read_regular;
use crate::store::received::Received;
use crate::values::{self, Ciphers, MAX_SEALED, Opened};

/// Remembers such values of a file that is sealed in the worktree, so that none becomes an ordinary one where it is set next. Of an open one
/// the filter did so, and what cannot be read gives no value.
pub(super) fn receive(loaded: &Loaded, path: &str) {
    let opened = &loaded.opened;
    let (Ok(top), Ok(native)) = (opened.top(), OpenClone::native(path.as_bytes())) else { return };
    let Ok(bytes) = read_regular(&top.join(native), MAX_SEALED) else { return };
    let format = values::format_of_path(path.as_bytes());
    let found = values::open(format, &bytes, &mut Ciphers::new(&opened.keyring));
    if let Ok(Opened::Plaintext { received, .. }) = found
        && !received.is_empty()
    {
        let received = received.iter().map(|(place, token)| (place.names(), token.as_str()));
        let common_dir = opened.repository.common_dir();
        let _ = Received::remember(&mut None, common_dir, path.as_bytes(), received);
    }
}
