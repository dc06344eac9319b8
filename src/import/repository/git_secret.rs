//! git-secret: files beside their plaintext, encrypted with gpg to everybody in a keyring of the repository.

use std::collections::BTreeSet;

use super::beside::{Naming, certificates, opener, variable};
use super::tool::{Opener, Person, RepositoryTool, Setting, Who};
use crate::git::repository::Repository;
use crate::git_crypt::Name;
use crate::import::ImportError;
use crate::migrate::{Before, Drivers, LineChange, MigrateError, read_text};

const HIDE: &str = "run 'git secret hide', commit what it writes, and run this again";

/// git-secret.
pub struct GitSecret;

/// Its folder, which the same variable moves as in git-secret.
fn dir() -> String {
    variable("SECRETS_DIR", ".gitsecret").trim_matches('/').to_owned()
}

/// The paths of a list: what is before the first colon of each line.
fn listed(text: &[u8]) -> BTreeSet<Vec<u8>> {
    let lines = text.split(|&byte| byte == b'\n');
    let paths = lines.filter_map(|line| line.split(|&byte| byte == b':').next());
    let paths = paths.map(|path| path.strip_suffix(b"\r").unwrap_or(path));
    paths.filter(|path| !path.is_empty()).map(<[u8]>::to_vec).collect()
}

impl RepositoryTool for GitSecret {
    fn drivers(&self) -> Drivers {
        Drivers { tool: "git-secret", key_of: |_| None, merges: false, own: &[], keeps_keys: false }
    }

    fn state_dir(&self, _: &Repository) -> Result<Vec<u8>, MigrateError> {
        Ok(dir().into_bytes())
    }

    fn look(
        &self,
        setting: &Setting<'_>,
        before: &mut Before,
    ) -> Result<Vec<Person>, MigrateError> {
        let repository = setting.repository;
        let list = format!("{}/paths/mapping.cfg", dir());
        let Some(list) = before.file(list.as_bytes()).cloned() else { return Ok(Vec::new()) };
        let paths = listed(&read_text(repository, &list)?);
        let extension = variable("SECRETS_EXTENSION", ".secret");
        Naming { extension: &extension, hide: HIDE }.pair(repository, before, paths)?;
        drop_exception(repository, before, &format!("!*{extension}"))?;
        let (found, place) = certificates(repository, before, &format!("{}/keys", dir()))?;
        let person = |certificate| Person {
            who: Who::Certificate(Box::new(certificate)),
            names: BTreeSet::from([Name::default()]),
            place: place.clone(),
        };
        Ok(found.into_iter().map(person).collect())
    }

    fn opener<'s>(&self, setting: &Setting<'s>, _: &Before) -> Result<Opener<'s>, ImportError> {
        opener(setting)
    }

    fn hides_with(&self) -> Option<&'static str> {
        Some(HIDE)
    }

    fn settings(&self) -> &'static str {
        ""
    }

    fn needle(&self) -> &'static str {
        ""
    }

    fn left(&self, repository: &Repository) -> Vec<String> {
        let top = repository.worktree.as_deref();
        let there = top.is_some_and(|top| top.join(dir()).exists());
        let left = there.then(|| {
            format!(
                "untracked files of git-secret are left in {}: look at them, and remove them",
                dir()
            )
        });
        left.into_iter().collect()
    }
}

/// The line that git-secret writes so that no pattern ignores its own files.
fn drop_exception(
    repository: &Repository,
    before: &mut Before,
    line: &str,
) -> Result<(), MigrateError> {
    let Some(file) = before.file(b".gitignore").filter(|file| file.is_regular()).cloned() else {
        return Ok(());
    };
    let text = read_text(repository, &file)?;
    let at = before.lists.iter().position(|list| list.file.path == file.path);
    let mut list = match at {
        Some(at) => before.lists.swap_remove(at),
        None => crate::migrate::NewText { file, text: text.clone(), changes: Vec::new() },
    };
    let is_line = |whole: &&[u8]| whole.trim_ascii_end() == line.as_bytes();
    let gone = text.split(|&byte| byte == b'\n').enumerate().filter(|(_, line)| is_line(line));
    let gone = gone.map(|(at, old)| LineChange { line: at + 1, old: old.to_vec(), new: None });
    list.changes.extend(gone);
    list.changes.sort_by_key(|change| change.line);
    let kept = list.text.split_inclusive(|&byte| byte == b'\n').filter(|whole| !is_line(whole));
    list.text = kept.collect::<Vec<_>>().concat();
    if !list.changes.is_empty() {
        before.lists.push(list);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_a_path_and_perhaps_a_hash_in_each_line() {
        let text = b"a b.env:0123\nsub/key:\r\nplain\n\n:x\n";
        let paths = [&b"a b.env"[..], b"plain", b"sub/key"].map(<[u8]>::to_vec);
        assert_eq!(listed(text), BTreeSet::from(paths));
    }
}
