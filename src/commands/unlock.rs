//! `git shroud unlock`

use std::path::PathBuf;
use std::time::Duration;

use super::Context;
use crate::access::agent::parse_duration;
use crate::access::unlock::missing::IdentityArguments;
use crate::access::unlock::{Request, install_first, unlock};
use crate::clone::locks::{exclusive_even_if_locked, refuse_rotation_with_keys};
use crate::error::Outcome;
use crate::format::KeyId;
use crate::git::GitError;
use crate::ui::prompt;

/// Unlock this clone: take keys and decrypt its files
///
/// Reads keys from key files and backups (a token, an age file under a passphrase, 24 words), from '-' (standard input), from
/// GIT_SHROUD_KEYRING (a path) or GIT_SHROUD_KEY (the text). Without these, opens your grants in .shroud/: with your gpg, with age
/// identities and SSH keys in their usual places or from --identity, or with an OpenPGP key from --secret-key. A file that holds an age
/// identity, an SSH or an OpenPGP private key is recognised, and opens your grants too. A clone that has held keys
/// takes a key with a new name only with --new-key, because anybody who can push can add one.
///
/// Puts the keys where 'git config shroud.keyring' says: 'file' (a file in .git, the default), 'keychain' (the keychain of your system) or
/// 'agent' (the memory of 'git shroud agent', for a time). Keys that lie elsewhere are moved there.
///
/// Decrypts every unchanged file; files with local changes stay as they are. If it is interrupted, run it again. In a git-crypt
/// repository it reads git-crypt's key files, or '.git-crypt' with your OpenPGP key, and handles the files as git-crypt does, byte for
/// byte.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud unlock ../team.key
  $ git shroud unlock - < ../team.key
  $ GIT_SHROUD_KEYRING=../team.key git shroud unlock
  $ git shroud unlock ../me.age
  $ git shroud unlock --soft
  $ git shroud unlock ../git-crypt.key")]
pub struct Unlock {
    /// Key files or backups, '-' for standard input
    #[arg(value_name = "KEYFILE")]
    key_files: Vec<PathBuf>,
    #[command(flatten)]
    identities: IdentityArguments,
    /// Take the key with this id, even if it does not descend from the keys that this clone has held
    #[arg(long = "trust-key", value_name = "ID", value_parser = parse_key_id)]
    trusted: Vec<KeyId>,
    /// Take the key with this name, even if this clone holds others and has never seen it
    #[arg(long = "new-key", value_name = "NAME")]
    new_keys: Vec<String>,
    /// Take only keys with these ids, or that descend from them; repeatable
    #[arg(long = "expect", value_name = "ID", value_parser = parse_key_id)]
    expected: Vec<KeyId>,
    /// If no key can be had, leave the files sealed and end with exit status 0
    #[arg(long)]
    soft: bool,
    /// Let the agent hold the keys for this time, such as 30m, 8h or 2d, and then wipe them (git config shroud.keyring agent)
    #[arg(long = "for", value_name = "TIME", value_parser = parse_duration)]
    time: Option<Duration>,
    /// Pin the keys for the address of this clone: your next clones of it take only keys that descend from them
    #[arg(long, conflicts_with = "soft")]
    pin: bool,
}

fn parse_key_id(text: &str) -> Result<KeyId, &'static str> {
    KeyId::from_hex(text).ok_or("a key id is 32 hexadecimal digits in lower case")
}

/// What an `unlock` does that is not carried out, as an argument is wrong: the next `git add` refuses, as after any other that fails.
pub fn give_up(context: &Context) {
    // Nothing is said of it: what is wrong with the arguments is said already.
    let _ = context.discover().and_then(|repository| Ok(install_first(&repository)?));
}

impl Unlock {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let repository = match context.discover_any()? {
            None if self.soft => {
                context.ui.status("this is not a git repository, so there is nothing to open");
                return Ok(());
            }
            None => return Err(GitError::NoRepository.into()),
            Some(repository) => repository,
        };
        refuse_rotation_with_keys(&repository)?;
        let _exclusive = exclusive_even_if_locked(&repository, &context.ui)?;
        let Self { key_files, identities, trusted, new_keys, expected, soft, pin, time } = self;
        let request =
            Request { key_files, identities, trusted, new_keys, expected, soft, pin, time };
        Ok(unlock(repository, &request, &mut prompt::ask, &context.ui)?)
    }
}
