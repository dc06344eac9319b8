//! The new keys of a migration, and what `.shroud/` says of them.

use std::path::PathBuf;
use std::time::SystemTime;

use super::members::NewMember;
use super::{MigrateError, Plan};
use crate::access::members::{Fresh, grant};
use crate::access::set_up::create_key;
use crate::clone::{CloneError, OpenClone, held_git_crypt_keys};
use crate::error::{About, Context as _};
use crate::fs::read_bounded;
use crate::git::repository::Repository;
use crate::git::user_commands::user_commands;
use crate::git_crypt::{HeldKeys, KeyFile, MAX_KEY_FILE_LEN, Name};
use crate::progress::Progress;
use crate::sanitise;
use crate::store::shroud_dir::{self, File, KeyInfo};

/// The keys of git-crypt, those in these files among them. Nothing is kept of what is given.
///
/// # Errors
/// A key file cannot be read, or holds another key of a name.
pub(super) fn look_at_keys(
    repository: &Repository,
    key_files: &[PathBuf],
) -> Result<HeldKeys, CloneError> {
    let mut held = held_git_crypt_keys(repository)?;
    for path in key_files {
        let place = || sanitise::native(path);
        let bytes = read_bounded(path, MAX_KEY_FILE_LEN).context(place)?;
        held.insert(KeyFile::parse(&bytes).context(place)?).context(place)?;
    }
    Ok(held)
}

/// A new key for each name. One that is held and not described here was made on another branch, or by a run that was cut
/// off: then the same files are sealed to the same bytes again.
pub(super) fn make_keys(
    progress: &dyn Progress,
    opened: &mut OpenClone,
    plan: &Plan,
) -> Result<(), MigrateError> {
    for name in plan.names.values() {
        if opened.keyring.current(name).is_some() {
            opened.refuse_unfit_key(name)?;
            progress.status(&format!(
                "using the key '{name}' that is held here, from another branch or an earlier try"
            ));
            continue;
        }
        create_key(&mut opened.keyring, name.clone())?;
    }
    Ok(())
}

/// The files of `.shroud/`: the keys, with those of git-crypt retired, and the members. A key that is described keeps its description.
pub(super) fn own_files(
    opened: &OpenClone,
    plan: &Plan,
    held: &HeldKeys,
    members: &[NewMember],
) -> Result<Vec<(String, Vec<u8>)>, MigrateError> {
    let mut files =
        vec![(format!("{}/.gitattributes", shroud_dir::NAME), shroud_dir::ATTRIBUTES.into())];
    let now = SystemTime::now();
    let commands = user_commands(&opened.repository);
    let fresh = Fresh::ask(&opened.repository, members.iter().map(|member| &member.candidate));
    for (old, name) in &plan.names {
        let entry = opened.keyring.current(name).expect("it was made before");
        let earlier: Vec<_> =
            opened.keyring.line(name).filter(|one| one.key.id() != entry.key.id()).collect();
        if !opened.roster.infos.contains_key(name) {
            let info = KeyInfo::succeeding(entry, &earlier, &only(held, old)?);
            files.push((File::Key(name.clone()).path(), info.to_text().into_bytes()));
        }
        for member in members.iter().filter(|member| member.keys.contains(name)) {
            let (candidate, _) = fresh.renew(&member.candidate)?;
            let granted = grant(&commands, entry, &candidate, &member.label, now)?;
            files.push((granted.file(name).path(), granted.to_text().into_bytes()));
        }
    }
    Ok(files)
}

/// The one key of this name; none where the tool has no key that could be kept.
fn only(held: &HeldKeys, name: &Name) -> Result<HeldKeys, About> {
    let mut only = HeldKeys::default();
    let Some(file) = held.of(name) else { return Ok(only) };
    let copied = KeyFile::parse_current(&file.to_bytes()).and_then(|copy| only.insert(copy));
    copied.context(|| format!("the git-crypt key '{name}'"))?;
    Ok(only)
}
