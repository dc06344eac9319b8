//! `git shroud scrub --finish`: removes what still holds the old history, and proves it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use super::{Work, fsck};
use crate::fs::replace;
use crate::fs::with_path;
use crate::git::repository::Repository;
use crate::scan::walk::cache;
use crate::scrub::error::{Context as _, Outcome, ScrubError};
use crate::scrub::proof::Finished;
use crate::scrub::record::{Record, State};
use crate::scrub::redact::Value;
use crate::scrub::{backup, maps, safety, search};

/// Files of git's own that name commits of before; git makes them again when it needs them.
const LEFTOVERS: [&str; 4] = ["ORIG_HEAD", "FETCH_HEAD", "AUTO_MERGE", "gc.log"];

impl Work<'_> {
    /// Removes what still holds the old history, and looks what is left of it.
    ///
    /// # Errors
    /// No scrub is remembered, one was cut off, or this clone is not fit: nothing was removed. Or a file cannot be removed, or git
    /// fails: it can be run again.
    pub fn finish(&self) -> Outcome<Finished> {
        let records = Record::all(self.repository.common_dir())?;
        if records.is_empty() {
            return Err(ScrubError::NoneToFinish);
        }
        if records.iter().any(|record| record.state != State::Done) {
            return Err(ScrubError::CutOff(None));
        }
        safety::refuse_unfit(self.repository)?;
        let mut values: Vec<Value> = Vec::new();
        let mut old: BTreeSet<ObjectId> = BTreeSet::new();
        for record in &records {
            for value in backup::read_values(record.folder())? {
                if values.iter().all(|known| known.secret.expose() != value.secret.expose()) {
                    values.push(value);
                }
            }
            let map = maps::read(&maps::commit_map(record.folder()))?;
            old.extend(map.iter().filter(|(old, new)| *new != Some(*old)).map(|(old, _)| *old));
        }
        clear_logs(self.repository)?;
        for git_dir in self.repository.git_dirs()? {
            for name in LEFTOVERS {
                remove(&git_dir.join(name))?;
            }
        }
        // What scans have kept names objects that are gone, and where they were.
        for path in cache::files(self.repository.common_dir()) {
            remove(&path)?;
        }
        let recorded = self.repository.common_dir().join("rr-cache");
        if recorded.exists() {
            replace::remove_tree(&recorded)
                .map_err(|error| with_path(&recorded, &error))
                .context(doing)?;
            fs::create_dir(&recorded)
                .map_err(|error| with_path(&recorded, &error))
                .context(doing)?;
        }
        let meter = self.progress.meter("removing the old objects");
        self.repository.git.run(["gc", "--prune=now", "--quiet"])?;
        drop(meter);
        let repository = self.repository.reopen()?;
        let still = present(&repository, &old)?;
        let searched = search::search(&repository, &values, self.progress)?;
        // Asked while the records say what was so before.
        let fsck = match (self.check_all, records.first()) {
            (true, Some(record)) => fsck::check(&repository, record, true)?.faults,
            _ => None,
        };
        let mut kept = Vec::new();
        for record in records {
            kept.push(maps::keep(repository.common_dir(), record.folder())?);
            record.remove()?;
        }
        let old = old.len() as u64;
        Ok(Finished { old, still, values: values.len(), searched, fsck, maps: kept })
    }
}

fn doing() -> String {
    "removing what is old".to_owned()
}

fn remove(path: &std::path::Path) -> Outcome {
    match replace::remove(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(with_path(path, &error)).context(doing)
        }
        _ => Ok(()),
    }
}

/// Empties every reflog but the stash's, in which the stashes themselves stand.
fn clear_logs(repository: &Repository) -> Outcome {
    let listed = repository.git.run(["for-each-ref", "--format=%(refname)"])?;
    let expire = ["reflog", "expire", "--expire=now", "--expire-unreachable=now"];
    for worktree in repository.all_worktrees()? {
        worktree.git.run(expire.iter().chain(&["HEAD"]))?;
    }
    for name in listed.lines().filter(|name| *name != b"refs/stash") {
        let name = crate::git::command::os_line([name, b"\n"].concat());
        let exists = ["reflog", "exists"].map(OsStr::new);
        if repository.git.query(exists.iter().chain(&[&*name]))?.is_some() {
            repository.git.run(expire.map(OsStr::new).iter().chain(&[&*name]))?;
        }
    }
    Ok(())
}

/// How many of these objects are here.
fn present(repository: &Repository, ids: &BTreeSet<ObjectId>) -> Outcome<u64> {
    let lines: String = ids.iter().map(|id| format!("{id}\n")).collect();
    let said = repository.git.run_with_input(["cat-file", "--batch-check"], lines.as_bytes())?;
    Ok(said.lines().filter(|line| !line.ends_with(b" missing")).count() as u64)
}
