//! Taking a scrub back, and going on with one that was cut off.

use super::run::Done;
use super::{Work, gone};
use crate::check::banned;
use crate::scrub::error::{Outcome, ScrubError};
use crate::scrub::record::{Name, Record, State};
use crate::scrub::{backup, moves, safety};

impl Work<'_> {
    /// Ends an interrupted scrub: forward, or back where it was being taken back.
    ///
    /// # Errors
    /// No scrub was cut off; or what stops it now, as in [`Work::run`].
    pub fn resume(&self) -> Outcome<Done> {
        let records = Record::all(self.repository.common_dir())?;
        let Some(record) = records.into_iter().find(|record| record.state != State::Done) else {
            return Err(ScrubError::NoneCutOff);
        };
        self.progress.status(&self.stand(&record)?);
        match record.state {
            State::Undoing => self.set_back(record),
            _ => self.end(record),
        }
    }

    /// Takes the last scrub back.
    ///
    /// # Errors
    /// None is remembered; or something would be lost: a ref that was moved since, a file with work in it.
    pub fn undo(&self) -> Outcome<Done> {
        let Some(mut record) = Record::all(self.repository.common_dir())?.pop() else {
            return Err(ScrubError::NoneToUndo);
        };
        if record.state == State::Done {
            safety::refuse_unfit(self.repository)?;
        }
        // Before anything moves, so that nothing is set back by half.
        old_stash_log(&record)?;
        record.set(State::Undoing)?;
        self.set_back(record)
    }

    fn set_back(&self, record: Record) -> Outcome<Done> {
        let needed = record.refs.iter().filter_map(|change| change.old).map(|id| id.0).collect();
        backup::unbundle(self.repository, record.folder(), &needed)?;
        let mut back = record.reversed();
        back.stash_log = old_stash_log(&record)?;
        moves::bring(&self.repository.reopen()?, &back)?;
        backup::restore_logs(self.repository, record.folder(), &record.heads)?;
        banned::change(self.repository.common_dir(), &gone(&record)?, false)?;
        record.remove()?;
        Ok(Done::Undone)
    }
}

/// The reflog of the stash as it was before; `None` where the scrub left it as it was.
fn old_stash_log(record: &Record) -> Outcome<Option<Name>> {
    if record.stash_log.is_none() {
        return Ok(None);
    }
    let log = backup::stash_log(record.folder())?
        .ok_or_else(|| ScrubError::NoStashLog(crate::sanitise::native(record.folder())))?;
    Ok(Some(Name(log)))
}
