//! A removal as a whole: what the members have is taken away, their keys are rotated, and it is found what they can still open.

use std::collections::BTreeSet;

use super::exposure::{Exposure, find_exposed};
use super::{Removal, plan_removal};
use crate::access::members::MemberError;
use crate::access::members::policy::refuse_too_few;
use crate::access::rotate::{Plan, RotateError, run};
use crate::clone::locks::{exclusive, refuse_rotation};
use crate::clone::roster::remove_from_shroud_dir;
use crate::clone::{CloneError, OpenClone};
use crate::format::KeyId;
use crate::git::GitError;
use crate::keyring::KeyName;
use crate::progress::Progress;
use crate::store::shroud_dir::File;

/// How many malformed files are named.
const NAMED: usize = 10;

/// Why nobody was removed.
#[derive(Debug, thiserror::Error)]
pub enum RemovalError {
    /// The clone cannot be read, or the files not be removed.
    #[error(transparent)]
    Clone(#[from] CloneError),
    /// The history cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Nobody is meant, or something is in the way.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// The keys cannot be rotated.
    #[error(transparent)]
    Rotate(#[from] RotateError),
    /// They have a key that cannot be rotated here.
    #[error(
        "they also have the key '{name}', which is not held here, so it cannot be rotated; nothing was changed"
    )]
    NotHeld {
        /// The key.
        name: KeyName,
        /// Their keys that are held.
        held: Vec<KeyName>,
    },
}

/// Who is removed, and from what.
pub struct Request<'r> {
    /// The members, as they are called.
    pub members: &'r [String],
    /// The keys; all where none is named.
    pub keys: &'r [KeyName],
    /// Other members, who do not get the new keys.
    pub without: &'r [String],
    /// Whether their keys are replaced.
    pub rotates: bool,
    /// Whether it is only said what would be done.
    pub dry_run: bool,
}

/// What was taken away.
pub struct Removed {
    /// The keys and the files.
    pub plan: Plan,
    /// What the members can still open.
    pub exposure: Exposure,
}

impl Request<'_> {
    /// Removes the members, and says what is done.
    ///
    /// # Errors
    /// [`RemovalError`].
    pub fn run(&self, opened: OpenClone, progress: &dyn Progress) -> Result<Removed, RemovalError> {
        opened.top()?;
        refuse_rotation(&opened.repository)?;
        let OpenClone { repository, roster, keyring, .. } = &opened;
        let mut removal = plan_removal(repository, roster, keyring, self.members, self.keys)?;
        removal.plan.without = run::find_without(&opened, &removal.plan.names, self.without)?;
        refuse_below_policy(&opened, &removal.plan)?;
        let exposed = exposed_ids(&opened, &removal.plan);
        if self.rotates && !removal.plan.names.is_empty() {
            self.rotate(&opened, &removal, progress)?;
        } else {
            self.remove_files(&opened, &removal, progress)?;
        }
        let plan = removal.plan;
        for recipient in &plan.recipients {
            progress.status(&format!("  recipient {recipient}"));
        }
        // With the keys as they are now, which open the old files too.
        let opened = OpenClone::read(opened.repository)?;
        let exposure = find_exposed(&opened.repository, &opened.keyring, &exposed)?;
        Ok(Removed { plan, exposure })
    }

    fn rotate(
        &self,
        opened: &OpenClone,
        removal: &Removal,
        progress: &dyn Progress,
    ) -> Result<(), RemovalError> {
        removal.refuse_unfit()?;
        refuse_not_held(opened, &removal.plan)?;
        run::rotate(progress, opened, &removal.plan, self.dry_run)?;
        for (name, stems) in &removal.plan.removed {
            let stems: Vec<_> = stems.iter().map(|stem| crate::sanitise::line(stem)).collect();
            let done = if self.dry_run { "would remove" } else { "removed" };
            progress.status(&format!("{done} from key '{name}': {}", stems.join(", ")));
        }
        Ok(())
    }

    fn remove_files(
        &self,
        opened: &OpenClone,
        removal: &Removal,
        progress: &dyn Progress,
    ) -> Result<(), RemovalError> {
        let _exclusive = exclusive(&opened.repository, progress)?;
        let plan = &removal.plan;
        let of_key = |(name, stems): (&KeyName, &BTreeSet<String>)| {
            let file = |stem: &String| File::Member(name.clone(), stem.clone());
            stems.iter().map(file).collect::<Vec<_>>()
        };
        let files: Vec<File> = plan.removed.iter().flat_map(of_key).collect();
        for file in removal.bad.iter().take(NAMED) {
            let path = crate::sanitise::path(file.path().as_bytes());
            progress.warning(&format!("{path} is malformed or forged: its owner is unknown"));
        }
        if self.dry_run {
            for file in &files {
                progress.line(&format!("would remove {}", crate::sanitise::line(&file.path())));
            }
            return Ok(());
        }
        remove_from_shroud_dir(&opened.repository, &files)?;
        let all: Vec<_> = plan.removed.keys().map(KeyName::as_str).collect();
        progress.status(&format!("removed the grant of {}", all.join(", ")));
        let names: Vec<_> = plan.names.iter().map(KeyName::as_str).collect();
        if names.is_empty() {
            return Ok(());
        }
        progress.warning(
            "the key was not rotated: removed members can still open new files that it seals",
        );
        progress.hint(&format!("git shroud key rotate {}", names.join(" ")));
        Ok(())
    }
}

/// The keys that the members know: of each name every generation that there is before the rotation.
fn exposed_ids(opened: &OpenClone, plan: &Plan) -> BTreeSet<KeyId> {
    let held = plan.names.iter().flat_map(|name| opened.keyring.line(name));
    held.map(|entry| entry.key.id()).collect()
}

fn refuse_not_held(opened: &OpenClone, plan: &Plan) -> Result<(), RemovalError> {
    let is_held = |name: &&KeyName| opened.keyring.current(name).is_some();
    let (held, locked): (Vec<_>, Vec<_>) = plan.names.iter().partition(is_held);
    match locked.first() {
        None => Ok(()),
        Some(name) => Err(RemovalError::NotHeld {
            name: (*name).clone(),
            held: held.into_iter().cloned().collect(),
        }),
    }
}

/// Refuses where a key would have fewer members than it asks for.
fn refuse_below_policy(opened: &OpenClone, plan: &Plan) -> Result<(), RemovalError> {
    for name in &plan.names {
        let gone = plan.removed.get(name);
        let stays = |stem: &String| gone.is_none_or(|gone| !gone.contains(stem));
        let members = opened.roster.members(&opened.repository, name)?;
        let left = members.iter().filter(|file| stays(&file.stem));
        let left = left.filter_map(|file| file.member.as_ref().ok());
        let left: BTreeSet<_> = left.map(|member| &member.recipient).collect();
        refuse_too_few(&opened.roster, name, left.len())?;
    }
    Ok(())
}
