//! Values that are in what a report names: in names of files and refs, in subjects and authors of commits.

use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::scan::findings::{Finding, LocationKind, Occurrence, Report};

/// Bytes of the shortest value that is looked for.
const SHORTEST: usize = 4;

/// Redacts every value that was found in a name, a message or a header wherever the report names something. Others are
/// not looked for: a password that is a usual word would make paths unreadable. The values of the findings themselves
/// stay as they are.
pub fn mask(report: &mut Report) {
    let all = report.findings.iter().chain(report.suppressed.iter().map(|of| &of.finding));
    let is_named = |of: &&Finding| of.occurrences.iter().any(|at| is_told(at.place.kind));
    let named = all.filter(is_named).filter_map(|of| of.secret.as_ref());
    let values: Vec<_> = named.filter(|secret| secret.expose().len() >= SHORTEST).collect();
    let words: Vec<_> = values.iter().map(|secret| secret.redacted().replace('…', "...")).collect();
    let bytes = values.iter().map(|secret| secret.expose());
    let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(bytes);
    // So many that they cannot be looked for cannot be told apart from names either: then nothing is named.
    let mask = Mask { values: built.ok(), words };
    if mask.words.is_empty() {
        return;
    }
    let suppressed = report.suppressed.iter_mut().map(|of| &mut of.finding);
    for finding in report.findings.iter_mut().chain(suppressed) {
        finding.occurrences.iter_mut().for_each(|at| mask.occurrence(at));
    }
    for unread in &mut report.unread {
        mask.text(&mut unread.what);
        mask.text(&mut unread.reason);
    }
    report.notes.iter_mut().for_each(|note| mask.text(note));
}

/// Whether the report tells the text of such a place, or its beginning.
fn is_told(kind: LocationKind) -> bool {
    matches!(
        kind,
        LocationKind::FileName
            | LocationKind::RefName
            | LocationKind::CommitMessage
            | LocationKind::CommitHeader
            | LocationKind::Tag
    )
}

struct Mask {
    values: Option<AhoCorasick>,
    /// What stands for each of them.
    words: Vec<String>,
}

impl Mask {
    fn occurrence(&self, at: &mut Occurrence) {
        self.bytes(&mut at.place.name);
        at.place.views.iter_mut().for_each(|view| self.text(view));
        Arc::make_mut(&mut at.refs).iter_mut().for_each(|name| self.bytes(name));
        for origin in at.introduced.iter_mut().chain(&mut at.last_seen) {
            for text in [&mut origin.author, &mut origin.email, &mut origin.subject] {
                self.text(text);
            }
        }
    }

    fn text(&self, text: &mut String) {
        let mut bytes = std::mem::take(text).into_bytes();
        self.bytes(&mut bytes);
        *text = String::from_utf8_lossy(&bytes).into_owned();
    }

    fn bytes(&self, text: &mut Vec<u8>) {
        match &self.values {
            Some(values) => {
                if values.is_match(&*text) {
                    *text = values.replace_all_bytes(text, &self.words);
                }
            }
            None => text.clear(),
        }
    }
}
