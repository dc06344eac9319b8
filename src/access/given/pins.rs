//! The user's pins for where a clone comes from.

use super::GivenError;
use crate::error::Context as _;
use crate::git::repository::Repository;
use crate::keyring::Keyring;
use crate::store::user_pins::{self, PinnedKeys, place_of};

/// What is pinned for where this clone comes from.
///
/// # Errors
/// git's configuration or the pins cannot be read.
pub fn read(repository: &Repository) -> Result<PinnedKeys, GivenError> {
    match places(repository)? {
        places if places.is_empty() => Ok(PinnedKeys::new()),
        places => Ok(user_pins::read(&places).context(|| "the pins".to_owned())?),
    }
}

/// Pins the keys that are held; says for which places, none if this clone comes from nowhere.
///
/// # Errors
/// git's configuration cannot be read, or the pins cannot be written.
pub fn pin(repository: &Repository, keyring: &Keyring) -> Result<Vec<String>, GivenError> {
    let places = places(repository)?;
    if !places.is_empty() {
        user_pins::add(&places, &current(keyring)).context(|| "the pins".to_owned())?;
    }
    Ok(places)
}

/// Brings pins up to the keys that are held, where these descend from what is pinned.
///
/// # Errors
/// As [`pin`].
pub fn follow(repository: &Repository, keyring: &Keyring) -> Result<(), GivenError> {
    let pinned = read(repository)?;
    let mut newer = current(keyring);
    newer.retain(|name, (generation, _)| {
        let known = pinned.get(name);
        known.is_some_and(|(pinned, id)| pinned < generation && keyring.by_id(*id).is_some())
    });
    if !newer.is_empty() {
        user_pins::add(&places(repository)?, &newer).context(|| "the pins".to_owned())?;
    }
    Ok(())
}

fn current(keyring: &Keyring) -> PinnedKeys {
    let names = keyring.names().into_iter().filter(|name| !name.is_aside());
    let newest = names.filter_map(|name| Some((name.clone(), keyring.current(name)?)));
    newest.map(|(name, entry)| (name, (entry.generation, entry.key.id()))).collect()
}

/// The addresses of all remotes, as pins have them.
fn places(repository: &Repository) -> Result<Vec<String>, GivenError> {
    let name = r"^remote\..*\.url$";
    let listed = repository.git.query(["config", "--get-regexp", name])?.unwrap_or_default();
    let listed = listed.to_string_lossy();
    let urls = listed.lines().filter_map(|line| line.split_once(' '));
    let mut places: Vec<String> = urls.filter_map(|(_, url)| place_of(url)).collect();
    places.sort();
    places.dedup();
    Ok(places)
}
