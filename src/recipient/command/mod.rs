//! A command of the user's as a recipient: a key service, a password manager, a TPM.
//!
//! The repository holds the name and what the command made of the key. Which program that is, only the user's own
//! configuration says, so that nobody who can push starts anything here.

mod run;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use crate::keyring::holds_secret;
use run::{MAX_OUTPUT, Run};

/// Begins the text of a recipient.
pub const PREFIX: &str = "command:";
/// Characters of a line of what is wrapped.
const LINE: usize = 64;
/// How often a command is started in vain: anybody who can push can write any number of files for it.
const MAX_FAILURES: u32 = 3;

/// What the user has configured under one name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configured {
    /// Reads a key, and writes what the repository may hold.
    pub wrap: Option<String>,
    /// The way back.
    pub unwrap: Option<String>,
}

/// The commands that the user has configured, and how they are started.
#[derive(Debug, Default)]
pub struct Commands {
    configured: BTreeMap<String, Configured>,
    shell: OsString,
    path: OsString,
    failures: RefCell<BTreeMap<String, u32>>,
}

/// Why a command wrapped or opened nothing. Never holds a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The user has configured none.
    #[error(
        "your git configuration has no command '{name}', so nothing was started; if you use it: git config --global shroud.command.{name}.{verb} 'PROGRAM ARGUMENTS'"
    )]
    NotConfigured {
        /// The name in the member's file.
        name: String,
        /// `wrap` or `unwrap`.
        verb: &'static str,
    },
    /// It cannot be started.
    #[error("the command '{name}' cannot be started: {why}")]
    Start {
        /// Its name.
        name: String,
        /// Why.
        why: String,
    },
    /// It failed, with the last that it said.
    #[error("the command '{name}' failed ({status}){said}")]
    Failed {
        /// Its name.
        name: String,
        /// How it ended.
        status: String,
        /// A colon and its last lines; empty where it said nothing.
        said: String,
    },
    /// It took too long, and was ended.
    #[error("the command '{name}' did not end within {minutes} minutes, and was stopped{said}")]
    TimedOut {
        /// Its name.
        name: String,
        /// How long that is.
        minutes: u64,
        /// A colon and its last lines; empty where it said nothing.
        said: String,
    },
    /// It printed more than a wrapped key needs.
    #[error("the command '{0}' printed more than {max} KiB", max = MAX_OUTPUT >> 10)]
    TooMuch(String),
    /// It printed nothing.
    #[error("the command '{0}' printed nothing")]
    Nothing(String),
    /// What would be stored holds the key.
    #[error(
        "the command '{0}' does not encrypt: what it printed holds the key itself; nothing was written"
    )]
    Plaintext(String),
    /// The way back leads elsewhere.
    #[error(
        "the unwrap of the command '{0}' does not give back what its wrap was given; nothing was written"
    )]
    NotBack(String),
    /// What it opened holds no key.
    #[error("what the command '{0}' printed is no key")]
    NoKey(String),
    /// What is stored cannot come from a command.
    #[error("the member's file does not hold what a command has wrapped (base64, at most {max} KiB)", max = MAX_OUTPUT >> 10)]
    Malformed,
    /// It failed too often.
    #[error("the command '{0}' was not started again, because it failed {MAX_FAILURES} times")]
    GivenUp(String),
}

/// Whether a command can have this name: 1 to 64 of `a-z 0-9 - _ .`, which begins with a letter or digit.
pub fn is_name(text: &str) -> bool {
    crate::keyring::is_name(text)
}

impl Commands {
    /// These commands, which this shell starts with this `PATH`.
    pub fn new(
        configured: BTreeMap<String, Configured>,
        shell: impl Into<OsString>,
        path: OsString,
    ) -> Self {
        Self { configured, shell: shell.into(), path, failures: RefCell::default() }
    }

    /// What is configured under this name.
    pub fn get(&self, name: &str) -> Option<&Configured> {
        self.configured.get(name)
    }

    /// Gives a key to the command, and returns what the repository may hold: base64 in lines.
    ///
    /// Where `unwrap` is configured too, it must give the key back.
    ///
    /// # Errors
    /// [`RunError`].
    pub fn wrap(&self, name: &str, plaintext: &[u8]) -> Result<String, RunError> {
        let configured = self.get(name);
        let wrap = configured
            .and_then(|it| it.wrap.as_deref())
            .ok_or_else(|| RunError::NotConfigured { name: name.to_owned(), verb: "wrap" })?;
        let wrapped = self.run(name, wrap, plaintext)?;
        if wrapped.is_empty() {
            return Err(RunError::Nothing(name.to_owned()));
        }
        if shows_key(&wrapped) {
            return Err(RunError::Plaintext(name.to_owned()));
        }
        if let Some(unwrap) = configured.and_then(|it| it.unwrap.as_deref()) {
            let back = self.run(name, unwrap, &wrapped)?;
            if back.trim_ascii() != plaintext.trim_ascii() {
                return Err(RunError::NotBack(name.to_owned()));
            }
        }
        Ok(encode(&wrapped))
    }

    /// Opens what the command has wrapped.
    ///
    /// # Errors
    /// [`RunError`].
    pub fn unwrap(&self, name: &str, wrapped: &str) -> Result<Zeroizing<Vec<u8>>, RunError> {
        let unwrap = self
            .get(name)
            .and_then(|it| it.unwrap.as_deref())
            .ok_or_else(|| RunError::NotConfigured { name: name.to_owned(), verb: "unwrap" })?;
        let wrapped = decode(wrapped).ok_or(RunError::Malformed)?;
        if self.failures.borrow().get(name).is_some_and(|&failures| failures >= MAX_FAILURES) {
            return Err(RunError::GivenUp(name.to_owned()));
        }
        let opened = self.run(name, unwrap, &wrapped).and_then(|opened| {
            let is_key = std::str::from_utf8(&opened).is_ok_and(holds_secret);
            if is_key { Ok(opened) } else { Err(RunError::NoKey(name.to_owned())) }
        });
        if opened.is_err() {
            *self.failures.borrow_mut().entry(name.to_owned()).or_default() += 1;
        }
        opened
    }

    fn run(&self, name: &str, command: &str, input: &[u8]) -> Result<Zeroizing<Vec<u8>>, RunError> {
        Run { name, shell: &self.shell, path: &self.path, command }.run(input)
    }
}

/// Whether bytes hold a key as it is, or in base64.
fn shows_key(bytes: &[u8]) -> bool {
    let shows =
        |bytes: &[u8]| holds_secret(&Zeroizing::new(String::from_utf8_lossy(bytes).into_owned()));
    let packed: Zeroizing<Vec<u8>> =
        Zeroizing::new(bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect());
    shows(bytes)
        || BASE64_STANDARD.decode(&*packed).is_ok_and(|inner| shows(&Zeroizing::new(inner)))
}

/// Base64 (RFC 4648, section 4) in lines of 64 characters.
fn encode(bytes: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(bytes);
    let lines = text.as_bytes().chunks(LINE);
    lines.map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    // A longer one is not read at all.
    if text.len() > 2 * MAX_OUTPUT {
        return None;
    }
    let packed: String = text.split('\n').collect();
    let bytes = BASE64_STANDARD.decode(packed).ok()?;
    (1..=MAX_OUTPUT).contains(&bytes.len()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str =
        "GIT-SHROUD-KEY-1AKE0EHHTCJG4EAUKGDLARFLAADLWCWH74Z7AEP0R0AQ5LNK68XPSH4Z43A";

    #[test]
    fn what_is_wrapped_is_text_in_lines() {
        let bytes: Vec<u8> = (0..100).collect();
        let text = encode(&bytes);
        assert!(text.ends_with('\n') && text.lines().all(|line| line.len() <= LINE), "{text}");
        assert_eq!(decode(&text), Some(bytes));
        for none in ["", "\n", "AAA", "AA A", "A\r\nAAA", "-----"] {
            assert_eq!(decode(none), None, "{none:?}");
        }
        assert_eq!(decode(&"AAAA".repeat(MAX_OUTPUT)), None);
    }

    #[test]
    fn a_key_is_seen_in_what_a_command_prints() {
        assert!(shows_key(TOKEN.as_bytes()));
        assert!(shows_key(encode(format!("default 1 {TOKEN}\n").as_bytes()).as_bytes()));
        assert!(!shows_key(b"AQICAHh0c3Q="));
    }

    #[test]
    fn what_is_not_configured_starts_nothing() {
        let commands = Commands::default();
        for error in
            [commands.wrap("kms", b"x").unwrap_err(), commands.unwrap("kms", "AAAA").unwrap_err()]
        {
            assert!(matches!(&error, RunError::NotConfigured { .. }), "{error}");
            assert!(error.to_string().contains("git config --global shroud.command.kms."));
        }
    }
}
