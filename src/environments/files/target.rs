//! Into which file of an environment a value is written.

use super::{FilesError, Loaded};
use crate::environments::check::sync::{is_shared, source_for};
use crate::environments::environment::{Environment, State};

/// The file that has a property of an environment, or into which it belongs. A file that is another environment's too is
/// meant only where it is named.
///
/// # Errors
/// There is no such environment or file, the place is not clear, or a file that may have the property cannot be read.
pub fn target(
    loaded: &Loaded,
    of: &str,
    name: &str,
    file: Option<&str>,
) -> Result<String, FilesError> {
    let environments = &loaded.environments;
    let environment = environments.iter().find(|one| one.name == of);
    let environment = environment.ok_or_else(|| loaded.no_environment(of))?;
    let setting = environment.setting(name);
    let path = |at: usize| environment.sources[at].path.clone();
    if let Some(setting) = setting.filter(|_| file.is_none())
        && !is_shared(environments, environment, &environment.sources[setting.source].path)
    {
        return Ok(path(setting.source));
    }
    refuse_closed(environment)?;
    if let Some(file) = file {
        return named(environment, name, file);
    }
    if let Some(at) = source_for(environments, environment, name) {
        return Ok(path(at));
    }
    let is_own = |path: &str| !is_shared(environments, environment, path);
    if environment.sources.iter().all(|source| !is_own(&source.path)) {
        let first = loaded.first_file(of);
        if is_own(&first) {
            return Ok(first);
        }
        return Err(FilesError::NoOwnFile(of.to_owned()));
    }
    Err(FilesError::SeveralFiles(of.to_owned()))
}

/// The property may be in a file that is closed, and would then be there twice.
fn refuse_closed(environment: &Environment) -> Result<(), FilesError> {
    let closed = environment.sources.iter().find(|source| source.state != State::Read);
    let Some(source) = closed else { return Ok(()) };
    let path = crate::sanitise::path(source.path.as_bytes());
    let why = match &source.state {
        State::Locked(key) => format!("{path}: the key {key} is not held here"),
        State::Unreadable(line, why) => format!("{path}:{line}: {why}"),
        State::Read => String::new(),
    };
    Err(FilesError::ClosedFile(why))
}

/// The file that is named by its path or its name.
fn named(environment: &Environment, name: &str, file: &str) -> Result<String, FilesError> {
    let show = |path: &str| crate::sanitise::path(path.as_bytes());
    let is_it = |path: &str| path == file || path.rsplit('/').next() == Some(file);
    let Some(source) = environment.sources.iter().find(|source| is_it(&source.path)) else {
        let files: Vec<_> = environment.sources.iter().map(|source| show(&source.path)).collect();
        let environment = environment.name.clone();
        return Err(FilesError::NoSuchFile { environment, files: files.join(", ") });
    };
    let settings = environment.settings.get(name).into_iter().flatten();
    let beside = settings.map(|setting| (&environment.sources[setting.source], setting.line));
    let beside = beside.filter(|(other, _)| other.layer == source.layer);
    if let Some((other, line)) = beside.clone().find(|(other, _)| other.path != source.path)
        && !beside.clone().any(|(other, _)| other.path == source.path)
    {
        return Err(FilesError::SetAt { path: show(&other.path), line });
    }
    Ok(source.path.clone())
}

/// The place that sets a property in a layer above a file, so that what the file says does not count.
pub fn overriding(environment: &Environment, name: &str, path: &str) -> Option<(String, usize)> {
    let layer = environment.sources.iter().find(|source| source.path == path)?.layer;
    let setting = environment.setting(name).filter(|one| environment.layer(one) > layer)?;
    Some((environment.sources[setting.source].path.clone(), setting.line))
}
