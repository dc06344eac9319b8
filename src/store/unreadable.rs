//! What another user keeps in `<common dir>/git-shroud`: a clone that was unlocked by root, or by whoever deploys.

use std::io;
use std::path::Path;

/// The same error; where the user may not read the file, it says whose it is.
pub fn explain(path: &Path, error: io::Error) -> io::Error {
    if error.kind() != io::ErrorKind::PermissionDenied {
        return error;
    }
    let shown = crate::sanitise::native(path);
    let text = match owner(path) {
        Some(owner) => {
            format!("{shown} belongs to user {owner}, and you may not read it")
        }
        None => format!("{shown}: you may not read it"),
    };
    io::Error::new(error.kind(), text)
}

/// What helps where [`explain`] had something to say.
pub const REMEDY: &str = "if 'sudo git shroud unlock' was a mistake, take the folder back: sudo chown -R \"$(id -un)\" .git/git-shroud; else work as that user, or in your own clone";

/// The owner of a file or, where it is in a folder that this user may not enter, of that folder.
#[cfg(unix)]
fn owner(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let uid = path.ancestors().find_map(|path| path.symlink_metadata().ok())?.uid();
    // Not by the name service: see src/password_file.c.
    let users = crate::fs::read_bounded(Path::new("/etc/passwd"), 1 << 20).unwrap_or_default();
    let users = String::from_utf8_lossy(&users);
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| crate::sanitise::text(name))
    });
    Some(name.unwrap_or_else(|| uid.to_string()))
}

#[cfg(not(unix))]
fn owner(_path: &Path) -> Option<String> {
    None
}
