//! Reading and changing the lines of a `.gitattributes` file; what is not ours stays byte for byte (gitattributes).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;

use super::attributes::{DRIVER, KEY_ATTRIBUTE, TRIPWIRE};
use crate::fs::{Access, with_path, write_atomic};
use crate::keyring::KeyName;

const MACRO: &str = "[attr]shroud";
/// The line that defines the macro, without the tripwire.
pub const MACRO_LINE: &str = "[attr]shroud filter=shroud diff=shroud merge=shroud -text -delta";
/// git must read its own files in the clear, whatever pattern matches them.
const EXCEPTION: &str = ".gitattributes !filter !diff !merge";

/// A `.gitattributes` file in memory.
pub struct AttributesFile {
    path: PathBuf,
    lines: Vec<Vec<u8>>,
    changed: bool,
}

/// A pattern that `track` wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// The pattern, without quotes.
    pub pattern: Vec<u8>,
    /// The key; `None` where the line names none, which means `default`.
    pub key: Option<String>,
}

/// Why a pattern cannot stand in an attributes file.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    /// Attributes know no exceptions by pattern.
    #[error("a pattern that begins with '!' has no meaning in .gitattributes")]
    Negative,
    /// Nothing, or what no line can hold.
    #[error("an empty pattern, or one with a line break, cannot stand in .gitattributes")]
    Unwritable,
    /// Matches a folder, to which attributes do not apply.
    #[error("'{0}' matches a folder only, and attributes apply to files: write '{0}**'")]
    Folder(String),
}

impl AttributesFile {
    /// Reads the file; an absent one is empty.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(path: &Path) -> io::Result<Self> {
        // git follows no link here either; what it leads to must not be staged.
        if fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file");
            return Err(with_path(path, &error));
        }
        let text = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read.map_err(|error| with_path(path, &error))?,
        };
        Ok(Self::of(path, &text))
    }

    /// The file with this text; nothing is read.
    pub fn of(path: &Path, text: &[u8]) -> Self {
        let mut lines: Vec<_> = text.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
        if lines.last().is_some_and(Vec::is_empty) {
            lines.pop();
        }
        Self { path: path.to_owned(), lines, changed: false }
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
        let mut text = self.lines.join(&b'\n');
        if !self.lines.is_empty() {
            text.push(b'\n');
        }
        text
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the macro is defined, and with the tripwire.
    pub fn macro_has_tripwire(&self) -> Option<bool> {
        self.lines.iter().find(|line| is_macro(line)).map(|line| line.contains_str(TRIPWIRE))
    }

    /// Defines the macro, before all other lines, or changes whether it has the tripwire.
    pub fn set_macro(&mut self, tripwire: bool) {
        if self.macro_has_tripwire() == Some(tripwire) {
            return;
        }
        let encoding = format!(" working-tree-encoding={TRIPWIRE}");
        let line = if tripwire { format!("{MACRO_LINE}{encoding}") } else { MACRO_LINE.to_owned() };
        match self.lines.iter_mut().find(|line| is_macro(line)) {
            Some(old) => *old = line.into_bytes(),
            None => self.lines.insert(0, line.into_bytes()),
        }
        self.changed = true;
    }

    /// The patterns whose lines set the macro.
    pub fn tracked(&self) -> Vec<Tracked> {
        self.lines.iter().filter_map(|line| parse(line)).collect()
    }

    /// Adds a line that seals what matches, behind all others, so that it outranks them; `false` where it is there.
    ///
    /// # Errors
    /// [`PatternError`].
    pub fn track(&mut self, pattern: &[u8], key: &KeyName) -> Result<bool, PatternError> {
        check(pattern)?;
        let key = (key.as_str() != KeyName::DEFAULT).then(|| key.to_string());
        let tracked = Tracked { pattern: pattern.to_vec(), key };
        if self.tracked().contains(&tracked) {
            return Ok(false);
        }
        self.untrack(pattern);
        let mut line = quote(pattern);
        line.extend_from_slice(format!(" {DRIVER}").as_bytes());
        if let Some(key) = tracked.key {
            line.extend_from_slice(format!(" {KEY_ATTRIBUTE}={key}").as_bytes());
        }
        self.lines.push(line);
        let excepted = self.lines.iter().position(|line| line == EXCEPTION.as_bytes());
        if excepted.is_some() || matches_attributes_file(pattern) {
            excepted.map(|at| self.lines.remove(at));
            self.lines.push(EXCEPTION.into());
        }
        self.changed = true;
        Ok(true)
    }

    /// Removes the line that [`Self::track`] wrote for this pattern, whatever its key; `false` where there is none.
    pub fn untrack(&mut self, pattern: &[u8]) -> bool {
        let before = self.lines.len();
        self.lines.retain(|line| parse(line).is_none_or(|tracked| tracked.pattern != pattern));
        self.changed |= self.lines.len() < before;
        self.lines.len() < before
    }
}

/// The line that seals, with the key that seals where no other is named, what begins with `path` from the top and goes on as
/// `glob` says; nothing more where that is empty. `None` where no pattern can name it.
pub fn line_for(path: &[u8], glob: &[u8]) -> Option<Vec<u8>> {
    let mut pattern = pattern_for(path);
    pattern.extend_from_slice(glob);
    check(&pattern).ok()?;
    let mut line = quote(&pattern);
    line.extend_from_slice(format!(" {DRIVER}").as_bytes());
    Some(line)
}

/// The pattern that matches this one path and no other, in the attributes file at the top.
pub fn pattern_for(path: &[u8]) -> Vec<u8> {
    let mut pattern = vec![b'/'];
    for &byte in path {
        if matches!(byte, b'*' | b'?' | b'[' | b'\\') {
            pattern.push(b'\\');
        }
        pattern.push(byte);
    }
    pattern
}

/// Whether a line of the text defines the macro.
pub fn defines_macro(text: &[u8]) -> bool {
    text.split(|&byte| byte == b'\n').any(is_macro)
}

fn is_macro(line: &[u8]) -> bool {
    line.fields().next() == Some(MACRO.as_bytes())
}

fn check(pattern: &[u8]) -> Result<(), PatternError> {
    match pattern {
        [b'!', ..] => Err(PatternError::Negative),
        [] => Err(PatternError::Unwritable),
        _ if pattern.iter().any(|byte| b"\n\r\0".contains(byte)) => Err(PatternError::Unwritable),
        [.., b'/'] => Err(PatternError::Folder(crate::sanitise::line(&pattern.to_str_lossy()))),
        _ => Ok(()),
    }
}

/// Whether the pattern, in whichever folder, takes `.gitattributes` in.
fn matches_attributes_file(pattern: &[u8]) -> bool {
    let last = pattern.rsplit(|&byte| byte == b'/').next().unwrap_or(pattern);
    gix::glob::wildmatch(
        last.as_bstr(),
        b".gitattributes".as_bstr(),
        gix::glob::wildmatch::Mode::empty(),
    )
}

/// The pattern as git reads it back: in quotes with C escapes where it holds blanks or begins as no pattern may.
fn quote(pattern: &[u8]) -> Vec<u8> {
    let special =
        |byte: &u8| byte.is_ascii_whitespace() || byte.is_ascii_control() || *byte == b'"';
    if !pattern.iter().any(special) && !pattern.starts_with(b"#") && !pattern.starts_with(b"[attr]")
    {
        return pattern.to_vec();
    }
    let mut quoted = vec![b'"'];
    for &byte in pattern {
        match byte {
            b'"' | b'\\' => quoted.extend([b'\\', byte]),
            b'\t' => quoted.extend(b"\\t"),
            byte if byte.is_ascii_control() => quoted.extend(format!("\\{byte:03o}").bytes()),
            byte => quoted.push(byte),
        }
    }
    quoted.push(b'"');
    quoted
}

/// The pattern of a line without its quotes, or the macro that it defines, and where it ends; `None` where there is none.
pub fn split_pattern(line: &[u8]) -> Option<(Vec<u8>, usize)> {
    let begin = line.find_not_byteset(b" \t\r\n")?;
    let rest = &line[begin..];
    if rest.starts_with(b"#") {
        return None;
    }
    // What is not quoted right is a word as any other (git's attr.c).
    if let Some((pattern, consumed)) = rest.starts_with(b"\"").then(|| unquote(rest)).flatten() {
        return Some((pattern, begin + consumed));
    }
    let end = rest.find_byteset(b" \t\r\n").unwrap_or(rest.len());
    Some((rest[..end].to_vec(), begin + end))
}

/// A line that sets the macro on a pattern.
fn parse(line: &[u8]) -> Option<Tracked> {
    let (pattern, end) = split_pattern(line)?;
    if line.trim_ascii_start().starts_with(b"[attr]") {
        return None;
    }
    let mut attributes = line[end..].fields();
    let sealed = attributes.clone().any(|attribute| attribute == DRIVER.as_bytes());
    let key = attributes
        .find_map(|attribute| attribute.strip_prefix(format!("{KEY_ATTRIBUTE}=").as_bytes()))
        .map(|key| key.to_str_lossy().into_owned());
    sealed.then_some(Tracked { pattern, key })
}

/// Undoes [`quote`], and whatever else C escapes git allows; with the number of bytes read.
fn unquote(line: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut pattern = Vec::new();
    let mut bytes = line.iter().copied().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some((pattern, at + 1)),
            b'\\' => pattern.push(match bytes.next()?.1 {
                b'a' => 7,
                b'b' => 8,
                b't' => b'\t',
                b'n' => b'\n',
                b'v' => 11,
                b'f' => 12,
                b'r' => b'\r',
                digit @ b'0'..=b'3' => {
                    let mut next = || Some(bytes.next()?.1.wrapping_sub(b'0')).filter(|d| *d < 8);
                    (digit - b'0') << 6 | next()? << 3 | next()?
                }
                other @ (b'"' | b'\\') => other,
                _ => return None,
            }),
            byte => pattern.push(byte),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, AttributesFile) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".gitattributes");
        if !text.is_empty() {
            fs::write(&path, text).unwrap();
        }
        let file = AttributesFile::read(&path).unwrap();
        (dir, file)
    }

    fn text(file: &AttributesFile) -> String {
        file.write().unwrap();
        fs::read_to_string(file.path()).unwrap()
    }

    fn key(name: &str) -> KeyName {
        name.parse().unwrap()
    }

    #[test]
    fn a_new_file_holds_macro_and_patterns() {
        let (_dir, mut file) = file("");
        file.set_macro(false);
        assert!(file.track(b"secrets/*.env", &key("default")).unwrap());
        assert!(!file.track(b"secrets/*.env", &key("default")).unwrap());
        assert!(file.track(b"prod/x", &key("prod")).unwrap());
        assert_eq!(
            text(&file),
            "[attr]shroud filter=shroud diff=shroud merge=shroud -text -delta\nsecrets/*.env shroud\nprod/x shroud shroud-key=prod\n"
        );
    }

    #[test]
    fn other_lines_stay_as_they_are() {
        let before = "# mine\r\n*.txt text\n\n  odd   -diff\nlast";
        let (_dir, mut file) = file(before);
        file.track(b"a", &key("default")).unwrap();
        assert_eq!(text(&file), format!("{before}\na shroud\n"));
        assert!(file.untrack(b"a"));
        assert!(!file.untrack(b"a"));
        assert!(!file.untrack(b"*.txt"));
        assert_eq!(text(&file), format!("{before}\n"));
    }

    #[test]
    fn gits_own_files_are_excepted_and_last() {
        let (_dir, mut file) = file("");
        file.track(b"secrets/**", &key("default")).unwrap();
        file.track(b"other", &key("default")).unwrap();
        let expected = "secrets/** shroud\nother shroud\n.gitattributes !filter !diff !merge\n";
        assert_eq!(text(&file), expected);
    }

    #[test]
    fn odd_patterns_are_read_as_they_were_written() {
        let (_dir, mut file) = file("");
        let odd: [&[u8]; 6] = [b"a b", b"#x", b"q\"uo\\te", b"[attr]shroud", b"\xff\xfe", b"t\tab"];
        for pattern in odd {
            assert!(file.track(pattern, &key("k")).unwrap());
        }
        file.write().unwrap();
        let again = AttributesFile::read(file.path()).unwrap();
        let read: Vec<_> = again.tracked().into_iter().map(|tracked| tracked.pattern).collect();
        assert_eq!(read, odd);
    }

    #[test]
    fn the_tripwire_is_switched_in_place() {
        let (_dir, mut file) = file("");
        file.set_macro(true);
        assert_eq!(file.macro_has_tripwire(), Some(true));
        file.track(b"a", &key("default")).unwrap();
        assert!(text(&file).starts_with("[attr]shroud filter=shroud diff=shroud merge=shroud -text -delta working-tree-encoding=locked-run-git-shroud-unlock\n"));
        file.set_macro(false);
        assert_eq!(file.macro_has_tripwire(), Some(false));
        assert_eq!(text(&file).lines().count(), 2);
    }

    #[test]
    fn what_cannot_be_a_pattern_is_refused() {
        let (_dir, mut file) = file("");
        for bad in ["", "!a", "a\nb", "dir/"] {
            assert!(file.track(bad.as_bytes(), &key("k")).is_err(), "{bad:?}");
        }
    }
}
