//! `git shroud import ansible-vault`

use std::ffi::OsString;

use super::Files;
use crate::commands::Context;
use crate::error::Outcome;
use crate::import;

/// Take files over from ansible-vault: whole vaults, and YAML files with '!vault' values
///
/// Runs 'ansible-vault decrypt' once for each vault, and once for each '!vault' value: give it a password file, or it asks each time.
/// A '!vault' value becomes a string in double quotes; every other byte of its file stays.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud import ansible-vault --vault-password-file ../vault.pass group_vars/all.yml")]
pub(super) struct AnsibleVault {
    #[command(flatten)]
    files: Files,
    /// For ansible-vault: a vault identity, as dev@FILE
    #[arg(long, value_name = "ID")]
    vault_id: Vec<OsString>,
    /// For ansible-vault: the file with the password
    #[arg(long, value_name = "FILE")]
    vault_password_file: Vec<OsString>,
}

impl AnsibleVault {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let Self { files, vault_id, vault_password_file } = self;
        let tool = import::AnsibleVault { ids: vault_id, password_files: vault_password_file };
        files.run(context, &tool)
    }
}
