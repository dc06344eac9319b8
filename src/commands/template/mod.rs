//! `git shroud init --template config`

mod backup;
mod existing;
mod place;

use std::fs;
use std::path::{Path, PathBuf};

use super::{Context, exclusive, refuse_rotation, show};
use crate::access::set_up::{create_key, refuse_second_time};
use crate::access::{Roster, find_names, stage_shroud_dir};
use crate::config_format::Format;
use crate::environments::template::{README, WORKFLOW, file, file_name, readme, schema, workflow};
use crate::environments::{FOLDER, SCHEMA_FILE};
use crate::error::{CommandError, Context as _, Outcome};
use crate::fs::{Access, read_bounded, write_atomic};
use crate::git::attributes_file::{AttributesFile, pattern_for};
use crate::git::config::install_drivers;
use crate::git::hooks::{self, Change};
use crate::git::repository::Repository;
use crate::git::staging::add_at_top;
use crate::keyring::{KeyName, Keyring};
use crate::store::shroud_dir::KeyInfo;
use crate::store::{local, shroud_dir};
use existing::Existing;

/// Bytes of the longest attributes file that git reads (git's attr.h).
const MAX_ATTRIBUTES: usize = 100 << 20;

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
    place::enter(options.dir.as_deref())?;
    let repository = context.discover()?;
    let top = super::top(&repository)?;
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
    let found = existing::find(&repository, &options.environments)?;
    let names = environments(&options.environments, &found)?;
    let taken = decide(context, options.existing, found)?;
    // As it is put back where something fails, it must have been read.
    let attributes = match read_bounded(&top.join(".gitattributes"), MAX_ATTRIBUTES) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        read => Some(read.context(|| "the attributes cannot be read".to_owned())?),
    };
    let made = make_keys(&Roster::read(&repository)?, &mut keyring, &names)?;
    let format = options.format.format();
    let layout = Layout { names: &names, made: &made, format, taken: &taken, tripwire };
    let described = top.join(shroud_dir::NAME).symlink_metadata().is_ok();
    let mut written = Vec::new();
    if let Err(error) = layout.set_up(&repository, top, &keyring, &mut written) {
        // Nothing is sealed with the new keys yet, so nothing is lost with them.
        for name in &made {
            keyring.remove(name);
            let _ = fs::remove_dir_all(top.join(shroud_dir::NAME).join(name.as_str()));
        }
        let _ = local::save(repository.common_dir(), &keyring);
        if !described {
            let _ = fs::remove_dir_all(top.join(shroud_dir::NAME));
        }
        let _ = match attributes {
            Some(bytes) => write_atomic(&top.join(".gitattributes"), &bytes, Access::Shared),
            None => fs::remove_file(top.join(".gitattributes")),
        };
        for file in written {
            let _ = fs::remove_file(top.join(file));
        }
        return Err(error);
    }
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
        crate::access::seal_index::seal_index(&context.ui, &opened)?;
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

/// Makes the keys that are not there yet, and says which these are.
fn make_keys(roster: &Roster, keyring: &mut Keyring, names: &[KeyName]) -> Outcome<Vec<KeyName>> {
    let mut made = Vec::new();
    for name in
        names.iter().filter(|name| keyring.current(name).is_none()).cloned().collect::<Vec<_>>()
    {
        if roster.infos.contains_key(&name) {
            return Err(CommandError::wrong(format!(
                "the key '{name}' of this repository is not held here"
            ))
            .hint("git shroud unlock"));
        }
        create_key(keyring, name.clone())?;
        made.push(name);
    }
    Ok(made)
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

/// What is laid out.
struct Layout<'l> {
    /// The environments, each with a key of its name.
    names: &'l [KeyName],
    /// The keys that are new.
    made: &'l [KeyName],
    format: Format,
    taken: &'l [Existing],
    /// Whether clones that were never set up are to refuse plaintext.
    tripwire: bool,
}

impl Layout<'_> {
    /// Writes and stages everything; `written` has the new files, also where it fails.
    fn set_up(
        &self,
        repository: &Repository,
        top: &Path,
        keyring: &Keyring,
        written: &mut Vec<String>,
    ) -> Outcome {
        local::save(repository.common_dir(), keyring)?;
        for entry in keyring.entries().iter().filter(|entry| self.made.contains(&entry.name)) {
            KeyInfo::new(entry, &[]).write(top)?;
        }
        install_drivers(repository)?;
        self.write_attributes(top)?;
        let mut put = |path: String, text: &str| -> Outcome {
            let file = top.join(&path);
            if file.symlink_metadata().is_ok() {
                return Ok(());
            }
            let folder = file.parent().expect("it is below the top");
            fs::create_dir_all(folder).context(|| path.clone())?;
            write_atomic(&file, text.as_bytes(), Access::Shared)
                .context(|| "a file cannot be written".to_owned())?;
            written.push(path);
            Ok(())
        };
        for name in self.names {
            // Whose file is elsewhere needs no other.
            if self.files_of(name).next().is_none()
                && !has_files(&top.join(FOLDER).join(name.as_str()))
            {
                let path = format!("{FOLDER}/{name}/{}", file_name(self.format));
                put(path, &file(name.as_str(), self.format))?;
            }
        }
        put(SCHEMA_FILE.to_owned(), &schema(&self.places()?))?;
        let names: Vec<String> = self.names.iter().map(ToString::to_string).collect();
        let taken = README.iter().find(|name| top.join(name).symlink_metadata().is_err());
        if let Some(name) = taken {
            put((*name).to_owned(), &readme(&names, self.format))?;
        }
        put(WORKFLOW.to_owned(), workflow())?;
        let mut paths: Vec<&str> = vec![".gitattributes"];
        paths.extend(written.iter().map(String::as_str));
        add_at_top(repository, &paths)?;
        Ok(stage_shroud_dir(repository)?)
    }

    fn files_of<'l>(&'l self, name: &'l KeyName) -> impl Iterator<Item = &'l Existing> {
        self.taken.iter().filter(move |existing| existing.environment == *name)
    }

    fn write_attributes(&self, top: &Path) -> Outcome {
        let unreadable = || "the attributes cannot be read".to_owned();
        let mut attributes =
            AttributesFile::read(&top.join(".gitattributes")).context(unreadable)?;
        attributes.set_macro(self.tripwire);
        let mut track = |pattern: &[u8], key: &KeyName| {
            let tracked = attributes.track(pattern, key, None);
            tracked.map(drop).map_err(|error| CommandError::wrong(error.to_string()))
        };
        for name in self.names {
            track(format!("{FOLDER}/{name}/**").as_bytes(), name)?;
        }
        for existing in self.taken.iter().filter(|existing| !existing.is_in_folder()) {
            track(&pattern_for(&existing.path), &existing.environment)?;
        }
        attributes.write().map(drop).context(|| "the attributes cannot be written".to_owned())
    }

    /// Where the files of each environment are, for the schema.
    fn places(&self) -> Outcome<Vec<(String, Option<Vec<String>>)>> {
        let mut places = Vec::new();
        for name in self.names {
            let mut own = Vec::new();
            for existing in self.files_of(name).filter(|existing| !existing.is_in_folder()) {
                let path = String::from_utf8(existing.path.clone());
                own.push(path.map_err(|_| {
                    CommandError::wrong(format!("{}: the name is not UTF-8", show(&existing.path)))
                })?);
            }
            let mut elsewhere = None;
            if !own.is_empty() {
                own.insert(0, format!("{FOLDER}/{name}"));
                elsewhere = Some(own);
            }
            places.push((name.to_string(), elsewhere));
        }
        Ok(places)
    }
}

fn has_files(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
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
