//! Taking a property out of one file of an environment.

use super::{FilesError, Loaded, WorktreeFile, target};
use crate::progress::Progress;

/// What was taken out.
#[derive(Debug)]
pub struct Unset {
    /// The file that had it.
    pub path: String,
    /// Another file that sets it, and the line: that value counts now.
    pub other: Option<(String, usize)>,
    /// Whether the schema says that the environment must set it, and nothing does.
    pub must_be_set: bool,
}

/// Takes a property out, and writes the file.
///
/// # Errors
/// The environment does not set it, or not in this file; or the file cannot be changed.
pub fn unset(
    loaded: &Loaded,
    of: &str,
    name: &str,
    file: Option<&str>,
    progress: &dyn Progress,
) -> Result<Unset, FilesError> {
    let path = target(loaded, of, name, file)?;
    let environment = loaded.environments.iter().find(|one| one.name == of);
    let environment = environment.expect("its name is one of all");
    let settings = environment.settings.get(name).into_iter().flatten();
    let mut places =
        settings.map(|one| (environment.sources[one.source].path.clone(), one.line)).peekable();
    let first = places.peek().cloned();
    let (own, others): (Vec<_>, Vec<_>) = places.partition(|(place, _)| *place == path);
    if own.is_empty() {
        let (environment, name) = (of.to_owned(), crate::sanitise::path(name.as_bytes()));
        let elsewhere = first.map(|(path, line)| (crate::sanitise::path(path.as_bytes()), line));
        return Err(FilesError::NotSet { environment, name, elsewhere });
    }
    let mut file = WorktreeFile::read(progress, loaded, &path)?;
    file.refuse_moved(loaded, of)?;
    file.unset(name)?;
    file.write(loaded)?;
    let property = loaded.schema.as_ref().and_then(|schema| schema.properties.get(name));
    let must_be_set =
        others.is_empty() && property.is_some_and(|property| property.must_be_set(of, None));
    Ok(Unset { path, other: others.into_iter().next(), must_be_set })
}
