//! `git shroud key list`

use serde::Serialize;

use super::super::{Context, OpenClone};
use crate::error::Outcome;
use crate::keyring::KeyName;

/// List the keys of this repository, and which this clone holds
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud key list
  $ git shroud key list --json")]
pub(super) struct List {
    /// Print JSON: {"keys": [{"name", "generation", "id", "held", "current", "public_key"?}]}
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct JsonKeys {
    keys: Vec<JsonKey>,
}

#[derive(Serialize)]
struct JsonKey {
    name: String,
    generation: u32,
    id: String,
    held: bool,
    current: bool,
    /// To which values are sealed without the key: of a key that is held its own, whatever `.shroud/` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
}

impl List {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let opened = context.open_anyway()?;
        let keys = list(&opened);
        if self.json {
            let json = JsonKeys { keys };
            context.ui.json(&json);
            return Ok(opened.roster.refuse_malformed()?);
        }
        if keys.is_empty() {
            context.ui.status("this repository has no key");
            context.ui.hint("git shroud init makes one");
        }
        for key in keys {
            let held = if key.held { "held" } else { "not held" };
            let current = if key.current { "" } else { ", retired" };
            let write_only = if key.public_key.is_some() { ", write-only" } else { "" };
            context.ui.line(format!(
                "{}\tgeneration {}\t{}\t{held}{current}{write_only}",
                key.name, key.generation, key.id
            ));
        }
        // What can be said is said first: keys that are held need no description.
        Ok(opened.roster.refuse_malformed()?)
    }
}

/// Sorted by name, the newest generation first.
fn list(opened: &OpenClone) -> Vec<JsonKey> {
    let newest = |name: &KeyName| {
        let held = opened.keyring.current(name).map(|held| held.generation);
        let described = opened.roster.infos.get(name).map(|info| info.generation);
        held.max(described)
    };
    let published = |id| opened.roster.infos.values().find(|info| info.id == id)?.public;
    let held = opened.keyring.entries().iter().map(|held| JsonKey {
        name: held.name.to_string(),
        generation: held.generation,
        id: held.key.id().to_string(),
        held: true,
        current: newest(&held.name) == Some(held.generation),
        public_key: published(held.key.id()).map(|_| held.key.public().to_string()),
    });
    let described =
        opened.roster.infos.values().filter(|info| opened.keyring.by_id(info.id).is_none());
    let not_held = described.map(|info| JsonKey {
        name: info.name.to_string(),
        generation: info.generation,
        id: info.id.to_string(),
        held: false,
        current: newest(&info.name) == Some(info.generation),
        public_key: info.public.map(|public| public.to_string()),
    });
    let mut keys: Vec<_> = held.chain(not_held).collect();
    keys.sort_by(|a, b| a.name.cmp(&b.name).then(b.generation.cmp(&a.generation)));
    keys
}
