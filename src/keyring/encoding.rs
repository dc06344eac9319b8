//! A key file as some programs hand it over: with a byte order mark, in UTF-16 as PowerShell's `>` writes it, or in Base64.

use zeroize::Zeroizing;

/// What the Base64 of a key file, of a lone token and of a key file of git-crypt begins with.
pub(super) const ENCODED: [&str; 3] =
    ["Z2l0LXNocm91ZC1", "R0lULVNIUk9VRC1LRVkt", "AEdJVENSWVBUS0VZ"];

/// The text without its byte order mark and in UTF-8, where it has such a mark; `None` where it should be read as it is.
pub fn decode_marked(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xef, 0xbb, 0xbf, text @ ..] => return Some(Zeroizing::new(text.to_vec())),
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let units = bytes[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    // Large enough from the start: a reallocation would leave a part of the key behind.
    let mut text = Zeroizing::new(Vec::with_capacity(2 * bytes.len()));
    for character in char::decode_utf16(units) {
        let character = character.ok()?;
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Some(text)
}

/// Whether it is a key file in Base64.
pub(super) fn is_base64(bytes: &[u8]) -> bool {
    ENCODED.iter().any(|begin| bytes.trim_ascii_start().starts_with(begin.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyring::Keyring;

    const TEXT: &str = "git-shroud-keyring v1\ndefault 1 GIT-SHROUD-KEY-1AKE0EHHTCJG4EAUKGDLARFLAADLWCWH74Z7AEP0R0AQ5LNK68XP49F5XR4\n";

    #[test]
    fn marked_texts_are_decoded_and_others_left() {
        let utf16 = |unit: fn(u16) -> [u8; 2], mark: [u8; 2]| -> Vec<u8> {
            mark.into_iter().chain(TEXT.encode_utf16().flat_map(unit)).collect()
        };
        for marked in [
            [b"\xef\xbb\xbf", TEXT.as_bytes()].concat(),
            utf16(u16::to_le_bytes, [0xff, 0xfe]),
            utf16(u16::to_be_bytes, [0xfe, 0xff]),
        ] {
            assert_eq!(**decode_marked(&marked).unwrap(), *TEXT.as_bytes());
        }
        for other in [TEXT.as_bytes(), b"", b"\xff", b"\0GITCRYPTKEY"] {
            assert!(decode_marked(other).is_none());
        }
        assert!(decode_marked(b"\xff\xfe\0\xd8\0").is_none(), "half a pair");
    }

    #[test]
    fn base64_is_said_to_be_that() {
        use base64::Engine as _;
        for text in [TEXT, "GIT-SHROUD-KEY-1AKE0EHH"] {
            let text = base64::engine::general_purpose::STANDARD.encode(text);
            let error = Keyring::parse(text.as_bytes()).err().unwrap().to_string();
            assert!(error.contains("Base64"), "{error}");
            assert!(!error.contains(&text), "{error}");
        }
    }
}
