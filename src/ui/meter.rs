//! How far a long step is: a bar on a terminal after a second, a line from time to time elsewhere if the user asked for more.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::PREFIX;
use crate::progress::{Counts, Meter};

/// What takes no longer shows no bar.
const FIRST: Duration = Duration::from_secs(1);
/// Between two pictures of a bar.
const NEXT: Duration = Duration::from_millis(200);
/// Between two lines.
const LINES: Duration = Duration::from_secs(10);
/// Characters of a bar.
const WIDTH: u64 = 24;
/// Goes to the beginning of the line and empties it.
const EMPTY: &str = "\r\x1b[K";

/// Whether a bar is on the terminal, in the line where the next message comes.
static IS_SHOWN: AtomicBool = AtomicBool::new(false);

/// Takes a bar away before something else is said; it comes again.
pub(super) fn make_room() {
    if IS_SHOWN.swap(false, Ordering::Relaxed) {
        let _ = io::stderr().write_all(EMPTY.as_bytes());
    }
}

/// Begins to show a step.
pub(super) fn start(what: &'static str, is_quiet: bool, is_verbose: bool) -> Meter {
    let is_terminal =
        io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
    if is_quiet || !is_terminal && !is_verbose {
        return Meter::silent();
    }
    let counts = Arc::<Counts>::default();
    let (end, ended) = channel();
    let shown = Arc::clone(&counts);
    let thread = std::thread::Builder::new().spawn(move || match is_terminal {
        true => bars(what, &shown, &ended),
        false => lines(what, &shown, &ended),
    });
    // Where no thread can be had, the work is worth more than the bar.
    match thread {
        Ok(thread) => {
            let shown = Shown { end: Some(end), thread: Some(thread) };
            Meter::new(counts, Box::new(shown))
        }
        Err(_) => Meter::silent(),
    }
}

struct Shown {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Shown {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Waits; false where the step has ended meanwhile.
fn goes_on(ended: &Receiver<()>, time: Duration) -> bool {
    ended.recv_timeout(time) == Err(RecvTimeoutError::Timeout)
}

fn bars(what: &str, counts: &Counts, ended: &Receiver<()>) {
    let begun = Instant::now();
    let mut wait = FIRST;
    // A shell's prompt comes where the bar was.
    crate::fs::temporary::before_signal_ends(make_room);
    while goes_on(ended, wait) {
        wait = NEXT;
        // The terminal may be made wider or narrower meanwhile. A line that is longer would be two, and only one is emptied.
        let room = columns().saturating_sub(PREFIX.len() + 1);
        let text =
            format!("{EMPTY}{PREFIX}{}", fitting(what, counts.read(), begun.elapsed(), room));
        let _ = io::stderr().write_all(text.as_bytes());
        IS_SHOWN.store(true, Ordering::Relaxed);
    }
    make_room();
}

fn lines(what: &str, counts: &Counts, ended: &Receiver<()>) {
    let begun = Instant::now();
    while goes_on(ended, LINES) {
        let text = format!("{PREFIX}{}\n", line(what, counts.read(), begun.elapsed()));
        let _ = io::stderr().write_all(text.as_bytes());
    }
}

/// Columns of the terminal; as many as all have where it does not say.
fn columns() -> usize {
    #[cfg(unix)]
    if let Ok(size) = rustix::termios::tcgetwinsize(io::stderr())
        && size.ws_col > 0
    {
        return size.ws_col.into();
    }
    80
}

/// A bar, or what of it has room.
fn fitting(what: &str, counts: (u64, u64), time: Duration, room: usize) -> String {
    let (done, all) = counts;
    let full = bar(what, counts, time);
    if full.len() <= room || all == 0 {
        return full.chars().take(room).collect();
    }
    let short = format!("{what} {} %", done * 100 / all);
    if short.len() <= room { short } else { format!("{} %", done * 100 / all) }
}

fn bar(what: &str, (done, all): (u64, u64), time: Duration) -> String {
    if all == 0 {
        return line(what, (done, all), time);
    }
    let full = usize::try_from(done * WIDTH / all).unwrap_or(0);
    let rest = usize::try_from(WIDTH).unwrap_or(0).saturating_sub(full);
    let percent = done * 100 / all;
    format!("{what} [{}{}] {percent} % of {all}", "#".repeat(full), " ".repeat(rest))
}

fn line(what: &str, (done, all): (u64, u64), time: Duration) -> String {
    match all {
        0 => format!("{what}, {} s", time.as_secs()),
        _ => format!("{what}: {done} of {all}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_says_how_far_it_is() {
        let time = Duration::from_secs(12);
        assert_eq!(
            bar("checking objects", (25, 100), time),
            "checking objects [######                  ] 25 % of 100"
        );
        assert_eq!(bar("unlocking", (0, 0), time), "unlocking, 12 s");
        assert_eq!(line("checking objects", (25, 100), time), "checking objects: 25 of 100");
    }

    #[test]
    fn a_narrow_terminal_gets_what_has_room() {
        let fitting = |room| fitting("checking objects", (25, 100), Duration::ZERO, room);
        assert_eq!(fitting(70), "checking objects [######                  ] 25 % of 100");
        assert_eq!(fitting(30), "checking objects 25 %");
        assert_eq!(fitting(10), "25 %");
        assert_eq!(super::fitting("unlocking", (0, 0), Duration::ZERO, 5), "unloc");
    }

    #[test]
    fn a_step_that_ends_at_once_shows_nothing_and_does_not_wait() {
        let (end, ended) = channel();
        drop(end);
        assert!(!goes_on(&ended, Duration::from_secs(3600)));
    }
}
