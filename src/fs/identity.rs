//! Whether a file is still the one that it was.

use std::path::Path;
use std::time::SystemTime;

/// What tells a file from one that was written in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    modified: Option<SystemTime>,
    len: u64,
    /// Device and number, and when it was changed in any way: seconds and nanoseconds.
    node: (u64, u64, i64, i64),
}

impl Identity {
    /// When it was written, in nanoseconds since 1970; 0 where that is not known.
    pub fn written(&self) -> u128 {
        let since = self.modified.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        since.map_or(0, |since| since.as_nanos())
    }
}

/// The identity of what is at a path, which may be a link; `None` where there is nothing.
pub fn identity(path: &Path) -> Option<Identity> {
    let metadata = path.symlink_metadata().ok()?;
    #[cfg(unix)]
    let node = {
        use std::os::unix::fs::MetadataExt as _;
        (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
    };
    #[cfg(not(unix))]
    let node = (0, 0, 0, 0);
    Some(Identity { modified: metadata.modified().ok(), len: metadata.len(), node })
}
