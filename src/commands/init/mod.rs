//! `git shroud init`

mod backup;
mod template;

use super::Context;
use crate::access::set_up::{SetUp, begin};
use crate::error::Outcome;
use crate::keyring::KeyName;

/// Set up this repository: make a key, and install git's filters
///
/// Makes a key in the local keyring and describes it in .shroud/, defines the macro 'shroud' in .gitattributes, and tells git to use
/// git-shroud here. Changes no file; 'git shroud track' chooses the files to encrypt.
///
/// The macro has the tripwire: in a clone where git-shroud was never set up, git refuses to add a tracked file instead of storing
/// plaintext, and prints "failed to encode" for each sealed file that it checks out. That is harmless, and ends with 'git shroud unlock'.
///
/// With --template config it lays out a configuration repository, a new one in DIR or in the existing one: a folder and a key for each
/// environment, the tripwire, a schema, a README, an example for CI, and guards in git's hooks. It overwrites nothing. It shows files of
/// environments that it finds, and seals them where they are if you agree.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud init
  $ git shroud init --key default --key prod
  $ git shroud init --no-tripwire
  $ git shroud init --template config ../shop --env dev --env prod --backup ../keys.age
  $ git shroud init --template config --env dev --env prod --format yaml --no-backup")]
pub struct Init {
    /// A key to make [default: 'default']
    #[arg(long = "key", value_name = "NAME", conflicts_with = "template")]
    keys: Vec<KeyName>,
    #[command(flatten)]
    layout: template::Options,
    /// Do not set the tripwire: in clones where git-shroud was never set up, 'git add' then silently stores plaintext
    #[arg(long)]
    no_tripwire: bool,
    /// It is the default now
    #[arg(long, hide = true, conflicts_with = "no_tripwire")]
    tripwire: bool,
}

impl Init {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        if self.layout.is_wanted() {
            return template::run(context, &self.layout, !self.no_tripwire);
        }
        let names = if self.keys.is_empty() { vec![KeyName::default()] } else { self.keys };
        let SetUp { keys, beside_git_crypt } =
            begin(&context.discover()?, names, !self.no_tripwire, &context.ui)?;
        if beside_git_crypt {
            context.ui.status(
                "git-crypt encrypts files here: they stay as they are; the new key is for files that you track from now on",
            );
            context.ui.hint("'git shroud unlock' opens git-crypt's files; 'git shroud migrate git-crypt' converts them");
        }
        for (name, id) in keys {
            context.ui.status(format!("made key '{name}' (id {id})"));
        }
        context.ui.hint("choose the files to encrypt: git shroud track 'secrets/**'");
        context.ui.hint("grant the key to yourself and others: git shroud member add YOUR-KEY");
        context.ui.hint("keep a copy of the key in another place: git shroud key export -o FILE");
        Ok(())
    }
}
