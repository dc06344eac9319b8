//! Tools that keep the plaintext, ignored, beside a file that gpg has encrypted.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use super::tool::{Opener, Setting};
use crate::access::sealed_file::MAX_LEN;
use crate::clone::top;
use crate::git::attributes_file::exception_for;
use crate::git::repository::Repository;
use crate::git_crypt::Name;
use crate::import::ImportError;
use crate::migrate::{Before, LineChange, MigrateError, NewText, read_text};
use crate::recipient::openpgp::{Certificate, Gpg};
use crate::sanitise;
use crate::secret::WipedVec;
use crate::store::shroud_dir;

/// How a tool names its files.
pub(super) struct Naming<'n> {
    /// What is behind the name of a file that is encrypted.
    pub(super) extension: &'n str,
    /// What encrypts a file again.
    pub(super) hide: &'static str,
}

impl Naming<'_> {
    /// The file that is encrypted for a path: a name that ends so already stays (basename(1)).
    fn encrypted(&self, path: &[u8]) -> Vec<u8> {
        let extension = self.extension.as_bytes();
        let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
        let has = name.len() > extension.len() && name.ends_with(extension);
        if has { path.to_vec() } else { [path, extension].concat() }
    }

    /// Takes each of these files in under its own path, and its encrypted one out.
    pub(super) fn pair(
        &self,
        repository: &Repository,
        before: &mut Before,
        paths: BTreeSet<Vec<u8>>,
    ) -> Result<(), MigrateError> {
        let tool = before.drivers.tool;
        let mut taken = BTreeSet::new();
        for path in paths {
            let shown = sanitise::path(&path);
            let refused = |why: String, hint| {
                let path = shown.clone();
                MigrateError::NotOpened { path, why, hint }
            };
            let native = crate::repo_path::to_native(&path);
            let is_gits = exception_for(&path).is_some() || path.ends_with(b".gitattributes");
            let of_us = [shroud_dir::NAME.as_bytes(), b"/"].concat();
            let Some(native) = native.filter(|_| !is_gits && !path.starts_with(&of_us)) else {
                return Err(refused(
                    format!("{tool} lists it, and no file with this path can be sealed"),
                    Some("take it from the tool's list, commit that, and run this again"),
                ));
            };
            let encrypted = self.encrypted(&path);
            let file = before.file(&encrypted).cloned();
            let Some(file) = file else {
                let why =
                    format!("{tool} lists it, and {} is not committed", sanitise::path(&encrypted));
                return Err(refused(why, Some(self.hide)));
            };
            if !file.is_regular() {
                let path = sanitise::path(&encrypted);
                return Err(MigrateError::NotAFile { path, tool });
            }
            let is_there = before.files.iter().any(|other| is_in_the_way(&other.path, &path));
            if encrypted == path || is_there {
                return Err(refused(
                    format!("the repository has it in plaintext, beside what {tool} has encrypted"),
                    Some(
                        "take one of them out, commit that, and run this again: git rm --cached PATH",
                    ),
                ));
            }
            if !taken.insert(encrypted.clone()) {
                let why = format!(
                    "{tool} lists another file that is encrypted as {} too",
                    sanitise::path(&encrypted)
                );
                return Err(refused(why, None));
            }
            let mut file = file;
            let here = top(repository)?.join(native);
            if let Some(mode) = crate::fs::mode_of(&here) {
                file.mode = if mode & 0o100 != 0 { "100755" } else { "100644" }.to_owned();
            }
            before.state_files.push(encrypted);
            before.add(path, file, Name::default());
        }
        before.read_added(repository)?;
        unignore(repository, before)
    }
}

/// Whether a file has this path, or is where a folder of it should be, or below it.
fn is_in_the_way(other: &[u8], path: &[u8]) -> bool {
    let below = |one: &[u8], folder: &[u8]| {
        one.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    };
    below(other, path) || below(path, other)
}

/// Takes the lines from every `.gitignore` that name one of the files alone.
fn unignore(repository: &Repository, before: &mut Before) -> Result<(), MigrateError> {
    let is_ignore = |path: &[u8]| path == b".gitignore" || path.ends_with(b"/.gitignore");
    let ignores = before.files.iter().filter(|it| it.is_regular() && is_ignore(&it.path));
    let ignores: Vec<_> = ignores.cloned().collect();
    for file in ignores {
        let text = read_text(repository, &file)?;
        let folder = &file.path[..file.path.len() - b".gitignore".len()];
        let names: BTreeSet<&[u8]> =
            before.added.iter().filter_map(|path| path.strip_prefix(folder)).collect();
        let (kept, changes) = without(&text, &names);
        if !changes.is_empty() {
            before.lists.push(NewText { file, text: kept, changes });
        }
    }
    Ok(())
}

/// The text without the lines that are one of these paths, and those lines.
fn without(text: &[u8], names: &BTreeSet<&[u8]>) -> (Vec<u8>, Vec<LineChange>) {
    let (mut kept, mut changes) = (Vec::new(), Vec::new());
    for (at, whole) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let line = whole.strip_suffix(b"\n").unwrap_or(whole);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let name = unescape(line.strip_prefix(b"/").unwrap_or(line));
        if names.contains(&name[..]) {
            changes.push(LineChange { line: at + 1, old: line.to_vec(), new: None });
        } else {
            kept.extend_from_slice(whole);
        }
    }
    (kept, changes)
}

/// What a line says without the backslashes before single characters.
fn unescape(line: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(line.len());
    let mut bytes = line.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'\\' => plain.extend(bytes.next()),
            _ => plain.push(byte),
        }
    }
    plain
}

/// The user's gpg.
fn gpg(repository: &Repository) -> Result<Gpg, MigrateError> {
    Gpg::find(repository.gpg_program().as_deref()).ok_or_else(|| MigrateError::Locked {
        why: "gpg is not installed, and it has the keys".to_owned(),
        hint: "install GnuPG, or name it: git config gpg.program PROGRAM",
    })
}

/// What opens the files: the user's gpg.
pub(super) fn opener<'s>(setting: &Setting<'s>) -> Result<Opener<'s>, ImportError> {
    let gpg = gpg(setting.repository)?;
    Ok(Box::new(move |path, bytes, _, _| {
        let opened = gpg.decrypt_within(bytes, MAX_LEN).map_err(|error| {
            let (path, why) = (sanitise::path(path), error.to_string());
            MigrateError::NotOpened { path, why, hint: error.hint() }
        })?;
        let mut plaintext = WipedVec::with_capacity(opened.len());
        plaintext.extend_from_slice(&opened);
        Ok(Some(plaintext))
    }))
}

/// The certificates of the keyring in the tool's folder, and the path of its file.
pub(super) fn certificates(
    repository: &Repository,
    before: &Before,
    dir: &str,
) -> Result<(Vec<Certificate>, String), MigrateError> {
    let names = ["pubring.kbx", "pubring.gpg"];
    let mut files = Vec::new();
    for name in names {
        let path = format!("{dir}/{name}");
        if let Some(file) = before.file(path.as_bytes()) {
            files.push((name, path, read_text(repository, file)?));
        }
    }
    let Some((_, place, _)) = files.first() else { return Ok((Vec::new(), String::new())) };
    let copies: Vec<_> = files.iter().map(|(name, _, bytes)| (*name, &bytes[..])).collect();
    let found = gpg(repository)?.certificates_of(&copies).map_err(|error| {
        MigrateError::NotOpened { path: place.clone(), why: error.to_string(), hint: error.hint() }
    })?;
    let found = found.iter().filter_map(|one| Certificate::parse(one).ok()).collect();
    Ok((found, place.clone()))
}

/// A variable of the environment that the tool reads too.
pub(super) fn variable(name: &str, default: &str) -> String {
    let set = std::env::var_os(name);
    let set = set.as_deref().and_then(OsStr::to_str).filter(|set| !set.is_empty());
    set.unwrap_or(default).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_shell_scripts() {
        let naming = Naming { extension: ".secret", hide: "" };
        let of = |path: &str| String::from_utf8(naming.encrypted(path.as_bytes())).unwrap();
        assert_eq!(of("a/b.env"), "a/b.env.secret");
        assert_eq!(of("a/b.secret"), "a/b.secret");
        assert_eq!(of("a/.secret"), "a/.secret.secret");
    }

    #[test]
    fn only_lines_that_name_the_file_alone_go() {
        let text = b"/a b\r\n*.env\na\\ b\n!a b\nx/a b\n#a b\n";
        let names = BTreeSet::from([&b"a b"[..]]);
        let (kept, changes) = without(text, &names);
        assert_eq!(kept, b"*.env\n!a b\nx/a b\n#a b\n");
        assert_eq!(changes.iter().map(|change| change.line).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn a_file_where_a_folder_should_be_is_in_the_way() {
        assert!(is_in_the_way(b"a/b", b"a/b") && is_in_the_way(b"a", b"a/b"));
        assert!(is_in_the_way(b"a/b/c", b"a/b") && !is_in_the_way(b"a/bc", b"a/b"));
    }
}
