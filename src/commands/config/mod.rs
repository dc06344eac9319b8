//! `git shroud config`

mod arguments;
mod check;
mod copy;
mod diff;
mod env;
mod exec;
mod get;
mod list;
mod log;
mod rename;
mod render;
mod reuse;
mod schema;
mod set;
mod sync;
mod unset;

use super::Context;
use crate::config_format::ReferenceError;
use crate::environments::environment::Environment;
use crate::environments::files::{self, FilesError, Loaded, Wanted};
use crate::environments::render::effective::Effective;
use crate::environments::schema::Release;
use crate::error::{CommandError, Outcome};
use arguments::{
    EnvironmentsArguments, FileOption, PropertyArguments, ReleaseOption, SchemaOption,
};

/// Check, compare, change and deploy the configuration of several environments
///
/// The file config.shroud.toml at the top of the repository lists the environments and their properties. 'git shroud init
/// --template config' makes such a repository. Files can be .env, .properties, INI, TOML, YAML and JSON.
#[derive(clap::Args)]
pub struct Config {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(clap::Subcommand)]
enum ConfigCommand {
    Check(check::Check),
    Diff(diff::Diff),
    Sync(sync::Sync),
    Get(get::Get),
    List(list::List),
    Set(set::Set),
    Unset(unset::Unset),
    Rename(rename::Rename),
    Copy(copy::Copy),
    Log(log::Log),
    Render(render::Render),
    Exec(exec::Exec),
    Reuse(reuse::Reuse),
    Env(env::Env),
    Schema(schema::Schema),
}

impl Config {
    /// Whether what is behind '--' is another program's.
    pub(crate) fn runs_program(&self) -> bool {
        matches!(self.command, ConfigCommand::Exec(_))
    }

    pub(crate) fn run(self, context: &Context) -> Outcome {
        match self.command {
            ConfigCommand::Check(check) => check.run(context),
            ConfigCommand::Diff(diff) => diff.run(context),
            ConfigCommand::Sync(sync) => sync.run(context),
            ConfigCommand::Get(get) => get.run(context),
            ConfigCommand::List(list) => list.run(context),
            ConfigCommand::Log(log) => log.run(context),
            ConfigCommand::Unset(unset) => unset.run(context),
            ConfigCommand::Rename(rename) => rename.run(context),
            ConfigCommand::Copy(copy) => copy.run(context),
            ConfigCommand::Set(set) => set.run(context),
            ConfigCommand::Render(render) => render.run(context),
            ConfigCommand::Exec(exec) => exec.run(context),
            ConfigCommand::Reuse(reuse) => reuse.run(context),
            ConfigCommand::Env(env) => env.run(context),
            ConfigCommand::Schema(schema) => schema.run(context),
        }
    }
}

/// Reads the schema and the environments of these names; all where none is named.
fn load(context: &Context, option: &SchemaOption, names: &[String]) -> Outcome<Loaded> {
    load_as(context, option, names, false)
}

/// The same; says of each file that was moved that it was confirmed, where that is asked for.
fn load_as(
    context: &Context,
    option: &SchemaOption,
    names: &[String],
    confirm: bool,
) -> Outcome<Loaded> {
    let schema = option.schema.as_ref().map(|file| context.dir.join(file));
    let loaded = files::load(context.open()?, &Wanted { schema, names, confirm })?;
    for (path, why) in &loaded.confirmed {
        context.ui.status(format!("confirmed in this clone: {}: {why}", show(path)));
    }
    Ok(loaded)
}

/// Refuses what should not be deployed: an environment that is locked, cannot be read or does not pass the check.
fn refuse_unfit(context: &Context, loaded: &Loaded, release: Option<&Release>) -> Outcome {
    let errors = loaded.unfit(release)?;
    if errors.is_empty() {
        return Ok(());
    }
    for finding in &errors {
        context.ui.warning(crate::environments::check::told::sentence(finding));
    }
    let count = crate::ui::count(errors.len() as u64, "problem");
    let name = &loaded.only().name;
    Err(CommandError::refused(format!("{name} does not pass the check: {count}"))
        .hint(format!("git shroud config check {name}")))
}

/// Says of each file of these environments that cannot be read why; the names of those that have one.
fn warn_unread(context: &Context, loaded: &Loaded, is_meant: impl Fn(&str) -> bool) -> Vec<String> {
    let mut names = Vec::new();
    for (environment, why) in loaded.unread(is_meant) {
        context.ui.warning(why);
        names.push(environment);
    }
    names.dedup();
    names
}

/// A name in one line, whatever it holds.
fn show(name: &str) -> String {
    crate::sanitise::path(name.as_bytes())
}

/// The answer is incomplete, as these environments are locked.
fn locked(names: &[String]) -> CommandError {
    let are = if names.len() == 1 { "is" } else { "are" };
    CommandError::incomplete(format!("{} {are} locked here", names.join(", ")))
        .hint("run 'git shroud unlock' with a key that opens them, or name the environments to use")
}

/// What an environment sets a property to is not known.
fn hidden(environment: &Environment, name: &str) -> CommandError {
    let is_sealed = environment.sealed_value(name).is_some();
    let (environment, name) = (environment.name.clone(), show(name));
    FilesError::Hidden { environment, name, is_sealed }.into()
}

/// The answer is incomplete, as files of these environments cannot be read.
fn unread(names: &[String]) -> CommandError {
    CommandError::incomplete(format!("a file cannot be read in {}", names.join(", ")))
        .hint(format!("git shroud config check {}", names.join(" ")))
}

/// Says where a value was written.
fn report_written(context: &Context, path: &str, overriding: Option<(String, usize)>, name: &str) {
    context.ui.status(format!("wrote {name} to {}; commit it", show(path)));
    if let Some((path, line)) = overriding {
        context.ui.warning(format!("{}:{line} overrides this value", show(&path)));
    }
}

/// Says which of these properties keep their references.
///
/// # Errors
/// What a reference stands for was asked for, and is not known.
fn tell_references(context: &Context, environment: &str, properties: &[Effective<'_>]) -> Outcome {
    if let Some((one, error)) =
        properties.iter().find_map(|one| one.wrong.map(|error| (one.name, error)))
    {
        return Err(cannot_expand(environment, one, error));
    }
    let keep = properties.iter().filter(|one| one.keeps_references);
    warn_of_references(context, &keep.map(|one| one.name).collect::<Vec<_>>());
    Ok(())
}

/// Says that the references in these properties are kept.
fn warn_of_references(context: &Context, names: &[&str]) {
    const MOST: usize = 5;
    let shown: Vec<String> = names.iter().take(MOST).map(|name| show(name)).collect();
    let more = match names.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    if !shown.is_empty() {
        context.ui.warning(format!(
            "references such as ${{NAME}} are kept as they are written in {}{more}",
            shown.join(", ")
        ));
        context.ui.hint("--expand puts in what they stand for");
    }
}

fn cannot_expand(environment: &str, name: &str, error: &ReferenceError) -> CommandError {
    let error = crate::sanitise::line(&error.to_string());
    CommandError::refused(format!("{environment}: {} cannot be expanded: {error}", show(name)))
        .hint("if it is no reference, put the value in single quotes, or set it with 'git shroud config set'")
}

/// A letter for each value, and a number where letters do not suffice.
fn letter(value: usize) -> String {
    match u8::try_from(value) {
        Ok(value) if value < 26 => char::from(b'a' + value).to_string(),
        _ => value.to_string(),
    }
}

/// `1 property`, `2 properties`.
fn count_properties(n: usize) -> String {
    if n == 1 { "1 property".to_owned() } else { format!("{n} properties") }
}
