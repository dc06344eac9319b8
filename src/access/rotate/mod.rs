//! Rotation: a new key in the place of one that somebody knows who should not (format.md 5).
//!
//! In four steps; each can be cut off. *Create*: the new keys, wrapped to the members, in the journal alone.
//! *Seal*: the new keys go to the local keyring, and every file of the index is sealed with them and staged. *Test*: what
//! was staged opens to the same plaintext. *Finish*: `.shroud/` is written and staged.

mod error;
mod journal;
pub mod run;
mod test;
mod uncommitted;
mod undo;

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use super::index::restage::{Restage, write_sealed};
use super::members::Fresh;
use super::members::grant::verify;
use super::members::{Candidate, MemberError, grant};
use crate::clone::roster::{MemberFile, Standing, remove_from_shroud_dir};
use crate::clone::taken_over::taken_over;
use crate::clone::{CloneError, Roster};
use crate::error::Context as _;
use crate::format::{self, Key, KeyId, Layout};
use crate::git::repository::Repository;
use crate::git::staging::{Staged, stage};
use crate::git::user_commands::user_commands;
use crate::keyring::{Entry, KeyName, Keyring};
use crate::recipient::Recipient;
use crate::status::{FileStatus, Known, State, survey};
use crate::store::kept;
use crate::store::local::StoreError;
use crate::store::seen::Seen;
use crate::store::shroud_dir::{self, File, KeyInfo, Label};

pub use error::RotateError;
use journal::Replaced;
pub use journal::{Journal, Step};
pub use undo::{Undone, abort};

/// Which keys are rotated, and which members do not get the next generation.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The keys.
    pub names: BTreeSet<KeyName>,
    /// For each key the stems of the member files that are taken away; also of keys that are not rotated.
    pub removed: BTreeMap<KeyName, BTreeSet<String>>,
    /// To whom nothing may be wrapped, whatever their files are called.
    pub recipients: BTreeSet<Recipient>,
    /// Who is passed over: they keep their files, which open the earlier generations.
    pub without: BTreeSet<Recipient>,
    /// Whether people who do not hold the keys may set values; `None` leaves that as it is.
    pub write_only: Option<bool>,
}

/// What the user is to know of a rotation.
#[derive(Debug)]
pub enum Remark {
    /// For information.
    Note(String),
    /// To be looked at.
    Warning(String),
}

/// What a rotation did.
#[derive(Debug, Default)]
pub struct Rotated {
    /// For each key its new generation, id and number of members.
    pub keys: Vec<(KeyName, u32, KeyId, usize)>,
    /// Files that were sealed again.
    pub files: u64,
    /// Files that were left alone, as they are sealed with one key and their attribute names another; for people.
    pub left: Vec<String>,
}

/// *Create*: verifies everything, then makes and wraps the new keys, and writes the journal. Gives what the user is to know
/// to `say`.
///
/// # Errors
/// Something cannot be verified, wrapped or sealed; then nothing was changed.
pub fn create(
    repository: &Repository,
    keyring: &Keyring,
    roster: &Roster,
    plan: &Plan,
    now: SystemTime,
    say: &mut dyn FnMut(Remark),
) -> Result<Journal, RotateError> {
    if let Some(why) = plan.names.iter().find_map(|name| roster.malformed.get(name)) {
        return Err(RotateError::Clone(CloneError::Malformed(why.clone())));
    }
    refuse_unfit_files(repository, keyring, roster, &plan.names)?;
    let forgets = kept::forgets(repository.common_dir())?;
    let mut new_keys = Keyring::default();
    let mut new_files = Vec::new();
    let removed: Vec<File> = plan
        .removed
        .iter()
        .flat_map(|(name, stems)| stems.iter().map(|stem| File::Member(name.clone(), stem.clone())))
        .collect();
    let mut keys = Vec::new();
    for name in &plan.names {
        let gone: Vec<&str> =
            plan.removed.get(name).into_iter().flatten().map(String::as_str).collect();
        let verified = verify(repository, roster, keyring, name, &gone)?;
        uncommitted::refuse(repository, &roster.infos[name])?;
        let next = next_members(roster, keyring, plan, name, &verified.members, say)?;
        if next.is_empty() && forgets {
            return Err(StoreError::OnlyInAgent(name.clone()).into());
        }
        keys.push((name, verified.entry, next));
    }
    // Where no opened key may be on the disk, whoever can go on with the rotation has this one.
    let sealing = keys.first().map(|(_, current, _)| &current.key);
    let all = keys.iter().flat_map(|(_, _, next)| next).map(|next| &next.candidate);
    let fresh = Fresh::ask(repository, all);
    fresh.warning().into_iter().for_each(|text| say(Remark::Warning(text)));
    let commands = user_commands(repository);
    for (name, current, next) in keys {
        let generation = current.generation.checked_add(1);
        let entry = Entry {
            name: name.clone(),
            generation: generation.ok_or(RotateError::NoGeneration)?,
            key: Key::generate(getrandom::fill).context(|| "no random numbers".to_owned())?,
        };
        for Next { label, added, candidate } in next {
            let granted = match fresh.renew(&candidate) {
                Err(source) => Err(MemberError::Fresh { recipient: candidate.recipient, source }),
                Ok((candidate, newer)) => {
                    if newer {
                        let note = format!("took the newer certificate of '{label}' from gpg");
                        say(Remark::Note(note));
                    }
                    grant(&commands, &entry, &candidate, &label, now)
                }
            };
            let mut next = granted
                .map_err(|source| RotateError::NotGranted { label, source: Box::new(source) })?;
            next.added = added;
            let next = next.signed(&entry.key);
            new_files.push((next.file(name), next.to_text()));
        }
        let earlier: Vec<&Entry> = keyring.line(name).collect();
        let git_crypt = taken_over(&roster.infos[name], &current.key)?;
        let info = KeyInfo::succeeding(&entry, &earlier, &git_crypt);
        let is_write_only = plan.write_only.unwrap_or(roster.infos[name].public.is_some());
        let info = if is_write_only { info.write_only(&entry.key) } else { info };
        let info = info.with_policy(roster.infos[name].policy.clone(), &entry.key);
        new_files.push((File::Key(name.clone()), info.to_text()));
        new_keys.insert(entry).context(|| "the new key cannot be kept".to_owned())?;
    }
    let old_files = roster.contents(repository, &plan.names, &removed)?;
    let text = new_keys.to_text();
    let sealed = match kept::is_off_disk(repository.common_dir())? {
        true => sealing.map(|key| format::seal(key, Layout::default(), text.as_bytes())),
        false => None,
    };
    let text = sealed.as_deref().unwrap_or(text.as_bytes());
    Journal::begin(repository, plan.names.clone(), removed, text, &old_files, &new_files)
}

/// Somebody to whom the next generation is wrapped.
struct Next {
    label: Label,
    added: String,
    candidate: Candidate,
}

/// The members who get the next generation of a key.
fn next_members(
    roster: &Roster,
    keyring: &Keyring,
    plan: &Plan,
    name: &KeyName,
    members: &[MemberFile],
    say: &mut dyn FnMut(Remark),
) -> Result<Vec<Next>, RotateError> {
    let mut next = Vec::new();
    for file in members {
        let member = file.member.as_ref().expect("it was verified");
        let label = &member.label;
        if plan.recipients.contains(&member.recipient) {
            let (label, name) = (label.clone(), name.clone());
            return Err(RotateError::AddedAgain { label, name });
        }
        if plan.without.contains(&member.recipient) {
            say(Remark::Warning(format!(
                "skipped '{label}', who cannot open what key '{name}' seals from now on: later run 'git shroud member renew {label}'"
            )));
            continue;
        }
        if file.standing(roster.infos.get(name), keyring) == Standing::OutOfDate {
            let (label, name) = (label.clone(), name.clone());
            return Err(RotateError::OutOfDate { label, name });
        }
        let candidate = Candidate::from_member(member)?;
        next.push(Next { label: label.clone(), added: member.added.clone(), candidate });
    }
    Ok(next)
}

/// Files of the index that are sealed with one of the keys, or should be.
fn concerned(
    repository: &Repository,
    keyring: &Keyring,
    roster: &Roster,
    names: &BTreeSet<KeyName>,
) -> Result<Vec<FileStatus>, RotateError> {
    let Roster { infos, missing, .. } = roster;
    let none = crate::git_crypt::HeldKeys::default();
    let known = Known { keyring, git_crypt: &none, infos, missing: missing.as_deref() };
    let mut files = survey(repository, &known, None)?;
    let is_sealed_with =
        |state: &State| matches!(state, State::OtherKey { key, .. } if names.contains(key));
    files.retain(|file| names.contains(&file.key) || is_sealed_with(&file.state));
    Ok(files)
}

/// Refuses before anything is made, as a file that cannot be sealed again would stay with the old key.
fn refuse_unfit_files(
    repository: &Repository,
    keyring: &Keyring,
    roster: &Roster,
    names: &BTreeSet<KeyName>,
) -> Result<(), RotateError> {
    let files = concerned(repository, keyring, roster, names)?;
    if let Some(file) = files.iter().find(|file| file.state.is_unknown()) {
        return Err(RotateError::NotHere(crate::sanitise::path(&file.path)));
    }
    let unfit = |file: &&FileStatus| {
        !file.state.is_good()
            && !file.state.is_fixable()
            && !file.state.moves_to_another_key()
            && !matches!(file.state, State::NotTracked(_) | State::GitCrypt)
    };
    match files.iter().find(unfit) {
        None => Ok(()),
        Some(file) => {
            let path = crate::sanitise::path(&file.path);
            let detail = file.detail().map(|detail| format!(", {detail}")).unwrap_or_default();
            let is_damaged = matches!(file.state, State::Damaged(_));
            Err(RotateError::Unfit { path, state: file.state.name(), detail, is_damaged })
        }
    }
}

/// *Seal*, *test* and *finish*, from wherever a run was cut off.
///
/// # Errors
/// A step fails; the journal stays, for another try or for [`abort`].
pub fn complete(repository: &Repository, mut journal: Journal) -> Result<Rotated, RotateError> {
    let top = repository.worktree.as_deref().expect("a rotation has a worktree");
    let common_dir = repository.common_dir();
    let mut keyring = kept::load(common_dir)?;
    let new_files = journal.new_files()?;
    let has_member = |name: &KeyName| {
        new_files.iter().any(|file| matches!(file, File::Member(of, _) if of == name))
    };
    let mut granted = BTreeSet::new();
    for entry in journal.new_keys(&keyring)?.into_entries() {
        if has_member(&entry.name) {
            granted.insert(entry.key.id());
        }
        keyring.insert(entry).context(|| "the new key cannot be kept".to_owned())?;
    }
    // Before anything is staged: git cleans each staged file again, and must come to the same bytes.
    kept::save_granted(common_dir, &keyring, &granted)?;
    journal.enter(Step::Seal)?;
    let left = seal(repository, &keyring, &journal)?;
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
    let rotated = rotated(&keyring, &journal, left)?;
    journal.end()?;
    Ok(rotated)
}

fn rotated(
    keyring: &Keyring,
    journal: &Journal,
    left: Vec<String>,
) -> Result<Rotated, RotateError> {
    let files = journal.new_files()?;
    let members = |name: &KeyName| {
        files.iter().filter(|file| matches!(file, File::Member(of, _) if of == name)).count()
    };
    let keys = journal.names.iter().filter_map(|name| {
        let entry = keyring.current(name)?;
        Some((name.clone(), entry.generation, entry.key.id(), members(name)))
    });
    Ok(Rotated { keys: keys.collect(), files: journal.replaced()?.len() as u64, left })
}

/// Seals with the new keys; returns what was left alone, as another key seals it than its attribute names.
fn seal(
    repository: &Repository,
    keyring: &Keyring,
    journal: &Journal,
) -> Result<Vec<String>, RotateError> {
    let roster = Roster::read(repository)?;
    let files = concerned(repository, keyring, &roster, &journal.names)?;
    let mut blobs = Vec::new();
    let mut left = Vec::new();
    for FileStatus { path, executable, id, key, state, .. } in files {
        let Some(new) = keyring.current(&key) else { continue };
        let is_new = |generation| generation == new.generation;
        let is_left = match state {
            State::OtherKey { key, wanted } if !key.is_aside_of(&wanted) => {
                let path = crate::sanitise::path(&path);
                left.push(format!("{path} (sealed with {key}, but its attribute names {wanted})"));
                true
            }
            State::Sealed { generation, .. } | State::Undescribed { generation, .. } => {
                is_new(generation)
            }
            state => !state.is_fixable(),
        };
        if !is_left {
            let with = new.key.id();
            let (exempts, opens) = (false, false);
            blobs.push(Restage { path, executable, id, key, with, exempts, opens });
        }
    }
    let staged = write_sealed(repository, keyring, &blobs).map_err(RotateError::Sealing)?;
    let replaced = blobs.iter().zip(&staged).map(|(blob, Staged { path, executable, id })| {
        Replaced { path: path.clone(), executable: *executable, old: blob.id, new: *id }
    });
    // One that is sealed by value and holds no value is the same with each key.
    journal.add_replaced(replaced.filter(|it| it.old != it.new).collect())?;
    stage(repository, &staged)?;
    Ok(left)
}
