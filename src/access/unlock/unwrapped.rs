//! What comes of unwrapping the files of a key's members, by whatever it was tried.

use crate::clone::roster::MemberFile;
use crate::keyring::{Entry, KeyName, Keyring};
use crate::recipient::means::OpenFailure;
use crate::store::shroud_dir::{KeyInfo, Member};

/// A key that was unwrapped.
pub(super) struct Unwrapped {
    /// The key.
    pub entry: Entry,
    /// The label of the member to whom it was wrapped.
    pub label: String,
    /// What opened it.
    pub by: String,
}

/// One thing that was tried without success.
#[derive(Debug)]
pub(super) struct Attempt {
    /// The member whose file was tried.
    pub label: String,
    /// With what.
    pub by: String,
    /// Why it did not open.
    pub why: String,
    /// What would help.
    pub hint: Option<&'static str>,
}

/// A key that is described, with the files of its members.
pub(super) type Granted = (KeyInfo, Vec<MemberFile>);

/// The files that can be of this key, in the order in which they are tried.
pub(super) fn readable<'m>(info: &KeyInfo, members: &'m [MemberFile]) -> Vec<&'m Member> {
    let mut readable: Vec<&Member> =
        members.iter().filter_map(|file| file.member.as_ref().ok()).collect();
    // A grant of another key that claims to be newer than the current one is nobody's.
    readable.retain(|member| member.key_id == info.id || member.generation < info.generation);
    readable.sort_by_cached_key(|member| {
        let newest_first = std::cmp::Reverse(member.generation);
        (
            member.key_id != info.id,
            newest_first,
            member.recipient.method().kind().is_hidden(&member.wrapped),
            member.label.clone(),
        )
    });
    readable
}

/// The one key that the file says it holds, and no other.
pub(super) fn read_key(text: &[u8], name: &KeyName, member: &Member) -> Result<Entry, OpenFailure> {
    let keyring = Keyring::parse(text)
        .map_err(|error| OpenFailure::new(format!("what it holds: {error}"), None))?;
    let mut entries = keyring.into_entries();
    match (entries.pop(), entries.is_empty()) {
        (Some(entry), true)
            if entry.name == *name
                && entry.generation == member.generation
                && entry.key.id() == member.key_id =>
        {
            Ok(entry)
        }
        _ => Err(OpenFailure::new("it holds a different key than it says", None)),
    }
}
