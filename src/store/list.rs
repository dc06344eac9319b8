//! Files of lines in which a clone remembers something, `<common dir>/git-shroud/…`.

use std::io;
use std::path::Path;

use crate::fs::{Access, create_private_dir, read_bounded, with_path, write_atomic};

/// Reads what each line stands for; nothing in a new clone.
///
/// A damaged list is never taken for an empty one: then whoever damaged it would have what it withholds.
///
/// # Errors
/// The file is there and cannot be read, is longer than `limit` bytes, or has a line that `parse` refuses.
pub(super) fn read<T>(
    file: &Path,
    limit: usize,
    parse: impl Fn(&str) -> Option<T>,
) -> io::Result<Vec<T>> {
    let text = match read_bounded(file, limit) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(|error| super::unreadable::explain(file, error))?,
    };
    let lines = std::str::from_utf8(&text).ok().map(str::lines);
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "it is damaged");
    lines.and_then(|lines| lines.map(parse).collect()).ok_or_else(|| with_path(file, &damaged()))
}

/// Writes the lines, which end with a line feed each, for nobody else to read.
///
/// # Errors
/// The file or its folder cannot be written.
pub(super) fn write(file: &Path, lines: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        create_private_dir(folder)?;
    }
    write_atomic(file, lines.as_bytes(), Access::Private)
}
