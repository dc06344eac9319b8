//! The manual pages of this program, as files.

use std::fs;
use std::io;
use std::path::Path;

/// Writes a page for each command into a folder, which is made where there is none.
///
/// # Errors
/// The folder cannot be made, or a page not be written.
pub fn write_pages(program: clap::Command, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    clap_mangen::generate_to(program, folder)
}
