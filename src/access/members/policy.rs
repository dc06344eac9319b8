//! Setting what a key asks, and holding it while members come and go.

use super::{MemberError, grant::verify};
use crate::clone::locks::exclusive;
use crate::clone::roster::stage_shroud_dir;
use crate::clone::{OpenClone, Roster};
use crate::keyring::KeyName;
use crate::progress::Progress;
use crate::store::shroud_dir::Policy;

/// Refuses to go below the number of members that a key asks for.
///
/// # Errors
/// [`MemberError::TooFew`].
pub fn refuse_too_few(roster: &Roster, name: &KeyName, left: usize) -> Result<(), MemberError> {
    let least = roster.infos.get(name).map_or(0, |info| info.policy.members);
    if left < least as usize {
        return Err(MemberError::TooFew { name: name.clone(), left: left as u64, least });
    }
    Ok(())
}

/// Sets what a key asks, and stages its description.
///
/// # Errors
/// The key is not held, or what is said of it was changed by somebody without it.
pub fn set(
    opened: &OpenClone,
    name: &KeyName,
    policy: Policy,
    progress: &dyn Progress,
) -> Result<(), MemberError> {
    let top = opened.top()?;
    let _exclusive = exclusive(&opened.repository, progress)?;
    let OpenClone { repository, roster, keyring, .. } = opened;
    let entry = verify(repository, roster, keyring, name, &[])?.entry;
    let info = roster.infos[name].clone().with_policy(policy, &entry.key);
    info.write(top)?;
    Ok(stage_shroud_dir(repository)?)
}
