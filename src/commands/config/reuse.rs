//! `git shroud config reuse`

use std::collections::BTreeMap;

use serde_json::json;
use time::OffsetDateTime;

use super::super::Context;
use super::content::open;
use super::load::{Loaded, SchemaOption, load};
use super::{locked, show};
use crate::environments::check::reuse::{Use, is_secret, mac, secrets};
use crate::environments::environment::{Content, Environment, File};
use crate::error::{CommandError, Outcome};
use crate::format::ScanKey;
use crate::git::history;
use crate::git::objects::{self, Blob};
use crate::secret::WipedVec;
use crate::ui::count;

/// Find secrets that two environments share, or that are old
///
/// Compares values by a keyed hash, and never shows them. Checks the age only with --days: the age of a value is that of the commit that
/// brought it to this branch. Exit status 1 if anything was found, 3 if an environment is locked.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config reuse
  $ git shroud config reuse --days 36500")]
pub(super) struct Reuse {
    /// Only these environments
    #[arg(value_name = "ENV")]
    environments: Vec<String>,
    #[command(flatten)]
    schema: SchemaOption,
    /// Also find secrets that have not changed for this many days
    #[arg(long, value_name = "N")]
    days: Option<u32>,
    /// Check every property, not only secrets (by the schema, or else by name)
    #[arg(short, long)]
    all: bool,
    /// Print JSON: {"reused": [[{"environment", "property"}]], "old": [{"environment", "property", "days", "at_least"}]}
    #[arg(long)]
    json: bool,
}

/// A value that has not changed for long.
struct Old {
    one: Use,
    days: i64,
    /// Whether it may be older, as what was before cannot be read here.
    at_least: bool,
}

impl Reuse {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let loaded = load(context, &self.schema, &self.environments)?;
        let key = loaded.scan_key()?;
        let uses = secrets(loaded.schema.as_ref(), &loaded.environments, self.all, &key);
        let reused: Vec<&Vec<Use>> = uses.values().filter(|uses| uses.len() > 1).collect();
        let mut old = Vec::new();
        if let Some(days) = self.days {
            for environment in &loaded.environments {
                old.extend(self.old(&loaded, environment, &key)?);
            }
            old.retain(|old| old.days >= i64::from(days));
            old.sort_by_key(|old| (-old.days, old.one.clone()));
        }
        if self.json {
            let use_json =
                |one: &Use| json!({"environment": one.environment, "property": one.property});
            let groups = reused.iter().map(|uses| uses.iter().map(use_json).collect::<Vec<_>>());
            let old = old.iter().map(|old| {
                let mut value = use_json(&old.one);
                value["days"] = old.days.into();
                value["at_least"] = old.at_least.into();
                value
            });
            let json =
                json!({"reused": groups.collect::<Vec<_>>(), "old": old.collect::<Vec<_>>()});
            context.ui.json(&json);
        } else {
            for uses in &reused {
                let uses: Vec<_> = uses
                    .iter()
                    .map(|one| format!("{} {}", one.environment, show(&one.property)))
                    .collect();
                context.ui.line(format!("the same value: {}", uses.join(", ")));
            }
            for Old { one, days, at_least } in &old {
                let least = if *at_least { "at least " } else { "" };
                context.ui.line(format!(
                    "{} {}: unchanged for {least}{days} days",
                    one.environment,
                    show(&one.property)
                ));
            }
        }
        let unread = loaded.warn_unread(context, |_| true);
        if !reused.is_empty() || !old.is_empty() {
            let found = count((reused.len() + old.len()) as u64, "finding");
            context.ui.status(format!(
                "{found}; change the secret where it is used, then: git shroud config set ENV NAME"
            ));
            return Err(CommandError::found());
        }
        if !unread.is_empty() {
            return Err(super::unread(&unread));
        }
        let names = loaded.locked();
        if !names.is_empty() {
            return Err(locked(&names));
        }
        context.ui.status("found no secret that is used twice or is too old");
        Ok(())
    }

    /// The ages of an environment's secrets.
    fn old(&self, loaded: &Loaded, environment: &Environment, key: &ScanKey) -> Outcome<Vec<Old>> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let mut old = Vec::new();
        for (at, source) in environment.sources.iter().enumerate() {
            let mut wanted: BTreeMap<&str, ([u8; 32], Option<i64>)> = BTreeMap::new();
            for (name, settings) in &environment.settings {
                let mine = settings.iter().find(|setting| setting.source == at);
                if let Some(setting) =
                    mine.filter(|setting| !setting.value.is_empty() && !setting.is_marker())
                    && (self.all || is_secret(loaded.schema.as_ref(), name))
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
                let before = match bytes.map(|bytes| open(&loaded.opened, bytes)).transpose()? {
                    Some(Content::Open(bytes)) => {
                        let file = File {
                            path: source.path.clone(),
                            format: source.format,
                            sealed: true,
                            content: Content::Open(bytes),
                        };
                        Some(Environment::read(&environment.name, vec![file]))
                    }
                    Some(Content::Locked(_) | Content::Unreadable(_)) => {
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
                wanted
                    .iter()
                    .map(|(name, (_, since))| (*name, since.unwrap_or(now), ended || shallow)),
            );
            old.extend(done.into_iter().map(|(name, since, at_least)| Old {
                one: Use { property: name.to_owned(), environment: environment.name.clone() },
                days: (now - since).max(0) / 86400,
                at_least,
            }));
        }
        Ok(old)
    }
}
