//! What git reads otherwise than it looks: lines and files that are too long, and what is behind a zero byte (git's attr.c).

use gix::bstr::ByteSlice;

use super::MAX_LEN;

/// Bytes of a line from which git passes over it (git's attr.h).
const MAX_LINE: usize = 2048;

/// What is wrong with a macro that has another meaning; a clause.
pub const MACRO_DOES_NOT_SEAL: &str = "the line [attr]shroud lacks filter=shroud";
/// What stands for the text of a file that is larger than what git reads.
pub const TOO_LARGE: &[u8] = b"\0too large";

/// What git reads otherwise in a file with this text, with its line; `None` where there is nothing of the kind.
pub fn oddity(text: &[u8]) -> Option<String> {
    if text == TOO_LARGE || text.len() >= MAX_LEN {
        return Some("the file is larger than the 100 MiB that git reads".to_owned());
    }
    for (at, line) in text.split(|&byte| byte == b'\n').enumerate() {
        let number = at + 1;
        if line.contains(&0) {
            return Some(format!("line {number} holds a zero byte, and git reads no further"));
        }
        let is_comment = line.trim_start().starts_with(b"#");
        if line.len() >= MAX_LINE && !is_comment {
            return Some(format!("line {number} is longer than the 2,047 bytes that git reads"));
        }
    }
    None
}

/// The text with nothing but what git reads of it.
pub fn as_git_reads(text: &[u8]) -> Vec<u8> {
    if text.len() >= MAX_LEN {
        return Vec::new();
    }
    let text = &text[..text.find_byte(0).unwrap_or(text.len())];
    let lines = text.split(|&byte| byte == b'\n');
    lines
        .map(|line| if line.len() < MAX_LINE { line } else { b"" })
        .collect::<Vec<_>>()
        .join(&b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_zero_bytes_and_large_files_are_odd() {
        let long = [b"a shroud ".as_slice(), &b"x".repeat(MAX_LINE)].concat();
        assert_eq!(oddity(b"a shroud\n# c\n"), None);
        assert_eq!(oddity(&[b"#".as_slice(), &long].concat()), None);
        assert!(oddity(&[b"a\n".as_slice(), &long].concat()).unwrap().contains("line 2"));
        assert!(oddity(b"a shroud\0 -filter").is_some());
        assert_eq!(as_git_reads(b"a\nb\0c\nd"), b"a\nb");
        assert_eq!(as_git_reads(&[b"a\n".as_slice(), &long, b"\nb"].concat()), b"a\n\nb");
        assert_eq!(as_git_reads(&vec![b'#'; 100 << 20]), b"");
    }
}
