//! Patterns that cannot be in an attributes file.

use gix::bstr::ByteSlice as _;

use super::exception_for;
use super::line::quote;

/// Why a pattern cannot be in an attributes file.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    /// Attributes know no exceptions by pattern.
    #[error("a pattern that begins with '!' has no meaning in .gitattributes")]
    Negative,
    /// Nothing, or what no line can hold.
    #[error("a pattern in .gitattributes cannot be empty or contain a line break")]
    Unwritable,
    /// git takes it for the definition of a macro, in quotes too.
    #[error("a pattern that begins with '[attr]' defines a macro: begin it with '\\[attr]'")]
    Macro,
    /// Longer than what git reads.
    #[error("the pattern is too long: git reads no line of 2,048 bytes or more")]
    TooLong,
    /// Matches a folder, to which attributes do not apply.
    #[error("'{0}' matches a folder only, and attributes apply to files: write '{0}**'")]
    Folder(String),
    /// git or this program reads the file without filters.
    #[error("'{0}' cannot be sealed: git reads it directly from the repository")]
    Own(String),
}

/// Whether a line can hold the pattern.
///
/// # Errors
/// [`PatternError`].
pub(super) fn check(pattern: &[u8]) -> Result<(), PatternError> {
    let shown = || crate::sanitise::line(&pattern.to_str_lossy());
    match pattern {
        [b'!', ..] => Err(PatternError::Negative),
        [b'[', b'a', b't', b't', b'r', b']', ..] => Err(PatternError::Macro),
        [] => Err(PatternError::Unwritable),
        _ if pattern.iter().any(|byte| b"\n\r\0".contains(byte)) => Err(PatternError::Unwritable),
        // With room for what is behind it, and for escapes.
        _ if pattern.len() > 1024 || quote(pattern).len() > 1800 => Err(PatternError::TooLong),
        [.., b'/'] => Err(PatternError::Folder(shown())),
        _ => {
            let path = pattern.strip_prefix(b"/").unwrap_or(pattern);
            let own = exception_for(path).is_some()
                || path == b".shroud"
                || path.starts_with(b".shroud/");
            if own { Err(PatternError::Own(shown())) } else { Ok(()) }
        }
    }
}
