//! Paths that may leave the seal: allowed where the check runs, never by what is checked.

use std::io;
use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice as _;
use gix::glob::pattern::Case;

use crate::fs::read_bounded;
use crate::git::attributes_file::matches;
use crate::store::local;

/// Bytes of the longest list that is read.
const MAX_LEN: usize = 1 << 20;

/// Patterns of paths, as in an attributes file at the top.
#[derive(Debug, Default)]
pub struct Allowed(Vec<Vec<u8>>);

impl Allowed {
    /// Where the list is: in git's own folder, which no push can write.
    pub fn path(common_dir: &Path) -> PathBuf {
        local::dir(common_dir).join("allow-plaintext")
    }

    /// The list of a repository, a pattern on each line; empty where there is none. Lines that begin with `#` are comments.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(common_dir: &Path) -> io::Result<Self> {
        let text = match read_bounded(&Self::path(common_dir), MAX_LEN) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            read => read?,
        };
        let lines = text.lines().map(<[u8]>::trim_ascii);
        Ok(Self(
            lines.filter(|line| !line.is_empty() && line[0] != b'#').map(<[u8]>::to_vec).collect(),
        ))
    }

    /// Adds a pattern.
    pub fn add(&mut self, pattern: &[u8]) {
        self.0.push(pattern.to_vec());
    }

    /// Whether a pattern matches the path.
    pub fn has(&self, path: &[u8]) -> bool {
        self.0.iter().any(|pattern| matches(pattern, path, Case::Sensitive))
    }
}
