//! The lines that define what `shroud` and `shroud-values` stand for.

use gix::bstr::ByteSlice;

use super::super::attribute_names::{ENCODING, TRIPWIRE};
use super::AttributesFile;
use super::line::{name_of, split_pattern};

const MACRO: &[u8] = b"[attr]shroud";
/// The line that defines the macro, without the tripwire.
pub const MACRO_LINE: &str = "[attr]shroud filter=shroud diff=shroud merge=shroud -text -delta";
const VALUES_MACRO: &[u8] = b"[attr]shroud-values";
/// The line that defines the macro of what is sealed by value. The first macro is in it, with its tripwire.
pub const VALUES_MACRO_LINE: &str = "[attr]shroud-values shroud filter=shroud diff=shroud-values merge=shroud shroud-by=value -text delta";

/// What is wrong, and what to do, where the macro of a worktree lacks the tripwire.
pub fn lacks_tripwire(file: &AttributesFile) -> Option<(&'static str, String)> {
    let what = "the line [attr]shroud in .gitattributes lacks the tripwire: in a clone without git-shroud, 'git add' silently stores plaintext";
    let lacks = file.macro_has_tripwire() == Some(false);
    lacks.then(|| (what, format!("end that line with ' {ENCODING}={TRIPWIRE}', and commit")))
}

/// The line that defines the macro, with the tripwire or without it.
pub fn macro_line(tripwire: bool) -> String {
    match tripwire {
        true => format!("{MACRO_LINE} {ENCODING}={TRIPWIRE}"),
        false => MACRO_LINE.to_owned(),
    }
}

impl AttributesFile {
    /// Whether the macro is defined, and with the tripwire.
    pub fn macro_has_tripwire(&self) -> Option<bool> {
        self.macro_at().map(|at| self.lines[at].contains_str(TRIPWIRE))
    }

    /// Whether the macro is defined so that it seals.
    pub fn macro_seals(&self) -> bool {
        self.macro_at().is_some_and(|at| seals(&self.lines[at]))
    }

    /// The definition that counts, which is the last.
    fn macro_at(&self) -> Option<usize> {
        self.lines.iter().rposition(|line| is_macro(line))
    }

    /// Defines the macro, before all other lines, or changes whether it has the tripwire.
    pub fn set_macro(&mut self, tripwire: bool) {
        if self.macro_has_tripwire() == Some(tripwire) && self.macro_seals() {
            return;
        }
        let line = self.ended(macro_line(tripwire).into_bytes());
        match self.macro_at() {
            Some(at) => self.lines[at] = line,
            None => self.lines.insert(0, line),
        }
        self.changed = true;
    }

    /// Defines the macro of what is sealed by value, behind that of all that is sealed, if it is not there as it should be.
    pub fn set_values_macro(&mut self) {
        let line = self.ended(VALUES_MACRO_LINE.as_bytes().to_vec());
        match self.lines.iter().rposition(|line| is_values_macro(line)) {
            Some(at) if self.lines[at] == line => return,
            Some(at) => self.lines[at] = line,
            None => {
                let at = self.macro_at().map_or(0, |at| at + 1);
                self.lines.insert(at, line);
            }
        }
        self.changed = true;
    }
    /// Whether the macro of what is sealed by value is defined so that it seals so; `None` where it is not defined.
    pub fn values_macro_is_sound(&self) -> Option<bool> {
        let is_it =
            |line: &&Vec<u8>| split_pattern(line).is_some_and(|(name, _)| name == VALUES_MACRO);
        let line = self.lines.iter().rfind(is_it)?;
        let (_, end) = split_pattern(line)?;
        let words: Vec<&[u8]> = line[end..].fields().collect();
        // The last word counts, and what is not said the first macro says.
        let says = |name: &[u8], wanted: &[u8]| {
            let said = words.iter().rfind(|word| name_of(word) == name);
            said.is_some_and(|said| *said == wanted)
        };
        let may_say = |name: &[u8], wanted: &[u8]| {
            let is_silent = !words.iter().any(|word| name_of(word) == name);
            says(name, wanted) || is_silent && says(b"shroud", b"shroud")
        };
        Some(
            says(b"shroud-by", b"shroud-by=value")
                && says(b"diff", b"diff=shroud-values")
                && may_say(b"filter", b"filter=shroud")
                && may_say(b"merge", b"merge=shroud")
                && may_say(b"text", b"-text"),
        )
    }
}

/// Whether a line of the text defines the macro.
pub fn defines_macro(text: &[u8]) -> bool {
    text.split(|&byte| byte == b'\n').any(is_macro)
}

/// Whether a line of the text defines the macro of what is sealed by value.
pub fn defines_values_macro(text: &[u8]) -> bool {
    text.split(|&byte| byte == b'\n').any(is_values_macro)
}

fn is_values_macro(line: &[u8]) -> bool {
    split_pattern(line).is_some_and(|(name, _)| name == VALUES_MACRO)
}

fn is_macro(line: &[u8]) -> bool {
    split_pattern(line).is_some_and(|(name, _)| name == MACRO)
}

/// Whether a line that defines the macro sets the filter.
fn seals(line: &[u8]) -> bool {
    let words = split_pattern(line).map(|(_, end)| line[end..].fields());
    let filter = words.and_then(|words| words.filter(|word| name_of(word) == b"filter").last());
    filter == Some(b"filter=shroud")
}
