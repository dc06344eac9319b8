//! A scrub as a whole: carried out, proved, taken back, finished, followed.
//!
//! Everything as it was is kept first (`backup`), then the new objects are written, then a record says what is to move, and only
//! then a ref moves. An interrupted run at any point leaves a record that says what to end or to take back.

mod finish;
mod follow;
mod fsck;
mod options;
mod prove;
mod run;
mod undo;
mod values;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use gix::ObjectId;

use super::error::{Context as _, Outcome, ScrubError};
use super::record::{Head, Id, Name, Record, State};
use super::{follow as following, maps, moves};
use crate::error::count;
use crate::git::repository::Repository;
use crate::git_crypt::HeldKeys;
use crate::keyring::Keyring;
use crate::progress::Progress;

pub use follow::Followed;
pub use options::Options;
pub use run::{Done, Ended, Request};

/// What should be changed where it is used, beside the record.
const EXPOSED: &str = "exposed.json";

/// What a scrub works with. Nobody else may change the repository meanwhile.
pub struct Work<'a> {
    /// Where.
    pub repository: &'a Repository,
    /// The keys that are held.
    pub keyring: &'a Keyring,
    /// git-crypt's keys that are held.
    pub git_crypt: &'a HeldKeys,
    /// Where it says what it does.
    pub progress: &'a dyn Progress,
    /// git checks every object at the end, and not only the new ones.
    pub check_all: bool,
}

impl Work<'_> {
    /// `HEAD` of every worktree as it is.
    fn heads(&self) -> Outcome<Vec<Head>> {
        let all = self.repository.all_worktrees()?;
        let bare = if all.is_empty() { vec![self.repository.reopen()?] } else { Vec::new() };
        let head = |worktree: &Repository| -> Outcome<Head> {
            let bytes = |text: OsString| text.as_encoded_bytes().to_vec();
            let branch = worktree.git.query(["symbolic-ref", "-q", "HEAD"])?.map(bytes).map(Name);
            let commit = worktree.git.query(["rev-parse", "-q", "--verify", "HEAD^{commit}"])?;
            let commit = commit.map(|id| ObjectId::from_hex(id.as_encoded_bytes()));
            let commit = commit.transpose().context(|| "HEAD".to_owned())?.map(Id);
            Ok(Head {
                linked: Head::name_of(worktree),
                branch: branch.map(|name| (name.clone(), name)),
                commit: commit.map(|commit| (commit, commit)),
            })
        };
        all.iter().chain(&bare).map(head).collect()
    }

    /// Refuses a second scrub before the first is whole, and says where that is.
    fn refuse_unfinished(&self) -> Outcome {
        for record in Record::all(self.repository.common_dir())? {
            if record.state != State::Done {
                return Err(ScrubError::CutOff(Some(self.stand(&record)?)));
            }
        }
        Ok(())
    }

    /// Which of the two histories is in force, in words.
    fn stand(&self, record: &Record) -> Outcome<String> {
        let stand = moves::stand(self.repository, record)?;
        Ok(match (stand.old, stand.new, stand.other) {
            (_, 0, 0) => "the repository has the old history".to_owned(),
            (0, _, 0) => "the repository has the new history".to_owned(),
            (old, new, other) => format!(
                "{} are old, {new} are new, {other} were moved since",
                count(old as u64, "ref")
            ),
        })
    }
}

/// Where the list is of what should be changed where it is used.
pub fn exposed_path(record: &Record) -> PathBuf {
    record.folder().join(EXPOSED)
}

/// The commits and tags that were taken out.
fn gone(record: &Record) -> Outcome<BTreeSet<ObjectId>> {
    let pairs = maps::read(&maps::commit_map(record.folder()))?;
    Ok(following::map(pairs).into_keys().collect())
}
