//! The user's `gpg`: what it knows of certificates, and opening messages with the keys that it, its agent, or a card holds.
//!
//! `GNUPGHOME` and all else in the environment is left to gpg. Options that the user's configuration could set
//! otherwise, and that matter here, are given on the command line.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use zeroize::Zeroizing;

pub use self::error::{GpgError, Rival};
pub use self::installed::Installed;
pub use self::known::Known;
use self::query::Query;
pub use self::validity::Validity;
use super::{MAX_CERTIFICATE, MAX_MESSAGE};

pub(super) mod colons;
mod error;
mod folder;
#[doc(hidden)]
pub mod fuzzed;
mod installed;
mod known;
mod query;
mod status;
mod validity;

use self::colons::Listed;

/// What gpg says while another gpg exchanges the keyring: it moves the old one away before the new one has its place.
const ABSENT: &str = "error reading key: No such file or directory";
/// How often gpg is asked again then.
const TRIES: usize = 3;
/// How long before that.
const PAUSE: Duration = Duration::from_millis(50);
/// The largest listing that is read, and the most that is read of gpg's diagnostics: 8 MiB.
const MAX_LISTING: usize = 8 << 20;

/// A `gpg` program that runs.
#[derive(Clone, Debug)]
pub struct Gpg {
    program: OsString,
    home: Option<PathBuf>,
}

/// A certificate that gpg knows.
#[derive(Debug)]
pub struct GpgCertificate {
    /// The certificate, in binary, without signatures of others.
    pub certificate: Vec<u8>,
    /// How far gpg holds it to belong to whom it was asked for.
    pub validity: Validity,
    /// In upper-case hexadecimal digits.
    pub fingerprint: String,
    /// Its user ids, safe for a terminal.
    pub user_ids: Vec<String>,
}

pub(super) struct Output {
    pub(super) success: bool,
    pub(super) stdout: Zeroizing<Vec<u8>>,
    pub(super) stderr: Vec<u8>,
}

impl Output {
    pub(super) fn failure(&self) -> GpgError {
        GpgError::Failed { message: status::last_message(&String::from_utf8_lossy(&self.stderr)) }
    }
}

impl Gpg {
    /// `program`, or else `gpg` on the path; `None` if it does not run.
    pub fn find(program: Option<&OsStr>) -> Option<Self> {
        let program = program.unwrap_or(OsStr::new("gpg")).to_owned();
        let mut command = Command::new(&program);
        command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let runs = command.status().is_ok_and(|status| status.success());
        runs.then_some(Self { program, home: None })
    }

    /// The same program with a home of its own and no configuration, which starts no agent.
    pub(super) fn at_home(&self, home: &Path) -> Self {
        Self { program: self.program.clone(), home: Some(home.to_owned()) }
    }

    /// The certificate that `query` names: a fingerprint, a key id of 16 digits, an e-mail address (all of it), or
    /// another part of a user id.
    ///
    /// A certificate that was revoked, has expired, is disabled or cannot encrypt does not count where exactly one usable
    /// one has the address: somebody who has replaced their key means the new one. Where several have it and none or more
    /// than one is usable, or where a part of a user id matches several, the request is ambiguous.
    ///
    /// # Errors
    /// [`GpgError::NoMatch`], [`GpgError::Ambiguous`], [`GpgError::ShortKeyId`], or that gpg failed.
    pub fn certificate(&self, query: &str) -> Result<GpgCertificate, GpgError> {
        let query = Query::of(query)?;
        let listed = self.list(&query.argument())?;
        let usable = |key: &&Listed| {
            !key.primary.is_dead()
                && key.primary.capabilities.contains('E')
                && query.validity(key).is_none_or(|letter| !matches!(letter, 'r' | 'e'))
        };
        // A part of a name fits anybody's; whoever it fits is not told apart by what is usable.
        let candidates = match listed.iter().filter(usable).collect::<Vec<_>>() {
            usable if usable.is_empty() || matches!(query, Query::Text(_)) => {
                listed.iter().collect()
            }
            usable => usable,
        };
        let [key] = candidates.as_slice() else {
            let rival = |key: &&Listed| Rival {
                fingerprint: key.primary.fingerprint.clone(),
                user_ids: query::user_ids(key),
            };
            return Err(match candidates.len() {
                0 => GpgError::NoMatch,
                _ => GpgError::Ambiguous(candidates.iter().map(rival).collect()),
            });
        };
        let fingerprint = key.primary.fingerprint.clone();
        Ok(GpgCertificate {
            certificate: self.export(&fingerprint)?,
            validity: query.trust(key),
            fingerprint,
            user_ids: query::user_ids(key),
        })
    }

    /// How far gpg holds the certificate with this fingerprint to be valid; `None` if it does not know it.
    ///
    /// # Errors
    /// That gpg failed.
    pub fn validity_of(&self, fingerprint: &str) -> Result<Option<Validity>, GpgError> {
        let query = Query::of(fingerprint)?;
        let listed = self.list(&query.argument())?;
        Ok(listed.first().map(|key| query.trust(key)))
    }

    /// The key ids, of 16 digits, of all secret keys that gpg, its agent, or a card known to it holds.
    ///
    /// # Errors
    /// That gpg failed.
    pub fn secret_key_ids(&self) -> Result<BTreeSet<String>, GpgError> {
        let args = ["--with-colons", "--fixed-list-mode", "--list-secret-keys"];
        let output = self.run(&Self::listing(args), &[], MAX_LISTING)?;
        if !output.success {
            return Err(output.failure());
        }
        let keys = colons::read(&output.stdout);
        let parts = keys.into_iter().flat_map(|key| [vec![key.primary], key.subkeys].concat());
        Ok(parts.filter(|part| !part.is_stub).map(|part| part.key_id).collect())
    }

    /// Opens a message; the agent may ask for a passphrase, a PIN or a touch.
    ///
    /// # Errors
    /// Why not, as gpg's status lines tell; its exit status is not looked at.
    pub fn decrypt(&self, message: &impl AsRef<[u8]>) -> Result<Zeroizing<Vec<u8>>, GpgError> {
        self.decrypt_within(message.as_ref(), MAX_MESSAGE)
    }

    /// The same for a message whose plaintext may have `limit` bytes.
    ///
    /// # Errors
    /// As [`Self::decrypt`].
    pub fn decrypt_within(
        &self,
        message: &[u8],
        limit: usize,
    ) -> Result<Zeroizing<Vec<u8>>, GpgError> {
        // Not '--quiet': with it gpg 2.2 does not say on the status channel why it has no session key.
        let args = ["--batch", "--no-verbose", "--status-fd", "2", "--max-output", "0"];
        // No '--max-output' but what is read here: gpg cuts the plaintext off there, and reports success.
        let mut args: Vec<&OsStr> = args.iter().map(OsStr::new).collect();
        args.extend(["--output", "-", "--decrypt"].map(OsStr::new));
        let output = self.run(&args, message, limit)?;
        status::decrypted(&output.stderr)?;
        Ok(output.stdout)
    }

    fn listing<const N: usize>(args: [&str; N]) -> Vec<&OsStr> {
        ["--batch", "--no-tty", "--no-verbose"].into_iter().chain(args).map(OsStr::new).collect()
    }

    pub(super) fn list(&self, query: &str) -> Result<Vec<Listed>, GpgError> {
        let args = ["--with-colons", "--fixed-list-mode", "--with-fingerprint"];
        let mut args = Self::listing(args);
        // Twice: of subkeys too.
        args.extend(["--with-fingerprint", "--list-keys", "--", query].map(OsStr::new));
        let mut output = self.run(&args, &[], MAX_LISTING)?;
        for _ in 0..TRIES {
            if output.success || !String::from_utf8_lossy(&output.stderr).contains(ABSENT) {
                break;
            }
            std::thread::sleep(PAUSE);
            output = self.run(&args, &[], MAX_LISTING)?;
        }
        let mut listed = colons::read(&output.stdout);
        // A keyring may hold one certificate twice, for example after it was listed in two files.
        let mut seen = BTreeSet::new();
        listed.retain(|key| seen.insert(key.primary.fingerprint.clone()));
        if listed.is_empty() && !output.success && !is_unknown(&output.stderr) {
            return Err(output.failure());
        }
        Ok(listed)
    }

    pub(super) fn export(&self, fingerprint: &str) -> Result<Vec<u8>, GpgError> {
        let args = ["--no-armor", "--export-options", "export-minimal", "--output", "-"];
        let mut args = Self::listing(args);
        args.extend(["--export", "--", fingerprint].map(OsStr::new));
        let output = self.run(&args, &[], MAX_CERTIFICATE)?;
        if output.stdout.is_empty() {
            return Err(output.failure());
        }
        Ok(output.stdout.to_vec())
    }

    /// Runs gpg and reads at most `limit` bytes of what it prints.
    pub(super) fn run(
        &self,
        args: &[&OsStr],
        input: &[u8],
        limit: usize,
    ) -> Result<Output, GpgError> {
        let mut command = Command::new(&self.program);
        if let Some(home) = &self.home {
            command.args(["--no-options", "--no-autostart", "--homedir"]).arg(home);
        }
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if args.contains(&OsStr::new("--decrypt")) {
            // In the user's own language, as a pinentry takes it over, and on the user's terminal.
            if let Some(terminal) = terminal() {
                command.env("GPG_TTY", terminal);
            }
        } else {
            command.env("LC_ALL", "C");
        }
        let mut child = command.spawn()?;
        let mut stdin = child.stdin.take().expect("asked for above");
        let stdout = child.stdout.take().expect("asked for above");
        let stderr = child.stderr.take().expect("asked for above");
        let (output, diagnostics) = std::thread::scope(|scope| {
            // A gpg that stops reading says why.
            scope.spawn(move || drop(stdin.write_all(input)));
            let child = &mut child;
            let diagnostics = scope.spawn(move || {
                let mut bytes = Vec::new();
                stderr.take(MAX_LISTING as u64).read_to_end(&mut bytes).map(|_| bytes)
            });
            // Room for all, so that a plaintext is never moved and left behind.
            let room = limit.min(MAX_MESSAGE.max(input.len().saturating_mul(8)));
            let mut output = Zeroizing::new(Vec::with_capacity(room + 64));
            let read = stdout.take(limit as u64 + 1).read_to_end(&mut output);
            if output.len() > limit {
                // It would go on with a compressed bomb, though nobody reads what it prints. One that is gone is no matter.
                let _ = child.kill();
            }
            let diagnostics = diagnostics.join().expect("reading does not panic");
            (read.map(|_| output), diagnostics)
        });
        let success = child.wait()?.success();
        let (stdout, stderr) = (output?, diagnostics?);
        if stdout.len() > limit {
            return Err(GpgError::TooLarge);
        }
        Ok(Output { success, stdout, stderr })
    }
}

/// Whether gpg says that it does not know a certificate.
fn is_unknown(stderr: &[u8]) -> bool {
    let stderr = String::from_utf8_lossy(stderr);
    ["No public key", "Not found", "public key not found"].iter().any(|text| stderr.contains(text))
}

/// The terminal for a pinentry, where the environment does not name it.
#[cfg(unix)]
fn terminal() -> Option<OsString> {
    use std::io;
    use std::os::unix::ffi::OsStringExt as _;
    if std::env::var_os("GPG_TTY").is_some() {
        return None;
    }
    let name = rustix::termios::ttyname(io::stdin(), Vec::new())
        .or_else(|_| rustix::termios::ttyname(io::stderr(), Vec::new()))
        .or_else(|_| rustix::termios::ttyname(io::stdout(), Vec::new()));
    name.ok().map(|name| OsString::from_vec(name.into_bytes()))
}

#[cfg(not(unix))]
fn terminal() -> Option<OsString> {
    None
}
