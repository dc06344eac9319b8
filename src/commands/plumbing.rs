//! What git itself calls for one file: the filters and the textconv.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::git_crypt::GitCryptSurroundings;
use super::{Context, held_keys, show};
use gix::bstr::ByteSlice as _;

use crate::access::{RESTORE, Roster};
use crate::error::{CommandError, Context as _, Outcome};
use crate::filter::process::serve;
use crate::filter::{Driver, Filter, FilterError, Filtered, LazyHeldKeys, Rule, Rules, Summary};
use crate::format::{self, Header, Sniff};
use crate::git::attributes::Attributes;
use crate::git::locate::{Location, locate};
use crate::git::objects;
use crate::git::repository::Repository;
use crate::git_crypt;
use crate::keyring::{KeyName, Keyring};
use crate::repo_path::argument_bytes;
use crate::store::seen::Seen;
use crate::store::{local, shroud_dir};
use crate::ui::count;

/// Serve git as a long-running filter (filter.shroud.process)
#[derive(clap::Args)]
pub struct FilterProcess {
    /// Serve the files of this git-crypt key instead
    #[arg(long, value_name = "NAME")]
    git_crypt: Option<git_crypt::Name>,
}

/// Seal standard input to standard output (filter.shroud.clean)
#[derive(clap::Args)]
pub struct Clean {
    #[command(flatten)]
    one: OneShot,
}

/// Open standard input to standard output (filter.shroud.smudge)
#[derive(clap::Args)]
pub struct Smudge {
    #[command(flatten)]
    one: OneShot,
}

#[derive(clap::Args)]
struct OneShot {
    /// The path, relative to the top of the worktree; its attributes say which key
    path: Option<OsString>,
    /// The key, whatever the attributes say
    #[arg(long, value_name = "NAME")]
    key: Option<KeyName>,
    /// Encrypt and decrypt as git-crypt does with this key of its
    #[arg(long, value_name = "NAME", conflicts_with = "key")]
    git_crypt: Option<git_crypt::Name>,
}

/// Print a file in the clear for a diff (diff.shroud.textconv)
#[derive(clap::Args)]
pub struct Textconv {
    /// The file, which git has made
    file: PathBuf,
}

/// What a filter has around it.
pub(super) struct Surroundings {
    pub(super) location: Option<Location>,
    pub(super) keyring: Keyring,
    git_crypt: LazyHeldKeys,
}

impl Surroundings {
    pub(super) fn find(context: &Context) -> Outcome<Self> {
        let dir = context.dir.canonicalize().context(|| "the current directory".to_owned())?;
        let location = locate(&dir);
        let common_dir = location.as_ref().map(|location| location.common_dir.as_path());
        let keyring = match (local::from_environment()?, common_dir) {
            (Some(keyring), _) => keyring,
            (None, Some(common_dir)) => held_keys(common_dir)?,
            (None, None) => Keyring::default(),
        };
        let places = location.as_ref().map(|at| (at.common_dir.clone(), at.git_dir.clone()));
        // What cannot be read opens nothing; 'git shroud doctor' says why.
        let load = move || {
            places
                .and_then(|(common, own)| crate::store::git_crypt::load(&common, &own).ok())
                .unwrap_or_default()
        };
        let git_crypt = LazyHeldKeys::new(Box::new(load));
        Ok(Self { location, keyring, git_crypt })
    }

    pub(super) fn filter<'s>(
        &'s self,
        repository: &'s LazyRepository,
        key: Option<KeyName>,
    ) -> Filter<'s, PathRules<'s>> {
        let worktree = self.location.as_ref().and_then(|location| location.worktree.as_deref());
        let rules = PathRules {
            surroundings: self,
            repository,
            lookup: None,
            attributes_file: worktree.map(|top| top.join(".gitattributes")),
            key,
            overrides: true,
        };
        Filter::new(&self.keyring, rules).with_git_crypt(&self.git_crypt)
    }
}

pub(super) type LazyRepository = OnceCell<Result<Repository, String>>;

/// Asks the repository's attributes and `.shroud/`, which are not read before a file needs them.
pub(super) struct PathRules<'s> {
    surroundings: &'s Surroundings,
    repository: &'s LazyRepository,
    lookup: Option<Lookup<'s>>,
    attributes_file: Option<PathBuf>,
    /// The key, whatever the attributes say, or where they say nothing.
    pub(super) key: Option<KeyName>,
    pub(super) overrides: bool,
}

struct Lookup<'s> {
    repository: &'s Repository,
    /// What the top's attributes file was when it was read.
    version: Option<Version>,
    attributes: Attributes<'s>,
    roster: Roster,
    seen: Seen,
}

/// Tells one version of a file from another: when it was written, and its length.
type Version = (SystemTime, u64);

/// The version of the attributes file at the top of the worktree, in which `track` writes.
fn version(attributes_file: Option<&Path>) -> Option<Version> {
    let metadata = attributes_file?.metadata().ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

impl<'s> Lookup<'s> {
    fn new(
        repository: &'s Result<Repository, String>,
        version: Option<Version>,
    ) -> Result<Self, String> {
        let repository = repository.as_ref()?;
        let roster = Roster::read(repository).map_err(|error| error.to_string())?;
        let attributes = Attributes::new(repository).map_err(|error| error.to_string())?;
        let seen = Seen::load(repository.common_dir()).map_err(|error| error.to_string())?;
        Ok(Self { repository, version, attributes, roster, seen })
    }
}

impl Rules for PathRules<'_> {
    fn rule(&mut self, path: &[u8]) -> Result<Rule, String> {
        let Some(location) = self.surroundings.location.as_ref().filter(|_| !path.is_empty())
        else {
            return Ok(Rule { key: self.key.clone().unwrap_or_default(), ..Rule::default() });
        };
        // One filter serves a whole rebase, in which git writes other attributes.
        let version = version(self.attributes_file.as_deref());
        if self.lookup.as_ref().is_none_or(|lookup| lookup.version != version) {
            let repository = self.repository.get_or_init(|| open(location));
            self.lookup = Some(Lookup::new(repository, version)?);
        }
        let lookup = self.lookup.as_mut().expect("made above");
        let attributes = lookup.attributes.of(path).map_err(|error| error.to_string())?;
        let key = match &self.key {
            Some(key) if self.overrides || !attributes.sealed => key.clone(),
            _ => attributes.key.map_err(|error| error.to_string())?,
        };
        Ok(Rule {
            // Whoever damages the description of a key must not bring a clone to seal with an older one.
            refusal: lookup.roster.malformed.get(&key).map(|why| format!("{why} ({RESTORE})")),
            key_id: lookup.roster.infos.get(&key).map(|info| info.id),
            newest: lookup.seen.newest(&key).map_or(0, |(generation, _)| generation),
            key,
            conversion: attributes.conversion.map(|setting| setting.to_string()),
        })
    }

    /// What cannot be read is taken for none: then the file counts as changed.
    fn indexed(&mut self, path: &[u8]) -> Option<Header> {
        let repository = self.lookup.as_ref()?.repository;
        let index = repository.gix.index_or_empty().ok()?;
        let id = index.entry_by_path(path.as_bstr())?.id;
        Header::parse(&objects::read_start(repository, id).ok()??).ok()
    }
}

pub(super) fn open(location: &Location) -> Result<Repository, String> {
    let git_dir = location.git_dir.canonicalize().map_err(|error| error.to_string())?;
    Repository::open(&git_dir, location.worktree.clone()).map_err(|error| error.to_string())
}

fn report(context: &Context, path: &[u8], error: &FilterError) {
    context.ui.warning(format!("{}: {error}", show(path)));
    if let Some(hint) = error.hint() {
        context.ui.hint(hint);
    }
}

/// One line for all files of a run.
fn summarise(context: &Context, summary: &Summary) {
    if summary.still_sealed > 0 {
        context.ui.status(format!(
            "left {} sealed, as the key is not held here ('git shroud unlock' takes it)",
            count(summary.still_sealed, "file")
        ));
    }
    if let Some(first) = &summary.first_in_the_clear {
        context.ui.warning(format!(
            "git read {} that the repository holds in the clear and that should be sealed, first {}; 'git shroud status' says how it stands now",
            count(summary.in_the_clear, "version"),
            show(first)
        ));
    }
}

impl FilterProcess {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let repository = LazyRepository::new();
        if let Some(name) = self.git_crypt {
            let surroundings = GitCryptSurroundings::find(context)?;
            return serve_git(context, &mut surroundings.filter(&repository, name));
        }
        let surroundings = Surroundings::find(context)?;
        serve_git(context, &mut surroundings.filter(&repository, None))
    }
}

fn serve_git<'k>(context: &Context, filter: &mut impl Driver<'k>) -> Outcome {
    let served = serve(stdin(), stdout(), filter, |path, error| report(context, path, error));
    summarise(context, filter.summary());
    served.context(|| "the dialogue with git broke off".to_owned())
}

impl Clean {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        self.one.run(context, |filter, path| filter.clean(path, &mut stdin()))
    }
}

impl Smudge {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        self.one.run(context, |filter, path| filter.smudge(path, &mut stdin()))
    }
}

impl OneShot {
    fn run(
        self,
        context: &Context,
        work: impl for<'k> Fn(&mut dyn Driver<'k>, &[u8]) -> Result<Filtered<'k>, FilterError>,
    ) -> Outcome {
        let path = path_bytes(self.path.as_ref())?;
        let repository = LazyRepository::new();
        let finish = |filter: &mut dyn Driver<'_>| {
            let done = work(filter, path).and_then(|filtered| filtered.write_to(stdout()));
            done.map_err(|error| refusal(path, &error))?;
            summarise(context, filter.summary());
            Ok(())
        };
        if let Some(name) = self.git_crypt {
            let surroundings = GitCryptSurroundings::find(context)?;
            return finish(&mut surroundings.filter(&repository, name));
        }
        let surroundings = Surroundings::find(context)?;
        finish(&mut surroundings.filter(&repository, self.key))
    }
}

fn path_bytes(path: Option<&OsString>) -> Outcome<&[u8]> {
    path.map_or(Ok(b""), |path| {
        argument_bytes(path).ok_or_else(|| CommandError::wrong("the path is not UTF-8"))
    })
}

fn refusal(path: &[u8], error: &FilterError) -> CommandError {
    let place = if path.is_empty() { String::new() } else { format!("{}: ", show(path)) };
    let refused = CommandError::refused(format!("{place}{error}"));
    match error.hint() {
        Some(hint) => refused.hint(hint),
        None => refused,
    }
}

impl Textconv {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let place = || crate::sanitise::native(&self.file);
        let file = File::open(&self.file).context(place)?;
        let mut start = Vec::new();
        (&file).take(format::HEADER_LEN as u64).read_to_end(&mut start).context(place)?;
        if git_crypt::is_encrypted(&start) {
            return print_git_crypt(context, &start, file);
        }
        let surroundings = Surroundings::find(context)?;
        if let Sniff::Sealed(id) = format::sniff(&start)
            && surroundings.keyring.by_id(id).is_none()
        {
            let name = shroud_dir::name_of(&context.dir, id);
            let key = name.map_or_else(|| format!("key id {id}"), |name| format!("key {name}"));
            let len = file.metadata().context(place)?.len();
            // The synthetic IV tells versions apart: without it a diff of two would show nothing.
            let version: String =
                start[24..].iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            context.ui.line(format!("sealed with {key}, {len} bytes, version {version}"));
            return Ok(());
        }
        let repository = LazyRepository::new();
        let mut filter = surroundings.filter(&repository, None);
        let smudged = filter.smudge(b"", start.chain(file));
        let opened = smudged.and_then(|smudged| smudged.write_to(stdout()));
        opened.map_err(|error| refusal(b"", &error))
    }
}

/// A file that git-crypt encrypted and that git handed over as it is.
fn print_git_crypt(context: &Context, start: &[u8], file: File) -> Outcome {
    let surroundings = GitCryptSurroundings::find(context)?;
    let repository = LazyRepository::new();
    let mut filter = surroundings.filter(&repository, git_crypt::Name::default());
    match filter.smudge(b"", &mut start.chain(file)) {
        Ok(smudged) if filter.summary().still_sealed == 0 => {
            smudged.write_to(stdout()).map_err(|error| refusal(b"", &error))
        }
        Ok(_) | Err(FilterError::GitCrypt(_)) => {
            // The nonce tells versions apart: without it a diff of two would show nothing.
            let version: String = start[10..18].iter().map(|byte| format!("{byte:02x}")).collect();
            context.ui.line(format!("encrypted by git-crypt, version {version}"));
            Ok(())
        }
        Err(error) => Err(refusal(b"", &error)),
    }
}

/// Without a buffer: each packet is wanted as soon as it is there, and sent when it is whole.
fn stdin() -> impl Read {
    #[cfg(unix)]
    return RawStdin;
    #[cfg(not(unix))]
    return io::stdin().lock();
}

/// Standard input without the standard library's buffer.
#[cfg(unix)]
struct RawStdin;

#[cfg(unix)]
impl Read for RawStdin {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(rustix::stdio::stdin(), to)?)
    }
}

/// Without a buffer that looks for line ends.
fn stdout() -> impl Write {
    #[cfg(unix)]
    return RawStdout;
    #[cfg(not(unix))]
    return io::stdout().lock();
}

/// Standard output without the standard library's line buffer.
#[cfg(unix)]
struct RawStdout;

#[cfg(unix)]
impl Write for RawStdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(rustix::stdio::stdout(), bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
