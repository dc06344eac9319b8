//! Keys that an age plugin holds: it is run once for all of them, as each run may cost a PIN or a touch.

use super::unwrapped::{Attempt, Granted, Unwrapped, read_key, readable};
use crate::recipient::Ask;
use crate::recipient::age::Identity;
use crate::recipient::means::OpenFailure;
use crate::store::shroud_dir::{KeyInfo, Member};

/// Members who are named where a plugin opens the file of none.
const NAMED: usize = 5;
/// Bytes of files that a plugin is given at most.
const MAX_BYTES: usize = 64 << 20;

/// What a plugin has opened of one key, and what it has not.
#[derive(Default)]
pub(super) struct ByPlugin {
    pub(super) opened: Option<Unwrapped>,
    pub(super) failed: Vec<Attempt>,
}

/// One key, with the files that the plugin is given.
struct Asked<'m> {
    info: &'m KeyInfo,
    members: Vec<&'m Member>,
    /// The recipient of a file that the plugin has opened, and that holds no key.
    decoy: Option<&'m Member>,
    came: ByPlugin,
}

/// Asks a plugin for all of these keys.
///
/// It is given the files of a key as one, so that it opens one of them. Only where that one holds no key it is run once more,
/// and given each file of the same recipient by itself: anybody who can push can write any number of them.
pub(super) fn run_plugin(identity: &Identity, keys: &[Granted], ask: Ask<'_>) -> Vec<ByPlugin> {
    let mut all: Vec<Asked<'_>> = keys.iter().map(|key| Asked::of(identity, key)).collect();
    let groups: Vec<Vec<&str>> = all.iter().map(|key| texts(&key.members)).collect();
    match identity.unwrap_groups(&groups, ask) {
        Err(error) => {
            for key in all.iter_mut().filter(|key| !key.members.is_empty()) {
                key.fail(identity, error.to_string());
            }
        }
        Ok(opened) => {
            for (key, opened) in all.iter_mut().zip(opened) {
                match opened {
                    Some((at, text)) => key.take(identity, at, &text),
                    None if key.members.is_empty() => {}
                    None => key.fail(identity, "it opens none of these files".to_owned()),
                }
            }
        }
    }
    let mut rest: Vec<(usize, &Member)> = Vec::new();
    for (place, key) in all.iter().enumerate() {
        let Some(decoy) = key.decoy else { continue };
        let same = |member: &&&Member| {
            member.recipient == decoy.recipient && !std::ptr::eq(**member, decoy)
        };
        rest.extend(key.members.iter().filter(same).map(|member| (place, *member)));
    }
    let alone: Vec<Vec<&str>> = rest.iter().map(|(_, member)| texts(&[member])).collect();
    if !alone.is_empty()
        && let Ok(opened) = identity.unwrap_groups(&alone, ask)
    {
        for ((place, member), opened) in rest.into_iter().zip(opened) {
            let key = &mut all[place];
            if let (None, Some((_, text))) = (&key.came.opened, opened) {
                key.read(identity, member, &text);
            }
        }
    }
    all.into_iter().map(|key| key.came).collect()
}

fn texts<'m>(members: &[&'m Member]) -> Vec<&'m str> {
    members.iter().map(|member| &member.wrapped[..]).collect()
}

impl<'m> Asked<'m> {
    fn of(identity: &Identity, (info, members): &'m Granted) -> Self {
        let is_age = |member: &&Member| member.recipient.method().kind().is_age_file();
        let mut members: Vec<&Member> =
            readable(info, members).into_iter().filter(is_age).collect();
        // Those of this plugin first; it may also hold a key of a common kind.
        let own = format!("age1{}1", identity.plugin().unwrap_or_default());
        members.sort_by_key(|member| {
            (member.key_id != info.id, !member.recipient.as_str().starts_with(&own))
        });
        let mut bytes = 0;
        members.retain(|member| {
            bytes += member.wrapped.len();
            bytes <= MAX_BYTES
        });
        Self { info, members, decoy: None, came: ByPlugin::default() }
    }

    /// Takes what the plugin has opened; remembers it as a decoy where it holds no key.
    fn take(&mut self, identity: &Identity, at: usize, text: &[u8]) {
        let member = self.members[at];
        if !self.read(identity, member, text) {
            self.decoy = Some(member);
        }
    }

    fn read(&mut self, identity: &Identity, member: &Member, text: &[u8]) -> bool {
        let label = member.label.to_string();
        match read_key(text, &self.info.name, member) {
            Ok(entry) => {
                self.came.opened = Some(Unwrapped { entry, label, by: name(identity) });
                true
            }
            Err(OpenFailure { why, hint }) => {
                self.came.failed.push(Attempt { label, by: name(identity), why, hint });
                false
            }
        }
    }

    fn fail(&mut self, identity: &Identity, why: String) {
        let labels: Vec<_> =
            self.members.iter().take(NAMED).map(|member| member.label.to_string()).collect();
        let label = labels.join(", ");
        self.came.failed.push(Attempt { label, by: name(identity), why, hint: None });
    }
}

fn name(identity: &Identity) -> String {
    format!("the identity {}", identity.place())
}
