//! What is kept before anything moves: everything as it was.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use super::error::{Context as _, Outcome, ScrubError};
use super::record::{BUNDLE, Head, LOGS, VALUES};
use super::redact::Value;
use crate::detect::Secret;
use crate::fs::{
    Access, create_private, create_private_dir, read_bounded, with_path, write_atomic,
};
use crate::git::repository::Repository;
use crate::git::stash_log::{self, STASH};
use crate::repo_path;

/// Bytes of the longest file of values.
const MAX_VALUES: usize = 1 << 30;
/// Bytes of the longest reflog.
const MAX_LOG: usize = 1 << 30;
/// The reflogs that all worktrees share, below those that are kept.
const COMMON: &str = "0";
/// Those of linked worktrees, by their names.
const LINKED: &str = "worktrees";
/// Folders in one another that reflogs stand in, at most.
const MAX_DEPTH: usize = 64;

/// Writes the bundle of every ref, `HEAD` and all that reflogs name, and the reflogs themselves.
///
/// # Errors
/// git fails, or the disk is full.
pub fn write(repository: &Repository, folder: &Path) -> Outcome {
    let bundle = folder.join(BUNDLE);
    let create = [OsStr::new("bundle"), "create".as_ref(), "-q".as_ref(), bundle.as_os_str()];
    let what = ["--all", "--reflog"].map(OsStr::new);
    repository.git.run(create.iter().chain(&what))?;
    restrict(&bundle).map_err(|error| with_path(&bundle, &error)).context(doing)?;
    let logs = folder.join(LOGS);
    create_private_dir(&logs).context(doing)?;
    for git_dir in repository.git_dirs()? {
        copy(&git_dir.join("logs"), &logs.join(own_name(repository, &git_dir)), 0)
            .context(doing)?;
    }
    // No file has it there.
    if repository.has_reftable() {
        let file = logs.join(COMMON).join(STASH);
        create_private_dir(file.parent().unwrap_or(&file)).context(doing)?;
        let log = stash_log::read(repository)?;
        write_atomic(&file, &log, Access::Private).context(doing)?;
    }
    Ok(())
}

/// The folder of the reflogs of one git folder: by the name of the linked worktree, as others may come and go.
fn own_name(repository: &Repository, git_dir: &Path) -> PathBuf {
    match git_dir.file_name() {
        Some(name) if git_dir != repository.common_dir() => Path::new(LINKED).join(name),
        _ => COMMON.into(),
    }
}

fn doing() -> String {
    "the backup".to_owned()
}

#[cfg(unix)]
fn restrict(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600))?;
    fs::File::open(file)?.sync_all()
}

#[cfg(not(unix))]
fn restrict(_file: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Copies a folder with all regular files in it; one that is not there is none.
fn copy(from: &Path, to: &Path, depth: usize) -> std::io::Result<()> {
    let listed = match fs::read_dir(from) {
        Ok(listed) => listed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(with_path(from, &error)),
    };
    create_private_dir(to)?;
    for entry in listed {
        let entry = entry?;
        let (path, copied) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() && depth < MAX_DEPTH {
            copy(&path, &copied, depth + 1)?;
        } else if kind.is_file() {
            fs::copy(&path, &copied).map_err(|error| with_path(&path, &error))?;
        } else {
            // It would be missing when everything is set back.
            let what = std::io::Error::other("it is neither a file nor a folder, or too deep");
            return Err(with_path(&path, &what));
        }
    }
    Ok(())
}

/// Puts the reflogs back as they were; those of a worktree that came since stay. `heads` are those of the record.
///
/// # Errors
/// A file cannot be read or written.
pub fn restore_logs(repository: &Repository, folder: &Path, heads: &[Head]) -> Outcome {
    // git has not taken a line away, and only git writes there.
    if repository.has_reftable() {
        return Ok(());
    }
    let logs = folder.join(LOGS);
    // Earlier versions counted the worktrees, in the order in which the record has them.
    let linked = heads.iter().filter_map(|head| head.linked.as_ref());
    let counted: Vec<_> = linked.map(|name| &name.0[..]).collect();
    for git_dir in repository.git_dirs()? {
        let name = own_name(repository, &git_dir);
        let mut from = logs.join(&name);
        if !logs.join(LINKED).exists() && name.starts_with(LINKED) {
            let name = name.file_name().and_then(repo_path::argument_bytes).unwrap_or_default();
            let Some(at) = counted.iter().position(|counted| *counted == name) else { continue };
            from = logs.join((at + 1).to_string());
        }
        restore(&from, &git_dir.join("logs"), 0).context(|| "the reflogs".to_owned())?;
    }
    Ok(())
}

fn restore(from: &Path, to: &Path, depth: usize) -> std::io::Result<()> {
    let listed = match fs::read_dir(from) {
        Ok(listed) => listed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(with_path(from, &error)),
    };
    for entry in listed {
        let entry = entry.map_err(|error| with_path(from, &error))?;
        let (path, restored) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() && depth <= MAX_DEPTH {
            restore(&path, &restored, depth + 1)?;
        } else {
            fs::create_dir_all(to).map_err(|error| with_path(to, &error))?;
            write_atomic(&restored, &read_bounded(&path, MAX_LOG)?, Access::Shared)?;
        }
    }
    Ok(())
}

/// The stash's reflog as it was; `None` where there was none.
///
/// # Errors
/// It cannot be read.
pub fn stash_log(folder: &Path) -> Outcome<Option<Vec<u8>>> {
    match read_bounded(&folder.join(LOGS).join(COMMON).join(STASH), MAX_LOG) {
        Ok(log) => Ok(Some(log.to_vec())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context(|| "the reflog of the stash as it was".to_owned()),
    }
}

/// Brings objects of the bundle back that are gone.
///
/// # Errors
/// git fails.
pub fn unbundle(repository: &Repository, folder: &Path, needed: &BTreeSet<ObjectId>) -> Outcome {
    let lines: String = needed.iter().map(|id| format!("{id}\n")).collect();
    let said = repository.git.run_with_input(["cat-file", "--batch-check"], lines.as_bytes())?;
    if said.contains_str(" missing") {
        let bundle = folder.join(BUNDLE);
        let unbundle = [OsStr::new("bundle"), "unbundle".as_ref(), bundle.as_os_str()];
        repository.git.run(unbundle)?;
    }
    Ok(())
}

/// Writes the values, each with its rule, for the search afterwards; they go with the backup, which holds them too.
///
/// # Errors
/// The file cannot be written.
pub fn write_values(folder: &Path, values: &[Value]) -> Outcome {
    let mut bytes = crate::secret::WipedVec::default();
    for value in values {
        for part in [value.rule.as_bytes(), value.secret.expose()] {
            let len = u32::try_from(part.len()).context(|| "the values".to_owned())?;
            let write = |bytes: &mut crate::secret::WipedVec, part: &[u8]| {
                std::io::Write::write_all(bytes, part).expect("memory takes any bytes");
            };
            write(&mut bytes, &len.to_be_bytes());
            write(&mut bytes, part);
        }
    }
    create_private(&folder.join(VALUES), &bytes).context(|| "the values".to_owned())
}

/// Reads them again.
///
/// # Errors
/// The file cannot be read, or is damaged.
pub fn read_values(folder: &Path) -> Outcome<Vec<Value>> {
    let path = folder.join(VALUES);
    let bytes = read_bounded(&path, MAX_VALUES).context(|| "the values".to_owned())?;
    let damaged = || ScrubError::DamagedFile(crate::sanitise::native(&path));
    let mut rest = &bytes[..];
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (len, behind) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
        let len = usize::try_from(u32::from_be_bytes(*len)).map_err(|_| damaged())?;
        parts.push(behind.get(..len).ok_or_else(damaged)?);
        rest = &behind[len..];
    }
    let value = |pair: &[&[u8]]| match pair {
        [rule, secret] => Some(Value {
            secret: Secret::new(secret),
            rule: String::from_utf8(rule.to_vec()).ok()?,
        }),
        _ => None,
    };
    parts.chunks(2).map(value).collect::<Option<_>>().ok_or_else(damaged)
}
