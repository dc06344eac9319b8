//! `git shroud member list`

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::Serialize;

use crate::access::members::expiry::Expiry;
use crate::clock;
use crate::clone::roster::{MemberFile, Standing};
use crate::commands::{Context, OpenClone};
use crate::error::Outcome;
use crate::keyring::KeyName;
use crate::recipient::Strength;
use crate::remote::status::list_members;
use crate::ui::{Style, prompt};

/// Show who can open which key, and whose grant needs attention
///
/// Groups by key, or by member with --by member; of a long age or SSH key, --json alone shows all. Each grant is post-quantum (ML-KEM), or classical: who keeps a copy of it today opens it
/// with a quantum computer tomorrow. Exit status 1 if a grant is out of date, its mac fails, or its file is malformed.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud member list
  $ git shroud member list --by member
  $ git shroud member list --classical
  $ git shroud member list --json

Standing: current; out of date (opens only an earlier generation); mac fails (somebody without the key wrote it); not
verified (the key is not held here); malformed.")]
pub(super) struct List {
    /// Group by key, or by member
    #[arg(long, value_enum, default_value = "key")]
    by: By,
    /// Show only grants that are not known to be post-quantum
    #[arg(long)]
    classical: bool,
    /// Show who can open this encrypted remote, as its host says it now
    #[arg(long, value_name = "NAME", conflicts_with_all = ["by", "classical"])]
    remote: Option<String>,
    /// Print JSON: {"keys": [{"name", "generation", "id", "held", "members": [{"label", "method", "recipient", "user_id"?,
    /// "fingerprint"?, "expires"?, "expires_soon", "generation"?, "added"?, "strength"?, "standing", "detail"?}]}]}; with --remote {"members": [{"label", "recipient", "user_id", "added"}]}
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum By {
    Key,
    Member,
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
    members: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<String>,
    /// As the lines for people have it.
    #[serde(skip)]
    brief: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    expires_soon: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    added: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strength: Option<Strength>,
    standing: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl List {
    pub(super) fn run(self, context: &Context) -> Outcome {
        if let Some(remote) = &self.remote {
            let repository = context.repository()?;
            let ui = &context.ui;
            return Ok(list_members(&repository, remote, self.json, ui, &mut prompt::ask)?);
        }
        let opened = context.open_anyway()?;
        opened.top()?;
        let mut keys = Vec::new();
        for (name, info) in &opened.roster.infos {
            let members = opened.roster.members(&opened.repository, name)?;
            let members = members.iter().map(|file| list(&opened, name, file));
            let is_shown =
                |member: &Listed| !self.classical || member.strength != Some(Strength::PostQuantum);
            keys.push(JsonKey {
                name: name.to_string(),
                generation: info.generation,
                id: info.id.to_string(),
                held: opened.keyring.by_id(info.id).is_some(),
                members: members.filter(is_shown).collect(),
            });
        }
        let json = JsonKeys { keys };
        if self.json {
            context.ui.json(&json);
        } else if self.by == By::Key {
            print_by_key(context, &json.keys, self.classical);
        } else {
            print_by_member(context, &json.keys);
        }
        say_what_to_do(context, &opened, &json.keys)
    }
}

fn list(opened: &OpenClone, key: &KeyName, file: &MemberFile) -> Listed {
    let standing = file.standing(opened.roster.infos.get(key), &opened.keyring);
    let member = match &file.member {
        Ok(member) => member,
        Err(error) => {
            return Listed {
                label: crate::sanitise::line(&file.stem),
                method: None,
                recipient: None,
                brief: None,
                user_id: None,
                fingerprint: None,
                expires: None,
                expires_soon: false,
                generation: None,
                added: None,
                strength: None,
                standing,
                detail: Some(crate::sanitise::line(error)),
            };
        }
    };
    let expiry = Expiry::of(member, SystemTime::now());
    Listed {
        label: member.label.to_string(),
        method: Some(member.recipient.method().kind().name()),
        recipient: Some(member.recipient.to_string()),
        brief: Some(member.recipient.brief()),
        user_id: member.user_id.as_deref().map(crate::sanitise::line),
        fingerprint: member.recipient.fingerprint().map(str::to_owned),
        expires: expiry.at.map(clock::date),
        expires_soon: expiry.is_soon,
        generation: Some(member.generation),
        added: Some(crate::sanitise::line(&member.added)),
        strength: Some(member.recipient.strength(&member.wrapped)),
        standing,
        detail: expiry.problem,
    }
}

fn print_by_key(context: &Context, keys: &[JsonKey], classical: bool) {
    for key in keys {
        let held = if key.held { "held" } else { "not held" };
        context
            .ui
            .line(format!("{}  generation {}, id {}, {held}", key.name, key.generation, key.id));
        if key.members.is_empty() {
            let none = if classical { "no classical grant" } else { "granted to nobody" };
            context.ui.line(format!("  {none}"));
        }
        for member in &key.members {
            context.ui.line(format!("  {}  {}", describe(member), standing(context, member)));
        }
    }
}

fn print_by_member(context: &Context, keys: &[JsonKey]) {
    let mut members: BTreeMap<(String, &Option<String>), Vec<String>> = BTreeMap::new();
    for key in keys {
        for member in &key.members {
            let of_key = format!("  {}  {}", key.name, standing(context, member));
            members.entry((describe(member), &member.recipient)).or_default().push(of_key);
        }
    }
    for ((member, _), keys) in members {
        context.ui.line(member);
        keys.iter().for_each(|key| context.ui.line(key));
    }
}

fn describe(member: &Listed) -> String {
    let words = [Some(&member.label), member.brief.as_ref(), member.user_id.as_ref()];
    words.into_iter().flatten().cloned().collect::<Vec<_>>().join("  ")
}

fn standing(context: &Context, member: &Listed) -> String {
    let style = match member.standing {
        Standing::Current => Style::Good,
        Standing::OutOfDate | Standing::NotVerified | Standing::NotHere | Standing::Newer => {
            Style::Warning
        }
        Standing::MacFails | Standing::Malformed => Style::Bad,
    };
    let mut words = vec![context.ui.styled(style, member.standing.describe())];
    if let (Standing::OutOfDate, Some(generation)) = (member.standing, member.generation) {
        words.push(format!("generation {generation}"));
    }
    words.extend(member.strength.map(|strength| strength.describe().to_owned()));
    match (&member.expires, &member.detail) {
        (_, Some(detail)) => words.push(context.ui.styled(Style::Bad, detail)),
        (Some(expires), None) if member.expires_soon => {
            words
                .push(context.ui.styled(Style::Warning, &format!("certificate expires {expires}")));
        }
        (Some(expires), None) => words.push(format!("certificate expires {expires}")),
        (None, None) => {}
    }
    words.join(", ")
}

fn say_what_to_do(context: &Context, opened: &OpenClone, keys: &[JsonKey]) -> Outcome {
    for member in keys.iter().flat_map(|key| &key.members).filter(|member| member.expires_soon) {
        context.ui.warning(format!(
            "the certificate of '{}' expires soon or has expired: they cannot get another key without a newer one",
            member.label
        ));
        context.ui.hint("ask for the renewed certificate, and run 'git shroud member add' with it");
    }
    Ok(crate::access::members::problems::report_problems(&context.ui, opened)?)
}
