//! What a store holds, for people; and what only they decide.

use std::path::Path;

use serde::Serialize;

use super::RemoteError;
use super::init::find;
use super::store::State;
use crate::fs::create_private;
use crate::git::repository::Repository;
use crate::keyring::to_text;
use crate::progress::Progress;
use crate::recipient::Ask;

/// What a store holds.
#[derive(Debug, Serialize)]
pub struct Status {
    /// Where it is, without a password.
    pub address: String,
    /// Its own name.
    pub id: String,
    /// The id of the key that seals.
    pub key: String,
    /// The generation of that key.
    pub key_generation: u32,
    /// How often something was pushed.
    pub push: u64,
    /// The digest of the sealed manifest, 64 hexadecimal digits.
    pub state: String,
    /// How many refs it has.
    pub refs: usize,
    /// How many packs.
    pub packs: usize,
    /// How many objects are in them.
    pub objects: u64,
    /// Their bytes, unsealed.
    pub bytes: u64,
    /// Who can open it.
    pub members: Vec<Member>,
}

/// Somebody who can open a store.
#[derive(Debug, Serialize)]
pub struct Member {
    /// What they are called.
    pub label: String,
    /// To whom the key is wrapped.
    pub recipient: String,
    /// The same as a line for people has it.
    #[serde(skip)]
    pub brief: String,
    /// For people to read.
    pub user_id: Option<String>,
    /// Since when (RFC 3339).
    pub added: String,
}

/// Asks the host of a remote.
///
/// # Errors
/// There is no such remote, or what the host serves is not to be had or not to be believed.
pub fn status(repository: &Repository, name: &str, ask: Ask<'_>) -> Result<Status, RemoteError> {
    let remote = find(repository, name)?;
    let _lock = remote.lock()?;
    let state = remote.sync(ask)?;
    let State { manifest, members, .. } = &state;
    let shown = |text: &String| crate::sanitise::line(text);
    let members = members.0.iter().map(|member| Member {
        label: member.label.to_string(),
        recipient: member.recipient.to_string(),
        brief: member.recipient.brief(),
        user_id: member.user_id.as_ref().map(shown),
        added: shown(&member.added),
    });
    Ok(Status {
        address: remote.address.shown(),
        id: manifest.repository.clone(),
        key: state.key.to_string(),
        key_generation: manifest.key_generation,
        push: manifest.generation,
        state: crate::hex::lower(&state.digest),
        refs: manifest.refs.len(),
        packs: manifest.packs.len(),
        objects: manifest.packs.iter().map(|pack| pack.objects).sum(),
        bytes: manifest.bytes(),
        members: members.collect(),
    })
}

/// Gives the members of a remote to `progress`, as lines or for a program.
///
/// # Errors
/// As [`status`].
pub fn list_members(
    repository: &Repository,
    name: &str,
    json: bool,
    progress: &dyn Progress,
    ask: Ask<'_>,
) -> Result<(), RemoteError> {
    let members = status(repository, name, ask)?.members;
    if json {
        progress.json(&serde_json::json!({ "members": members }));
        return Ok(());
    }
    if members.is_empty() {
        progress
            .status("nobody is a member: only clones and backups that hold the key can open it");
    }
    for Member { label, brief, user_id, added, .. } in &members {
        let user_id = user_id.as_ref().map(|id| format!(", {id}")).unwrap_or_default();
        progress.line(&format!("{label}  {brief}{user_id}, {added}"));
    }
    Ok(())
}

/// Believes the state with this digest, and returns its generation.
///
/// # Errors
/// The host serves another one, or none.
pub fn accept(
    repository: &Repository,
    name: &str,
    wanted: &str,
    ask: Ask<'_>,
) -> Result<u64, RemoteError> {
    let remote = find(repository, name)?;
    let _lock = remote.lock()?;
    let state = remote.sync_unbelieved(ask)?;
    let served = crate::hex::lower(&state.digest);
    if served != wanted {
        return Err(RemoteError::OtherState { served });
    }
    remote.accept(&state)?;
    Ok(state.manifest.generation)
}

/// Writes the keys of a store to a new file.
///
/// # Errors
/// The store cannot be opened, or there is a file of that name.
pub fn export(
    repository: &Repository,
    name: &str,
    file: &Path,
    ask: Ask<'_>,
) -> Result<(), RemoteError> {
    let remote = find(repository, name)?;
    let _lock = remote.lock()?;
    let state = remote.sync(ask)?;
    Ok(create_private(file, to_text(state.keys.entries()).as_bytes())?)
}
