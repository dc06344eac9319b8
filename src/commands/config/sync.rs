//! `git shroud config sync`

use super::super::Context;
use super::{EnvironmentsArguments, ReleaseOption, load, locked, show};
use crate::config_format::{EditError, Line};
use crate::environments::MARKER;
use crate::environments::check::sync::lacking;
use crate::environments::environment::Environment;
use crate::environments::files::{WorktreeFile, target};
use crate::environments::schema::Schema;
use crate::error::{CommandError, Outcome};

/// Add missing properties of the schema to every environment
///
/// Writes a default as a comment. A property that you must set gets the marker __SET_ME__; 'config check' refuses it until 'config set'
/// or an editor replaces it. Changes nothing else in a file. JSON has no comments, so it shows no defaults. Writes nothing
/// to a locked environment, and says what it lacks where its names can be read; exit status 3 if it lacks anything, or may.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config sync --dry-run
  $ git shroud config sync dev")]
pub(super) struct Sync {
    #[command(flatten)]
    of: EnvironmentsArguments,
    #[command(flatten)]
    release: ReleaseOption,
    /// Print what would be written, and write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

impl Sync {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let loaded = load(context, &self.of.schema, &[])?;
        if let Some(unknown) = self.of.environments.iter().find(|name| !loaded.all.contains(name)) {
            return Err(loaded.no_environment(unknown).into());
        }
        let schema = loaded.schema()?;
        let mut closed = Vec::new();
        let mut unplaced = 0;
        let mut written = 0;
        let mut files: Vec<WorktreeFile> = Vec::new();
        for environment in &loaded.environments {
            let name = &environment.name;
            if !self.of.environments.is_empty() && !self.of.environments.contains(name) {
                continue;
            }
            if environment.is_locked() {
                if self.tell_lacking(context, schema, environment) {
                    closed.push(name.clone());
                }
                continue;
            }
            if !environment.is_complete() {
                super::warn_unread(context, &loaded, |one| one == name);
                return Err(CommandError::refused(format!(
                    "a file of {name} cannot be read; nothing was changed"
                ))
                .hint(format!(
                    "git shroud config check {}",
                    crate::sanitise::word_or(name.as_bytes(), "ENV")
                )));
            }
            for addition in lacking(schema, environment, self.release.release.as_ref()) {
                let Ok(path) = target(&loaded, name, &addition.name, None) else {
                    context.ui.warning(format!(
                        "{name} has several files, and it is not clear which one is for {}",
                        show(&addition.name)
                    ));
                    unplaced += 1;
                    continue;
                };
                let at = match files.iter().position(|file| file.path == path) {
                    Some(at) => at,
                    None => {
                        let file = WorktreeFile::read(&context.ui, &loaded, &path)?;
                        file.refuse_moved(&loaded, name)?;
                        files.push(file);
                        files.len() - 1
                    }
                };
                let (text, literal) = (addition.text(), addition.literal);
                let (line, what) = match &addition.default {
                    Some(_) if files[at].is_shown(&addition.name) => continue,
                    Some(default) => {
                        (Line::Comment { text, literal }, format!("default {}", show(default)))
                    }
                    None => (Line::Value { text, literal }, format!("{MARKER}, set it")),
                };
                match files[at].add(&addition.name, line) {
                    Ok(()) => {
                        context.ui.line(format!(
                            "{}: {} ({what})",
                            show(&path),
                            show(&addition.name)
                        ));
                        written += 1;
                    }
                    // Nothing is lost without them.
                    Err(EditError::NoComments | EditError::Value(_))
                        if addition.default.is_some() => {}
                    Err(error) => {
                        let error = files[at].wrong(error);
                        context.ui.warning(format!("{}: {error}", show(&addition.name)));
                        unplaced += 1;
                    }
                }
            }
        }
        if !self.dry_run {
            files.iter().try_for_each(|file| file.write(&loaded))?;
        }
        if unplaced > 0 {
            let count = crate::ui::count(unplaced, "line");
            return Err(CommandError::refused(format!(
                "{count} could not be placed; add them by hand"
            ))
            .hint("git shroud config set ENV NAME --file FILE"));
        }
        if !closed.is_empty() {
            return Err(locked(&closed));
        }
        match (written, self.dry_run) {
            (0, _) => context.ui.status("nothing is missing"),
            (_, true) => context.ui.status("nothing was written"),
            (_, false) => {
                context.ui.hint("'git shroud config check' names the values that you must set");
            }
        }
        Ok(())
    }

    /// Says what a locked environment must still set, as far as its names are known; whether anything is, or may be, missing.
    fn tell_lacking(&self, context: &Context, schema: &Schema, environment: &Environment) -> bool {
        if !environment.has_all_names() {
            return true;
        }
        let lacking = lacking(schema, environment, self.release.release.as_ref());
        for addition in &lacking {
            let (name, property) = (&environment.name, show(&addition.name));
            let what = match &addition.default {
                None => "missing".to_owned(),
                Some(default) => format!("default {}", show(default)),
            };
            context
                .ui
                .line(format!("{name}: {property} ({what}; not written, {name} is locked here)"));
        }
        !lacking.is_empty()
    }
}
