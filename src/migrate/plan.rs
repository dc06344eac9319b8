//! What a migration is to change, and the proof that the same files are sealed after it as before.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gix::attrs::StateRef;

use super::MigrateError;
use super::attributes::{LineChange, NewText, Rewriting, filters, rewrite};
use super::before::{ATTRIBUTES, Before, EFFECTS, Values, file_name};
use super::by_value::ByValue;
use crate::git::GitError;
use crate::git::attributes::{DRIVER, ENCODING, conversion};
use crate::git::attributes_file::{AttributesFile, Wanted, pattern_for};
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
    pub found: Before,
    /// The new name of each key of the tool.
    pub names: BTreeMap<Name, KeyName>,
    /// The attributes files that change.
    pub attributes: Vec<NewText>,
    /// What changes besides.
    pub side_effects: Vec<SideEffect>,
    /// Which files are sealed by value; `None` where all are sealed whole.
    pub by_value: Option<ByValue>,
    /// Whether git refuses plaintext in clones that were never set up.
    pub tripwire: bool,
}

impl Plan {
    /// Rewrites the attributes in memory, and compares what git says of every path under both. The tripwire is left out where
    /// it would keep git from adding a file that is not sealed.
    ///
    /// # Errors
    /// A line cannot be rewritten, another set of files would be sealed, or git would change sealed bytes.
    pub fn make(
        repository: &Repository,
        found: Before,
        names: BTreeMap<Name, KeyName>,
        by_value: Option<ByValue>,
        tripwire: bool,
    ) -> Result<Self, MigrateError> {
        let (attributes, side_effects) = (Vec::new(), Vec::new());
        let mut plan = Self { found, names, attributes, side_effects, by_value, tripwire };
        let mut after = plan.lay_out(repository)?;
        if plan.side_effects.iter().any(|effect| effect.attribute == ENCODING) {
            plan.tripwire = false;
            after = plan.lay_out(repository)?;
        }
        if let Some(by_value) = &mut plan.by_value {
            by_value.confine(|path| {
                after.get(path).and_then(|values| values.last()).is_some_and(|by| by == b"value")
            });
        }
        Ok(plan)
    }

    /// The new attributes files, and what they say of every path.
    fn lay_out(
        &mut self,
        repository: &Repository,
    ) -> Result<BTreeMap<Vec<u8>, Values>, MigrateError> {
        let plan = self;
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
        Ok(after)
    }

    /// The key that is to seal what a key of the tool has encrypted.
    pub fn key_of(&self, name: &Name) -> &KeyName {
        &self.names[name]
    }

    fn rewrite(
        &mut self,
        explicit_default: bool,
        exception_text: &str,
    ) -> Result<(), MigrateError> {
        let all = self.found.attributes.iter().flat_map(|(_, text)| filters(text));
        let drivers = self.found.drivers;
        let other =
            |filter: Vec<u8>| drivers.key_of(&filter).is_none() && filter != DRIVER.as_bytes();
        let mut how = Rewriting {
            drivers,
            names: &self.names,
            state_dir: &self.found.state_dir,
            explicit_default,
            exception_text,
            other_filters: all.into_iter().any(other),
            by_value: BTreeSet::new(),
            any_by_value: self.by_value.as_ref().is_some_and(ByValue::is_any),
            tripwire: self.tripwire,
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
            let new = NewText { file: file.clone(), text: new, changes };
            let new = if file.path == TOP { self.with_added(new)? } else { new };
            if !new.changes.is_empty() {
                self.attributes.push(new);
            }
        }
        Ok(())
    }

    /// The attributes at the top, with a line for each file that gets one of its own.
    fn with_added(&self, top: NewText) -> Result<NewText, MigrateError> {
        let NewText { file, text, mut changes } = top;
        if self.found.added.is_empty() {
            return Ok(NewText { file, text, changes });
        }
        let mut lines = AttributesFile::of(Path::new(".gitattributes"), &text);
        let others = self.found.attributes.iter().map(|(_, text)| text);
        let tracked = others
            .chain(self.attributes.iter().map(|new| &new.text))
            .chain([&text])
            .flat_map(|text| AttributesFile::of(Path::new(""), text).tracked());
        let tracked: Vec<_> = tracked.collect();
        let names_key = self.names.values().any(|key| key.as_str() != KeyName::DEFAULT);
        let wanted = || Wanted {
            layout: None,
            values: Some(None),
            others_by_value: tracked.iter().any(|line| line.values.is_some()),
            resets_key: names_key || tracked.iter().any(|line| line.key.is_some()),
        };
        for path in &self.found.added {
            let (_, name) = &self.found.sealed[path];
            let tracked = lines.track(&pattern_for(path), self.key_of(name), wanted());
            tracked.map_err(|error| MigrateError::NotOpened {
                path: crate::sanitise::path(path),
                why: error.to_string(),
                hint: Some("rename the file, commit that, and run this again"),
            })?;
        }
        let new = lines.text();
        let before: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
        let added = new.split(|&byte| byte == b'\n').filter(|line| !before.contains(line));
        let added =
            added.map(|line| LineChange { line: 0, old: Vec::new(), new: Some(line.to_vec()) });
        changes.extend(added);
        Ok(NewText { file, text: new, changes })
    }

    fn attributes_after(
        &self,
        repository: &Repository,
    ) -> Result<BTreeMap<Vec<u8>, Values>, GitError> {
        let index = ScratchIndex::of(repository, &self.found.head, true)?;
        let mut set = Vec::new();
        for NewText { file, text, .. } in &self.attributes {
            set.push(File { id: index.write_blob(text)?, ..file.clone() });
        }
        index.update(&set, &self.found.state_files)?;
        let is_kept = |path: &&Vec<u8>| !self.found.state_files.contains(path);
        let paths = self.found.values.keys().filter(is_kept).cloned();
        index.attributes(ATTRIBUTES, paths)
    }

    /// The name of the tool's key that is for a path; `None` where it is not to be sealed.
    fn name_of(&self, path: &[u8], before: &Values) -> Option<Name> {
        match self.found.sealed.get(path).filter(|_| self.found.added.contains(path)) {
            Some((_, name)) => Some(name.clone()),
            None => self.found.drivers.key_of(&before[0])?.ok(),
        }
    }

    /// The paths whose key, or whose filter, would be another, with both in words.
    fn differences(&self, after: &BTreeMap<Vec<u8>, Values>) -> Vec<(Vec<u8>, String, String)> {
        let mut differences = Vec::new();
        for (path, after) in after {
            let before = &self.found.values[path];
            let wanted = self.name_of(path, before);
            let wanted = wanted.and_then(|name| self.names.get(&name));
            let wanted = wanted.map(|key| sealed_with(key.as_str()));
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

    /// git would change what is sealed on its way to the repository; with the other tool too, and nobody noticed.
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
