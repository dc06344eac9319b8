//! Signatures by the user's own key, made as git makes them: by the program that git's settings name (git-config, `gpg.*` and
//! `user.signingKey`; `gpg-interface.c`).
//!
//! git itself signs only commits and tags that it writes, and changes odd headers, dates and encodings on the way. So the program
//! is called here, with git's arguments: what stands in for it, as for a key in another program, takes no others.

mod program;
mod ssh;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::GitError;
use super::command::Git;

/// Text that is signed once to see whether it can be done, and to ask for a passphrase before the work begins.
const TRIAL: &[u8] = b"git-shroud asks whether this key can sign\n";

/// Why nothing can be signed.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// git cannot say what is set.
    #[error(transparent)]
    Git(#[from] GitError),
    /// `gpg.format` is none of git's.
    #[error("git's setting gpg.format is '{0}', which is not openpgp, x509 or ssh")]
    Format(String),
    /// There is no key for SSH.
    #[error("git's setting user.signingKey names no SSH key")]
    NoKey,
    /// The program is not there.
    #[error("the signing program '{0}' was not found")]
    Missing(String),
    /// The program signed nothing, and said why.
    #[error("{program} did not sign: {message}")]
    Refused {
        /// Its name, safe to show.
        program: String,
        /// What it said, safe to show.
        message: String,
    },
    /// A file or the program cannot be used.
    #[error("signing: {0}")]
    Io(#[from] std::io::Error),
}

/// What makes signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    OpenPgp,
    X509,
    Ssh,
}

impl Format {
    const fn name(self) -> &'static str {
        match self {
            Self::OpenPgp => "openpgp",
            Self::X509 => "x509",
            Self::Ssh => "ssh",
        }
    }

    const fn program(self) -> &'static str {
        match self {
            Self::OpenPgp => "gpg",
            Self::X509 => "gpgsm",
            Self::Ssh => "ssh-keygen",
        }
    }
}

/// Signs with the user's own key, or says why it cannot.
#[derive(Debug)]
pub struct Signer(Result<Key, Arc<SigningError>>);

impl Signer {
    /// The user's key, as git's settings name it. It signs something at once, so that a passphrase is asked for before any work.
    pub fn of(git: &Git) -> Self {
        let tried = Key::find(git).and_then(|key| key.sign(TRIAL).map(|_| key));
        Self(tried.map_err(Arc::new))
    }

    /// Whether it can sign.
    ///
    /// # Errors
    /// It cannot, and why.
    pub fn check(&self) -> Result<(), Arc<SigningError>> {
        self.0.as_ref().map(drop).map_err(Arc::clone)
    }

    /// The signature of a text: lines of ASCII armor.
    ///
    /// # Errors
    /// The key could not sign at the beginning, or cannot any more.
    pub fn sign(&self, text: &[u8]) -> Result<Vec<u8>, Arc<SigningError>> {
        self.0.as_ref().map_err(Arc::clone)?.sign(text).map_err(Arc::new)
    }
}

/// A key, and the program that signs with it.
#[derive(Debug)]
struct Key {
    format: Format,
    program: OsString,
    /// What git's setting names: a key of gpg's, or a file or line of SSH's.
    name: OsString,
    /// Where the program runs, as git runs it.
    dir: PathBuf,
}

impl Key {
    fn find(git: &Git) -> Result<Self, SigningError> {
        let format = match git.query(["config", "--get", "gpg.format"])? {
            None => Format::OpenPgp,
            Some(name) => match &*name.to_string_lossy() {
                "openpgp" => Format::OpenPgp,
                "x509" => Format::X509,
                "ssh" => Format::Ssh,
                other => return Err(SigningError::Format(crate::sanitise::line(other))),
            },
        };
        let program = program_set(git, format)?.unwrap_or_else(|| format.program().into());
        let set = git.query(["config", "--type=path", "--get", "user.signingKey"])?;
        let name = match set.filter(|name| !name.is_empty()) {
            Some(name) => name,
            None if format == Format::Ssh => ssh::default_key(git)?,
            None => committer(git)?,
        };
        Ok(Self { format, program, name, dir: git.dir().to_owned() })
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, SigningError> {
        let mut signature = match self.format {
            Format::Ssh => ssh::sign(self, text)?,
            Format::OpenPgp | Format::X509 => program::gpg(self, text)?,
        };
        // A program of Windows ends lines with both.
        signature.retain(|&byte| byte != b'\r');
        if !signature.ends_with(b"\n") {
            signature.push(b'\n');
        }
        Ok(signature)
    }

    fn refused(&self, message: &[u8]) -> SigningError {
        let message = String::from_utf8_lossy(message);
        let lines = message.lines().filter(|line| !line.starts_with("[GNUPG:]"));
        let said = lines.collect::<Vec<_>>().join("\n");
        let message = match said.trim() {
            "" => "it said nothing".to_owned(),
            said => crate::sanitise::text(said),
        };
        SigningError::Refused { program: self.shown(), message }
    }

    fn shown(&self) -> String {
        crate::sanitise::native(Path::new(&self.program))
    }

    fn command(&self) -> std::process::Command {
        let mut command = std::process::Command::new(&self.program);
        command.current_dir(&self.dir);
        command
    }
}

/// The program that is set for a format: the last one of both names for OpenPGP, as in git.
fn program_set(git: &Git, format: Format) -> Result<Option<OsString>, GitError> {
    let own = format!("gpg.{}.program", format.name());
    let names = match format {
        Format::OpenPgp => r"^gpg\.(openpgp\.)?program$",
        Format::X509 | Format::Ssh => return git.query(["config", "--type=path", "--get", &own]),
    };
    let Some(_) = git.query(["config", "--name-only", "--get-regexp", names])? else {
        return Ok(None);
    };
    let listed = git.run(["config", "-z", "--type=path", "--get-regexp", names])?;
    let last = listed.split(|&byte| byte == 0).rfind(|entry| !entry.is_empty());
    let value = last.and_then(|entry| {
        let end = memchr::memchr(b'\n', entry)?;
        Some(super::command::os_line(entry[end + 1..].to_vec()))
    });
    Ok(value)
}

/// `NAME <MAIL>` of who commits here, by which gpg finds the key of its own.
fn committer(git: &Git) -> Result<OsString, GitError> {
    let mut ident = git.run(["var", "GIT_COMMITTER_IDENT"])?;
    if let Some(end) = memchr::memrchr(b'>', &ident) {
        ident.truncate(end + 1);
    }
    Ok(super::command::os_line(ident))
}

/// The terminal for a pinentry, where the environment does not name it.
#[cfg(unix)]
fn terminal() -> Option<OsString> {
    use std::os::unix::ffi::OsStringExt as _;
    if std::env::var_os("GPG_TTY").is_some() {
        return None;
    }
    let name = rustix::termios::ttyname(std::io::stdin(), Vec::new())
        .or_else(|_| rustix::termios::ttyname(std::io::stderr(), Vec::new()));
    name.ok().map(|name| OsString::from_vec(name.into_bytes()))
}

#[cfg(not(unix))]
fn terminal() -> Option<OsString> {
    None
}

/// Whether a text begins with another.
fn begins(text: &OsStr, with: &str) -> bool {
    text.as_encoded_bytes().starts_with(with.as_bytes())
}
