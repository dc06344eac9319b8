//! For how long the secrets of an environment have not changed.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::{Loaded, open};
use crate::environments::check::reuse::{Use, is_secret, mac};
use crate::environments::environment::{Content, Environment, File};
use crate::format::ScanKey;
use crate::git::GitError;
use crate::git::history;
use crate::git::objects::{self, Blob};
use crate::secret::WipedVec;

/// For how long a value has not changed.
pub struct Age {
    /// Where it is.
    pub one: Use,
    /// The days since the commit that brought it.
    pub days: i64,
    /// Whether it may be older, as what was before cannot be read here.
    pub at_least: bool,
}

/// The ages of an environment's secrets.
///
/// # Errors
/// git fails, or the repository cannot be read.
pub fn ages(
    loaded: &Loaded,
    environment: &Environment,
    key: &ScanKey,
    all: bool,
) -> Result<Vec<Age>, GitError> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let mut ages = Vec::new();
    for (at, source) in environment.sources.iter().enumerate() {
        let mut wanted: BTreeMap<&str, ([u8; 32], Option<i64>)> = BTreeMap::new();
        for (name, settings) in &environment.settings {
            // What a later layer sets is what counts.
            let mine = settings.first().filter(|setting| setting.source == at);
            if let Some(setting) =
                mine.filter(|setting| !setting.value.is_empty() && !setting.is_marker())
                && (all || is_secret(loaded.schema.as_ref(), name))
            {
                wanted.insert(name, (mac(key, &setting.value.text), None));
            }
        }
        if wanted.is_empty() {
            continue;
        }
        let mut ended = false;
        let mut done: Vec<(&str, i64, bool)> = Vec::new();
        for version in history::versions(&loaded.opened.repository, source.path.as_bytes())? {
            let bytes = match version
                .blob
                .map(|id| objects::read(&loaded.opened.repository, id))
                .transpose()?
            {
                Some(Blob::Memory(mut bytes)) => {
                    let mut wiped = WipedVec::default();
                    std::mem::swap(&mut *wiped, &mut bytes);
                    Some(wiped)
                }
                // The file was made again after this.
                None => None,
                Some(Blob::Large | Blob::Missing) => {
                    ended = true;
                    break;
                }
            };
            let before = match bytes.map(|bytes| open(&loaded.opened, Some(source.format), bytes)) {
                Some(Content::Open(bytes)) => {
                    let file = File {
                        path: source.path.clone(),
                        format: source.format,
                        sealed: true,
                        layer: 0,
                        exempt: BTreeSet::new(),
                        content: Content::Open(bytes),
                    };
                    Some(Environment::read(&environment.name, vec![file]))
                }
                Some(_) => {
                    ended = true;
                    break;
                }
                None => None,
            };
            if before.as_ref().is_some_and(|before| !before.is_complete()) {
                ended = true;
                break;
            }
            wanted.retain(|name, (current, since)| {
                let value = before.as_ref().and_then(|before| before.setting(name));
                if value.is_some_and(|setting| mac(key, &setting.value.text) == *current) {
                    *since = Some(version.time);
                    return true;
                }
                done.push((name, since.unwrap_or(now), false));
                false
            });
            if wanted.is_empty() {
                break;
            }
        }
        let shallow = !history::shallow_boundary(&loaded.opened.repository)?.is_empty();
        done.extend(
            wanted.iter().map(|(name, (_, since))| (*name, since.unwrap_or(now), ended || shallow)),
        );
        ages.extend(done.into_iter().map(|(name, since, at_least)| Age {
            one: Use { property: name.to_owned(), environment: environment.name.clone() },
            days: (now - since).max(0) / 86400,
            at_least,
        }));
    }
    Ok(ages)
}
