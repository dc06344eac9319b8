//! The agent itself.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::AgentError;
use super::entries::Entries;
use super::protocol::{Answer, ReadError, Request};
use super::socket::{Timed, folder, is_own_user, make_folder, socket_path};
use crate::fs::{PrivateUmask, replace};

/// Questions that are answered at a time; more are turned away.
const MAX_CONNECTIONS: usize = 64;
/// How often it looks if its socket is still there, and if a time has passed while the machine slept.
const ROUND: Duration = Duration::from_secs(10);
/// How long an agent may take to end.
const ENDING: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(20);

struct Shared {
    entries: Mutex<Entries>,
    /// Wakes who waits for the next time to pass.
    changed: Condvar,
    connections: AtomicUsize,
    socket: PathBuf,
}

impl Shared {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        // A panic in the middle leaves at most one clone too few.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets everything, so that nobody finds the agent any more.
    fn close(&self) {
        self.entries().answer(Request::Stop, now());
        let _ = replace::remove(&self.socket);
    }
}

/// Serves this user until a signal or a question ends it. With `detach` it is in a session of its own.
///
/// # Errors
/// There is one already, or the socket cannot be made.
pub fn serve(detach: bool) -> Result<(), AgentError> {
    if detach {
        // A terminal that closes would end it.
        let _ = rustix::process::setsid();
    }
    let folder = folder();
    make_folder(&folder)?;
    let _umask = PrivateUmask::set();
    let _alone = lock(&folder)?;
    let socket = socket_path(&folder);
    // Whoever made it has ended without a word, or it would still have the lock.
    let _ = replace::remove(&socket);
    let listener =
        UnixListener::bind(&socket).map_err(|error| crate::fs::with_path(&socket, &error))?;
    let own = identity(&socket);
    let shared = Arc::new(Shared {
        entries: Mutex::default(),
        changed: Condvar::new(),
        connections: AtomicUsize::new(0),
        socket,
    });
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    let of_signals = Arc::clone(&shared);
    thread::spawn(move || {
        if signals.forever().next().is_some() {
            of_signals.close();
            std::process::exit(0);
        }
    });
    let of_time = Arc::clone(&shared);
    thread::spawn(move || forget_in_time(&of_time, own));
    for stream in listener.incoming() {
        match stream {
            Ok(stream) => accept(stream, &shared),
            // No file is free, for example.
            Err(_) => thread::sleep(Duration::from_millis(50)),
        }
    }
    shared.close();
    Ok(())
}

/// Keeps a second agent out as long as it lives.
fn lock(folder: &Path) -> Result<File, AgentError> {
    let path = folder.join("agent.lock");
    let mut options = File::options();
    options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(&path).map_err(|error| crate::fs::with_path(&path, &error))?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // One that was stopped may be about to end.
            Err(TryLockError::WouldBlock) if begun.elapsed() < ENDING => thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => return Err(AgentError::Running),
            Err(TryLockError::Error(error)) => {
                return Err(crate::fs::with_path(&path, &error).into());
            }
        }
    }
}

/// Tells this socket from another one at its path.
fn identity(socket: &Path) -> Option<(u64, u64)> {
    let metadata = fs::symlink_metadata(socket).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Forgets what has had its time, and ends the agent when nobody can reach it any more, as after a logout.
fn forget_in_time(shared: &Shared, own: Option<(u64, u64)>) {
    let mut entries = shared.entries();
    loop {
        let now = now();
        let next = entries.sweep(now).map_or(ROUND, |next| next.saturating_sub(now));
        let waited = shared.changed.wait_timeout(entries, next.min(ROUND));
        entries = waited.unwrap_or_else(PoisonError::into_inner).0;
        if identity(&shared.socket) != own {
            entries.answer(Request::Stop, now);
            std::process::exit(0);
        }
    }
}

fn accept(stream: UnixStream, shared: &Arc<Shared>) {
    if !is_own_user(&stream).unwrap_or(false) {
        return;
    }
    if shared.connections.fetch_add(1, Ordering::SeqCst) >= MAX_CONNECTIONS {
        shared.connections.fetch_sub(1, Ordering::SeqCst);
        return;
    }
    let shared = Arc::clone(shared);
    thread::spawn(move || {
        let _ = answer(&stream, &shared);
        shared.connections.fetch_sub(1, Ordering::SeqCst);
        shared.changed.notify_all();
    });
}

/// Answers one question.
fn answer(stream: &UnixStream, shared: &Shared) -> io::Result<()> {
    let request = match Request::read(Timed::new(stream)) {
        Ok(Request::Stop) => {
            shared.close();
            let _ = Answer::Done.write(Timed::new(stream));
            std::process::exit(0);
        }
        Ok(request) => request,
        Err(ReadError::Io(error)) => return Err(error),
        Err(ReadError::Version | ReadError::Damaged) => {
            return Answer::NotUnderstood.write(Timed::new(stream));
        }
    };
    let answer = shared.entries().answer(request, now());
    answer.write(Timed::new(stream))
}

/// The agent's clock, which goes on while the machine sleeps.
fn now() -> Duration {
    // Linux stops CLOCK_MONOTONIC in a suspend, macOS does not (clock_gettime(2), clock_gettime(3)).
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const CLOCK: rustix::time::ClockId = rustix::time::ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const CLOCK: rustix::time::ClockId = rustix::time::ClockId::Monotonic;
    let now = rustix::time::clock_gettime(CLOCK);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}
