//! Rotation: a new key in the place of one that somebody knows who should not (format.md 5).
//!
//! In four steps, each of which can be cut off. *Create*: the new keys, wrapped to the members, in the journal alone.
//! *Seal*: the new keys go to the local keyring, and every file of the index is sealed with them and staged. *Test*: what
//! was staged opens to the same plaintext. *Finish*: `.shroud/` is written and staged.

mod journal;
mod test;
mod undo;

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use super::grant::{Candidate, grant, verify};
use super::restage::{Restage, write_sealed};
use super::roster::{Roster, Standing, remove_from_shroud_dir};
use super::taken_over::taken_over;
use crate::error::{CommandError, Context as _, Outcome};
use crate::format::{Key, KeyId};
use crate::git::repository::Repository;
use crate::git::staging::{Staged, stage};
use crate::keyring::{Entry, KeyName, Keyring};
use crate::status::{FileStatus, Known, State, survey};
use crate::store::local;
use crate::store::seen::Seen;
use crate::store::shroud_dir::{self, File, KeyInfo};

use journal::Replaced;
pub use journal::{Journal, Step};
pub use undo::{Undone, abort};

/// Which keys are rotated, and which members do not get the next generation.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The keys.
    pub names: BTreeSet<KeyName>,
    /// For each key the stems of the member files that are taken away.
    pub removed: BTreeMap<KeyName, BTreeSet<String>>,
}

/// What a rotation did.
#[derive(Debug, Default)]
pub struct Rotated {
    /// For each key its new generation, id and number of members.
    pub keys: Vec<(KeyName, u32, KeyId, usize)>,
    /// Files that were sealed anew.
    pub files: u64,
}

/// *Create*: verifies everything, then makes and wraps the new keys, and writes the journal.
///
/// # Errors
/// Something cannot be verified, wrapped or sealed; then nothing was changed.
pub fn create(
    repository: &Repository,
    keyring: &Keyring,
    roster: &Roster,
    plan: &Plan,
    now: SystemTime,
) -> Outcome<Journal> {
    refuse_unfit_files(repository, keyring, roster, &plan.names)?;
    let mut new_keys = Keyring::default();
    let mut new_files = Vec::new();
    let mut removed = Vec::new();
    for name in &plan.names {
        let gone: Vec<&str> =
            plan.removed.get(name).into_iter().flatten().map(String::as_str).collect();
        let verified = verify(repository, roster, keyring, name, &gone)?;
        let generation = verified.entry.generation.checked_add(1);
        let entry = Entry {
            name: name.clone(),
            generation: generation
                .ok_or_else(|| CommandError::wrong("there are no more generations"))?,
            key: Key::generate(getrandom::fill).context(|| "no random numbers".to_owned())?,
        };
        for file in &verified.members {
            let member = file.member.as_ref().expect("it was verified");
            if file.standing(roster.infos.get(name), keyring) == Standing::OutOfDate {
                return Err(CommandError::refused(format!(
                    "the member '{}' of key '{name}' is out of date, and whoever knew that earlier key can have written the file",
                    member.label
                ))
                .hint(format!("if it is right: git shroud member renew {} --key {name}", member.label))
                .hint(format!("if not: git shroud member remove {} --key {name} --no-rotate", member.label)));
            }
            let granted = Candidate::from_member(member)
                .and_then(|candidate| grant(&entry, &candidate, &member.label, now));
            let mut next = granted.map_err(|error| {
                error
                    .hint("nothing was changed; give the newer certificate to 'git shroud member add'")
                    .hint(format!("or take the key away: git shroud member remove {}", member.label))
            })?;
            next.added.clone_from(&member.added);
            let next = next.signed(&entry.key);
            new_files.push((next.file(name), next.to_text()));
        }
        let earlier: Vec<&Entry> = keyring.line(name).collect();
        let git_crypt = taken_over(&roster.infos[name], &verified.entry.key)?;
        let info = KeyInfo::succeeding(&entry, &earlier, &git_crypt);
        new_files.push((File::Key(name.clone()), info.to_text()));
        removed.extend(gone.iter().map(|stem| File::Member(name.clone(), (*stem).to_owned())));
        new_keys.insert(entry).context(|| "the new key cannot be kept".to_owned())?;
    }
    let old_files = roster.contents(repository, &plan.names)?;
    Journal::begin(repository, plan.names.clone(), removed, &new_keys, &old_files, &new_files)
}

/// Files of the index that are sealed with one of the keys, or are to be.
fn concerned(
    repository: &Repository,
    keyring: &Keyring,
    roster: &Roster,
    names: &BTreeSet<KeyName>,
) -> Outcome<Vec<FileStatus>> {
    let Roster { infos, missing, .. } = roster;
    let none = crate::git_crypt::HeldKeys::default();
    let known = Known { keyring, git_crypt: &none, infos, missing: missing.as_deref() };
    let mut files = survey(repository, &known, None)?;
    files.retain(|file| names.contains(&file.key));
    Ok(files)
}

/// Refuses before anything is made, as a file that cannot be sealed anew would stay with the old key.
fn refuse_unfit_files(
    repository: &Repository,
    keyring: &Keyring,
    roster: &Roster,
    names: &BTreeSet<KeyName>,
) -> Outcome {
    let files = concerned(repository, keyring, roster, names)?;
    if let Some(file) = files.iter().find(|file| file.state.is_unknown()) {
        return Err(CommandError::incomplete(format!(
            "{} is not in this clone, so it cannot be sealed anew; nothing was changed",
            crate::sanitise::path(&file.path)
        ))
        .hint("bring it here first: git checkout, or git fetch --refetch --no-filter"));
    }
    let unfit = |file: &&FileStatus| {
        !file.state.is_good()
            && !file.state.is_fixable()
            && !matches!(file.state, State::NotTracked(_) | State::GitCrypt)
    };
    match files.iter().find(unfit) {
        None => Ok(()),
        Some(file) => Err(CommandError::refused(format!(
            "{} cannot be sealed anew ({}); nothing was changed",
            crate::sanitise::path(&file.path),
            file.state.name()
        ))
        .hint("git shroud status says what is wrong with it")),
    }
}

/// *Seal*, *test* and *finish*, from wherever a run was cut off.
///
/// # Errors
/// A step fails; the journal stays, for another try or for [`abort`].
pub fn complete(repository: &Repository, mut journal: Journal) -> Outcome<Rotated> {
    let top = repository.worktree.as_deref().expect("a rotation has a worktree");
    let common_dir = repository.common_dir();
    let mut keyring = local::load(common_dir)?;
    for entry in journal.new_keys()?.into_entries() {
        keyring.insert(entry).context(|| "the new key cannot be kept".to_owned())?;
    }
    // Before anything is staged: git cleans each staged file again, and must come to the same bytes.
    local::save(common_dir, &keyring)?;
    journal.enter(Step::Seal)?;
    seal(repository, &keyring, &journal)?;
    journal.enter(Step::Test)?;
    test::test(repository, &keyring, &journal)?;
    journal.enter(Step::Finish)?;
    for file in journal.new_files()? {
        if let Some(text) = journal.file("new", &file)? {
            shroud_dir::write(top, &file, &text)?;
        }
    }
    remove_from_shroud_dir(repository, &journal.removed)?;
    Seen::remember(common_dir, &keyring, &[]).context(|| "the seen keys".to_owned())?;
    let rotated = rotated(&keyring, &journal)?;
    journal.end()?;
    Ok(rotated)
}

fn rotated(keyring: &Keyring, journal: &Journal) -> Outcome<Rotated> {
    let files = journal.new_files()?;
    let members = |name: &KeyName| {
        files.iter().filter(|file| matches!(file, File::Member(of, _) if of == name)).count()
    };
    let keys = journal.names.iter().filter_map(|name| {
        let entry = keyring.current(name)?;
        Some((name.clone(), entry.generation, entry.key.id(), members(name)))
    });
    Ok(Rotated { keys: keys.collect(), files: journal.replaced()?.len() as u64 })
}

fn seal(repository: &Repository, keyring: &Keyring, journal: &Journal) -> Outcome {
    let roster = Roster::read(repository)?;
    let files = concerned(repository, keyring, &roster, &journal.names)?;
    let blobs: Vec<Restage> = files
        .into_iter()
        .filter(|file| file.state.is_fixable())
        .map(|FileStatus { path, executable, id, key, .. }| Restage { path, executable, id, key })
        .collect();
    let staged = write_sealed(repository, keyring, &blobs).map_err(|(path, error)| {
        let place =
            path.map(|path| format!("{}: ", crate::sanitise::path(&path))).unwrap_or_default();
        CommandError::refused(format!("{place}{error}"))
    })?;
    let replaced = blobs.iter().zip(&staged).map(|(blob, Staged { path, executable, id })| {
        Replaced { path: path.clone(), executable: *executable, old: blob.id, new: *id }
    });
    journal.add_replaced(replaced.collect())?;
    stage(repository, &staged)?;
    Ok(())
}
