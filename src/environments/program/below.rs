//! A program below this one, which hands signals on and waits.

use std::io;
use std::process::{Child, Command, Stdio};

use super::redact::Masks;

/// What a shell adds to the number of a signal that ended a program.
#[cfg(unix)]
const BY_SIGNAL: i32 = 128;

/// Signals that end this process no more: they are kept for the program that runs below it.
pub(super) struct Heard(#[cfg(unix)] signal_hook::iterator::Signals);

impl Heard {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system gives no handlers.
    #[cfg(unix)]
    pub(super) fn begin() -> io::Result<Self> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
        let all = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2];
        use crate::fs::temporary::is_ignored;
        let all = all.into_iter().filter(|signal| !is_ignored(*signal));
        let signals = signal_hook::iterator::Signals::new(all)?;
        // What was written so far is in its place; nothing else may end the run on a signal.
        crate::fs::temporary::leave_signals();
        Ok(Self(signals))
    }

    /// Windows sends Ctrl-C and Ctrl-Break to both programs: here they end nothing.
    ///
    /// # Errors
    /// The system gives no handlers.
    #[cfg(windows)]
    pub(super) fn begin() -> io::Result<Self> {
        use signal_hook::consts::{SIGBREAK, SIGINT};
        for signal in [SIGINT, SIGBREAK] {
            signal_hook::flag::register(signal, std::sync::Arc::default())?;
        }
        crate::fs::temporary::leave_signals();
        Ok(Self())
    }
}

/// Starts a command; what it prints goes through this process where masks are given.
fn spawn(command: &mut Command, masks: Option<&Masks>) -> io::Result<Child> {
    if masks.is_some() {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
    }
    command.spawn()
}

/// Hands on what the program prints, with masks, until all that it started has ended or closed its output.
fn hand_on(child: &mut Child, masks: Option<&Masks>) {
    let Some(masks) = masks else { return };
    let (out, err) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        // Where nobody reads on, the program learns it by its pipe.
        if let Some(err) = err {
            scope.spawn(move || masks.copy(err, io::stderr()));
        }
        if let Some(out) = out {
            let _ = masks.copy(out, io::stdout());
        }
    });
}

/// Runs a command to its end and returns its exit status, as a shell tells it.
#[cfg(unix)]
pub(super) fn run(
    command: &mut Command,
    Heard(mut signals): Heard,
    masks: Option<&Masks>,
) -> io::Result<i32> {
    use rustix::process::{Pid, Signal, kill_process};
    use signal_hook::consts::{SIGINT, SIGQUIT};
    use std::io::IsTerminal as _;
    use std::os::unix::process::ExitStatusExt as _;
    let mut child = spawn(command, masks)?;
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
    hand_on(&mut child, masks);
    let status = child.wait()?;
    handle.close();
    let _ = thread.join();
    Ok(status.code().or(status.signal().map(|signal| BY_SIGNAL + signal)).unwrap_or(1))
}

/// Runs a command to its end and returns its exit status.
#[cfg(not(unix))]
pub(super) fn run(command: &mut Command, _: Heard, masks: Option<&Masks>) -> io::Result<i32> {
    let mut child = spawn(command, masks)?;
    hand_on(&mut child, masks);
    Ok(child.wait()?.code().unwrap_or(1))
}
