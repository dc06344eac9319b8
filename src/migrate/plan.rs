//! What a migration is to change, and the proof that the same files are sealed after it as before.

use std::collections::{BTreeMap, BTreeSet};

use gix::attrs::StateRef;

use super::MigrateError;
use super::attributes::{LineChange, Rewriting, filters, rewrite};
use super::by_value::ByValue;
use super::git_crypt_repo::{ATTRIBUTES, EFFECTS, GitCryptRepo, Values, file_name};
use crate::git::GitError;
use crate::git::attributes::{DRIVER, conversion};
use crate::git::repository::Repository;
use crate::git::scratch::{File, ScratchIndex};
use crate::git_crypt::Name;
use crate::keyring::KeyName;

/// How many paths an error names.
const NAMED: usize = 10;
/// What a file that has no attributes file gets.
const MODE: &str = "100644";
/// What takes a value away and does not say which counts then.
const UNSAID: &str = "!text";
const TOP: &[u8] = b".gitattributes";

/// An attributes file that should be another.
pub struct NewAttributes {
    /// Its path and mode; the blob is the one that it has now.
    pub file: File,
    /// What it is to hold.
    pub text: Vec<u8>,
    /// The lines that differ.
    pub changes: Vec<LineChange>,
}

/// An attribute of a file that is not sealed, which is another after the migration.
#[derive(Debug, PartialEq, Eq)]
pub struct SideEffect {
    /// The file.
    pub path: Vec<u8>,
    /// The attribute.
    pub attribute: &'static str,
    /// Its value before, as `git check-attr` writes it.
    pub before: Vec<u8>,
    /// Its value after.
    pub after: Vec<u8>,
}

/// What should be done.
pub struct Plan {
    /// What there is.
    pub found: GitCryptRepo,
    /// The new name of each key of git-crypt.
    pub names: BTreeMap<Name, KeyName>,
    /// The attributes files that change.
    pub attributes: Vec<NewAttributes>,
    /// What changes besides.
    pub side_effects: Vec<SideEffect>,
    /// Which files are sealed by value; `None` where all are sealed whole.
    pub by_value: Option<ByValue>,
}

impl Plan {
    /// Rewrites the attributes in memory, and compares what git says of every path under both.
    ///
    /// # Errors
    /// A line cannot be rewritten, another set of files would be sealed, or git would change sealed bytes.
    pub fn make(
        repository: &Repository,
        found: GitCryptRepo,
        names: BTreeMap<Name, KeyName>,
        by_value: Option<ByValue>,
    ) -> Result<Self, MigrateError> {
        let (attributes, side_effects) = (Vec::new(), Vec::new());
        let mut plan = Self { found, names, attributes, side_effects, by_value };
        plan.rewrite(false, UNSAID)?;
        let mut after = plan.attributes_after(repository)?;
        // A line for the default key is below one for another key.
        let explicit_default = !plan.differences(&after).is_empty();
        if explicit_default {
            plan.rewrite(true, UNSAID)?;
            after = plan.attributes_after(repository)?;
        }
        plan.refuse_differences(&after)?;
        let effects = plan.find_side_effects(&after);
        if let Some(text) = text_before(&effects) {
            plan.rewrite(explicit_default, &text)?;
            let other = plan.attributes_after(repository)?;
            if plan.find_side_effects(&other).len() < effects.len() {
                after = other;
            } else {
                plan.rewrite(explicit_default, UNSAID)?;
            }
        }
        plan.refuse_differences(&after)?;
        plan.refuse_conversions(&after)?;
        plan.side_effects = plan.find_side_effects(&after);
        if let Some(by_value) = &mut plan.by_value {
            by_value.confine(|path| {
                after.get(path).and_then(|values| values.last()).is_some_and(|by| by == b"value")
            });
        }
        Ok(plan)
    }

    /// The key that is to seal a path of git-crypt's.
    pub fn key_of(&self, name: &Name) -> &KeyName {
        &self.names[name]
    }

    fn rewrite(
        &mut self,
        explicit_default: bool,
        exception_text: &str,
    ) -> Result<(), MigrateError> {
        let all = self.found.attributes.iter().flat_map(|(_, text)| filters(text));
        let other =
            |filter: Vec<u8>| Name::from_driver(&filter).is_none() && filter != DRIVER.as_bytes();
        let mut how = Rewriting {
            names: &self.names,
            state_dir: &self.found.state_dir,
            explicit_default,
            exception_text,
            other_filters: all.into_iter().any(other),
            by_value: BTreeSet::new(),
            any_by_value: self.by_value.as_ref().is_some_and(ByValue::is_any),
        };
        let id = gix::ObjectId::null(gix::hash::Kind::Sha1);
        let new_top = (File { mode: MODE.to_owned(), id, path: TOP.to_vec() }, Vec::new());
        let has_top = self.found.attributes.iter().any(|(file, _)| file.path == TOP);
        self.attributes.clear();
        for (file, text) in self.found.attributes.iter().chain((!has_top).then_some(&new_top)) {
            how.by_value =
                self.by_value.as_ref().map(|by| by.lines_of(&file.path)).unwrap_or_default();
            let (new, changes) = rewrite(text, file.path == TOP, &how).map_err(|source| {
                MigrateError::UnknownName { path: crate::sanitise::path(&file.path), source }
            })?;
            if !changes.is_empty() {
                self.attributes.push(NewAttributes { file: file.clone(), text: new, changes });
            }
        }
        Ok(())
    }

    fn attributes_after(
        &self,
        repository: &Repository,
    ) -> Result<BTreeMap<Vec<u8>, Values>, GitError> {
        let index = ScratchIndex::of(repository, &self.found.head, true)?;
        let mut set = Vec::new();
        for NewAttributes { file, text, .. } in &self.attributes {
            set.push(File { id: index.write_blob(text)?, ..file.clone() });
        }
        index.update(&set, &self.found.state_files)?;
        let is_kept = |path: &&Vec<u8>| !self.found.state_files.contains(path);
        let paths = self.found.values.keys().filter(is_kept).cloned();
        index.attributes(ATTRIBUTES, paths)
    }

    /// The paths whose key, or whose filter, would be another, with both in words.
    fn differences(&self, after: &BTreeMap<Vec<u8>, Values>) -> Vec<(Vec<u8>, String, String)> {
        let mut differences = Vec::new();
        for (path, after) in after {
            let before = &self.found.values[path];
            let wanted = match Name::from_driver(&before[0]) {
                Some(Ok(name)) => self.names.get(&name).map(|key| sealed_with(key.as_str())),
                _ => Some(describe(before)),
            };
            let wanted = wanted.unwrap_or_else(|| describe(before));
            let found = describe(after);
            if wanted != found {
                differences.push((path.clone(), wanted, found));
            }
        }
        differences
    }

    fn refuse_differences(&self, after: &BTreeMap<Vec<u8>, Values>) -> Result<(), MigrateError> {
        let differences = self.differences(after);
        if differences.is_empty() {
            return Ok(());
        }
        let told = differences.iter().take(NAMED).map(|(path, wanted, found)| {
            format!("{}: should be {wanted}, would be {found}", crate::sanitise::path(path))
        });
        Err(MigrateError::OtherFiles {
            number: differences.len() as u64,
            some: told.collect(),
            local: self.found.local_filters,
        })
    }

    /// git would change what is sealed on its way to the repository; with git-crypt too, and nobody noticed.
    fn refuse_conversions(&self, after: &BTreeMap<Vec<u8>, Values>) -> Result<(), MigrateError> {
        for path in self.found.sealed.keys() {
            let Some(values) = after.get(path) else { continue };
            let state = |name: &'static str| {
                let at = ATTRIBUTES.iter().position(|attribute| *attribute == name);
                match at.map_or(&b""[..], |at| &values[at]) {
                    b"set" => StateRef::Set,
                    b"unset" => StateRef::Unset,
                    b"" | b"unspecified" => StateRef::Unspecified,
                    value => StateRef::from_bytes(value),
                }
            };
            if let Some(attribute) = conversion(&state) {
                let path = crate::sanitise::path(path);
                return Err(MigrateError::Conversion { path, attribute: attribute.to_owned() });
            }
        }
        Ok(())
    }

    fn find_side_effects(&self, after: &BTreeMap<Vec<u8>, Values>) -> Vec<SideEffect> {
        let mut effects = Vec::new();
        for (path, after) in after {
            // git reads its own files whatever their line ends.
            if self.found.sealed.contains_key(path) || file_name(path) == TOP {
                continue;
            }
            let before = &self.found.values[path];
            for (at, attribute) in
                ATTRIBUTES.iter().enumerate().filter(|(at, _)| EFFECTS.contains(at))
            {
                if before[at] != after[at] {
                    effects.push(SideEffect {
                        path: path.clone(),
                        attribute,
                        before: before[at].clone(),
                        after: after[at].clone(),
                    });
                }
            }
        }
        effects
    }
}

/// What the first of these files had for `text`, as it is in a line.
fn text_before(effects: &[SideEffect]) -> Option<String> {
    let effect = effects.iter().find(|effect| effect.attribute == "text")?;
    match effect.before.as_slice() {
        b"set" => Some("text".to_owned()),
        b"unset" => Some("-text".to_owned()),
        b"unspecified" => None,
        value => Some(format!("text={}", std::str::from_utf8(value).ok()?)),
    }
}

fn sealed_with(key: &str) -> String {
    format!("sealed with key '{key}'")
}

/// What filter and key say, in words.
fn describe(values: &Values) -> String {
    let text = |value: &[u8]| crate::sanitise::line(&String::from_utf8_lossy(value));
    match (values[0].as_slice(), values[1].as_slice()) {
        (b"shroud", b"unspecified" | b"") => sealed_with(KeyName::DEFAULT),
        (b"shroud", key) => sealed_with(&text(key)),
        (b"unspecified" | b"unset" | b"", _) => "without a filter".to_owned(),
        (filter, _) => format!("under the filter '{}'", text(filter)),
    }
}
