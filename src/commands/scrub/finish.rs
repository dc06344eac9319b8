//! `git shroud scrub --finish`: removes what still holds the old history, and proves it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use super::run::Work;
use super::{Scrub, report};
use crate::commands::exclusive;
use crate::error::{CommandError, Context as _, Outcome, count};
use crate::fs::with_path;
use crate::git::repository::Repository;
use crate::scrub::record::{Record, State};
use crate::scrub::redact::Value;
use crate::scrub::search::Why;
use crate::scrub::{backup, safety, search};

/// Files of git's own that name commits of before; git makes them again when it needs them.
const LEFTOVERS: [&str; 4] = ["ORIG_HEAD", "FETCH_HEAD", "AUTO_MERGE", "gc.log"];

impl Work<'_> {
    pub(super) fn finish(&self, scrub: &Scrub) -> Outcome {
        let _exclusive = exclusive(&self.repository)?;
        let records = Record::all(self.repository.common_dir())?;
        if records.is_empty() {
            return Err(CommandError::wrong("there is no scrub here to finish"));
        }
        if records.iter().any(|record| record.state != State::Done) {
            return Err(CommandError::refused("a scrub was interrupted")
                .hint("finish it first: git shroud scrub --continue"));
        }
        safety::refuse_unfit(&self.repository)?;
        let mut values: Vec<Value> = Vec::new();
        let mut old: BTreeSet<ObjectId> = BTreeSet::new();
        for record in &records {
            for value in backup::read_values(record.folder())? {
                if values.iter().all(|known| known.secret.expose() != value.secret.expose()) {
                    values.push(value);
                }
            }
            let map = backup::read_map(&backup::map_path(record.folder()))?;
            old.extend(map.iter().filter(|(old, new)| *new != Some(*old)).map(|(old, _)| *old));
        }
        clear_logs(&self.repository)?;
        for git_dir in self.repository.git_dirs()? {
            for name in LEFTOVERS {
                remove(&git_dir.join(name))?;
            }
        }
        let recorded = self.repository.common_dir().join("rr-cache");
        if recorded.exists() {
            fs::remove_dir_all(&recorded)
                .map_err(|error| with_path(&recorded, &error))
                .context(doing)?;
            fs::create_dir(&recorded)
                .map_err(|error| with_path(&recorded, &error))
                .context(doing)?;
        }
        self.repository.git.run(["gc", "--prune=now", "--quiet"])?;
        let repository = self.repository.reopen()?;
        let still = present(&repository, &old)?;
        let searched = search::search(&repository, &values)?;
        for record in records {
            record.remove()?;
        }
        let ui = &self.context().ui;
        if scrub.format == report::Format::Json {
            let left: Vec<_> = searched.left.iter().map(|left| left.place.clone()).collect();
            let said = serde_json::json!({
                "version": 1, "old_objects": still, "values": values.len(), "left": left, "unread": searched.unread,
            });
            ui.json(&said);
        } else {
            ui.line(format!("{still} of {} are still here", count(old.len() as u64, "old commit")));
            ui.line(format!(
                "{} left: {} searched for in {}",
                searched.left.len(),
                count(values.len() as u64, "value"),
                count(searched.objects, "object")
            ));
            report::name_left(self.context(), &searched);
        }
        let only_files = searched.left.iter().all(|left| left.why == Why::GitFile);
        if still > 0 || !only_files || searched.unread > 0 {
            return Err(CommandError::refused("a part of the old history is still in this clone")
                .hint("borrowed objects (objects/info/alternates) and packs with a '.keep' file stay: remove them"));
        }
        ui.status("the old history is gone from this clone");
        Ok(())
    }
}

fn doing() -> String {
    "removing what is old".to_owned()
}

fn remove(path: &std::path::Path) -> Outcome {
    match fs::remove_file(path) {
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
