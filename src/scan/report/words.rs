//! Phrases that several formats share. All of them are one line, and fit for a terminal.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use time::OffsetDateTime;

use super::Options;
use crate::clock;
use crate::detect::Rank;
use crate::detect::Secret;
use crate::error::count;
use crate::sanitise;
use crate::scan::findings::allow;
use crate::scan::findings::{
    CommitSummary, Exposure, Finding, Location, LocationKind, LookedAt, Occurrence, Reason, Report,
};

/// Digits of a commit's or object's id where a person reads it.
const SHORT: usize = 12;
/// Characters of an author's name, address and subject.
const MAX_SHOWN: usize = 200;
/// Refs of one finding that a person reads.
const MAX_REFS: usize = 4;
/// How sure a finding can be, the surest first.
pub(super) const RANKS: [Rank; 4] = [Rank::Certain, Rank::High, Rank::Medium, Rank::Low];
/// How exposed a finding can be, the most exposed first.
pub(super) const EXPOSURES: [Exposure; 4] =
    [Exposure::Pushed, Exposure::Head, Exposure::Local, Exposure::Unreachable];

/// Any text on one line, without characters that act or that nobody sees.
pub(super) fn line(text: &str) -> String {
    sanitise::line(&text.replace('\t', " "))
}

/// Text for an element of HTML or XML, or for a quoted attribute.
pub(super) fn markup(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in line(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // No XML may have them.
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The beginning of a text that may be as long as its writer liked.
pub(super) fn beginning(text: &str) -> String {
    let mut chars = text.chars();
    let beginning: String = chars.by_ref().take(MAX_SHOWN).collect();
    line(&beginning) + if chars.next().is_some() { "…" } else { "" }
}

/// The name of a place, as git quotes paths.
pub(super) fn name(name: &[u8]) -> String {
    line(&sanitise::path(name))
}

/// A value, as much of it as may be shown; the path's own word for a finding without one.
pub(super) fn value(finding: &Finding, options: Options<'_>) -> Option<String> {
    let secret = finding.secret.as_ref()?;
    Some(line(&shown(secret, options)))
}

/// A value, as much of it as may be shown, not fit for a terminal.
pub(super) fn shown(secret: &Secret, options: Options<'_>) -> String {
    match options.reveal {
        true => String::from_utf8_lossy(secret.expose()).into_owned(),
        false => secret.redacted(),
    }
}

/// Where, as `config/prod.env:12:7 (base64)`.
pub(super) fn place(occurrence: &Occurrence) -> String {
    let Location { span, views, .. } = &occurrence.place;
    let mut text = place_without_span(occurrence);
    if let Some(span) = span {
        write!(text, ":{}:{}", span.line, span.column).expect("a String takes any text");
    }
    if !views.is_empty() {
        write!(text, " ({})", line(&views.join(", "))).expect("a String takes any text");
    }
    text
}

/// The same without line, column and encoding.
pub(super) fn place_without_span(occurrence: &Occurrence) -> String {
    let Location { kind, name: path, .. } = &occurrence.place;
    let id = occurrence.object.as_deref().map(short).unwrap_or_default();
    let name = name(path);
    match kind {
        LocationKind::File if path.is_empty() => format!("blob {id}"),
        LocationKind::File => name,
        LocationKind::Staged => format!("{name}, staged"),
        LocationKind::Worktree => format!("{name}, in the worktree"),
        LocationKind::Symlink => format!("link {name}"),
        LocationKind::FileName => format!("file name {name}"),
        LocationKind::CommitMessage => format!("message of commit {id}"),
        LocationKind::CommitHeader => format!("{name} of commit {id}"),
        LocationKind::Tag => format!("tag {name}"),
        LocationKind::Note => format!("note in {name}"),
        LocationKind::Reflog => format!("reflog of {name}"),
        LocationKind::RefName => format!("ref name {name}"),
        LocationKind::GitFile => format!("git's own file {name}"),
    }
}

/// The refs that lead to any place of a finding, the first few of them; `None` where none does.
pub(super) fn refs(finding: &Finding) -> Option<String> {
    let all: BTreeSet<_> = finding.occurrences.iter().flat_map(|at| at.refs.iter()).collect();
    let short = |name: &Vec<u8>| {
        let name = name.strip_prefix(b"refs/").unwrap_or(name);
        let name = name.strip_prefix(b"heads/").unwrap_or(name);
        sanitise::path(name.strip_prefix(b"remotes/").unwrap_or(name))
    };
    let mut words: Vec<_> = all.iter().take(MAX_REFS).map(|name| short(name)).collect();
    if all.len() > MAX_REFS {
        words.push(format!("{} more", all.len() - MAX_REFS));
    }
    (!words.is_empty()).then(|| words.join(", "))
}

/// How long a value stood there: `since 2024-03-01 (3f2a9c1d0b7e, Ann <ann@example.com>), still at HEAD`.
pub(super) fn life(occurrence: &Occurrence) -> String {
    let mut text = match &occurrence.introduced {
        Some(origin) => format!("since {} ({})", day(origin.time), who(origin)),
        None => "in no commit".to_owned(),
    };
    let add = |text: &mut String, more: &str| {
        text.push_str(", ");
        text.push_str(more);
    };
    match &occurrence.last_seen {
        _ if occurrence.at_head => add(&mut text, "still at HEAD"),
        Some(last) => {
            add(&mut text, &format!("last seen {} ({})", day(last.time), short(&last.commit)));
        }
        None => {}
    }
    if occurrence.versions > 1 {
        add(&mut text, &count(occurrence.versions, "version"));
    }
    if let Some(mark) = &occurrence.mark {
        add(&mut text, &format!("marked '{}'", mark.name));
    }
    text
}

/// How long a value stood anywhere: `since 2024-03-01 (3f2a9c1d0b7e, Ann <ann@example.com>), last seen 2024-05-01`.
pub(super) fn lifetime(finding: &Finding) -> String {
    let Some(first) = finding.introduced() else { return "in no commit".to_owned() };
    let until = match finding.last_seen() {
        _ if finding.is_at_head() => ", still at HEAD".to_owned(),
        Some(last) => format!(", last seen {}", day(last.time)),
        None => String::new(),
    };
    format!("since {} ({}){until}", day(first.time), who(first))
}

/// `3f2a9c1d0b7e, Ann <ann@example.com>`.
pub(super) fn who(origin: &CommitSummary) -> String {
    let (author, email) = (beginning(&origin.author), beginning(&origin.email));
    format!("{}, {author} <{email}>", short(&origin.commit))
}

/// The first digits of an id; ids come from git, so they are hexadecimal digits.
pub(super) fn short(id: &str) -> &str {
    id.get(..SHORT).unwrap_or(id)
}

/// A day, as `2024-03-01`, in UTC.
pub(crate) fn day(seconds: i64) -> String {
    let text = time(seconds);
    if text.starts_with('@') { text } else { text.chars().take(10).collect() }
}

/// A time (RFC 3339); as git writes raw ones, `@` and seconds, where the year has not four digits.
pub(super) fn time(seconds: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(seconds).ok();
    let text = at.and_then(clock::text);
    text.unwrap_or_else(|| format!("@{seconds}"))
}

/// Who can have seen it.
pub(super) fn exposure(finding: &Finding) -> &'static str {
    match (finding.exposure(), finding.is_at_head()) {
        (Exposure::Pushed, true) => "pushed, at HEAD",
        (Exposure::Pushed, false) => "pushed",
        (Exposure::Head, _) => "at HEAD, not pushed",
        (Exposure::Local, _) => "not pushed",
        (Exposure::Unreachable, _) => "unreachable, not pushed",
    }
}

/// Why a finding does not count.
pub(super) fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Allowed { list, reason } => format!("allowed by {}: {}", line(list), line(reason)),
        Reason::Baseline(file) => format!("{}{}", allow::IN_BASELINE, line(file)),
        Reason::Mark(name) => format!("marked '{name}'"),
    }
}

/// `3 findings: 1 certain, 2 high`.
pub(super) fn tally(report: &Report) -> String {
    let of = |rank| report.findings.iter().filter(|finding| finding.rank == rank).count();
    let parts: Vec<_> = RANKS
        .into_iter()
        .filter(|&rank| of(rank) > 0)
        .map(|rank| format!("{} {}", of(rank), rank.name()))
        .collect();
    let all = count(report.findings.len() as u64, "finding");
    if parts.is_empty() { all } else { format!("{all}: {}", parts.join(", ")) }
}

/// `1,203 blobs, 55 commits, 2 tags, 9 other places; 12.3 MiB`.
pub(super) fn looked_at(looked_at: &LookedAt) -> String {
    let LookedAt { blobs, commits, tags, others, bytes } = *looked_at;
    let part = |n: u64, one: &str| match n {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{} {one}s", thousands(n))),
    };
    let parts = [
        part(blobs, "blob"),
        part(commits, "commit"),
        part(tags, "tag"),
        part(others, "other place"),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    let what = if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") };
    format!("{what}; {}", size(bytes))
}

/// What a reader must know beside the findings, a sentence each.
pub(super) fn remarks(report: &Report) -> Vec<String> {
    let mut remarks = Vec::new();
    if report.below_rank > 0 {
        let found = count(report.below_rank, "finding");
        remarks.push(format!("{found} of a lower rank not shown"));
    }
    if report.trivial > 0 {
        let values = count(report.trivial, "value");
        remarks.push(format!("skipped {values} of sealed files, too short or too common"));
    }
    remarks.extend(report.notes.iter().map(|note| line(note)));
    remarks
}

fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1024 => return count(bytes, "byte"),
        1024..1_048_576 => (1 << 10, "KiB"),
        1_048_576..1_073_741_824 => (1 << 20, "MiB"),
        _ => (1 << 30, "GiB"),
    };
    let tenths = u128::from(bytes) * 10 / unit;
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}
