//! `git shroud init --template config`

use std::path::PathBuf;

use super::super::show;
use super::{Context, backup};
use crate::access::index::seal_index::seal_index;
use crate::config_format::Format;
use crate::environments::SCHEMA_FILE;
use crate::environments::files::Existing;
use crate::environments::files::new_repository::{Made, Place, Plan, refuse_none_named};
use crate::error::{CommandError, Outcome};
use crate::format::KeyId;
use crate::git::hook_change::Change;
use crate::git::hooks::HooksError;
use crate::keyring::KeyName;
use crate::ui::prompt::{confirm, new_passphrase};

/// What `--template` and what belongs to it say.
#[derive(clap::Args)]
pub(super) struct Options {
    /// Lay out a repository of this kind
    #[arg(long, value_name = "KIND")]
    template: Option<Kind>,
    /// Where to lay it out [default: the current directory]; made if it is not a repository
    #[arg(requires = "template")]
    dir: Option<PathBuf>,
    /// An environment, with a folder and a key [default: those of the files that are found]
    #[arg(long = "env", value_name = "NAME", requires = "template")]
    environments: Vec<KeyName>,
    /// The format of the environments' files
    #[arg(long, value_name = "FORMAT", default_value = "env", requires = "template")]
    format: FileFormat,
    /// What to do with existing files of environments [default: ask on the terminal]
    #[arg(long, value_name = "WHAT", requires = "template")]
    existing: Option<OnExisting>,
    /// Seal the environments' files as a whole [default: each value by itself, so that names and comments stay readable]
    #[arg(long, requires = "template")]
    whole: bool,
    /// Write a backup of the keys to this file, under a passphrase
    #[arg(long, value_name = "FILE", requires = "template", conflicts_with = "no_backup")]
    backup: Option<PathBuf>,
    /// Make no backup of the keys now; 'doctor' will remind you
    #[arg(long, requires = "template")]
    no_backup: bool,
}

/// Kinds of repositories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// Configuration of several environments.
    Config,
}

/// Forms of the files that are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FileFormat {
    Env,
    Properties,
    Yaml,
    Toml,
    Json,
}

impl FileFormat {
    fn format(self) -> Format {
        match self {
            Self::Env => Format::Env,
            Self::Properties => Format::Properties,
            Self::Yaml => Format::Yaml,
            Self::Toml => Format::Toml,
            Self::Json => Format::Json,
        }
    }
}

/// What is done with files that are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum OnExisting {
    /// They are sealed where they are, each with the key of its environment.
    Seal,
    /// They stay as they are.
    Leave,
}

impl Options {
    pub(super) fn is_wanted(&self) -> bool {
        self.template.is_some()
    }
}

pub(super) fn run(context: &Context, options: &Options, tripwire: bool) -> Outcome {
    refuse_none_named(options.dir.as_deref(), &options.environments)?;
    let backup = backup::place(options.backup.as_deref())?;
    let passphrase = backup.is_some().then(|| new_passphrase(&context.ui)).transpose()?;
    let place = Place::enter(options.dir.as_deref(), &options.environments, &context.ui)?;
    let names = place.names.clone();
    let takes_found = decide(context, options.existing, &place.found)?;
    let (format, whole) = (options.format.format(), options.whole);
    let plan = Plan { format, takes_found, tripwire, whole };
    let Made { keys, written, hooks, lock: _lock } = place.lay_out(&plan)?;
    report(context, &keys, &written);
    report_hooks(context, hooks);
    let opened = context.open()?;
    if takes_found {
        seal_index(&context.ui, &opened, None)?;
        context.ui.hint("'git shroud scan' names the commits that still hold their plaintext");
        context
            .ui
            .hint("'git shroud scrub' removes them from history; change those secrets anyway");
    }
    backup::make(context, &opened, backup, passphrase, options.no_backup)?;
    next_steps(context, &names);
    Ok(())
}

fn report(context: &Context, keys: &[(KeyName, KeyId)], written: &[String]) {
    for (name, id) in keys {
        context.ui.status(format!("made key '{name}' (id {id})"));
    }
    if !written.iter().any(|file| file == SCHEMA_FILE) {
        context
            .ui
            .status(format!("{SCHEMA_FILE} stays as it is: check that it names the environments"));
    }
    for file in written {
        context.ui.status(format!("wrote {file}"));
    }
}

/// A repository whose hooks belong to somebody else does without guards.
fn report_hooks(context: &Context, hooks: Result<Vec<(&'static str, Change)>, HooksError>) {
    let is_new =
        |change: &Change| matches!(change, Change::Written | Change::Chained | Change::Configured);
    match hooks {
        Ok(changes) => {
            for (name, _) in changes.iter().filter(|(_, change)| is_new(change)) {
                context.ui.status(format!("wrote the hook {name}"));
            }
        }
        Err(error) => context.warn(error),
    }
}

/// Whether the files that were found are sealed where they are.
fn decide(context: &Context, wanted: Option<OnExisting>, found: &[Existing]) -> Outcome<bool> {
    if found.is_empty() {
        return Ok(false);
    }
    context.ui.status("these look like files of environments, and would be sealed where they are:");
    for existing in found {
        let tracked = if existing.tracked { "" } else { ", not in the repository yet" };
        context.ui.status(format!(
            "  {}  (key {}{tracked})",
            show(&existing.path),
            existing.environment
        ));
    }
    let seal = match wanted {
        Some(wanted) => wanted == OnExisting::Seal,
        None => confirm("Seal them?").ok_or_else(|| {
            CommandError::wrong("say what to do with these files; nothing was changed")
                .hint("--existing seal seals them where they are, --existing leave leaves them as they are")
        })?,
    };
    Ok(seal)
}

fn next_steps(context: &Context, names: &[KeyName]) {
    let keys: Vec<_> = names.iter().map(|name| format!("--key {name}")).collect();
    context.ui.status(
        "add the first colleague, with the keys that they need (SSH, GPG or age public key):",
    );
    context.ui.line(format!("git shroud member add THEIR-PUBLIC-KEY {}", keys.join(" ")));
    context.ui.line("git commit -m 'Lay out the configuration, add the first colleague'");
    context.ui.line("git push");
    context
        .ui
        .hint("add yourself in the same way, so that you do not lose the keys with this clone");
}
