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
    fn decrypt(&self, file: OsString) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = ["decrypt", "--output", "-"].map(Into::into).into();
        for (option, values) in
            [("--vault-id", &self.ids), ("--vault-password-file", &self.password_files)]
        {
            arguments.extend(values.iter().flat_map(|value| [option.into(), value.clone()]));
        }
        arguments.push(file);
        arguments
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
        }
    }

    fn is_of(&self, source: &Source<'_>) -> bool {
        let has = |part| memchr::memmem::find(source.bytes, part).is_some();
        source.bytes.starts_with(VAULT) || has(VAULT) && has(TAG)
    }

    fn open(&self, runner: &Runner<'_>, source: &Source<'_>) -> Result<WipedVec, ImportError> {
        if source.bytes.starts_with(VAULT) {
            return runner.run(source.path, &self.decrypt(source.file.into()), None);
        }
        inline::exchange(source, |vault| {
            runner.run(source.path, &self.decrypt("-".into()), Some(vault))
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
