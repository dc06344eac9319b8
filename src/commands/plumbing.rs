//! What git itself calls for one file: the filters and the textconv.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use super::{Context, show};
use crate::access::GitCryptSurroundings;
use crate::access::rules::{LazyRepository, Surroundings};
use crate::error::{CommandError, Context as _, Outcome};
use crate::filter::process::serve;
use crate::filter::{Driver, FilterError, Filtered, Summary, describe_suspects};
use crate::format::{self, Sniff};
use crate::git_crypt;
use crate::keyring::KeyName;
use crate::repo_path::argument_bytes;
use crate::store::shroud_dir;
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
    /// Encrypt and decrypt with this git-crypt key, as git-crypt does
    #[arg(long, value_name = "NAME", conflicts_with = "key")]
    git_crypt: Option<git_crypt::Name>,
}

/// Print the plaintext of a file for a diff (diff.shroud.textconv)
#[derive(clap::Args)]
pub struct Textconv {
    /// The file, which git has made
    file: PathBuf,
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
            "left {} sealed: the key is not held here (run 'git shroud unlock')",
            count(summary.still_sealed, "file")
        ));
    }
    if let Some(first) = &summary.first_in_the_clear {
        context.ui.warning(format!(
            "git read {} stored as plaintext that should be sealed, first {}; 'git shroud status' shows the current state",
            count(summary.in_the_clear, "version"),
            show(first)
        ));
    }
    for (suspects, hint) in describe_suspects(&summary.retired, &summary.of_other_key) {
        context.ui.warning(suspects);
        context.ui.hint(hint);
    }
    if let Some((first, why, hint)) = &summary.first_damaged {
        context.ui.warning(format!(
            "left {} sealed, because it {}: {} ({why})",
            count(summary.damaged, "file"),
            if hint.is_some() { "does not open" } else { "is damaged" },
            show(first)
        ));
        context.ui.hint(hint.unwrap_or(
            "an earlier version may be intact: 'git log -- PATH', 'git shroud cat REV:PATH'; then restore and commit it",
        ));
    }
}

impl FilterProcess {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let repository = LazyRepository::new();
        if let Some(name) = self.git_crypt {
            let surroundings = GitCryptSurroundings::find(&context.dir)?;
            return serve_git(context, &mut surroundings.filter(&repository, name));
        }
        let surroundings = Surroundings::find(&context.dir)?;
        serve_git(context, &mut surroundings.filter(&repository, None))
    }
}

fn serve_git<'k>(context: &Context, filter: &mut impl Driver<'k>) -> Outcome {
    let served = serve(stdin(), stdout(), filter, |path, error| report(context, path, error));
    filter.conclude();
    summarise(context, filter.summary());
    served.context(|| "the connection to git broke off".to_owned())
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
            filter.conclude();
            summarise(context, filter.summary());
            Ok(())
        };
        // By hand there is no file of a worktree that must be whole, whatever it holds.
        let by_hand = path.is_empty();
        if let Some(name) = self.git_crypt {
            let surroundings = GitCryptSurroundings::find(&context.dir)?;
            let filter = surroundings.filter(&repository, name);
            return finish(&mut if by_hand { filter.strict() } else { filter });
        }
        let surroundings = Surroundings::find(&context.dir)?;
        let filter = surroundings.filter(&repository, self.key);
        finish(&mut if by_hand { filter.strict() } else { filter })
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
        let surroundings = Surroundings::find(&context.dir)?;
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
        let mut filter = surroundings.filter(&repository, None).strict();
        let smudged = filter.smudge(b"", start.chain(file));
        let opened = smudged.and_then(|smudged| smudged.write_to(stdout()));
        match opened {
            // A diff of it must not end all of 'git log'.
            Err(FilterError::Open(why)) => {
                context.ui.line(format!("sealed and damaged: {why}"));
                Ok(())
            }
            opened => opened.map_err(|error| refusal(b"", &error)),
        }
    }
}

/// A file that git-crypt encrypted and that git handed over as it is.
fn print_git_crypt(context: &Context, start: &[u8], file: File) -> Outcome {
    let surroundings = GitCryptSurroundings::find(&context.dir)?;
    let repository = LazyRepository::new();
    let mut filter = surroundings.filter(&repository, git_crypt::Name::default()).strict();
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
