//! `git shroud init`

use std::fs;
use std::path::Path;

use super::{Context, add_to_index, exclusive, refuse_rotation, template};
use crate::access::{find_names, stage_shroud_dir};
use crate::error::{CommandError, Context as _, Outcome};
use crate::format::Key;
use crate::git::attributes_file::AttributesFile;
use crate::git::config::install_drivers;
use crate::git::repository::Repository;
use crate::keyring::{Entry, KeyName, Keyring};
use crate::store::shroud_dir::KeyInfo;
use crate::store::{local, shroud_dir};

/// Set this repository up: a new key, and git's filters
///
/// Makes a key in the local keyring and describes it in .shroud/, defines the macro 'shroud' in .gitattributes, and
/// tells git to use git-shroud here. Does nothing to any file; 'git shroud track' says which are to be sealed.
///
/// The macro has the tripwire: in a clone where git-shroud was never set up, git refuses to add a tracked file, instead of
/// storing plaintext, and prints "failed to encode" for each sealed file that it checks out. That is harmless, and ends with
/// 'git shroud unlock'.
///
/// With --template config it lays out a configuration repository, a new one in DIR or in the one that is there: a folder and a
/// key for each environment, the tripwire, a schema, a README, an example for CI, and the guards in git's hooks. What is there
/// already is not overwritten. Files of environments that it finds are shown, and sealed where they are if you agree.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud init
  $ git shroud init --key default --key prod
  $ git shroud init --no-tripwire
  $ git shroud init --template config ../shop --env dev --env prod --backup ../keys.age
  $ git shroud init --template config --env dev --env prod --format yaml --no-backup")]
pub struct Init {
    /// A key to make; 'default' where none is named
    #[arg(long = "key", value_name = "NAME", conflicts_with = "template")]
    keys: Vec<KeyName>,
    #[command(flatten)]
    layout: template::Options,
    /// Leave the tripwire out: in clones where git-shroud was never set up, 'git add' then stores plaintext without a word
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
        let repository = context.discover()?;
        let top = super::top(&repository)?;
        refuse_rotation(&repository)?;
        let _exclusive = exclusive(&repository)?;
        refuse_second_time(&repository, top)?;
        if !find_names(&repository)?.is_empty() {
            context.ui.status(
                "git-crypt encrypts files here: they stay as they are, and the new key is for files that you track from now on",
            );
            context.ui.hint("git shroud unlock serves git-crypt's files; git shroud migrate git-crypt takes them over");
        }
        let mut keyring = Keyring::default();
        let names = if self.keys.is_empty() { vec![KeyName::default()] } else { self.keys };
        for name in names {
            create_key(&mut keyring, name)?;
        }
        let set_up = set_up(&repository, top, &keyring, !self.no_tripwire);
        if set_up.is_err() {
            // Nothing is sealed yet, so nothing is lost with the key.
            let _ = local::save(repository.common_dir(), &Keyring::default());
            let _ = fs::remove_dir_all(top.join(shroud_dir::NAME));
        }
        set_up?;
        for entry in keyring.entries() {
            context.ui.status(format!("made key '{}' (id {})", entry.name, entry.key.id()));
        }
        context.ui.hint("say which files to seal: git shroud track 'secrets/**'");
        context.ui.hint("grant the key to yourself and others: git shroud member add YOUR-KEY");
        context.ui.hint("keep a copy of the key elsewhere: git shroud key export -o FILE");
        Ok(())
    }
}

pub(super) fn refuse_second_time(repository: &Repository, top: &Path) -> Outcome {
    if !local::load(repository.common_dir())?.is_empty() {
        return Err(CommandError::wrong(
            "this repository is set up already, and its keys are held here",
        )
        .hint("add another key with 'git shroud key new NAME'"));
    }
    let in_head = repository.git.query(["rev-parse", "-q", "--verify", "HEAD:.shroud"]);
    if top.join(shroud_dir::NAME).symlink_metadata().is_ok()
        || in_head.is_ok_and(|tree| tree.is_some())
    {
        return Err(CommandError::wrong(
            "this repository is set up already, with a key that is not held here",
        )
        .hint(
            "run 'git shroud unlock' as a member, or with a key file that a colleague exported",
        ));
    }
    Ok(())
}

/// Makes the first generation of a key.
pub(super) fn create_key(keyring: &mut Keyring, name: KeyName) -> Outcome {
    if name.is_aside() {
        return Err(CommandError::wrong(format!(
            "'{name}' is the form of name that a key has which was set aside"
        )));
    }
    if !name.is_portable() {
        return Err(CommandError::wrong(format!(
            "Windows cannot check out a folder that is called '{name}', so no key is"
        ))
        .hint("choose another name"));
    }
    if keyring.current(&name).is_some() {
        return Err(CommandError::wrong(format!("there is a key '{name}' already")));
    }
    let key = Key::generate(getrandom::fill).context(|| "no random numbers".to_owned())?;
    keyring
        .insert(Entry { name, generation: 1, key })
        .map(drop)
        .context(|| "the new key cannot be kept".to_owned())
}

fn set_up(repository: &Repository, top: &Path, keyring: &Keyring, tripwire: bool) -> Outcome {
    local::save(repository.common_dir(), keyring)?;
    for entry in keyring.entries() {
        KeyInfo::new(entry, &[]).write(top)?;
    }
    install_drivers(repository)?;
    let mut attributes = AttributesFile::read(&top.join(".gitattributes"))
        .context(|| "the attributes cannot be read".to_owned())?;
    attributes.set_macro(tripwire);
    attributes.write().context(|| "the attributes cannot be written".to_owned())?;
    add_to_index(repository, &[".gitattributes"])?;
    Ok(stage_shroud_dir(repository)?)
}
