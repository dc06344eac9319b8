//! Into which file of an environment a value is written.

use super::{FilesError, Loaded};
use crate::access::without_key::may_set;
use crate::clone::{OpenClone, write_only};
use crate::environments::check::sync::{is_shared, source_for};
use crate::environments::environment::{Environment, Source, State};
use crate::fs::read_regular;
use crate::git::attributes::Attributes;
use crate::store::public_keys::PinError;
use crate::store::shroud_dir::File;
use crate::values::MAX_SEALED;

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
    find(loaded, of, name, file, false)
}

/// As [`target`], for a value that will be set and nothing else: then the key of the file need not be held, if it is write-only.
///
/// # Errors
/// As [`target`].
pub fn target_to_set(
    loaded: &Loaded,
    of: &str,
    name: &str,
    file: Option<&str>,
) -> Result<String, FilesError> {
    find(loaded, of, name, file, true)
}

fn find(
    loaded: &Loaded,
    of: &str,
    name: &str,
    file: Option<&str>,
    to_set: bool,
) -> Result<String, FilesError> {
    let environments = &loaded.environments;
    let environment = environments.iter().find(|one| one.name == of);
    let environment = environment.ok_or_else(|| loaded.no_environment(of))?;
    let setting = environment.setting(name);
    let path = |at: usize| environment.sources[at].path.clone();
    let own = |at: &usize| !is_shared(environments, environment, &environment.sources[*at].path);
    let settable = if to_set { settable(loaded, environment, name)? } else { Vec::new() };
    if file.is_none() {
        let closed = settable.iter().filter(|(_, has_it)| *has_it).map(|(at, _)| *at);
        let places = setting.map(|setting| setting.source).into_iter().chain(closed);
        if let Some(at) = places.filter(own).max_by_key(|at| environment.sources[*at].layer) {
            return Ok(path(at));
        }
    }
    let settable: Vec<usize> = settable.into_iter().map(|(at, _)| at).collect();
    refuse_closed(loaded, environment, &settable)?;
    if let Some(file) = file {
        return named(environment, name, file);
    }
    if let Some(at) = source_for(environments, environment, name) {
        return Ok(path(at));
    }
    // Not next to a file that is open, where it may belong as well.
    let is_open = environment.sources.iter().any(|source| source.state == State::Read);
    if let [only] = settable.iter().copied().filter(own).collect::<Vec<_>>()[..]
        && !is_open
    {
        return Ok(path(only));
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

/// The files of an environment that are not read, whose names are known, and in which values can be set all the same, each with whether it has this
/// one: their key is not held, or a sealed value of them does not open.
fn settable(
    loaded: &Loaded,
    environment: &Environment,
    name: &str,
) -> Result<Vec<(usize, bool)>, FilesError> {
    let mut settable = Vec::new();
    for (at, source) in environment.sources.iter().enumerate().filter(|(_, one)| one.has_names) {
        if let State::Unreadable(..) = source.state {
            settable.push((at, has_name(loaded, source, name)?));
            continue;
        }
        let mut attributes = Attributes::new(&loaded.opened.repository)?;
        if may_set(&loaded.opened, &attributes.of(source.path.as_bytes())?) {
            let sealed = environment.sealed.get(name).into_iter().flatten();
            settable.push((at, sealed.into_iter().any(|sealed| sealed.source == at)));
        }
    }
    Ok(settable)
}

/// Whether a file of the worktree sets a property, as it is written there.
fn has_name(loaded: &Loaded, source: &Source, name: &str) -> Result<bool, FilesError> {
    let Ok(native) = OpenClone::native(source.path.as_bytes()) else { return Ok(false) };
    let Ok(bytes) = read_regular(&loaded.opened.top()?.join(native), MAX_SEALED) else {
        return Ok(false);
    };
    let dialect = loaded.file_names.dialect(&source.path, source.format);
    let document = source.format.parse_as(dialect, &bytes);
    Ok(document.is_ok_and(|document| document.find(name).is_some()))
}

/// The property may be in a file that is closed, and would then be there twice.
fn refuse_closed(
    loaded: &Loaded,
    environment: &Environment,
    settable: &[usize],
) -> Result<(), FilesError> {
    let closed = environment.sources.iter().enumerate();
    let mut closed = closed.filter(|(at, _)| !settable.contains(at)).map(|(_, source)| source);
    let Some(source) = closed.find(|source| source.state != State::Read) else { return Ok(()) };
    let path = crate::sanitise::path(source.path.as_bytes());
    let why = match &source.state {
        State::Locked(key) if source.has_names => {
            if let Some(refused) = refused(loaded, &source.path)? {
                return Err(FilesError::ClosedFile(format!("{path}: {refused}")));
            }
            let ended = write_only_until(loaded, &source.path)?;
            let ended = ended.map(|commit| {
                format!(", and it is not write-only any more (since commit {commit}): only people who hold it set values")
            });
            format!("{path}: the key {key} is not held here{}", ended.unwrap_or_default())
        }
        State::Locked(key) => format!("{path}: the key {key} is not held here"),
        State::Unreadable(line, why) => format!("{path}:{line}: {why}"),
        State::Read => String::new(),
    };
    Err(FilesError::ClosedFile(why))
}

/// Why no value of a file can be set without its key: somebody has taken the public key out, or exchanged it.
fn refused(loaded: &Loaded, path: &str) -> Result<Option<PinError>, FilesError> {
    let opened = &loaded.opened;
    let attributes = Attributes::new(&opened.repository)?.of(path.as_bytes())?;
    let info = attributes.key.ok().and_then(|key| opened.roster.infos.get(&key));
    Ok(info.and_then(|info| write_only::refusal(&opened.repository, info)))
}

/// The commit that ended that people set values of a file without its key; `None` where they never did.
fn write_only_until(loaded: &Loaded, path: &str) -> Result<Option<String>, FilesError> {
    let repository = &loaded.opened.repository;
    let attributes = Attributes::new(repository)?.of(path.as_bytes())?;
    let Ok(key) = attributes.key else { return Ok(None) };
    let file = format!(":(top,literal){}", File::Key(key).path());
    let log = ["log", "--max-count=1", "--format=%h", "-Spublic_key =", "HEAD", "--", &file];
    let commit = String::from_utf8(repository.git.run(log)?).unwrap_or_default();
    Ok(Some(commit.trim().to_owned()).filter(|commit| !commit.is_empty()))
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
