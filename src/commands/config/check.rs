//! `git shroud config check`

use super::super::Context;
use super::load::{SchemaOption, load, load_and_confirm};
use super::{count_properties, locked, report, show};
use crate::environments::check::check;
use crate::environments::environment::State;
use crate::environments::schema::Release;
use crate::error::{CommandError, Outcome};
use crate::ui::count;

/// Check every environment against the schema: what is missing, wrong, empty, unknown, or unencrypted
///
/// Prints a table of properties and environments with the problems, and then their places. Never shows values. Opens sealed files in
/// memory, also with a key from GIT_SHROUD_KEY. Takes no value from a file that somebody moved to another key, until --confirm
/// confirms the move in this clone. An environment whose key is not held here is 'locked' and lacks nothing. Exit status 1 if there is
/// more than a warning, 3 if an environment is locked.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config check
  $ git shroud config check dev prod --all
  $ git shroud config check --format sarif > ../config.sarif

With a new, empty schema nothing is unknown.

Cells: set, 'default VALUE' (not set; the program takes VALUE), - (not set, which is fine), locked, unread (a file cannot be
read), and problems: missing, undecided (has a default, but this environment must set it), unset (still the marker of
'config sync'), empty, invalid (type or pattern), not-a-value (a section or list), repeated (in two files), in-the-clear (a
secret in a file that is not sealed), same (environments that must differ), removed, unknown (not in the schema).")]
pub(super) struct Check {
    /// Only these environments
    #[arg(value_name = "ENV")]
    environments: Vec<String>,
    #[command(flatten)]
    schema: SchemaOption,
    /// The release of the program to deploy, instead of the schema's
    #[arg(long, value_name = "RELEASE")]
    release: Option<Release>,
    /// Also print properties without problems
    #[arg(short, long)]
    all: bool,
    /// Accept locked environments
    #[arg(long)]
    allow_locked: bool,
    /// Confirm in this clone that files of these environments moved to other keys
    #[arg(long, requires = "environments")]
    confirm: bool,
    /// How to print the findings
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: report::Format,
    /// Print JSON: the same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

impl Check {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let load = if self.confirm { load_and_confirm } else { load };
        let loaded = load(context, &self.schema, &self.environments)?;
        let schema = loaded.schema()?;
        let report = check(schema, &loaded.environments, self.release.as_ref());
        let format = if self.json { report::Format::Json } else { self.format };
        report::print(context, &report, &loaded.environments, format, self.all);
        for environment in &loaded.environments {
            for source in &environment.sources {
                if let State::Locked(key) = &source.state {
                    context.ui.status(format!(
                        "{}: locked: the key {key} is not held here",
                        show(&source.path)
                    ));
                }
            }
        }
        let errors = report.findings.iter().filter(|finding| !finding.warning).count() as u64;
        let warnings = report.findings.len() as u64 - errors;
        if errors > 0 {
            context.ui.status(format!("found {}", count(errors, "problem")));
            hint(context, &report.findings);
            return Err(CommandError::found());
        }
        let names = loaded.locked();
        if !names.is_empty() && !self.allow_locked {
            return Err(locked(&names).hint("--allow-locked accepts them"));
        }
        if schema.properties.is_empty() {
            context.ui.warning("the schema has no property yet, so nothing can be missing");
            context.ui.hint("'git shroud config schema infer --write' makes one from the files");
        }
        let properties = count_properties(report.rows.len());
        let environments = count((loaded.environments.len() - names.len()) as u64, "environment");
        let but =
            if warnings > 0 { format!("; {}", count(warnings, "warning")) } else { String::new() };
        context
            .ui
            .status(format!("checked {properties} in {environments} and found nothing wrong{but}"));
        Ok(())
    }
}

fn hint(context: &Context, findings: &[crate::environments::check::Finding]) {
    use crate::environments::check::Problem;
    let has =
        |problems: &[Problem]| findings.iter().any(|finding| problems.contains(&finding.problem));
    if has(&[Problem::Missing, Problem::Undecided]) {
        context.ui.hint("'git shroud config sync' adds what is missing, for you to fill in; 'git shroud config set ENV NAME' sets it");
    } else if has(&[Problem::Unset]) {
        context.ui.hint("'git shroud config set ENV NAME' asks for the value");
    }
    if has(&[Problem::Unknown]) {
        context.ui.hint("'git shroud config schema add NAME' adds a property");
    }
    if has(&[Problem::InTheClear]) {
        context.ui.hint("'git shroud track PATTERN --key NAME' seals the file; change the secret if it was committed");
    }
}
