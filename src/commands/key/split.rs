//! `git shroud key split`

use std::path::PathBuf;

use super::Context;
use crate::access::backup::shares::{Splitting, split};
use crate::error::Outcome;
use crate::keyring::KeyName;

/// Split a key into shares; some of them make it again (Shamir's secret sharing)
///
/// Each share is one file with mode 0600, and none is overwritten. Fewer shares than the threshold reveal nothing about the key. It
/// splits the current generation: after a rotation, make new shares.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud key split --name prod --shares 5 --threshold 3 -o ../shares/
  $ git shroud key split --name prod --shares 3 --threshold 2 --words --qr -o ../prod")]
pub(super) struct Split {
    /// The key [default: the only one that is held]
    #[arg(long, value_name = "NAME")]
    name: Option<KeyName>,
    /// How many shares to make, up to 255
    #[arg(long, value_name = "N")]
    shares: u8,
    /// How many of them make the key, at least 2
    #[arg(long, value_name = "N")]
    threshold: u8,
    /// Also write each share as 24 words, for paper
    #[arg(long)]
    words: bool,
    /// Also make a QR code of each share, as SVG
    #[arg(long)]
    qr: bool,
    /// A directory for the files (made if its name ends with '/'), or the beginning of their names
    #[arg(short, long, value_name = "DIR_OR_PREFIX")]
    output: PathBuf,
}

impl Split {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let splitting = Splitting {
            name: self.name.as_ref(),
            shares: self.shares,
            threshold: self.threshold,
            words: self.words,
            qr: self.qr,
            output: &self.output,
        };
        let (name, generation) = split(&context.open_anyway()?, &splitting, &context.ui)?;
        context.ui.status(format!(
            "any {} of the {} shares make the key '{name}' generation {generation}",
            self.threshold, self.shares
        ));
        context.ui.hint("give each to another person, then delete the files here");
        context.ui.hint(format!(
            "test them first: git shroud key export --verify, with {} of the files",
            self.threshold
        ));
        Ok(())
    }
}
