//! The lines of `info/attributes`, which outrank those of every folder (gitattributes).
//!
//! The library ranks them with those of the top, so that a folder's own lines come before them.

use std::path::Path;

use gix::attrs::Search;
use gix::attrs::search::{Match, MetadataCollection, Outcome};
use gix::bstr::{BStr, ByteSlice};
use gix::glob::pattern::Case;
use zeroize::Zeroizing;

use super::attribute_names::NAMES;
use super::attributes_file::{MAX_LEN, defines_macro};
use super::repository::Repository;

/// The patterns of `info/attributes`, and what they say of a path.
pub(super) struct InfoAttributes {
    search: Search,
    outcome: Outcome,
    case: Case,
}

impl InfoAttributes {
    /// `None` where the file has no pattern, as almost always.
    pub(super) fn new(repository: &Repository) -> Option<Self> {
        let path = repository.common_dir().join("info/attributes");
        let text = read(&path)?;
        let is_pattern = |line: &[u8]| {
            let line = line.trim_ascii();
            !line.is_empty() && !line.starts_with(b"#") && !defines_macro(line)
        };
        if !text.lines().any(is_pattern) {
            return None;
        }
        let mut collection = MetadataCollection::default();
        let mut search = Search::default();
        // A line may use a macro of the top, which a macro of its own file outranks.
        let top = repository.worktree.as_ref().map(|top| top.join(".gitattributes"));
        let macros = top.and_then(|top| read(&top)).unwrap_or_default();
        let is_macro = |line: &&[u8]| line.trim_ascii_start().starts_with(b"[attr]");
        let macros: Vec<u8> =
            macros.lines_with_terminator().filter(is_macro).collect::<Vec<_>>().concat();
        let mut add = |text: &[u8], path: &Path| {
            search.add_patterns_buffer(text, path.to_owned(), None, &mut collection, true).ok()
        };
        add(b"[attr]binary -diff -merge -text", Path::new("[builtin]"))?;
        add(&macros, Path::new(".gitattributes"))?;
        add(&text, &path)?;
        let mut outcome = Outcome::default();
        outcome.initialize_with_selection(&collection, NAMES);
        let ignore_case = repository.gix.config_snapshot().boolean("core.ignorecase");
        let case = if ignore_case == Some(true) { Case::Fold } else { Case::Sensitive };
        Some(Self { search, outcome, case })
    }

    /// What the lines say of a path: of the attributes that they name, and of no others.
    pub(super) fn of(&mut self, path: &BStr) -> Vec<Match<'_>> {
        self.outcome.reset();
        self.search.pattern_matching_relative_path(path, self.case, None, &mut self.outcome);
        self.outcome.iter_selected().filter(|found| found.location.sequence_number > 0).collect()
    }
}

/// What cannot be read says nothing here; anybody who reads all attributes reports it.
fn read(path: &Path) -> Option<Zeroizing<Vec<u8>>> {
    if !std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return None;
    }
    crate::fs::read_bounded(path, MAX_LEN).ok()
}
