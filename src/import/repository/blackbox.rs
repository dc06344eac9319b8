//! blackbox: files beside their plaintext, encrypted with gpg to the administrators of a list.

use std::collections::BTreeSet;

use super::beside::{Naming, certificates, opener};
use super::tool::{Opener, Person, RepositoryTool, Setting, Who};
use crate::git::repository::Repository;
use crate::git_crypt::Name;
use crate::import::ImportError;
use crate::migrate::{Before, Drivers, MigrateError, read_text};
use crate::recipient::openpgp::Certificate;

/// Its folders, the one of today first.
const DIRS: [&str; 2] = [".blackbox", "keyrings/live"];
const FILES: &str = "blackbox-files.txt";
const ADMINS: &str = "blackbox-admins.txt";
const HIDE: &str =
    "run 'blackbox_edit_end' for the file, commit what it writes, and run this again";

/// blackbox.
pub struct Blackbox;

/// The folder of these that the last commit has.
fn dir(repository: &Repository) -> Result<&'static str, MigrateError> {
    for dir in DIRS {
        let name = format!("HEAD:{dir}/{FILES}");
        if repository.git.query(["rev-parse", "-q", "--verify", &name])?.is_some() {
            return Ok(dir);
        }
    }
    Ok(DIRS[0])
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines =
        text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter(|line| !line.is_empty())
}

/// The certificates that a line of the list of administrators may mean, as gpg would find them by it.
fn meant<'c>(certificates: &'c [Certificate], admin: &str) -> Vec<&'c Certificate> {
    let digits = admin.strip_prefix("0x").unwrap_or(admin).to_ascii_uppercase();
    let is_key = digits.len() >= 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let address = admin.trim_start_matches('<').trim_end_matches('>').to_lowercase();
    let fits = |certificate: &&Certificate| match (is_key, address.contains('@')) {
        (true, _) => certificate.key_fingerprints().iter().any(|own| own.ends_with(&digits)),
        (_, true) => certificate.emails().iter().any(|own| own.to_lowercase() == address),
        _ => certificate.user_ids().iter().any(|own| own.to_lowercase().contains(&address)),
    };
    certificates.iter().filter(fits).collect()
}

impl RepositoryTool for Blackbox {
    fn drivers(&self) -> Drivers {
        Drivers {
            tool: "blackbox",
            key_of: |_| None,
            merges: false,
            own: &[b"diff=blackbox"],
            keeps_keys: false,
        }
    }

    fn state_dir(&self, repository: &Repository) -> Result<Vec<u8>, MigrateError> {
        Ok(dir(repository)?.into())
    }

    fn look(
        &self,
        setting: &Setting<'_>,
        before: &mut Before,
    ) -> Result<Vec<Person>, MigrateError> {
        let repository = setting.repository;
        let dir = dir(repository)?;
        let read =
            |before: &Before, name: &str| match before.file(format!("{dir}/{name}").as_bytes()) {
                Some(file) => read_text(repository, file),
                None => Ok(Vec::new()),
            };
        let files = read(before, FILES)?;
        let paths = lines(&files).map(<[u8]>::to_vec).collect();
        Naming { extension: ".gpg", hide: HIDE }.pair(repository, before, paths)?;
        let admins = read(before, ADMINS)?;
        let admins: BTreeSet<String> = lines(&admins)
            .filter_map(|line| {
                Some(String::from_utf8_lossy(line).split_whitespace().next()?.to_owned())
            })
            .collect();
        let (certificates, _) = certificates(repository, before, dir)?;
        let mut people: Vec<Person> = Vec::new();
        let mut seen = BTreeSet::new();
        for admin in admins {
            let unknown = |why: &str| Who::Unknown { text: admin.clone(), why: why.to_owned() };
            let who = match meant(&certificates, &admin)[..] {
                [one] if !seen.insert(one.fingerprint()) => continue,
                [one] => Who::Certificate(Box::new(one.copy())),
                [] => unknown("the keyring of the repository has no certificate for this name"),
                _ => {
                    unknown("the keyring of the repository has several certificates for this name")
                }
            };
            let place = format!("{dir}/{ADMINS}");
            people.push(Person { who, names: BTreeSet::from([Name::default()]), place });
        }
        Ok(people)
    }

    fn opener<'s>(&self, setting: &Setting<'s>, _: &Before) -> Result<Opener<'s>, ImportError> {
        opener(setting)
    }

    fn hides_with(&self) -> Option<&'static str> {
        Some(HIDE)
    }

    fn settings(&self) -> &'static str {
        r"^diff\.blackbox\."
    }

    fn needle(&self) -> &'static str {
        ""
    }

    fn left(&self, repository: &Repository) -> Vec<String> {
        let top = repository.worktree.as_deref();
        let there = DIRS.iter().filter(|dir| top.is_some_and(|top| top.join(dir).exists()));
        let left = there.map(|dir| {
            format!("untracked files of blackbox are left in {dir}: look at them, and remove them")
        });
        left.collect()
    }
}
