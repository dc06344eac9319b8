//! What a command says when it cannot do what it was asked, and with which exit status.

use std::fmt;
use std::process::ExitCode;

/// What kind of failure it is; decides the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something was found, or refused: exit status 1.
    Found,
    /// The request or the environment is wrong: exit status 2.
    Wrong,
    /// Something could not be read, so the answer is incomplete: exit status 3.
    Incomplete,
}

/// A failure, in one sentence, with what to do next.
#[derive(Debug)]
pub struct CommandError {
    kind: Kind,
    /// Empty where the command has said everything already.
    message: String,
    hints: Vec<String>,
    /// In place of the one of the kind.
    status: Option<u8>,
}

impl CommandError {
    /// The request or the environment is wrong.
    pub fn wrong(message: impl Into<String>) -> Self {
        Self { kind: Kind::Wrong, message: message.into(), hints: Vec::new(), status: None }
    }

    /// Something was refused, so that nothing is lost or leaked.
    pub fn refused(message: impl Into<String>) -> Self {
        Self { kind: Kind::Found, message: message.into(), hints: Vec::new(), status: None }
    }

    /// The answer is incomplete.
    pub fn incomplete(message: impl Into<String>) -> Self {
        Self { kind: Kind::Incomplete, message: message.into(), hints: Vec::new(), status: None }
    }

    /// The command printed what it found; only the exit status is left to say.
    pub fn found() -> Self {
        Self::refused("")
    }

    /// Ends with another exit status than its kind has, if the request or the environment is wrong.
    #[must_use]
    pub fn status_if_wrong(mut self, status: u8) -> Self {
        self.status = (self.kind == Kind::Wrong).then_some(status);
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The sentence; empty where everything is said.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do next.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The exit status: 1, 2 or 3, if none other was set.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.status.unwrap_or(match self.kind {
            Kind::Found => 1,
            Kind::Wrong => 2,
            Kind::Incomplete => 3,
        }))
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CommandError {}

/// A failure, with what it is about: "about: why".
#[derive(Debug, thiserror::Error)]
#[error("{about}: {why}")]
pub struct About {
    /// A file, or what was being done.
    pub about: String,
    /// What failed, in words.
    pub why: String,
}

/// Says what a failure is about.
pub trait Context<T> {
    /// Turns the error into "about: error".
    ///
    /// # Errors
    /// The failure, with `about` before it.
    fn context(self, about: impl FnOnce() -> String) -> Result<T, About>;
}

impl<T, E: fmt::Display> Context<T> for Result<T, E> {
    fn context(self, about: impl FnOnce() -> String) -> Result<T, About> {
        self.map_err(|error| About { about: about(), why: error.to_string() })
    }
}

/// What a command returns.
pub type Outcome<T = ()> = Result<T, CommandError>;

/// `1 file`, `2 files`.
pub fn count(n: u64, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}
