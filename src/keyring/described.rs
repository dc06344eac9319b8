//! The head of a backup that a person can read: which key it holds, one field a line, up to the first blank line.

use super::KeyName;
use crate::format::KeyId;

/// Which key a backup is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Described {
    pub(super) name: KeyName,
    pub(super) generation: u32,
    pub(super) id: KeyId,
}

impl Described {
    pub(super) fn to_lines(&self) -> String {
        format!("key {}\ngeneration {}\nid {}\n", self.name, self.generation, self.id)
    }

    /// Reads the fields of a head; `Err` names the one that is missing or malformed.
    pub(super) fn parse(head: &str) -> Result<Self, &'static str> {
        let name = field(head, "key").and_then(|text| text.parse().ok()).ok_or("key")?;
        let generation = field(head, "generation").and_then(number).ok_or("generation")?;
        let id = field(head, "id").map(str::to_ascii_lowercase);
        let id = id.as_deref().and_then(KeyId::from_hex).ok_or("id")?;
        Ok(Self { name, generation, id })
    }
}

/// The head and what follows it, where the first line that says anything is `first_line`.
pub(super) fn split<'t>(text: &'t str, first_line: &str) -> Option<(&'t str, &'t str)> {
    let text = text.trim_start();
    let end = text.find('\n')?;
    if !text[..end].trim_end().eq_ignore_ascii_case(first_line) {
        return None;
    }
    let after = &text[end + 1..];
    let mut at = 0;
    for line in after.split_inclusive('\n') {
        if line.trim().is_empty() {
            return Some((&after[..at], &after[at..]));
        }
        at += line.len();
    }
    Some((after, ""))
}

/// What is behind the name of a field.
pub(super) fn field<'t>(head: &'t str, name: &str) -> Option<&'t str> {
    head.lines().find_map(|line| {
        let (first, rest) = line.trim().split_once(' ')?;
        first.eq_ignore_ascii_case(name).then(|| rest.trim())
    })
}

/// A whole number from 1, as it is written.
pub(super) fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    if text.starts_with(['0', '+']) { None } else { text.parse().ok() }
}
