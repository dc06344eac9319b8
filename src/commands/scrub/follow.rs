//! `git shroud scrub follow`: another clone's branches come over to the new history.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::run::{EXPOSED, Work};
use crate::commands::{Context, exclusive};
use crate::error::{CommandError, Context as _, Outcome, count};
use crate::fs::{Access, write_atomic};
use crate::scrub::follow::{follow, map, still_named};
use crate::scrub::plan::Plan;
use crate::scrub::record::{Id, Record, State};
use crate::scrub::{backup, banned, moves, safety};

/// Move this clone's branches to a history that somebody else has scrubbed
///
/// Fetch first. Moves branches that the map knows, and puts commits that only this clone has onto the new history. Keeps a backup until
/// 'git shroud scrub --finish'; 'git shroud scrub --undo' undoes it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git fetch --all --tags --force
  $ git shroud scrub follow commit-map
  $ git shroud scrub --finish")]
pub(super) struct Follow {
    /// The 'commit-map' of the scrub
    #[arg(value_name = "MAP")]
    map: PathBuf,
}

impl Follow {
    pub(super) fn run(&self, context: &Context) -> Outcome {
        let work = Work::open(context)?;
        let repository = &work.repository;
        let _exclusive = exclusive(repository)?;
        work.refuse_unfinished()?;
        safety::refuse_unfit(repository)?;
        let pairs = backup::read_map(Path::new(&self.map))?;
        let map = map(pairs);
        let following = follow(repository, &map)?;
        let ui = &context.ui;
        let mut heads = work.heads()?;
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
            let copied = std::fs::copy(&self.map, backup::map_path(&draft));
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
        ui.line(format!(
            "{} moved, {} rewritten",
            count(moved, "ref"),
            count(following.replayed, "commit")
        ));
        for (name, why) in &following.stuck {
            ui.line(format!("{name}: {why}"));
        }
        let named = still_named(repository, &map)?;
        for name in &named {
            ui.line(format!("{name} still points to the old history"));
        }
        if !named.is_empty() {
            return Err(CommandError::refused("refs here still point to the old history")
                .hint("remote-tracking branches: git fetch --all --prune --tags --force")
                .hint("then: 'git shroud scrub --finish' removes what no ref leads to"));
        }
        ui.status("no ref points to the old history any more");
        ui.hint("to remove it from this clone: git shroud scrub --finish");
        Ok(())
    }
}
