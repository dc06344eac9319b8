//! Rewriting another tool's attribute lines to this program's; every other byte of the file stays (gitattributes).

use std::collections::{BTreeMap, BTreeSet};

use super::Drivers;
use crate::format::Layout;
use crate::git::attributes::{DRIVER, ENCODING};
use crate::git::attributes_file::{
    VALUES_MACRO_LINE, Values, defines_macro, defines_values_macro, macro_line, name_of,
    sealing_values_without, sealing_without, split_pattern,
};
use crate::git::scratch::File;
use crate::git_crypt::Name;
use crate::keyring::KeyName;

/// What git takes for blanks (git's attr.c).
const BLANKS: &[u8] = b" \t\r\n";
/// What git skips at the beginning of the file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How lines are rewritten.
pub(super) struct Rewriting<'r> {
    /// The filters that are replaced.
    pub(super) drivers: Drivers,
    /// What the tool's keys are called here, by the names that it has for them.
    pub(super) names: &'r BTreeMap<Name, KeyName>,
    /// The tool's own folder, relative to the top of the worktree: its own lines go. Empty where it has none.
    pub(super) state_dir: &'r [u8],
    /// Whether the default key is named too, as a line above names another.
    pub(super) explicit_default: bool,
    /// What a line that keeps the tool off says of line ends, where it says nothing yet: `!text`, or what counted before.
    pub(super) exception_text: &'r str,
    /// Whether the repository has filters of others, so that a line without a filter may be about one of them.
    pub(super) other_filters: bool,
    /// The lines of this file, counted from 1, that are to seal by value.
    pub(super) by_value: BTreeSet<usize>,
    /// Whether a line of any file is to, so that those which seal whole must say so.
    pub(super) any_by_value: bool,
    /// Whether the macro gets the tripwire.
    pub(super) tripwire: bool,
}

/// A line that should be another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineChange {
    /// Counted from 1, in the file as it is.
    pub line: usize,
    /// As it is, without its end; empty for the line that defines the macro.
    pub old: Vec<u8>,
    /// As it should be; `None` where it goes.
    pub new: Option<Vec<u8>>,
}

/// A file of lines that should be another.
pub struct NewText {
    /// Its path and mode; the blob is the one that it has now.
    pub file: File,
    /// What it is to hold.
    pub text: Vec<u8>,
    /// The lines that differ.
    pub changes: Vec<LineChange>,
}

/// A line names a key that is not known.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} names the {tool} key '{name}', which is unknown here")]
pub struct UnknownName {
    /// Whose key.
    pub tool: &'static str,
    /// Counted from 1.
    pub line: usize,
    /// Safe for a terminal.
    pub name: String,
}

/// The filters that the lines of a file name, the tool's and others'.
pub(super) fn filters(text: &[u8]) -> Vec<Vec<u8>> {
    let lines = text.split(|&byte| byte == b'\n').filter_map(Line::parse);
    let tokens = lines.flat_map(|line| line.tokens);
    tokens.filter_map(|(_, token)| Some(token.strip_prefix(b"filter=")?.to_vec())).collect()
}

/// The lines that name the tool's filter, counted from 1, with their patterns.
pub(super) fn sealing_lines(text: &[u8], drivers: &Drivers) -> Vec<(usize, Vec<u8>)> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let lines = text.split(|&byte| byte == b'\n').enumerate();
    let seals = |line: &Line<'_>| {
        let mut filters =
            line.tokens.iter().filter_map(|(_, token)| token.strip_prefix(b"filter="));
        filters.next_back().is_some_and(|filter| drivers.key_of(filter).is_some())
    };
    let sealing = lines.filter_map(|(at, line)| Some((at + 1, Line::parse(line)?)));
    sealing.filter(|(_, line)| seals(line)).map(|(at, line)| (at, line.pattern)).collect()
}

/// Rewrites a file's text; the second is what changed. `top` says that the macro should be defined here.
pub(super) fn rewrite(
    text: &[u8],
    top: bool,
    how: &Rewriting<'_>,
) -> Result<(Vec<u8>, Vec<LineChange>), UnknownName> {
    let (mark, text) = match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => (BYTE_ORDER_MARK, rest),
        None => (&b""[..], text),
    };
    let mut written = mark.to_vec();
    let mut changes = Vec::new();
    let own = macro_line(how.tripwire);
    let wanted = [
        (own.as_str(), !defines_macro(text)),
        (VALUES_MACRO_LINE, how.any_by_value && !defines_values_macro(text)),
    ];
    for (line, _) in wanted.into_iter().filter(|(_, missing)| top && *missing) {
        written.extend_from_slice(line.as_bytes());
        // As the other lines of the file end.
        written.extend_from_slice(if text.windows(2).any(|two| two == b"\r\n") {
            b"\r\n"
        } else {
            b"\n"
        });
        changes.push(LineChange { line: 0, old: Vec::new(), new: Some(line.into()) });
    }
    for (at, whole) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let (old, end) = match whole {
            [line @ .., b'\r', b'\n'] => (line, &b"\r\n"[..]),
            [line @ .., b'\n'] => (line, &b"\n"[..]),
            line => (line, &b""[..]),
        };
        match how.rewrite_line(at + 1, old)? {
            Change::None => written.extend_from_slice(whole),
            Change::Gone => changes.push(LineChange { line: at + 1, old: old.into(), new: None }),
            Change::To(new) => {
                written.extend_from_slice(&new);
                written.extend_from_slice(end);
                changes.push(LineChange { line: at + 1, old: old.into(), new: Some(new) });
            }
        }
    }
    Ok((written, changes))
}

enum Change {
    None,
    Gone,
    To(Vec<u8>),
}

/// A line that gives a pattern, or a macro, attributes.
struct Line<'l> {
    /// The pattern, or the macro with its prefix, without quotes.
    pattern: Vec<u8>,
    /// All up to the end of the pattern, as it is.
    head: &'l [u8],
    /// Each attribute with the blanks before it.
    tokens: Vec<(&'l [u8], &'l [u8])>,
    tail: &'l [u8],
}

impl<'l> Line<'l> {
    fn parse(line: &'l [u8]) -> Option<Self> {
        let (pattern, end) = split_pattern(line)?;
        let (head, mut rest) = line.split_at(end);
        let mut tokens = Vec::new();
        loop {
            let blanks = rest.iter().take_while(|byte| BLANKS.contains(byte)).count();
            let length = rest[blanks..].iter().take_while(|byte| !BLANKS.contains(byte)).count();
            if length == 0 {
                return Some(Self { pattern, head, tokens, tail: rest });
            }
            tokens.push((&rest[..blanks], &rest[blanks..blanks + length]));
            rest = &rest[blanks + length..];
        }
    }
}

impl Rewriting<'_> {
    fn rewrite_line(&self, number: usize, text: &[u8]) -> Result<Change, UnknownName> {
        let Some(line) = Line::parse(text) else { return Ok(Change::None) };
        let is_own = |(_, token): &(&[u8], &[u8])| self.drivers.own.contains(token);
        if self.is_of_state_dir(&line.pattern)
            || (!line.tokens.is_empty() && line.tokens.iter().all(is_own))
        {
            return Ok(Change::Gone);
        }
        let value = |token: &'_ [u8], name: &[u8]| {
            let key = self.drivers.key_of(token.strip_prefix(name)?);
            key.map(|name| name.map_err(|_| token.to_vec()))
        };
        // The last one counts (git's attr.c).
        let filter = line.tokens.iter().rev().find_map(|(_, token)| value(token, b"filter="));
        let new = match filter {
            Some(name) => self.sealing(number, &line, name)?,
            None if line.tokens.iter().any(|(_, token)| value(token, b"diff=").is_some()) => {
                let shown = |(blanks, token): &(&[u8], &[u8])| {
                    let own = value(token, b"diff=").is_some();
                    let token = if own { b"diff=shroud" } else { *token };
                    [*blanks, token].concat()
                };
                line.tokens.iter().flat_map(shown).collect()
            }
            None => match self.excepting(&line) {
                Some(more) => {
                    let same = line.tokens.iter().flat_map(|(blanks, token)| [*blanks, *token]);
                    [same.collect::<Vec<_>>().concat(), more].concat()
                }
                None => return Ok(Change::None),
            },
        };
        Ok(Change::To([line.head, &new, line.tail].concat()))
    }

    /// The attributes of a line that seals with the key of this name.
    fn sealing(
        &self,
        number: usize,
        line: &Line<'_>,
        name: Result<Name, Vec<u8>>,
    ) -> Result<Vec<u8>, UnknownName> {
        let tool = self.drivers.tool;
        let unknown =
            |name: &str| UnknownName { tool, line: number, name: crate::sanitise::line(name) };
        let name = name.map_err(|token| unknown(&String::from_utf8_lossy(&token)))?;
        let key = self.names.get(&name).ok_or_else(|| unknown(name.as_str()))?;
        let is_named = key.as_str() != KeyName::DEFAULT || self.explicit_default;
        let is_foreign = |token: &[u8]| self.drivers.is_in(token);
        let is_said = |name: &str| {
            let own = line.tokens.iter().filter(|(_, token)| !is_foreign(token));
            own.clone().any(|(_, token)| {
                name_of(token) == name.as_bytes() || (name != "filter" && *token == b"binary")
            })
        };
        let named = is_named.then(|| key.as_str());
        let seal = match () {
            () if self.by_value.contains(&number) => {
                sealing_values_without(named, &Values::default(), is_said)
            }
            () if self.any_by_value => {
                sealing_without(named, Layout::default(), is_said) + " !shroud-by"
            }
            () => sealing_without(named, Layout::default(), is_said),
        };
        // First, as the macro also says how to merge, and what the user has said of that must outrank it.
        let blanks = line.tokens.first().map_or(&b" "[..], |(blanks, _)| blanks);
        let mut new = [blanks, seal.as_bytes()].concat();
        for (at, (blanks, token)) in line.tokens.iter().enumerate() {
            if is_foreign(token) {
                continue;
            }
            new.extend_from_slice(if at == 0 { b" " } else { blanks });
            new.extend_from_slice(token);
        }
        Ok(new)
    }

    /// What a line that keeps the tool off its pattern must say besides, as the macro sets more than the tool's lines
    /// do; `None` where it is no such line, or says all.
    fn excepting(&self, line: &Line<'_>) -> Option<Vec<u8>> {
        let says = |name: &[u8]| {
            line.tokens.iter().any(|(_, token)| {
                let token = token.strip_prefix(b"-").or(token.strip_prefix(b"!")).unwrap_or(token);
                token.strip_prefix(name).is_some_and(|rest| matches!(rest, [] | [b'=', ..]))
            })
        };
        let keeps_off = |name: &[u8]| {
            line.tokens
                .iter()
                .any(|(_, token)| matches!(*token, [b'-' | b'!', rest @ ..] if rest == name))
        };
        if !keeps_off(b"filter") || (self.other_filters && !keeps_off(b"diff")) {
            return None;
        }
        // As 'track' writes it for git's own files.
        let own = line.pattern.ends_with(b".gitattributes");
        let wanted: &[&str] = if own { &["merge"] } else { &["merge", "text", "delta"] };
        // '!shroud' takes back all that the macro sets.
        let tripwire = self.tripwire.then_some(if own { &DRIVER } else { &ENCODING });
        let missing = wanted.iter().filter(|_| !says(b"binary")).chain(tripwire);
        let missing = missing.filter(|name| !says(name.as_bytes()));
        let more: String = missing
            .map(|name| match *name {
                "text" => format!(" {}", self.exception_text),
                name => format!(" !{name}"),
            })
            .collect();
        (!more.is_empty()).then(|| more.into_bytes())
    }

    fn is_of_state_dir(&self, pattern: &[u8]) -> bool {
        let pattern = pattern.strip_prefix(b"/").unwrap_or(pattern);
        let rest = pattern.strip_prefix(self.state_dir).filter(|_| !self.state_dir.is_empty());
        rest.is_some_and(|rest| matches!(rest, [] | [b'/', ..]))
    }
}

#[cfg(test)]
#[path = "tests/attributes.rs"]
mod tests;
