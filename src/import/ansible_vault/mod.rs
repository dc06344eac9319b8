//! Files of ansible-vault, whole ones and those with encrypted values, through `ansible-vault decrypt`.

mod inline;

use std::ffi::OsString;

use super::ImportError;
use super::program::{Program, Runner};
use super::tool::{Hidden, Source, Tool};
use crate::git::repository::Repository;
use crate::secret::WipedVec;

/// What every vault begins with.
const VAULT: &[u8] = b"$ANSIBLE_VAULT;";
/// The tag of a value that is a vault.
const TAG: &[u8] = b"!vault";

/// ansible-vault, with the options that it is given.
#[derive(Default)]
pub struct AnsibleVault {
    /// For `--vault-id`.
    pub ids: Vec<OsString>,
    /// For `--vault-password-file`.
    pub password_files: Vec<OsString>,
}

impl AnsibleVault {
    /// `decrypt` to the standard output, of this file.
    fn decrypt(&self, runner: &Runner<'_>, file: OsString) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = ["decrypt", "--output", "-"].map(Into::into).into();
        let ids = self.ids.iter().map(|id| ("--vault-id", with_file(id, runner)));
        let files = self.password_files.iter();
        let files = files.map(|file| ("--vault-password-file", runner.file(file)));
        arguments.extend(ids.chain(files).flat_map(|(option, value)| [option.into(), value]));
        arguments.push(file);
        arguments
    }
}

/// An identity as `label@file`, with the file as the program finds it; one that asks stays as it is.
fn with_file(id: &OsString, runner: &Runner<'_>) -> OsString {
    let text = id.to_string_lossy();
    let (label, source) = text.split_once('@').unwrap_or(("", &text));
    let file = runner.file(source.as_ref());
    match std::path::Path::new(&file).is_file() {
        true if text.contains('@') => {
            let mut id = OsString::from(format!("{label}@"));
            id.push(file);
            id
        }
        true => file,
        false => id.clone(),
    }
}

impl Tool for AnsibleVault {
    fn name(&self) -> &'static str {
        "ansible-vault"
    }

    fn program(&self) -> Program {
        Program {
            name: "ansible-vault",
            install: "install ansible-core: apt-get install ansible-core, or pipx install ansible-core",
            // ansible.cfg may name a program that says the password.
            obeys_folder: true,
        }
    }

    fn is_of(&self, source: &Source<'_>) -> bool {
        let has = |part| memchr::memmem::find(source.bytes, part).is_some();
        source.bytes.starts_with(VAULT) || has(VAULT) && has(TAG)
    }

    fn open(&self, runner: &Runner<'_>, source: &Source<'_>) -> Result<WipedVec, ImportError> {
        if source.bytes.starts_with(VAULT) {
            return runner.run(source.path, &self.decrypt(runner, source.file.into()), None);
        }
        inline::exchange(source, |vault| {
            runner.run(source.path, &self.decrypt(runner, "-".into()), Some(vault))
        })
    }

    fn hidden(&self, source: &Source<'_>) -> Hidden {
        match source.bytes.starts_with(VAULT) {
            true => Hidden::All,
            false => Hidden::Nothing,
        }
    }

    fn left(&self, _repository: &Repository, _sources: &[Source<'_>]) -> Vec<String> {
        vec![
            "ansible reads these files as plain YAML now; remove vault_password_file and the password when no other file needs them".to_owned(),
        ]
    }
}
