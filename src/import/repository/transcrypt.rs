//! transcrypt: a filter that runs openssl, with a password and a cipher for each context in the clone's configuration.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use zeroize::Zeroizing;

use super::guard::Guard;
use super::settings::read;
use super::tool::{Opener, Person, RepositoryTool, Setting};
use crate::git::repository::Repository;
use crate::git_crypt::{InvalidName, Name};
use crate::import::ImportError;
use crate::import::program::{Program, Runner};
use crate::migrate::{Before, Drivers, MigrateError};

/// How what it has encrypted begins: `Salted` in base64.
const BEGIN: &[u8] = b"U2FsdGVk";
/// The variable in which openssl finds the password, as transcrypt calls it.
const VARIABLE: &str = "ENC_PASS";

/// transcrypt.
pub struct Transcrypt;

fn key_of(value: &[u8]) -> Option<Result<Name, InvalidName>> {
    match value.strip_prefix(b"crypt")? {
        [] => Some(Ok(Name::default())),
        [b'-', context @ ..] => Some(Name::named(context)),
        _ => None,
    }
}

/// What opens the files of a context.
struct Context {
    cipher: String,
    password: Zeroizing<String>,
}

impl Context {
    fn read(repository: &Repository, name: &Name) -> Result<Self, MigrateError> {
        let group = if name.is_default() { String::new() } else { format!(".{name}") };
        let password = read(repository, &format!("transcrypt{group}.password"))?;
        let cipher = read(repository, &format!("transcrypt{group}.cipher"))?;
        let is_cipher = |cipher: &String| {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            !cipher.is_empty() && !cipher.starts_with('-') && cipher.bytes().all(known)
        };
        match (password.filter(|it| !it.is_empty()), cipher.filter(is_cipher)) {
            (Some(password), Some(cipher)) => Ok(Self { cipher, password: password.into() }),
            _ => Err(MigrateError::Locked {
                why: format!(
                    "this clone does not have the password and the cipher of transcrypt's context '{name}'"
                ),
                hint: "set transcrypt up here first, so that its files are open: transcrypt -c CIPHER -p PASSWORD",
            }),
        }
    }
}

impl RepositoryTool for Transcrypt {
    fn drivers(&self) -> Drivers {
        Drivers { tool: "transcrypt", key_of, merges: true, own: &[], keeps_keys: false }
    }

    fn state_dir(&self, _: &Repository) -> Result<Vec<u8>, MigrateError> {
        Ok(Vec::new())
    }

    fn look(&self, _: &Setting<'_>, _: &mut Before) -> Result<Vec<Person>, MigrateError> {
        Ok(Vec::new())
    }

    fn opener<'s>(
        &self,
        setting: &Setting<'s>,
        before: &Before,
    ) -> Result<Opener<'s>, ImportError> {
        let mut contexts = BTreeMap::new();
        for (_, name) in before.sealed.values() {
            if !contexts.contains_key(name) {
                contexts.insert(name.clone(), Context::read(setting.repository, name)?);
            }
        }
        let program = Program {
            name: "openssl",
            install: "install openssl, which transcrypt runs: apt-get install openssl",
            obeys_folder: false,
        };
        let named = read(setting.repository, "transcrypt.openssl-path")?;
        let named = named.filter(|named| named.contains(['/', '\\']));
        let place = (crate::clone::top(setting.repository)?, setting.dir);
        let runner = match &named {
            Some(named) => {
                Runner::at(&program, named.as_ref(), place, setting.limit, setting.progress)?
            }
            None => Runner::find(&program, place, setting.limit, setting.progress)?,
        };
        Ok(Box::new(move |path, bytes, name, _| {
            if !bytes.starts_with(BEGIN) {
                return Ok(None);
            }
            let Context { cipher, password } = &contexts[name];
            let cipher = format!("-{cipher}");
            let pass = format!("env:{VARIABLE}");
            let arguments = ["enc", "-d", &cipher, "-md", "MD5", "-pass", &pass, "-a"];
            let arguments: Vec<_> = arguments.map(Into::into).into();
            let variable = (VARIABLE, OsStr::new(password.as_str()));
            let opened = runner.run_silent(path, &arguments, bytes, variable);
            opened.map(Some).map_err(|error| match error {
                ImportError::Failed { path, .. } => MigrateError::NotOpened {
                    path,
                    why: "openssl does not decrypt it with transcrypt's password and cipher".to_owned(),
                    hint: Some(
                        "compare them with a clone that opens it: transcrypt --display; or restore the file",
                    ),
                },
                other => tool_failed(path, &other),
            })
        }))
    }

    fn settings(&self) -> &'static str {
        // Its aliases stay: 'transcrypt --upgrade' and '--uninstall' need them.
        r"^(filter|diff|merge)\.crypt(-[^.]*)?\."
    }

    fn guard(&self) -> Option<Guard> {
        Some(Guard { begins: &["U2FsdGVk"], back: "transcrypt --upgrade" })
    }

    fn needle(&self) -> &'static str {
        "filter=crypt"
    }

    fn left(&self, repository: &Repository) -> Vec<String> {
        let version = read(repository, "transcrypt.version").ok().flatten();
        let left = version.map(|_| {
            "transcrypt's password stays in .git/config, as earlier commits need it; to remove all of transcrypt from this clone: transcrypt --uninstall"
                .to_owned()
        });
        left.into_iter().collect()
    }
}

/// What went wrong with a program, for one file.
pub(super) fn tool_failed(path: &[u8], error: &ImportError) -> MigrateError {
    let (path, why) = (crate::sanitise::path(path), error.to_string());
    MigrateError::NotOpened { path, why, hint: None }
}
