//! Bytes as hexadecimal digits.

/// Two digits a byte, `a` to `f` in lower case.
pub fn lower(bytes: &[u8]) -> String {
    digits(bytes, b"0123456789abcdef")
}

/// Two digits a byte, `A` to `F` in upper case.
pub fn upper(bytes: &[u8]) -> String {
    digits(bytes, b"0123456789ABCDEF")
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
}
