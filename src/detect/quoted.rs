//! Texts in quotes.

use std::ops::Range;

/// The longest value, in bytes.
pub(super) const LONGEST_VALUE: usize = 512;

/// A quoted text that begins here: with a prefix letter perhaps, in quotes of one kind, on one line.
pub(super) fn quoted(text: &[u8], at: usize) -> Option<Range<usize>> {
    let mut open = at;
    if matches!(text.get(open), Some(b'@' | b'$' | b'b' | b'r' | b'f' | b'u' | b'L' | b'N'))
        && matches!(text.get(open + 1), Some(b'"' | b'\'' | b'`'))
    {
        open += 1;
    }
    let mut escapes = 0;
    while text.get(open) == Some(&b'\\') && escapes < 4 {
        open += 1;
        escapes += 1;
    }
    let quote = *text.get(open)?;
    if !matches!(quote, b'"' | b'\'' | b'`') {
        return None;
    }
    let mut start = open + 1;
    let tripled = text.get(start) == Some(&quote) && text.get(start + 1) == Some(&quote);
    if tripled {
        start += 2;
    }
    let last = (start + LONGEST_VALUE).min(text.len());
    let mut end = start;
    while end < last {
        match text[end] {
            b'\n' if !tripled => return None,
            b'\\' if escapes > 0 => {
                let run = text[end..last].iter().take_while(|&&byte| byte == b'\\').count();
                if run == escapes && text.get(end + run) == Some(&quote) {
                    return Some(start..end);
                }
                end += run.max(1);
            }
            b'\\' => end += 2,
            byte if byte == quote => return Some(start..end),
            _ => end += 1,
        }
    }
    None
}
