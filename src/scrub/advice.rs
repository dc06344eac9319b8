//! What no rewrite can do: a list for people, of what a scrub knows.

use std::collections::BTreeMap;

use gix::bstr::ByteSlice as _;
use serde::{Deserialize, Serialize};

use super::record::{Id, Record};
use crate::git::GitError;
use crate::git::repository::Repository;
use crate::sanitise;
use crate::scan::Finding;

/// Where remote-tracking branches stand.
const REMOTES: &[u8] = b"refs/remotes/";
const HEADS: &[u8] = b"refs/heads/";
const TAGS: &[u8] = b"refs/tags/";

/// A secret that must be changed where it is used. Everything is fit for a terminal; the value is not in it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Exposed {
    /// The rule that found it, or `value` where a file gave it.
    pub rule: String,
    /// What may be shown of the value; a path for a file that was plaintext.
    pub shown: String,
    /// Who can have seen it: `pushed`, `head`, `local`, `unreachable`, or `unknown`.
    pub exposure: String,
    /// How sure it is that it is one: `certain` is valid in form.
    pub rank: String,
    /// When a commit brought it first, in seconds since 1970.
    pub since: Option<i64>,
    /// In how many places it stood.
    pub places: u64,
    /// How to change it.
    pub what_to_do: String,
}

impl Exposed {
    /// What a finding says.
    pub fn of(finding: &Finding) -> Self {
        let first = finding.occurrences.first();
        let shown = match &finding.secret {
            Some(secret) => sanitise::path(secret.redacted().as_bytes()),
            None => first.map(|first| sanitise::path(&first.place.name)).unwrap_or_default(),
        };
        Self {
            rule: sanitise::path(finding.rule.as_bytes()),
            shown,
            exposure: finding.exposure().name().to_owned(),
            rank: finding.rank.name().to_owned(),
            since: finding.introduced().map(|origin| origin.time),
            places: finding.occurrences.len() as u64,
            what_to_do: sanitise::path(finding.advice.as_bytes()),
        }
    }

    /// A value that was given and that no scan recognises.
    pub fn given(rule: &str) -> Self {
        Self {
            rule: rule.to_owned(),
            shown: "…".to_owned(),
            exposure: "unknown".to_owned(),
            rank: "certain".to_owned(),
            since: None,
            places: 0,
            what_to_do: "change it where it is used".to_owned(),
        }
    }

    /// Most exposed first, then the longest exposed.
    pub fn sort(list: &mut [Self]) {
        let order = ["pushed", "unknown", "head", "local", "unreachable"];
        list.sort_by_key(|exposed| {
            let place = order.iter().position(|name| *name == exposed.exposure);
            (place, exposed.since.is_none(), exposed.since, exposed.rule.clone())
        });
    }
}

/// What should be pushed to one remote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Push {
    /// The remote's name.
    pub remote: String,
    /// What kind of host it is, as its address says.
    pub host: Host,
    /// Commands, in their order.
    pub commands: Vec<String>,
}

/// A kind of host, as far as its support is asked in another way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Host {
    /// github.com or a server of that kind.
    Github,
    /// gitlab.com or a server of that kind.
    Gitlab,
    /// Any other.
    Other,
}

impl Host {
    fn of(url: &[u8]) -> Self {
        let url = url.to_lowercase();
        match (url.contains_str("github"), url.contains_str("gitlab")) {
            (true, _) => Self::Github,
            (_, true) => Self::Gitlab,
            _ => Self::Other,
        }
    }

    /// What else its owner must do there.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Github => {
                "pull request refs and cached views stay: send the text below to GitHub's support"
            }
            Self::Gitlab => {
                "upload commit-map under Settings, Repository, Repository maintenance; then run housekeeping"
            }
            Self::Other => {
                "run 'git gc --prune=now' on the server, and ask its owner for caches and backups"
            }
        }
    }
}

/// The list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checklist {
    /// What to change, most exposed first.
    pub rotate: Vec<Exposed>,
    /// What to push.
    pub pushes: Vec<Push>,
    /// The first changed commits, by their old ids: hosts find by them what they still serve.
    pub first_changed: Vec<String>,
    /// The map that every other clone needs.
    pub map: String,
}

/// Makes the list.
///
/// # Errors
/// git fails.
pub fn checklist(
    repository: &Repository,
    record: &Record,
    mut rotate: Vec<Exposed>,
) -> Result<Checklist, GitError> {
    Exposed::sort(&mut rotate);
    let listed = repository.git.run(["remote"])?;
    let mut pushes = Vec::new();
    for remote in listed.lines() {
        let name = remote.to_str_lossy().into_owned();
        let url = repository.git.query(["remote", "get-url", "--push", &name])?;
        let host = Host::of(url.unwrap_or_default().as_encoded_bytes());
        let commands = commands(record, remote);
        if !commands.is_empty() {
            pushes.push(Push { remote: sanitise::line(&name), host, commands });
        }
    }
    let mut first: Vec<String> = record
        .refs
        .iter()
        .flat_map(|change| &change.first_changed)
        .map(|Id(id)| id.to_string())
        .collect();
    first.sort_unstable();
    first.dedup();
    let map = super::maps::commit_map(record.folder());
    Ok(Checklist { rotate, pushes, first_changed: first, map: sanitise::native(&map) })
}

/// The commands for one remote: what it has by its tracking branches must be what it was before the scrub.
fn commands(record: &Record, remote: &[u8]) -> Vec<String> {
    let tracking = [REMOTES, remote, b"/"].concat();
    let locals: BTreeMap<&[u8], Option<Id>> =
        record.refs.iter().map(|change| (&change.new_name.0[..], change.new)).collect();
    let mut branches = String::new();
    let mut what = String::new();
    let mut commands = Vec::new();
    for change in record.refs.iter().filter(|change| change.symbolic.is_none()) {
        let (Some(old), Some(Id(new))) = (change.old, change.new) else { continue };
        let Some(branch) = change.name.0.strip_prefix(&tracking[..]) else { continue };
        // Its old name holds a value; the owner finds it in 'ref-map'.
        if change.name != change.new_name {
            commands.push(format!(
                "# the branch {new} has a new name (see ref-map): delete the old one on the remote"
            ));
            continue;
        }
        let name = [HEADS, branch].concat();
        let shown = quoted(&name);
        branches.push_str(&format!(" --force-with-lease={shown}:{}", old.0));
        match locals.get(&name[..]) {
            Some(Some(Id(local))) if *local == new => what.push_str(&format!(" {shown}:{shown}")),
            _ => what.push_str(&format!(" {new}:{shown}")),
        }
    }
    if !what.is_empty() {
        commands.insert(0, format!("git push{branches} {}{what}", quoted(remote)));
    }
    for change in &record.refs {
        let (Some(old), Some(_)) = (change.old, change.new) else { continue };
        if change.new_name.0.starts_with(TAGS) && change.name == change.new_name {
            let name = quoted(&change.new_name.0);
            commands.push(format!(
                "git push --force-with-lease={name}:{} {} {name}:{name}",
                old.0,
                quoted(remote)
            ));
        }
    }
    commands
}

/// A name as a shell takes it.
fn quoted(name: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+".contains(byte);
    let text = sanitise::line(&name.to_str_lossy());
    match name.iter().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{Name, Ref};
    use super::*;
    use gix::ObjectId;

    fn id(digit: &str) -> Id {
        Id(ObjectId::from_hex(digit.repeat(40).as_bytes()).unwrap())
    }

    fn change(name: &str, old: &str, new: &str) -> Ref {
        Ref {
            name: Name(name.into()),
            new_name: Name(name.into()),
            old: Some(id(old)),
            new: Some(id(new)),
            symbolic: None,
            first_changed: vec![id("1")],
        }
    }

    #[test]
    fn pushes_lease_what_the_remote_had() {
        let refs = vec![
            change("refs/heads/main", "1", "2"),
            change("refs/remotes/origin/main", "1", "2"),
            change("refs/remotes/origin/it's", "3", "4"),
            change("refs/remotes/other/x", "5", "6"),
            change("refs/tags/v1", "7", "8"),
        ];
        let record = Record::new(refs, Vec::new(), None, 0, 0);
        let said = commands(&record, b"origin");
        let one = |digit: &str| digit.repeat(40);
        assert_eq!(
            said[0],
            format!(
                "git push --force-with-lease=refs/heads/main:{} --force-with-lease='refs/heads/it'\\''s':{} origin refs/heads/main:refs/heads/main {}:'refs/heads/it'\\''s'",
                one("1"),
                one("3"),
                one("4")
            )
        );
        assert!(said[1].contains(&format!("=refs/tags/v1:{} origin", one("7"))));
        assert_eq!(said.len(), 2);
        assert_eq!(commands(&record, b"none").len(), 1);
    }

    #[test]
    fn the_most_and_longest_exposed_comes_first() {
        let exposed = |exposure: &str, since| Exposed {
            exposure: exposure.to_owned(),
            since,
            ..Exposed::given("r")
        };
        let mut list = vec![
            exposed("local", Some(1)),
            exposed("pushed", None),
            exposed("pushed", Some(9)),
            exposed("pushed", Some(2)),
            exposed("unknown", None),
        ];
        Exposed::sort(&mut list);
        let order: Vec<_> = list.iter().map(|one| (one.exposure.as_str(), one.since)).collect();
        let sorted = [
            ("pushed", Some(2)),
            ("pushed", Some(9)),
            ("pushed", None),
            ("unknown", None),
            ("local", Some(1)),
        ];
        assert_eq!(order, sorted);
    }
}
