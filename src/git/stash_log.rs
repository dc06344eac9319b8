//! The reflog of the stash, in which all stashes but the latest stand: git keeps it in a file, or in a reftable (git-config,
//! `extensions.refStorage`).

use std::path::PathBuf;

use gix::ObjectId;
use gix::bstr::{ByteSlice as _, ByteVec as _};

use super::GitError;
use super::repository::Repository;
use crate::fs::{Access, read_bounded, write_atomic};

/// The ref.
pub const STASH: &str = "refs/stash";
/// Bytes of a log that is read.
const MAX_LOG: usize = 64 << 20;

fn path(repository: &Repository) -> PathBuf {
    repository.common_dir().join("logs").join(STASH)
}

/// The log as in a file, the latest stash last: `OLD NEW NAME <MAIL> TIME ZONE TAB MESSAGE` in each line. Empty where there is none.
///
/// # Errors
/// It cannot be read.
pub fn read(repository: &Repository) -> Result<Vec<u8>, GitError> {
    if repository.has_reftable() {
        return read_reftable(repository);
    }
    match read_bounded(&path(repository), MAX_LOG) {
        Ok(text) => Ok(text.to_vec()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

fn read_reftable(repository: &Repository) -> Result<Vec<u8>, GitError> {
    if repository.git.query(["rev-parse", "-q", "--verify", STASH])?.is_none() {
        return Ok(Vec::new());
    }
    let format = "--format=%H%x00%gd%x00%gn%x00%ge%x00%gs";
    let list = ["log", "--walk-reflogs", "--no-show-signature", "--date=raw", format, STASH, "--"];
    let listed = repository.git.run(list)?;
    let mut lines: Vec<_> = listed.lines().collect();
    lines.reverse();
    let mut log = Vec::new();
    let mut before = ObjectId::null(repository.gix.object_hash()).to_string().into_bytes();
    for line in lines {
        let mut fields = line.splitn(5, |&byte| byte == 0);
        let mut field = || fields.next().unwrap_or_default();
        let (id, selector, name, mail, message) = (field(), field(), field(), field(), field());
        let time = selector.rfind(b"@{").map(|at| &selector[at + 2..]).unwrap_or_default();
        let time = time.strip_suffix(b"}").unwrap_or(time);
        for part in [&before[..], b" ", id, b" ", name, b" <", mail, b"> ", time, b"\t", message] {
            log.push_str(part);
        }
        log.push(b'\n');
        before = id.to_vec();
    }
    Ok(log)
}

/// The stashes of a log, the latest last.
pub fn stashes(log: &[u8]) -> impl Iterator<Item = ObjectId> {
    log.lines().filter_map(|line| Some(entry(line)?.id))
}

struct Entry<'l> {
    id: ObjectId,
    name: &'l [u8],
    mail: &'l [u8],
    time: &'l [u8],
    message: &'l [u8],
}

fn entry(line: &[u8]) -> Option<Entry<'_>> {
    let (head, message) = line.split_once_str(b"\t").unwrap_or((line, b""));
    let mut words = head.splitn(3, |&byte| byte == b' ');
    let (_old, id, who) = (words.next()?, words.next()?, words.next()?);
    let (name, rest) = who.split_once_str(b"<")?;
    let (mail, time) = rest.split_once_str(b">")?;
    let id = ObjectId::from_hex(id).ok()?;
    Some(Entry { id, name: name.trim(), mail, time: time.trim(), message })
}

/// Puts this log in the place of the one that is there. In a reftable the stash is made anew, stash by stash: a run that is cut off
/// leaves the earlier ones of the new log, or none.
///
/// # Errors
/// It cannot be written.
pub fn write(repository: &Repository, log: &[u8]) -> Result<(), GitError> {
    if !repository.has_reftable() {
        let path = path(repository);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        return Ok(write_atomic(&path, log, Access::Shared)?);
    }
    repository.git.query(["update-ref", "-d", STASH])?;
    for line in log.lines() {
        let Some(Entry { id, name, mail, time, message }) = entry(line) else { continue };
        let mut args = vec!["update-ref".to_owned(), "--create-reflog".to_owned()];
        if !message.is_empty() {
            args.extend(["-m".to_owned(), message.to_str_lossy().into_owned()]);
        }
        args.extend([STASH.to_owned(), id.to_string()]);
        let mut command = repository.git.command(args);
        let or = |text: &[u8], other: &str| match text.is_empty() {
            true => other.to_owned(),
            false => text.to_str_lossy().into_owned(),
        };
        command.env("GIT_COMMITTER_NAME", or(name, "unknown"));
        command.env("GIT_COMMITTER_EMAIL", or(mail, "unknown"));
        command.env("GIT_COMMITTER_DATE", format!("@{}", time.to_str_lossy()));
        let output = command.output()?;
        super::command::success(&command, output)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_log_is_read() {
        let (old, new) = ("0".repeat(40), "1".repeat(40));
        let line =
            format!("{old} {new} Ann Smith <ann@example.com> 1700000000 +0100\tWIP on main: x");
        let Entry { id, name, mail, time, message } = entry(line.as_bytes()).unwrap();
        assert_eq!(id.to_string(), new);
        assert_eq!(name, b"Ann Smith");
        assert_eq!(mail, b"ann@example.com");
        assert_eq!((time, message), (&b"1700000000 +0100"[..], &b"WIP on main: x"[..]));
        assert!(entry(b"").is_none() && entry(b"x y z").is_none());
        assert_eq!(stashes(format!("{line}\nbroken\n").as_bytes()).count(), 1);
    }
}
