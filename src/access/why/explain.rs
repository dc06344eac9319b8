//! Why a path is sealed or not: the attribute line that decides, the key, and what others see.

use super::confirming::describe;
use crate::access::without_key::may_set;
use crate::check::who_dropped;
use crate::clone::{CloneError, OpenClone};
use crate::error::{About, Context as _};
use crate::git::attributes::{Attributes, PathAttributes, Setting};
use crate::git::attributes_of_git::OfGit;
use crate::git::by_value::By;
use crate::git_crypt::{InvalidName, Name};
use crate::keyring::KeyName;
use crate::status::{GitCryptState, State, survey};
use crate::values::Mode;

/// What to say of a path: on each line a subject, and what is so.
///
/// # Errors
/// The attributes, the index or the history cannot be read.
pub fn explain(opened: &OpenClone, path: &[u8]) -> Result<Vec<(&'static str, String)>, CloneError> {
    let mut lines = Vec::new();
    let mut attributes = Attributes::new(&opened.repository)?;
    let attributes = attributes.of(path)?;
    lines.push(("path", crate::sanitise::path(path)));
    lines.push(("attribute", attribute(&attributes)));
    if attributes.sealed {
        lines.push(("key", key(opened, &attributes)));
        if let Ok(name) = &attributes.key {
            lines.push(("members", members(opened, name)?));
        }
    }
    if let Some(mode) = mode(path, &attributes) {
        lines.push(("mode", mode));
    }
    if let Some(name) = &attributes.git_crypt {
        lines.push(("key", git_crypt_key(opened, name)));
    }
    if let Some(moved) = describe(opened, path, &attributes)? {
        lines.push(("moved", moved));
    }
    if let Some(conversion) = &attributes.conversion {
        lines.push(("conflict", format!("{conversion} would make git change the sealed bytes")));
    }
    let of_git = OfGit::ask(&opened.repository, [path])?;
    let known = opened.known();
    let only = [path.to_vec()].into();
    let file = survey(&opened.repository, &known, Some(&only))?.into_iter().next();
    let state = file.map(|file| file.state);
    let conflict = attributes.conflict.clone().or_else(|| of_git.differs(path, &attributes));
    // What is wrong with the file of attributes itself, the survey alone knows.
    let of_state = || match &state {
        Some(State::Conflict(why)) => Some(why.clone()),
        _ => None,
    };
    if let Some(why) = conflict.or_else(of_state) {
        lines.push(("conflict", why));
    }
    if matches!(state, Some(State::NotTracked(_)))
        && let Some(who) = who_dropped(&opened.repository, path)
    {
        lines.push(("dropped", who));
    }
    lines.push(("in the index", in_index(opened, path, state.as_ref())?));
    lines.push(("fresh clone", fresh_clone(&attributes, state.as_ref())));
    Ok(lines)
}

fn place(setting: &Setting) -> String {
    match &setting.place {
        Some((file, line)) => format!("{} ({file}:{line})", setting.text),
        None => setting.text.clone(),
    }
}

fn attribute(attributes: &PathAttributes) -> String {
    match &attributes.filter {
        Some(filter) if attributes.is_encrypted() => place(filter),
        Some(filter) => format!("{}: not sealed by git-shroud", place(filter)),
        None => "none: the file is stored as plaintext".to_owned(),
    }
}

/// How the values of a path are sealed; `None` where it is sealed whole.
fn mode(path: &[u8], attributes: &PathAttributes) -> Option<String> {
    let By::Value { setting, exempting, .. } = &attributes.by else { return None };
    let said = place(setting);
    Some(match Mode::of(attributes, path) {
        Err(why) => why,
        Ok(None) => return None,
        Ok(Some(Mode { format: None, .. })) => {
            format!("{said}, but sealed whole: {}", crate::values::no_format())
        }
        Ok(Some(Mode { format: Some(format), clear })) => {
            let clear = match clear.patterns() {
                [] => "no name is exempt".to_owned(),
                names => {
                    let names = crate::sanitise::line(&names.join(", "));
                    let by = exempting.as_ref().and_then(|setting| setting.place.as_ref());
                    let by = by.map(|(file, line)| format!(" (by {file}:{line})"));
                    format!("not sealed: {names}{}", by.unwrap_or_default())
                }
            };
            format!("by value, as {} ({said}); {clear}", format.name())
        }
    })
}

fn git_crypt_key(opened: &OpenClone, name: &Result<Name, InvalidName>) -> String {
    match name {
        Err(error) => error.to_string(),
        Ok(name) => match opened.git_crypt.of(name) {
            Some(_) => format!("git-crypt's '{name}', held here"),
            None => format!("git-crypt's '{name}', not held here: the file cannot be added"),
        },
    }
}

fn key(opened: &OpenClone, attributes: &PathAttributes) -> String {
    let name = match &attributes.key {
        Ok(name) => name,
        Err(error) => return error.to_string(),
    };
    let held = match opened.keyring.current(name) {
        Some(held) => format!("held here, generation {}, id {}", held.generation, held.key.id()),
        None if may_set(opened, attributes) => {
            "not held here: values can be set, and not read".to_owned()
        }
        None if opened.roster.infos.contains_key(name) => {
            "not held here: the file cannot be added".to_owned()
        }
        None => "unknown in this repository: the file cannot be added".to_owned(),
    };
    let said = attributes.key_setting.as_ref().map(|setting| format!(" by {}", place(setting)));
    format!("{name}{}, {held}", said.unwrap_or_default())
}

fn members(opened: &OpenClone, name: &KeyName) -> Result<String, CloneError> {
    let files = opened.roster.members(&opened.repository, name)?;
    let labels: Vec<_> = files.iter().map(|file| crate::sanitise::line(&file.stem)).collect();
    Ok(if labels.is_empty() {
        "none, only people with a key file".to_owned()
    } else {
        labels.join(", ")
    })
}

fn in_index(opened: &OpenClone, path: &[u8], state: Option<&State>) -> Result<String, About> {
    if let Some(state) = state {
        return Ok(state.name().to_owned());
    }
    let index = opened.repository.gix.index_or_empty().context(|| "the index".to_owned())?;
    let known = index.entry_by_path(path.into()).is_some();
    Ok(if known { "stored as plaintext" } else { "not there" }.to_owned())
}

fn fresh_clone(attributes: &PathAttributes, state: Option<&State>) -> String {
    match state {
        Some(
            State::Sealed { .. }
            | State::Retired { .. }
            | State::OtherKey { .. }
            | State::UnknownKey(_)
            | State::Undescribed { .. }
            | State::NotTracked(_),
        ) => "sees sealed bytes until it is unlocked",
        Some(State::Conflict(_)) => "unclear, see the conflict",
        Some(State::Damaged(_) | State::Newer(_)) => "sees bytes that do not open",
        Some(State::Empty) => "sees an empty file",
        Some(State::PlaintextInHead | State::PlaintextInIndex) => {
            "sees the plaintext (once this is committed)"
        }
        Some(State::GitCrypt) => "sees what git-crypt encrypted",
        Some(State::OfGitCrypt(state)) => match state {
            GitCryptState::Plaintext { .. } => "sees the plaintext (once this is committed)",
            GitCryptState::Damaged => "sees bytes that do not open",
            GitCryptState::BadName => {
                "sees the plaintext, because git finds no filter with that name"
            }
            _ => "sees what git-crypt encrypted, until it is unlocked",
        },
        None if attributes.git_crypt.is_some() => {
            "would see what git-crypt encrypts, once the file is added"
        }
        Some(State::Unmerged) => "depends on the merge",
        Some(State::Missing | State::NotHere(_)) => "unknown: the blob is not in this clone",
        Some(State::Conversion(_) | State::BadKeyName(_)) | None if attributes.sealed => {
            "would see sealed bytes, once the file is added"
        }
        Some(_) | None => "sees the plaintext, once the file is added",
    }
    .to_owned()
}
