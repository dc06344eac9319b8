//! `git shroud key`

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use super::init::create_key;
use super::unlock::{ids, prove, read_given, remember_copied, take};
use super::{Context, Opened, add_to_index, exclusive};
use crate::error::{CommandError, Context as _, Outcome};
use crate::fs::Access;
use crate::git::config::install_drivers;
use crate::keyring::{Entry, KeyName, Keyring};
use crate::store::shroud_dir::KeyInfo;
use crate::store::{local, shroud_dir};

/// List, make, export and import keys
#[derive(clap::Args)]
pub struct Key {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(clap::Subcommand)]
enum KeyCommand {
    List(List),
    New(New),
    Export(Export),
    Import(Import),
}

/// List the keys of this repository, and which are held here
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud key list
  $ git shroud key list --json")]
struct List {
    /// Print JSON: {"keys": [{"name", "generation", "id", "held", "current"}]}
    #[arg(long)]
    json: bool,
}

/// Make another key, for files that not everybody may read
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud key new staging
  $ git shroud track --key staging 'environments/staging/**'")]
struct New {
    /// The key's name: a-z, 0-9, '-', '_' and '.'
    name: KeyName,
}

/// Write keys to a key file, for a backup or for a colleague
///
/// Whoever has the file can read everything that these keys seal.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud key export -o ../backup.key
  $ git shroud key export --name default > ../default.key")]
struct Export {
    /// Only this key; with all its generations
    #[arg(long = "name", value_name = "NAME")]
    names: Vec<KeyName>,
    /// The file to make, with mode 0600; standard output where none is named
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Take keys from a key file without opening any file
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud key import ../team.key")]
struct Import {
    /// Key files, '-' for standard input
    #[arg(required = true, value_name = "KEYFILE")]
    key_files: Vec<PathBuf>,
}

impl Key {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        match self.command {
            KeyCommand::List(list) => list.run(context),
            KeyCommand::New(new) => new.run(context),
            KeyCommand::Export(export) => export.run(context),
            KeyCommand::Import(import) => import.run(context),
        }
    }
}

#[derive(Serialize)]
struct JsonKeys {
    keys: Vec<JsonKey>,
}

#[derive(Serialize)]
struct JsonKey {
    name: String,
    generation: u32,
    id: String,
    held: bool,
    current: bool,
}

impl List {
    fn run(self, context: &Context) -> Outcome {
        let opened = context.open()?;
        let keys = list(&opened);
        if self.json {
            let json = JsonKeys { keys };
            context
                .ui
                .line(serde_json::to_string(&json).expect("strings and numbers can be written"));
            return Ok(());
        }
        if keys.is_empty() {
            context.ui.status("this repository has no key");
            context.ui.hint("git shroud init makes one");
        }
        for key in keys {
            let held = if key.held { "held" } else { "not held" };
            let current = if key.current { "" } else { ", retired" };
            context.ui.line(format!(
                "{}\tgeneration {}\t{}\t{held}{current}",
                key.name, key.generation, key.id
            ));
        }
        Ok(())
    }
}

/// Sorted by name, the newest generation first.
fn list(opened: &Opened) -> Vec<JsonKey> {
    let newest = |name: &KeyName| {
        let held = opened.keyring.current(name).map(|held| held.generation);
        let described = opened.infos.get(name).map(|info| info.generation);
        held.max(described)
    };
    let held = opened.keyring.entries().iter().map(|held| JsonKey {
        name: held.name.to_string(),
        generation: held.generation,
        id: held.key.id().to_string(),
        held: true,
        current: newest(&held.name) == Some(held.generation),
    });
    let described = opened.infos.values().filter(|info| opened.keyring.by_id(info.id).is_none());
    let not_held = described.map(|info| JsonKey {
        name: info.name.to_string(),
        generation: info.generation,
        id: info.id.to_string(),
        held: false,
        current: newest(&info.name) == Some(info.generation),
    });
    let mut keys: Vec<_> = held.chain(not_held).collect();
    keys.sort_by(|a, b| a.name.cmp(&b.name).then(b.generation.cmp(&a.generation)));
    keys
}

impl New {
    fn run(self, context: &Context) -> Outcome {
        let opened = context.open()?;
        let top = opened.top()?;
        if opened.infos.is_empty() {
            return Err(CommandError::wrong("this repository is not set up")
                .hint(format!("git shroud init --key {}", self.name)));
        }
        if opened.infos.contains_key(&self.name) {
            return Err(CommandError::wrong(format!("there is a key '{}' already", self.name))
                .hint("git shroud key list"));
        }
        let _exclusive = exclusive(&opened.repository)?;
        // Into the local keyring, whatever the environment gives.
        let mut keyring = local::load(opened.repository.common_dir())?;
        create_key(&mut keyring, self.name.clone())?;
        local::save(opened.repository.common_dir(), &keyring)?;
        let entry = keyring.current(&self.name).expect("it was made above");
        shroud_dir::write(top, &KeyInfo::new(entry))?;
        add_to_index(&opened.repository, &[shroud_dir::NAME])?;
        install_drivers(&opened.repository)?;
        context.ui.status(format!("made key '{}' (id {})", entry.name, entry.key.id()));
        context.ui.hint(format!("git shroud track --key {} PATTERN", entry.name));
        context.ui.hint(format!(
            "keep a copy elsewhere: git shroud key export --name {} -o FILE",
            entry.name
        ));
        Ok(())
    }
}

impl Export {
    fn run(self, context: &Context) -> Outcome {
        let mut opened = context.open()?;
        let mut keyring = std::mem::take(&mut opened.keyring);
        if !self.names.is_empty() {
            let mut chosen = Keyring::default();
            for name in self.names.iter().collect::<BTreeSet<_>>() {
                let entries: Vec<Entry> = keyring.remove(name);
                if entries.is_empty() {
                    return Err(CommandError::wrong(format!("the key '{name}' is not held here"))
                        .hint("git shroud key list"));
                }
                for entry in entries {
                    chosen.insert(entry).context(|| "the key cannot be exported".to_owned())?;
                }
            }
            keyring = chosen;
        }
        if keyring.is_empty() {
            return Err(
                CommandError::wrong("no key is held here").hint("git shroud unlock KEYFILE")
            );
        }
        let text = keyring.to_text();
        let ids: Vec<_> = keyring.entries().iter().map(|entry| entry.key.id()).collect();
        let Some(file) = self.output else {
            // What was not read to its end is no copy, so that here a broken pipe is a failure too.
            let mut stdout = std::io::stdout().lock();
            let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
            written.context(|| "standard output".to_owned())?;
            return remember_copied(&opened, ids);
        };
        if file.symlink_metadata().is_ok() {
            return Err(CommandError::wrong(format!("'{}' exists already", file.display()))
                .hint("remove it, or name another file: a key file is never overwritten"));
        }
        crate::fs::write_atomic(&file, text.as_bytes(), Access::Private)
            .context(|| "the key file cannot be written".to_owned())?;
        remember_copied(&opened, ids)?;
        context.ui.status(format!(
            "wrote {}; whoever has it can read what these keys seal",
            file.display()
        ));
        let written = file.canonicalize().context(|| file.display().to_string())?;
        if opened.repository.worktree.as_ref().is_some_and(|top| written.starts_with(top)) {
            context
                .ui
                .warning("the key file is inside the worktree: see that it is never committed");
        }
        Ok(())
    }
}

impl Import {
    fn run(self, context: &Context) -> Outcome {
        let mut opened = context.open()?;
        let _exclusive = exclusive(&opened.repository)?;
        opened.keyring = local::load(opened.repository.common_dir())?;
        let given = read_given(&self.key_files)?;
        let given_ids = ids(&given);
        let added = take(&mut opened.keyring, given, &opened.infos)?;
        prove(context, &opened, &added)?;
        local::save(opened.repository.common_dir(), &opened.keyring)?;
        remember_copied(&opened, given_ids)?;
        install_drivers(&opened.repository)?;
        context.ui.status(format!("took {}", crate::ui::count(added.len() as u64, "new key")));
        context.ui.hint("'git shroud unlock' opens the files");
        Ok(())
    }
}
