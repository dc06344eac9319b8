//! Which files become sealed by value, and which lines say so.
//!
//! A line seals by value if one of the files that it decides on can be sealed so, and none of them would be refused for its size.
//! What cannot be read is sealed whole under the same line, as the filter does it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use super::attributes::sealing_lines;
use super::opening::open;
use super::{Before, MigrateError};
use crate::config_format::{Doubt, Format};
use crate::error::{About, Context as _};
use crate::filter::Spool;
use crate::format::Key;
use crate::git::attributes::Attributes;
use crate::git::repository::Repository;
use crate::git_crypt::HeldKeys;
use crate::keyring::Keyring;
use crate::secret::WipedVec;
use crate::values::{self, Ciphers, Clear, MAX_LEN, Past, SealError, Sealer, format_of_path};

/// Whether a file can be sealed by value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It can.
    Values,
    /// Its name tells no format.
    NoFormat,
    /// It does not read to its last byte.
    Unread(Format, Doubt),
    /// It is too large, or has too many values: such a file must not be under a line that seals by value.
    TooLarge,
    /// Something in it cannot be sealed by value; in words, without any value.
    Refused(String),
    /// It can, but the line that decides on it seals whole; why, in words.
    Line(String),
}

impl Verdict {
    /// Why the file is sealed whole, as a clause; nothing where it is not.
    pub fn why_whole(&self) -> Option<String> {
        Some(match self {
            Self::Values => return None,
            Self::NoFormat => "its name tells no format".to_owned(),
            Self::Unread(format, doubt) => values::does_not_read(*format, doubt),
            Self::TooLarge => "it is larger than 4 MiB or has more than 100,000 values".to_owned(),
            Self::Refused(why) | Self::Line(why) => why.clone(),
        })
    }

    /// Whether a line that seals by value would make the filter refuse the file.
    fn forbids(&self) -> bool {
        matches!(self, Self::TooLarge | Self::Refused(_))
    }
}

/// What becomes of the files, and of the lines.
#[derive(Default)]
pub struct ByValue {
    /// Every file that git-crypt encrypts.
    pub files: BTreeMap<Vec<u8>, Verdict>,
    /// Why a file stays whole whose line does not seal by value.
    whole_lines: BTreeMap<Vec<u8>, String>,
    lines: BTreeMap<Vec<u8>, BTreeSet<usize>>,
}

impl ByValue {
    /// The lines of an attributes file, counted from 1, that are to seal by value.
    pub(super) fn lines_of(&self, path: &[u8]) -> BTreeSet<usize> {
        self.lines.get(path).cloned().unwrap_or_default()
    }

    /// Whether any line is to.
    pub(super) fn is_any(&self) -> bool {
        !self.lines.is_empty()
    }

    /// Whether a file is to be sealed by value.
    pub(super) fn is_file(&self, path: &[u8]) -> bool {
        self.files.get(path) == Some(&Verdict::Values)
    }

    /// Opens every file, and looks whether it can be sealed by value; nothing is written.
    ///
    /// # Errors
    /// A file does not open, or the attributes cannot be read.
    pub(super) fn look(
        repository: &Repository,
        found: &Before,
        held: &HeldKeys,
    ) -> Result<Self, MigrateError> {
        let key = Key::generate(getrandom::fill).context(|| "no random numbers".to_owned())?;
        let mut attributes = Attributes::new(repository)?;
        let mut by_line: BTreeMap<(Vec<u8>, usize), Vec<&[u8]>> = BTreeMap::new();
        let mut this = Self::default();
        for (path, (file, name)) in &found.sealed {
            let (mut plaintext, _) = open(repository, held, file, name)?;
            let verdict = judge(path, &mut plaintext, &key)?;
            this.files.insert(path.clone(), verdict);
            let place = attributes.of(path)?.filter.and_then(|filter| filter.place);
            if let Some((file, line)) = place {
                by_line.entry((file.into_bytes(), line)).or_default().push(path);
            }
        }
        for (file, text) in &found.attributes {
            for (line, pattern) in sealing_lines(text, &found.drivers) {
                let decides = by_line.get(&(file.path.clone(), line));
                let verdicts = || decides.into_iter().flatten().map(|path| &this.files[*path]);
                let is_by_value = match decides {
                    None => may_be_values(&pattern),
                    Some(_) => {
                        !verdicts().any(Verdict::forbids)
                            && verdicts().any(|verdict| *verdict == Verdict::Values)
                    }
                };
                let place = format!("line {line} of {}", crate::sanitise::path(&file.path));
                let in_the_way =
                    decides.into_iter().flatten().find(|path| this.files[**path].forbids());
                let why = match in_the_way {
                    Some(other) => {
                        let other = crate::sanitise::path(other);
                        format!(
                            "{place} decides on it and on {other}, which cannot be sealed by value"
                        )
                    }
                    None if pattern.starts_with(b"[attr]") => {
                        format!(
                            "{place} defines the macro that seals it, and a macro stays as it is"
                        )
                    }
                    None => {
                        format!("{place} decides on it, and another line says how it is sealed")
                    }
                };
                for path in decides.into_iter().flatten() {
                    this.whole_lines.insert(path.to_vec(), why.clone());
                }
                if is_by_value {
                    this.lines.entry(file.path.clone()).or_default().insert(line);
                }
            }
        }
        Ok(this)
    }

    /// Takes back what the attributes that were written do not say; `says` tells whether a path is under a line that seals by value.
    pub(super) fn confine(&mut self, says: impl Fn(&[u8]) -> bool) {
        for (path, verdict) in &mut self.files {
            if *verdict == Verdict::Values && !says(path) {
                let why = self.whole_lines.get(path).cloned();
                *verdict = Verdict::Line(why.unwrap_or_else(|| {
                    "no line in .gitattributes that is rewritten decides on it".to_owned()
                }));
            }
        }
    }
}

/// Whether files that come to match a pattern should be sealed by value, where it matches none yet.
fn may_be_values(pattern: &[u8]) -> bool {
    let name = pattern.rsplit(|byte| *byte == b'/').next().unwrap_or(pattern);
    !pattern.starts_with(b"[attr]")
        && (format_of_path(name).is_some() || name.iter().all(|byte| *byte == b'*'))
}

fn judge(path: &[u8], plaintext: &mut Spool, key: &Key) -> Result<Verdict, About> {
    let Some(format) = format_of_path(path) else {
        // The filter reads all of a file to seal it by value, whatever it is.
        let is_small = plaintext.len() <= values::MAX_SEALED as u64;
        return Ok(if is_small { Verdict::NoFormat } else { Verdict::TooLarge });
    };
    if plaintext.len() > MAX_LEN as u64 {
        return Ok(Verdict::TooLarge);
    }
    let content = read(plaintext).context(|| crate::sanitise::path(path))?;
    Ok(match seal(format, &content, key, &Keyring::default()) {
        Ok(_) => Verdict::Values,
        Err(SealError::DoesNotRead(doubt)) => Verdict::Unread(format, doubt),
        Err(SealError::TooLarge) => Verdict::TooLarge,
        Err(error) => Verdict::Refused(error.to_string()),
    })
}

/// A file that can be sealed by value, so sealed.
pub(super) fn seal(
    format: Format,
    content: &[u8],
    key: &Key,
    keyring: &Keyring,
) -> Result<Vec<u8>, SealError> {
    let ciphers = &mut Ciphers::new(keyring);
    let (clear, past) = (Clear::default(), Past::default());
    let sealed =
        values::seal((format, &clear), content, Sealer::Key(key), ciphers, past, |_| false)?;
    Ok(sealed.bytes)
}

/// All of a plaintext that is not longer than one that is sealed by value.
pub(super) fn read(plaintext: &mut Spool) -> std::io::Result<WipedVec> {
    let len = usize::try_from(plaintext.len()).unwrap_or(0);
    let mut content = WipedVec::with_capacity(len + 1);
    plaintext.reader()?.take(MAX_LEN as u64 + 1).read_to_end(&mut content)?;
    Ok(content)
}
