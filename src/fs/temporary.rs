//! Files and folders that must not outlive this run: a signal or a panic that ends it removes them first, as git does with its own.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::replace;

/// What a signal removes: files, and folders with all that is in them. Anybody who makes, moves or removes one of them holds this meanwhile, so that a signal never sees a
/// file that is made and not yet listed, or one at the path that is another's.
static PATHS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn paths() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    // Every change is one call, so a panic leaves no half of one.
    PATHS.lock().unwrap_or_else(PoisonError::into_inner)
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
    let mut paths = paths();
    let file = options.open(path)?;
    paths.insert(path.to_owned());
    #[cfg(windows)]
    if mode == super::PRIVATE {
        super::acl::system::restrict_file(path);
    }
    Ok(file)
}

/// Gives the file at `from`, which [`create`] made, a second name that a signal removes too.
///
/// # Errors
/// Those of the file system; `AlreadyExists` where there is anything of that name.
pub fn link(from: &Path, to: &Path) -> io::Result<()> {
    let mut paths = paths();
    fs::hard_link(from, to)?;
    paths.insert(to.to_owned());
    Ok(())
}

/// Moves a file to its place, where it stays whatever comes.
///
/// # Errors
/// Those of the file system.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let mut paths = paths();
    replace::rename(from, to)?;
    paths.remove(from);
    Ok(())
}

/// Removes a file that [`create`] or [`link`] made.
///
/// # Errors
/// Those of the file system.
pub fn remove(path: &Path) -> io::Result<()> {
    let mut paths = paths();
    paths.remove(path);
    replace::remove(path)
}

/// Makes a new folder with a random name, which a signal removes with all that is in it, until it is removed with
/// [`remove_folder`] or left alone with [`keep_folder`]. On Unix nobody else may enter it, whatever the umask.
///
/// # Errors
/// It cannot be made.
pub(super) fn create_folder(parent: &Path, prefix: &str) -> io::Result<PathBuf> {
    signals::watch();
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let mut paths = paths();
    let path = builder.tempdir_in(parent)?.keep();
    paths.insert(path.clone());
    Ok(path)
}

/// Removes a folder that [`create_folder`] made, with all that is in it.
///
/// # Errors
/// Those of the file system.
pub(super) fn remove_folder(path: &Path) -> io::Result<()> {
    let mut paths = paths();
    paths.remove(path);
    replace::remove_tree(path)
}

/// Lets a folder that [`create_folder`] made stay.
pub(super) fn keep_folder(path: &Path) {
    paths().remove(path);
}

/// A file that is removed when dropped, or by a signal, unless it got its place before.
pub struct Temporary(Option<(File, PathBuf)>);

impl Temporary {
    /// Makes one with a random name; the mode is cut down by the umask, and means nothing but on Unix.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new_in(dir: &Path, prefix: &str, letters: usize, mode: u32) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(prefix).rand_bytes(letters);
        let (file, path) = builder.make_in(dir, |path| create(path, mode))?.into_parts();
        // Without an attribute that Windows gives to temporary files.
        Ok(Self(Some((file, path.keep()?))))
    }

    fn inner(&self) -> &(File, PathBuf) {
        self.0.as_ref().expect("it is there until it gets its place")
    }

    /// The open file.
    pub fn file(&self) -> &File {
        &self.inner().0
    }

    /// The open file, for writing.
    pub fn file_mut(&mut self) -> &mut File {
        &mut self.0.as_mut().expect("it is there until it gets its place").0
    }

    /// Where it is until it gets its place.
    pub fn path(&self) -> &Path {
        &self.inner().1
    }

    /// Puts it in the place of what is at `path`, as [`replace::rename`] does.
    ///
    /// # Errors
    /// With the file, which stays temporary.
    pub fn persist(mut self, path: &Path) -> Result<(), (io::Error, Self)> {
        match rename(self.path(), path) {
            Ok(()) => {
                self.0 = None;
                Ok(())
            }
            Err(error) => Err((error, self)),
        }
    }

    /// Puts it at `path`, where nothing may be.
    ///
    /// # Errors
    /// `AlreadyExists` where there is anything of that name; those of the file system.
    pub fn persist_new(mut self, path: &Path) -> io::Result<()> {
        let mut paths = paths();
        let (file, from) = self.0.take().expect("it is there until it gets its place");
        paths.remove(&from);
        drop(file);
        tempfile::TempPath::try_from_path(from)?
            .persist_noclobber(path)
            .map_err(|error| error.error)
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
        if let Some((file, path)) = self.0.take() {
            // Where a file is open, Windows keeps its name.
            drop(file);
            let _ = remove(&path);
        }
    }
}

/// Removes what there is, whether file or folder.
fn remove_all(paths: &BTreeSet<PathBuf>) {
    for path in paths {
        let is_folder = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
        let _ = if is_folder { replace::remove_tree(path) } else { fs::remove_file(path) };
    }
}

/// From now on a panic, too, removes what must not outlive the run: the released program ends at once, and drops nothing.
pub fn remove_at_panics() {
    let say = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        say(info);
        // The thread that panics may hold it.
        if let Ok(paths) = PATHS.try_lock() {
            remove_all(&paths);
        }
    }));
}

/// What is done before a signal ends the run, besides removing files.
static LAST: OnceLock<fn()> = OnceLock::new();

/// Does this before a signal ends the run. There is room for one.
pub fn before_signal_ends(last: fn()) {
    if LAST.set(last).is_ok() {
        signals::watch();
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
        let paths = super::paths();
        super::remove_all(&paths);
        if let Some(last) = super::LAST.get() {
            last();
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

#[cfg(windows)]
mod signals {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::{Arc, Once};
    use std::thread;
    use std::time::Duration;

    use signal_hook::consts::{SIGBREAK, SIGINT, SIGTERM};

    /// How long a Ctrl-C may have come before that is seen: nothing safe waits for one on Windows.
    const POLL: Duration = Duration::from_millis(20);
    /// What Windows says of a program that a Ctrl-C ended (`STATUS_CONTROL_C_EXIT`).
    const ENDED: i32 = 0xc000_013a_u32.cast_signed();

    static LEFT: AtomicBool = AtomicBool::new(false);

    pub(super) fn leave() {
        LEFT.store(true, Ordering::SeqCst);
    }

    /// From the first file on, a thread looks whether Ctrl-C, Ctrl-Break or a closed window should end the program.
    pub(super) fn watch() {
        static BEGUN: Once = Once::new();
        BEGUN.call_once(|| {
            if LEFT.load(Ordering::SeqCst) {
                return;
            }
            let heard = Arc::new(AtomicUsize::new(0));
            for signal in [SIGINT, SIGBREAK, SIGTERM] {
                let _ = signal_hook::flag::register_usize(signal, Arc::clone(&heard), 1);
            }
            let watch = move || {
                loop {
                    thread::sleep(POLL);
                    if heard.swap(0, Ordering::SeqCst) != 0 && !LEFT.load(Ordering::SeqCst) {
                        // Held to the end, so that no file is made any more.
                        let paths = super::paths();
                        super::remove_all(&paths);
                        std::process::exit(ENDED);
                    }
                }
            };
            let _ = thread::Builder::new().name("signals".to_owned()).spawn(watch);
        });
    }
}
