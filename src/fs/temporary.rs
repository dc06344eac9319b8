//! Files that must not outlive this run: a signal that ends it removes them first, as git does with its own.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a signal removes. Anybody who makes, moves or removes one of them holds this meanwhile, so that a signal never sees a
/// file that is made and not yet listed, or one at the path that is another's.
static FILES: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn files() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    // Every change is one call, so a panic leaves no half of one.
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a new file, which a signal removes until it is moved with [`rename`] or removed with [`remove`].
///
/// # Errors
/// It cannot be made; `AlreadyExists` where there is anything of that name.
pub fn create(path: &Path, mode: u32) -> io::Result<File> {
    signals::watch();
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut files = files();
    let file = options.open(path)?;
    files.insert(path.to_owned());
    Ok(file)
}

/// Gives the file at `from`, which [`create`] made, a second name that a signal removes too.
///
/// # Errors
/// Those of the file system; `AlreadyExists` where there is anything of that name.
pub fn link(from: &Path, to: &Path) -> io::Result<()> {
    let mut files = files();
    fs::hard_link(from, to)?;
    files.insert(to.to_owned());
    Ok(())
}

/// Moves a file to its place, where it stays whatever comes.
///
/// # Errors
/// Those of the file system.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let mut files = files();
    fs::rename(from, to)?;
    files.remove(from);
    Ok(())
}

/// Removes a file that [`create`] or [`link`] made.
///
/// # Errors
/// Those of the file system.
pub fn remove(path: &Path) -> io::Result<()> {
    let mut files = files();
    files.remove(path);
    fs::remove_file(path)
}

/// A file that is removed when dropped, or by a signal, unless it got its place before.
pub struct Temporary(Option<tempfile::NamedTempFile>);

impl Temporary {
    /// Makes one with a random name; the mode is cut down by the umask, and means nothing but on Unix.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new_in(dir: &Path, prefix: &str, letters: usize, mode: u32) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(prefix).rand_bytes(letters);
        let (file, path) = builder.make_in(dir, |path| create(path, mode))?.into_parts();
        Ok(Self(Some(tempfile::NamedTempFile::from_parts(file, path))))
    }

    fn inner(&self) -> &tempfile::NamedTempFile {
        self.0.as_ref().expect("it is there until it gets its place")
    }

    /// The open file.
    pub fn file(&self) -> &File {
        self.inner().as_file()
    }

    /// The open file, for writing.
    pub fn file_mut(&mut self) -> &mut File {
        self.0.as_mut().expect("it is there until it gets its place").as_file_mut()
    }

    /// Where it is until it gets its place.
    pub fn path(&self) -> &Path {
        self.inner().path()
    }

    /// Puts it in the place of what is at `path`.
    ///
    /// # Errors
    /// With the file, which stays temporary.
    pub fn persist(mut self, path: &Path) -> Result<(), (io::Error, Self)> {
        let mut files = files();
        let from = self.path().to_owned();
        let inner = self.0.take().expect("it is there until it gets its place");
        match inner.persist(path) {
            Ok(_) => {
                files.remove(&from);
                Ok(())
            }
            Err(error) => Err((error.error, Self(Some(error.file)))),
        }
    }

    /// Puts it at `path`, where nothing may be.
    ///
    /// # Errors
    /// `AlreadyExists` where there is anything of that name; those of the file system.
    pub fn persist_new(mut self, path: &Path) -> io::Result<()> {
        let mut files = files();
        files.remove(self.path());
        let inner = self.0.take().expect("it is there until it gets its place");
        inner.persist_noclobber(path).map(drop).map_err(|error| error.error)
    }
}

impl Write for Temporary {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file_mut().flush()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(inner) = self.0.take() {
            let mut files = files();
            files.remove(inner.path());
            drop(inner);
        }
    }
}

/// Leaves signals to the caller from now on: nothing is removed, and no signal ends the run.
pub fn leave_signals() {
    signals::leave();
}

/// Whether this program was started with a signal ignored, as nohup does.
#[cfg(unix)]
pub fn is_ignored(signal: i32) -> bool {
    signals::is_ignored(signal)
}

#[cfg(unix)]
mod signals {
    use std::sync::Once;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;
    use std::thread;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    use signal_hook::iterator::Signals;

    static LEFT: AtomicBool = AtomicBool::new(false);

    pub(super) fn leave() {
        LEFT.store(true, Ordering::SeqCst);
    }

    /// From the first file on, a thread waits for the signals that end a program.
    pub(super) fn watch() {
        static BEGUN: Once = Once::new();
        BEGUN.call_once(|| {
            if LEFT.load(Ordering::SeqCst) {
                return;
            }
            let (ready, begun) = mpsc::channel();
            // If no thread can be started, signals end the run as they would without this.
            let waiter = thread::Builder::new().name("signals".to_owned()).spawn(move || {
                let wanted = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];
                let signals =
                    Signals::new(wanted.into_iter().filter(|signal| !is_ignored(*signal)));
                let _ = ready.send(());
                signals.map(|mut signals| signals.forever().for_each(end)).ok()
            });
            if waiter.is_ok() {
                let _ = begun.recv();
            }
        });
    }

    fn end(signal: i32) {
        if LEFT.load(Ordering::SeqCst) {
            return;
        }
        // Held to the end, so that no file is made any more.
        let files = super::files();
        for file in &*files {
            let _ = std::fs::remove_file(file);
        }
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }

    /// Who starts a program with a signal ignored, as nohup does, wants it to live through that.
    pub(super) fn is_ignored(signal: i32) -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
        mask & (1 << (signal - 1)) != 0
    }
}

#[cfg(not(unix))]
mod signals {
    pub(super) fn leave() {}
    pub(super) fn watch() {}
}
