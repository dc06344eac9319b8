//! What the files of one environment say.

use std::collections::{BTreeMap, BTreeSet};

use zeroize::Zeroizing;

use super::MARKER;
use super::sealed::{Comparable, SealedValue, is_sealed};
use crate::config_format::{Dialect, Document, Format, Kind, ReferenceError, Style, Value};
use crate::secret::WipedVec;

/// A file of an environment, as it was found.
pub struct File {
    /// Where it is, from the top of the repository, with '/' between the parts.
    pub path: String,
    /// Its format, by its name.
    pub format: Format,
    /// Whether the attributes say that it should be sealed.
    pub sealed: bool,
    /// Which of the environment's places it is in, counted from 0: what is in a later one counts.
    pub layer: usize,
    /// Names of values in it that are stored as plaintext, where it is sealed by value.
    pub exempt: BTreeSet<String>,
    /// What is in it.
    pub content: Content,
}

/// The content of a file.
pub enum Content {
    /// In the clear.
    Open(WipedVec),
    /// Sealed, and its key is not held here; which key that is.
    Locked(String),
    /// As `Locked`, but its names can be read: its values are sealed, each by itself.
    LockedValues(String, WipedVec),
    /// Why it cannot be read, though its names can: sealed values of it do not open.
    DamagedValues(String, WipedVec),
    /// Why it cannot be read.
    Unreadable(String),
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It was read.
    Read,
    /// Sealed, and its key is not held here; which key that is.
    Locked(String),
    /// Not read: the line, counted from 1, and why.
    Unreadable(usize, String),
}

/// A file without its content.
pub struct Source {
    /// Where it is, from the top of the repository.
    pub path: String,
    /// Its format.
    pub format: Format,
    /// Whether the attributes say that it should be sealed.
    pub sealed: bool,
    /// Which of the environment's places it is in, counted from 0: what is in a later one counts.
    pub layer: usize,
    /// What became of it.
    pub state: State,
    /// Whether it is not read, and its names are known: its values are sealed, each by itself.
    pub has_names: bool,
}

/// A file of an environment that is a property as a whole.
pub struct SecretFile {
    /// The property.
    pub property: String,
    /// Where it is, from the top of the repository, with '/' between the parts.
    pub path: String,
    /// Whether the attributes say that it should be sealed.
    pub sealed: bool,
    /// What is in it.
    pub content: Content,
}

/// A value of a property.
pub struct Setting {
    /// The value.
    pub value: Value,
    /// The names that lead to it in its file.
    pub path: Vec<String>,
    /// Which of the environment's sources it is in.
    pub source: usize,
    /// The line on which it begins, counted from 1.
    pub line: usize,
    /// Whether it is stored as plaintext though its file is sealed: by value, and its name is exempt.
    pub exempt: bool,
    /// The readers that would take it for another value, where the file is for none of them alone.
    pub differing: Vec<Dialect>,
    /// The reader that the file is for.
    pub dialect: Option<Dialect>,
    /// Where in the value references begin, as `${NAME}` of `.env` files.
    pub references: Vec<usize>,
    /// The value with what its references stand for; `None` where there are none, or nobody has followed them.
    pub meant: Option<Result<Zeroizing<String>, ReferenceError>>,
}

impl Setting {
    /// The value with what its references stand for; where that is not known, as it is written.
    pub fn meant(&self) -> &str {
        match &self.meant {
            Some(Ok(text)) => text,
            _ => &self.value.text,
        }
    }

    /// Whether it is a list or a mapping.
    pub fn is_list(&self) -> bool {
        self.value.kind.is_compound()
    }

    /// Whether it is a number or a boolean without quotes.
    pub fn is_literal(&self) -> bool {
        self.value.kind.is_literal()
    }

    /// Whether the value has still to be set.
    pub fn is_marker(&self) -> bool {
        self.value.text.as_str() == MARKER
    }
}

/// An environment with all that its files say.
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Its files.
    pub sources: Vec<Source>,
    /// What each property is set to, mostly once: first what counts, that of the last layer.
    pub settings: BTreeMap<String, Vec<Setting>>,
    /// Files that are a property as a whole.
    pub files: Vec<SecretFile>,
    /// Files that look as if they held properties, and are not read.
    pub passed_over: Vec<String>,
    /// What is in the lists of each source, by names as `hosts[0]` and `hosts[0].port`.
    pub elements: BTreeMap<(usize, String), Setting>,
    /// Names that are sections, with source and line.
    pub sections: BTreeMap<String, (usize, usize)>,
    /// What of each property is sealed, in files that are locked: first what counts, that of the last layer.
    pub sealed: BTreeMap<String, Vec<SealedValue>>,
    /// Whether a file is locked, and not even its names are known.
    pub has_unknown_names: bool,
}

impl Environment {
    /// Reads the files of an environment; what cannot be read is a source with that state.
    pub fn read(name: &str, files: Vec<File>) -> Self {
        Self::read_as(name, files, |path, _| Dialect::of_path(path.as_bytes()))
    }

    /// Reads the files of an environment, each for the reader that `dialect` says of its path and format.
    pub fn read_as(
        name: &str,
        files: Vec<File>,
        dialect: impl Fn(&str, Format) -> Option<Dialect>,
    ) -> Self {
        let mut environment = Self {
            name: name.to_owned(),
            sources: Vec::new(),
            files: Vec::new(),
            passed_over: Vec::new(),
            settings: BTreeMap::new(),
            elements: BTreeMap::new(),
            sections: BTreeMap::new(),
            sealed: BTreeMap::new(),
            has_unknown_names: false,
        };
        for File { path, format, sealed, layer, exempt, content } in files {
            let mut has_names = false;
            let unread = |(line, why): (usize, &str)| State::Unreadable(line, why.to_owned());
            let state = match content {
                Content::Locked(key) => {
                    environment.has_unknown_names = true;
                    State::Locked(key)
                }
                Content::LockedValues(key, bytes) => {
                    let dialect = dialect(&path, format);
                    let taken = environment.take_sealed(format, dialect, &bytes, &exempt);
                    has_names = taken == Ok(true);
                    taken.map_or_else(unread, |_| State::Locked(key))
                }
                Content::Unreadable(why) => State::Unreadable(1, why),
                Content::DamagedValues(why, bytes) => {
                    has_names = format.parse_any(dialect(&path, format), &bytes).is_ok();
                    State::Unreadable(1, why)
                }
                Content::Open(bytes) => {
                    let taken = environment.take(format, dialect(&path, format), &bytes, &exempt);
                    taken.map_or_else(unread, |()| State::Read)
                }
            };
            environment.sources.push(Source { path, format, sealed, layer, state, has_names });
        }
        let layers: Vec<usize> = environment.sources.iter().map(|source| source.layer).collect();
        for settings in environment.settings.values_mut().filter(|settings| settings.len() > 1) {
            settings.sort_by_key(|setting| std::cmp::Reverse(layers[setting.source]));
        }
        for sealed in environment.sealed.values_mut().filter(|sealed| sealed.len() > 1) {
            sealed.sort_by_key(|sealed| std::cmp::Reverse(layers[sealed.source]));
        }
        environment
    }

    /// Takes what can be read of a locked file, and says whether its names are known. One that does not read hides them.
    fn take_sealed(
        &mut self,
        format: Format,
        dialect: Option<Dialect>,
        bytes: &[u8],
        exempt: &BTreeSet<String>,
    ) -> Result<bool, (usize, &'static str)> {
        let Ok(document) = format.parse_any(dialect, bytes) else {
            self.has_unknown_names = true;
            return Ok(false);
        };
        self.take_document(&document, exempt, is_sealed).map(|()| true)
    }

    /// Whether all names are known that it sets, also where values are locked.
    pub fn has_all_names(&self) -> bool {
        let is_closed = |source: &Source| matches!(source.state, State::Unreadable(..));
        !self.has_unknown_names && !self.sources.iter().any(is_closed)
    }

    /// Whether a property that has no value here is set nowhere, also not in a file that is locked. Lists are values as a whole there.
    pub fn is_unset(&self, name: &str) -> bool {
        let has_names = self.has_all_names() && !name.contains('[');
        self.setting(name).is_none()
            && self.sealed_value(name).is_none()
            && (self.is_complete() || has_names)
    }

    /// The value of a property that counts, if it is sealed.
    pub fn sealed_value(&self, name: &str) -> Option<&SealedValue> {
        let sealed = self.sealed.get(name)?.first()?;
        let counts = |source: usize| (self.sources[source].layer, std::cmp::Reverse(source));
        let plain = self.settings.get(name).and_then(|settings| settings.first());
        plain.is_none_or(|plain| counts(plain.source) < counts(sealed.source)).then_some(sealed)
    }

    /// How many properties it sets, as far as is known.
    pub fn count_names(&self) -> usize {
        let only_sealed = self.sealed.keys().filter(|name| !self.settings.contains_key(*name));
        self.settings.len() + only_sealed.count()
    }

    /// What a property is set to, to be compared with what it is elsewhere.
    pub fn comparable(&self, name: &str) -> Option<Comparable<'_>> {
        match self.sealed_value(name) {
            Some(sealed) => Some(Comparable::Sealed(sealed, self.sources[sealed.source].format)),
            None => self.setting(name).map(|setting| Comparable::Text(setting.meant())),
        }
    }

    /// Takes all that a file says, or nothing of it.
    fn take(
        &mut self,
        format: Format,
        dialect: Option<Dialect>,
        bytes: &[u8],
        exempt: &BTreeSet<String>,
    ) -> Result<(), (usize, &'static str)> {
        let document = format.parse_as(dialect, bytes).map_err(|doubt| (doubt.line, doubt.why))?;
        self.take_document(&document, exempt, |_: &Value| false)
    }

    /// Takes all of a document but the properties that are sealed.
    fn take_document(
        &mut self,
        document: &Document<'_>,
        exempt: &BTreeSet<String>,
        is_sealed: impl Fn(&Value) -> bool,
    ) -> Result<(), (usize, &'static str)> {
        let source = self.sources.len();
        let dialect = document.dialect;
        if let Some(at) = document.repeated() {
            return Err((document.items[at].line, "the key appears twice"));
        }
        for property in document.properties() {
            let item = &document.items[property.item];
            if is_sealed(&property.value) {
                let sealed = SealedValue {
                    source,
                    line: item.line,
                    path: property.path,
                    text: property.value.text.to_string(),
                };
                self.sealed.entry(property.name).or_default().push(sealed);
                continue;
            }
            let setting = Setting {
                value: property.value,
                path: property.path,
                source,
                line: item.line,
                exempt: is_exempt(exempt, &property.name),
                differing: document.differing(property.item),
                dialect,
                references: item.references.clone(),
                meant: None,
            };
            self.settings.entry(property.name).or_default().push(setting);
        }
        for (at, item) in document.items.iter().enumerate() {
            let name = item.full_name();
            if item.kind == Kind::Mapping
                && item.style != Style::Flow
                && item.path.names().is_some()
                && !name.is_empty()
            {
                self.sections.insert(name, (source, item.line));
            } else if item.is_scalar() && item.path.names().is_none() {
                let value = document.value(at);
                if is_sealed(&value) {
                    continue;
                }
                let setting = Setting {
                    value,
                    path: Vec::new(),
                    source,
                    line: item.line,
                    exempt: exempt.contains(&name),
                    differing: Vec::new(),
                    dialect,
                    references: Vec::new(),
                    meant: None,
                };
                self.elements.entry((source, name)).or_insert(setting);
            }
        }
        Ok(())
    }

    /// The file that is this property.
    pub fn file(&self, property: &str) -> Option<&SecretFile> {
        self.files.iter().find(|file| file.property == property)
    }

    /// What a property is set to: by the first file of the last layer that sets it. `None` also where that value is sealed.
    pub fn setting(&self, name: &str) -> Option<&Setting> {
        let first = self.settings.get(name).and_then(|settings| settings.first());
        first.filter(|_| self.sealed_value(name).is_none())
    }

    /// Whether a setting is sealed, by the attributes of its file and its own name.
    pub fn is_sealed(&self, setting: &Setting) -> bool {
        self.sources[setting.source].sealed && !setting.exempt
    }

    /// The layer of a setting.
    pub fn layer(&self, setting: &Setting) -> usize {
        self.sources[setting.source].layer
    }

    /// What sets a property in the layer that counts: more than one where two of its files do.
    pub fn counting(&self, name: &str) -> impl Iterator<Item = &Setting> {
        let settings = self.settings.get(name).map_or(&[][..], Vec::as_slice);
        let last = settings.first().map(|setting| self.layer(setting));
        settings.iter().filter(move |setting| Some(self.layer(setting)) == last)
    }

    /// What a property is set to, or what is in a list at this place.
    pub fn setting_or_element(&self, name: &str) -> Option<&Setting> {
        let list = || {
            let above = name.split('[').next().and_then(|list| self.setting(list));
            let sources = above.map_or(0..self.sources.len(), |one| one.source..one.source + 1);
            sources.into_iter().find_map(|source| self.elements.get(&(source, name.to_owned())))
        };
        self.setting(name).or_else(list)
    }

    /// Whether a file is locked.
    pub fn is_locked(&self) -> bool {
        self.sources.iter().any(|source| matches!(source.state, State::Locked(_)))
            || self
                .files
                .iter()
                .any(|file| matches!(file.content, Content::Locked(_) | Content::LockedValues(..)))
    }

    /// Whether every file was read.
    pub fn is_complete(&self) -> bool {
        self.sources.iter().all(|source| source.state == State::Read)
            && self.files.iter().all(|file| matches!(file.content, Content::Open(_)))
    }
}

/// Whether a property, or a value in it, is exempt.
fn is_exempt(exempt: &BTreeSet<String>, name: &str) -> bool {
    exempt.iter().any(|one| {
        one.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
    })
}
