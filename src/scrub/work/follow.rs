//! Another clone's branches come over to the new history.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{EXPOSED, Work};
use crate::check::banned;
use crate::fs::{Access, write_atomic};
use crate::scrub::error::{Context as _, Outcome};
use crate::scrub::plan::Plan;
use crate::scrub::record::{Id, Record, State};
use crate::scrub::{backup, follow as following, maps, moves, safety};

/// What became of a clone that follows.
pub struct Followed {
    /// Refs that moved.
    pub moved: u64,
    /// Commits of this clone alone that were made again.
    pub replayed: u64,
    /// Refs that cannot be moved by themselves, each with what to do; fit for a terminal.
    pub stuck: Vec<(String, String)>,
    /// What still leads to the old history; fit for a terminal.
    pub still_named: Vec<String>,
}

impl Work<'_> {
    /// Moves the branches of this clone over to a history that somebody else has scrubbed, by the map at `path`.
    ///
    /// # Errors
    /// A scrub was cut off here, this clone is not fit, the map cannot be read or names what is not fetched: nothing was changed.
    /// Or a ref or file was changed meanwhile: [`Work::resume`] ends it.
    pub fn follow(&self, path: &Path) -> Outcome<Followed> {
        let repository = self.repository;
        self.refuse_unfinished()?;
        safety::refuse_unfit(repository)?;
        let pairs = maps::read(path)?;
        let map = following::map(pairs);
        let following = following::follow(repository, &map)?;
        let mut heads = self.heads()?;
        for head in &mut heads {
            let Some((old, new)) = &mut head.commit else { continue };
            let branch = head.branch.as_ref().map(|(name, _)| name);
            let moved = following.refs.iter().find(|change| Some(&change.name) == branch);
            if let Some(moved) = moved.and_then(|change| change.new) {
                *new = moved;
            } else if branch.is_none()
                && let Some(&Some(mapped)) = map.get(&old.0)
            {
                *new = Id(mapped);
            }
        }
        let moved = following.refs.len() as u64;
        let is_changed =
            moved > 0 || heads.iter().any(|head| head.commit.is_some_and(|(old, new)| old != new));
        if is_changed {
            let common = repository.common_dir();
            let (draft, _) = Record::draft(common)?;
            backup::write(repository, &draft)?;
            backup::write_values(&draft, &[])?;
            let copied = std::fs::copy(path, maps::commit_map(&draft));
            copied.context(|| "the map".to_owned())?;
            for (name, text) in [("plan.toml", Plan::default().write()), (EXPOSED, "[]".to_owned())]
            {
                write_atomic(&draft.join(name), text.as_bytes(), Access::Private)
                    .context(|| "the record".to_owned())?;
            }
            let made =
                SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
            let made = i64::try_from(made).unwrap_or(i64::MAX);
            let record = Record::new(following.refs, heads, None, 0, made).following();
            let mut record = record.begin(common, &draft)?;
            moves::bring(repository, &record)?;
            record.set(State::Done)?;
            banned::change(common, &map.keys().copied().collect(), true)?;
        }
        let still_named = following::still_named(repository, &map)?;
        let following::Following { stuck, replayed, .. } = following;
        Ok(Followed { moved, replayed, stuck, still_named })
    }
}
