//! An age plugin, a program of its own that holds an identity (C2SP, age-plugin, "identity-v1").
//!
//! It is run once for any number of files: each run may cost a PIN or a touch. The crate age asks for one file a run, so the
//! conversation is held here.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use ::age::plugin::Identity;
use ::age::secrecy::{ExposeSecret as _, SecretString};
use ::age::{Callbacks, DecryptError};
use age_core::format::{FileKey, Stanza};
use age_core::plugin::{Connection, IDENTITY_V1};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use zeroize::Zeroizing;

use super::AgeError;
use super::file::{decrypt, printable};
use crate::recipient::Ask;

/// After this long without an end somebody is told what is waited for.
const SLOW: Duration = Duration::from_secs(10);

/// Shows messages, such as "touch your key", and asks nothing.
#[derive(Clone)]
pub(super) struct Messages;

impl Callbacks for Messages {
    fn display_message(&self, message: &str) {
        // The only way to speak while the plugin waits; a lost message is no failure.
        let _ = writeln!(io::stderr(), "git-shroud: {}", printable(message));
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

/// Gathers the stanzas of a header, and opens nothing.
#[derive(Default)]
struct Gather(std::cell::RefCell<Vec<Stanza>>);

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

/// A file key that is known.
struct KnownKey<'k>(&'k FileKey);

impl ::age::Identity for KnownKey<'_> {
    fn unwrap_stanza(&self, _: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        Some(Ok(FileKey::init_with_mut(|bytes| bytes.copy_from_slice(self.0.expose_secret()))))
    }
}

/// A file that was opened: its place in its group, and the payload.
pub(super) type Opened = (usize, Zeroizing<Vec<u8>>);

/// Opens one file of each group, the first that the plugin opens; it is run once for all groups.
///
/// Files that are none are left out. Where it opens no file of a group, the group has none.
///
/// # Errors
/// The plugin is not there; it opens nothing at all, with what it said.
pub(super) fn unwrap_groups(
    identity: &Identity,
    groups: &[Vec<Vec<u8>>],
    ask: Ask<'_>,
) -> Result<Vec<Option<Opened>>, AgeError> {
    let stanzas: Vec<Vec<Stanza>> = groups.iter().map(|files| gather(files)).collect();
    // The plugin counts the files that it is given.
    let asked: Vec<usize> = (0..groups.len()).filter(|&at| !stanzas[at].is_empty()).collect();
    let mut opened: Vec<Option<Opened>> = groups.iter().map(|_| None).collect();
    if asked.is_empty() {
        return Ok(opened);
    }
    let mut conversation = Conversation { keys: Vec::new(), errors: Vec::new(), asked: false };
    let held = conversation.hold(identity, asked.iter().map(|&at| &stanzas[at][..]), ask);
    match held {
        Ok(()) => {}
        // One that knows a single file a run has ended, before it asked anything.
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            if asked.len() == 1 || conversation.asked || !conversation.keys.is_empty() {
                return Err(AgeError::Plugin(printable(&error.to_string())));
            }
            for at in asked {
                let alone = std::slice::from_ref(&groups[at]);
                opened[at] = unwrap_groups(identity, alone, ask)?.remove(0);
            }
            return Ok(opened);
        }
        Err(_) => return Err(AgeError::MissingPlugin(printable(&program(identity)))),
    }
    for (number, key) in conversation.keys {
        let Some(&at) = asked.get(number) else { continue };
        // The plugin does not say to which file the key belongs; each header proves it.
        let open = |(place, file): (usize, &Vec<u8>)| {
            decrypt(file, &KnownKey(&key)).ok().map(|payload| (place, payload))
        };
        opened[at] = groups[at].iter().enumerate().find_map(open);
    }
    match conversation.errors.is_empty() || opened.iter().any(Option::is_some) {
        true => Ok(opened),
        false => Err(AgeError::Plugin(printable(&conversation.errors.join("; ")))),
    }
}

/// Opens a file with a plugin's identity.
pub(super) fn unwrap(
    identity: &Identity,
    binary: &[u8],
    ask: Ask<'_>,
) -> Result<Zeroizing<Vec<u8>>, AgeError> {
    let opened = unwrap_groups(identity, &[vec![binary.to_vec()]], ask)?.remove(0);
    opened.map(|(_, payload)| payload).ok_or(AgeError::NoMatch)
}

/// The stanzas of all sound files.
fn gather(files: &[Vec<u8>]) -> Vec<Stanza> {
    let mut stanzas = Vec::new();
    for file in files {
        let of_file = Gather::default();
        if matches!(decrypt(file, &of_file), Err(AgeError::NoMatch)) {
            stanzas.extend(of_file.0.into_inner());
        }
    }
    stanzas
}

fn program(identity: &Identity) -> String {
    format!("age-plugin-{}{}", identity.plugin(), std::env::consts::EXE_SUFFIX)
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// What a plugin has said in one run.
struct Conversation {
    /// The file keys, each with the number of its file.
    keys: Vec<(usize, FileKey)>,
    errors: Vec<String>,
    /// Whether it has asked, or shown, anything.
    asked: bool,
}

impl Conversation {
    fn hold<'s>(
        &mut self,
        identity: &Identity,
        files: impl Iterator<Item = &'s [Stanza]>,
        ask: Ask<'_>,
    ) -> io::Result<()> {
        let program = program(identity);
        let path = find(&program).ok_or(io::ErrorKind::NotFound)?;
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::NotFound => {
                io::Error::other(format!("{program} ended without an answer"))
            }
            _ => error,
        };
        let mut plugin = Connection::open(&path, IDENTITY_V1).map_err(failed)?;
        // Dropped at the end, which wakes the thread.
        let (_running, ended) = channel::<()>();
        let waited_for = program.clone();
        std::thread::spawn(move || {
            if ended.recv_timeout(SLOW) == Err(RecvTimeoutError::Timeout) {
                Messages.display_message(&format!("waiting for {waited_for} …"));
            }
        });
        let text = identity.to_string();
        let sent = plugin.unidir_send(|mut phase| {
            phase.send("add-identity", &[&text], &[])?;
            for (number, stanzas) in files.enumerate() {
                for stanza in stanzas {
                    phase.send_stanza("recipient-stanza", &[&number.to_string()], stanza)?;
                }
            }
            Ok(())
        });
        sent.map_err(failed)?;
        let commands = ["msg", "confirm", "request-public", "request-secret", "file-key", "error"];
        let received = plugin.bidir_receive(&commands, |command, reply| {
            let text = printable(&String::from_utf8_lossy(&command.body));
            self.asked |= !matches!(command.tag.as_str(), "file-key" | "error");
            match command.tag.as_str() {
                "msg" => {
                    Messages.display_message(&text);
                    reply.ok(None)
                }
                "confirm" => match confirm(&text, &command.args, ask) {
                    Some(yes) => reply.ok_with_metadata(&[if yes { "yes" } else { "no" }], None),
                    None => reply.fail(),
                },
                "request-public" | "request-secret" => match ask(&text) {
                    Some(answer) => reply.ok(Some(answer.as_bytes())),
                    None => reply.fail(),
                },
                "file-key" => match self.take_key(&command) {
                    Some(()) => reply.ok(None),
                    None => reply.fail(),
                },
                _ => {
                    self.errors.push(text);
                    reply.ok(None)
                }
            }
        });
        received.map_err(failed)
    }

    /// Keeps a file key; `None` where it is none, or one for this file is there.
    fn take_key(&mut self, command: &Stanza) -> Option<()> {
        let [number] = command.args.as_slice() else { return None };
        let number = number.parse().ok()?;
        if self.keys.iter().any(|(known, _)| *known == number) {
            return None;
        }
        let key = FileKey::try_init_with_mut(|key| {
            if command.body.len() != key.len() {
                return Err(());
            }
            key.copy_from_slice(&command.body);
            Ok(())
        });
        self.keys.push((number, key.ok()?));
        Some(())
    }
}

/// Asks to choose between two words; the second may be missing.
fn confirm(message: &str, words: &[String], ask: Ask<'_>) -> Option<bool> {
    let word = |at: usize| {
        let bytes = BASE64_STANDARD_NO_PAD.decode(words.get(at)?).ok()?;
        Some(printable(&String::from_utf8_lossy(&bytes)))
    };
    let question =
        format!("{message} ({}: y, {}: n)", word(0)?, word(1).unwrap_or_else(|| "no".to_owned()));
    ask(&question).map(|answer| answer.trim().eq_ignore_ascii_case("y"))
}
