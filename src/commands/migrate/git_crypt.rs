//! `git shroud migrate git-crypt`

use std::path::PathBuf;

use crate::access::unlock::missing::IdentityArguments;
use crate::commands::Context;
use crate::error::Outcome;
use crate::migrate::{Rename, Request, open_clone};
use crate::ui::prompt::ask;

/// Move a git-crypt repository to git-shroud: new keys, members and sealed files, in one commit
///
/// Takes git-crypt's keys as 'git shroud unlock' does. Makes a new key for each, with the same name, and grants it to git-crypt's users.
/// Your gpg must have their certificates and consider them valid, or --certificate gives them; if a user would lose access, it stops and
/// changes nothing.
///
/// Rewrites git-crypt's lines in every .gitattributes, and compares git's attributes for every path before and after: the same files stay
/// sealed. Their plaintext in the worktree does not change. Keeps git-crypt's keys, sealed under the new ones, so that members can read
/// old history. If it is interrupted, run it again.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud migrate git-crypt --dry-run
  $ git shroud migrate git-crypt ../git-crypt.key --certificate ../bob.asc
  $ git shroud migrate git-crypt --values --dry-run
  $ git shroud migrate git-crypt --rename default=team --no-commit")]
pub(super) struct GitCrypt {
    /// Key files of git-crypt, for keys that are not held here and that your gpg does not open
    #[arg(value_name = "KEYFILE")]
    key_files: Vec<PathBuf>,
    #[command(flatten)]
    identities: IdentityArguments,
    /// Print what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Change nothing in the repository: only use git-crypt's format here, as 'git shroud unlock' does
    #[arg(long, conflicts_with_all = ["dry_run", "no_commit", "trust", "certificates", "without_those", "renames", "values", "no_tripwire"])]
    keep: bool,
    /// Seal configuration files by value: names stay readable, values are sealed
    ///
    /// Files in .env, .properties, INI, TOML, YAML and JSON format; all others, and what cannot be read, are sealed whole.
    #[arg(long)]
    values: bool,
    /// Leave out the tripwire, with which git refuses plaintext in clones that were never set up
    #[arg(long)]
    no_tripwire: bool,
    /// Stage everything, and leave the commit to you
    #[arg(long)]
    no_commit: bool,
    /// An OpenPGP certificate of a user of git-crypt
    #[arg(long = "certificate", value_name = "FILE")]
    certificates: Vec<PathBuf>,
    /// Grant even if gpg does not consider a certificate valid: you have compared the fingerprints yourself
    #[arg(long)]
    trust: bool,
    /// Continue even if git-crypt users with missing or unusable certificates lose access
    #[arg(long)]
    without_those: bool,
    /// Give a git-crypt key another name
    #[arg(long = "rename", value_name = "OLD=NEW")]
    renames: Vec<Rename>,
}

impl GitCrypt {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let repository = context.discover()?;
        let Self { key_files, identities, dry_run, no_commit, certificates, .. } = self;
        if self.keep {
            return Ok(open_clone(repository, key_files, identities, &mut ask, &context.ui)?);
        }
        let request = Request {
            key_files,
            identities,
            dry_run,
            no_commit,
            certificates,
            trust: self.trust,
            without_those: self.without_those,
            renames: self.renames,
            values: self.values,
            tripwire: !self.no_tripwire,
        };
        Ok(request.run(&repository, &mut ask, &context.ui)?)
    }
}
