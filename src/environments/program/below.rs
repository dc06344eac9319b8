//! A program below this one, which hands signals on and waits.

use std::io;
use std::process::Command;

/// What a shell adds to the number of a signal that ended a program.
#[cfg(unix)]
const BY_SIGNAL: i32 = 128;

/// Signals that end this process no more: they are kept for the program that runs below it.
pub struct Heard(#[cfg(unix)] signal_hook::iterator::Signals);

impl Heard {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system gives no handlers.
    #[cfg(unix)]
    pub fn begin() -> io::Result<Self> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
        let all = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2];
        use crate::fs::temporary::is_ignored;
        let all = all.into_iter().filter(|signal| !is_ignored(*signal));
        let signals = signal_hook::iterator::Signals::new(all)?;
        // What was written so far is in its place; nothing else may end the run on a signal.
        crate::fs::temporary::leave_signals();
        Ok(Self(signals))
    }

    /// Begins to listen.
    ///
    /// # Errors
    /// Never.
    #[cfg(not(unix))]
    pub fn begin() -> io::Result<Self> {
        Ok(Self())
    }
}

/// Runs a command to its end and returns its exit status, as a shell tells it.
#[cfg(unix)]
pub(super) fn run(command: &mut Command, Heard(mut signals): Heard) -> io::Result<i32> {
    use rustix::process::{Pid, Signal, kill_process};
    use signal_hook::consts::{SIGINT, SIGQUIT};
    use std::io::IsTerminal as _;
    use std::os::unix::process::ExitStatusExt as _;
    let mut child = command.spawn()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let handle = signals.handle();
    // The terminal sends these to the program itself.
    let is_terminal = io::stdin().is_terminal();
    let thread = std::thread::spawn(move || {
        for number in signals.forever() {
            let typed = matches!(number, SIGINT | SIGQUIT) && is_terminal;
            let signal = Signal::from_named_raw(number).filter(|_| !typed);
            if let (Some(pid), Some(signal)) = (pid, signal) {
                let _ = kill_process(pid, signal);
            }
        }
    });
    let status = child.wait()?;
    handle.close();
    let _ = thread.join();
    Ok(status.code().or(status.signal().map(|signal| BY_SIGNAL + signal)).unwrap_or(1))
}

/// Runs a command to its end and returns its exit status.
#[cfg(not(unix))]
pub(super) fn run(command: &mut Command, _: Heard) -> io::Result<i32> {
    Ok(command.status()?.code().unwrap_or(1))
}
