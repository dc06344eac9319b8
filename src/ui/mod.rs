//! What a person or a program sees: results on standard output, everything else on standard error.

pub mod prompt;
pub mod qr;
pub mod sheet;

use std::cell::Cell;
use std::io::{self, IsTerminal as _, Write};

use crate::error::CommandError;
pub use crate::error::count;

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
        Self { color, quiet, verbose, lost: Cell::new(false) }
    }

    /// A line of the result. That nobody reads any more is no failure.
    pub fn line(&self, text: impl AsRef<str>) {
        self.bytes(text.as_ref().as_bytes());
        self.bytes(b"\n");
    }

    /// Bytes of the result.
    pub fn bytes(&self, bytes: &[u8]) {
        self.note_loss(io::stdout().write_all(bytes));
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
            say(&format!("{PREFIX}{}", text.as_ref()));
        }
    }

    /// What only a curious user wants to know.
    pub fn detail(&self, text: impl AsRef<str>) {
        if self.verbose && !self.quiet {
            say(&format!("{PREFIX}{}", text.as_ref()));
        }
    }

    /// What the user should know, although the command goes on.
    pub fn warning(&self, text: impl AsRef<str>) {
        say(&format!("{PREFIX}{} {}", self.label(Style::Warning, "warning:"), text.as_ref()));
    }

    /// What to do next.
    pub fn hint(&self, text: impl AsRef<str>) {
        if !self.quiet {
            say(&format!("{PREFIX}hint: {}", text.as_ref()));
        }
    }

    /// Why the command failed.
    pub fn error(&self, error: &CommandError) {
        if !error.message().is_empty() {
            say(&format!("{PREFIX}{} {}", self.label(Style::Bad, "error:"), error.message()));
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

fn paint(style: Style, text: &str) -> String {
    let color = match style {
        Style::Good => 32,
        Style::Warning => 33,
        Style::Bad => 31,
    };
    format!("\x1b[{color}m{text}\x1b[0m")
}

/// One write a line, so that lines of several processes do not mix.
fn say(line: &str) {
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}
