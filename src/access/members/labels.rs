//! What a member is called.

use super::{Candidate, MemberError};
use crate::clone::meant::{People, Person};
use crate::keyring::KeyName;
use crate::store::shroud_dir::Label;

/// The label that the recipient has already, else the one that is asked for, else one that fits and is free.
///
/// Only a file that a holder of its key has signed says what somebody is called. A label is free for a key in whose folder it
/// is nobody's, or this recipient's own.
///
/// # Errors
/// The recipient has another label, or another member has this one.
pub fn choose_label(
    people: &People,
    key: Option<&KeyName>,
    taken: &[Label],
    candidate: &Candidate,
    wanted: Option<&Label>,
    called: &str,
) -> Result<Label, MemberError> {
    let is_own = |person: &Person| person.is_of(&candidate.recipient);
    let is_others =
        |person: &Person, label: &Label| person.file.stem == label.as_str() && !is_own(person);
    let is_free_here = |label: &Label| {
        let here = |person: &Person| Some(&person.key) == key || person.verified;
        !people.files.iter().any(|person| here(person) && is_others(person, label))
            && !taken.contains(label)
    };
    let is_free = |label: &Label| {
        !people.files.iter().any(|person| is_others(person, label)) && !taken.contains(label)
    };
    let verified = || people.files.iter().filter(|person| person.verified && is_own(person));
    // What is in the key's own folder is replaced; elsewhere the name may be another's here.
    let own = verified().find(|person| Some(&person.key) == key).or_else(|| {
        verified().find(|person| person.file.stem.parse().is_ok_and(|label| is_free_here(&label)))
    });
    let own = own.and_then(|own| own.file.member.as_ref().ok());
    match (own, wanted) {
        (Some(own), Some(wanted)) if own.label != *wanted => {
            return Err(MemberError::Labelled(own.label.clone()));
        }
        (Some(own), _) => return Ok(own.label.clone()),
        (None, Some(wanted)) if !is_free_here(wanted) => {
            return Err(MemberError::TakenLabel(wanted.clone()));
        }
        (None, Some(wanted)) => return Ok(wanted.clone()),
        (None, None) => {}
    }
    let prefix = candidate.recipient.method().kind().label_prefix();
    let key = candidate.recipient.as_str();
    let end: String = key.chars().rev().filter(char::is_ascii_alphanumeric).take(8).collect();
    let end: String = end.chars().rev().collect();
    let fallback = || Label::suggest(&format!("{prefix}-{end}"));
    let label = Label::suggest(called).or_else(fallback).expect("the fallback is a label");
    if is_free(&label) {
        return Ok(label);
    }
    let numbered = (2..).find_map(|n| {
        let label: Label = format!("{label}-{n}").parse().ok()?;
        is_free(&label).then_some(label)
    });
    Ok(numbered.expect("some number is free"))
}
