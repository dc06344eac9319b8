//! Secrets in what stays readable of a file that is sealed by value: in a comment, or in the value of an exempt name.
//!
//! git cleans files for its own reasons too, so nothing is said of what git has already, and the rules are read only where a
//! word could be a secret.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use zeroize::Zeroizing;

use crate::config_format::Format;
use crate::detect::{Detector, Rank, known};
use crate::values::{self, Clear, Named};

/// Letters of a word that is looked at, at least.
const MIN_WORD: usize = 6;
/// Words that are looked up in the file, at most.
const MAX_WORDS: usize = 100;
/// Findings of one file that are held against what is allowed, at most.
const MAX_FOUND: usize = 100;
/// What says on a line that it holds no secret, as for the scanner.
const ALLOWED: &[u8] = b"shroud:allow";

/// Readable bytes, and the name of the value that they are; a comment has none.
type Part = (Range<usize>, Option<Named>);

static DETECTOR: LazyLock<Detector> = LazyLock::new(Detector::builtin);

/// A secret in what stays readable of a file, without its value: the line, and what is there, for people. What git has already is
/// left out: `known`, the versions of the file in the index.
pub fn find(
    path: &[u8],
    (format, clear): (Format, &Clear),
    content: &[u8],
    stored: &[u8],
    known: &[Vec<u8>],
) -> Option<(usize, String)> {
    let suspects = suspects(format, clear, stored, known);
    if !is_worth_reading(path, content, stored, &suspects) {
        return None;
    }
    let readable = values::readable((format, clear), content)?;
    let stored_before: Vec<_> = known
        .iter()
        .filter_map(|blob| Some((blob, values::readable((format, clear), blob)?)))
        .collect();
    let before: HashSet<&[u8]> = stored_before
        .iter()
        .flat_map(|(blob, old)| old.parts.iter().map(|(range, _)| &blob[range.clone()]))
        .collect();
    let mut parts = readable.parts;
    parts.retain(|(range, _)| range.len() >= MIN_WORD && !before.contains(&content[range.clone()]));
    if parts.is_empty() {
        return None;
    }
    let mut found = copies(content, &parts, &readable.sealed);
    let ranges: Vec<_> = parts.iter().map(|(range, _)| range.clone()).collect();
    let mut hits = Vec::new();
    DETECTOR.scan(content, Some(path), &ranges, &mut hits);
    for hit in hits {
        let at = parts.partition_point(|(range, _)| range.end < hit.value.end);
        let Some((range, name)) = parts.get(at) else { continue };
        if range.start <= hit.value.start && DETECTOR.rank_at(&hit, path) >= Some(Rank::High) {
            let rule = &DETECTOR.rule(hit.rule).id;
            found.push((hit.value.start, format!("{} may hold a secret ({rule})", place(name))));
        }
    }
    found.sort_by_key(|(at, _)| *at);
    let (at, what) = found.into_iter().take(MAX_FOUND).find(|(at, _)| !is_allowed(content, *at))?;
    Some((1 + memchr::memchr_iter(b'\n', &content[..at]).count(), what))
}

/// Sealed values, where they are readable too.
fn copies(
    content: &[u8],
    parts: &[Part],
    sealed: &[(Named, Zeroizing<String>)],
) -> Vec<(usize, String)> {
    let secrets: Vec<_> = sealed.iter().filter(|(_, text)| is_told(text)).collect();
    let automaton = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(secrets.iter().map(|(_, text)| text.as_bytes()));
    let Ok(automaton) = automaton else { return Vec::new() };
    let mut found = Vec::new();
    for (range, name) in parts {
        let part = &content[range.clone()];
        let mut hits = automaton.find_iter(part);
        if let Some(hit) = hits.find(|hit| is_whole_word(part, hit.range())) {
            let (sealed, _) = secrets[hit.pattern().as_usize()];
            let what = format!("{} holds the value of {sealed}", place(name));
            found.push((range.start + hit.start(), what));
        }
    }
    found
}

/// Whether a sealed value should be nowhere else. Usual words and short numbers are in every other comment.
fn is_told(text: &str) -> bool {
    text.len() >= MIN_WORD && !known::is_trivial(text.as_bytes())
}

/// Whether bytes stand by themselves, and are no part of a longer word.
fn is_whole_word(text: &[u8], range: Range<usize>) -> bool {
    let is_letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let before = range.start.checked_sub(1).and_then(|at| text.get(at));
    !is_letter(before) && !is_letter(text.get(range.end))
}

fn place(name: &Option<Named>) -> String {
    match name {
        None => "a comment".to_owned(),
        Some(named) if named.name.is_empty() => "a value that is not sealed".to_owned(),
        Some(named) => format!("'{}', which is not sealed,", named.name),
    }
}

/// Parts of lines with a word that is more than an ordinary word, behind what may begin a comment. What git has already is left out.
fn suspects(format: Format, clear: &Clear, stored: &[u8], known: &[Vec<u8>]) -> Vec<Range<usize>> {
    let has_blocks =
        |text: &[u8]| format == Format::Json && memchr::memmem::find(text, b"/*").is_some();
    let everywhere = !clear.patterns().is_empty() || has_blocks(stored);
    let from = |line: &[u8]| if everywhere { Some(0) } else { sign(format, line) };
    let mut suspects = Vec::new();
    let mut start = 0;
    for line in stored.split(|byte| *byte == b'\n') {
        if let Some(from) = from(line).filter(|from| words(&line[*from..]).any(may_be_secret)) {
            suspects.push(start + from..start + line.len());
        }
        start += line.len() + 1;
    }
    if !suspects.is_empty() && !known.is_empty() {
        let lines = known.iter().flat_map(|blob| blob.split(|byte| *byte == b'\n'));
        let before: HashSet<&[u8]> = lines.filter_map(|line| Some(&line[from(line)?..])).collect();
        suspects.retain(|range| !before.contains(&stored[range.clone()]));
    }
    suspects
}

/// A test that needs no reader: whether a rule finds anything there, or a word is also in what was sealed.
fn is_worth_reading(path: &[u8], content: &[u8], stored: &[u8], suspects: &[Range<usize>]) -> bool {
    if suspects.is_empty() {
        return false;
    }
    let of_suspects = suspects.iter().flat_map(|range| words(&stored[range.clone()]));
    let of_suspects = of_suspects.flat_map(|word| word.split(|byte| b"=:,;".contains(byte)));
    let of_suspects = of_suspects.map(without_punctuation);
    let is_sealed = |word: &[u8]| {
        let finder = memchr::memmem::Finder::new(word);
        finder.find_iter(content).count() > finder.find_iter(stored).count()
    };
    let mut of_suspects = of_suspects.filter(|word| may_be_secret(word));
    // Many words are not looked up one by one.
    if of_suspects.by_ref().take(MAX_WORDS).any(is_sealed) || of_suspects.next().is_some() {
        return true;
    }
    let mut hits = Vec::new();
    DETECTOR.scan(stored, Some(path), suspects, &mut hits);
    hits.iter().any(|hit| DETECTOR.rank_at(hit, path) >= Some(Rank::High))
}

/// Where a comment may begin.
fn sign(format: Format, line: &[u8]) -> Option<usize> {
    match format {
        Format::Json => memchr::memmem::find(line, b"//"),
        Format::Ini => memchr::memchr2(b'#', b';', line),
        Format::Properties => memchr::memchr2(b'#', b'!', line),
        _ => memchr::memchr(b'#', line),
    }
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| !is_of_word(*byte))
}

fn is_of_word(byte: u8) -> bool {
    !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b'(' | b')')
}

fn may_be_secret(word: &[u8]) -> bool {
    word.len() >= MIN_WORD
        && !word.iter().all(u8::is_ascii_punctuation)
        && !values::may_hold_tokens(word)
        && !known::is_trivial(word)
}

fn without_punctuation(word: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !byte.is_ascii_punctuation();
    match (word.iter().position(is_text), word.iter().rposition(is_text)) {
        (Some(start), Some(end)) => &word[start..=end],
        _ => b"",
    }
}

/// Whether the line says that it holds no secret.
fn is_allowed(content: &[u8], at: usize) -> bool {
    let start = memchr::memrchr(b'\n', &content[..at]).map_or(0, |end| end + 1);
    let end = memchr::memchr(b'\n', &content[at..]).map_or(content.len(), |end| at + end);
    memchr::memmem::find(&content[start..end], ALLOWED).is_some()
}
