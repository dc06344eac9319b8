//! Bytes as hexadecimal digits.

/// Two digits a byte, `a` to `f` in lower case.
pub fn lower(bytes: &[u8]) -> String {
    digits(bytes, b"0123456789abcdef")
}

/// Two digits a byte, `A` to `F` in upper case.
pub fn upper(bytes: &[u8]) -> String {
    digits(bytes, b"0123456789ABCDEF")
}

/// Reads `N` bytes, two digits each, in lower case.
pub fn read<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if digits.len() != 2 * N || !digits.iter().all(is_digit) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, digits) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

fn digits(bytes: &[u8], digits: &[u8; 16]) -> String {
    let digit = |half: u8| char::from(digits[usize::from(half)]);
    bytes.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_two_digits() {
        assert_eq!(lower(&[0, 9, 0xaf, 0xff]), "0009afff");
        assert_eq!(upper(&[0, 9, 0xaf, 0xff]), "0009AFFF");
        assert_eq!(lower(&[]), "");
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        assert_eq!(read("0009afff"), Some([0, 9, 0xaf, 0xff]));
        assert_eq!(read(""), Some([]));
        for text in ["0009aff", "0009afff0", "0009AFFF", "0009af+f", "0009afé"] {
            assert_eq!(read::<4>(text), None, "{text}");
        }
    }
}
