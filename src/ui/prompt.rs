//! Passphrases, from the terminal or from the environment.

use zeroize::Zeroizing;

use super::Ui;
use crate::error::{CommandError, Outcome};

/// Gives the passphrase where there is nobody to type it, as in CI.
pub const PASSPHRASE_VARIABLE: &str = "GIT_SHROUD_PASSPHRASE";
/// Characters under which a passphrase can be guessed too soon, whatever scrypt costs.
const SHORT: usize = 12;
/// Bytes of the longest answer to a question.
const MAX_ANSWER: u64 = 4096;

/// Asks for a passphrase: what `GIT_SHROUD_PASSPHRASE` holds, else what is typed on the terminal, unseen.
///
/// `None` where there is neither, and where nothing was typed. Standard input stays what it is: a key may come from there.
pub fn ask(question: &str) -> Option<Zeroizing<String>> {
    from_environment().or_else(|| from_terminal(question).ok()).filter(|given| !given.is_empty())
}

fn from_environment() -> Option<Zeroizing<String>> {
    let value = std::env::var_os(PASSPHRASE_VARIABLE).filter(|value| !value.is_empty())?;
    value.into_string().ok().map(Zeroizing::new)
}

fn from_terminal(question: &str) -> std::io::Result<Zeroizing<String>> {
    let question = crate::sanitise::line(question);
    rpassword::prompt_password(format!("{question}: ")).map(Zeroizing::new)
}

/// Asks a question to which an answer is typed, and seen. `None` where standard input is no terminal.
pub fn question(question: &str) -> Option<String> {
    use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};
    if !std::io::stdin().is_terminal() {
        return None;
    }
    let question = crate::sanitise::line(question);
    let mut stderr = std::io::stderr();
    let _ = write!(stderr, "{question} ").and_then(|()| stderr.flush());
    let mut answer = String::new();
    std::io::stdin().lock().take(MAX_ANSWER).read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned())
}

/// Asks a question that is answered by yes or no; anything but yes is no. `None` where standard input is no terminal.
pub fn confirm(text: &str) -> Option<bool> {
    let answer = question(&format!("{text} [y/N]"))?;
    Some(matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// A passphrase for a new file: typed twice, not empty. Warns of a short one.
///
/// # Errors
/// There is no terminal and `GIT_SHROUD_PASSPHRASE` is not set; it is empty; it was typed in two ways.
pub fn new_passphrase(ui: &Ui) -> Outcome<Zeroizing<String>> {
    let passphrase = match from_environment() {
        Some(passphrase) => passphrase,
        None => {
            let first = from_terminal("New passphrase").map_err(|_| none())?;
            if first.is_empty() {
                return Err(CommandError::wrong("the passphrase is empty; nothing was written"));
            }
            if first != from_terminal("The same again").map_err(|_| none())? {
                return Err(CommandError::wrong(
                    "the two passphrases are not the same; nothing was written",
                ));
            }
            first
        }
    };
    if passphrase.chars().count() < SHORT {
        ui.warning(format!("the passphrase has fewer than {SHORT} characters"));
        ui.hint("six or more random words are hard to guess and easy to type");
    }
    Ok(passphrase)
}

fn none() -> CommandError {
    CommandError::wrong("there is no terminal to type a passphrase on").hint(hint())
}

/// What to do where nobody can be asked.
pub fn hint() -> String {
    // The terminal of Git Bash is none to programs of Windows: nothing can be typed there unseen.
    let how = if cfg!(windows) {
        "in cmd or PowerShell, or in Git Bash with 'winpty'"
    } else {
        "in a terminal"
    };
    format!("run it {how}, or set {PASSPHRASE_VARIABLE} in the environment")
}
