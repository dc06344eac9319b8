//! A rotation as a whole, with what is said of it.

use std::collections::BTreeSet;
use std::time::SystemTime;

use super::journal::Journal;
use super::undo::{Undone, abort};
use super::{Plan, Remark, RotateError, Rotated, complete, create};
use crate::clone::locks::{exclusive_at_once, refuse_rotation};
use crate::clone::meant::People;
use crate::clone::roster::MemberFile;
use crate::clone::{CloneError, OpenClone, Roster};
use crate::error::count;
use crate::git::config::install_drivers;
use crate::git::repository::Repository;
use crate::keyring::KeyName;
use crate::progress::Progress;
use crate::recipient::Recipient;
use crate::store::{kept, local};

/// The members who are passed over.
///
/// # Errors
/// One is nobody, or several.
pub fn find_without(
    opened: &OpenClone,
    names: &BTreeSet<KeyName>,
    meant: &[String],
) -> Result<BTreeSet<Recipient>, RotateError> {
    if meant.is_empty() {
        return Ok(BTreeSet::new());
    }
    let OpenClone { repository, roster, keyring, .. } = opened;
    let people = People::of_keys(repository, roster, keyring, names)?;
    let find = |meant: &String| people.find(meant)?.ok_or_else(|| People::nobody(meant));
    Ok(meant.iter().map(find).collect::<Result<_, CloneError>>()?)
}

/// Ends a rotation that was cut off in this worktree.
///
/// # Errors
/// None is under way here, or it cannot be ended.
pub fn go_on(repository: &Repository, progress: &dyn Progress) -> Result<(), RotateError> {
    let _exclusive = exclusive_at_once(repository)?;
    let rotated = complete(repository, begun(repository)?)?;
    report(progress, repository, &rotated)
}

/// Undoes a rotation that was cut off in this worktree.
///
/// # Errors
/// None is under way here, or it cannot be undone.
pub fn undo(repository: &Repository, progress: &dyn Progress) -> Result<(), RotateError> {
    let _exclusive = exclusive_at_once(repository)?;
    report_undone(progress, &abort(repository, begun(repository)?)?);
    Ok(())
}

fn begun(repository: &Repository) -> Result<Journal, RotateError> {
    let Some(journal) = Journal::load(repository.common_dir())? else {
        return Err(RotateError::NoneUnderWay);
    };
    refuse_other_worktree(repository, &journal)?;
    Ok(journal)
}

fn refuse_other_worktree(repository: &Repository, journal: &Journal) -> Result<(), RotateError> {
    if dunce::canonicalize(repository.gix.git_dir()).ok()
        == dunce::canonicalize(&journal.git_dir).ok()
    {
        return Ok(());
    }
    Err(RotateError::OtherWorktree(crate::sanitise::native(&journal.git_dir)))
}

/// Rotates keys from the beginning; `None` where it is only said what would be done.
///
/// # Errors
/// A rotation is under way, a member cannot be wrapped to, or a file cannot be sealed.
pub fn rotate(
    progress: &dyn Progress,
    opened: &OpenClone,
    plan: &Plan,
    dry_run: bool,
) -> Result<Option<Rotated>, RotateError> {
    let repository = &opened.repository;
    let _exclusive = exclusive_at_once(repository)?;
    refuse_rotation(repository)?;
    if local::from_environment()?.is_some() {
        return Err(RotateError::Environment);
    }
    // What was read before the lock was taken may be old.
    let keyring = kept::load(repository.common_dir())?;
    let roster = Roster::read(repository)?;
    if dry_run {
        for name in &plan.names {
            let members = roster.members(repository, name)?;
            let passed = |file: &&MemberFile| {
                file.member.as_ref().is_ok_and(|one| plan.without.contains(&one.recipient))
            };
            let gone = plan.removed.get(name).map_or(0, BTreeSet::len);
            let gone = gone + members.iter().filter(passed).count();
            progress.status(&format!(
                "would make a new generation of key '{name}', grant it to {}, and seal its files with it",
                count((members.len() - gone) as u64, "member")
            ));
        }
        return Ok(None);
    }
    let mut say = |remark: Remark| match remark {
        Remark::Note(text) => progress.status(&text),
        Remark::Warning(text) => progress.warning(&text),
    };
    let journal = create(repository, &keyring, &roster, plan, SystemTime::now(), &mut say)?;
    let rotated =
        complete(repository, journal).map_err(|error| RotateError::CutOff(Box::new(error)))?;
    report(progress, repository, &rotated)?;
    Ok(Some(rotated))
}

fn report(
    progress: &dyn Progress,
    repository: &Repository,
    rotated: &Rotated,
) -> Result<(), RotateError> {
    install_drivers(repository)?;
    for (name, generation, id, members) in &rotated.keys {
        progress.status(&format!(
            "key '{name}' is now generation {generation} (id {id}), granted to {}",
            count(*members as u64, "member")
        ));
        if *members == 0 {
            progress.hint(&format!(
                "nobody else has this key: git shroud key export --name {name} -o FILE, or git shroud member add"
            ));
        }
    }
    progress.status(&format!("sealed and staged {}", count(rotated.files, "file")));
    if !rotated.left.is_empty() {
        let files = count(rotated.left.len() as u64, "file");
        progress.warning(&format!(
            "left {files} as they are, because their key has another name than their attribute says: {}",
            rotated.left.join(", ")
        ));
        progress.hint("'git shroud why PATH' shows who changed the attribute");
    }
    progress.hint("commit and push it: git commit -m 'Rotate keys'");
    progress.hint("other branches use the earlier key until you merge this one");
    Ok(())
}

fn report_undone(progress: &dyn Progress, undone: &Undone) {
    progress.status(&format!(
        "the rotation was undone; {} in the index as before",
        count(undone.files, "file")
    ));
    for id in &undone.kept {
        progress.warning(&format!(
            "a commit or the index has files sealed with the new key (id {id}), so the key was kept: 'git shroud key list'"
        ));
    }
}
