//! What an age plugin, a program of its own, asks and says while it works.

use std::io::Write as _;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use ::age::Callbacks;
use ::age::plugin::{Identity, IdentityPluginV1};
use ::age::secrecy::SecretString;
use zeroize::Zeroizing;

use super::AgeError;
use super::file::{decrypt, printable};
use crate::recipient::Ask;

type Answer = Option<Zeroizing<String>>;

/// Shows messages, such as "touch your key", and asks nothing.
#[derive(Clone)]
pub(super) struct Messages;

impl Callbacks for Messages {
    fn display_message(&self, message: &str) {
        // The only way to speak while the plugin waits; a lost message is no failure.
        let _ = writeln!(std::io::stderr(), "git-shroud: {}", printable(message));
    }

    fn confirm(&self, _: &str, _: &str, _: Option<&str>) -> Option<bool> {
        None
    }

    fn request_public_string(&self, _: &str) -> Option<String> {
        None
    }

    fn request_passphrase(&self, _: &str) -> Option<SecretString> {
        None
    }
}

/// Hands questions to the thread that may ask.
#[derive(Clone)]
struct Questions(Sender<(String, Sender<Answer>)>);

impl Questions {
    fn ask(&self, question: &str) -> Answer {
        let (answer, answered) = channel();
        self.0.send((printable(question), answer)).ok()?;
        answered.recv().ok().flatten()
    }
}

impl Callbacks for Questions {
    fn display_message(&self, message: &str) {
        Messages.display_message(message);
    }

    fn confirm(&self, message: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        let question = format!("{message} ({yes}: y, {}: n)", no.unwrap_or("no"));
        self.ask(&question).map(|answer| answer.trim().eq_ignore_ascii_case("y"))
    }

    fn request_public_string(&self, question: &str) -> Option<String> {
        self.ask(question).map(|answer| answer.to_string())
    }

    fn request_passphrase(&self, question: &str) -> Option<SecretString> {
        self.ask(question).map(|answer| SecretString::from(answer.as_str()))
    }
}

/// Opens a file with a plugin's identity. The plugin's questions are asked on this thread, as `ask` is not for others.
pub(super) fn unwrap(
    identity: &Identity,
    binary: &[u8],
    ask: Ask<'_>,
) -> Result<Zeroizing<Vec<u8>>, AgeError> {
    let (questions, asked) = channel();
    thread::scope(|scope| {
        let worker = scope.spawn(move || {
            let name = identity.plugin();
            let plugin = IdentityPluginV1::new(
                name,
                std::slice::from_ref(identity),
                Questions(questions),
            )
            .map_err(|_| AgeError::MissingPlugin(format!("age-plugin-{}", printable(name))))?;
            decrypt(binary, &plugin)
        });
        for (question, answer) in asked {
            // The plugin may be gone by then.
            let _ = answer.send(ask(&question));
        }
        worker.join().unwrap_or_else(|_| Err(AgeError::Plugin("it broke the protocol".to_owned())))
    })
}
