//! Public keys of keys that are not held: which one this clone believes, and which tokens it made with it.

use std::io;
use std::path::Path;

use super::exchanged;
use super::lineage::find_later;
use crate::git::repository::Repository;
use crate::keyring::{KeyName, Keyring};
use crate::progress::Progress;
use crate::store::public_keys::{Judged, Pin, PinError, Pins};
use crate::store::seen::Seen;
use crate::store::shroud_dir::KeyInfo;
use crate::store::written;
use crate::values::{Place, WriteOnly};

/// Whether values may be sealed to the public key that is described. One that is seen for the first time is remembered, and what its
/// user should know of that is returned.
///
/// # Errors
/// [`PinError`].
pub fn trust(
    repository: &Repository,
    name: &KeyName,
    generation: u32,
    to: &WriteOnly,
) -> Result<Option<String>, PinError> {
    let WriteOnly { id, public } = *to;
    let pin = Pin { name: name.clone(), generation, id, public };
    let Judged::New { follows } = judge(repository, &pin)? else { return Ok(None) };
    Pins::add(repository.common_dir(), [pin]).map_err(unknown)?;
    Ok(Some(match follows {
        false => format!(
            "values of the key '{name}' (id {id}) are sealed to its public key {public}, which this clone sees for the first time: compare it with what 'git shroud key list --json' says to a holder of the key"
        ),
        true => format!(
            "the key '{name}' has a new public key, {public}, as after a rotation (generation {generation}, id {id}): if nobody announced that, compare it with what 'git shroud key list --json' says to a holder of the key"
        ),
    }))
}

#[allow(clippy::needless_pass_by_value)]
fn unknown(error: io::Error) -> PinError {
    PinError::Unknown(error.to_string())
}

fn judge(repository: &Repository, pin: &Pin) -> Result<Judged, PinError> {
    let pins = Pins::load(repository.common_dir()).map_err(unknown)?;
    let seen = Seen::load(repository.common_dir()).map_err(unknown)?;
    let later =
        |ids: &[_]| find_later(repository, &pin.name, ids).map_err(|error| error.to_string());
    pins.judge(pin, seen.newest(&pin.name), later)
}

/// Why no value may be sealed to the public key that is described of a key that is not held; `None` where one may, or there never was one.
pub fn refusal(repository: &Repository, info: &KeyInfo) -> Option<PinError> {
    let KeyInfo { name, generation, id, public, .. } = info;
    let Some(public) = *public else { return taken_out(repository, info) };
    let pin = Pin { name: name.clone(), generation: *generation, id: *id, public };
    judge(repository, &pin).err()
}

/// Whether the public key that this clone has seen of a key was taken out of its description: only a rotation ends that it is write-only. A clone
/// that held the key knows its public key, too, so a commit must have had it: of the branch, or one that was there before somebody forced a push.
fn taken_out(repository: &Repository, info: &KeyInfo) -> Option<PinError> {
    let pins = Pins::load(repository.common_dir()).ok()?;
    let pinned = pins.of(info.id)?;
    let is_it = |old: &KeyInfo| old.id == info.id && old.public == Some(pinned);
    let mut places = ["HEAD", "--reflog"].into_iter();
    places.find_map(|place| exchanged::commit_of(place, repository, &info.name, is_it))?;
    Some(PinError::Gone { name: info.name.clone(), id: info.id, pinned })
}

/// Remembers the public keys that are described of keys that are not held, as early as can be, and says what their user should know of
/// that, also where another one was seen before: then it is not remembered. Where no such key is left, what was remembered of values is forgotten.
pub fn look<'i>(
    progress: &dyn Progress,
    repository: &Repository,
    keyring: &Keyring,
    infos: impl IntoIterator<Item = &'i KeyInfo>,
) {
    let mut is_done = true;
    for info in infos {
        if keyring.by_id(info.id).is_some() {
            continue;
        }
        let refused = match info.public {
            None => taken_out(repository, info),
            Some(public) => {
                is_done = false;
                let to = WriteOnly { id: info.id, public };
                let trusted = trust(repository, &info.name, info.generation, &to);
                trusted.map(|notice| notice.iter().for_each(|it| progress.warning(it))).err()
            }
        };
        if let Some(refused) = refused {
            is_done = false;
            // What cannot be read is said where values are set.
            if !matches!(refused, PinError::Unknown(_)) {
                progress.warning(&refused.to_string());
                progress.hint(refused.hint());
            }
        }
    }
    if is_done {
        let _ = written::forget(repository.common_dir());
    }
}

/// The tokens of values that are sealed to a public key: those that this clone has made of them before, else new ones; and why these could
/// not be remembered, if so.
///
/// # Errors
/// There are no random numbers.
pub fn tokens(
    common_dir: &Path,
    to: &WriteOnly,
    values: &[(&[u8], &Place)],
    quoted: bool,
) -> io::Result<(Vec<String>, Option<String>)> {
    let identities: Vec<_> =
        values.iter().map(|(raw, place)| to.identity(raw, place, quoted)).collect();
    let identities: Vec<&[u8]> = identities.iter().map(|identity| &identity[..]).collect();
    let seal = |number: usize| {
        let (raw, place) = values[number];
        to.seal(raw, place, quoted)
    };
    let is_sound = |number: usize, token: &str| to.is_token_of(token, values[number].0, quoted);
    match written::remembered(common_dir, &identities, is_sound, seal) {
        Ok(tokens) => {
            let why = "the file has more values than a clone without the key remembers, about 40,000: commit it, and run 'git checkout -- PATH'; or set these values with the key";
            let why = written::is_too_much(&tokens).then(|| why.to_owned());
            Ok((tokens, why))
        }
        Err(why) => {
            let tokens = (0..values.len()).map(seal).collect::<io::Result<_>>()?;
            Ok((tokens, Some(why.to_string())))
        }
    }
}
