//! The local keyring, wherever the configuration says that it lies: the one way to read, write and forget the keys that a clone keeps.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use zeroize::Zeroizing;

use super::agent::{self, DEFAULT_TIME, Name};
use super::keychain;
use super::local::{self, StoreError, copied, dir};
use super::place::{Mark, Place, configured, has_file};
use crate::format::KeyId;
use crate::keyring::{Entry, InsertError, KeyName, Keyring};

/// The local keyring; empty where there is none, as in a clone that is locked, or if the agent is gone.
///
/// # Errors
/// It cannot be read, or keys lie elsewhere than the configuration says.
pub fn load(common_dir: &Path) -> Result<Keyring, StoreError> {
    let (place, mark) = agreed(common_dir)?;
    match (place, mark) {
        (Place::File, _) => local::load(common_dir),
        (place, Some(mark)) => read(common_dir, place, &mark),
        (_, None) => Ok(Keyring::default()),
    }
}

/// Writes the local keyring; an empty one is removed.
///
/// # Errors
/// It cannot be written, and then the old one is there still; keys lie elsewhere than the configuration says; or an agent would hold the only
/// copy of a key.
pub fn save(common_dir: &Path, keyring: &Keyring) -> Result<(), StoreError> {
    save_granted(common_dir, keyring, &BTreeSet::new())
}

/// As [`save`], where these keys are granted to a member, who can give them back.
///
/// # Errors
/// As [`save`].
pub fn save_granted(
    common_dir: &Path,
    keyring: &Keyring,
    granted: &BTreeSet<KeyId>,
) -> Result<(), StoreError> {
    let (place, mark) = agreed(common_dir)?;
    if place == Place::File {
        return local::save(common_dir, keyring);
    }
    let held = match &mark {
        Some(mark) => read(common_dir, place, mark)?,
        None => Keyring::default(),
    };
    refuse_only_copies(common_dir, place, keyring, &held, granted)?;
    write(common_dir, place, &mut mark.map_or_else(Mark::new, Ok)?, keyring)
}

/// Whether new keys would be lost with the place where the configuration puts them: an agent forgets.
///
/// # Errors
/// The configuration cannot be read, or names no place.
pub fn forgets(common_dir: &Path) -> Result<bool, StoreError> {
    Ok(configured(common_dir)? == Place::Agent)
}

/// Whether the configuration keeps opened keys off the disk.
///
/// # Errors
/// As [`forgets`].
pub fn is_off_disk(common_dir: &Path) -> Result<bool, StoreError> {
    Ok(configured(common_dir)? != Place::File)
}

/// Says for how long the agent is to hold what it holds, or is given next; starts one if there is none. `None` is the usual time. Where no agent
/// is meant, nothing happens.
///
/// # Errors
/// A time was given and no agent is meant; or it cannot be started.
pub fn hold_for(common_dir: &Path, time: Option<Duration>) -> Result<(), StoreError> {
    refuse_time(common_dir, time)?;
    if configured(common_dir)? != Place::Agent {
        return Ok(());
    }
    let mut mark = match Mark::read(&dir(common_dir))? {
        Some(mark) => mark,
        None => Mark::new()?,
    };
    mark.add(&dir(common_dir), Place::Agent)?;
    agent::start()?;
    Ok(agent::hold(&name(common_dir, &mark)?, time.unwrap_or(DEFAULT_TIME))?)
}

/// Refuses a time where no agent is meant.
///
/// # Errors
/// It is so; or the configuration cannot be read.
pub fn refuse_time(common_dir: &Path, time: Option<Duration>) -> Result<(), StoreError> {
    match (configured(common_dir)?, time) {
        (Place::Agent, _) | (_, None) => Ok(()),
        (place, Some(_)) => Err(StoreError::NoTime(place)),
    }
}

/// Every key that this clone keeps, in whichever places.
///
/// # Errors
/// One cannot be read, or two hold different keys under one name.
pub fn load_all(common_dir: &Path) -> Result<Keyring, StoreError> {
    let mut all = Keyring::default();
    let mark = Mark::read(&dir(common_dir))?;
    for place in places(common_dir)? {
        let keyring = read_any(common_dir, place, mark.as_ref())?;
        for entry in keyring.into_entries() {
            match all.insert(entry) {
                Err(InsertError::Conflict { name, generation, .. }) => {
                    return Err(StoreError::Differ { name, generation });
                }
                // The same key, which was set aside in one of them.
                Err(InsertError::OtherName { .. }) | Ok(_) => {}
            }
        }
    }
    Ok(all)
}

/// Where this clone has put keys. In an agent they may be gone.
fn places(common_dir: &Path) -> Result<Vec<Place>, StoreError> {
    let mut places = Vec::new();
    if has_file(&local::path(common_dir)) {
        places.push(Place::File);
    }
    places.extend(Mark::read(&dir(common_dir))?.into_iter().flat_map(|mark| mark.places));
    Ok(places)
}

/// Whether no key lies elsewhere than the configuration says.
///
/// # Errors
/// The configuration or a mark cannot be read.
pub fn is_home(common_dir: &Path) -> Result<bool, StoreError> {
    let home = configured(common_dir)?;
    Ok(places(common_dir)?.iter().all(|place| *place == home))
}

/// Puts all keys where the configuration says, and removes them elsewhere; says from where they were moved. Only under the lock of
/// [`super::exclusive`].
///
/// # Errors
/// Something cannot be read or written, or an agent would hold the only copy of a key. No key is removed before it is at its new place.
pub fn move_home(
    common_dir: &Path,
    granted: &BTreeSet<KeyId>,
    time: Option<Duration>,
) -> Result<Option<(Vec<Place>, Place)>, StoreError> {
    let home = configured(common_dir)?;
    let mut others = places(common_dir)?;
    others.retain(|place| *place != home);
    if others.is_empty() {
        return Ok(None);
    }
    let all = load_all(common_dir)?;
    let mark = Mark::read(&dir(common_dir))?;
    let mut from = Vec::new();
    for place in &others {
        if !read_any(common_dir, *place, mark.as_ref())?.is_empty() {
            from.push(*place);
        }
    }
    if home == Place::File {
        local::save(common_dir, &all)?;
    } else if !all.is_empty() {
        let mut mark = mark.map_or_else(Mark::new, Ok)?;
        let held = match mark.places.contains(&home) {
            true => read(common_dir, home, &mark)?,
            false => Keyring::default(),
        };
        refuse_only_copies(common_dir, home, &all, &held, granted)?;
        if home == Place::Agent {
            mark.add(&dir(common_dir), home)?;
            agent::start()?;
            agent::hold(&name(common_dir, &mark)?, time.unwrap_or(DEFAULT_TIME))?;
        }
        write(common_dir, home, &mut mark, &all)?;
    }
    for place in &others {
        empty(common_dir, *place)?;
    }
    Ok((!from.is_empty()).then_some((from, home)))
}

/// Removes these keys wherever they are.
///
/// # Errors
/// A place cannot be read or written.
pub fn forget(common_dir: &Path, names: &[&KeyName]) -> Result<(), StoreError> {
    for place in places(common_dir)? {
        let mark = Mark::read(&dir(common_dir))?;
        let mut keyring = read_any(common_dir, place, mark.as_ref())?;
        for name in names {
            keyring.remove(name);
        }
        match mark {
            _ if keyring.is_empty() => empty(common_dir, place)?,
            Some(mut mark) if place != Place::File => {
                write(common_dir, place, &mut mark, &keyring)?;
            }
            _ => local::save(common_dir, &keyring)?,
        }
    }
    Ok(())
}

/// Removes all keys from one place.
fn empty(common_dir: &Path, place: Place) -> Result<(), StoreError> {
    match Mark::read(&dir(common_dir))? {
        _ if place == Place::File => local::save(common_dir, &Keyring::default()),
        Some(mut mark) => write(common_dir, place, &mut mark, &Keyring::default()),
        None => Ok(()),
    }
}

/// What is known of the places, for people.
#[derive(Debug)]
pub struct Whereabouts {
    /// What the configuration says.
    pub wanted: Place,
    /// Where keys were put.
    pub places: Vec<Place>,
    /// For how long the agent still holds them; `None` if it does not.
    pub left: Option<Duration>,
}

/// Where the keys of this clone are and should be.
///
/// # Errors
/// The configuration or a mark cannot be read, or the agent does not answer.
pub fn whereabouts(common_dir: &Path) -> Result<Whereabouts, StoreError> {
    let wanted = configured(common_dir)?;
    let mut places = places(common_dir)?;
    let mut left = None;
    if places.contains(&Place::Agent)
        && let Some(mark) = Mark::read(&dir(common_dir))?
    {
        let own = name(common_dir, &mark)?;
        let listed = agent::list()?.unwrap_or_default();
        left = listed.into_iter().find(|one| one.name == own).map(|one| one.left);
    }
    places.retain(|place| *place != Place::Agent || left.is_some());
    Ok(Whereabouts { wanted, places, left })
}

/// What the configuration says, if no key lies elsewhere.
fn agreed(common_dir: &Path) -> Result<(Place, Option<Mark>), StoreError> {
    let wanted = configured(common_dir)?;
    let mark = Mark::read(&dir(common_dir))?;
    let elsewhere = |held| StoreError::Elsewhere { held, wanted };
    if wanted != Place::File && has_file(&local::path(common_dir)) {
        return Err(elsewhere(Place::File));
    }
    for place in mark.iter().flat_map(|mark| &mark.places).filter(|place| **place != wanted) {
        // What an agent has forgotten is nowhere.
        let is_there = *place != Place::Agent
            || mark.as_ref().is_some_and(|mark| {
                read(common_dir, Place::Agent, mark).is_ok_and(|keyring| !keyring.is_empty())
            });
        if is_there {
            return Err(elsewhere(*place));
        }
    }
    let mark = mark.filter(|mark| mark.places.contains(&wanted));
    Ok((wanted, mark))
}

fn name(common_dir: &Path, mark: &Mark) -> Result<Name, StoreError> {
    let folder = dunce::canonicalize(common_dir)?;
    Ok(Name { folder: folder.into_os_string().into_encoded_bytes(), clone: mark.clone.clone() })
}

/// The keys in a place, whichever it is.
fn read_any(common_dir: &Path, place: Place, mark: Option<&Mark>) -> Result<Keyring, StoreError> {
    match mark {
        _ if place == Place::File => local::load(common_dir),
        Some(mark) => read(common_dir, place, mark),
        None => Ok(Keyring::default()),
    }
}

/// The keys in a place that is no file; none if the agent is gone.
fn read(common_dir: &Path, place: Place, mark: &Mark) -> Result<Keyring, StoreError> {
    let text: Option<Zeroizing<Vec<u8>>> = match place {
        Place::File => None,
        Place::Keychain => keychain::get(&mark.clone)?,
        Place::Agent => agent::get(&name(common_dir, mark)?)?,
    };
    text.map_or_else(|| Ok(Keyring::default()), |text| local::parse(&text, &place.to_string()))
}

/// Puts keys into a place that is no file, in the place of those that are there; none are removed with what says that they are there.
fn write(
    common_dir: &Path,
    place: Place,
    mark: &mut Mark,
    keyring: &Keyring,
) -> Result<(), StoreError> {
    let folder = dir(common_dir);
    if keyring.is_empty() {
        match place {
            Place::File => {}
            Place::Keychain => keychain::remove(&mark.clone)?,
            Place::Agent => agent::remove(&name(common_dir, mark)?)?,
        }
        return Ok(mark.take_out(&folder, place)?);
    }
    // First: what is nowhere written down would stay for ever.
    mark.add(&folder, place)?;
    match place {
        Place::File => {}
        Place::Keychain => {
            let label = format!("git-shroud keys of {}", crate::sanitise::native(common_dir));
            keychain::put(&mark.clone, &label, keyring.to_text().as_bytes())?;
        }
        Place::Agent => {
            agent::start()?;
            agent::put(&name(common_dir, mark)?, keyring.to_text().as_bytes())?;
        }
    }
    Ok(())
}

/// An agent forgets: what only it would have is lost.
fn refuse_only_copies(
    common_dir: &Path,
    place: Place,
    keyring: &Keyring,
    held: &Keyring,
    granted: &BTreeSet<KeyId>,
) -> Result<(), StoreError> {
    if place != Place::Agent {
        return Ok(());
    }
    let copied = copied(common_dir)?;
    let is_safe = |entry: &&Entry| {
        // The current generation brings the earlier ones along.
        let line = keyring.line(&entry.name).filter(|one| one.generation >= entry.generation);
        line.map(|one| one.key.id()).any(|id| copied.contains(&id) || granted.contains(&id))
            || held.by_id(entry.key.id()).is_some()
    };
    match keyring.entries().iter().find(|entry| !is_safe(entry)) {
        None => Ok(()),
        Some(entry) => Err(StoreError::OnlyInAgent(entry.name.clone())),
    }
}
