//! What the attributes say of a path, in process: one directory's files are read once (gitattributes).

use gix::attrs::StateRef;
use gix::attrs::search::{Match, Outcome};
use gix::bstr::{BStr, ByteSlice};
use gix::worktree::stack::state::attributes::Source;

use super::GitError;
pub use super::attribute_names::{
    COMPRESS_ATTRIBUTE, DELTA_ATTRIBUTE, DRIVER, ENCODING, KEY_ATTRIBUTE, OF_VALUES, TRIPWIRE,
};
use super::attribute_names::{CRLF, DIFF, EOL, FILTER, IDENT, NAMES, TEXT, VALUES};
use super::by_value::By;
use super::info_attributes::InfoAttributes;
use super::repository::Repository;
pub use super::setting::Setting;
use crate::format::Layout;
use crate::git_crypt;
use crate::keyring::{InvalidKeyName, KeyName};

const FILE_NAME: &str = ".gitattributes";

/// What the attributes of one path mean to this program.
#[derive(Debug)]
pub struct PathAttributes {
    /// Whether the path should be sealed: its filter is this program's.
    pub sealed: bool,
    /// The key of git-crypt that is to encrypt the path: its filter is one of git-crypt's.
    pub git_crypt: Option<Result<git_crypt::Name, git_crypt::InvalidName>>,
    /// Whether the diff driver bears the name of the filter; of a path that is sealed by value, that of its macro.
    pub diff_fits: bool,
    /// What sets the filter, whichever.
    pub filter: Option<Setting>,
    /// The key that seals the path.
    pub key: Result<KeyName, InvalidKeyName>,
    /// What names the key, where it is not the default.
    pub key_setting: Option<Setting>,
    /// How the path is sealed.
    pub layout: Layout,
    /// Whether it is sealed whole or by value.
    pub by: By,
    /// An attribute by which git would change the sealed bytes.
    pub conversion: Option<Setting>,
    /// Whether the tripwire is in force.
    pub tripwire: bool,
    /// Why the path is not sealed though the attribute `shroud` says that it should be, or is in doubt; a clause.
    pub conflict: Option<String>,
    /// Whether only the definition of the macro makes the filter this program's, for a line of a `.gitattributes` file.
    pub by_macro: bool,
    /// Whether a line says on purpose that the path is not sealed.
    pub on_purpose: bool,
}

impl PathAttributes {
    /// Whether the path should be sealed, or encrypted as git-crypt does it.
    pub fn is_encrypted(&self) -> bool {
        self.sealed || self.git_crypt.is_some()
    }

    pub(super) fn none() -> Self {
        Self {
            sealed: false,
            git_crypt: None,
            diff_fits: true,
            filter: None,
            key: Ok(KeyName::default()),
            key_setting: None,
            layout: Layout::default(),
            by: By::Whole,
            conversion: None,
            tripwire: false,
            conflict: None,
            by_macro: false,
            on_purpose: false,
        }
    }

    /// What a search with all of [`NAMES`] found; places are shown relative to `top`.
    ///
    /// What is in `first` outranks it.
    pub(super) fn from_outcome(
        first: Vec<Match<'_>>,
        outcome: &Outcome,
        top: Option<&std::path::Path>,
    ) -> Self {
        let matches: Vec<Match<'_>> = first.into_iter().chain(outcome.iter_selected()).collect();
        let find = |name: &str| matches.iter().find(|found| found.assignment.name.as_str() == name);
        let state = |name| find(name).map_or(StateRef::Unspecified, |found| found.assignment.state);
        let setting = |name| {
            find(name)
                .filter(|found| found.assignment.state != StateRef::Unspecified)
                .map(|found| to_setting(found, top))
        };
        let filter = value(state(FILTER));
        let sealed = filter == Some(DRIVER.into());
        let (key, key_setting) = match value(state(KEY_ATTRIBUTE)) {
            Some(name) => (name.to_str_lossy().parse(), setting(KEY_ATTRIBUTE)),
            None => (Ok(KeyName::default()), None),
        };
        let by = By::of(&state, &setting);
        let conversion = match conversion(&state) {
            Some(name) => setting(name),
            None => by.conversion(&state),
        };
        let encoding = value(state(ENCODING));
        let layout = Layout {
            compress: state(COMPRESS_ATTRIBUTE) != StateRef::Unset,
            delta: state(DELTA_ATTRIBUTE) == StateRef::Set,
        };
        // What matches nothing has neither file nor line.
        let said = |name| find(name).filter(|found| found.location.source.is_some());
        let set = said(FILTER);
        let is_set = |mark: &&Match<'_>| mark.assignment.state == StateRef::Set;
        let mark = said(DRIVER).filter(is_set).or_else(|| said(VALUES).filter(is_set));
        // Set by a macro, in the line that sets this one.
        let through_macro = set.zip(mark).is_some_and(|(set, mark)| {
            set.kind.source_id().is_some()
                && set.location.source == mark.location.source
                && set.location.sequence_number == mark.location.sequence_number
        });
        let git_crypt = filter.and_then(|filter| git_crypt::Name::from_driver(filter));
        let on_purpose = !through_macro && state(FILTER) == StateRef::Unset;
        let conflict = mark
            .filter(|_| !sealed && git_crypt.is_none() && !on_purpose)
            .and_then(|mark| unmet(mark, set, through_macro, top));
        let of_tree =
            |mark: &Match<'_>| mark.location.source.is_some_and(|file| file.ends_with(FILE_NAME));
        Self {
            sealed,
            git_crypt,
            conflict,
            by_macro: sealed && through_macro && mark.is_some_and(of_tree),
            on_purpose,
            diff_fits: value(state(DIFF))
                == if by.is_value() { Some(VALUES.into()) } else { filter },
            filter: setting(FILTER),
            key,
            key_setting,
            layout,
            by,
            conversion,
            tripwire: encoding == Some(TRIPWIRE.into()),
        }
    }
}

/// Looks attributes up.
pub struct Attributes<'r> {
    stack: gix::AttributeStack<'r>,
    outcome: Outcome,
    /// Folders whose attributes are not here.
    missing: Vec<Vec<u8>>,
    top: Option<std::path::PathBuf>,
    info: Option<InfoAttributes>,
}

impl<'r> Attributes<'r> {
    /// The attributes that git uses when it stores files: those in the worktree, else those in the index.
    ///
    /// # Errors
    /// Index or configuration cannot be read.
    pub fn new(repository: &'r Repository) -> Result<Self, GitError> {
        let gix = &repository.gix;
        let index = gix.index_or_empty().map_err(GitError::read)?;
        let source = match repository.worktree {
            Some(_) => Source::WorktreeThenIdMapping,
            None => Source::IdMapping,
        };
        let stack = gix.attributes_only(&index, source).map_err(GitError::read)?;
        let outcome = stack.selected_attribute_matches(NAMES);
        let missing = missing_files(repository, &index);
        let info = InfoAttributes::new(repository);
        Ok(Self { stack, outcome, missing, top: repository.worktree.clone(), info })
    }

    /// The attributes of a path, which is relative to the top of the worktree.
    ///
    /// # Errors
    /// The path cannot be one in a worktree, or an attributes file cannot be read.
    pub fn of(&mut self, path: &[u8]) -> Result<PathAttributes, GitError> {
        // The folder's own attributes only keep filters off it; so does their absence.
        if let Some(folder) = self.missing.iter().find(|folder| path.starts_with(folder))
            && folder != b".shroud/"
        {
            let file = [folder.as_slice(), b".gitattributes"].concat();
            return Err(GitError::NotHere(crate::sanitise::path(&file)));
        }
        if path.starts_with(b".shroud/") && !self.missing.is_empty() {
            return Ok(PathAttributes::none());
        }
        let platform = self.stack.at_entry(path.as_bstr(), None).map_err(GitError::read)?;
        platform.matching_attributes(&mut self.outcome);
        let first = self.info.as_mut().map(|info| info.of(path.as_bstr())).unwrap_or_default();
        Ok(PathAttributes::from_outcome(first, &self.outcome, self.top.as_deref()))
    }
}

/// The name of an attribute by which git would change sealed bytes, if any (git's convert.c).
///
/// Without one, git decides by the content: sealed bytes hold a zero byte and so are binary to it.
pub(crate) fn conversion<'s>(
    state: &impl Fn(&'static str) -> StateRef<'s>,
) -> Option<&'static str> {
    // A value of 'text' that git does not know says nothing, and the older 'crlf' counts.
    let is_known = |value: &BStr| value == "input" || value == "auto";
    let text = match state(TEXT) {
        StateRef::Unspecified => (CRLF, state(CRLF)),
        StateRef::Value(value) if !is_known(value.as_bstr()) => (CRLF, state(CRLF)),
        text => (TEXT, text),
    };
    let by_lines = match text {
        (name, StateRef::Set) => Some(name),
        (name, StateRef::Value(value)) if value.as_bstr() == "input" => Some(name),
        (_, StateRef::Value(value)) if value.as_bstr() == "auto" => None,
        (_, StateRef::Unset) => None,
        // With nothing said of text, a line ending says that it is text.
        _ => match value(state(EOL)) {
            Some(eol) if eol == "lf" || eol == "crlf" => Some(EOL),
            _ => None,
        },
    };
    let by_encoding = match value(state(ENCODING)) {
        Some(encoding) if encoding != TRIPWIRE && !is_utf8(encoding) => Some(ENCODING),
        _ => None,
    };
    by_lines.or(by_encoding).or((state(IDENT) == StateRef::Set).then_some(IDENT))
}

fn is_utf8(encoding: &BStr) -> bool {
    encoding.eq_ignore_ascii_case(b"utf-8") || encoding.eq_ignore_ascii_case(b"utf8")
}

fn value(state: StateRef<'_>) -> Option<&BStr> {
    match state {
        StateRef::Value(value) => Some(value.as_bstr()),
        _ => None,
    }
}

/// Why a path that is marked is not sealed; `None` where a line behind the mark takes the filter back (`!filter`).
fn unmet(
    mark: &Match<'_>,
    set: Option<&Match<'_>>,
    through_macro: bool,
    top: Option<&std::path::Path>,
) -> Option<String> {
    let marked = to_setting(mark, top);
    match set {
        _ if through_macro => {
            Some(format!("{marked} seals nothing: the line [attr]{DRIVER} lacks filter={DRIVER}"))
        }
        Some(set) if set.assignment.state != StateRef::Unspecified => {
            Some(format!("{marked} seals nothing: {} overrides it", to_setting(set, top)))
        }
        Some(set) if outranks(set, mark) => None,
        _ => Some(format!("{marked} seals nothing: no line [attr]{DRIVER} at the top defines it")),
    }
}

/// Whether the line of one match outranks that of another: it is behind it, or in a folder below.
fn outranks(one: &Match<'_>, other: &Match<'_>) -> bool {
    let depth =
        |found: &Match<'_>| found.location.source.map_or(0, |file| file.components().count());
    if one.location.source == other.location.source {
        one.location.sequence_number >= other.location.sequence_number
    } else {
        let is_local = one.location.source.is_some_and(|file| !file.ends_with(FILE_NAME));
        is_local || depth(one) > depth(other)
    }
}

fn to_setting(found: &Match<'_>, top: Option<&std::path::Path>) -> Setting {
    let place = found.location.source.map(|source| {
        // Within the worktree with slashes, as in a line of .gitattributes, whatever the system has.
        let within = top.and_then(|top| source.strip_prefix(top).ok());
        let within = within.and_then(crate::repo_path::from_native);
        let shown =
            within.map_or_else(|| crate::sanitise::native(source), |it| crate::sanitise::path(&it));
        (shown, found.location.sequence_number)
    });
    Setting { text: crate::sanitise::line(&found.assignment.to_string()), place }
}

/// The `.gitattributes` files that a partial or sparse clone does not have, by the folder that they are for.
fn missing_files(repository: &Repository, index: &gix::index::State) -> Vec<Vec<u8>> {
    const NAME: &[u8] = b".gitattributes";
    let is_here = |path: &[u8]| {
        let top = repository.worktree.as_deref();
        let native = crate::repo_path::to_native(path);
        top.zip(native).is_some_and(|(top, native)| top.join(native).is_file())
    };
    let folder = |path: &[u8]| match path.strip_suffix(NAME)? {
        [] => Some(Vec::new()),
        [folder @ .., b'/'] => Some([folder, b"/"].concat()),
        _ => None,
    };
    let entries = index.entries().iter().map(|entry| (entry.path(index), entry.id));
    entries
        .filter_map(|(path, id)| Some((folder(path)?, path, id)))
        .filter(|(_, path, id)| {
            !is_here(path) && matches!(repository.gix.try_find_header(*id), Ok(None))
        })
        .map(|(folder, _, _)| folder)
        .collect()
}
