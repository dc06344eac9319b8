//! One run at a time changes the keys of a clone: the lock, who holds it, and what an interrupted run has left.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

/// Keeps other runs of this program out, until it is dropped.
pub type Exclusive = File;

/// The run that holds the lock, as far as the system tells.
#[derive(Clone, Copy, Debug, Default)]
pub struct Holder {
    /// Its process.
    pub pid: Option<u32>,
    /// Whether somebody has stopped it, as Ctrl-Z does: then waiting for it is in vain.
    pub is_suspended: bool,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another git-shroud")?;
        self.pid.map_or(Ok(()), |pid| write!(f, " (process {pid})"))
    }
}

/// Takes the lock if nobody holds it.
///
/// # Errors
/// The folder cannot be opened or locked.
pub fn try_exclusive(common_dir: &Path) -> io::Result<Option<Exclusive>> {
    lock(open(common_dir)).map_err(|error| crate::fs::with_path(common_dir, &error))
}

fn lock(file: io::Result<File>) -> io::Result<Option<Exclusive>> {
    let file = file?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// What is locked: the folder, in which a run that changes nothing leaves nothing.
#[cfg(unix)]
fn open(common_dir: &Path) -> io::Result<File> {
    File::open(common_dir)
}

#[cfg(not(unix))]
fn open(common_dir: &Path) -> io::Result<File> {
    open_file(common_dir)
}

/// A file to lock, where a folder cannot be. It stays, as whoever waits for it has it open.
#[cfg(any(not(unix), test))]
fn open_file(common_dir: &Path) -> io::Result<File> {
    let dir = super::local::dir(common_dir);
    crate::fs::create_private_dir(&dir)?;
    File::options().write(true).create(true).truncate(false).open(dir.join("lock"))
}

/// Takes the lock, and waits while another run holds it: a minute, and not at all for one that is suspended. `waiting` is
/// called once, if it takes longer than a second.
///
/// # Errors
/// The folder cannot be opened or locked; in `Ok(Err(_))` who holds the lock.
pub fn exclusive(
    common_dir: &Path,
    waiting: impl FnOnce(Holder),
) -> io::Result<Result<Exclusive, Holder>> {
    use std::time::{Duration, Instant};
    const PAUSE: Duration = Duration::from_millis(20);
    const SILENT: Duration = Duration::from_secs(1);
    const PATIENCE: Duration = Duration::from_secs(60);
    let begun = Instant::now();
    let mut looked = begun;
    let mut waiting = Some(waiting);
    loop {
        if let Some(lock) = try_exclusive(common_dir)? {
            return Ok(Ok(lock));
        }
        if looked.elapsed() >= SILENT {
            looked = Instant::now();
            let holder = holder(common_dir);
            if holder.is_suspended || begun.elapsed() >= PATIENCE {
                return Ok(Err(holder));
            }
            waiting.take().into_iter().for_each(|waiting| waiting(holder));
        }
        std::thread::sleep(PAUSE);
    }
}

/// Who holds the lock; on Linux the kernel says so.
#[cfg(unix)]
pub fn holder(common_dir: &Path) -> Holder {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(folder) = std::fs::metadata(common_dir) else { return Holder::default() };
    let inode = folder.ino().to_string();
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    let pid = locks.lines().find_map(|line| {
        // As in "1: FLOCK  ADVISORY  WRITE 4711 08:01:131074 0 EOF" (proc(5)).
        let fields: Vec<_> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, pid, file, ..] = fields[..] else { return None };
        let pid = pid.parse().ok()?;
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        (file.rsplit(':').next()? == inode && name.starts_with("git-shroud")).then_some(pid)
    });
    let state = pid.and_then(|pid: u32| std::fs::read_to_string(format!("/proc/{pid}/stat")).ok());
    // Behind the name, which is in brackets and may hold anything.
    let state = state.as_deref().and_then(|stat| stat.rsplit(") ").next());
    Holder { pid, is_suspended: state.is_some_and(|state| state.starts_with(['T', 't'])) }
}

/// Nothing is known.
#[cfg(not(unix))]
pub fn holder(_common_dir: &Path) -> Holder {
    Holder::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_a_second_run_out_until_the_first_ends() {
        let dir = tempfile::tempdir().unwrap();
        let first = lock(open_file(dir.path())).unwrap();
        assert!(first.is_some());
        assert!(lock(open_file(dir.path())).unwrap().is_none());
        drop(first);
        assert!(lock(open_file(dir.path())).unwrap().is_some());
        assert!(dir.path().join("git-shroud/lock").is_file());
    }
}
