//! What is between a name, its operator and the value.

/// The most blanks between a name, its operator and the value.
pub(super) const MOST_BLANKS: usize = 48;

/// Passes a closing quote, escaped or not.
pub(super) fn skip_quote(text: &[u8], at: &mut usize) -> bool {
    let mut look = *at;
    while text.get(look) == Some(&b'\\') && look < *at + 4 {
        look += 1;
    }
    let quote = matches!(text.get(look), Some(b'"' | b'\'' | b'`'));
    if quote {
        *at = look + 1;
    }
    quote
}

/// Passes blanks on the same line; says how many.
pub(super) fn skip_blanks(text: &[u8], at: &mut usize) -> usize {
    let start = *at;
    while *at - start < MOST_BLANKS && matches!(text.get(*at), Some(b' ' | b'\t')) {
        *at += 1;
    }
    *at - start
}
