//! Taking an environment out of the schema, with its files.

use std::ffi::OsString;
use std::fs;

use super::load::{read_schema, wrong_schema};
use crate::clone::OpenClone;
use crate::environments::SCHEMA_FILE;
use crate::environments::schema::{Location, remove_environment};
use crate::error::{CommandError, Context as _, Outcome};
use crate::fs::{Access, write_atomic};
use crate::git::staging::add_at_top;

/// Takes an environment out of the schema, and its files out of the index and the worktree; those of a place that another
/// environment has too stay. Returns the files. The key, its members and the lines of `.gitattributes` stay: earlier commits
/// need them.
///
/// # Errors
/// There is no such environment, a file has changes that are not committed, or a file cannot be written or staged.
pub fn remove(opened: &OpenClone, name: &str, force: bool) -> Outcome<Vec<String>> {
    let top = opened.top()?;
    let schema = top.join(SCHEMA_FILE);
    let before = read_schema(&schema)?
        .ok_or_else(|| CommandError::wrong(format!("there is no file {SCHEMA_FILE} at the top")))?;
    let text = fs::read_to_string(&schema).context(|| "the schema cannot be read".to_owned())?;
    let after = remove_environment(&text, name).map_err(|error| match error.line {
        0 => CommandError::wrong(format!("{}: {}", crate::sanitise::line(name), error.why)),
        _ => wrong_schema(&schema, &error),
    })?;
    let (own, others): (Vec<&Location>, Vec<&Location>) =
        before.environments.iter().partition(|location| location.name == name);
    let index = crate::git::worktree::Entries::read(&opened.repository)?;
    let of_it = |path: &[u8]| own.iter().any(|location| location.layer_of(path).is_some());
    let of_others = |path: &[u8]| others.iter().any(|location| location.layer_of(path).is_some());
    let files = index.files.iter().map(|entry| entry.path.as_slice());
    let files: Vec<String> = files
        .filter(|path| of_it(path) && !of_others(path))
        .filter_map(|path| String::from_utf8(path.to_vec()).ok())
        .collect();
    if !files.is_empty() {
        let mut arguments: Vec<OsString> = ["rm", "-q"].map(OsString::from).into();
        arguments.extend(force.then(|| "-f".into()));
        arguments.push("--".into());
        arguments.extend(files.iter().map(|path| format!(":(top,literal){path}").into()));
        opened.repository.git.run(arguments).map_err(|error| {
            CommandError::refused(format!("git keeps the files of {name}: {error}"))
                .hint("commit or restore their changes, or use --force to lose them")
        })?;
    }
    write_atomic(&schema, after.as_bytes(), Access::Shared)
        .context(|| "the schema cannot be written".to_owned())?;
    add_at_top(&opened.repository, &[SCHEMA_FILE])?;
    Ok(files)
}
