//! `git shroud key split`

use std::path::{Path, PathBuf};

use super::super::Context;
use crate::access::backup::secret_file::{refuse_existing, write_secret};
use crate::access::given::remember_copied;
use crate::error::{Context as _, Outcome};
use crate::keyring::{KeyName, share};
use crate::ui::qr::Qr;

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
        let opened = context.open_anyway()?;
        let names: Vec<_> = self.name.iter().cloned().collect();
        let entry = opened.current(&names)?;
        let shares = share::split(entry, self.threshold, self.shares, getrandom::fill)
            .context(|| format!("the key '{}' cannot be split", entry.name))?;
        let begin = begin(&self.output, &entry.name)?;
        let file = |number: u8, end: &str| {
            let mut name = begin.clone().into_os_string();
            name.push(format!("-share-{number}-of-{}.{end}", self.shares));
            PathBuf::from(name)
        };
        for share in &shares {
            refuse_existing(&file(share.number, "txt"))?;
            if self.qr {
                refuse_existing(&file(share.number, "svg"))?;
            }
        }
        for share in &shares {
            let text = file(share.number, "txt");
            write_secret(&context.ui, &opened, &text, share.to_text(self.words).as_bytes())?;
            context.ui.line(crate::sanitise::native(&text));
            if self.qr {
                let picture_file = file(share.number, "svg");
                let qr = Qr::new(&share.to_token()).expect("a token fits into a code");
                write_secret(&context.ui, &opened, &picture_file, &qr.picture(&picture_file)?)?;
                context.ui.line(crate::sanitise::native(&picture_file));
            }
        }
        remember_copied(&opened, [entry.key.id()])?;
        context.ui.status(format!(
            "any {} of the {} shares make the key '{}' generation {}",
            self.threshold, self.shares, entry.name, entry.generation
        ));
        context.ui.hint("give each to another person, then delete the files here");
        context.ui.hint(format!(
            "test them first: git shroud key export --verify, with {} of the files",
            self.threshold
        ));
        Ok(())
    }
}

/// What the names of the files begin with.
fn begin(output: &Path, name: &KeyName) -> Outcome<PathBuf> {
    let is_dir = output.as_os_str().as_encoded_bytes().ends_with(b"/");
    if is_dir && !output.exists() {
        crate::fs::create_private_dir(output)
            .context(|| "the directory for the shares cannot be made".to_owned())?;
    }
    Ok(if output.is_dir() { output.join(name.as_str()) } else { output.to_owned() })
}
