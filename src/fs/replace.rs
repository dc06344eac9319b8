//! Moving and removing files that somebody else has open for a moment: on Windows an editor, an indexer or a virus scanner
//! is in the way of that, and so is the attribute "read-only".

use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// Milliseconds of each wait, in all a third of a second; git waits likewise (git's compat/mingw.c).
const PAUSES: [u64; 5] = [10, 20, 40, 80, 160];
/// Windows' `ERROR_ACCESS_DENIED`: somebody has the file open, or it is read-only, or the user may not.
const ACCESS_DENIED: i32 = 5;
/// Windows' `ERROR_SHARING_VIOLATION`: somebody has the file open.
const SHARING_VIOLATION: i32 = 32;
/// Windows' `ERROR_LOCK_VIOLATION`: another run has locked it.
const LOCK_VIOLATION: i32 = 33;
const IN_USE: [i32; 3] = [ACCESS_DENIED, SHARING_VIOLATION, LOCK_VIOLATION];

/// Moves a file or folder, over a file that is there.
///
/// # Errors
/// Those of the file system.
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
    let (from, to) = (from.as_ref(), to.as_ref());
    on(cfg!(windows), to, thread::sleep, || fs::rename(from, to))
}

/// Puts a temporary file in the place of what is at `to`.
///
/// # Errors
/// Those of the file system; the temporary file is gone then.
pub fn put(mut from: tempfile::TempPath, to: &Path) -> io::Result<()> {
    rename(&from, to)?;
    from.disable_cleanup(true);
    Ok(())
}

/// Removes a file.
///
/// # Errors
/// Those of the file system.
pub fn remove(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref();
    on(cfg!(windows), path, thread::sleep, || fs::remove_file(path))
}

/// Removes a folder with all that is in it.
///
/// # Errors
/// Those of the file system.
pub fn remove_tree(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref();
    if cfg!(windows) {
        let _ = make_writable_below(path);
    }
    patiently(cfg!(windows), &IN_USE, &mut thread::sleep, || fs::remove_dir_all(path))
}

/// Reads what another run may have locked.
///
/// # Errors
/// Those of `read`.
pub(super) fn reading<T>(read: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    patiently(cfg!(windows), &IN_USE[1..], &mut thread::sleep, read)
}

fn code(windows: bool, error: &io::Error) -> Option<i32> {
    error.raw_os_error().filter(|_| windows)
}

/// Does it again, a few times, where somebody has the file open; over a read-only file too.
fn on(
    windows: bool,
    path: &Path,
    mut wait: impl FnMut(Duration),
    mut action: impl FnMut() -> io::Result<()>,
) -> io::Result<()> {
    patiently(windows, &IN_USE, &mut wait, || match action() {
        Err(error) if code(windows, &error) == Some(ACCESS_DENIED) => {
            let before = fs::symlink_metadata(path).map(|metadata| metadata.permissions());
            let Ok(before) = before.as_ref() else { return Err(error) };
            if !before.readonly() {
                return Err(error);
            }
            set_writable(path, before.clone())?;
            let done = action();
            if done.is_err() {
                let _ = fs::set_permissions(path, before.clone());
            }
            done
        }
        done => done,
    })
}

fn patiently<T>(
    windows: bool,
    in_use: &[i32],
    wait: &mut impl FnMut(Duration),
    mut action: impl FnMut() -> io::Result<T>,
) -> io::Result<T> {
    let is_busy =
        |error: &io::Error| code(windows, error).is_some_and(|code| in_use.contains(&code));
    for pause in PAUSES {
        match action() {
            Err(error) if is_busy(&error) => wait(Duration::from_millis(pause)),
            done => return done,
        }
    }
    action()
}

// It is called on Windows, where this takes one attribute away and opens the file to nobody else.
#[allow(clippy::permissions_set_readonly_false)]
fn set_writable(path: &Path, mut permissions: fs::Permissions) -> io::Result<()> {
    permissions.set_readonly(false);
    fs::set_permissions(path, permissions)
}

/// git's objects are read-only, and Windows before 10, and network drives, remove no such file.
fn make_writable_below(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            make_writable_below(&entry.path())?;
        } else if metadata.permissions().readonly() {
            set_writable(&entry.path(), metadata.permissions())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(code: i32, mut times: usize) -> impl FnMut() -> io::Result<()> {
        move || match times {
            0 => Ok(()),
            _ => {
                times -= 1;
                Err(io::Error::from_raw_os_error(code))
            }
        }
    }

    /// How it ended, and for how many milliseconds it waited in all.
    fn tried(windows: bool, code: i32, times: usize) -> (bool, u64) {
        let mut waited = 0;
        let mut wait = |pause: Duration| waited += u64::try_from(pause.as_millis()).unwrap();
        let done = patiently(windows, &IN_USE, &mut wait, failing(code, times));
        (done.is_ok(), waited)
    }

    #[test]
    fn a_file_that_is_open_elsewhere_is_tried_again() {
        for code in IN_USE {
            assert_eq!(tried(true, code, 0), (true, 0));
            assert_eq!(tried(true, code, 3), (true, 70));
            assert_eq!(tried(true, code, 5), (true, 310));
            assert_eq!(tried(true, code, 6), (false, 310));
            // The numbers mean something else on other systems.
            assert_eq!(tried(false, code, 1), (false, 0));
        }
        assert_eq!(tried(true, 2, 1), (false, 0));
    }

    fn read_only(path: &Path) -> bool {
        fs::metadata(path).unwrap().permissions().readonly()
    }

    fn make_read_only(path: &Path) {
        let mut permissions = fs::metadata(path).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(path, permissions).unwrap();
    }

    #[test]
    fn a_read_only_file_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("new"), dir.path().join("old"));
        fs::write(&from, "new").unwrap();
        fs::write(&to, "old").unwrap();
        make_read_only(&to);
        // As Windows has it.
        let rename = || match read_only(&to) {
            true => Err(io::Error::from_raw_os_error(ACCESS_DENIED)),
            false => fs::rename(&from, &to),
        };
        on(true, &to, |_| panic!("nobody has it open"), rename).unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"new");
    }

    #[test]
    fn a_file_that_cannot_be_replaced_stays_read_only() {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("old");
        fs::write(&to, "old").unwrap();
        make_read_only(&to);
        on(true, &to, |_| {}, failing(ACCESS_DENIED, usize::MAX)).unwrap_err();
        assert!(read_only(&to));
    }

    #[test]
    fn a_folder_with_read_only_files_goes() {
        let dir = tempfile::tempdir().unwrap();
        let object = dir.path().join("objects/ab/cd");
        fs::create_dir_all(object.parent().unwrap()).unwrap();
        fs::write(&object, "an object").unwrap();
        make_read_only(&object);
        make_writable_below(dir.path()).unwrap();
        assert!(!read_only(&object));
        remove_tree(dir.path().join("objects")).unwrap();
        assert!(!dir.path().join("objects").exists());
    }
}
