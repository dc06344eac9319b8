//! The console of Windows: it takes text alone, and older ones show colours only where they are asked to.

use std::borrow::Cow;

/// What the console is given: its own calls take no bytes that are not UTF-8.
pub(super) fn shown(bytes: &[u8], console: bool) -> Cow<'_, [u8]> {
    match console && std::str::from_utf8(bytes).is_err() {
        true => Cow::Owned(String::from_utf8_lossy(bytes).into_owned().into_bytes()),
        false => Cow::Borrowed(bytes),
    }
}

/// Asks the console to show colours; `false` where it does not, and nothing else shows them, as the terminal of Git Bash does.
#[cfg(windows)]
pub(super) fn shows_colors() -> bool {
    let is_asked = anstyle_query::windows::enable_ansi_colors() == Some(true);
    is_asked || std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_console_gets_text() {
        assert_eq!(*shown("é\n".as_bytes(), true), *"é\n".as_bytes());
        assert_eq!(*shown(b"a\xff\0b", true), *"a\u{fffd}\0b".as_bytes());
        assert_eq!(*shown(b"a\xff\0b", false), *b"a\xff\0b");
    }
}
