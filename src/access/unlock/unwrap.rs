//! From a member file to the key that is wrapped in it, by whatever this machine has.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::by_plugin::{ByPlugin, run_plugin};
use super::unwrapped::{Attempt, Granted, Unwrapped, read_key, readable};
use crate::recipient::Ask;
use crate::recipient::identities::Identities;
use crate::recipient::means::{Means, OpenFailure};
use crate::recipient::openpgp::Packing;
use crate::store::shroud_dir::{KeyInfo, Member};

/// Unwraps keys, one after the other. What may ask somebody is asked once for all of them.
pub(super) struct Unwrapper<'u> {
    identities: &'u Identities,
    keys: &'u [Granted],
    means: Vec<Means<'u>>,
    /// For each plugin that was run, by its place among the means: what came of it, for each key.
    plugins: BTreeMap<usize, Vec<ByPlugin>>,
    /// For each means the files that it opened without success, and how long that took.
    in_vain: Vec<(usize, Duration)>,
}

impl<'u> Unwrapper<'u> {
    /// For these keys.
    pub(super) fn new(identities: &'u Identities, keys: &'u [Granted]) -> Self {
        let means = Means::all(identities);
        let in_vain = vec![(0, Duration::ZERO); means.len()];
        Self { identities, keys, means, plugins: BTreeMap::new(), in_vain }
    }

    /// Unwraps the key at this place: the current generation if that can be had, else the newest.
    ///
    /// What asks nothing is tried first: a key that was given, identities without a passphrase; then plugins, then gpg, which
    /// asks by its agent, and at last identities with a passphrase. Only what a file names is tried, and
    /// a message that names nobody, which may be anybody's, after those that do: an agent should not be asked without success.
    pub(super) fn unwrap(
        &mut self,
        at: usize,
        ask: Ask<'_>,
        attempts: &mut Vec<Attempt>,
    ) -> Option<Unwrapped> {
        let (info, members) = &self.keys[at];
        let readable = readable(info, members);
        let mut generations: Vec<_> =
            readable.iter().map(|member| (member.key_id, member.generation)).collect();
        generations.dedup();
        let mut earlier: Option<Unwrapped> = None;
        // All means for the current generation before any for an earlier one.
        for wanted in generations {
            let is_wanted = |found: &Unwrapped| is_of(found, wanted);
            for place in 0..self.means.len() {
                if let Some(plugin) = self.means[place].plugin() {
                    let mut run = || run_plugin(plugin, &self.keys[at..], ask);
                    let ran = self.plugins.entry(place).or_insert_with(|| {
                        let before = (0..at).map(|_| ByPlugin::default());
                        before.chain(run()).collect()
                    });
                    let ByPlugin { opened, failed } = std::mem::take(&mut ran[at]);
                    attempts.extend(failed);
                    earlier = opened.or(earlier);
                } else {
                    let of_it =
                        readable.iter().filter(|one| (one.key_id, one.generation) == wanted);
                    let found = self.try_all(place, info, of_it.copied(), ask, attempts);
                    if found.is_some() {
                        return found;
                    }
                }
                if earlier.as_ref().is_some_and(is_wanted) {
                    return earlier;
                }
            }
        }
        earlier
    }

    fn try_all<'m>(
        &mut self,
        place: usize,
        info: &KeyInfo,
        members: impl Iterator<Item = &'m Member>,
        ask: Ask<'_>,
        attempts: &mut Vec<Attempt>,
    ) -> Option<Unwrapped> {
        let means = &self.means[place];
        let (tried, took) = &mut self.in_vain[place];
        for member in members {
            if *tried >= MIN_TRIES && *took >= PATIENCE {
                attempts.push(Attempt {
                    label: member.label.to_string(),
                    by: means.name(),
                    why: format!("not tried, because {tried} others took a minute and hold no key"),
                    hint: Some("see who wrote these files: git log --stat -- .shroud"),
                });
                return None;
            }
            let begun = Instant::now();
            let Some(opened) = means.open(self.identities, &member.recipient, &member.wrapped, ask)
            else {
                continue;
            };
            let label = member.label.to_string();
            let by = means.name();
            match opened.and_then(|text| read_key(&text, &info.name, member)) {
                Ok(entry) => return Some(Unwrapped { entry, label, by }),
                Err(OpenFailure { why, hint }) => {
                    *tried += 1;
                    *took += begun.elapsed();
                    attempts.push(Attempt { label, by, why, hint });
                }
            }
        }
        None
    }
}

fn is_of(found: &Unwrapped, wanted: (crate::format::KeyId, u32)) -> bool {
    (found.entry.key.id(), found.entry.generation) == wanted
}

/// Opens an OpenPGP message by what this machine has; `None` where nothing here fits it, `Err` with the reason where what fits
/// does not open it.
pub(super) fn open_message(
    identities: &Identities,
    message: &[u8],
    ask: Ask<'_>,
) -> Option<Result<Zeroizing<Vec<u8>>, String>> {
    let mut last = None;
    for means in Means::all(identities) {
        match means.open_openpgp(identities, message, Packing::Compressed, ask) {
            None => {}
            Some(Ok(opened)) => return Some(Ok(opened)),
            Some(Err(OpenFailure { why, hint })) => {
                let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
                last = Some(Err(format!("{}: {why}{hint}", means.name())));
            }
        }
    }
    last
}

/// How long one means may take with files that it opens without success: anybody who can push can write any number of them.
const PATIENCE: Duration = Duration::from_secs(60);
/// Files that are tried however long each takes.
const MIN_TRIES: usize = 50;
