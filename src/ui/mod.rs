//! What a person or a program sees: results on standard output, everything else on standard error.
//!
//! Names and texts of a repository come into both. What acts on a terminal is escaped here, whatever the caller did.

mod console;
mod meter;
pub mod pages;
mod progress;
pub mod prompt;
mod table;

use std::cell::Cell;
use std::io::{self, IsTerminal as _, Write};

use serde::Serialize;

use crate::error::CommandError;
pub use crate::error::count;
use crate::keyring::redact;
use crate::sanitise;

const PREFIX: &str = "git-shroud: ";

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Where a command speaks.
#[derive(Debug)]
pub struct Ui {
    color: ColorChoice,
    quiet: bool,
    verbose: bool,
    lost: Cell<bool>,
}

/// How a word is emphasised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As it should be.
    Good,
    /// Wants attention.
    Warning,
    /// Is wrong.
    Bad,
}

impl Ui {
    /// Speaks as the user asked for.
    pub fn new(color: ColorChoice, quiet: bool, verbose: bool) -> Self {
        // The windows of cmd and of older PowerShells show colours once a program asks them to.
        #[cfg(windows)]
        let color = match color {
            ColorChoice::Auto if !console::shows_colors() => ColorChoice::Never,
            color => color,
        };
        Self { color, quiet, verbose, lost: Cell::new(false) }
    }

    /// Whether the user asked for more with `-v`.
    pub fn is_verbose(&self) -> bool {
        self.verbose && !self.quiet
    }

    fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// A line of the result, or several, safe for a terminal. That nobody reads any more is no failure.
    pub fn line(&self, text: impl AsRef<str>) {
        let colored = self.is_colored(io::stdout().is_terminal());
        let mut rest = text.as_ref();
        let mut line = String::with_capacity(rest.len() + 1);
        // The colours of this program are not escaped.
        while let Some(at) = rest.find('\x1b').filter(|_| colored) {
            let color = COLORS.iter().find(|&&color| rest[at..].starts_with(color));
            let end = at + color.map_or(1, |color| color.len());
            line.push_str(&sanitise::text(&rest[..at]));
            line.push_str(&color.map_or_else(|| sanitise::text("\x1b"), |&color| color.to_owned()));
            rest = &rest[end..];
        }
        line.push_str(&sanitise::text(rest));
        line.push('\n');
        self.bytes(line.as_bytes());
    }

    /// A result as JSON, on one line. What acts on a terminal is escaped as JSON escapes it.
    pub fn json(&self, value: &impl Serialize) {
        let text = serde_json::to_string(value).expect("what is reported has a form in JSON");
        self.bytes(sanitise::json(&text).as_bytes());
        self.bytes(b"\n");
    }

    /// Bytes of the result, as they are: contents, and records that a program reads.
    pub fn bytes(&self, bytes: &[u8]) {
        let bytes = console::shown(bytes, cfg!(windows) && io::stdout().is_terminal());
        self.note_loss(io::stdout().write_all(&bytes));
    }

    /// Whether a part of the result could not be written, although somebody was to read it.
    pub fn has_lost_output(&self) -> bool {
        self.note_loss(io::stdout().flush());
        self.lost.get()
    }

    /// That nobody reads any more is no failure.
    fn note_loss(&self, written: io::Result<()>) {
        if written.is_err_and(|error| error.kind() != io::ErrorKind::BrokenPipe) {
            self.lost.set(true);
        }
    }

    /// A word of the result, emphasised.
    pub fn styled(&self, style: Style, text: &str) -> String {
        if self.is_colored(io::stdout().is_terminal()) {
            paint(style, text)
        } else {
            text.to_owned()
        }
    }

    /// What was done.
    pub fn status(&self, text: impl AsRef<str>) {
        if !self.quiet {
            say("", text.as_ref());
        }
    }

    /// What only a curious user wants to know.
    pub fn detail(&self, text: impl AsRef<str>) {
        if self.is_verbose() {
            say("", text.as_ref());
        }
    }

    /// What the user should know, although the command goes on.
    pub fn warning(&self, text: impl AsRef<str>) {
        say(&self.label(Style::Warning, "warning:"), text.as_ref());
    }

    /// What to do next.
    pub fn hint(&self, text: impl AsRef<str>) {
        if !self.quiet {
            say("hint:", text.as_ref());
        }
    }

    /// Why the command failed.
    pub fn error(&self, error: &CommandError) {
        if !error.message().is_empty() {
            say(&self.label(Style::Bad, "error:"), error.message());
        }
        error.hints().iter().for_each(|hint| self.hint(hint));
    }

    fn label(&self, style: Style, text: &str) -> String {
        if self.is_colored(io::stderr().is_terminal()) {
            paint(style, text)
        } else {
            text.to_owned()
        }
    }

    fn is_colored(&self, terminal: bool) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                let refused = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                terminal && !refused("NO_COLOR")
            }
        }
    }
}

/// Green, yellow, red, and back to none.
const COLORS: [&str; 4] = ["\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[0m"];

fn paint(style: Style, text: &str) -> String {
    let color = match style {
        Style::Good => COLORS[0],
        Style::Warning => COLORS[1],
        Style::Bad => COLORS[2],
    };
    format!("{color}{}{}", sanitise::text(text), COLORS[3])
}

/// One write a line, so that lines of several processes do not mix. More lines of one message are set in, so that none
/// passes for another message. A secret that was given as an argument, and that an error repeats, is not shown.
fn say(label: &str, text: &str) {
    let space = if label.is_empty() { "" } else { " " };
    let text = sanitise::text(&redact(text)).replace('\n', "\n  ");
    let line = format!("{PREFIX}{label}{space}{text}\n");
    meter::make_room();
    let _ = io::stderr().write_all(line.as_bytes());
}
