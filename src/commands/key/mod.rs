//! `git shroud key`

mod combine;
mod export;
mod import;
mod list;
mod new;
pub(super) mod rotate;
mod split;
mod verify;

use std::path::Path;

use super::{Context, Opened};
use crate::error::{CommandError, Context as _, Outcome};
use crate::keyring::{Entry, KeyName};

/// List, make, rotate, export, split and import keys
#[derive(clap::Args)]
pub struct Key {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(clap::Subcommand)]
enum KeyCommand {
    List(list::List),
    New(new::New),
    Export(export::Export),
    Rotate(rotate::Rotate),
    Import(import::Import),
    Split(split::Split),
    Combine(combine::Combine),
}

impl Key {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        match self.command {
            KeyCommand::List(list) => list.run(context),
            KeyCommand::New(new) => new.run(context),
            KeyCommand::Export(export) => export.run(context),
            KeyCommand::Rotate(rotate) => rotate.run(context),
            KeyCommand::Import(import) => import.run(context),
            KeyCommand::Split(split) => split.run(context),
            KeyCommand::Combine(combine) => combine.run(context),
        }
    }
}

/// The current generation of the named key, or of the only one that is held.
fn current<'o>(opened: &'o Opened, names: &[KeyName]) -> Outcome<&'o Entry> {
    let held = opened.keyring.names();
    let name = match names {
        [name] => name,
        [] if held.len() == 1 => held.first().expect("there is one"),
        [] if held.is_empty() => return Err(none_held(opened)),
        _ => {
            return Err(CommandError::wrong("this takes one key at a time")
                .hint(format!("name it with --name: {}", opened.key_names())));
        }
    };
    opened.keyring.current(name).ok_or_else(|| not_held(name))
}

fn none_held(opened: &Opened) -> CommandError {
    opened
        .explain_git_crypt()
        .unwrap_or_else(|| CommandError::wrong("no key is held here").hint("git shroud unlock"))
}

fn not_held(name: &KeyName) -> CommandError {
    CommandError::wrong(format!("the key '{name}' is not held here")).hint("git shroud key list")
}

/// Refuses a file that is there already, before anything is written.
pub(super) fn refuse_existing(file: &Path) -> Outcome {
    if file.symlink_metadata().is_err() {
        return Ok(());
    }
    Err(CommandError::wrong(format!("'{}' exists already", crate::sanitise::native(file)))
        .hint("remove it, or name another file: key files are never overwritten"))
}

/// Makes a file that only its owner reads, and warns where it might be committed.
pub(super) fn write_secret(
    context: &Context,
    opened: &Opened,
    file: &Path,
    bytes: &[u8],
) -> Outcome {
    crate::fs::create_private(file, bytes)
        .context(|| "the key file cannot be written".to_owned())?;
    let written = file.canonicalize().context(|| crate::sanitise::native(file))?;
    if opened.repository.worktree.as_ref().is_some_and(|top| written.starts_with(top)) {
        context.ui.warning(format!(
            "{} is inside the worktree: never commit it",
            crate::sanitise::native(file)
        ));
    }
    Ok(())
}
