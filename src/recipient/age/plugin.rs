//! What an age plugin, a program of its own, asks and says while it works.

use std::cell::RefCell;
use std::io::Write as _;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use ::age::plugin::{Identity, IdentityPluginV1};
use ::age::secrecy::ExposeSecret as _;
use ::age::secrecy::SecretString;
use ::age::{Callbacks, DecryptError};
use age_core::format::{FileKey, Stanza};
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

/// Gathers the stanzas of a header, and opens nothing.
#[derive(Default)]
struct Gather(RefCell<Vec<Stanza>>);

impl ::age::Identity for Gather {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.0.borrow_mut().push(Stanza {
            tag: stanza.tag.clone(),
            args: stanza.args.clone(),
            body: stanza.body.clone(),
        });
        None
    }
}

/// Asks a plugin for the stanzas of all files at once, and keeps the file key.
struct AskOnce<'p> {
    plugin: &'p IdentityPluginV1<Questions>,
    stanzas: Vec<Stanza>,
    key: RefCell<Option<FileKey>>,
}

impl ::age::Identity for AskOnce<'_> {
    fn unwrap_stanza(&self, _: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.unwrap_stanzas(&[])
    }

    fn unwrap_stanzas(&self, _: &[Stanza]) -> Option<Result<FileKey, DecryptError>> {
        // By the trait: the plugin has a private method of the same name.
        match ::age::Identity::unwrap_stanzas(self.plugin, &self.stanzas)? {
            Err(error) => Some(Err(error)),
            Ok(key) => {
                let copy = copy(&key);
                *self.key.borrow_mut() = Some(key);
                Some(Ok(copy))
            }
        }
    }
}

/// A file key that is known.
struct KnownKey<'k>(&'k FileKey);

impl ::age::Identity for KnownKey<'_> {
    fn unwrap_stanza(&self, _: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        Some(Ok(copy(self.0)))
    }
}

fn copy(key: &FileKey) -> FileKey {
    FileKey::init_with_mut(|bytes| bytes.copy_from_slice(key.expose_secret()))
}

/// Opens the first of several files that a plugin's identity opens, and says which it is; the plugin is run once.
pub(super) fn unwrap_any(
    identity: &Identity,
    files: &[Vec<u8>],
    ask: Ask<'_>,
) -> Result<(usize, Zeroizing<Vec<u8>>), AgeError> {
    let gather = Gather::default();
    let sound: Vec<usize> = (0..files.len())
        .filter(|&at| matches!(decrypt(&files[at], &gather), Err(AgeError::NoMatch)))
        .collect();
    let stanzas = gather.0.into_inner();
    let Some(&first) = sound.first() else { return Err(AgeError::NoMatch) };
    let (opened, key) = with_plugin(identity, ask, move |plugin| {
        let once = AskOnce { plugin, stanzas, key: RefCell::new(None) };
        let opened = decrypt(&files[first], &once);
        (opened, once.key.into_inner())
    })?;
    // The plugin does not say to which file the key belongs; each header proves it.
    match (opened, key) {
        (Ok(opened), _) => Ok((first, opened)),
        (Err(error), None) => Err(error),
        (Err(_), Some(key)) => {
            let opened = sound.into_iter().skip(1).find_map(|at| {
                decrypt(&files[at], &KnownKey(&key)).ok().map(|opened| (at, opened))
            });
            opened.ok_or(AgeError::Damaged)
        }
    }
}

/// Opens a file with a plugin's identity. The plugin's questions are asked on this thread, as `ask` is not for others.
pub(super) fn unwrap(
    identity: &Identity,
    binary: &[u8],
    ask: Ask<'_>,
) -> Result<Zeroizing<Vec<u8>>, AgeError> {
    with_plugin(identity, ask, |plugin| decrypt(binary, plugin))?
}

/// Runs `work` with the plugin on a thread of its own, and asks its questions on this one.
fn with_plugin<T: Send>(
    identity: &Identity,
    ask: Ask<'_>,
    work: impl FnOnce(&IdentityPluginV1<Questions>) -> T + Send,
) -> Result<T, AgeError> {
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
            Ok(work(&plugin))
        });
        for (question, answer) in asked {
            // The plugin may be gone by then.
            let _ = answer.send(ask(&question));
        }
        worker.join().unwrap_or_else(|_| Err(AgeError::Plugin("it broke the protocol".to_owned())))
    })
}
