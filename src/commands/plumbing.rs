//! What git itself calls for one file: the filters and the textconv.

use std::ffi::OsString;
use std::path::PathBuf;

use super::Context;
use crate::access::show::textconv::textconv;
use crate::clone::rules::git_crypt::GitCryptSurroundings;
use crate::clone::rules::of_path::{LazyRepository, Surroundings};
use crate::error::{CommandError, Context as _, Outcome};
use crate::filter::process::serve;
use crate::filter::stdio::{stdin, stdout};
use crate::filter::words::{report, summarise};
use crate::filter::{Driver, FileError, FilterError, Filtered};
use crate::git_crypt;
use crate::keyring::KeyName;
use crate::repo_path::argument_bytes;

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
    let served = serve(stdin(), stdout(), filter, |path, error| report(&context.ui, path, error));
    filter.served();
    filter.conclude();
    summarise(&context.ui, filter.summary());
    Ok(served.context(|| "the connection to git broke off".to_owned())?)
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
            done.map_err(|error| FileError::new(path, error))?;
            filter.conclude();
            summarise(&context.ui, filter.summary());
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

impl Textconv {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        Ok(textconv(&context.dir, &self.file, &context.ui)?)
    }
}
