//! Files of environments that a repository has already.

use gix::bstr::ByteSlice as _;

use crate::config_format::Format;
use crate::environments::FOLDER;
use crate::git::GitError;
use crate::git::attributes::Attributes;
use crate::git::repository::Repository;
use crate::keyring::KeyName;

/// What environments are called where none is named.
const USUAL: [&str; 10] = [
    "dev",
    "development",
    "qa",
    "uat",
    "stage",
    "staging",
    "preprod",
    "preproduction",
    "prod",
    "production",
];
/// Names that mean the same.
const SAME: [[&str; 2]; 4] = [
    ["dev", "development"],
    ["stage", "staging"],
    ["preprod", "preproduction"],
    ["prod", "production"],
];

/// A file that looks like one of an environment, and is not sealed yet.
pub struct Existing {
    /// Its path.
    pub path: Vec<u8>,
    /// The environment.
    pub environment: KeyName,
    /// Whether the repository has it.
    pub tracked: bool,
}

impl Existing {
    /// Whether it is in the usual folder of its environment.
    pub fn is_in_folder(&self) -> bool {
        self.path.starts_with(format!("{FOLDER}/{}/", self.environment).as_bytes())
    }
}

/// Finds them by their names: `prod/db.env`, `application-prod.yml`, `.env.prod`.
///
/// # Errors
/// git fails, or the attributes cannot be read.
pub(super) fn find_existing(
    repository: &Repository,
    names: &[KeyName],
) -> Result<Vec<Existing>, GitError> {
    let usual: Vec<KeyName> = USUAL.iter().filter_map(|name| name.parse().ok()).collect();
    let names = if names.is_empty() { &usual } else { names };
    let mut attributes = Attributes::new(repository)?;
    let mut found = Vec::new();
    for (tracked, option) in [(true, "--cached"), (false, "--others")] {
        let listed = repository.git.run(["ls-files", "-z", option, "--exclude-standard"])?;
        for path in listed.split(|&byte| byte == 0).filter(|path| !path.is_empty()) {
            let Some(environment) = environment_of(path, names) else { continue };
            if !attributes.of(path)?.is_encrypted() {
                found.push(Existing { path: path.to_vec(), environment, tracked });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found.dedup_by(|a, b| a.path == b.path);
    Ok(found)
}

/// The environment that a path names, in its file's name or in the folder nearest to it.
fn environment_of(path: &[u8], names: &[KeyName]) -> Option<KeyName> {
    Format::of_path(path)?;
    // What belongs to other programs is no configuration of this one.
    if path.starts_with(b".") && !path.starts_with(b".env") {
        return None;
    }
    let is = |part: &[u8]| {
        let part = part.to_ascii_lowercase();
        let exact = names.iter().find(|name| part == name.as_str().as_bytes());
        exact.or_else(|| {
            let same = SAME.iter().find(|pair| pair.iter().any(|name| part == name.as_bytes()))?;
            names.iter().find(|name| same.contains(&name.as_str()))
        })
    };
    let mut parts = path.rsplit_str("/");
    let file = parts.next()?;
    let words = file.split(|byte| matches!(byte, b'.' | b'-' | b'_'));
    words.into_iter().find_map(is).or_else(|| parts.find_map(is)).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names_and_folders() {
        let names: Vec<KeyName> =
            ["dev", "production"].iter().map(|name| name.parse().unwrap()).collect();
        for (path, expected) in [
            (".env.dev", Some("dev")),
            ("config/dev/db.yml", Some("dev")),
            ("src/main/resources/application-PROD.properties", Some("production")),
            ("dev.env", Some("dev")),
            ("dev/prod.toml", Some("production")),
            ("development.json", Some("dev")),
            ("dev/README.md", None),
            ("devices.json", None),
            (".github/dev.yml", None),
            ("staging.env", None),
        ] {
            let found = environment_of(path.as_bytes(), &names).map(|name| name.to_string());
            assert_eq!(found.as_deref(), expected, "{path}");
        }
    }
}
