//! Whole contents in memory, to be held against what is sealed by value.

use std::io::{self, Read as _};

use super::Spool;
use crate::secret::WipedVec;
use crate::values::{self, Ciphers, Opened};

/// All of a content.
pub(super) fn read(spool: &mut Spool) -> io::Result<WipedVec> {
    let len = usize::try_from(spool.len()).unwrap_or(usize::MAX);
    let mut bytes = WipedVec::with_capacity(len);
    spool.reader()?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether a blob that is not sealed whole holds this content, with its values sealed: for a path that is sealed whole by now.
pub(super) fn opens_by_value(
    path: &[u8],
    blob: &[u8],
    content: &mut Spool,
    ciphers: &mut Ciphers<'_>,
) -> io::Result<bool> {
    if content.len() > values::MAX_LEN as u64 || !values::may_hold_tokens(blob) {
        return Ok(false);
    }
    let content = read(content)?;
    Ok(matches!(
        values::open(values::format_of_path(path), blob, ciphers),
        Ok(Opened::Plaintext { bytes, .. }) if *bytes == *content
    ))
}
