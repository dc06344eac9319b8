//! git-agecrypt: a filter that encrypts to the age recipients that `git-agecrypt.toml` lists for a path.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::guard::Guard;
use super::settings::{read_all, read_path};
use super::tool::{Opener, Person, RepositoryTool, Setting, Who};
use crate::clone::top;
use crate::git::repository::Repository;
use crate::git_crypt::{InvalidName, Name};
use crate::import::ImportError;
use crate::migrate::{Before, Drivers, MigrateError, read_text};
use crate::recipient::age::{AgeError, Identity, is_age_file};
use crate::recipient::identities::Identities;
use crate::recipient::read_line;
use crate::secret::WipedVec;

/// The file with the recipients.
const LIST: &str = "git-agecrypt.toml";

/// git-agecrypt.
pub struct GitAgecrypt;

fn key_of(value: &[u8]) -> Option<Result<Name, InvalidName>> {
    (value == b"git-agecrypt").then(|| Ok(Name::default()))
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    config: BTreeMap<String, Vec<String>>,
}

impl List {
    fn parse(text: &[u8]) -> Option<Self> {
        toml::from_str(std::str::from_utf8(text).ok()?).ok()
    }
}

/// Gives each set of recipients a key: the one with most files is the default key.
fn group(before: &mut Before, list: &List) -> Vec<Person> {
    let mut groups: BTreeMap<BTreeSet<&str>, Vec<Vec<u8>>> = BTreeMap::new();
    for path in before.sealed.keys() {
        let listed = std::str::from_utf8(path).ok().and_then(|path| list.config.get(path));
        let set = listed.into_iter().flatten().map(|line| line.trim()).collect();
        groups.entry(set).or_default().push(path.clone());
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(set, paths)| (set.is_empty(), std::cmp::Reverse(paths.len())));
    let mut names: BTreeMap<&str, BTreeSet<Name>> = BTreeMap::new();
    for (at, (set, paths)) in groups.into_iter().enumerate() {
        let name = match at {
            0 => Name::default(),
            _ => format!("group-{}", at + 1).parse().expect("it has letters and digits"),
        };
        for line in set {
            names.entry(line).or_default().insert(name.clone());
        }
        for path in paths.into_iter().filter(|_| at > 0) {
            let (file, _) = before.sealed[&path].clone();
            before.add(path, file, name.clone());
        }
    }
    let person = |(line, names): (&str, _)| {
        let who = Who::Line(line.to_owned());
        Person { who, names, place: LIST.to_owned() }
    };
    names.into_iter().map(person).collect()
}

/// The identities of the clone's configuration, and those that are given.
fn identities(setting: &Setting<'_>) -> Result<Identities, MigrateError> {
    let mut identities = setting.identities.gather_age()?;
    for file in read_all(setting.repository, "git-agecrypt.config.identity")? {
        // git runs the filter at the top.
        let path = top(setting.repository)?.join(&file);
        identities.add_file(&path).map_err(|error| MigrateError::Locked {
            why: format!("the identity of git-agecrypt's configuration: {error}"),
            hint: "look at 'git-agecrypt config list -i'; --identity FILE gives another one",
        })?;
    }
    Ok(identities)
}

impl RepositoryTool for GitAgecrypt {
    fn drivers(&self) -> Drivers {
        Drivers { tool: "git-agecrypt", key_of, merges: false, own: &[], keeps_keys: false }
    }

    fn state_dir(&self, _: &Repository) -> Result<Vec<u8>, MigrateError> {
        Ok(Vec::new())
    }

    fn look(
        &self,
        setting: &Setting<'_>,
        before: &mut Before,
    ) -> Result<Vec<Person>, MigrateError> {
        let Some(file) = before.file(LIST.as_bytes()).filter(|file| file.is_regular()).cloned()
        else {
            return Ok(Vec::new());
        };
        let text = read_text(setting.repository, &file)?;
        let list = List::parse(&text).ok_or_else(|| MigrateError::NotOpened {
            path: LIST.to_owned(),
            why: "it does not read as git-agecrypt writes it".to_owned(),
            hint: Some("correct it, commit that, and run this again"),
        })?;
        before.state_files.push(file.path);
        Ok(group(before, &list))
    }

    fn opener<'s>(&self, setting: &Setting<'s>, _: &Before) -> Result<Opener<'s>, ImportError> {
        let identities = identities(setting)?;
        if identities.age.is_empty() {
            return Err(MigrateError::Locked {
                why: "this clone has no identity for git-agecrypt".to_owned(),
                hint: "give one with --identity FILE, or: git-agecrypt config add -i FILE",
            }
            .into());
        }
        Ok(Box::new(move |path, bytes, _, ask| {
            if !is_age_file(bytes) {
                return Ok(None);
            }
            let mut why = "no identity that is given here opens it".to_owned();
            for identity in &identities.age {
                match identity.open_file(bytes, ask) {
                    Ok(plaintext) => {
                        let mut wiped = WipedVec::with_capacity(plaintext.len());
                        wiped.extend_from_slice(&plaintext);
                        return Ok(Some(wiped));
                    }
                    Err(AgeError::NoMatch) => {}
                    Err(error) => why = error.to_string(),
                }
            }
            let path = crate::sanitise::path(path);
            let hint = Some("give another identity with --identity FILE, or restore the file");
            Err(MigrateError::NotOpened { path, why, hint })
        }))
    }

    fn is_own(&self, setting: &Setting<'_>, line: &str) -> bool {
        let Some(Ok((recipient, _))) = read_line(line) else { return false };
        let identities = identities(setting);
        let own = identities.iter().flat_map(|it| &it.age).filter_map(Identity::recipient);
        own.into_iter().any(|own| own == recipient.as_str())
    }

    fn settings(&self) -> &'static str {
        r"^(filter|diff)\.git-agecrypt\."
    }

    fn guard(&self) -> Option<Guard> {
        Some(Guard { begins: &["age-encr", "-----BEG"], back: "git-agecrypt init" })
    }

    fn needle(&self) -> &'static str {
        "filter=git-agecrypt"
    }

    fn left(&self, repository: &Repository) -> Vec<String> {
        let cache = read_path(repository, "git-agecrypt").filter(|cache| cache.exists());
        let cache = cache.map(|_| {
            "git-agecrypt's folder .git/git-agecrypt and its identities in .git/config are not needed any more"
                .to_owned()
        });
        cache.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_filter_is_taken() {
        assert_eq!(key_of(b"git-agecrypt"), Some(Ok(Name::default())));
        assert_eq!(key_of(b"git-agecrypt-2"), None);
        assert_eq!(key_of(b"git-crypt"), None);
    }

    #[test]
    fn a_list_that_somebody_pushed_is_read_or_refused() {
        let list = List::parse(b"[config]\n\"a b\" = [\"age1x\", \"y\"]\n").unwrap();
        assert_eq!(list.config["a b"], ["age1x", "y"]);
        assert!(List::parse(b"").unwrap().config.is_empty());
        for bad in [&b"config = 1"[..], b"[config]\na = \"x\"", b"\xff", b"["] {
            assert!(List::parse(bad).is_none());
        }
    }
}
