//! `git shroud track` and `untrack`

use std::ffi::OsString;

use super::{Context, patterns};
use crate::access::track::{By, Sealing, list, track, untrack, write_out};
use crate::error::Outcome;
use crate::format::Layout;
use crate::keyring::KeyName;

/// Choose files to encrypt: seal all that match a pattern
///
/// Adds a line to .gitattributes in the current directory, as 'git lfs track' does, and seals matching files that the index holds as
/// plaintext. History does not change. Without patterns, lists the tracked ones.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud track 'secrets/**'
  $ git shroud track '*.pem' '*.env'
  $ git shroud track --values 'environments/**/*.env'
  $ git shroud track --values --clear 'log.level,*.host' '*.properties'
  $ git shroud track --delta '*.tfstate' 'dumps/*.sql'
  $ git shroud track")]
pub struct Track {
    /// Patterns as in .gitattributes; quote them, so that the shell leaves them alone
    patterns: Vec<OsString>,
    /// The key that seals them [default: default, or what a line above says of them]
    #[arg(long, value_name = "NAME")]
    key: Option<KeyName>,
    /// For larger files that change in small places, as state files and dumps do: git then stores only what changed. The
    /// host sees which parts of a file change, and which are the same in two files
    #[arg(long, requires = "patterns")]
    delta: bool,
    /// Compress nothing before it is sealed: for files in which a secret is beside text of strangers
    #[arg(long, requires = "patterns")]
    store: bool,
    /// Seal each value by itself, and leave names, comments and order readable: for .env, properties, INI, TOML, YAML and JSON
    #[arg(long, requires = "patterns", conflicts_with_all = ["delta", "store"])]
    values: bool,
    /// With --values: a name whose value is not sealed, as log.level or '*.host'; repeat it, or separate with commas. The names
    /// given replace those of before; '' exempts none
    #[arg(long, value_name = "NAME", requires = "values")]
    clear: Vec<String>,
    /// Seal files as a whole again that were sealed by value
    #[arg(long, requires = "patterns", conflicts_with = "values")]
    whole: bool,
    /// Complete lines that say only 'shroud', for programs that ignore macros
    #[arg(long, conflicts_with_all = ["patterns", "key"])]
    write_out: bool,
}

/// Stop encrypting files that match a pattern
///
/// Removes the pattern's line from .gitattributes in the current directory. Files stay sealed in the repository until you add them again,
/// which stores their plaintext.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud track '*.pem'
  $ git shroud untrack '*.pem'")]
pub struct Untrack {
    /// Patterns that 'git shroud track' lists
    #[arg(required = true)]
    patterns: Vec<OsString>,
}

impl Track {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let opened = context.open()?;
        match (self.write_out, self.patterns.is_empty()) {
            (true, _) => write_out(&context.ui, &opened)?,
            (false, true) => list(&context.ui, &opened)?,
            (false, false) => {
                let layout = Layout { compress: !self.store, delta: self.delta };
                let sealing = Sealing {
                    key: &self.key.clone().unwrap_or_default(),
                    is_said: self.key.is_some(),
                    layout: (self.delta || self.store).then_some(layout),
                    by: match (self.values, self.whole || self.delta) {
                        (true, _) => Some(By::Value {
                            clear: Some(self.clear).filter(|clear| !clear.is_empty()),
                        }),
                        (false, true) => Some(By::Whole),
                        (false, false) => None,
                    },
                };
                track(&opened, &context.dir, &patterns(&self.patterns)?, &sealing, &context.ui)?;
            }
        }
        Ok(())
    }
}

impl Untrack {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let opened = context.open()?;
        Ok(untrack(&opened, &context.dir, &patterns(&self.patterns)?, &context.ui)?)
    }
}
