//! Content that git-lfs keeps outside of git's objects: a small blob stands for it.

use std::path::PathBuf;

use crate::git::repository::Repository;

/// Bytes of the longest blob that stands for content (git-lfs, `docs/spec.md`).
const LONGEST: usize = 1024;
/// How such a blob begins.
const BEGIN: &[u8] = b"version https://git-lfs.github.com/spec/";
/// What is before the name of the content.
const NAME: &[u8] = b"\noid sha256:";
/// Digits of a name.
const DIGITS: usize = 64;

/// Where the content is kept.
pub(super) struct Outside(PathBuf);

impl Outside {
    /// In git's folder, or where `lfs.storage` says.
    pub(super) fn of(repository: &Repository) -> Self {
        let folder = repository.common_dir();
        let said = repository.gix.config_snapshot().string("lfs.storage");
        let said = said.and_then(|path| gix::path::from_bstr(path).ok());
        let storage = said.map_or_else(|| folder.join("lfs"), |path| folder.join(path));
        Self(storage.join("objects"))
    }

    /// Whether the content that a blob stands for is here; `None` where it stands for none.
    pub(super) fn holds(&self, blob: &[u8]) -> Option<bool> {
        if blob.len() > LONGEST || !blob.starts_with(BEGIN) {
            return None;
        }
        let digits = memchr::memmem::find(blob, NAME).map(|at| &blob[at + NAME.len()..])?;
        let name = digits.get(..DIGITS).filter(|name| name.iter().all(u8::is_ascii_hexdigit))?;
        let name = String::from_utf8_lossy(name);
        Some(self.0.join(&name[..2]).join(&name[2..4]).join(&*name).exists())
    }
}
