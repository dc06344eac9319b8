//! `git shroud init --template config`

use std::path::PathBuf;

use super::super::{Context, exclusive, refuse_rotation, show};
use super::backup;
use crate::access::set_up::refuse_second_time;
use crate::config_format::Format;
use crate::environments::SCHEMA_FILE;
use crate::environments::files::{Existing, LaidOut, Layout, enter, find_existing};
use crate::error::{CommandError, Outcome};
use crate::git::hooks::{self, Change};
use crate::git::repository::Repository;
use crate::keyring::KeyName;
use crate::status::find_names;
use crate::store::local;

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
    // Before anything is made.
    if options.environments.is_empty() && options.dir.as_ref().is_some_and(|dir| !dir.exists()) {
        return Err(none_named());
    }
    let backup = backup::place(options.backup.as_deref())?;
    let passphrase =
        backup.is_some().then(|| crate::ui::prompt::new_passphrase(&context.ui)).transpose()?;
    enter(options.dir.as_deref())?;
    let repository = context.discover()?;
    let top = super::super::top(&repository)?;
    refuse_rotation(&repository)?;
    let _exclusive = exclusive(&repository)?;
    let mut keyring = local::load(repository.common_dir())?;
    if keyring.is_empty() {
        refuse_second_time(&repository, top)?;
    } else if top.join(SCHEMA_FILE).symlink_metadata().is_ok() {
        return Err(CommandError::wrong("this is already a configuration repository")
            .hint("another environment: git shroud key new NAME; git shroud track --key NAME 'environments/NAME/**'; and its name in config.shroud.toml"));
    }
    if !find_names(&repository)?.is_empty() {
        return Err(CommandError::wrong("git-crypt encrypts files here")
            .hint("first move the repository to git-shroud: git shroud migrate git-crypt"));
    }
    let found = find_existing(&repository, &options.environments)?;
    let names = environments(&options.environments, &found)?;
    let taken = decide(context, options.existing, found)?;
    let format = options.format.format();
    let whole = options.whole;
    let layout = Layout { names: &names, format, taken: &taken, tripwire, whole };
    let LaidOut { made, written } = layout.lay_out(&repository, top, &mut keyring)?;
    for entry in keyring.entries().iter().filter(|entry| made.contains(&entry.name)) {
        context.ui.status(format!("made key '{}' (id {})", entry.name, entry.key.id()));
    }
    if !written.iter().any(|file| file == SCHEMA_FILE) {
        context
            .ui
            .status(format!("{SCHEMA_FILE} stays as it is: check that it names the environments"));
    }
    for file in &written {
        context.ui.status(format!("wrote {file}"));
    }
    guard(context, &repository);
    let opened = context.open()?;
    if !taken.is_empty() {
        crate::access::index::seal_index::seal_index(&context.ui, &opened, None)?;
        context.ui.hint("'git shroud scan' names the commits that still hold their plaintext");
        context
            .ui
            .hint("'git shroud scrub' removes them from history; change those secrets anyway");
    }
    backup::make(context, &opened, backup, passphrase, options.no_backup)?;
    next_steps(context, &names);
    Ok(())
}

/// The environments: those that were named, else those of the files that were found; each once.
fn environments(named: &[KeyName], found: &[Existing]) -> Outcome<Vec<KeyName>> {
    let mut names: Vec<KeyName> = Vec::new();
    for name in named.iter().chain(found.iter().map(|existing| &existing.environment)) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    if names.is_empty() {
        return Err(none_named());
    }
    Ok(names)
}

fn none_named() -> CommandError {
    CommandError::wrong("no environment was named, and no file of an environment was found")
        .hint("git shroud init --template config --env dev --env prod")
}

/// Which of the files that were found are taken in.
fn decide(
    context: &Context,
    wanted: Option<OnExisting>,
    found: Vec<Existing>,
) -> Outcome<Vec<Existing>> {
    if found.is_empty() {
        return Ok(found);
    }
    context.ui.status("these look like files of environments, and would be sealed where they are:");
    for existing in &found {
        let tracked = if existing.tracked { "" } else { ", not in the repository yet" };
        context.ui.status(format!(
            "  {}  (key {}{tracked})",
            show(&existing.path),
            existing.environment
        ));
    }
    let seal = match wanted {
        Some(wanted) => wanted == OnExisting::Seal,
        None => crate::ui::prompt::confirm("Seal them?").ok_or_else(|| {
            CommandError::wrong("say what to do with these files; nothing was changed")
                .hint("--existing seal seals them where they are, --existing leave leaves them as they are")
        })?,
    };
    Ok(if seal { found } else { Vec::new() })
}

/// Writes the guards; a repository whose hooks belong to somebody else does without.
fn guard(context: &Context, repository: &Repository) {
    match hooks::install(repository) {
        Ok(changes) => {
            for (name, change) in changes {
                if matches!(change, Change::Written | Change::Chained) {
                    context.ui.status(format!("wrote the hook {name}"));
                }
            }
        }
        Err(error) => {
            let error = CommandError::from(error);
            context.ui.warning(error.message());
            error.hints().iter().for_each(|hint| context.ui.hint(hint));
        }
    }
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
