//! Reading and changing the lines of a `.gitattributes` file; what is not ours stays byte for byte (gitattributes).

mod line;
mod macros;
mod odd;
mod refusal;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;
use gix::glob::{pattern::Case, wildmatch};

use super::attribute_names::{BY_ATTRIBUTE, KEY_ATTRIBUTE};
use crate::format::Layout;
use crate::fs::{Access, read_bounded, with_path, write_atomic};
use crate::keyring::KeyName;
pub use line::{Values, name_of, sealing, sealing_values_without, sealing_without, split_pattern};
use line::{parse, quote, sealing_values, written_out};
pub use macros::{
    MACRO_LINE, VALUES_MACRO_LINE, defines_macro, defines_values_macro, lacks_tripwire, macro_line,
};
pub use odd::{MACRO_DOES_NOT_SEAL, TOO_LARGE, as_git_reads, oddity};
pub use refusal::PatternError;
use refusal::check;

/// Bytes of the longest file that git reads (git's attr.h).
pub const MAX_LEN: usize = 100 << 20;
/// What git skips at the beginning of the file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// The files that git reads in the tree, without filters: as patterns, in any folder or at the top alone.
const OWN: [&str; 4] = [".gitattributes", ".gitignore", "/.gitmodules", "/.mailmap"];
/// What takes back all that the macro and its line say.
const EXCEPTION: [&str; 5] = ["!shroud", "!filter", "!diff", "!merge", "!text"];

/// A `.gitattributes` file in memory.
pub struct AttributesFile {
    path: PathBuf,
    /// Without line feeds; a carriage return stays.
    lines: Vec<Vec<u8>>,
    has_mark: bool,
    /// Whether most lines end as on Windows.
    crlf: bool,
    is_top: bool,
    changed: bool,
}

/// A pattern whose line seals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// The pattern, without quotes.
    pub pattern: Vec<u8>,
    /// The key; `None` where the line names none, which means `default`.
    pub key: Option<String>,
    /// How it is sealed.
    pub layout: Layout,
    /// How its values are sealed; `None` where the file is sealed whole.
    pub values: Option<Values>,
}

/// How a pattern should be sealed. What is not given stays as a line says that is there.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The layout of what is sealed whole.
    pub layout: Option<Layout>,
    /// By value, or `Some(None)` for whole.
    pub values: Option<Option<Values>>,
    /// Whether other lines could say that these files are sealed by value.
    pub others_by_value: bool,
    /// Whether other lines could name a key for these files, and the default one should seal them.
    pub resets_key: bool,
}

impl From<Option<Layout>> for Wanted {
    fn from(layout: Option<Layout>) -> Self {
        Self { layout, ..Self::default() }
    }
}

/// What [`AttributesFile::track`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// There is a new line.
    Added,
    /// The line was there, and now says all that it should.
    WrittenOut,
    /// Nothing was to be done.
    Already,
}

impl AttributesFile {
    /// Reads the file; an absent one is empty.
    ///
    /// # Errors
    /// It cannot be read, is no regular file, or is no text.
    pub fn read(path: &Path) -> io::Result<Self> {
        let refuse = |why| Err(with_path(path, &io::Error::new(io::ErrorKind::InvalidInput, why)));
        // git follows no link here either; what it leads to must not be staged.
        match fs::symlink_metadata(path) {
            Ok(there) if there.is_symlink() => {
                return refuse("it is a symbolic link, and git does not follow it here");
            }
            Ok(there) if !there.is_file() => return refuse("it is not a regular file"),
            _ => {}
        }
        let text = match read_bounded(path, MAX_LEN) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self::of(path, b""));
            }
            read => read?,
        };
        if text.contains(&0) {
            return refuse("it holds zero bytes, as text in UTF-16 does, and git reads no further");
        }
        Ok(Self::of(path, &text))
    }

    /// The file with this text; nothing is read.
    pub fn of(path: &Path, text: &[u8]) -> Self {
        let (has_mark, text) = match text.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut lines: Vec<_> = text.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
        let ended = lines.len() - 1;
        let returns = lines.iter().filter(|line| line.ends_with(b"\r")).count();
        if lines.last().is_some_and(Vec::is_empty) {
            lines.pop();
        }
        let crlf = returns * 2 > ended;
        Self { path: path.to_owned(), lines, has_mark, crlf, is_top: true, changed: false }
    }

    /// The same file, which is in a folder below the top.
    #[must_use]
    pub fn below_top(self) -> Self {
        Self { is_top: false, ..self }
    }

    /// Writes the file if it was changed, and says whether it was.
    ///
    /// # Errors
    /// It cannot be written; then the old one is there still.
    pub fn write(&self) -> io::Result<bool> {
        if self.changed {
            write_atomic(&self.path, &self.text(), Access::Shared)?;
        }
        Ok(self.changed)
    }

    /// The file's text.
    pub fn text(&self) -> Vec<u8> {
        let mut text = if self.has_mark { BYTE_ORDER_MARK.to_vec() } else { Vec::new() };
        text.extend(self.lines.join(&b'\n'));
        if !self.lines.is_empty() {
            text.push(b'\n');
        }
        text
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The patterns whose lines seal.
    pub fn tracked(&self) -> Vec<Tracked> {
        self.lines.iter().filter_map(|line| parse(line)).collect()
    }

    /// The patterns whose lines seal by the macro alone.
    pub fn not_written_out(&self) -> Vec<Tracked> {
        let old = self.lines.iter().filter(|line| written_out(line).is_some());
        old.filter_map(|line| parse(line)).collect()
    }

    /// Writes out, where it is, every line that seals by the macro alone; says how many there were.
    pub fn write_out(&mut self) -> usize {
        self.write_out_where(|_| true)
    }

    fn write_out_where(&mut self, wanted: impl Fn(&Tracked) -> bool) -> usize {
        let mut written = 0;
        for at in 0..self.lines.len() {
            if parse(&self.lines[at]).is_some_and(|tracked| wanted(&tracked))
                && let Some(new) = written_out(&self.lines[at])
            {
                let end: &[u8] = if self.lines[at].ends_with(b"\r") { b"\r" } else { b"" };
                self.lines[at] = [&new, end].concat();
                written += 1;
            }
        }
        self.changed |= written > 0;
        written
    }

    /// Adds a line that seals what matches, behind all others, so that it outranks them; a line that is there is written out
    /// where it is. Files that git reads itself are excepted behind all. Where no layout is given, a line that is there
    /// keeps its own.
    ///
    /// # Errors
    /// [`PatternError`].
    pub fn track(
        &mut self,
        pattern: &[u8],
        key: &KeyName,
        wanted: impl Into<Wanted>,
    ) -> Result<Track, PatternError> {
        let Wanted { layout, values, others_by_value, resets_key } = wanted.into();
        check(pattern)?;
        let key = (key.as_str() != KeyName::DEFAULT).then(|| key.to_string());
        let there = self.tracked().into_iter().rfind(|there| there.pattern == pattern);
        let layout = layout.or(there.as_ref().map(|there| there.layout)).unwrap_or_default();
        let values =
            values.unwrap_or_else(|| there.as_ref().and_then(|there| there.values.clone()));
        let tracked = Tracked { pattern: pattern.to_vec(), key, layout, values };
        let no_key = format!("!{KEY_ATTRIBUTE}");
        let has_reset = self.says(pattern, no_key.as_bytes());
        let resets_key = (resets_key || has_reset) && tracked.key.is_none();
        let lacks_reset = resets_key && !has_reset;
        let mut done = Track::Already;
        if there.as_ref() == Some(&tracked) && !lacks_reset {
            if self.write_out_where(|there| *there == tracked) > 0 {
                done = Track::WrittenOut;
            }
        } else {
            self.untrack(pattern);
            let words = match &tracked.values {
                Some(values) => sealing_values(tracked.key.as_deref(), values),
                None if others_by_value => {
                    format!("{} !{BY_ATTRIBUTE}", sealing(tracked.key.as_deref(), tracked.layout))
                }
                None => sealing(tracked.key.as_deref(), tracked.layout),
            };
            let words = if resets_key { format!("{words} {no_key}") } else { words };
            let line = self.ended([&quote(pattern), b" ".as_slice(), words.as_bytes()].concat());
            if self.crlf
                && let Some(last) = self.lines.last_mut().filter(|last| !last.ends_with(b"\r"))
            {
                last.push(b'\r');
            }
            self.lines.push(line);
            done = Track::Added;
        }
        let except = self.except(pattern, done == Track::Added);
        self.changed |= done != Track::Already || except;
        Ok(if except && done == Track::Already { Track::WrittenOut } else { done })
    }

    /// Whether a line that seals this pattern has the word.
    fn says(&self, pattern: &[u8], word: &[u8]) -> bool {
        let is_of = |line: &&Vec<u8>| parse(line).is_some_and(|line| line.pattern == pattern);
        self.lines.iter().filter(is_of).any(|line| line.fields().any(|said| said == word))
    }

    /// Takes the files that git reads itself out of the pattern, behind all lines; says whether lines were added or moved.
    fn except(&mut self, pattern: &[u8], is_new: bool) -> bool {
        let is_there = |own: &str| self.lines.iter().any(|line| is_exception(line, own));
        let wanted: Vec<&str> = OWN
            .into_iter()
            .filter(|own| is_there(own) || takes_in(pattern, own, self.is_top))
            .collect();
        if !is_new && wanted.iter().all(|own| is_there(own)) {
            return false;
        }
        self.lines.retain(|line| !wanted.iter().any(|own| is_exception(line, own)));
        for own in &wanted {
            let line = self.ended(exception(own).into_bytes());
            self.lines.push(line);
        }
        !wanted.is_empty()
    }

    /// Removes the lines that seal this pattern, whatever their key; `false` where there is none.
    pub fn untrack(&mut self, pattern: &[u8]) -> bool {
        let before = self.lines.len();
        self.lines.retain(|line| parse(line).is_none_or(|tracked| tracked.pattern != pattern));
        self.changed |= self.lines.len() < before;
        self.lines.len() < before
    }

    /// The line as those of the file end.
    fn ended(&self, mut line: Vec<u8>) -> Vec<u8> {
        if self.crlf {
            line.push(b'\r');
        }
        line
    }
}

/// The line that seals, with the key that seals where no other is named, what begins with `path` from the top and goes on as
/// `glob` says; nothing more where that is empty. `None` where no pattern can name it.
pub fn line_for(path: &[u8], glob: &[u8]) -> Option<Vec<u8>> {
    let mut pattern = pattern_for(path);
    pattern.extend_from_slice(glob);
    check(&pattern).ok()?;
    Some([&quote(&pattern), b" ".as_slice(), sealing(None, Layout::default()).as_bytes()].concat())
}

/// The pattern that matches this one path and no other, in the attributes file at the top.
pub fn pattern_for(path: &[u8]) -> Vec<u8> {
    [b"/", escape(path).as_slice()].concat()
}

/// The path with a backslash before what a pattern would take for more than itself.
pub fn escape(path: &[u8]) -> Vec<u8> {
    let mut pattern = Vec::with_capacity(path.len());
    for &byte in path {
        if matches!(byte, b'*' | b'?' | b'[' | b'\\') {
            pattern.push(b'\\');
        }
        pattern.push(byte);
    }
    pattern
}

/// Whether two lines seal the same pattern with the same key, be they written out or not.
pub fn seal_alike(one: &[u8], other: &[u8]) -> bool {
    one == other || parse(one).is_some_and(|tracked| parse(other) == Some(tracked))
}

/// The line that takes a file which git reads itself out of the patterns above; `None` for other files.
pub fn exception_for(path: &[u8]) -> Option<String> {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    let is = |own: &&str| {
        own.strip_prefix('/').map_or(name == own.as_bytes(), |own| path == own.as_bytes())
    };
    OWN.into_iter().find(is).map(exception)
}

fn exception(own: &str) -> String {
    EXCEPTION.iter().fold(own.to_owned(), |line, word| format!("{line} {word}"))
}

/// Whether the line is one that [`exception`] made, today or in an earlier version.
fn is_exception(line: &[u8], own: &str) -> bool {
    let mut words = line.fields();
    words.next() == Some(own.as_bytes())
        && words.clone().any(|word| word == b"!filter")
        && words.all(|word| EXCEPTION.iter().any(|known| known.as_bytes() == word))
}

/// Whether the pattern takes in a file that git reads itself: in whichever folder, or at the top.
fn takes_in(pattern: &[u8], own: &str, is_top: bool) -> bool {
    match own.strip_prefix('/') {
        None => {
            let last = pattern.rsplit(|&byte| byte == b'/').next().unwrap_or(pattern);
            wildmatch(last.as_bstr(), own.into(), wildmatch::Mode::IGNORE_CASE)
        }
        Some(own) => is_top && matches(pattern, own.as_bytes(), Case::Fold),
    }
}

/// Whether a pattern matches a path, both from the same folder.
pub fn matches(pattern: &[u8], path: &[u8], case: Case) -> bool {
    let Some(pattern) = gix::glob::Pattern::from_bytes(pattern) else { return false };
    let name_at = path.rfind_byte(b'/').map(|at| at + 1);
    let mode = wildmatch::Mode::NO_MATCH_SLASH_LITERAL;
    pattern.matches_repo_relative_path(path.as_bstr(), name_at, Some(false), case, mode)
}

#[cfg(test)]
mod tests;
