//! From the arguments to an exit status.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use zeroize::Zeroizing;

use crate::commands::{self, Context};
use crate::error::{CommandError, Outcome};
use crate::keyring;
use crate::ui::{ColorChoice, Ui};

/// Encrypt selected files in a git repository, transparently
#[derive(Parser)]
#[command(name = "git-shroud", bin_name = "git shroud", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Global {
    /// Run as if started in this directory
    #[arg(short = 'C', value_name = "DIR", global = true)]
    start_dir: Option<PathBuf>,
    /// Print only warnings and errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Print more
    #[arg(short, long, global = true)]
    verbose: bool,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    color: ColorChoice,
}

macro_rules! commands {
    ($($(#[$attribute:meta])* $name:ident($module:ident::$arguments:ident)),* $(,)?) => {
        #[derive(Subcommand)]
        enum Command {
            $($(#[$attribute])* $name(commands::$module::$arguments),)*
        }

        impl Command {
            fn run(self, context: &Context) -> Outcome {
                match self { $(Self::$name(arguments) => arguments.run(context),)* }
            }
        }
    };
}

commands! {
    Init(init::Init),
    Track(track::Track),
    Untrack(track::Untrack),
    Unlock(unlock::Unlock),
    Lock(lock::Lock),
    Agent(agent::Agent),
    Status(status::Status),
    Check(check::Check),
    Scan(scan::Scan),
    Scrub(scrub::Scrub),
    Hooks(hooks::Hooks),
    Install(install::Install),
    Uninstall(install::Uninstall),
    Member(member::Member),
    Key(key::Key),
    Remote(remote::Remote),
    Config(config::Config),
    Migrate(migrate::Migrate),
    Import(import::Import),
    Cat(cat::Cat),
    Edit(edit::Edit),
    Log(log::Log),
    Blame(blame::Blame),
    Diff(diff::Diff),
    Why(why::Why),
    Doctor(doctor::Doctor),
    Demo(demo::Demo),
    Completions(generate::Completions),
    Man(generate::Man),
    #[command(hide = true)]
    FilterProcess(plumbing::FilterProcess),
    #[command(hide = true)]
    Clean(plumbing::Clean),
    #[command(hide = true)]
    Smudge(plumbing::Smudge),
    #[command(hide = true)]
    Textconv(plumbing::Textconv),
    #[command(hide = true)]
    MergeDriver(merge_driver::MergeDriver),
    #[command(hide = true)]
    DiffDriver(diff_driver::DiffDriver),
    #[command(hide = true)]
    RemoteHelper(remote_helper::RemoteHelper),
    #[command(hide = true)]
    Guard(guard::Guard),
}

/// Runs the program with these arguments; the first is its name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    crate::hardening::harden();
    crate::fs::temporary::remove_at_panics();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) if cli.command.holds_secret(&arguments) => {
            give_up(&arguments);
            return refuse_secret();
        }
        Ok(cli) => cli,
        // It repeats the arguments.
        Err(_) if holds_secret(&arguments) => {
            give_up(&arguments);
            return refuse_secret();
        }
        Err(error) => {
            if error.use_stderr() {
                give_up(&arguments);
            }
            // Asked-for help goes to standard output and is no failure; clap knows which it is. An argument that it repeats
            // may be a file's name.
            let odd =
                |argument: &OsString| argument.to_string_lossy().contains(crate::sanitise::acts);
            let _ = if arguments.iter().any(odd) {
                let text = crate::sanitise::text(&error.render().to_string());
                let text = text.trim_end().replace('\n', "\n  ");
                io::Write::write_all(&mut io::stderr(), format!("{text}\n").as_bytes())
            } else {
                error.print()
            };
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let Global { start_dir, quiet, verbose, color } = cli.global;
    let context = context(color, quiet, verbose);
    // As git does: every path that is given, in the environment too, begins there.
    if let Some(dir) = start_dir
        && std::env::set_current_dir(&dir).is_err()
    {
        let dir = crate::sanitise::native(&dir);
        return fail(&context, &CommandError::wrong(format!("there is no directory '{dir}'")));
    }
    match cli.command.run(&context) {
        Ok(()) if context.ui.has_lost_output() => {
            fail(&context, &CommandError::wrong("standard output cannot be written"))
        }
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&context, &error),
    }
}

impl Command {
    /// Whether an argument is a secret or holds one, and is not for another program, which is to have it.
    fn holds_secret(&self, arguments: &[OsString]) -> bool {
        let own = match self {
            // git gives a path, which may have any name.
            Self::FilterProcess(_)
            | Self::Clean(_)
            | Self::Smudge(_)
            | Self::Textconv(_)
            | Self::MergeDriver(_)
            | Self::DiffDriver(_)
            // An address, which git has and other users see already.
            | Self::RemoteHelper(_)
            | Self::Guard(_) => return false,
            Self::Config(config) if config.runs_program() => {
                arguments.split(|argument| argument == "--").next().unwrap_or_default()
            }
            // Who has found a key in the history asks where it came from.
            Self::Log(log) if log.searches() => return false,
            _ => arguments,
        };
        holds_secret(own)
    }
}

/// Does what is left to do where arguments are wrong, by the command that they name.
fn give_up(arguments: &[OsString]) {
    let mut dir = PathBuf::from(".");
    let mut command = None;
    let mut words = arguments.iter().skip(1);
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        match text.strip_prefix("-C") {
            Some("") => dir = words.next().map_or(dir, PathBuf::from),
            Some(attached) => dir = PathBuf::from(attached),
            None if text == "--color" => drop(words.next()),
            None if text == "--" => break,
            None if text.starts_with('-') => {}
            None => drop(command.get_or_insert(text)),
        }
    }
    if command.is_some_and(|command| command == "unlock") {
        commands::unlock::give_up(&Context { dir, ..context(ColorChoice::Auto, true, false) });
    }
}

/// Whether an argument is a secret or holds one; the words of a key are an argument each, or one together.
fn holds_secret(arguments: &[OsString]) -> bool {
    let arguments: Vec<_> = arguments.iter().map(|argument| argument.to_string_lossy()).collect();
    keyring::holds_secret(&Zeroizing::new(arguments.join(" ")))
}

/// Other users see the arguments of a program, and the shell keeps them.
fn refuse_secret() -> ExitCode {
    let context = context(ColorChoice::Auto, false, false);
    let error = CommandError::wrong("a secret was passed as an argument (not shown)")
        .hint("pass keys and identities in files, on standard input or in the environment")
        .hint("your shell's history may hold it now: remove it there");
    fail(&context, &error)
}

fn context(color: ColorChoice, quiet: bool, verbose: bool) -> Context {
    // Under the name of the program, as shells and man know it.
    let program = || Cli::command().bin_name("git-shroud");
    Context { ui: Ui::new(color, quiet, verbose), dir: PathBuf::from("."), program }
}

fn fail(context: &Context, error: &CommandError) -> ExitCode {
    context.ui.error(error);
    error.exit_code()
}
